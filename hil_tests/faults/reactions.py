"""The four causes that must end the flow at once, in every public state from PURGE to WARM, and the table of them.

`measure(...)` runs one of them on the real rig and judges it; the table is printed with `pytest -k reactions -s`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from hil_tests.faults.short_fill import Beginnings, assert_sound
from sim.scenario import Fault

COMMAND_S: Final = 0.020  # cause to liquid valves commanded closed (design, section 8, I5)
FLOW_S: Final = 1.0  # cause to at most 1 g/s past XV103
EPS_S: Final = 1e-6
STAYS_S: Final = {"ESD": 1.5, "SAFE_STOP": 1.0, "LOCKOUT": 1.0}

CAUSES: Final = {
    "estop": "ESTOP_A",
    "station_esd": "STATION_ESD",
    "breakaway": "BREAKAWAY",
    "earth_lost": "EARTH_RELAY",
}


@dataclass(frozen=True)
class Place:
    """Where in a fill: `after_s` in the public state; what is open then; what it takes to get there."""

    after_s: float
    open: tuple[str, ...] = ()
    stop_pressed_s: float | None = None  # into FILL: the short way to DRAIN and beyond
    gap: bool = False  # a short gap of the link holds the fill


ALL_OPEN: Final = ("XV101", "FCV102", "XV103")
# fmt: off
PLACES: Final = {
    "PURGE":    Place(2.2),
    "LEAKTEST": Place(3.0),
    "PRECOOL":  Place(8.0, ALL_OPEN),
    "COLDTEST": Place(2.0, ALL_OPEN),
    "FILL":     Place(14.0, ALL_OPEN),  # full flow
    "HOLD":     Place(0.1, gap=True),
    "DRAIN":    Place(1.0, ("FCV102", "XV103"), stop_pressed_s=Beginnings.STOP_S),
    "VENT":     Place(1.0, ("FCV102", "XV103"), stop_pressed_s=Beginnings.STOP_S),
    "WARM":     Place(3.0, stop_pressed_s=Beginnings.STOP_S),
}
# fmt: on


@dataclass(frozen=True)
class Measured:
    """One reaction; times in s after the cause."""

    cause: str
    state: str
    hard_chain: bool
    trip_s: float
    command_s: float
    closed_s: float


def measure(begun: Beginnings, cause: str, state: str, *, hard_chain: bool) -> Measured:
    """Let `cause` happen in `state`; assert that everything about the reaction is as it must be; return its times."""
    place = PLACES[state]
    faults = [Fault("world", cause, state=state, after_s=place.after_s)]
    if place.gap:
        faults.append(Fault("can.link", "disconnect", state="FILL", after_s=4.0, for_s=0.6))
    run = begun.run_fault(
        *faults, hard_chain=hard_chain, stop_pressed_s=place.stop_pressed_s, stays_s=STAYS_S
    )
    assert_sound(run)
    cause_s = run.cause_s()
    watch = run.watch
    # It happened where it was meant to, with the valves open that are open there.
    assert run.state_at(cause_s) == state
    assert watch.open_at_cause == list(place.open)
    # The board saw this very cause, within its deadline, and ended for good.
    trip_s = run.trip_s("dispenser", CAUSES[cause]) - cause_s
    assert run.trips[0] == ("dispenser", CAUSES[cause])
    assert trip_s <= COMMAND_S + EPS_S
    assert run.after(cause_s) == ["ESD"]
    assert run.result["outcome"] == "esd"
    # All outputs, not only the liquid valves, are without power from then on.
    assert watch.energised_s - cause_s <= COMMAND_S + EPS_S
    assert watch.flow_s - cause_s <= FLOW_S + EPS_S
    assert watch.relay == (0.0 if hard_chain else 1.0)
    # What `cryofill fill --json` tells of it is the same.
    told = [one for one in run.result["reactions"] if one["trip"] == CAUSES[cause]]
    assert len(told) == 1
    assert told[0]["cause_s"] == pytest.approx(cause_s)
    command_s, closed_s = told[0]["command_s"] - cause_s, told[0]["closed_s"] - cause_s
    assert 0.0 <= command_s <= COMMAND_S + EPS_S
    assert command_s <= closed_s <= FLOW_S + EPS_S
    return Measured(cause, state, hard_chain, trip_s, command_s, closed_s)


class Table:
    """Collects reactions and prints them, times in ms."""

    def __init__(self) -> None:
        self.rows: list[Measured] = []

    def text(self) -> str:
        """Return the table."""
        lines = [
            f"{'state':9} {'cause':12} {'hard chain':10} {'trip':>6} {'command':>9} {'flow over':>10}"
        ]
        for one in self.rows:
            command = f"{one.command_s * 1e3:.0f}" if one.command_s > 0.0 else "were shut"
            times = f"{one.trip_s * 1e3:6.0f} {command:>9} {one.closed_s * 1e3:10.0f}"
            chain = "on" if one.hard_chain else "off"
            lines.append(f"{one.state:9} {one.cause:12} {chain:10} {times}")
        return "\n".join(lines)


def collect() -> Iterator[Table]:
    """Yield a table and print it at the end, if anything was measured."""
    table = Table()
    yield table
    if table.rows:
        print(f"\nReactions, ms after the cause\n{table.text()}")
