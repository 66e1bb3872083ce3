"""A bench for the invariants: truth written by hand, in the plant's keys, ticked like the rig does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sim import scenario, tables
from sim.faults import Faults
from sim.invariants import Invariants

TICK_S = 0.01
AMBIENT_BAR = 1.013
CONTACTS_CLOSED = (
    "HS101A",
    "HS101B",
    "ES101",
    "ES102",
    "ES103",
    "ZS103",
    "ZS105",
    "ZS101",
    "ZS102",
    "ZS201",
    "relay",
)


def quiet_truth() -> dict[str, float]:
    """Return a truth in which nothing flows and nothing is wrong: nozzle locked on, warm, at ambient + 0.07 bar."""
    truth: dict[str, float] = {}
    for node in tables.NODES:
        io = tables.io(node)
        for row in (*io.AI, *io.DI, *io.DO, *io.AO, *io.CI):
            truth[row[0]] = 0.0
    truth.update(dict.fromkeys(CONTACTS_CLOSED, 1.0))
    truth.update(
        {
            "PT102": AMBIENT_BAR + 0.07,
            "PT103": AMBIENT_BAR + 0.07,
            "PT105": AMBIENT_BAR,
            "TT102": 150.0,
            "TT103": 150.0,
            "GT101": 0.3,
            "flow_xv103_g_s": 0.0,
            "tank_kg": 40.0,
            "tank_bar": 4.0,
            "hose_liquid_kg": 0.0,
            "return_liquid_kg": 0.0,
            "stub_liquid_kg": 0.0,
            "lock_open": 0.0,
        }
    )
    return truth


class Bench:
    """A rig without nodes: set `truth`, `energised`, `world`, `state`; `tick(seconds)`; look at `broken`."""

    def __init__(self) -> None:
        self.plant = SimpleNamespace(
            truth=quiet_truth(),
            energised={"XV101": 0.0, "FCV102": 0.0, "XV103": 0.0},
            world=SimpleNamespace(seated=True, breakaway=False, helium_bar=6.6, leak_forecourt_g_s=0.0),
            valve_faults={},
        )
        self.truth = self.plant.truth
        self.energised = self.plant.energised
        self.world = self.plant.world
        self.state = {"dispenser": "CONNECT", "tank": "REFUEL_READY"}
        self.dead: set[str] = set()
        self.t_s = 0.0
        self.faults = Faults()
        self.invariants = Invariants(scenario.load("warm_topup"), self.faults)

    def alive(self, node: str) -> bool:
        return node not in self.dead

    def tick(self, seconds: float, **truth: float) -> None:
        """Set `truth` and let `seconds` pass in ticks of 10 ms."""
        self.truth.update(truth)
        for _ in range(round(seconds / TICK_S)):
            self.t_s = round(self.t_s + TICK_S, 3)
            self.truth["FQ101"] += self.truth["FT101"] * TICK_S
            self.invariants.check(self.t_s, self)

    def event(self, kind: int, ident: int, value: int = 0) -> None:
        """Send an event of the dispenser."""
        self.invariants.on_event(
            {"t_ms": round(self.t_s * 1000), "node": "dispenser", "kind": kind, "id": ident, "from": 0, "to": 0,
             "value": value}
        )  # fmt: skip

    def trip(self, name: str) -> None:
        """Let the dispenser latch a trip."""
        self.event(2, [row[0] for row in tables.trips("dispenser").TRIPS].index(name))

    def clear(self, name: str) -> None:
        """Let the dispenser report a trip as cleared."""
        self.event(3, [row[0] for row in tables.trips("dispenser").TRIPS].index(name))

    def ticket(self, **fields: int) -> None:
        """Let the dispenser send a ticket."""
        names = (
            "session",
            "metered_g",
            "meter_g",
            "returned_g",
            "hose_loss_g",
            "status",
            "target_g",
            "stop_cause",
        )
        for ident, name in enumerate(names):
            self.event(4, ident, fields.get(name, 0))
        if "number" in fields:
            self.event(4, 9, fields["number"])
        self.event(4, 8, 1)

    def purge_and_test(self) -> None:
        """Do what makes liquid permissible: helium in both bores, then both held under pressure."""
        self.state["dispenser"] = "PURGE"
        pressed = AMBIENT_BAR + 4.0
        self.tick(1.0, XV106=1.0, XV107=1.0, PT102=pressed, PT103=pressed)
        self.state["dispenser"] = "LEAKTEST"
        self.tick(10.0, XV106=0.0, XV107=0.0)

    def fill(self) -> None:
        """Open the way and let 100 g/s flow; everything stays as it should be."""
        self.state["dispenser"] = "FILL"
        self.energised.update(XV101=1.0, FCV102=0.5, XV103=1.0)
        self.tick(
            0.01,
            XV101=1.0, FCV102=0.5, XV103=1.0, XV104=1.0, XV201=1.0, XV202=1.0, XV208=0.0, PT102=5.0, PT103=4.0,
            TT102=24.0, TT103=26.0, hose_liquid_kg=0.15, stub_liquid_kg=0.02, FT101=100.0, flow_xv103_g_s=100.0,
        )  # fmt: skip

    def filling(self) -> Bench:
        """Return self, one second into a clean fill."""
        self.purge_and_test()
        self.fill()
        self.tick(1.0)
        assert self.broken == []
        return self

    def shut(self, flow_ends: bool = True) -> None:
        """Command the liquid valves closed; the flow ends at once unless told otherwise."""
        self.energised.update(XV101=0.0, FCV102=0.0, XV103=0.0)
        if flow_ends:
            self.truth.update(XV101=0.0, FCV102=0.0, XV103=0.0, flow_xv103_g_s=0.0, FT101=0.0)

    def finish(self) -> None:
        """End the run."""
        self.invariants.finish(self.t_s, self)

    @property
    def broken(self) -> list[str]:
        """Return the ids of the broken invariants, in order, each once."""
        return list(dict.fromkeys(str(one["id"]) for one in self.invariants.broken))


@pytest.fixture
def bench() -> Any:
    """Return a bench with the nozzle locked on and nothing wrong."""
    return Bench()
