"""The `cryofill` command and the tools behind it. May import `sim`; never imported by `sim` or `firmware`."""

__version__ = "0.1.0"
