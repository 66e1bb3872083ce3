"""Every valve, device and world fault on the real plant, every link fault on the real bus: effect and verdict.

As in test_fault_effects: with and without the fault, and a second time where it can have no effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hil_tests.scenario import fault_bench as fb
from hil_tests.scenario.fault_bench import Bench, assert_none, pair, rows
from sim.faults import took_effect
from sim.plant.propulsion import Buffer
from sim.plant.vehicle import SLACK_M
from sim.scenario import Fault

BEGIN_S, MOVE_S, END_S = 0.5, 0.55, 1.15
BEGIN_TICK = round(BEGIN_S / fb.TICK_S)
FAIL_OPEN = ("XV105", "XV110")
DRAWS = ("XV203", "XV204")


# -- valves --------------------------------------------------------------------------------------------------------

# What else is moved so that there is a pressure difference across a valve that passes.
SETTING = {
    "XV201": {"XV104": 0.0, "XV202": 0.0, "XV208": 0.0},
    "XV208": {"XV201": 0.0},
    "XV105": {"XV201": 1.0},
}
SLOW_X, PASSING_PCT = 30.0, 20.0
MOVES = {"stuck_open": (1.0, 0.0), "stuck_closed": (0.0, 1.0), "slow": (0.0, 1.0), "passing": (0.0, 0.0)}


def strokes(tag: str, first: float, then: float) -> fb.Play:
    """Return a play: the valve at `first` (1 open) from the start, at `then` from MOVE_S on."""

    def play(bench: Bench) -> None:
        meant = first if bench.t_s < MOVE_S - 1e-9 else then
        bench.plant.energised.update(SETTING.get(tag, {}))
        # A fault lets the physics catch up at once, in these two ticks; so does a change of any output.
        bench.plant.energised["BL109"] = float(bench.ticks == BEGIN_TICK)
        bench.plant.energised[tag] = 1.0 - meant if tag in FAIL_OPEN else meant

    return play


def valve_fault(tag: str, kind: str) -> Fault:
    """Return a valve's fault that begins at BEGIN_S."""
    return Fault(tag, kind, at_s=BEGIN_S, value={"slow": SLOW_X, "passing": PASSING_PCT}.get(kind))


@pytest.mark.parametrize(("target", "kind"), rows("valves"))
class TestValves:
    """All kinds on all valves, in a plant with liquid on its way."""

    def test_effect(self, target: str, kind: str) -> None:
        first, then = MOVES[kind]
        plant = fb.plant("flowing")
        if target in DRAWS:  # into a buffer that the road has emptied to below the tank's pressure
            plant.propulsion.buffer = Buffer(plant.fluid, 2.5e5, plant.config.ambient_k)
        benches = pair(plant, valve_fault(target, kind), END_S, strokes(target, first, then))
        one, other = (bench.plant for bench in benches)
        if kind == "passing":
            assert one.truth[target] == 0.0  # its limit switches say that it is shut
            if target == "XV206":
                assert one.ledger["engine_h2_kg"] > 1e-4  # until the line behind it is full
            else:
                assert abs(one.flow_kg_s(target)) > 1e-4
            assert other.flow_kg_s(target) == 0.0
        else:
            shown = {"ZT102"} if target == "FCV102" else {"ZO" + target[2:], "ZC" + target[2:]}
            assert shown & fb.apart(benches)
            low, high = {"stuck_open": (1.0, 1.0), "stuck_closed": (0.0, 0.0), "slow": (0.02, 0.3)}[kind]
            assert low <= one.truth[target] <= high
            assert other.truth[target] == then
        assert took_effect(benches[0].row())

    def test_none(self, target: str, kind: str) -> None:
        at = 0.0 if kind == "stuck_closed" else 1.0
        benches = pair(fb.plant("flowing"), valve_fault(target, kind), END_S, strokes(target, at, at))
        assert_none(benches)
        assert benches[0].plant.truth[target] == at


def test_a_valve_that_passes_with_nothing_before_it_is_none() -> None:
    """FCV102 leaks, but XV103 behind it has been shut for three seconds."""
    plant = fb.plant("flowing")
    plant.energised.update(XV103=0.0, FCV102=0.0)
    for _ in range(300):
        plant.step(0.01)
    assert_none(pair(plant, Fault("FCV102", "passing", at_s=BEGIN_S, value=50.0), END_S))


