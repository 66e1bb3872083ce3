"""The lines against published figures: choked vents, trapped liquid, surge, heat without vacuum, frozen air, ice."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hil_tests.plant.rigless import Script
from sim.plant.fluid import get_fluid
from sim.plant.frozen_air import SPECIES
from sim.plant.ice import Ice
from sim.plant.links import X_GAS, gas_flow
from sim.plant.metal import Metal, boiling_htc
from sim.plant.piping_table import BORE_M
from sim.plant.places import HOSE, NOZZLE, RETURN

ORIFICE_K_M2 = 0.8 * math.pi / 4.0 * 0.010**2 * math.sqrt(2.0)


@pytest.mark.parametrize(
    ("t_k", "at_3_bar", "at_6_bar", "within"),
    [(30.0, 43.0, 101.0, 0.16), (100.0, 20.0, 41.0, 0.03), (293.0, 12.0, 23.0, 0.05)],
)
def test_choked_vent_of_10_mm(t_k: float, at_3_bar: float, at_6_bar: float, within: float) -> None:
    """Domain notes 4.3. The 101 g/s takes cp/cv of 2.6 as the exponent of an ideal gas; an expansion in equilibrium
    gives 85 g/s, as here.
    """
    fluid = get_fluid()
    for bar, reference_g_s in ((3.0, at_3_bar), (6.0, at_6_bar)):
        p = bar * 1e5
        rho = fluid.h_pt(p, t_k)[1]
        cv = fluid.state(rho, t_k, False)[2]
        x = X_GAS * (1.0 + p / (rho * t_k * cv))
        assert gas_flow(ORIFICE_K_M2, p, rho, 1e5, x) * 1e3 == pytest.approx(reference_g_s, rel=within)


def test_a_vent_in_the_network_chokes_like_that_orifice() -> None:
    """Cold gas out of the nozzle's vent: flow per coefficient as of the 10 mm orifice at 30 K."""
    s = Script(hose_metal_standby_k=30.0)
    s.connect()
    node = s.plant.nodes[NOZZLE]
    node.fill(3e5, 30.0, 1.0, 0.0, 0.0)
    node.m = s.plant.fluid.h_pt(3e5, 30.0)[1] * node.v
    node.u = node.m * s.plant.fluid.state(node.m / node.v, 30.0, False)[1]
    node.solve()
    vent = s.plant.by_tag["XV105"]
    s.plant.boundaries.update(s.plant.network.far_h)
    vent.k = ORIFICE_K_M2
    s.plant.network.step(1e-6)
    assert vent.w * 1e3 == pytest.approx(43.0, rel=0.06)


def test_a_full_node_is_not_pushed_beyond_a_choked_donor() -> None:
    """Hose of bubbles at 4.35 bar, nozzle full of liquid near saturation, no way out: the flow that chokes at the first
    pressures ends at the last ones.
    """
    s = Script()
    s.connect()
    hose, nozzle = s.plant.nodes[HOSE], s.plant.nodes[NOZZLE]
    fluid = s.plant.fluid
    for node, t_k, bar, share in ((hose, 26.35, 4.35, 0.3), (nozzle, 23.9, 2.72, 0.0)):
        _, rho_l, rho_v, u_l, u_v = fluid.sat_t(t_k)
        node.metal = Metal(node.metal.mass_kg, t_k)
        node.m_he = node.m_air = 0.0
        if share:
            node.m = node.v * (rho_l * (1.0 - share) + rho_v * share)
            node.u = node.v * (u_l * (1.0 - share) + u_v * share)
            node.phase = 1
        else:
            node.m = node.v * fluid.h_pt(bar * 1e5, t_k)[1]
            node.u = node.m * fluid.state(node.m / node.v, t_k, True)[1]
            node.phase = 2
        node.t = t_k
        node.solve()
    assert hose.p == pytest.approx(4.35e5, rel=0.05) and nozzle.p == pytest.approx(2.72e5, rel=0.05)
    link = s.plant.by_tag["HOSE"]
    assert 1.0 - nozzle.p / hose.p > hose.x_lim, "the flow chokes"
    s.plant.boundaries.update(s.plant.network.far_h)
    for other in (*s.plant.inner, *s.plant.edge):
        if other is not link:
            other.k = 0.0
    for _ in range(5):
        s.plant.network.step(0.01)
        for node in (hose, nozzle):
            node.solve()
        assert nozzle.p < 1.5 * 4.35e5


def shut_in(vacuum_pa: float = 0.02) -> Script:
    """A parted hose, full of liquid from end to end."""
    s = Script()
    s.connect()
    s.plant.world.hose_vacuum_pa = vacuum_pa
    node = s.plant.nodes[HOSE]
    fluid = s.plant.fluid
    t_k, rho = 22.0, fluid.h_pt(2.5e5, 22.0)[1]
    node.metal = Metal(node.metal.mass_kg, t_k)
    node.m, node.m_he, node.m_air = rho * node.v, 0.0, 0.0
    node.u = node.m * fluid.state(rho, t_k, True)[1]
    node.t = t_k
    node.phase = 2
    node.solve()
    s.plant.world.breakaway = True
    s.plant.energised.update(ES210=0)
    return s


def rise_bar_s(s: Script, seconds: float) -> float:
    s.run(0.1)
    before = s.plant.nodes[HOSE].p
    s.run(seconds)
    return (s.plant.nodes[HOSE].p - before) * 1e-5 / seconds


def test_trapped_liquid_rises_slowly_behind_a_vacuum() -> None:
    """2.45 L behind 5 to 10 W: 0.04 to 0.07 bar/s (calculated)."""
    assert 0.04 <= rise_bar_s(shut_in(), 20.0) <= 0.07


