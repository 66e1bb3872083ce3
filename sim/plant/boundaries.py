"""What the lines see at their ends: the far side of every edge link, the stack's check valves and the reliefs.

Called once per physics step, before the network. Owns the reliefs of the hoses and of the stub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fluid import CP_HE, R_HE, RHO_CRIT
from .links import X_COLD, X_HELIUM, liquid_limit
from .piping_table import RELIEFS, VENTS
from .places import HELIUM, SUPPLY, ULLAGE
from .valves import LIFT_OVER, Relief

if TYPE_CHECKING:
    from .plant import Plant

SUPPLY_PA, SUPPLY_K = 200.0, 0.002  # a property flash is dear: only for changes of this size
STACK_OPEN_PA = 10_000.0
STACK_RESEAT_PA = 5_000.0


class Boundaries:
    """Sets p, density and enthalpy of what would come in, and the coefficients of vents and reliefs."""

    __slots__ = ("_plant", "_reliefs", "_vents", "_vent_open", "_helium", "_supply_at", "_world_at")

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        by_tag, nodes = plant.by_tag, plant.nodes
        self._reliefs = []
        for tag, barg, node, k in RELIEFS:
            relief, ln = Relief(tag, barg * 1e5), by_tag[tag]
            ln.k_full = k
            ln.k_per_pa = k / (LIFT_OVER * relief.set_pa)
            self._reliefs.append((relief, ln, nodes[node]))
        self._vents = [(by_tag[tag], nodes[node], plant.valves[tag], k) for tag, node, k in VENTS]
        self._vent_open = [True] * len(VENTS)
        self._helium = (by_tag["XV106"], by_tag["XV107"])
        for ln in self._helium:
            ln.x_far, ln.y_far = X_HELIUM, 1.0 / (3.0 * X_HELIUM)
        self._supply_at = (0.0, 0.0)
        self._world_at = -1  # its count of changes

    def update(self, far_h: list[float]) -> None:
        """Bring every edge link up to date; `far_h` takes the enthalpies by kind of boundary."""
        plant = self._plant
        w, tank = plant.world, plant.tank
        station = plant.station
        station.follow()
        p, t_k = station.delivers(), station.liquid_k
        p_at, t_at = self._supply_at
        if not -SUPPLY_PA < p - p_at < SUPPLY_PA or not -SUPPLY_K < t_k - t_at < SUPPLY_K:
            self._supply_at = (p, t_k)
            h, rho = plant.fluid.h_pt(p, t_k)
            ln = plant.xv101
            ln.p_far, ln.rho_far = p, rho
            if rho > RHO_CRIT:
                ln.x_far, ln.y_far = liquid_limit(p, plant.fluid.sat_t(t_k)[0]), 0.0
            else:
                ln.x_far, ln.y_far = X_COLD, 1.0 / (3.0 * X_COLD)
            far_h[SUPPLY] = h
        ambient = w.ambient_kpa * 1e3
        if w.changes != self._world_at:
            self._world_at = w.changes
            config = plant.config
            p = w.helium_bar * 1e5
            t_he = config.helium_k
            for ln in self._helium:
                ln.p_far, ln.rho_far = p, p / (R_HE * t_he)
            far_h[HELIUM] = CP_HE * t_he
            plant.xv104.p_far = (
                config.recovery_bar * 1e5 if config.returns == "recovery" else ambient + STACK_RESEAT_PA
            )
            for ln, *_ in self._vents:
                ln.p_far = ambient + 0.8 * STACK_RESEAT_PA
            for relief, ln, _ in self._reliefs:
                ln.p_far = ambient
                ln.p_set = ambient + relief.set_pa
        plant.xv201.p_far = tank.p
        ln = plant.xv202
        ln.p_far, ln.rho_far = tank.p, tank.rho_v
        far_h[ULLAGE] = tank.h_vap
        if plant.manifold is not None:
            plant.manifold.meet(far_h)
        for i, (ln, node, valve, k) in enumerate(self._vents):
            p = node.p - ambient
            if p >= STACK_OPEN_PA:
                self._vent_open[i] = True
            elif p < STACK_RESEAT_PA:
                self._vent_open[i] = False
            ln.k = k * valve.opening() if self._vent_open[i] else 0.0
        for relief, ln, node in self._reliefs:
            p = node.p - ambient
            if p > 0.9 * relief.set_pa or relief.lift:
                ln.k = ln.k_full * relief.update(p)
