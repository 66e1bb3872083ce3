"""Generators: each module renders one kind of file under firmware/generated/ as text; `host_tools.dbc` writes
and checks."""
