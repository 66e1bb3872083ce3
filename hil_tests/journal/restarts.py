"""Restarts of the dispenser in the rig: cut it in chosen states of a short fill and watch what it does afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hil_tests.faults.short_fill import TRUCK
from sim import events, fill, fork, tables
from sim.memory import FLASH_WRITES
from sim.quick import SETTINGS, STEPS
from sim.reactions import LIQUID_VALVES
from sim.scenario import Fault, Scenario

OFF_S: Final = 0.5
LIMIT_S: Final = 400.0
AFTER_S: Final = 1.5  # how long a run goes on after the last restart has reached where it goes
KINDS: Final = ("power_cut", "reset", "freeze")
CAUSES: Final = {"power_cut": 0, "cut": 0, "reset": 1, "freeze": 2}  # `from` of the BOOT event: power on, pin, watchdog
FOUND: Final = tuple(row[0] for row in tables.notes("dispenser").FOUND)
NOTES: Final = tuple(row[0] for row in tables.notes("dispenser").NOTES)
ROWS: Final = tuple(row[0] for row in tables.states("dispenser").STATES)
PASSING: Final = ("BOOT", "SELFTEST")


@dataclass(frozen=True)
class Step:
    """Once the dispenser has been in `state` (public or row) for `after_s`: restart it (`kind`), or `do` something.

    kind "cut": what was done, in this step or before the run, makes the supply go by itself (`Rig.cut_at`).
    """

    state: str
    kind: str = ""
    after_s: float = 0.05
    do: Callable[[Any], None] | None = None
    to: str = ""  # the public state that the restart has to lead to


@dataclass
class Restart:
    """One restart: in which public state, how; then what the board found and the states it went through."""

    state: str
    kind: str
    t_s: float
    found: list[tuple[str, int]] = field(default_factory=list)  # (name of FOUND, cause)
    notes: list[tuple[str, int]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    value_g: int = 0


class Play:
    """Plays steps as an observer of the rig and gathers what follows."""

    def __init__(self, steps: Sequence[Step] | None = None) -> None:
        self.steps = None if steps is None else list(steps)  # None: they are still to be given
        self._since_s = 0.0
        self._now: tuple[int, str] = (-1, "")
        self.restarts: list[Restart] = []
        self.tickets: list[dict[int, int]] = []
        self._ticket: dict[int, int] = {}
        self.resumed: list[str] = []  # liquid valves commanded open after a restart, before start was pressed again
        self._started = True
        self._resets = 0
        self._settled_s: float | None = None

    @property
    def done(self) -> bool:
        """Return whether every step was played and the last restart has gone where it goes."""
        return self._settled_s is not None

    def on_tick(self, rig_: Any) -> None:
        """Judge the outputs; play the step that is due."""
        world, energised = rig_.plant.world, rig_.plant.energised
        resets = rig_.slots["dispenser"].resets
        if resets != self._resets:
            self._resets = resets
            self._started = False
        elif world.start_pressed and rig_.alive("dispenser"):
            self._started = True
        if not self._started:
            self.resumed += [f"{tag} at {rig_.t_s:g}" for tag in LIQUID_VALVES if energised[tag] > 0.0]
        now = rig_.state_rows["dispenser"], rig_.state["dispenser"]
        if now != self._now or not rig_.alive("dispenser"):
            self._now = now
            self._since_s = rig_.t_s
        if self.steps is None:
            return
        if self.steps:
            self._play(rig_, self.steps, now)
        elif resets < len(self.restarts) or now[1] in PASSING or not rig_.alive("dispenser"):
            return
        elif rig_.t_s - self._since_s >= AFTER_S:
            self._settled_s = rig_.t_s

    def _play(self, rig_: Any, steps: list[Step], now: tuple[int, str]) -> None:
        step = steps[0]
        if step.state not in (now[1], ROWS[now[0]]) or rig_.t_s - self._since_s < step.after_s - 1e-9:
            return
        if self.restarts and not self.restarts[-1].states and step.state not in PASSING:
            return
        steps.pop(0)
        if step.do is not None:
            step.do(rig_)
        if not step.kind:
            return
        self.restarts.append(Restart(now[1], step.kind, rig_.t_s))
        if step.kind == "freeze":  # outputs are held until the watchdog bites
            rig_.freeze("dispenser")
        elif step.kind == "reset":
            rig_.reset("dispenser")
        elif step.kind == "power_cut":
            rig_.power_cut("dispenser", OFF_S)

    def on_event(self, event: dict[str, Any]) -> None:
        """Gather what the dispenser tells."""
        if event["node"] != "dispenser":
            return
        kind = event["kind"]
        if kind == events.TICKET:
            self._ticket[event["id"]] = event["value"]
            if event["id"] == 8:
                self.tickets.append(self._ticket)
                self._ticket = {}
        if not self.restarts:
            return
        last = self.restarts[-1]
        if kind == events.BOOT:
            last.found.append((FOUND[event["id"]], event["from"]))
            last.value_g = event["value"]
        elif kind == events.INFO:
            last.notes.append((NOTES[event["id"]], event["value"]))
        elif kind == events.STATE:
            public = str(tables.states("dispenser").STATES[event["to"]][1])
            if not last.states or last.states[-1] != public:
                last.states.append(public)


@dataclass(frozen=True)
class World:
    """A step's deed: set attributes of the world."""

    values: dict[str, object]

    def __call__(self, rig_: Any) -> None:
        for name, value in self.values.items():
            setattr(rig_.plant.world, name, value)


