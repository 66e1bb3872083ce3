"""Parameters as the firmware asks for them: by their place in the node's table."""

from __future__ import annotations

from collections.abc import Mapping

from sim import tables


def by_place(node: str, values: Mapping[str, int]) -> dict[int, int]:
    """Return {place: value} for values by name; it has the firmware's `get`."""
    names = [row[0] for row in tables.load_table(tables.FIRMWARE / node / "param_table.py").PARAMS]
    return {names.index(name): value for name, value in values.items()}
