"""The dispensing ticket: what was delivered, how it was reckoned, why it ended, and whether it may be billed.

Masses come from the dispenser's own TICKET events, so the ticket shows what the firmware reckoned: net = meter from
FILL to DRAIN - gas the tank returned - what was left in the hose. The simulator's truth stands below, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from host_tools.sampling import Event, as_event
from sim import tables
from sim.events import why_words
from sim.scenario import Scenario

BILLABLE = 0
STATUS = 3  # bits of the status that tell whether it is billable
UNPROVED = 4  # the link was not authenticated

WIDTH = 62


class TicketLog:
    """Collects the tickets that the dispenser reports; `last` is the newest complete one, None before any."""

    def __init__(self) -> None:
        self.last: dict[str, int] | None = None
        self._fields: dict[str, int] = {}

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Take an event as the rig hands it out."""
        self.follow(as_event(event))

    def follow(self, one: Event) -> None:
        """Take one field; the end mark completes the ticket."""
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


def _kilograms(grams: int | None) -> str:
    return "not reported" if grams is None else f"{grams / 1000.0:.2f} kg"


def by_word(phases: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds spent in each of the five words of the sequence that was gone through, in their order."""
    words = tables.states("dispenser").WORDS
    spent = {word: sum(s for state, s in phases.items() if words.get(state) == word) for word in words.values()}
    return {word: seconds for word, seconds in spent.items() if seconds > 0.0}


def billable(ticket: Mapping[str, int] | None) -> bool:
    """Tell whether the dispenser reported a ticket that may be billed."""
    return ticket is not None and ticket.get("status", UNPROVED - 1) & STATUS == BILLABLE


def authenticated(ticket: Mapping[str, int]) -> bool:
    """Tell whether the ticket is of a fill over an authenticated link."""
    return not ticket.get("status", 0) & UNPROVED


class Row(NamedTuple):
    """One line of the ticket: label, value with its unit, and where the value comes from or how it compares."""

    label: str
    value: str
    note: str = ""


def rows(
    truck: tuple[str, float], result: Mapping[str, Any], ticket: Mapping[str, int] | None
) -> tuple[tuple[Row, ...], ...]:
    """Return the ticket's four groups of rows: whose, reckoning, tank, end.

    `truck`: profile and tank volume (m3); `ticket` is None when the dispenser reported none.
    """
    fields = ticket or {}
    tank = result["tank"]
    truth = "simulator's truth, not metered"
    return (
        (
            Row("session", str(fields.get("session", "none")), f"seed {result['seed']}"),
            Row("product", "liquid H2", "as parahydrogen"),
            Row("truck", truck[0], f"{truck[1]:g} m3 *"),
            *([] if ticket is None or authenticated(ticket) else [Row("link", "", "link not authenticated")]),
        ), (
            Row("metered, FILL to DRAIN", _kilograms(fields.get("meter_g")), "FT101"),
            Row("less gas the tank returned", _kilograms(fields.get("returned_g")), "FT103"),
            Row("less hydrogen in the hose", _kilograms(fields.get("hose_loss_g")), "computed"),
            Row("NET", _kilograms(fields.get("metered_g")), "billable" if billable(ticket) else "NOT BILLABLE"),
        ), (
            Row("in the tank before", f"{tank['start_kg']:.2f} kg"),
            Row("in the tank after", f"{tank['end_kg']:.2f} kg", f"asked for {tank['target_kg']:.2f} kg"),
            Row("reached the tank", f"{result['delivered_kg']:.2f} kg", truth),
            Row("vented", f"{result['vented_kg']:.2f} kg", truth),
            Row("peak tank pressure", f"{tank['peak_bar']:.2f} bar", f"relief {tank['relief_bar']:.2f} bar *"),
            Row("peak flow", f"{result['peak_flow_kg_h']:.0f} kg/h"),
        ), (
            Row("ended as", result["outcome"], str(result["reason"])),
            Row("fill stopped by", "", why_words("dispenser", fields["stop_cause"]) if "stop_cause" in fields else "-"),
            Row("time", duration(sum(result["phases"].values())), "  ".join(
                f"{word} {duration(seconds)}" for word, seconds in by_word(result["phases"]).items())),
        ),
    )  # fmt: skip


def render(scenario: Scenario, result: Mapping[str, Any], ticket: Mapping[str, int] | None, versions: str) -> str:
    """Return the ticket as lines of text; `ticket` is None when the dispenser reported none."""
    lines = ["=" * WIDTH, "  CRYOFILL   DISPENSING TICKET", "=" * WIDTH]
    for group in rows((scenario.truck.profile, scenario.profile.volume_m3), result, ticket):
        lines += [f"  {row.label:<27s}{row.value:>14s}  {row.note}".rstrip() for row in group]
        lines.append("-" * WIDTH)
    lines += [f"  * assumed: the real figure is not public.   {versions}", "=" * WIDTH]
    return "\n".join(lines)
