"""The first lines of a generated module of numbers."""

from __future__ import annotations


def head(what: str, table: str) -> list[str]:
    """Return the lines above the numbers. what: they are; table: the file that they come from."""
    return [
        f'"""{what} GENERATED: do not edit.',
        "",
        f"Change {table}, then run `cryofill dbc generate`; `cryofill dbc check`",
        "fails when this file is stale.",
        '"""',
        "",
        "from micropython import const",
        "",
        "# fmt: off",
    ]
