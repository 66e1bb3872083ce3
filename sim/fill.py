"""One refuelling from a scenario: build the world and both boards, run to a terminal state, judge, sum up.

`run` returns the object that `cryofill fill --json` prints. Nothing in it but `vm`, `speed` and `nodes` depends on the
host or on which VM ran.
"""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sim import tables, versions
from sim.can_bus import CanBus
from sim.faults import Faults
from sim.invariants import Invariants
from sim.losses import Losses
from sim.operator import STEPS, Operator
from sim.reactions import Reactions
from sim.rig import Rig
from sim.scenario import Scenario, plant_config
from sim.story import Story
from sim.vm_command import HEAP_DEFAULT

START_UP_TICKS: Final = 2  # the boards' programs are compiled before the first one is answered
COMPLETE_S: Final = 2.0  # runs on after COMPLETE, so that the ticket's last lines come out of the serial port
# A fill that ended otherwise is over when the dispenser has stayed in one of these for so long (SAFE_STOP vents and
# warms by itself and has a deadline of 120 s of its own, so that it is terminal only if it stays beyond that).
STAYS_S: Final = {"ESD": 20.0, "LOCKOUT": 20.0, "SAFE_STOP": 150.0}
BEFORE_GAS: Final = ("BOOT", "SELFTEST", "IDLE", "CONNECT", "DISCONNECT", "COMPLETE")
IDLE_AGAIN_S: Final = 20.0  # back in IDLE with nothing left for the operator to do
# Start was pressed and nothing came of it: the operator has turned away.
NEVER_BEGAN_S: Final = {"IDLE": 60.0, "MAINTENANCE": 60.0}


@dataclass(frozen=True)
class Options:
    """How to run a scenario.

    seed: None takes the scenario's; heap: of each MicroPython VM; trace: for callers; firmware: another folder than
    the repository's (whose tables still name states and trips, so the order of rows must be the same);
    images: the boards run these instead (`NodeProcess`'s main by node), and `versions` is told their hashes;
    settings: (node, parameter, value) of the boards' parameter tables, set at commissioning; steps: what the operator
    does; stays_s: the run ends when the dispenser has stayed so long in that public state.
    """

    seed: int | None = None
    vm: str = "micropython"
    hard_chain: bool = True
    accuracy_errors: bool = False
    realtime: bool = False
    heap: str = HEAP_DEFAULT
    bitrate: int = 500_000
    trace: Path | None = None
    firmware: Path | None = None
    images: Mapping[str, Path] | None = None
    settings: Sequence[tuple[str, str, int]] = ()
    steps: Sequence[Any] = STEPS
    stays_s: Mapping[str, float] = field(default_factory=lambda: STAYS_S)


def build(scenario: Scenario, options: Options, observers: Sequence[Any] = ()) -> Rig:
    """Return a rig (not started) for a scenario. Raises ValueError for what the plant refuses."""
    # The plant loads its property tables: only when a run needs it.
    from sim.instruments import Instruments
    from sim.plant import Plant

    seed = scenario.seed if options.seed is None else options.seed
    plant = Plant(plant_config(scenario, options.hard_chain, options.accuracy_errors), seed)
    faults = Faults(scenario.faults)
    invariants = Invariants(scenario, faults, noise_only=not options.accuracy_errors)
    return Rig(
        plant,
        Instruments(seed, accuracy_errors=options.accuracy_errors),
        operator=Operator(tuple(options.steps)),
        faults=faults,
        invariants=invariants,
        observers=[invariants, *observers],
        seed=seed,
        vm=options.vm,
        main=_mains(options),
        heap=options.heap,
        bitrate=options.bitrate,
    )


def _mains(options: Options) -> Path | dict[str, Path] | None:
    if options.images is not None:
        return dict(options.images)
    return options.firmware / "main.py" if options.firmware is not None else None


DATE_MONTH: Final = 202611  # set on every dispenser; the boards have no clock, and a trace must not depend on the day


def commission(rig_: Rig, scenario: Scenario, settings: Sequence[tuple[str, str, int]] = ()) -> None:
    """Tell the boards what their entry keys would: type plate, mass that the driver wants, pump, other settings."""
    profile = scenario.profile
    rig_.command("tank", f"set volume_l {round(profile.volume_m3 * 1000)}")
    rig_.command("tank", f"set relief_mbarg {round(profile.relief_barg * 1000)}")
    rig_.command("tank", f"set mawp_mbarg {round(profile.mawp_barg * 1000)}")
    rig_.command("tank", f"set vessel_type {profile.vessel_type}")
    rig_.command("dispenser", f"set date_month {DATE_MONTH}")
    rig_.command("tank", f"set target_g {round(scenario.truck.target_kg * 1000)}")
    if not scenario.link.auth:
        for node in tables.NODES:
            rig_.command(node, "set auth 0")
    if scenario.station.supply == "pump":
        rig_.command("dispenser", f"set pump_mbar {round(scenario.station.supply_bar * 1000)}")
    for node, parameter, value in settings:
        rig_.command(node, f"set {parameter} {value}")


