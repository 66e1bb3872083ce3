"""Homogeneous equilibrium of a closed vessel: the energy it holds at a pressure. Independent of the tank's zones."""

from __future__ import annotations

from sim.plant.fluid import PSAT_STEP, RHO_CRIT, Fluid
from sim.plant.wall import Wall


def start_kg(fluid: Fluid, volume_m3: float, liquid_fraction: float, p_pa: float) -> float:
    """Mass of saturated liquid and vapour with this share of liquid by volume."""
    _, _, _, rl, rv = fluid.sat_p(p_pa)
    return volume_m3 * (liquid_fraction * rl + (1.0 - liquid_fraction) * rv)


def temperature_at(fluid: Fluid, rho: float, p_pa: float) -> float:
    """Temperature of the single phase of density `rho` at a pressure, K, by bisection."""
    lo, hi = 13.9, 400.0
    for _ in range(60):
        t = 0.5 * (lo + hi)
        if fluid.state(rho, t, rho > RHO_CRIT)[0] < p_pa:
            lo = t
        else:
            hi = t
    return 0.5 * (lo + hi)


def energy_j(fluid: Fluid, volume_m3: float, mass_kg: float, p_pa: float, wall: Wall | None = None) -> float:
    """Internal energy of the content in equilibrium at `p_pa`, and of the wall with it."""
    rho = mass_kg / volume_m3
    t, hl, hv, rl, rv = fluid.sat_p(p_pa)
    if rv < rho < rl and p_pa < fluid.p_cell_max * PSAT_STEP:
        vl = (mass_kg - rv * volume_m3) / (rl - rv)
        u = rl * vl * (hl - p_pa / rl) + rv * (volume_m3 - vl) * (hv - p_pa / rv)
    else:
        t = temperature_at(fluid, rho, p_pa)
        u = mass_kg * fluid.state(rho, t, rho > RHO_CRIT)[1]
    return u + (wall.mass_kg * wall.heat_j_kg(t) if wall is not None else 0.0)


def seconds(
    fluid: Fluid,
    volume_m3: float,
    mass_kg: float,
    heat_w: float,
    from_pa: float,
    to_pa: float,
    wall: Wall | None = None,
) -> float:
    """Time that `heat_w` needs to bring the vessel from one pressure to another."""
    return (
        energy_j(fluid, volume_m3, mass_kg, to_pa, wall) - energy_j(fluid, volume_m3, mass_kg, from_pa, wall)
    ) / heat_w


def full_pa(fluid: Fluid, volume_m3: float, mass_kg: float) -> float:
    """Pressure at which the liquid fills the vessel: its saturated density is the mean density."""
    lo, hi = 1e4, fluid.p_cell_max * PSAT_STEP
    for _ in range(60):
        p = 0.5 * (lo + hi)
        if fluid.sat_p(p)[3] * volume_m3 > mass_kg:
            lo = p
        else:
            hi = p
    return 0.5 * (lo + hi)
