"""Self-pressurisation of a closed vessel, two zones and homogeneous, over a window of pressure."""

from __future__ import annotations

from typing import NamedTuple

from sim.plant.fluid import get_fluid
from sim.plant.parking import park
from sim.plant.tank import Tank
from sim.plant.vessel import Vessel
from sim.plant.wall import Wall

from . import equilibrium

RUN_IN = 0.66  # the vessel was closed, saturated and at rest, at this share of the window's first pressure
LEAST_PA = 10_000.0  # a little above the triple point
STEPS = 400  # at least, in the time of the homogeneous vessel


class Rise(NamedTuple):
    """Mean rates over the window and the time of the two-zone model through it."""

    rate_kpa_h: float
    homogeneous_rate_kpa_h: float
    hours: float


class TooSlow(ArithmeticError):
    """The pressure does not reach the end of the window."""


def rise(vessel: Vessel, heat_w: float, liquid_fraction: float, from_pa: float, to_pa: float) -> Rise:
    """Return how fast `heat_w`, even over the wall, raises the pressure from `from_pa` to `to_pa`.

    Published rates are those of the quasi-steady part of a test: the first hours after closing run faster. Therefore
    the vessel is closed in equilibrium at RUN_IN of the first pressure, with the mass that `liquid_fraction` means at
    the first, and the clock starts when it gets there. Raises TooSlow.
    """
    fluid = get_fluid()
    mass = equilibrium.start_kg(fluid, vessel.volume_m3, liquid_fraction, from_pa)
    wall = Wall(vessel.material, vessel.wall_kg, 20.0)
    plain_s = equilibrium.seconds(fluid, vessel.volume_m3, mass, heat_w, from_pa, to_pa, wall)
    tank = Tank(vessel, fluid, mass, max(RUN_IN * from_pa, LEAST_PA))
    tank.leak_w = heat_w
    longest = max(0.5, plain_s / STEPS)
    limit = 100.0 * plain_s * (1.0 + from_pa / (to_pa - from_pa))
    park(tank, limit, lambda t: t.p >= from_pa, longest_s=longest)
    # Both ends are passed by less than a step: the rate there takes the excess back.
    past = tank.p - from_pa
    took = park(tank, limit, lambda t: t.p >= to_pa, longest_s=longest)
    if tank.p < to_pa:
        raise TooSlow(f"pressure stays below {to_pa * 1e-3:g} kPa")
    rate = (tank.p - from_pa - past) / took
    taken = (to_pa - from_pa) / rate
    return Rise(rate * 3.6, (to_pa - from_pa) / plain_s * 3.6, taken / 3600.0)