@pytest.mark.parametrize("tag", DRAWS)
def test_a_draw_valve_passes_nothing_into_a_buffer_that_holds_more_than_the_tank(tag: str) -> None:
    plant = fb.plant("flowing")
    assert plant.tank.p < plant.propulsion.buffer.p
    assert_none(pair(plant, valve_fault(tag, "passing"), END_S, strokes(tag, 0.0, 0.0)))


def test_a_fuel_cell_valve_passes_no_more_when_the_line_behind_it_is_full() -> None:
    plant = fb.plant("flowing")
    plant.propulsion.cell_line_pa = plant.propulsion.buffer.p
    assert_none(pair(plant, valve_fault("XV206", "passing"), END_S, strokes("XV206", 0.0, 0.0)))


# -- devices -------------------------------------------------------------------------------------------------------

# What shows that a device is (not) energised: an input of a board, else the device itself.
SHOWS = {"LK108": "ZS102", "ES210": "ZS105", "HT205": "IT205", "PMP111": "PT101"}


@pytest.mark.parametrize(("target", "kind"), rows("devices"))
class TestDevices:
    """Lock, contactors, permits and heater: no power, or stuck."""

    def test_effect(self, target: str, kind: str) -> None:
        first, then = (1.0, 1.0) if kind == "off" else (1.0, 0.0)

        def play(bench: Bench) -> None:
            bench.plant.energised[target] = first if bench.t_s < MOVE_S - 1e-9 else then

        plant = fb.plant("pumping" if target == "PMP111" else "flowing")
        benches = pair(plant, Fault(target, kind, at_s=BEGIN_S), END_S, play)
        level = 0.0 if kind == "off" else 1.0
        one, other = (bench.plant for bench in benches)
        assert one.truth[target] == level
        assert other.truth[target] == then
        if target in SHOWS:
            assert SHOWS[target] in fb.apart(benches)
        assert took_effect(benches[0].row())

    def test_none(self, target: str, kind: str) -> None:
        level = 0.0 if kind == "off" else 1.0

        def play(bench: Bench) -> None:
            bench.plant.energised[target] = level

        assert_none(pair(fb.plant("flowing"), Fault(target, kind, at_s=BEGIN_S), END_S, play))


def test_a_heater_stuck_at_a_level() -> None:
    bench = Bench(fb.plant("flowing"), [Fault("HT205", "stuck", at_s=0.0, value=80.0)])
    bench.run(1.0)
    assert bench.plant.truth["IT205"] == pytest.approx(0.8 * 8.7)
    assert bench.row()["effect"] == "at 0.80, commanded 0.50"


# -- world ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A world fault: inputs that must differ (and no others but `also`), and how the world is where it does nothing."""

    shows: set[str]
    value: float | None = None
    also: set[str] = field(default_factory=set)
    idle: dict[str, object] = field(default_factory=dict)
    idle_value: float | None = None
    plant: str = "parked"
    flowing: str = "flowing"


CHAIN = {"ES102"}
VALVES_DROP = {tag for tag in fb.INPUTS if tag[:4] in ("ZO10", "ZC10", "ZO11", "ZC11", "ZT10")}
FLOWS = {tag for tag in fb.INPUTS if tag[:3] in ("PT1", "TT1", "FT1", "FQ1", "PT2", "TT2", "LT2", "LSH")}
ESD = CHAIN | VALVES_DROP | FLOWS
# fmt: off
WORLD = {
    "leak_cabinet":     Case({"AT101"}, 2.0, idle_value=0.001),
    "leak_forecourt":   Case({"AT102"}, 5.0, idle_value=0.001),
    "vacuum_loss_hose": Case({"VT101"}, 1.0e5, FLOWS, idle_value=0.01),
    "vacuum_loss_tank": Case({"VT201"}, 1.0e5, FLOWS, idle_value=0.01),
    "vacuum_loss_tank2": Case({"VT201"}, 1.0e5, FLOWS, flowing="two"),  # idle: there is one
    "earth_lost":       Case({"GT101", "ES103", "ES102"}, None, ESD, {"earthed": False}),
    "breakaway":        Case({"ZS103", "ES102"}, None, ESD, {"breakaway": True}),
    "estop":            Case({"HS101A", "HS101B", "ES102"}, None, ESD, {"estop": True}),
    "station_esd":      Case({"ES101", "ES102"}, None, ESD, {"station_esd": True}),
    "drive_away":       Case({"ZS203", "ZS204"}, None, set(), {"brake": False, "ignition": True, "driver_go": True}),
    "flame":            Case({"FS101"}, None, set(), {"flame": True}),
    "helium_low":       Case({"PS104"}, 1.2, set(), idle_value=6.6),
    "supply_loss":      Case({"PT101"}, 1.1, FLOWS, idle_value=6.0),
    "warm_supply":      Case({"TT101"}, 27.0, FLOWS, idle_value=22.0),
}
# fmt: on


