"""The map of the simulator in docs/architecture.md, held against its modules: all have a place, imports lead down.

A row of the map names modules and folders of sim/ as code; those of one row may import each other, and what is named
in the rows below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from host_tools.problems import Problem

PAGE: Final = "docs/architecture.md"
HEADING: Final = "## The simulator, module by module"
_PLACE: Final = re.compile(r"`sim/(\w+)(?:\.py|/)`")


def read(root: Path) -> dict[str, int]:
    """Return the row of each module and folder of sim/, by its bare name; nothing where there is no such page."""
    page = root / PAGE
    if not page.exists():
        return {}
    section = page.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = (line for line in section.splitlines() if line.startswith("|"))
    return {name: number for number, row in enumerate(rows) for name in _PLACE.findall(row)}


def unplaced(root: Path, rows: Mapping[str, int]) -> Iterator[Problem]:
    """Yield the modules and folders of sim/ that the map leaves out."""
    for path in sorted((root / "sim").glob("[!_]*")):
        if (path.suffix == ".py" or path.is_dir()) and path.stem not in rows:
            yield Problem(PAGE, 0, f"no row of the simulator's map names sim/{path.name}")


def leads_up(rows: Mapping[str, int], inside: str, module: str) -> bool:
    """Tell whether a file of sim/ (`inside`: its path below it) imports from a row above its own."""
    parts = module.split(".")
    here = inside.split("/")[0].removesuffix(".py")
    if parts[0] != "sim" or len(parts) == 1 or here not in rows:
        return False
    return rows.get(parts[1], rows[here]) < rows[here]
