"""Valves, hard chain, reliefs: what works without any board."""

from __future__ import annotations

from typing import Any

import pytest

from hil_tests.plant.rigless import TICK_S, Script

FLOW_ENDED_G_S = 1.0


def filling(**config: Any) -> Any:
    s = Script(**config)
    s.connect()
    s.precool(0.5)
    s.fill(1000.0, limit_s=20.0)
    assert s.plant.truth["flow_xv103_g_s"] > 100.0
    return s


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("estop", True), ("station_esd", True), ("breakaway", True), ("earthed", False), ("seated", False)],
)
def test_chain_ends_flow_within_a_second(attribute: str, value: bool) -> None:
    s = filling()
    setattr(s.plant.world, attribute, value)
    s.run(0.02)
    assert s.plant.truth["ES102"] == 0.0
    s.run(0.98)
    assert abs(s.plant.truth["flow_xv103_g_s"]) <= FLOW_ENDED_G_S


def test_the_permit_contact_is_in_the_chain() -> None:
    s = filling()
    s.set(ES210=0)
    s.run(1.0)
    assert s.plant.truth["ES102"] == 0.0
    assert abs(s.plant.truth["flow_xv103_g_s"]) <= FLOW_ENDED_G_S


def test_without_the_chain_the_outputs_rule() -> None:
    s = filling(hard_chain=False)
    s.plant.world.estop = True
    s.run(1.0)
    assert s.plant.truth["HS101A"] == 0.0
    assert s.plant.truth["ES102"] == 1.0
    assert s.plant.truth["flow_xv103_g_s"] > 100.0


def test_stub_trapped_by_an_emergency_stop_stays_within_its_rating() -> None:
    s = filling()
    s.plant.world.estop = True
    peak = 0.0
    for _ in range(60):
        s.run(10.0)
        peak = max(peak, s.plant.truth["stub_bar"])
    assert peak - 1.013 <= 1.1 * s.plant.truth["stub_rating_barg"]


@pytest.mark.parametrize(
    ("opening", "after_s", "nozzle_first_s"), [(1.0, 0.65, 0.25), (1.0, 0.7, 0.05), (0.7, 2.0, 0.0)]
)
def test_relief_holds_liquid_in_a_warm_stub(opening: float, after_s: float, nozzle_first_s: float) -> None:
    s = Script(hose="warm", supply_k=20.0)
    s.connect()
    s.purge(1)
    s.set(XV208=1, XV104=1, XV101=1, XV103=1, FCV102=opening)
    s.run(after_s)
    s.set(XV103=0, FCV102=0)
    plant = s.plant
    peak_bar = plant.truth["stub_bar"]
    for _ in range(round(nozzle_first_s / TICK_S)):
        s.run(TICK_S)
        peak_bar = max(peak_bar, plant.truth["stub_bar"])
    s.set(XV208=0, XV104=0, XV101=0, XV105=0, XV110=0, ES210=0)
    for _ in range(2000):
        s.run(TICK_S)
        peak_bar = max(peak_bar, plant.truth["stub_bar"])
    ambient_bar = plant.world.ambient_kpa / 100.0
    assert plant.nodes[0].metal.t_k > 250.0  # still warm: what was trapped boiled
    assert plant.ledger["stack_h2_kg"] > 0.001
    assert 11.0 < peak_bar <= 1.1 * plant.truth["stub_rating_barg"] + ambient_bar
    assert abs(plant.mass_balance_kg()) < 1e-6


@pytest.mark.parametrize(
    ("key", "value", "tag"), [("tank_vacuum_pa", 1000.0, "VT201"), ("ambient_k", 320.0, "TT205")]
)
def test_a_change_of_the_surroundings_ends_a_stride_of_the_physics(key: str, value: float, tag: str) -> None:
    s = Script()
    s.run(5.0)
    leak_w = s.plant.tank.leak_w
    setattr(s.plant.world, key, value)
    s.run(TICK_S)
    assert s.plant.tank.leak_w > leak_w
    s.run(0.1)
    assert s.plant.truth[tag] == value


