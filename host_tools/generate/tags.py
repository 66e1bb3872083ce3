"""Render firmware/generated/<node>_tags.py: the index of every tag of a node's I/O list within its group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_tools.generate.module_head import head
from sim.tables import load_table

GROUPS = (
    ("AI", "4-20 mA inputs"),
    ("DI", "contacts"),
    ("DO", "digital outputs, 1 = energised"),
    ("AO", "analog outputs, 0 to 10000 cpct"),
    ("CI", "pulse inputs"),
)


def render(root: Path, node: str) -> str:
    """Return the text of the tag module of `node` ("dispenser", "tank").

    Raises ValueError when the I/O list is not a table of literals or a tag stands twice.
    """
    table = f"firmware/{node}/io_table.py"
    io = load_table(root / table)
    lines = head(f"Indexes of the {node}'s tags in its I/O groups.", table)
    seen: set[str] = set()
    for group, title in GROUPS:
        rows = getattr(io, group)
        lines += ["", f"# {group}: {title}"]
        for index, row in enumerate(rows):
            if row[0] in seen:
                raise ValueError(f"{table}: tag {row[0]} stands twice")
            seen.add(row[0])
            lines.append(f"{row[0]} = const({index})  # {_what(group, row)}")
        lines.append(f"N_{group} = const({len(rows)})")
    return "\n".join(lines) + "\n"


def _what(group: str, row: tuple[Any, ...]) -> str:
    """Return the comment of a row: unit and range, meaning of a contact, or safe state of an output."""
    if group == "AI":
        _, _, low, high, unit, *_ = row
        return f"{unit}, {low} to {high}"
    if group == "DI":
        return f"1: {row[3]}"
    if group == "CI":
        return f"{row[2]} g a pulse"
    unit = "cpct; " if group == "AO" else ""
    return f"{unit}{row[3]}; {row[2]} without power"
