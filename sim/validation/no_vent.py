"""No-vent fill of a cold vessel from a source of fixed state."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from sim.plant.fluid import get_fluid
from sim.plant.tank import Tank
from sim.plant.vessel import Vessel

from . import equilibrium

STEP_S, LEAST_S = 0.25, 0.01
SQUEEZE = 0.002  # of the vapour's volume that may be displaced in one step
LAST = 0.02  # of the source's pressure: within this the flow dies away, as through a line sized for it


class Filled(NamedTuple):
    """What the vessel holds at the end."""

    liquid_fraction: float
    pressure_kpa: float
    vapour_k: float
    liquid_k: float


def fill(
    vessel: Vessel,
    liquid_fraction: float,
    p_pa: float,
    source_pa: float,
    source_k: float,
    flow_kg_s: float,
    seconds: float,
) -> Filled:
    """Return the state after `seconds` of filling with `flow_kg_s` as long as the source's pressure suffices.

    Starts in equilibrium at `p_pa`. Where the liquid enters is the vessel's `spray_fraction`. Raises ValueError when
    the source is no liquid.
    """
    fluid = get_fluid()
    h_j_kg, _ = fluid.h_pt(source_pa, source_k)
    mass = equilibrium.start_kg(fluid, vessel.volume_m3, liquid_fraction, p_pa)
    tank = Tank(vessel, fluid, mass, p_pa)
    t = 0.0
    while t < seconds - 1e-9:
        room_s = SQUEEZE * (tank.v - tank.vl) * tank.rho_l / flow_kg_s
        dt = min(STEP_S, max(room_s, LEAST_S), seconds - t)
        x = (source_pa - tank.p) / (LAST * source_pa)
        kg = flow_kg_s * (0.0 if x <= 0.0 else sqrt(min(x, 1.0))) * dt
        tank.step(dt, kg, 0.0, 0.0, kg * h_j_kg, 0.0)
        t += dt
    return Filled(tank.vl / tank.v, tank.p * 1e-3, tank.tv, tank.tl)
