"""Anything on the bus, at full load, against both real boards: no exception, no allocation, nothing unsafe.

The long run: CRYOFILL_FUZZ_FRAMES=1000000 pytest -m sweep -s hil_tests/fuzz
"""

from __future__ import annotations

import os
import random
import time
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hil_tests.fuzz.attack import Attacker
from sim import fill
from sim.quick import SETTINGS, STEPS
from sim.rig import Rig
from sim.scenario import Scenario, Truck

KINDS: Final = ("random", "malformed", "wrong_content", "masquerade", "replay", "flip", "flood")
SUPPLYING: Final = ("PRECOOL", "COLDTEST", "FILL")
DRAINING: Final = ("HOLD", "DRAIN", "VENT", "SAFE_STOP")  # valves may still be on their way, or let the hose drain
SAMPLE_S: Final = 30.0  # of simulated time, in which the boards measure their live heap once
REACHED_S: Final = 300.0  # by then a quick refuelling has been in every state
WARM_UP_S: Final = 61.0  # two samples: the boards' heaps have their lasting objects by then
HEAP_GROWTH_B: Final = 2048  # a list that doubled once; a leak of one object a frame would be megabytes
TRUCK: Final = Truck(mass_kg=40.0, tank_bar=4.0, wall_k=26.0, target_kg=46.0)


class Bench:
    """A rig with an attacker on its bus, and what must hold after every tick and every burst."""

    def __init__(self, until: str, seed: int = 1) -> None:
        """Run a quick refuelling until the dispenser is in the public state `until`."""
        scenario = Scenario(stem="fuzz", seed=seed, truck=TRUCK)
        self.rig: Rig = fill.build(scenario, fill.Options(steps=STEPS), [self])
        self.heap_b: dict[str, int] = {}  # peaks of the live heap by the end of the warm-up
        self.attacker = Attacker(self.rig)
        self.rig.start()
        fill.commission(self.rig, scenario, SETTINGS)
        try:
            while self.rig.state["dispenser"] != until:
                assert self.rig.t_s < REACHED_S, self.rig.state
                self.rig.tick()
        except BaseException:
            self.rig.close()
            raise

    def on_tick(self, rig: Rig) -> None:
        """Note the heap once the boards are warm."""
        if not self.heap_b and rig.t_s > WARM_UP_S:
            self.heap_b = {name: slot.heap_peak_b for name, slot in rig.slots.items()}

    def burst(self, kind: str, seed: int, ticks: int) -> None:
        """Attack for some ticks."""
        self.attacker.burst(kind, seed, ticks, self.look)

    def rest(self, ticks: int) -> None:
        """Leave the boards to themselves."""
        self.attacker.hush()
        for _ in range(ticks):
            self.rig.tick()
            self.look()

    def look(self) -> None:
        """No liquid valve has power where the sequence gives it none."""
        state = self.rig.state["dispenser"]
        if state not in SUPPLYING and state not in DRAINING:
            energised = self.rig.plant.energised
            assert not energised["XV101"] and not energised["XV103"], state
        if self.rig.state["tank"] in ("BOOT", "SELFTEST", "PARK", "DRIVE", "REFUEL_READY", "PURGE", "FAULT"):
            assert not self.rig.plant.energised["XV201"], self.rig.state

    def check(self) -> None:
        """The invariants of every fill hold, both boards ran every tick with the heap locked and printed nothing."""
        assert self.rig.invariants.broken == []
        for slot in self.rig.slots.values():
            assert slot.resets == 0
            assert slot.ticks - slot.locked_ticks == 0
            slot.process.check_prints()

    def check_heap(self) -> None:
        """Rest until the heap has been measured again: what lives in it has not grown with the frames."""
        ends_s = max(self.rig.t_s, WARM_UP_S) + SAMPLE_S + 1.0
        while self.rig.t_s < ends_s:
            self.rest(10)
        for name, slot in self.rig.slots.items():
            assert slot.heap_peak_b - self.heap_b[name] <= HEAP_GROWTH_B, (name, self.heap_b, slot.heap_peak_b)


class Attacks(RuleBasedStateMachine):
    """Bursts and pauses in any order, from a state of the refuelling on."""

    until = "IDLE"
    sent = 0

    @initialize(seed=st.integers(1, 1000))
    def begin(self, seed: int) -> None:
        """Every kind once; what follows is drawn."""
        self.bench = Bench(self.until, seed)
        for kind in KINDS:
            self.bench.burst(kind, seed, 12)
            self.bench.rest(4)

    # One rule, not two: of several rules hypothesis leaves some out of an example.
    @rule(
        kind=st.sampled_from(KINDS),
        seed=st.integers(0, 2**32 - 1),
        ticks=st.integers(1, 40),
        pause=st.sampled_from((0, 1, 10, 40, 150)),
    )
    def attack(self, kind: str, seed: int, ticks: int, pause: int) -> None:
        self.bench.burst(kind, seed, ticks)
        self.bench.rest(pause)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "bench"):
            self.bench.check()

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            type(self).sent += self.bench.attacker.sent
            self.bench.rig.close()


@pytest.mark.parametrize(
    ("until", "examples", "steps"), [("IDLE", 3, 30), ("PURGE", 2, 30), ("FILL", 2, 40)], ids=lambda x: str(x)
)
def test_any_order_of_attacks(until: str, examples: int, steps: int) -> None:
    machine = type("Machine", (Attacks,), {"until": until, "sent": 0})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=steps))
    assert machine.sent > 2000, machine.sent


def test_the_heap_does_not_grow_with_the_frames() -> None:
    bench = Bench("FILL")
    with bench.rig:
        for k, kind in enumerate(KINDS * 2):
            bench.burst(kind, k, 25)
            bench.rest(10)
            bench.check()
        bench.check_heap()
        assert bench.attacker.sent > 8000


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_a_million_frames() -> None:
    wanted = int(os.environ.get("CRYOFILL_FUZZ_FRAMES", "1000000"))
    done, number, began_s = 0, 0, time.monotonic()
    while done < wanted:
        rng = random.Random(f"fuzz{number}")
        bench = Bench(rng.choice(("IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "FILL", "DRAIN", "WARM")), number)
        with bench.rig:
            while bench.attacker.sent < min(100_000, wanted - done):
                bench.burst(rng.choice(KINDS), rng.getrandbits(32), rng.randint(1, 100))
                if rng.random() < 0.5:
                    bench.rest(rng.choice((1, 10, 50, 200)))
                bench.check()
            bench.check_heap()
            done += bench.attacker.sent
        number += 1
        print(f"{done}/{wanted} frames, {number} rigs, {time.monotonic() - began_s:.0f} s", flush=True)


