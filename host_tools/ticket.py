"""The dispensing ticket: what was delivered, how it was reckoned, why it ended, and whether it may be billed.

Masses come from the dispenser's own TICKET events, so the ticket shows what the firmware reckoned: net = meter from FILL
to DRAIN - gas the tank returned - what was left in the hose. The simulator's truth stands below it, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_tools.sampling import Observer, as_event
from sim import tables
from sim.scenario import Scenario

# Ids of the dispenser's TICKET events.
# fmt: off
FIELDS = (
    "session", "metered_g", "meter_g", "returned_g", "hose_loss_g", "status", "target_g", "stop_cause", "end",
)
# fmt: on
BILLABLE = 0
END_MARK = FIELDS.index("end")

WIDTH = 62


class TicketLog(Observer):
    """Collects the tickets that the dispenser reports; `last` is the newest complete one, None before any."""

    def __init__(self) -> None:
        self.last: dict[str, int] | None = None
        self._fields: dict[str, int] = {}

    def on_event(self, event: Any) -> None:
        """Take one field; the end mark completes the ticket."""
        event = as_event(event)
        if event.kind != "TICKET" or event.node != "dispenser":
            return
        if event.id == END_MARK:
            self.last, self._fields = self._fields, {}
        elif event.id < END_MARK:
            self._fields[FIELDS[event.id]] = event.value


def stop_words(why: int) -> str:
    """Return the words of a WHY index of the dispenser's state table."""
    table = tables.states("dispenser")
    rows = table.TRANSITIONS
    if 0 <= why < len(rows):
        return str(rows[why][3])
    if 0 <= why - len(rows) < len(table.STATES):
        return f"{table.STATES[why - len(rows)][0]} took too long"
    return "not reported"


def duration(seconds: float) -> str:
    """Return seconds as `m:ss` for people."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _row(label: str, value: str, note: str = "") -> str:
    return f"  {label:<27s}{value:>14s}  {note}".rstrip()


def _kilograms(grams: int | None) -> str:
    return "not reported" if grams is None else f"{grams / 1000.0:.2f} kg"


def _result_rows(result: Mapping[str, Any]) -> list[str]:
    """Return the rows about the tank and the fill, from the simulator's result."""
    tank = result["tank"]
    return [
        _row("in the tank before", f"{tank['start_kg']:.2f} kg"),
        _row("in the tank after", f"{tank['end_kg']:.2f} kg", f"asked for {tank['target_kg']:.2f} kg"),
        _row("reached the tank", f"{result['delivered_kg']:.2f} kg", "simulator's truth, not metered"),
        _row("vented", f"{result['vented_kg']:.2f} kg", "simulator's truth, not metered"),
        _row("peak tank pressure", f"{tank['peak_bar']:.2f} bar", f"relief {tank['relief_bar']:.2f} bar *"),
        _row("peak flow", f"{result['peak_flow_kg_h']:.0f} kg/h"),
    ]


def render(scenario: Scenario, result: Mapping[str, Any], ticket: Mapping[str, int] | None, versions: str) -> str:
    """Return the ticket as lines of text; `ticket` is None when the dispenser reported none."""
    fields = ticket or {}
    billable = fields.get("status") == BILLABLE and ticket is not None
    words = tables.states("dispenser").WORDS
    spent: dict[str, float] = {}
    for state, seconds in result["phases"].items():
        word = words.get(state)
        if word:
            spent[word] = spent.get(word, 0.0) + seconds
    lines = [
        "=" * WIDTH,
        "  CRYOFILL   DISPENSING TICKET",
        "=" * WIDTH,
        _row("session", str(fields.get("session", "none")), f"seed {result['seed']}"),
        _row("product", "liquid H2", "as parahydrogen"),
        _row("truck", scenario.truck.profile, f"{scenario.profile.volume_m3:g} m3 *"),
        "-" * WIDTH,
        _row("metered, FILL to DRAIN", _kilograms(fields.get("meter_g")), "FT101"),
        _row("- gas returned by the tank", _kilograms(fields.get("returned_g")), "FT103"),
        _row("- left in the hose", _kilograms(fields.get("hose_loss_g")), "computed"),
        _row("NET", _kilograms(fields.get("metered_g")), "billable" if billable else "NOT BILLABLE"),
        "-" * WIDTH,
        *_result_rows(result),
        "-" * WIDTH,
        _row("ended as", result["outcome"], str(result["reason"])),
        *([_row("fill stopped by", "", stop_words(fields["stop_cause"]))] if "stop_cause" in fields else []),
        _row("time", duration(sum(result["phases"].values())), "  ".join(
            f"{word} {duration(spent[word])}" for word in dict.fromkeys(words.values()) if word in spent)),
        "-" * WIDTH,
        f"  * assumed: the real figure is not public.   {versions}",
        "=" * WIDTH,
    ]  # fmt: skip
    return "\n".join(lines)