def _over(story: Story, rig_: Rig, stays_s: Mapping[str, float]) -> bool:
    """Tell whether the run has come to its end."""
    state = rig_.state["dispenser"]
    stayed_s = rig_.t_s - story.since_s
    if state == "COMPLETE":
        return stayed_s >= COMPLETE_S
    if state == "IDLE" and "CONNECT" in story.visited:
        return stayed_s >= IDLE_AGAIN_S
    limit_s = stays_s.get(state, NEVER_BEGAN_S.get(state))
    return limit_s is not None and stayed_s >= limit_s


class Fill:
    """A scenario on its way: `begin`, then `result`, which runs it to its end; `close` it whatever happens.

    `scenario` and `options` may be replaced on the way, for what is not the rig's from the start: a limit,
    expectations, `stays_s`. A copy of it (sim.fork) goes on by itself. observers: see sim.interfaces.Hooks.
    """

    def __init__(self, scenario: Scenario, options: Options, observers: Sequence[Any] = ()) -> None:
        self.scenario = scenario
        self.options = options
        self.rig = build(scenario, options)
        self._story = Story(self.rig.plant)
        self._reactions = Reactions(self.rig.faults)
        self._losses = Losses(self.rig.plant)
        self.rig.observe(self._story, self._reactions, self._losses, *observers)
        self._start_kg = self.rig.plant.truth["tank_kg"]
        self._start_kgs = [tank.mass_kg() for tank in self.rig.plant.tanks]
        self._wall_s = 0.0

    def __enter__(self) -> Fill:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the node processes. Safe to call twice."""
        self.rig.close()

    def begin(self) -> None:
        """Start the boards and tell them what their keys would."""
        self.rig.start()
        commission(self.rig, self.scenario, self.options.settings)
        for _ in range(START_UP_TICKS):
            self.rig.tick()

    def go_on(self, until: Callable[[], bool] | None = None) -> None:
        """Run to the scenario's end, or to the end of the first tick after which `until` holds."""
        rig_, story, stays_s = self.rig, self._story, self.options.stays_s
        limit_ms = round(self.scenario.limit_s * 1000)
        # A run makes no cycles of its own: without the collector's looks at every object the loop is a tenth faster.
        gc.freeze()
        gc.disable()
        began = time.perf_counter()
        try:
            while rig_.t_ms < limit_ms and not _over(story, rig_, stays_s):
                rig_.tick()
                if self.options.realtime:
                    ahead_s = rig_.t_s - (time.perf_counter() - began)
                    if ahead_s > 0:
                        time.sleep(ahead_s)
                if until is not None and until():
                    break
        finally:
            gc.enable()
            gc.unfreeze()
        self._wall_s += time.perf_counter() - began

    def result(self) -> dict[str, Any]:
        """Run to the scenario's end, end the boards and return the result object."""
        self.go_on()
        rig_, story = self.rig, self._story
        rig_.invariants.finish(rig_.t_s, rig_)
        for slot in rig_.slots.values():
            slot.process.check_prints()
        rig_.close()
        story.close(rig_.t_ms)
        return self._result()

    def _result(self) -> dict[str, Any]:
        rig_, story, scenario, options = self.rig, self._story, self.scenario, self.options
        truth = rig_.plant.truth
        outcome, reason = _outcome(story, rig_, scenario)
        end_kg = truth["tank_kg"]
        ledger = rig_.plant.ledger
        trips = [trip for _, trip, _, _ in story.trips]
        return {
            "outcome": outcome,
            "reason": reason,
            "seed": rig_.seed,
            "vm": options.vm,
            "phases": {state: round(s, 3) for state, s in story.phases.items()},
            "delivered_kg": round(end_kg - self._start_kg, 4),
            "metered_kg": story.ticket.get(1, 0) / 1000,
            "returned_kg": round(ledger["returned_kg"], 4),  # to the station, truth
            "vented_kg": round(ledger["vented_kg"], 4),  # up both stacks
            "losses_kg": self._losses.report(),
            "station": {name: round(x, 4) for name, x in self.rig.plant.station.figures().items()},
            "tank": {
                "start_kg": round(self._start_kg, 4),
                "end_kg": round(end_kg, 4),
                "target_kg": scenario.truck.target_kg,
                "peak_bar": round(story.peak_bar, 4),
                "end_bar": round(truth["tank_bar"], 4),
                "relief_bar": round(scenario.relief_bar, 4),
                **self._vessels(),
            },
            "peak_flow_kg_h": round(story.peak_g_s * 3.6, 1),
            "invariants": {"checked": rig_.invariants.checked, "broken": rig_.invariants.broken},
            "reactions": self._reactions.report(),
            "faults": rig_.faults.report(),
            "expect": _expect(scenario, outcome, trips),
            "speed": {
                "sim_s": rig_.t_s,
                "wall_s": round(self._wall_s, 3),
                "factor": round(rig_.t_s / self._wall_s, 1) if self._wall_s > 0 else 0.0,
            },
            "nodes": {name: slot.figures() for name, slot in rig_.slots.items()},
            "bus": _bus(rig_.bus),
            "scenario": _scenario(scenario, options),
            "versions": versions.of_run(options.firmware),
        }

    def _vessels(self) -> dict[str, Any]:
        """Return the figures of each vessel where there are two; those of the tank are of both together."""
        tanks = self.rig.plant.tanks
        if len(tanks) == 1:
            return {}
        figures = [
            {"start_kg": round(kg, 4), "end_kg": round(tank.mass_kg(), 4), "end_bar": round(tank.p * 1e-5, 4)}
            for kg, tank in zip(self._start_kgs, tanks, strict=True)
        ]
        return {"vessels": figures}


