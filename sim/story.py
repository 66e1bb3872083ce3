"""What happened to the dispenser in a run: an observer of the rig whose account the result is made of."""

from __future__ import annotations

from typing import Any

from sim.events import STATE, TICKET, TRIP, Event, state_name, trip_row, why_words


class Story:
    """What happened to the dispenser: states and their seconds, trips, the ticket, peaks of the truth."""

    def __init__(self, plant: Any) -> None:
        self._truth = plant.truth
        self._state = "BOOT"
        self._since_ms = 0
        self.since_s = 0.0
        self.phases: dict[str, float] = {}
        self.visited = ["BOOT"]
        self.why = ""
        self.ended_by = ""
        self.refused_by = ""
        self.trips: list[tuple[str, str, str, str]] = []  # node, id, reaction, words
        self.ticket: dict[int, int] = {}
        self.peak_bar = self._truth["tank_bar"]
        self.peak_g_s = 0.0
        self._flow_g_s = 0.0

    def on_tick(self, rig_: Any) -> None:
        """Follow the peaks."""
        truth = self._truth
        if truth["tank_bar"] > self.peak_bar:
            self.peak_bar = truth["tank_bar"]
        state = rig_.state["dispenser"]
        if state == "FILL":  # of the half-second mean: bubbles that collapse in the hose make pulses of a tick
            self._flow_g_s += (truth["flow_xv103_g_s"] - self._flow_g_s) * 0.02
            if self._flow_g_s > self.peak_g_s:
                self.peak_g_s = self._flow_g_s
        if state != self._state:  # also by a reset, which no event tells
            self._enter(state, rig_.t_ms)

    def _enter(self, state: str, t_ms: int) -> None:
        self.phases[self._state] = self.phases.get(self._state, 0.0) + (t_ms - self._since_ms) / 1000
        self._state = state
        self._since_ms = t_ms
        self.since_s = t_ms / 1000
        if state not in self.visited:
            self.visited.append(state)

    def close(self, t_ms: int) -> None:
        """End the account of the last state."""
        self._enter(self._state, t_ms)

    def on_event(self, event: Event) -> None:
        """Follow states, trips and the ticket."""
        kind = event["kind"]
        if kind == TRIP:
            row = trip_row(event["node"], event["id"])
            if row is not None:
                self.trips.append((event["node"], str(row[0]), str(row[5]), f"measured {event['value']}"))
        elif event["node"] != "dispenser":
            return
        elif kind == STATE:
            words = why_words("dispenser", event["value"])
            before = state_name("dispenser", event["from"])
            after = state_name("dispenser", event["to"])
            self.why = words
            if before in ("FILL", "HOLD") and after not in ("FILL", "HOLD"):
                self.ended_by = words
            elif (before, after) == ("CONNECT", "DISCONNECT"):
                self.refused_by = words
        elif kind == TICKET:
            self.ticket[event["id"]] = event["value"]
