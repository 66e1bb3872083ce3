"""Our fixed steps against scipy's adaptive stiff solvers, on the same right-hand sides written down anew.

References take properties from CoolProp and the steel's specific heat as they are; nothing of ours steps them.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from CoolProp import QT_INPUTS, AbstractState
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sim.plant.fluid import get_fluid
from sim.plant.line_heat import LineHeat
from sim.plant.links import gas_flow
from sim.plant.metal import Metal, boiling_htc, jacket_w_m2, steel_cp, steel_h
from sim.plant.node import TWO_PHASE
from sim.plant.piping_table import FITTINGS_W, NODES
from sim.plant.places import HOSE
from sim.plant.tank import Tank
from sim.plant.vessel import Vessel


class Relieved:
    """A shaken tank without vacuum: its pressure rises, a relief lifts, the vacuum comes back, the relief shuts."""

    VOLUME_M3, WALL_KG, START_KG, START_PA = 1.7, 300.0, 60.0, 5e5
    SET_PA, AMBIENT_PA, K_RELIEF = 5.5e5, 1.013e5, 1.0e-4
    HOT_S, END_S, HEAT_W = 200.0, 400.0, 8_000.0

    @classmethod
    def heat_w(cls, t: float) -> float:
        return cls.HEAT_W if t < cls.HOT_S else 0.0

    @classmethod
    def blown_kg_s(cls, p: float, rho_v: float) -> float:
        lift = min(max((p / cls.SET_PA - 1.0) / 0.1, 0.0), 1.0)
        return gas_flow(cls.K_RELIEF * lift, p, rho_v, cls.AMBIENT_PA)


@pytest.fixture(scope="module")
def relieved() -> Any:
    """Times, masses and pressures of a homogeneous vessel and its wall."""
    case = Relieved
    state = AbstractState("HEOS", "ParaHydrogen")

    def phases(t_k: float) -> tuple[tuple[float, float, float], ...]:
        found = []
        for quality in (0.0, 1.0):
            state.update(QT_INPUTS, quality, t_k)
            found.append((state.rhomass(), state.umass(), state.p()))
        return tuple(found)

    def energy_j(t_k: float, kg: float) -> float:
        (rho_l, u_l, _), (rho_v, u_v, _) = phases(t_k)
        liquid_kg = (kg - rho_v * case.VOLUME_M3) / (1.0 - rho_v / rho_l)
        return liquid_kg * u_l + (kg - liquid_kg) * u_v + case.WALL_KG * steel_h(t_k)

    def at(kg: float, joules: float) -> tuple[float, float, float]:
        """Pressure, density and enthalpy of the vapour."""
        t_k = brentq(lambda x: energy_j(x, kg) - joules, 20.0, 32.0, xtol=1e-9)
        rho_v, u_v, p = phases(t_k)[1]
        return p, rho_v, u_v + p / rho_v

    def slope(t: float, y: Any) -> list[float]:
        p, rho_v, h_v = at(*y)
        kg_s = case.blown_kg_s(p, rho_v)
        return [-kg_s, case.heat_w(t) - kg_s * h_v]

    y = [case.START_KG, energy_j(get_fluid().sat_p(case.START_PA)[0], case.START_KG)]
    times, kg, bar = [], [], []
    for span in ((0.0, case.HOT_S - 1e-6), (case.HOT_S, case.END_S)):  # one at a time: the heat has a step
        got = solve_ivp(slope, span, y, "LSODA", t_eval=numpy.linspace(*span, 51), rtol=1e-7, atol=1e-6)
        assert got.success
        y = [got.y[0][-1], got.y[1][-1]]
        times += list(got.t)
        kg += list(got.y[0])
        bar += [at(*one)[0] * 1e-5 for one in got.y.T]
    return times, kg, bar


@pytest.mark.parametrize("dt", [0.1, 0.02])
def test_mass_and_peak_pressure_of_a_relieved_tank(relieved: Any, dt: float) -> None:
    case = Relieved
    tank = Tank(Vessel(case.VOLUME_M3, 9.5, case.WALL_KG), get_fluid(), case.START_KG, case.START_PA)
    tank.slosh = 30.0
    bar = [tank.p * 1e-5]
    for i in range(round(case.END_S / dt)):
        tank.leak_w = case.heat_w(i * dt)
        tank.take_vapour(case.blown_kg_s(tank.p, tank.rho_v) * dt)
        tank.step(dt, 0.0, 0.0, 0.0, 0.0, 0.0)
        bar.append(tank.p * 1e-5)
    times, their_kg, their_bar = relieved
    lost_kg = case.START_KG - their_kg[-1]
    assert lost_kg > 1.5
    assert tank.mass_kg() == pytest.approx(their_kg[-1], rel=1e-3)
    assert case.START_KG - tank.mass_kg() == pytest.approx(lost_kg, rel=0.01)
    assert max(bar) > 5.6
    assert max(bar) == pytest.approx(max(their_bar), rel=0.01)
    ours = numpy.interp(times, numpy.arange(len(bar)) * dt, bar)
    assert numpy.allclose(ours, their_bar, rtol=0.01)


LIQUID_K, AMBIENT_K, END_S = 22.0, 293.0, 60.0


@pytest.fixture(scope="module")
def flooded() -> Any:
    """Metal temperature and heat into the liquid over time: a warm hose flooded with liquid, and its heat leak."""
    _, _, kg, area, jacket = NODES[HOSE]
    leak_w_k = (jacket_w_m2(0.02) * jacket + FITTINGS_W[HOSE]) / 268.0

    def slope(_: float, y: Any) -> list[float]:
        superheat = y[0] - LIQUID_K
        q = superheat * boiling_htc(superheat) * area
        return [(leak_w_k * (AMBIENT_K - y[0]) - q) / (kg * steel_cp(y[0])), q]

    got = solve_ivp(slope, (0.0, END_S), [AMBIENT_K, 0.0], "Radau", dense_output=True, rtol=1e-7, atol=1e-6)
    assert got.success
    return got.sol


@pytest.mark.parametrize("dt", [0.010, 0.002])
def test_temperature_and_boiled_mass_of_a_line(flooded: Any, dt: float) -> None:
    """Film, transition and nucleate boiling, then the heat leak alone."""
    wet = {"t": LIQUID_K, "gas_share": 0.0, "phase": TWO_PHASE, "c_t": 1e15, "stale": 0, "q_j": 0.0, "u": 0.0}
    nodes = [
        SimpleNamespace(metal=Metal(kg, AMBIENT_K), area=area, jacket_m2=jacket, still_s=0.0, **wet)
        for _, _, kg, area, jacket in NODES
    ]
    still = SimpleNamespace(w=0.0)
    world = SimpleNamespace(hose_vacuum_pa=0.02, ambient_k=AMBIENT_K)
    plant: Any = SimpleNamespace(nodes=nodes, inner=[still] * 4, xv101=still, xv104=still, world=world)
    heat = LineHeat(plant)
    hose, kelvin = nodes[HOSE], [AMBIENT_K]
    for _ in range(round(END_S / dt)):
        heat.step(dt)
        kelvin.append(hose.metal.t_k)
    times = numpy.arange(len(kelvin)) * dt
    theirs, boiled_j = flooded(times)
    for level_k in (200.0, 80.0, 30.0):  # film, where it breaks down, cold
        at_s = times[numpy.argmax(theirs < level_k)]
        assert 2.0 < at_s < 0.8 * END_S
        assert times[numpy.argmax(numpy.array(kelvin) < level_k)] == pytest.approx(at_s, rel=3e-3)
    assert hose.u == pytest.approx(boiled_j[-1], rel=1e-3)  # and so the mass that it boils
    assert kelvin[-1] == pytest.approx(theirs[-1], abs=5e-3)