@pytest.mark.parametrize("kind", [kind for _, kind in rows("world")])
class TestWorld:
    """Each event shows on the inputs that watch for it, and on what follows from it."""

    def test_effect(self, kind: str) -> None:
        case = WORLD[kind]
        benches = pair(fb.plant(case.flowing), Fault("world", kind, at_s=0.1, value=case.value), 2.0)
        found = fb.apart(benches)
        assert case.shows <= found
        assert found <= case.shows | case.also | (FLOWS if "leak" in kind else set())
        assert took_effect(benches[0].row())

    def test_none(self, kind: str) -> None:
        """It is so already, no worse than it was, or too small to be seen."""
        case = WORLD[kind]
        plant = fb.plant(case.plant)
        for name, value in case.idle.items():
            assert hasattr(plant.world, name)
            setattr(plant.world, name, value)
        for _ in range(20):
            plant.step(fb.TICK_S)
        assert_none(pair(plant, Fault("world", kind, at_s=0.1, value=case.idle_value), 1.0))


class TestWorldFollows:
    """What a world fault does beyond the input that shows it."""

    def test_lost_vacuum_lets_heat_in(self) -> None:
        for kind in ("vacuum_loss_hose", "vacuum_loss_tank"):
            one, other = (bench.plant for bench in pair(fb.plant("flowing"), Fault("world", kind, at_s=0.0), 1.0))
            if kind == "vacuum_loss_hose":
                assert one.heat_in_j > 30.0 * other.heat_in_j  # fittings conduct, vacuum or not
                assert one.tank.leak_w == other.tank.leak_w
            else:
                assert one.tank.leak_w > 500.0 * other.tank.leak_w
                assert one.tank.q_in_j > other.tank.q_in_j + 1000.0

    def test_a_parted_breakaway_lets_nothing_through(self) -> None:
        bench = Bench(fb.plant("flowing"), [Fault("world", "breakaway", at_s=0.0)])
        bench.run(0.5)
        assert bench.plant.by_tag["HOSE"].w == 0.0
        assert bench.plant.by_tag["RETURN"].w == 0.0

    def test_a_clamp_put_on_later_is_no_effect_of_its_loss(self) -> None:
        def clamps(bench: Bench) -> None:
            if bench.ticks == 50:
                bench.plant.world.earthed = True

        bench = Bench(fb.plant("parked"), [Fault("world", "earth_lost", at_s=0.1)], clamps)
        bench.run(1.0)
        assert bench.plant.truth["ES103"] == 1.0
        assert bench.row()["effect"] == "none"

    def test_an_empty_dewar_gives_a_pump_nothing(self) -> None:
        bench = Bench(fb.plant("pumping"), [Fault("world", "supply_loss", at_s=0.0)])
        bench.plant.energised["PMP111"] = 0.0
        bench.run(0.5)
        assert bench.plant.truth["PT101"] == pytest.approx(1.1, abs=0.001)


class TestDriveAway:
    """The truck moves when nothing holds it, and takes the hose with it."""

    def run(self, plant: str, slope_pct: float, seconds: float, released: float = 0.0) -> Bench:
        bench = Bench(fb.plant(plant), [Fault("world", "drive_away", at_s=0.0, value=slope_pct)])
        bench.plant.energised["IM211"] = released
        bench.run(seconds)
        return bench

    def test_inhibited_it_stands(self) -> None:
        """With the nozzle seated even a board that releases traction does not let it go: the hard wire holds."""
        for released in (0.0, 1.0):
            bench = self.run("flowing", 0.0, 5.0, released)
            assert bench.plant.truth["truck_m"] == 0.0
            assert bench.plant.truth["ZS103"] == 1.0

    def test_on_a_slope_it_rolls_and_parts_the_hose(self) -> None:
        bench = self.run("flowing", 5.0, 3.0)
        assert 0.5 < bench.plant.truth["truck_m"] < SLACK_M
        assert bench.plant.truth["ZS103"] == 1.0
        bench.run(3.0)
        assert bench.plant.truth["truck_m"] > SLACK_M
        assert bench.plant.truth["ZS103"] == 0.0  # breakaway parted
        assert bench.plant.truth["ES102"] == 0.0  # and the chain with it
        assert bench.plant.truth["flow_xv103_g_s"] == pytest.approx(0.0, abs=1.0)

    def test_unseated_and_released_it_leaves_the_hose_alone(self) -> None:
        bench = self.run("parked", 0.0, 5.0, 1.0)
        assert bench.plant.truth["truck_m"] > SLACK_M
        assert bench.plant.truth["ZS103"] == 1.0
        held = self.run("parked", 0.0, 5.0, 0.0)
        assert held.plant.truth["truck_m"] == 0.0

    def test_the_brake_stops_it(self) -> None:
        bench = Bench(fb.plant("flowing"), [Fault("world", "drive_away", at_s=0.0, value=5.0, for_s=2.0)])
        bench.run(4.0)
        at = bench.plant.truth["truck_m"]
        assert 0.0 < at < SLACK_M
        bench.run(1.0)
        assert bench.plant.truth["truck_m"] == at


