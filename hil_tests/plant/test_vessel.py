"""The onboard tank alone: relief, full of liquid, above the critical pressure, shaken, parked for days, any step."""

from __future__ import annotations

import time

import pytest

from sim.plant import Plant, PlantConfig, max_fill_kg
from sim.plant.fluid import get_fluid
from sim.plant.parking import park
from sim.plant.tank import Tank
from sim.plant.tank_ends import TankRelief, leak_w
from sim.plant.vessel import Vessel

DAY_S = 86_400.0
CLOSURE = 1e-4


def tank(kg: float, bar: float, heat_w: float = 0.0, spray: float = 0.8) -> Tank:
    """A truck's tank in equilibrium."""
    t = Tank(Vessel(1.7, 9.5, 300.0, spray_fraction=spray), get_fluid(), kg, bar * 1e5)
    t.leak_w = heat_w
    return t


def energy_j(t: Tank) -> float:
    """Energy of content and wall, recomputed from temperatures and densities."""
    f = get_fluid()
    wall = sum(x.mass_kg * x.heat_j_kg(x.t_k) for x in (t.wet, t.dry))
    liquid = t.ml * f.state(t.rho_l, t.tl, True)[1] if t.ml > 0.3 else t.ul
    return wall + liquid + t.mv * f.state(t.rho_v, t.tv, False)[1]


def test_the_relief_pops_is_full_open_at_110_percent_and_shuts_by_its_blow_down() -> None:
    psv = TankRelief("PSV201", 6e5, 1.10, 0.93)
    assert psv.update(5.99e5) == 0.0
    assert 0.0 < psv.update(6.01e5) < 0.2
    assert psv.update(6.6e5) == 1.0
    assert 0.0 < psv.update(5.7e5) < 0.2
    assert psv.update(5.5e5) == 0.0
    assert psv.update(5.9e5) == 0.0


def test_the_relief_acts_on_gauge_and_opens_earlier_on_a_mountain() -> None:
    opened = []
    for ambient_kpa, tank_bar in ((101.3, 5.8), (57.7, 5.38)):
        config = PlantConfig(
            mass_kg=60.0, tank_bar=tank_bar, wall_k=28.0, ambient_kpa=ambient_kpa, relief_barg=5.0, supply_bar=5.0
        )
        plant = Plant(config, 1)
        plant.world.tank_vacuum_pa = 101_325.0
        for _ in range(60_000):
            plant.step(0.01)
            if plant.w_tstack > 0.0:
                break
        opened.append(plant.tank.p)
        assert plant.mass_balance_kg() == pytest.approx(0.0, abs=1e-9)
    assert opened[0] == pytest.approx(6.013e5, rel=0.01)
    assert opened[1] == pytest.approx(5.577e5, rel=0.01)