def test_trapped_liquid_without_vacuum_is_the_reliefs_business() -> None:
    """10 to 20 bar/s: PSV101 has to lift, and holds the hose."""
    s = shut_in(101325.0)
    assert 10.0 <= rise_bar_s(s, 0.1) <= 20.0
    peak = relieved_kg_s = 0.0
    for _ in range(300):
        s.run(0.01)
        peak = max(peak, s.plant.nodes[HOSE].p)
        relieved_kg_s = max(relieved_kg_s, s.plant.by_tag["PSV101"].w)
    assert relieved_kg_s > 0.001
    assert peak <= 1.21 * 6.0e5 + 101.3e3


@pytest.mark.parametrize(("vacuum_pa", "low", "high"), [(101325.0, 3180.0, 7230.0)])
def test_heat_into_a_hose_without_vacuum(vacuum_pa: float, low: float, high: float) -> None:
    """3.2 to 7.2 kW/m2 of bore, measured on a hose of 25 mm (V7)."""
    s = shut_in(vacuum_pa)
    before = s.plant.heat_in_j
    s.run(0.2)
    flux = (s.plant.heat_in_j - before) / 0.2 / sum(n.area for n in s.plant.nodes[1:])
    assert low <= flux <= high


def flowing(**config: Any) -> Script:
    s = Script(**config)
    s.connect()
    s.precool(0.5)
    s.fill(1000.0, limit_s=20.0)
    return s


def test_surge_of_a_fast_and_of_a_ramped_closure() -> None:
    """Joukowsky: 2.2 to 3.2 bar at 4.3 m/s (calculated); over the real stroke far below the margin of 3 bar."""
    surges = []
    for stroke_s in (0.01, 0.35):
        s = flowing(strokes_s={"XV201": stroke_s})
        node = s.plant.nodes[HOSE]
        speed_m_s = s.plant.xv201.w / node.rho / (math.pi / 4.0 * BORE_M**2)
        s.plant.hose_surge.peak_pa = 0.0  # of the hose that fills up
        s.set(XV201=0)
        s.run(0.6)
        surges.append(s.plant.hose_surge.peak_pa * 1e-5 * 4.3 / speed_m_s)
    assert 2.2 <= surges[0] <= 3.2
    assert 0.05 <= surges[1] <= 0.8


def test_boiling_curve_has_three_slopes() -> None:
    """Film 100 to 300 W/m2K above 60 K of superheat, nucleate 2 to 10 kW/m2K near saturation (assumed)."""
    assert all(100.0 <= boiling_htc(d) <= 300.0 for d in (60.0, 100.0, 250.0))
    assert all(2000.0 <= boiling_htc(d) <= 10000.0 for d in (0.5, 2.0, 4.9, 10.0))
    flux = [d * boiling_htc(d) for d in (5.0, 58.0)]
    assert flux[0] > flux[1]  # in transition more superheat means less heat


def test_air_drawn_into_a_cold_bore_freezes_and_thaws() -> None:
    s = Script(hose_metal_standby_k=40.0)
    s.connect()
    s.set(XV105=1, XV110=1)
    s.run(1.0)
    node = s.plant.nodes[NOZZLE]
    took = node.m * 0.4
    node.m -= took
    node.u -= took * node.u / node.m
    node.solve()
    assert node.p < 0.9e5
    s.plant.world.leak_forecourt_g_s = 0.5
    before_kg, before_j = s.plant.mass_balance_kg(), s.plant.energy_balance_j()
    s.run(20.0)
    frozen = s.plant.frozen_air
    n2, o2 = frozen.kg[NOZZLE]
    assert n2 > 1e-5
    assert n2 / o2 == pytest.approx(SPECIES[0][1] / SPECIES[1][1], rel=0.05)
    assert s.plant.truth["solid_air_g"] > 0.01
    assert s.plant.mass_balance_kg() - before_kg == pytest.approx(0.0, abs=1e-9)
    assert s.plant.energy_balance_j() - before_j == pytest.approx(0.0, abs=1.0)
    s.plant.world.leak_forecourt_g_s = 0.0
    for n in s.plant.nodes:
        n.metal.add(15_000.0 * n.metal.mass_kg)
    s.run(60.0)
    assert frozen.total_kg() < 1e-7


@pytest.mark.parametrize(("t_k", "species"), [(58.0, [True, False]), (50.0, [True, True]), (66.0, [False, False])])
def test_nitrogen_freezes_at_63_k_and_oxygen_at_54_k(t_k: float, species: list[bool]) -> None:
    s = Script(hose_metal_standby_k=t_k)
    node = s.plant.nodes[RETURN]
    node.fill(1.2e5, t_k, 0.9, 0.0, 0.1)
    s.run(10.0)
    assert [kg > 1e-6 for kg in s.plant.frozen_air.kg[RETURN]] == species


def test_ice_grows_on_a_cold_coupling_melts_and_holds_the_lock() -> None:
    grown_g = []
    for humidity in (0.6, 0.0):
        ice = Ice(humidity, ambient_k=293.0, grams=0.0)
        for _ in range(1200):
            ice.step(0.5, inner_k=22.0, ambient_k=293.0, seated=True)
        grown_g.append(ice.grams)
    assert 0.2 < grown_g[0] < 5.0
    assert grown_g[1] == 0.0
    iced = Script(ice_g=25.0)
    iced.plant.world.seated = True
    iced.run(2.0)
    assert iced.plant.truth["ZS102"] == 0.0  # the lock cannot close
    iced.plant.coupling.ice.skin_k = 280.0
    iced.plant.coupling.ice.grams = 10.0
    iced.run(0.5)
    assert iced.plant.truth["ZS102"] == 0.0  # slowly
    iced.run(1.0)
    assert iced.plant.truth["ZS102"] == 1.0
