"""The truck's way from tank to fuel cell against published figures."""

from __future__ import annotations

from typing import Any

import pytest

from hil_tests.plant.rigless import Script
from sim.plant.fluid import get_fluid
from sim.plant.fuel_cell import LHV_J_KG, altitude_factor, demand_kg_s, efficiency
from sim.plant.propulsion import CELL_LINE_M3, hold_w_per_g_s
from sim.plant.vaporiser import FREEZES_K, duty_w

FREEZING_OUTLET_K = 233.0  # -40 C: usual rating of the valves behind


@pytest.mark.parametrize(("kw", "g_s", "duty_kw"), [(190.0, 3.17, 13.3), (300.0, 5.0, 21.0)])
def test_demand_and_vaporiser_duty_at_rated_power(kw: float, g_s: float, duty_kw: float) -> None:
    kg_s = demand_kg_s(kw, kw)
    assert kg_s * 1e3 == pytest.approx(g_s, rel=0.005)
    fluid = get_fluid()
    h_liquid = fluid.sat_p(5e5)[1]
    assert duty_w(fluid, kg_s, h_liquid, 288.0) == pytest.approx(duty_kw * 1e3, rel=0.01)


@pytest.mark.parametrize(("kw", "net", "g_s"), [(190.0, 0.45, 3.52), (190.0, 0.60, 2.64), (300.0, 0.55, 4.55)])
def test_grams_per_second_of_an_efficiency(kw: float, net: float, g_s: float) -> None:
    assert kw * 1e3 / (net * LHV_J_KG) * 1e3 == pytest.approx(g_s, abs=0.006)


def test_efficiency_and_altitude_stay_in_their_published_ranges() -> None:
    assert 0.45 <= efficiency(1.0) <= 0.52
    assert 0.55 <= max(efficiency(n / 20.0) for n in range(21)) <= 0.60
    assert altitude_factor(101.325) == 1.0
    assert 1.05 <= altitude_factor(79.5) <= 1.10  # 2000 m
    assert altitude_factor(57.7) == pytest.approx(1.10)
    assert demand_kg_s(500.0, 300.0) == demand_kg_s(300.0, 300.0)


def test_heat_that_holds_the_pressure() -> None:
    """41.5 W per g/s of liquid, 411 W per g/s of vapour at 5 bar."""
    liquid, vapour = hold_w_per_g_s(get_fluid(), 5e5)
    assert liquid == pytest.approx(41.5, rel=0.01)
    assert vapour == pytest.approx(411.0, rel=0.01)


def driving(mass_kg: float = 60.0, g_s: float = 5.0, **config: Any) -> Script:
    """On the road at 5 bar with a warm coolant, fuel-cell supply open and nothing drawn yet."""
    s = Script(mass_kg=mass_kg, tank_bar=5.0, wall_k=27.2, fuel_cell_rated_kw=300.0, **config)
    s.plant.world.fuel_cell_g_s = g_s
    s.set(XV206=1, VP207=1)
    return s


def settled(s: Script, tag: str) -> Script:
    """Draw from `tag` until what goes out comes in."""
    s.set(**{tag: 1.0})
    s.run(60.0)
    return s


@pytest.mark.parametrize(("tag", "mass_kg", "low", "high"), [
    ("XV203", 60.0, -1.8, -0.7), ("XV204", 80.0, -18.0, -7.0), ("XV204", 30.0, -18.0, -7.0),
])  # fmt: skip
def test_a_minute_of_5_g_s_without_a_heater(tag: str, mass_kg: float, low: float, high: float) -> None:
    """Liquid -0.9 to -1.6 kPa, vapour -8.7 to -15.8 kPa in a homogeneous tank of 90 to 20 kg; zones lag a little."""
    s = settled(driving(mass_kg), tag)
    before = s.plant.tank.p
    used = s.plant.propulsion.used[0]
    s.run(60.0)
    assert s.plant.propulsion.used[0] - used == pytest.approx(0.300, rel=0.02)
    assert low <= (s.plant.tank.p - before) * 1e-3 <= high


def test_the_heater_holds_what_a_liquid_draw_takes() -> None:
    falls = []
    for heater in (0.0, 208.0 / 2000.0):
        s = settled(driving(30.0), "XV203")
        s.set(HT205=heater)
        s.run(20.0)
        before = s.plant.tank.p
        s.run(60.0)
        falls.append(s.plant.tank.p - before)
    assert falls[0] < -500.0
    assert falls[1] > 0.25 * falls[0]