def run(scenario: Scenario, options: Options | None = None, observers: Sequence[Any] = ()) -> dict[str, Any]:
    """Run a scenario to its end and return the result object (design, section 7).

    observers: see sim.interfaces.Hooks. Raises NodeFailure when a node's program fails, ValueError for a scenario that
    the plant refuses. Ends the node processes whatever happens.
    """
    with Fill(scenario, options or Options(), observers) as one:
        one.begin()
        return one.result()


def _bus(bus: CanBus) -> dict[str, Any]:
    return {
        "frames": bus.frames,
        "load_pct": round(bus.load_pct(), 3),
        "peak_load_pct": round(bus.peak_load_pct(), 3),  # of the busiest whole second
        "lost": bus.lost,
        "errors": bus.errors,
        "bitrate": bus.bitrate,
    }


def _scenario(scenario: Scenario, options: Options) -> dict[str, Any]:
    """Return what was run, for who reads the trace without the scenario's file: its keys, tank, hard chain."""
    return {
        "stem": scenario.stem,
        "name": scenario.name,
        "limit_s": scenario.limit_s,
        "hard_chain": options.hard_chain,
        "station": dataclasses.asdict(scenario.station),
        "truck": scenario.truck.given(),
        "link": dataclasses.asdict(scenario.link),
        "profile": dataclasses.asdict(scenario.profile),
        "faults": [dataclasses.asdict(fault) for fault in scenario.faults],
    }


def _outcome(story: Story, rig_: Rig, scenario: Scenario) -> tuple[str, str]:
    """Return (outcome, reason). complete: target reached and truck gone; refused: no gas moved; esd; else stopped."""
    state = rig_.state["dispenser"]
    stops = [x for x in story.trips if x[2] in ("stop", "esd")]
    words = "; ".join(f"{trip} ({node}), {detail}" for node, trip, _, detail in stops[:1])
    if state == "ESD" or any(x[0] == "dispenser" and x[2] == "esd" for x in stops):
        return "esd", words or f"{state}: {story.why}"
    if state == "COMPLETE" and not stops and story.ended_by == "target mass":
        return "complete", f"COMPLETE: {story.ended_by}"
    if state in ("COMPLETE", "IDLE") and all(s in BEFORE_GAS for s in story.visited):
        return "refused", words or f"CONNECT: {story.refused_by}" if story.refused_by else f"{state}: {story.why}"
    if rig_.t_s >= scenario.limit_s:
        return "stopped", words or f"limit_s: still in {state} after {scenario.limit_s:g} s"
    return "stopped", words or f"{state}: {story.ended_by or story.why}"


def _expect(scenario: Scenario, outcome: str, trips: list[str]) -> dict[str, Any]:
    """Compare with the scenario's [expect]: unmet is a list of what was not as expected."""
    unmet = []
    expect = scenario.expect
    if expect.outcome is not None and expect.outcome != outcome:
        unmet.append(f"outcome {expect.outcome!r} expected, {outcome!r} seen")
    if expect.trip is not None and expect.trip not in trips:
        unmet.append(f"trip {expect.trip} expected, {', '.join(trips) or 'none'} seen")
    return {"outcome": expect.outcome, "trip": expect.trip, "unmet": unmet}
