"""Dead ends that the sequence check found, walked out of on the real rig: a fill is reset, a connect is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hil_tests.faults.short_fill import TRUCK
from sim import events, fill, tables
from sim.quick import SETTINGS, STEPS
from sim.scenario import Scenario
from sim.sequence_trace import Follower

pytestmark = pytest.mark.timeout(300)


class Person:
    """Presses stop once the dispenser is in a state; resets under the key from UNLOCK on, if told to."""

    def __init__(self, stop_in: str, resets: bool = False) -> None:
        self._stop_in = stop_in
        self._resets = resets
        self._since_s: float | None = None
        self._key = False
        self.states: list[str] = []
        self.cleared: list[str] = []

    def on_tick(self, rig_: Any) -> None:
        """Press what is due."""
        world, state = rig_.plant.world, self.states[-1] if self.states else ""
        if state == self._stop_in and self._since_s is None:
            self._since_s = rig_.t_s
        pressed = self._since_s is not None and rig_.t_s - self._since_s < 0.5
        if self._resets and state == "UNLOCK":
            self._key = True
        elif state == "SELFTEST" and len(self.states) > 3:
            self._key = False
        world.key = self._key
        world.stop_pressed = pressed or self._key

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Follow the states and the latches that are cleared."""
        if event["node"] != "dispenser":
            return
        if event["kind"] == events.STATE:
            self.states.append(tables.states("dispenser").STATES[event["to"]][0])
        elif event["kind"] == events.CLEAR:
            self.cleared.append(tables.trips("dispenser").TRIPS[event["id"]][0])


def run(person: Person, limit_s: float) -> dict[str, Any]:
    """Run the short fill with that person beside the operator."""
    scenario = Scenario(stem="way_back", name="way back", seed=7, limit_s=limit_s, truck=TRUCK)
    follower = Follower()
    result = fill.run(scenario, fill.Options(settings=SETTINGS, steps=STEPS), [person, follower])
    assert follower.wrong == [] and follower.steps > 4
    return result


def test_a_stopped_fill_is_reset_and_the_next_truck_may_come() -> None:
    """It used to stay in COMPLETE until its supply was switched off: no guard there could clear the latch."""
    person = Person("PURGE_VENT", resets=True)
    result = run(person, 40.0)
    assert person.cleared == ["STOP_PRESSED"]
    after = person.states[person.states.index("COMPLETE") :]
    assert after[:3] == ["COMPLETE", "SELFTEST", "IDLE"], person.states
    assert result["invariants"]["broken"] == []


def test_stop_pressed_in_connect_lets_the_nozzle_go_at_once() -> None:
    """It used to wait for the state's deadline, up to two minutes: no trip row watches CONNECT."""
    person = Person("LOCK")
    result = run(person, 4.0)
    at = person.states.index("LOCK")
    assert person.states[at : at + 2] == ["LOCK", "UNLOCK"], person.states
    assert person.cleared == [] and result["invariants"]["broken"] == []
