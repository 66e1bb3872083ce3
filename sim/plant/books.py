"""The books: what crossed the plant's boundary, and what is inside, counted independently of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fluid import CV_AIR, CV_HE
from .metal import steel_h
from .node import LIQUID, TWO_PHASE
from .places import AMBIENT, FAR_NAMES, HELIUM, RECOVERY, STACK, SUPPLY

if TYPE_CHECKING:
    from .plant import Plant

BOUNDARIES = ("supply", "stack", "helium", "recovery", "ambient", "tstack", "engine")


def ledger(plant: Plant) -> dict[str, float]:
    """Cumulative transfers over the boundary, positive OUT: NAME_h2_kg, NAME_he_kg, NAME_air_kg, NAME_j for every
    BOUNDARIES name; `heat_in_j`; and `supplied_kg`, `returned_kg`, `vented_kg` (both stacks), `helium_in_kg`, all
    positive in their own sense.
    """
    led: dict[str, float] = {}
    rows = [(FAR_NAMES[k], plant.network.out[k]) for k in (SUPPLY, STACK, HELIUM, RECOVERY, AMBIENT)]
    for name, far in (*rows, ("tstack", plant.vented), ("engine", plant.propulsion.used)):
        led[name + "_h2_kg"], led[name + "_he_kg"], led[name + "_air_kg"], led[name + "_j"] = far
    led["heat_in_j"] = plant.line_heat.in_j + sum(tank.q_in_j for tank in plant.tanks) + plant.propulsion.in_j()
    led["supplied_kg"] = -led["supply_h2_kg"]
    led["returned_kg"] = led["recovery_h2_kg"]
    led["vented_kg"] = led["stack_h2_kg"] + led["tstack_h2_kg"]
    led["helium_in_kg"] = -led["helium_he_kg"]
    return led


def total_kg(plant: Plant) -> float:
    """Content of all nodes, the vessels and the buffer, every species."""
    total = 0.0
    for tank in plant.tanks:
        total += tank.rho_v * (tank.v - tank.vl) + tank.mhe + tank.mair
        total += tank.rho_l * tank.vl if tank.ml > 0.0 else 0.0
    total += plant.propulsion.mass_kg()
    return total + sum(n.m + n.m_he + n.m_air for n in plant.nodes) + plant.frozen_air.total_kg()


def total_j(plant: Plant) -> float:
    """Energy of fluid and metal, recomputed from temperatures and densities (not from the conserved U)."""
    f = plant.fluid
    total = plant.frozen_air.energy_j() + plant.propulsion.energy_j()
    for n in plant.nodes:
        total += n.metal.mass_kg * steel_h(n.metal.t_k) + (n.m_he * CV_HE + n.m_air * CV_AIR) * n.t
        if n.phase == TWO_PHASE:
            _, rl, rv, ul, uv = f.sat_t(n.t)
            vg = (rl * n.v - n.m) / (rl - rv)
            total += ul * (n.v - vg) + uv * vg
        elif n.m > 0.0:
            total += n.m * f.state(n.m / n.v, n.t, n.phase == LIQUID)[1]
    for tank in plant.tanks:
        total += (tank.mhe * CV_HE + tank.mair * CV_AIR) * tank.tv
        total += tank.mv * f.state(tank.rho_v, tank.tv, False)[1]
        if tank.ml > 0.3:
            total += tank.ml * f.state(tank.rho_l, tank.tl, True)[1]
        else:
            total += tank.ul
        total += sum(x.mass_kg * x.heat_j_kg(x.t_k) for x in (tank.wet, tank.dry))
    return total