def test_dither_of_the_flow_controller_does_not_hold_up_the_flow() -> None:
    still, dithered = filling(), filling()
    for s, levels in ((still, (0.80, 0.80)), (dithered, (0.7999, 0.8001))):
        for i in range(500):
            s.set(FCV102=levels[i % 2])
            s.run(TICK_S)
    flow = still.plant.truth["flow_xv103_g_s"]
    assert dithered.plant.truth["flow_xv103_g_s"] == pytest.approx(flow, rel=5e-3)
    dithered.set(FCV102=0.5)
    dithered.run(0.3)  # a stroke is followed at once
    assert dithered.plant.truth["flow_xv103_g_s"] < 0.5 * flow


def test_trapped_liquid_with_lost_vacuum_is_held_by_the_hose_relief() -> None:
    """10-20 bar/s if nothing opened (calculated)."""
    s = filling()
    s.set(XV101=0, XV103=0, FCV102=0, XV201=0)
    s.run(2.0)
    s.plant.world.hose_vacuum_pa = 1e5
    peak = 0.0
    for _ in range(400):
        s.run(0.1)
        peak = max(peak, s.plant.truth["PT102"])
    assert 7.0 < peak < 7.8


def test_limit_switches_and_strokes() -> None:
    s = Script()
    s.connect()
    truth = s.plant.truth
    assert truth["ZC101"] == 1.0
    s.set(XV101=1)
    s.run(0.1)
    assert (truth["ZO101"], truth["ZC101"]) == (0.0, 0.0)
    s.run(0.3)
    assert truth["ZO101"] == 1.0
    assert (truth["XV105"], truth["ZO105"]) == (0.0, 0.0)  # fails open, energised shut
    s.plant.world.estop = True
    s.run(0.5)
    assert (truth["ZC101"], truth["ZO105"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("fault", "level", "position"),
    [(("stuck_open", 0.0), 0, 1.0), (("stuck_closed", 0.0), 1, 0.0), (("slow", 10.0), 1, 0.29)],
)
def test_valve_faults(fault: tuple[str, float], level: int, position: float) -> None:
    s = Script()
    s.connect()
    s.plant.valve_faults["XV104"] = fault
    s.set(XV104=level)
    s.run(0.87)
    assert s.plant.truth["XV104"] == pytest.approx(position, abs=0.02)


def test_a_passing_valve_leaks() -> None:
    s = Script()
    s.connect()
    s.plant.valve_faults["XV103"] = ("passing", 0.05)
    s.plant.valve_faults["FCV102"] = ("passing", 0.05)
    s.set(XV101=1, XV208=1, XV104=1)
    s.run(10.0)
    assert s.plant.truth["ZC103"] == 1.0
    assert s.plant.truth["flow_xv103_g_s"] > 1.0


def test_lock_releases_only_with_power() -> None:
    s = Script()
    s.connect()
    truth = s.plant.truth
    assert truth["ZS102"] == 1.0
    s.set(LK108=1)
    s.run(0.5)
    assert (truth["ZS102"], truth["lock_open"]) == (0.0, 1.0)
    s.set(LK108=0)
    s.run(0.5)
    assert truth["ZS102"] == 1.0


def test_cabinet_leak_is_seen_and_ends_with_the_gas() -> None:
    s = filling()
    s.plant.world.leak_cabinet_g_s = 0.5
    s.run(30.0)
    high = s.plant.truth["AT101"]
    assert high > 1.0
    s.set(XV101=0, XV103=0, FCV102=0)
    s.run(120.0)
    assert s.plant.truth["AT101"] < 0.5 * high


def test_tank_relief_opens_at_its_gauge_setting() -> None:
    s = Script(mass_kg=60.0, tank_bar=6.0, wall_k=28.2, supply_bar=6.2)
    s.plant.world.tank_vacuum_pa = 1e5
    s.run(120.0)
    assert s.plant.truth["tank_bar"] < 7.013 * 1.1
    assert s.plant.ledger["vented_kg"] > 0.0


def test_a_hole_in_the_hose_lets_gas_out_down_to_ambient_and_no_further() -> None:
    script = Script()
    script.connect()
    script.purge()
    script.set(XV105=1, XV110=1, XV106=1)
    script.run(4.0)
    script.set(XV106=0)  # shut all around, helium inside
    script.run(1.0)
    assert script.plant.truth["PT102"] > 1.5
    script.plant.world.leak_forecourt_g_s = 2.0
    script.run(20.0)
    assert script.plant.truth["PT102"] == pytest.approx(script.plant.truth["PT105"], abs=0.002)