@dataclass(frozen=True)
class Ended:
    """What is left of a rig that went on in another process: the dispenser's public state, cuts in its writes."""

    state: str
    cuts: int


def play(
    *steps: Step,
    faults: Sequence[Fault] = (),
    operator: Sequence[Any] = STEPS,
    limit_s: float = LIMIT_S,
    vm: str = "micropython",
    prepare: Callable[[Any], None] | None = None,
) -> tuple[Play, Any]:
    """Run the short fill through `steps`; return what was seen and the rig (ended, its memory still there).

    Fails the test when a step's moment never came, an invariant broke, a restart led elsewhere or supplied again.
    """
    played, rig_, scenario = _build(faults, operator, vm)
    if prepare is not None:
        prepare(rig_)
    with rig_:
        fill.commission(rig_, scenario, SETTINGS)
        return _finish((played, rig_), steps, limit_s), rig_


def _build(faults: Sequence[Fault], operator: Sequence[Any], vm: str) -> tuple[Play, Any, Scenario]:
    scenario = Scenario(stem="restarts", name="restarts", seed=7, truck=TRUCK, faults=tuple(faults))
    played = Play()
    return played, fill.build(scenario, fill.Options(vm=vm, settings=SETTINGS, steps=operator), [played]), scenario


def _finish(what: tuple[Play, Any], steps: Sequence[Step], limit_s: float) -> Play:
    played, rig_ = what
    played.steps = list(steps)
    while not played.done and rig_.t_s < limit_s:
        rig_.tick()
    rig_.invariants.finish(rig_.t_s, rig_)
    judge(played, rig_, [step for step in steps if step.kind])
    return played


def judge(played: Play, rig_: Any, wanted: Sequence[Step]) -> None:
    """Fail the test unless the run came to its end, safe, and every restart was the one that was wanted."""
    assert played.done, f"stuck in {rig_.state['dispenser']} after {[one.state for one in played.restarts]}"
    assert rig_.invariants.broken == []
    assert played.resumed == []
    for step, one in zip(wanted, played.restarts, strict=True):
        assert one.found and one.found[-1][1] == CAUSES[step.kind], one
        if step.to:
            assert [state for state in one.states if state not in PASSING][:1] == [step.to], one
    moving = ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT", "WARM")
    log = rig_.memory["dispenser"].log
    assert [done for done in log if done.op in FLASH_WRITES and done.state in moving] == []


class Beginnings:
    """One short fill, kept as it stood when it entered each of STATES: `play` goes on from there. A context manager."""

    STATES: Final = ("CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL")

    def __init__(self) -> None:
        self._taken: dict[str, fork.Snapshot] = {}

    def __enter__(self) -> Beginnings:
        played, rig_, scenario = _build((), STEPS, "micropython")
        with fork.forkable(rig_):
            fill.commission(rig_, scenario, SETTINGS)
            for state in self.STATES:
                while rig_.state["dispenser"] != state:
                    assert rig_.t_s < LIMIT_S
                    rig_.tick()
                self._taken[state] = fork.Snapshot(rig_, (played, rig_))
        return self

    def __exit__(self, *exc: object) -> None:
        for snapshot in self._taken.values():
            snapshot.close()

    def play(self, state: str, *steps: Step, faults: Sequence[Fault] = ()) -> tuple[Play, Ended]:
        """Play the steps from that state on; see `play`."""
        assert all(step.after_s > 0.0 for step in steps)
        played, ended = self._taken[state].run(_go_on, steps, faults)
        return played, ended


def _go_on(what: tuple[Play, Any], steps: Sequence[Step], faults: Sequence[Fault]) -> tuple[Play, Ended]:
    rig_ = what[1]
    for fault in faults:
        rig_.faults.add(fault)
    played = _finish(what, steps, LIMIT_S)
    return played, Ended(rig_.state["dispenser"], rig_.memory["dispenser"].cuts)