def test_a_tank_full_of_liquid_is_stiff_and_relieves_liquid() -> None:
    t = tank(110.0, 1.5, 100.0)
    t.slosh = 1.0
    e, q = energy_j(t), t.q_in_j
    park(t, 20.0 * DAY_S, lambda x: x.p > 7e5)
    assert t.vl > 0.999 * t.v
    assert energy_j(t) - e == pytest.approx(t.q_in_j - q, rel=CLOSURE)
    density = t.top_density()
    assert density > 50.0
    m, _, _, _ = t.relieve(0.05)
    t.step(0.01, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert m == pytest.approx(0.05)
    assert t.p < 6.9e5


@pytest.mark.parametrize("kg", [10.0, 30.0, 53.0, 90.0])
def test_nothing_fails_through_the_critical_pressure_and_back(kg: float) -> None:
    t = tank(kg, 1.5, 3000.0)
    t.slosh = 1.0
    e = energy_j(t)
    park(t, 5.0 * DAY_S, lambda x: x.p > 18e5)
    assert t.p > 18e5
    assert t.mass_kg() == pytest.approx(kg, rel=1e-9)
    assert energy_j(t) - e == pytest.approx(t.q_in_j, rel=CLOSURE)
    t.leak_w = t.slosh = 0.0
    e, out = energy_j(t), 0.0
    while t.p > 6e5:
        out += t.relieve(0.02)[3]
        t.step(0.1, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert energy_j(t) - e == pytest.approx(-out, rel=CLOSURE)


def test_a_relief_above_the_critical_pressure_means_a_density_limit() -> None:
    assert 58.0 < max_fill_kg(1.0, 18.0) < 66.0
    assert max_fill_kg(1.0, 12.0) == pytest.approx(42.0, rel=0.005)
    PlantConfig(relief_barg=17.0).validate()
    with pytest.raises(ValueError, match=r"relief_barg = 14\.0: too near the critical"):
        PlantConfig(relief_barg=14.0).validate()


def test_driving_off_collapses_the_pressure_of_a_stratified_tank() -> None:
    t = tank(60.0, 2.0, 40.0)
    park(t, 2.0 * DAY_S, lambda x: x.p > 3.5e5)
    before, layer_k = t.p, t.t_sat - t.t_bulk
    t.slosh = 1.0
    park(t, 60.0)
    assert layer_k > 0.5
    assert before - t.p > 2e4


def test_heat_leak_follows_the_ambient_and_the_vacuum() -> None:
    config = PlantConfig()
    assert leak_w(config, 0.02, 293.0) == pytest.approx(10.0)
    hot = PlantConfig(tank_radiative_share=1.0)
    assert leak_w(hot, 0.02, 323.0) == pytest.approx(14.8, rel=0.01)
    assert 300.0 < leak_w(config, 13.0, 293.0) < 600.0
    assert leak_w(config, 101_325.0, 293.0) > 10_000.0


def test_ten_days_parked_are_quick_and_do_not_depend_on_the_step() -> None:
    end = []
    for longest_s in (300.0, 60.0):
        t = tank(60.0, 3.0, 10.0)
        begin = time.process_time()
        park(t, 10.0 * DAY_S, longest_s=longest_s)
        if longest_s == 300.0:
            assert time.process_time() - begin < 10.0
        assert t.q_in_j == pytest.approx(10.0 * 10.0 * DAY_S, rel=1e-9)
        end.append((t.p, t.tv))
    assert end[0] == pytest.approx(end[1], rel=0.01)


@pytest.mark.parametrize("spray", [0.8, 0.0])
def test_a_fill_does_not_depend_on_the_step(spray: float) -> None:
    """20 s at 150 g/s of 22 K, in 10 and in 2 ms."""
    h_j_kg, _ = get_fluid().h_pt(6e5, 22.0)
    end, peak = [], []
    for dt in (0.010, 0.002):
        t = tank(40.0, 4.0, spray=spray)
        most = 0.0
        for _ in range(round(20.0 / dt)):
            t.step(dt, 0.15 * dt, 0.0, 0.0, 0.15 * dt * h_j_kg, 0.0)
            most = max(most, t.p)
        end.append(t.mass_kg())
        peak.append((most, t.p))
    assert end[0] == pytest.approx(end[1], rel=1e-3)
    assert peak[0] == pytest.approx(peak[1], rel=0.01)


def test_a_whole_plant_parked_for_days_is_quick_closes_its_books_and_warms_up() -> None:
    """Ten days: hoses to ambient in two, then the relief lifts now and then."""
    plant = Plant(PlantConfig(mass_kg=60.0, tank_bar=3.0, wall_k=24.7, high_pressure_kg_h=20.0), 1)
    heat_j = plant.ledger["heat_in_j"]
    begin = time.process_time()
    early_s = plant.park(10.0 * DAY_S, lambda t: t["tank_bar"] > 4.0)
    tank = Tank(plant.config.vessel(), get_fluid(), 60.0, 3e5, 24.7)
    tank.leak_w = plant.config.tank_leak_w
    assert early_s == pytest.approx(park(tank, 10.0 * DAY_S, lambda t: t.p > 4e5), rel=0.02)
    assert plant.park(10.0 * DAY_S) == 10.0 * DAY_S
    assert time.process_time() - begin < 10.0
    assert plant.tick == round((10.0 * DAY_S + early_s) * 100.0)
    assert all(290.0 < node.metal.t_k < 293.1 for node in plant.nodes)
    assert plant.ledger["tstack_h2_kg"] > 5.0
    assert plant.truth["tank_bar"] < 7.1
    assert plant.truth["TT102"] == pytest.approx(293.0, abs=1.0)
    assert plant.station.figures()["high_pressure_kg"] > 2_000.0
    assert plant.station.kg > 0.0
    assert abs(plant.mass_balance_kg()) < CLOSURE * plant.truth["tank_kg"]
    assert abs(plant.energy_balance_j()) < CLOSURE * (plant.ledger["heat_in_j"] - heat_j)


def test_a_parked_plant_is_what_ticks_make_of_it() -> None:
    """Three minutes in which a lost vacuum warms hoses and tank, against steps of 10 ms."""
    end = []
    for parked in (True, False):
        plant = Plant(PlantConfig(mass_kg=60.0, tank_bar=5.0, wall_k=27.2), 1)
        plant.world.hose_vacuum_pa = plant.world.tank_vacuum_pa = 101_325.0
        plant.energised["XV204"] = 1.0  # and vapour passes into the buffer until it has the tank's pressure
        if parked:
            plant.park(30.0)
            plant.energised["XV204"] = 0.0
            plant.park(150.0)
        else:
            for tick in range(18_000):
                plant.energised["XV204"] = float(tick < 3000)
                plant.step(0.01)
        end.append((plant.tank.p, plant.tank.mass_kg(), *(node.metal.t_k for node in plant.nodes)))
        assert plant.tick == 18_000
    assert end[0] == pytest.approx(end[1], rel=0.01)
    assert end[0][1] == pytest.approx(end[1][1], rel=1e-3)


def test_two_vessels_parked_stay_joined() -> None:
    config = PlantConfig(tanks=2, mass_kg=60.0, tank_bar=4.0, wall_k=26.0, tank2_vacuum_pa=13.0)
    plant = Plant(config, 1)
    plant.park(7_200.0)
    assert plant.tanks[1].p == pytest.approx(plant.tanks[0].p, rel=1e-3)
    assert plant.tank.p > 4.05e5
    assert abs(plant.mass_balance_kg()) < 1e-9
    assert abs(plant.energy_balance_j()) < CLOSURE * plant.ledger["heat_in_j"]


def test_a_truck_that_rolls_is_not_parked() -> None:
    plant = Plant(PlantConfig(), 1)
    with pytest.raises(ValueError, match="limit_s = -1"):
        plant.park(-1.0)
    plant.world.brake = False
    with pytest.raises(ValueError, match="its brake is off"):
        plant.park(60.0)
