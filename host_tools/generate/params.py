"""Render firmware/generated/<node>_params.py: the place of every parameter in a node's parameter table."""

from __future__ import annotations

from pathlib import Path

from host_tools.generate.module_head import head
from sim.tables import load_table


def render(root: Path, node: str) -> str:
    """Return the text of the parameter module of `node` ("dispenser", "tank").

    Raises ValueError when the table is not one of literals or a parameter stands twice.
    """
    table = f"firmware/{node}/param_table.py"
    rows = load_table(root / table).PARAMS
    lines = head(f"Places of the {node}'s parameters in core.params.Params.", table)
    seen: set[str] = set()
    for place, (name, _, low, high, unit, *_) in enumerate(rows):
        if name in seen:
            raise ValueError(f"{table}: parameter {name} stands twice")
        seen.add(name)
        lines.append(f"{name.upper()} = const({place})  # {unit}, {low} to {high}")
    return "\n".join(lines) + "\n"
