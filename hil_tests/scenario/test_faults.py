"""The fault vocabulary is complete and printable, and each fault acts on the world, in time, with its effect told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sim import fault_table, scenario, tables
from sim.can_bus import FAULTS as BUS_FAULTS
from sim.faults import WORLD, Faults
from sim.plant.world import World
from sim.reactions import Reactions
from sim.scenario import Fault

TICK_S = 0.01
FIRST_SLICE = (
    ("world", "estop"), ("world", "earth_lost"), ("world", "breakaway"), ("world", "leak_cabinet"), ("PT201A", "off"),
    ("PT201A", "stuck"), ("TT102", "stuck"), ("XV101", "stuck_open"), ("XV104", "stuck_closed"),
    ("can.link", "disconnect"), ("can.link", "corrupt"), ("tank", "reset"), ("tank", "freeze"),
    ("dispenser", "reset"), ("dispenser", "freeze"),
)  # fmt: skip
DESIGN_KINDS = {
    "PT101": "off stuck offset drift noise spike delayed intermittent",
    "XV201": "stuck_open stuck_closed slow passing",
    "can.link": "drop corrupt duplicate delay replay masquerade bus_off babble disconnect mute_dispenser mute_tank "
    "error bitrate_dispenser bitrate_tank skew_dispenser skew_tank",
    "LK108": "off stuck",
    "HT205": "off stuck",
    "tank": "reset power_cut freeze flash_cut",
    "dispenser": "reset power_cut freeze flash_cut",
    "world": "leak_cabinet leak_forecourt vacuum_loss_hose vacuum_loss_tank vacuum_loss_tank2 earth_lost breakaway "
    "estop drive_away flame helium_low supply_loss warm_supply",
}


class Bench:
    """What the injector acts on, without physics: truth is set by hand."""

    def __init__(self, *faults: Fault) -> None:
        truth = dict.fromkeys(("HS101A", "ES103", "ZS103", "relay", "XV101"), 1.0)
        truth.update(AT101=0.0, XV105=1.0, flow_xv103_g_s=100.0)
        self.plant = SimpleNamespace(
            truth=truth,
            energised={"XV101": 1.0, "FCV102": 0.5, "XV103": 1.0, "XV105": 0.0},
            world=World(earthed=True, seated=True),
            valve_faults={},
        )
        self.bus = SimpleNamespace(fault_hits=dict.fromkeys(BUS_FAULTS, 0), on={})
        self.bus.set_fault = self.bus.on.__setitem__
        self.bus.clear_fault = self.bus.on.pop
        self.instruments = SimpleNamespace(fault_hits={}, on={})
        self.instruments.set_fault = lambda tag, kind, value: self.instruments.on.__setitem__(
            tag, (kind, value)
        )
        self.instruments.clear_fault = self.instruments.on.pop
        self.state = {"dispenser": "PURGE"}
        self.boards: list[tuple[Any, ...]] = []
        self.dead: set[str] = set()
        self.t_s = 0.0
        self.faults = Faults(faults)
        self.reactions = Reactions(self.faults)

    def reset(self, node: str) -> None:
        self.boards.append(("reset", node))
        self.dead.add(node)

    def power_cut(self, node: str, for_s: float) -> None:
        self.boards.append(("power_cut", node, for_s))

    def freeze(self, node: str, frozen: bool = True) -> None:
        self.boards.append(("freeze", node, frozen))

    def alive(self, node: str) -> bool:
        return node not in self.dead

    def tick(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.faults.step(self.t_s, self)
            self.t_s = round(self.t_s + TICK_S, 3)
            self.reactions.on_tick(self)

    def effect(self) -> object:
        return self.faults.report()[0]["effect"]


class TestVocabulary:
    """Targets x kinds, as `cryofill faults` prints them."""

    @pytest.mark.parametrize(("target", "kinds"), DESIGN_KINDS.items())
    def test_every_kind_of_the_design_is_there(self, target: str, kinds: str) -> None:
        assert set(kinds.split()) <= set(fault_table.kinds_of(target))

    def test_every_output_and_input_of_both_boards_is_a_target(self) -> None:
        known = fault_table.targets()
        for node in tables.NODES:
            io = tables.io(node)
            assert {row[0] for row in (*io.AI, *io.DI, *io.CI)} <= set(known)
            assert {row[0] for row in (*io.DO, *io.AO)} <= set(known)
        assert len(known) == len(set(known))

    @pytest.mark.parametrize(("target", "kind"), FIRST_SLICE)
    def test_the_first_slice_is_there(self, target: str, kind: str) -> None:
        assert kind in fault_table.kinds_of(target)

    def test_each_row_says_what_its_value_means(self) -> None:
        for row in fault_table.vocabulary():
            assert row["words"]
            assert row["value"] in ("none", "optional", "required")
            assert (row["value"] == "none") == (row["unit"] == "")
            assert float(str(row["low"])) <= float(str(row["high"]))

    def test_every_row_can_be_written_in_a_scenario(self) -> None:
        for row in fault_table.vocabulary():
            value = f"value = {row['high']}\n" if row["value"] == "required" else ""
            text = f'[[fault]]\ntarget = "{row["target"]}"\nkind = "{row["kind"]}"\nat_s = 1.0\n{value}'
            doc = scenario.tomllib.loads(text)
            assert scenario.parse_fault("x.toml", "[[fault]] 1", doc["fault"][0]).kind == row["kind"]

    def test_bus_and_vocabulary_agree(self) -> None:
        assert set(fault_table.kinds_of("can.link")) == set(BUS_FAULTS)

    def test_every_world_fault_sets_something_that_the_world_has(self) -> None:
        assert set(WORLD) == set(fault_table.kinds_of("world"))
        for sets, _ in WORLD.values():
            for name, _ in sets:
                assert hasattr(World(), name)


class TestMoments:
    """When a fault begins and ends."""

    def test_at_a_time(self) -> None:
        bench = Bench(Fault("world", "estop", at_s=1.0))
        bench.tick(1.0)
        assert not bench.plant.world.estop
        bench.tick(0.01)
        assert bench.plant.world.estop
        assert bench.faults.report()[0]["at_s"] == 1.0

    def test_after_some_time_in_a_state(self) -> None:
        bench = Bench(Fault("world", "estop", state="FILL", after_s=2.0))
        bench.tick(5.0)
        bench.state["dispenser"] = "FILL"
        bench.tick(1.9)
        bench.state["dispenser"] = "HOLD"
        bench.tick(0.1)
        bench.state["dispenser"] = "FILL"
        bench.tick(2.0)
        assert not bench.plant.world.estop
        bench.tick(0.02)
        assert bench.plant.world.estop

    def test_for_a_time(self) -> None:
        bench = Bench(Fault("world", "earth_lost", at_s=1.0, for_s=0.5))
        bench.tick(1.49)
        assert not bench.plant.world.earthed
        assert bench.faults.active_targets == {"world"}
        bench.tick(0.02)
        assert bench.plant.world.earthed
        assert bench.faults.active_targets == frozenset()
        assert bench.faults.ever_targets == {"world"}

    def test_a_state_that_never_comes_is_no_effect(self) -> None:
        bench = Bench(Fault("world", "estop", state="FILL"))
        bench.tick(1.0)
        assert bench.faults.report() == [{"target": "world", "kind": "estop", "at_s": None, "effect": "none"}]


class TestEffects:
    """What each class of fault does, and that an effect nobody can see is 'none'."""

    def test_a_world_fault_shows_in_the_truth(self) -> None:
        bench = Bench(Fault("world", "leak_cabinet", at_s=0.0, value=0.2))
        bench.tick(1.0)
        assert bench.plant.world.leak_cabinet_g_s == 0.2
        assert bench.effect() == "none"
        bench.plant.truth["AT101"] = 0.05
        bench.tick(0.1)
        assert bench.effect() == "AT101 0 -> 0.05"

    def test_link_faults_go_to_the_bus(self) -> None:
        bench = Bench(Fault("can.link", "corrupt", at_s=0.0, for_s=1.0))
        bench.tick(0.5)
        assert bench.bus.on == {"corrupt": 100.0}
        assert bench.faults.link_lost_s == 0.0
        assert bench.effect() == "none"
        bench.bus.fault_hits["corrupt"] += 1
        bench.tick(1.0)
        assert bench.effect() == "frames hit"
        assert bench.bus.on == {}
        assert bench.faults.link_lost_s is None

    def test_some_corrupt_frames_do_not_kill_the_link(self) -> None:
        bench = Bench(Fault("can.link", "corrupt", at_s=0.0, value=50.0))
        bench.tick(0.5)
        assert bench.faults.link_lost_s is None

    def test_boards(self) -> None:
        bench = Bench(
            Fault("tank", "reset", at_s=0.0),
            Fault("dispenser", "freeze", at_s=0.1, for_s=0.2),
            Fault("tank", "power_cut", at_s=0.5),
        )
        bench.tick(1.0)
        assert bench.boards == [
            ("reset", "tank"),
            ("freeze", "dispenser", True),
            ("freeze", "dispenser", False),
            ("power_cut", "tank", 1.0),
        ]
        assert bench.effect() == "restarted"

    def test_signals_go_to_the_instruments(self) -> None:
        bench = Bench(Fault("PT201A", "stuck", at_s=0.0, value=5.0, for_s=1.0))
        bench.tick(0.5)
        assert bench.instruments.on == {"PT201A": ("stuck", 5.0)}
        assert bench.effect() == "none"
        bench.instruments.fault_hits["PT201A"] = 3
        bench.tick(1.0)
        assert bench.effect() == "reading differs"
        assert bench.instruments.on == {}


class TestReactions:
    """From the cause to the command and to no flow."""

    def trip(self, bench: Bench, name: str, kind: int = 2) -> None:
        rows = [row[0] for row in tables.trips("dispenser").TRIPS]
        bench.reactions.on_event(
            {"t_ms": round(bench.t_s * 1000), "node": "dispenser", "kind": kind, "id": rows.index(name)}
        )

    def shut(self, bench: Bench) -> None:
        bench.plant.energised.update(XV101=0.0, FCV102=0.0, XV103=0.0)

    def test_command_and_flow_are_timed_from_the_start_of_the_run(self) -> None:
        bench = Bench(Fault("world", "estop", at_s=1.0))
        bench.tick(1.01)
        self.trip(bench, "ESTOP_A")
        self.shut(bench)  # taken from the boards when the tick at 1.01 s begins
        bench.tick(0.4)
        bench.plant.truth["flow_xv103_g_s"] = 0.5
        bench.tick(0.1)
        assert bench.reactions.report() == [
            {"trip": "ESTOP_A", "cause_s": 1.0, "command_s": 1.01, "closed_s": 1.42}
        ]

    def test_a_hold_is_a_reaction_a_warning_is_not(self) -> None:
        bench = Bench(Fault("can.link", "disconnect", at_s=0.0))
        bench.tick(0.1)
        self.trip(bench, "HOSE_VACUUM_LOW", kind=6)
        assert bench.reactions.report() == []
        self.trip(bench, "LINK_AGE", kind=6)
        assert bench.reactions.report()[0]["trip"] == "LINK_AGE"

    def test_a_command_taken_back_before_the_trip_does_not_count(self) -> None:
        bench = Bench(Fault("world", "estop", at_s=0.0))
        self.shut(bench)
        bench.tick(0.5)
        bench.plant.energised["XV101"] = 1.0
        bench.tick(0.5)
        self.trip(bench, "ESTOP_A")
        bench.tick(0.5)
        assert bench.reactions.report()[0]["command_s"] is None
        self.shut(bench)
        bench.plant.truth["flow_xv103_g_s"] = 0.0
        bench.tick(0.5)
        assert bench.reactions.report()[0]["command_s"] == 1.5

    def test_a_trip_belongs_to_the_latest_cause_before_it(self) -> None:
        bench = Bench(Fault("PT201A", "noise", at_s=0.0, value=0.1), Fault("world", "estop", at_s=1.0))
        bench.tick(1.1)
        self.trip(bench, "ESTOP_A")
        assert [(x["trip"], x["cause_s"]) for x in bench.reactions.report()] == [("ESTOP_A", 1.0)]
