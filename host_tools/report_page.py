"""Build the report: one HTML page that needs nothing but itself, from a trace that has been read.

The page is a template (host_tools/templates/report.html.j2) in which every value is escaped; its policy forbids any
load from the network, and any script but the one of the template. The same trace gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from host_tools import pages, picture, report_bus, report_plot, report_read, report_story, ticket
from host_tools.report_read import Trace
from sim.invariants import RULES
from sim.tables import ROOT

SCRIPT = "report.js"
ASSUMED_DOC = ROOT / "docs" / "assumptions.md"
ASSUMED_HEADING = "## Assumed values"
DEFAULT_BITRATE: Final = 500_000  # when the run was cut short and nobody says

# What an outcome is called and how it looks: good, fair (ended safe otherwise), bad.
OUTCOMES: Final = {
    "complete": ("complete", "good"),
    "stopped": ("stopped safely", "fair"),
    "esd": ("emergency shut-down", "fair"),
    "refused": ("refused", "fair"),
}
CUT_SHORT: Final = ("cut short", "fair")

# Columns whose measured values are read too: those of transmitters that the plots show.
TAGS = tuple(curve.column for curve in (*picture.PRESSURES, *picture.TEMPERATURES, *picture.FLOWS))


def read(folder: Path) -> Trace:
    """Read what the page needs of a trace folder; raises cli.UserError."""
    return report_read.read(folder, picture.COLUMNS, TAGS)


def clock(seconds: float) -> str:
    """Return a moment of the run as m:ss.s."""
    tenths = round(seconds * 10.0)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _last_ticket(trace: Trace) -> dict[str, int] | None:
    log = ticket.TicketLog()
    for one in trace.events:
        log.follow(one)
    return log.last


def _figures(result: Mapping[str, Any], run_s: float) -> list[tuple[str, str, str, str]]:
    """Return the key figures: label, value, unit, and a word beside it."""
    tank = result["tank"]
    bus = result["bus"]
    peak = f", busiest second {bus['peak_load_pct']:.2f} %" if "peak_load_pct" in bus else ""  # not in older traces
    share = f"{100.0 * tank['peak_bar'] / tank['relief_bar']:.0f} % of relief, {tank['relief_bar']:.2f} bar"
    return [
        ("delivered", f"{result['delivered_kg']:.2f}", "kg", f"{tank['start_kg']:.1f} to {tank['end_kg']:.1f} kg"),
        ("net on the ticket", f"{result['metered_kg']:.2f}", "kg", f"target {tank['target_kg']:g} kg in the tank"),
        ("time", ticket.duration(run_s), "min", "from power-on to the end"),
        ("peak flow", f"{result['peak_flow_kg_h']:.0f}", "kg/h", ""),
        ("peak tank pressure", f"{tank['peak_bar']:.2f}", "bar", share),
        ("vented", f"{result['vented_kg']:.3f}", "kg", "up both stacks"),
        ("returned", f"{result['returned_kg']:.3f}", "kg", "gas, to the station"),
        ("bus load", f"{bus['load_pct']:.2f}", "%", f"{bus['frames']} frames, {bus['lost']} lost{peak}"),
    ]  # fmt: skip


def _invariants(result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return each invariant with its words, whether it was checked, and where it broke."""
    checked = result["invariants"]["checked"] if result else []
    broken = result["invariants"]["broken"] if result else []
    known = {rule[0]: rule[1] for rule in RULES}
    ids = list(dict.fromkeys([*known, *checked, *(one["id"] for one in broken)]))
    return [{"id": one, "words": known.get(one, "not an invariant of this version"), "checked": one in checked,
             "broken": [each for each in broken if each["id"] == one]} for one in ids]  # fmt: skip


