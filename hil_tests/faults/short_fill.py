"""A short refuelling for fault tests: the real rig and both boards, quick settings, a hasty operator.

`run_fault(...)` runs it with faults and returns what happened. FILL begins after about 60 s and lasts 40.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sim import events, fill, fork, tables
from sim.quick import SETTINGS, STEPS
from sim.reactions import FLOW_G_S, LIQUID_VALVES
from sim.rig import TICK_MS
from sim.scenario import Fault, Scenario, Truck
from sim.sequence_trace import Follower

# How long a run goes on in a state that a fill ends in: long enough to see what follows, too short to warm up.
STAYS_S: Final = {"ESD": 4.0, "SAFE_STOP": 6.0, "WARM": 1.0, "LOCKOUT": 1.0}
LIMIT_S: Final = 600.0
SEED: Final = 7

TRUCK: Final = Truck(mass_kg=40.0, tank_bar=4.0, wall_k=26.0, target_kg=41.5)
LONG: Final = Truck(
    mass_kg=40.0, tank_bar=4.0, wall_k=26.0, target_kg=46.0
)  # full flow from FILL + 10 s to + 34 s

SUPPLYING: Final = ("PRECOOL", "COLDTEST", "FILL")
ENDED: Final = ("SAFE_STOP", "ESD", "LOCKOUT", "DRAIN", "VENT", "WARM", "BOOT", "SELFTEST")


@dataclass(frozen=True)
class Moment:
    """Something that a board reported: when (s), which board, what (public state or trip id)."""

    t_s: float
    node: str
    name: str


class Watch:
    """An observer of the rig: states, trips, outputs and flow, and whether both boards still tick."""

    def __init__(self) -> None:
        self.states: list[Moment] = []
        self.trips: list[Moment] = []  # latched: reaction stop or esd
        self.holds: list[Moment] = []
        self.open_at_cause: list[str] = []  # liquid valves commanded open when the last fault began
        self.supply_s = -1.0  # until when XV101 was commanded open
        self.energised_s = -1.0  # until when any dispenser output was energised
        self.flow_s = -1.0  # until when more than 1 g/s passed XV103
        self.relay = 0.0
        self.replies: dict[str, list[str]] = {}
        self.resets: dict[str, int] = {}
        self.ticking: dict[str, bool] = {}  # each tick of the last whole second ran
        self._ticks: dict[str, int] = {}
        self._causes = 0

    def on_tick(self, rig_: Any) -> None:
        """Follow the outputs and the flow. Commands seen here acted when the tick began."""
        energised = rig_.plant.energised
        if energised["XV101"] > 0.0:
            self.supply_s = rig_.t_s
        layout = rig_.slots["dispenser"].layout
        if any(energised[tag] > 0.0 for tag in (*layout.do_tags, *layout.ao_tags)):
            self.energised_s = rig_.t_s
        if rig_.plant.truth["flow_xv103_g_s"] > FLOW_G_S:
            self.flow_s = rig_.t_s
        self.relay = rig_.plant.truth["relay"]
        if len(rig_.faults.causes) > self._causes:
            self._causes = len(rig_.faults.causes)
            self.open_at_cause = [tag for tag in LIQUID_VALVES if energised[tag] > 0.0]
        self.replies = rig_.replies
        if rig_.t_ms % 1000 == 0:
            for name, slot in rig_.slots.items():
                self.ticking[name] = slot.ticks - self._ticks.get(name, 0) == 1000 // TICK_MS
                self._ticks[name] = slot.ticks
                self.resets[name] = slot.resets

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Follow states and trips."""
        node, t_s = event["node"], event["t_ms"] / 1000.0
        if event["kind"] == events.STATE:
            self.states.append(Moment(t_s, node, tables.states(node).STATES[event["to"]][1]))
        elif event["kind"] == events.TRIP:
            self.trips.append(Moment(t_s, node, tables.trips(node).TRIPS[event["id"]][0]))
        elif event["kind"] == events.WARN and tables.trips(node).TRIPS[event["id"]][5] == "hold":
            self.holds.append(Moment(t_s, node, tables.trips(node).TRIPS[event["id"]][0]))