# -- link ----------------------------------------------------------------------------------------------------------


CLOCKS = ("bitrate_dispenser", "bitrate_tank", "skew_dispenser", "skew_tank")


def frames(bench: Bench, node: str) -> list[bytes]:
    """Return the payloads that a node received."""
    return [data for to, data in bench.heard if to == node]


@pytest.mark.parametrize("kind", [kind for _, kind in rows("link")])
class TestLink:
    """Frames of both nodes every 50 ms on the real bus, payloads counting on; the fault from 0.5 s on."""

    def pair(self, kind: str, **options: bool) -> tuple[Bench, Bench]:
        value = {"delay": 0.12, "replay": 0.3}.get(kind)
        fault = Fault("can.link", kind, at_s=0.5, value=value)
        return pair(fb.Still(fb.truth()), fault, 1.5, **options)

    def test_effect(self, kind: str) -> None:
        one, other = self.pair(kind, traffic=True)
        heard = {node: (frames(one, node), frames(other, node)) for node in ("dispenser", "tank")}
        begun = 9  # frames heard before the fault
        for node, (faulty, healthy) in heard.items():
            assert faulty[:begun] == healthy[:begun]
            assert len(healthy) == 30
            late = faulty[begun + 1 :]
            if kind in ("drop", "disconnect", "bus_off", "error", *CLOCKS) or (kind, node) in (
                ("mute_dispenser", "tank"),
                ("mute_tank", "dispenser"),
            ):
                assert late == []
            elif kind.startswith("mute_"):
                assert faulty == healthy  # the other way
            elif kind == "duplicate":
                assert late == [x for frame in healthy[begun + 1 :] for x in (frame, frame)][-len(late) :]
                assert len(late) > 35
            elif kind == "delay":
                assert len(faulty) in (len(healthy) - 2, len(healthy) - 3)
                assert faulty == healthy[: len(faulty)]
            elif kind == "replay":
                assert late
                assert set(late) <= set(healthy[: begun + 15])
            elif kind in ("corrupt", "masquerade"):
                assert len(faulty) == len(healthy)
                assert not set(late) & set(healthy[begun + 2 :]) or kind == "masquerade"
                assert late != healthy[begun + 1 :]
            else:
                assert kind == "babble"
                assert late.count(bytes(8)) > 500
        assert took_effect(one.row())
        assert one.row()["effect"] == "frames hit"

    @pytest.mark.parametrize("value", [("bitrate_", 500.0), ("skew_", 8000.0), ("skew_", -8000.0)])
    def test_clocks_that_are_close_enough(self, kind: str, value: tuple[str, float]) -> None:
        """The bus's own bit rate, or a skew that the bit timing follows: nothing to see."""
        if kind.startswith(value[0]):
            fault = Fault("can.link", kind, at_s=0.5, value=value[1])
            benches = pair(fb.Still(fb.truth()), fault, 1.0, traffic=True)
            assert_none(benches)
            assert len(benches[0].heard) == 40

    def test_none(self, kind: str) -> None:
        """Nobody sends. bus_off and babble need no frame: there the tank has no power, or the run ends before."""
        fault = Fault("can.link", kind, at_s=0.5 if kind == "babble" else 0.1)
        benches = Bench(fb.Still(fb.truth()), [fault]), Bench(fb.Still(fb.truth()), [])
        for bench in benches:
            if kind == "bus_off":
                bench.bus.power("tank", False)
            bench.run(0.5)
        assert_none(benches)