def _reactions(result: Mapping[str, Any], fired: Sequence[report_story.Tripped]) -> list[dict[str, Any]]:
    """Return each measured reaction with the deadline of its row."""
    deadlines = {one.name: one.deadline_ms for one in fired}
    found = []
    for one in result["reactions"]:
        delays = {key: None if one[key] is None else one[key] - one["cause_s"] for key in ("command_s", "closed_s")}
        found.append({**one, **delays, "deadline_ms": deadlines.get(one["trip"])})
    return found


def _faults(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each fault with its end, its effect in words and how much of it was asked for."""
    asked = [one["value"] for one in result["scenario"]["faults"]]
    asked += [None] * (len(result["faults"]) - len(asked))  # those that were set while the run went on
    ends_s = report_story.fault_ends_s(result)
    return [{**one, "end_s": end_s, "words": report_story.effect_words(one),
             "value": report_story.value_words(one, value)}
            for one, end_s, value in zip(result["faults"], ends_s, asked, strict=False)]  # fmt: skip


def assumed_values() -> list[tuple[str, str]]:
    """Return (value, assumed) of the table in docs/assumptions.md: one list of them, not two."""
    text = ASSUMED_DOC.read_text(encoding="utf-8").partition(ASSUMED_HEADING)[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines[2:]]
    return [(row[0], row[1]) for row in cells]


def _cursor(panels: Sequence[report_plot.Panel], end_s: float) -> str:
    """Return the samples that the page's script reads, as JSON: numbers and our own names, so nothing to escape."""
    data = {"end_s": end_s, "panels": {panel.ident: [curve.samples for curve in panel.curves] for panel in panels}}
    return json.dumps(data, separators=(",", ":"))


def context(trace: Trace) -> dict[str, Any]:
    """Return what the template shows."""
    result, history = trace.result, trace.history
    end_s = history.t_s[-1]
    bitrate = result["bus"]["bitrate"] if result else DEFAULT_BITRATE
    story = report_story.rows(trace)
    fired = report_story.trips(trace.events)
    last = _last_ticket(trace)
    panels = report_plot.panels(trace)
    bus = report_plot.bus_panel(trace, bitrate)
    ticks, unit = report_plot.x_ticks(end_s)
    truck = (result["scenario"]["truck"]["profile"], result["scenario"]["profile"]["volume_m3"]) if result else None
    script = (pages.TEMPLATES / SCRIPT).read_text(encoding="utf-8")
    return {
        "result": result,
        "title": result["scenario"]["name"] if result else "a run that was cut short",
        "outcome": OUTCOMES.get(result["outcome"], (result["outcome"], "fair")) if result else CUT_SHORT,
        "notes": trace.notes,
        "end_s": end_s,
        "figures": _figures(result, end_s) if result else [],
        "ticket": ticket.rows(truck, result, last) if result and truck else [],
        "billable": ticket.billable(last),
        "panels": panels,
        "bus_panel": bus,
        "axis": {"ticks": ticks, "unit": unit},
        "state_colours": report_plot.state_colours,
        "states": report_plot.state_blocks(history.spans, end_s),
        "words": report_plot.word_blocks(history.spans, end_s),
        "story": story[: report_story.ROWS_MAX],
        "story_left_out": max(0, len(story) - report_story.ROWS_MAX),
        "marks": report_story.marks(story, end_s),
        "marks_left_out": sum(row.kind in report_story.NUMBERED and not row.number for row in story),
        "faults": _faults(result) if result else [],
        "trips": fired[: report_story.ROWS_MAX],
        "reactions": _reactions(result, fired) if result else [],
        "invariants": _invariants(result),
        "messages": report_bus.by_message(trace.frames, end_s, bitrate),
        "bitrate": bitrate,
        "assumed": assumed_values(),
        "cursor": _cursor([*panels, bus], end_s),
        "drawing": (report_plot.WIDTH, report_plot.HEIGHT),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }  # fmt: skip


def render(trace: Trace) -> str:
    """Return the page."""
    filters = {"clock": clock, "duration": ticket.duration, "short": report_story.milliseconds}
    return pages.html("report.html.j2", context(trace), filters)
