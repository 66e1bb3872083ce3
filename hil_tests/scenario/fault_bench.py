"""A bench for faults without boards: real plant, instruments, bus and injector; the test plays the boards.

`pair(...)` gives two benches that differ only in the fault, so that whatever differs on the boards' terminals is its
doing, and nothing may differ where the verdict is "none". A plant state is made once and copied.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from hil_tests.plant.rigless import TICK_S, Script
from sim import fault_table, tables, wire
from sim.can_bus import CanBus
from sim.can_frame import FLAG_EXT
from sim.faults import Faults, took_effect
from sim.instruments import Instruments
from sim.plant import Plant
from sim.plant.world import World
from sim.scenario import Fault

NOISE_COUNTS = 100  # more than two readings of one value part by, whatever the instrument
SEED = 3
STATUS_ID = {"dispenser": 0x0CFF10D1, "tank": 0x0CFF20A1}
EVENT_ID = {"dispenser": 0x18FF11D1, "tank": 0x18FF21A1}

ROWS = [(str(x["family"]), str(x["target"]), str(x["kind"])) for x in fault_table.vocabulary()]

Play = Callable[["Bench"], None]


class Still:
    """A plant without physics: the test writes its truth."""

    def __init__(self, truth: dict[str, float]) -> None:
        self.truth = dict(truth)
        self.world = World()
        self.energised: dict[str, float] = {}

    def step(self, dt_s: float) -> None:
        """Nothing moves."""


def truth(tag: str | None = None, value: float = 0.0) -> dict[str, float]:
    """Return a truth for every input: `tag` at `value`, all other transmitters at their low end, contacts open."""
    values: dict[str, float] = {}
    for node in tables.NODES:
        io = tables.io(node)
        values.update((row[0], row[2] / row[6]) for row in io.AI)
        values.update((row[0], 0.0) for row in (*io.DI, *io.CI))
    if tag is not None:
        values[tag] = value
    return values


@cache
def _made(name: str) -> Plant:
    script = Script(supply="pump" if name == "pumping" else "dewar", tanks=2 if name == "two" else 1)
    if name == "parked":
        script.run(0.1)
        return script.plant
    script.connect()
    script.set(XV201=1, XV208=1, XV202=1, XV104=1, XV101=1, XV103=1, FCV102=1.0, PMP111=1, HT205=0.5)
    script.set(VP207=1, BL109=1)
    script.run(6.0)
    return script.plant


def plant(name: str) -> Plant:
    """Return a copy of the plant "parked" (nozzle off), "flowing" (liquid on its way to the truck), "pumping" or "two".

    "two" flows to a truck with two vessels.
    """
    made = _made(name)
    return copy.deepcopy(made, {id(made.fluid): made.fluid})


@cache
def _instruments() -> bytes:
    """Instruments to copy: making them draws thousands of noise samples."""
    return pickle.dumps(Instruments(SEED))


class Bench:
    """What the injector acts on. `play` is called at the start of each tick, as the boards and the operator would act.

    `seen`: per tick the counts, contact bits and pulses of both nodes; `heard`: (node, payload) of each frame received.
    """

    def __init__(self, plant_: Any, faults: Sequence[Fault], play: Play | None = None, traffic: bool = False) -> None:
        self.plant = plant_
        self.play = play
        self.traffic = traffic
        self.instruments: Instruments = pickle.loads(_instruments())
        self.bus = CanBus(seed=SEED)
        for node in tables.NODES:
            self.bus.power(node, True)
        self.state = {"dispenser": "FILL"}
        self.t_s = 0.0
        self.ticks = 0
        self.faults = Faults(faults)
        self.seen: list[tuple[tuple[int, ...], ...]] = []
        self.heard: list[tuple[str, bytes]] = []
        self.instruments.sample(0.0, self.plant.truth)

    def tick(self) -> None:
        """Do 10 ms, in the rig's order."""
        if self.play is not None:
            self.play(self)
        self.faults.step(self.t_s, self)
        self.plant.step(TICK_S)
        self.ticks += 1
        self.t_s = self.ticks / 100
        if self.traffic and self.ticks % 5 == 0:
            self._send()
        self.bus.step(self.ticks * 10_000)
        for node in tables.NODES:
            if self.bus.controllers[node].received:
                self.heard += [(node, frame[4]) for frame in self.bus.controllers[node].take()[1]]
        ins = self.instruments
        ins.sample(self.t_s, self.plant.truth)
        self.seen.append(
            tuple((*ins.counts(node), ins.contacts(node), *ins.pulses(node)) for node in tables.NODES)
        )

    def _send(self) -> None:
        """Each node's status every 50 ms, and another message between; the payloads count on."""
        ids = STATUS_ID if self.ticks % 10 else EVENT_ID
        for node in tables.NODES:
            if self.bus.controllers[node].mailboxes[0] is None:
                self.bus.submit(node, 0, ids[node], FLAG_EXT, bytes((self.ticks // 5 & 255, len(node))) * 4)

    def run(self, seconds: float) -> None:
        """Do that many simulated seconds."""
        for _ in range(round(seconds / TICK_S)):
            self.tick()

    def row(self, index: int = 0) -> dict[str, object]:
        """Return a fault's row of the report."""
        return self.faults.report()[index]

    def series(self, tag: str) -> list[int]:
        """Return what the board read of a tag, tick by tick: counts, 0 or 1, pulses."""
        node, at, mask = _where(tag)
        if mask:
            return [int(seen[node][at] & mask != 0) for seen in self.seen]
        return [seen[node][at] for seen in self.seen]


@cache
def _where(tag: str) -> tuple[int, int, int]:
    """Return (node, place in its row of `seen`, contact bit or 0)."""
    for index, node in enumerate(tables.NODES):
        io = tables.io(node)
        analog = [row[0] for row in io.AI]
        if tag in analog:
            return index, analog.index(tag), 0
        if tag in [row[0] for row in io.DI]:
            return index, len(analog), 1 << wire.Layout(node).contact_bit[tag]
        pulses = [row[0] for row in io.CI]
        if tag in pulses:
            return index, len(analog) + 1 + pulses.index(tag), 0
    raise KeyError(tag)


# Where a node's row of `seen` counts exactly: contacts and pulses.
CONTACTS_AT = [range(len(tables.io(node).AI), 99) for node in tables.NODES]
INPUTS = tuple(tag for tag in fault_table.targets() if fault_table.signal_row(tag))


def pair(
    plant_: Any,
    fault: Fault,
    seconds: float,
    play: Play | None = None,
    traffic: bool = False,
    without: Bench | None = None,
) -> tuple[Bench, Bench]:
    """Run two benches for some seconds, one with the fault; return (with, without).

    `without`: a bench that has already run the same plant and play without the fault.
    """
    if without is None:
        fluid = getattr(plant_, "fluid", None)
        without = Bench(copy.deepcopy(plant_, {id(fluid): fluid}), [], play, traffic)
        without.run(seconds)
    bench = Bench(plant_, [fault], play, traffic)
    bench.run(seconds)
    return bench, without


def apart(benches: tuple[Bench, Bench]) -> set[str]:
    """Return the inputs whose readings differed between the benches in any tick, by more than noise."""
    places: set[tuple[int, int, int]] = set()  # node, place in its row, contact bits that differed
    for one, other in zip(benches[0].seen, benches[1].seen, strict=True):
        for node, (row, healthy) in enumerate(zip(one, other, strict=True)):
            if row != healthy:
                places |= {(node, at, a ^ b) for at, (a, b) in enumerate(zip(row, healthy, strict=True)) if a != b
                           and (at in CONTACTS_AT[node] or abs(a - b) > NOISE_COUNTS)}  # fmt: skip
    found = set()
    for tag in INPUTS:
        node, at, mask = _where(tag)
        if any(node == n and at == i and (not mask or mask & bits) for n, i, bits in places):
            found.add(tag)
    return found


def rows(*families: str) -> list[tuple[str, str]]:
    """Return (target, kind) of the families' faults."""
    return [(target, kind) for family, target, kind in ROWS if family in families]


def assert_none(benches: tuple[Bench, Bench]) -> None:
    """Assert that nothing showed, and that the report says so and is not counted."""
    assert apart(benches) == set()
    assert benches[0].heard == benches[1].heard
    row = benches[0].row()
    assert row["effect"] == "none"
    assert not took_effect(row)
