"""How fast a fault ended the flow: from its cause to the liquid valves' command and to no flow past XV103.

An observer of the rig (`on_tick`, `on_event`). All times are seconds since the start of the run, to 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.events import TRIP, WARN, trip_row
from sim.faults import Faults
from sim.interfaces import TICK_S

LIQUID_VALVES = ("XV101", "FCV102", "XV103")
FLOW_G_S = 1.0


@dataclass
class Reaction:
    """One cause and what followed; None: not (yet) seen."""

    cause_s: float
    trip: str | None = None
    command_s: float | None = None
    closed_s: float | None = None


class Reactions:
    """Measures every fault that has begun. A command that was taken back before a trip does not count."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._open: list[Reaction] = []
        self._seen = 0
        self.all: list[Reaction] = []

    def on_tick(self, rig: Any) -> None:
        """Look at the commands that acted in this tick and at the flow at its end."""
        causes = self._faults.causes
        if self._seen == len(causes) and not self._open:
            return
        for injection in causes[self._seen :]:
            assert injection.cause_s is not None
            reaction = Reaction(round(injection.cause_s, 3))
            self._open.append(reaction)
            self.all.append(reaction)
        self._seen = len(causes)
        energised = rig.plant.energised
        shut = not any(energised[tag] > 0.0 for tag in LIQUID_VALVES)
        flows = rig.plant.truth["flow_xv103_g_s"] > FLOW_G_S
        for reaction in self._open[:]:
            if not shut:
                if reaction.trip is None:
                    reaction.command_s = reaction.closed_s = None
                continue
            if reaction.command_s is None:
                reaction.command_s = round(rig.t_s - TICK_S, 3)  # applied when this tick began
            if flows:
                reaction.closed_s = None
            elif reaction.closed_s is None:
                reaction.closed_s = round(rig.t_s, 3)
            if reaction.trip is not None and reaction.closed_s is not None:
                self._open.remove(reaction)

    def on_event(self, event: dict[str, Any]) -> None:
        """Credit a trip to the latest fault that began before it and has none yet."""
        if event["kind"] not in (TRIP, WARN):
            return
        row = trip_row(event["node"], event["id"])
        if row is None or (event["kind"] == WARN and row[5] != "hold"):
            return
        for reaction in reversed(self.all):
            if reaction.cause_s <= event["t_ms"] / 1000.0:
                if reaction.trip is None:
                    reaction.trip = row[0]
                return

    def report(self) -> list[dict[str, object]]:
        """Return {trip, cause_s, command_s, closed_s} of every fault that tripped something."""
        return [
            {"trip": x.trip, "cause_s": x.cause_s, "command_s": x.command_s, "closed_s": x.closed_s}
            for x in self.all
            if x.trip is not None
        ]
