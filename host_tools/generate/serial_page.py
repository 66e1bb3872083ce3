"""The reference of the serial port as a page, docs/serial.md: commands, notes and alarms from their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from host_tools import pages
from host_tools.console import alarm_table
from sim.tables import load_table

PAGE: Final = Path("docs") / "serial.md"
TEMPLATE: Final = "serial.md.j2"
NODES: Final = {"D": "dispenser", "T": "tank"}


def context(root: Path) -> dict[str, Any]:
    """Return what the template shows."""
    table = load_table(root / "firmware" / "core" / "serial_table.py")
    rows = []
    for name, args, role, arm, where, nodes, words in table.COMMANDS:
        states = ", ".join(table.WHERE[where]) or "any"
        boards = "both" if len(nodes) == 2 else NODES[nodes]
        rows.append((name, args, role, "armed" if arm else "", states, boards, words))
    alarms = {}
    for node, words in (("dispenser", alarm_table.DISPENSER), ("tank", alarm_table.TANK)):
        told = {row[0]: row for row in words}
        trips = load_table(root / "firmware" / node / "trip_table.py").TRIPS
        alarms[node] = [(trip[0], trip[1], trip[5], *told[trip[0]][1:]) for trip in trips if trip[0] in told]
    notes = load_table(root / "firmware" / "core" / "serial_note_table.py").NOTES[1:]
    return {"commands": rows, "alarms": alarms, "notes": notes}


def render(root: Path) -> str:
    """Return the page."""
    return pages.markdown(TEMPLATE, context(root))