@dataclass(frozen=True)
class Run:
    """What a run did: the result object of `fill.run` and what the watch saw."""

    result: dict[str, Any]
    watch: Watch = field(repr=False)

    def cause_s(self, index: int = 0) -> float:
        """Return when that fault began; fails the test when its moment never came."""
        at_s = self.result["faults"][index]["at_s"]
        assert at_s is not None, f"the fault's moment never came: {self.result['phases']}"
        return float(at_s)

    @property
    def trips(self) -> list[tuple[str, str]]:
        """Return (node, trip) in the order they latched."""
        return [(one.node, one.name) for one in sorted(self.watch.trips, key=lambda one: one.t_s)]

    def trip_s(self, node: str, name: str) -> float:
        """Return when that trip latched; fails the test when it did not."""
        for one in self.watch.trips:
            if (one.node, one.name) == (node, name):
                return one.t_s
        raise AssertionError(f"{name} ({node}) did not trip; {self.trips}, {self.result['reason']}")

    def state_at(self, t_s: float, node: str = "dispenser") -> str:
        """Return a board's public state at that moment."""
        before = [one.name for one in self.watch.states if one.node == node and one.t_s <= t_s]
        return before[-1] if before else "BOOT"

    def after(self, t_s: float, node: str = "dispenser") -> list[str]:
        """Return the public states that a board entered after that moment, each time it changed."""
        names = [self.state_at(t_s, node)]
        for one in self.watch.states:
            if one.node == node and one.t_s > t_s and one.name != names[-1]:
                names.append(one.name)
        return names[1:]

    @property
    def resumed(self) -> bool:
        """Tell whether the dispenser supplied again once the fill had ended."""
        states = self.after(self.cause_s())
        first = next((i for i, state in enumerate(states) if state in ENDED), len(states))
        return any(state in SUPPLYING for state in states[first:])


class Going:
    """A short fill on its way, with all that watches it; `snapshot` copies it as it stands."""

    def __init__(
        self,
        scenario: Scenario,
        options: fill.Options,
        forkable: bool = False,
    ) -> None:
        self.watch = Watch()
        self.stop = _StopButton()
        self._follower = Follower()
        self.fill = fill.Fill(scenario, options, [self.watch, self._follower, self.stop])
        if forkable:
            fork.forkable(self.fill.rig)

    def snapshot(self) -> fork.Snapshot:
        """Return a snapshot to go on from: `snapshot.run(finish, ...)`."""
        return fork.Snapshot(self.fill.rig, self)


def finish(
    going: Going,
    faults: Sequence[Fault],
    limit_s: float,
    stop_pressed_s: float | None,
    stays_s: Mapping[str, float],
    hard_chain: bool,
) -> Run:
    """Let the faults happen from here on, run to the end and return what happened."""
    one = going.fill
    one.scenario = one.scenario.replaced(faults=tuple(faults), limit_s=limit_s)
    one.options = replace(one.options, stays_s=stays_s, hard_chain=hard_chain)
    one.rig.plant.chain.enabled = hard_chain
    for fault in faults:
        one.rig.faults.add(fault)
    going.stop.after_s = stop_pressed_s
    run = Run(one.result(), going.watch)
    if one.options.firmware is None:  # another firmware has tables of its own
        assert going._follower.wrong == []
    refused = [reply for replies in run.watch.replies.values() for reply in replies if " ERR " in reply]
    assert refused == []  # a setting that the parameter table no longer knows
    return run


def going(
    truck: Truck, seed: int = SEED, firmware: Path | None = None, vm: str = "micropython", hard_chain: bool = True,
    forkable: bool = False,
) -> Going:  # fmt: skip
    """Return the short fill, not yet begun."""
    scenario = Scenario(stem="short_fill", name="short fill", seed=seed, limit_s=LIMIT_S, truck=truck)
    options = fill.Options(vm=vm, hard_chain=hard_chain, firmware=firmware, settings=SETTINGS, steps=STEPS)
    return Going(scenario, options, forkable)


