"""The lines against measurements and calculation: heat into a hose, trapped liquid, a choked vent, a valve's surge."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sqrt

from sim.plant.fluid import get_fluid
from sim.plant.links import X_COLD, gas_flow
from sim.plant.metal import jacket_w_m2
from sim.plant.node import LIQUID, Node
from sim.plant.piping_table import BORE_M, FITTINGS_W, HOSE_M, NODES
from sim.plant.places import HOSE
from sim.plant.script import TICK_S
from sim.plant.surge import Surge

from . import published as pub
from .rows import Row, within

VENT_M, VENT_CD = 0.010, 0.8


def hose_heat() -> Iterator[Row]:
    """V7: a hose whose vacuum is lost."""
    low, high = pub.HOSE_KW_M2
    mean = 0.5 * (low + high)
    value = jacket_w_m2(101_325.0) * 1e-3
    yield Row("V7", "hose without vacuum", value, mean, "kW/m2", (low / mean, high / mean), "measured", pub.HOSE_SOURCE)


def trapped_liquid() -> Iterator[Row]:
    """Liquid shut in between two valves and warmed."""
    fluid = get_fluid()
    t_k, _, _, rho, _ = fluid.sat_p(2e5)
    node = Node("TRAPPED", fluid, 1e-3, 1.0, 0.1, 0.1, t_k)
    node.phase = LIQUID
    for more_k, reference in pub.TRAPPED_BAR:
        node.m = rho * node.v
        node.t = t_k + more_k
        node.u = node.m * fluid.state(rho, node.t, True)[1]
        node.solve()
        what = f"saturated at 2 bar, {more_k:g} K warmer"
        yield Row("trapped", what, node.p * 1e-5, reference, "bar", within(0.07), "calculated", pub.CALCULATED)


def choked_vent() -> Iterator[Row]:
    """Flow through a hole of 10 mm to the atmosphere."""
    fluid = get_fluid()
    k = VENT_CD * 0.25 * pi * VENT_M * VENT_M * sqrt(2.0)
    for bar, t_k, reference in pub.VENT_G_S:
        _, rho = fluid.h_pt(bar * 1e5, t_k)
        value = gas_flow(k, bar * 1e5, rho, 1e5, X_COLD) * 1e3
        what = f"10 mm, {bar:g} bar, {t_k:g} K"
        yield Row("vent", what, value, reference, "g/s", within(0.06), "calculated", pub.NOZZLE_SOURCE)


def trapped_hose() -> Iterator[Row]:
    """The dispenser's hose full of liquid between two shut valves: behind its vacuum and without."""
    fluid = get_fluid()
    name, litres, _, wetted_m2, jacket_m2 = NODES[HOSE]
    t_k = 22.0
    node = Node(name, fluid, litres * 1e-3, 1.0, wetted_m2, jacket_m2, t_k)
    node.phase = LIQUID
    node.m = fluid.h_pt(2.5e5, t_k)[1] * node.v
    node.u = node.m * fluid.state(node.m / node.v, t_k, True)[1]
    node.solve()
    for what, vacuum_pa, (low, high) in pub.HOSE_BAR_S:
        watts = jacket_w_m2(vacuum_pa) * jacket_m2 + FITTINGS_W[HOSE]
        mean = 0.5 * (low + high)
        value = node.dp_du * watts * 1e-5
        band = (low / mean, high / mean)
        yield Row("trapped", f"5 m hose, {what}", value, mean, "bar/s", band, "calculated", pub.CALCULATED)


def surge() -> Iterator[Row]:
    """A column of the dispenser's hose that a valve stops within one passage of the wave, and over a valve's stroke."""
    fluid = get_fluid()
    t_k, rho = 22.0, fluid.h_pt(6e5, 22.0)[1]
    fluid.state(rho, t_k, True)
    m_s2 = fluid.liquid.speed_sound() ** 2
    w = pub.SURGE_M_S * rho * 0.25 * pi * BORE_M**2
    for what, ticks, reference, band in pub.SURGE_BAR:
        column = Surge(HOSE_M, BORE_M)
        column.step(w, 1.0, 0.0, m_s2, 1.0, 0.0)
        for tick in range(ticks):
            left = 1.0 - (tick + 1) / ticks
            column.step(w * left, left, 0.0, m_s2, 1.0, TICK_S)
        value = column.peak_pa * 1e-5
        yield Row("surge", f"4.3 m/s stopped {what}", value, reference, "bar", band, "calculated", pub.SURGE_SOURCE)


GROUPS = (hose_heat, trapped_liquid, trapped_hose, choked_vent, surge)