def test_a_steady_draw_is_warm_and_closes_the_books() -> None:
    s = settled(driving(), "XV203")
    s.run(120.0)
    plant = s.plant
    assert plant.truth["TT203"] > 285.0
    assert plant.truth["PT203"] == pytest.approx(plant.truth["tank_bar"], abs=0.3)
    drive = plant.propulsion
    h_liquid = plant.fluid.sat_p(plant.tank.p)[1]
    need_w = duty_w(plant.fluid, drive.w_liquid, h_liquid, plant.truth["TT203"])
    assert drive.vaporiser.duty_w == pytest.approx(need_w, rel=0.03)
    assert plant.propulsion.w_cell == pytest.approx(5e-3, rel=0.01)
    used_kg = plant.ledger["engine_h2_kg"]
    assert used_kg > 0.8
    assert abs(plant.mass_balance_kg()) < 1e-4 * used_kg
    assert abs(plant.energy_balance_j()) < 1e-4 * used_kg * 4.2e6


def test_without_coolant_the_vaporiser_freezes_through() -> None:
    """Outlet cold first, then no coolant even when its pump comes back; shutting the draw lets it thaw."""
    s = settled(driving(), "XV203")
    plant = s.plant
    plant.world.coolant_flow = False
    cold_s = s.run(120.0, lambda t: t["TT203"] < FREEZING_OUTLET_K)
    assert 5.0 < cold_s < 60.0
    s.run(200.0, lambda _: plant.propulsion.vaporiser.blocked())
    plant.world.coolant_flow = True
    s.run(1.0)
    assert plant.truth["FS207"] == 0.0
    assert plant.propulsion.vaporiser.metal.t_k < FREEZES_K
    assert abs(plant.mass_balance_kg()) < 1e-5
    assert abs(plant.energy_balance_j()) < 1e-4 * plant.ledger["engine_h2_kg"] * 4.2e6


def test_more_demand_than_the_valve_passes_starves_the_fuel_cell() -> None:
    s = settled(driving(g_s=60.0), "XV203")
    s.run(60.0)
    assert 0.005 < s.plant.propulsion.w_cell < 0.055
    assert s.plant.truth["PT203"] < s.plant.truth["tank_bar"]


def test_shut_valves_draw_nothing() -> None:
    s = Script()
    s.plant.world.fuel_cell_kw = 190.0
    s.run(10.0)
    assert s.plant.ledger["engine_h2_kg"] == 0.0
    assert s.plant.truth["PT203"] == 5.0


def test_liquid_that_passes_a_shut_draw_valve_freezes_the_vaporiser_and_fills_the_buffer() -> None:
    """No coolant runs in a truck that stands: a twentieth of the valve is enough."""
    s = Script(mass_kg=60.0, tank_bar=6.0, wall_k=28.2)
    plant = s.plant
    s.run(1.0)
    assert plant.truth["PT203"] == 5.0
    plant.valve_faults["XV203"] = ("passing", 0.05)
    s.run(10.0)
    assert plant.truth["XV203"] == 0.0
    assert 1e-4 < plant.flow_kg_s("XV203") < 2e-3
    assert plant.propulsion.vaporiser.metal.t_k < plant.config.ambient_k - 3.0
    s.run(80.0)
    assert plant.truth["PT203"] == pytest.approx(plant.truth["tank_bar"], abs=0.02)
    assert plant.flow_kg_s("XV203") < 1e-4
    assert abs(plant.mass_balance_kg()) < 1e-7
    assert abs(plant.energy_balance_j()) < 1.0
    del plant.valve_faults["XV203"]
    s.run(0.5)
    assert plant.flow_kg_s("XV203") == 0.0


def test_what_passes_the_fuel_cell_valve_fills_its_line_until_a_fuel_cell_runs() -> None:
    s = Script()
    plant = s.plant
    plant.valve_faults["XV206"] = ("passing", 0.05)
    s.run(0.1)
    assert plant.flow_kg_s("XV206") > 1e-5
    s.run(10.0)
    drive = plant.propulsion
    assert plant.flow_kg_s("XV206") < 1e-6
    assert drive.cell_line_pa == pytest.approx(drive.buffer.p, rel=1e-4)
    kept_kg = plant.ledger["engine_h2_kg"]
    assert kept_kg == pytest.approx((5e5 - 101.3e3) * CELL_LINE_M3 / (4124.5 * 293.0), rel=0.02)
    assert plant.truth["PT203"] == pytest.approx(4.95, abs=0.01)
    plant.world.fuel_cell_kw = 190.0  # and then it burns what passes
    s.run(1.0)
    assert plant.flow_kg_s("XV206") > 1e-4
    assert abs(plant.mass_balance_kg()) < 1e-9