def run_fault(
    *faults: Fault,
    vm: str = "micropython",
    hard_chain: bool = True,
    truck: Truck = TRUCK,
    seed: int = SEED,
    limit_s: float = LIMIT_S,
    stop_pressed_s: float | None = None,
    stays_s: Mapping[str, float] = STAYS_S,
    firmware: Path | None = None,
) -> Run:
    """Run the short fill with `faults` until it has ended (`stays_s`) or `limit_s` is reached.

    stop_pressed_s: someone presses stop (PB102) that long after FILL began; other arguments as in `fill.Options`.
    Raises NodeFailure when a board's program fails.
    """
    one = going(truck, seed, firmware, vm, hard_chain)
    with one.fill:
        one.fill.begin()
        return finish(one, faults, limit_s, stop_pressed_s, stays_s, hard_chain)


class Beginnings:
    """One short fill, kept as it stood when it entered each state: `run_fault` goes on from there. A context manager.

    What comes out is what `short_fill.run_fault` gives (hil_tests/rig/test_fork.py), without paying for the beginning
    again. The fill is run when first needed. Someone presses stop STOP_S into FILL on the way to DRAIN and beyond.
    """

    STATES: Final = ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL")
    STOPPED: Final = ("DRAIN", "VENT", "WARM")
    STOP_S: Final = 2.0

    def __init__(self, truck: Truck, seed: int = SEED, stopped: bool = False) -> None:
        self._truck = truck
        self._seed = seed
        self._states = self.STATES + (self.STOPPED if stopped else ())
        self._taken: dict[str, fork.Snapshot] = {}

    def __enter__(self) -> Beginnings:
        return self

    def __exit__(self, *exc: object) -> None:
        for snapshot in self._taken.values():
            snapshot.close()

    def run_fault(
        self,
        *faults: Fault,
        limit_s: float = LIMIT_S,
        stop_pressed_s: float | None = None,
        stays_s: Mapping[str, float] = STAYS_S,
        hard_chain: bool = True,
        since: str | None = None,
    ) -> Run:
        """Run as `short_fill.run_fault` does. since: the state to go on from, if not that of the first fault."""
        if not self._taken:
            self._take()
        state = since or min((fault.state or "" for fault in faults), key=self._place)
        assert all(fault.state is None or fault.after_s > 0.0 for fault in faults)  # else it began in that very tick
        assert state not in self.STOPPED or stop_pressed_s == self.STOP_S
        run = self._taken[state].run(finish, faults, limit_s, stop_pressed_s, stays_s, hard_chain)
        assert isinstance(run, Run)
        return run

    def _place(self, state: str) -> int:
        return self._states.index(state) if state in self._states else len(self._states)

    def _take(self) -> None:
        one = going(self._truck, self._seed, forkable=True)
        with one.fill:
            one.fill.begin()
            for state in self._states:
                one.fill.go_on(lambda: one.fill.rig.state["dispenser"] == state)  # noqa: B023
                assert one.fill.rig.state["dispenser"] == state
                self._taken[state] = one.snapshot()
                if state == "FILL":
                    one.stop.after_s = self.STOP_S


class _StopButton:
    """Someone presses stop for half a second, `after_s` into FILL (None: nobody does)."""

    def __init__(self) -> None:
        self.after_s: float | None = None
        self._fill_s: float | None = None

    def on_tick(self, rig_: Any) -> None:
        """Press and release."""
        if self._fill_s is None:
            if rig_.state["dispenser"] == "FILL":
                self._fill_s = rig_.t_s
        elif self.after_s is not None:
            past_s = rig_.t_s - self._fill_s
            rig_.plant.world.stop_pressed = self.after_s <= past_s < self.after_s + 0.5


def assert_sound(run: Run, also_broken: tuple[str, ...] = ()) -> None:
    """Assert what holds after every fault run: it had an effect, broke nothing, and both boards tick, heap locked."""
    result = run.result
    for fault in result["faults"]:
        assert fault["at_s"] is not None, fault
        assert fault["effect"] != "none", fault
    assert [one for one in result["invariants"]["broken"] if one["id"] not in also_broken] == []
    assert len(result["invariants"]["checked"]) == 12
    for name, node in result["nodes"].items():
        assert node["ticks"] > 0
        assert node["locked_ticks"] == node["ticks"], name
        assert node["overruns"] == 0, name
    assert run.watch.ticking == {"dispenser": True, "tank": True}
