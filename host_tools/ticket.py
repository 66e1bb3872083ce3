"""The dispensing ticket: what was delivered, how it was reckoned, why it ended, and whether it may be billed.

Masses come from the dispenser's own TICKET events, so the ticket shows what the firmware reckoned: net = meter from
FILL to DRAIN - gas the tank returned - what was left in the hose. The simulator's truth stands below, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_tools.sampling import as_event, why_words
from sim import tables
from sim.scenario import Scenario

BILLABLE = 0

WIDTH = 62


class TicketLog:
    """Collects the tickets that the dispenser reports; `last` is the newest complete one, None before any."""

    def __init__(self) -> None:
        self.last: dict[str, int] | None = None
        self._fields: dict[str, int] = {}

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Take one field; the end mark completes the ticket."""
        one = as_event(event)
        if one.kind != "TICKET" or one.node != "dispenser":
            return
        if one.name == "end":
            self.last, self._fields = self._fields, {}
        else:
            self._fields[one.name] = one.value


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
        _row("less gas the tank returned", _kilograms(fields.get("returned_g")), "FT103"),
        _row("less hydrogen in the hose", _kilograms(fields.get("hose_loss_g")), "computed"),
        _row("NET", _kilograms(fields.get("metered_g")), "billable" if billable else "NOT BILLABLE"),
        "-" * WIDTH,
        *_result_rows(result),
        "-" * WIDTH,
        _row("ended as", result["outcome"], str(result["reason"])),
        _row("fill stopped by", "", why_words("dispenser", fields["stop_cause"]) if "stop_cause" in fields else "-"),
        _row("time", duration(sum(result["phases"].values())), "  ".join(
            f"{word} {duration(spent[word])}" for word in dict.fromkeys(words.values()) if word in spent)),
        "-" * WIDTH,
        f"  * assumed: the real figure is not public.   {versions}",
        "=" * WIDTH,
    ]  # fmt: skip
    return "\n".join(lines)
