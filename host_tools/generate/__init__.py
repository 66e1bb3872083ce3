"""Generators: each module renders one kind of file under firmware/generated/; host_tools.dbc writes them."""
