"""What the tank meets outside: heat leak, relief, burst disc and vent, the line's inflow, the truck's movement.

Of two vessels each has its own leak, vacuum, relief and burst disc; what they share: `manifold`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import links as lk
from .boundaries import STACK_RESEAT_PA
from .links import gas_flow
from .metal import jacket_w_m2
from .places import TANK, ULLAGE
from .valves import Relief

if TYPE_CHECKING:
    from .config import PlantConfig
    from .plant import Plant

LOST_W_M2 = 1500.0  # tank without vacuum: 0.9 to 2.2 kW/m2 measured with air freezing on it (Goff et al., V6)
FIRST_LIFT = 0.05
K_BURST = 4.0e-4  # four times the relief; assumed
SLOSH_FULL_M_S = 2.0  # speed of the truck at which the liquid sloshes freely; assumed


class TankRelief(Relief):
    """PSV201: pops at its set pressure (gauge), full lift at `full` and shut again at `reseat` times that.

    `burst`: the disc beside it has burst.
    """

    __slots__ = ("full", "reseat", "burst")

    def __init__(self, tag: str, set_pa: float, full: float, reseat: float) -> None:
        super().__init__(tag, set_pa)
        self.full = full
        self.reseat = reseat
        self.burst = False

    def update(self, gauge_pa: float) -> float:
        """Lift 0-1 at this gauge pressure."""
        x = gauge_pa / self.set_pa
        if x >= 1.0:
            self.lift = max(FIRST_LIFT, min(1.0, (x - 1.0) / (self.full - 1.0)))
        elif self.lift > 0.0:
            self.lift = FIRST_LIFT if x > self.reseat else 0.0
        return self.lift


def leak_w(config: PlantConfig, vacuum_pa: float, ambient_k: float) -> float:
    """Heat leak of the tank, W: radiation and conduction by the ambient, and what a degraded vacuum adds."""
    part = config.tank_radiative_share
    x = part * (ambient_k / 293.0) ** 4 + (1.0 - part) * (ambient_k - 25.0) / 268.0
    extra = min(jacket_w_m2(vacuum_pa) - jacket_w_m2(0.0), LOST_W_M2)
    return config.tank_leak_w * x + extra * config.tank_area_m2


class TankEnds:
    """Steps the tank. `vented` is what ever went up the truck's stack (h2, he, air kg, J), `w_stack` kg/s.
    `vessels`: (number, vessel, its relief).
    """

    __slots__ = (
        "_plant", "vessels", "burst_pa", "vented", "w_stack", "_xv209", "_leak_at", "_size", "_fill", "_gas", "_heater",
    )  # fmt: skip

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        config = plant.config
        set_pa = config.relief_barg * 1e5
        self.vessels = [
            (i, tank, TankRelief("PSV201", set_pa, config.relief_full, config.relief_reseat))
            for i, tank in enumerate(plant.tanks)
        ]
        self.burst_pa = config.burst_ratio * set_pa
        self._xv209 = plant.valves["XV209"]
        self.vented = [0.0, 0.0, 0.0, 0.0]
        self.w_stack = 0.0
        self._leak_at = -1  # the world's count of changes
        self._size = config.vessel_size()
        manifold = plant.manifold
        self._fill, self._gas = (manifold.fill, manifold.gas) if manifold is not None else ([1.0], [1.0])
        self._heater = 1.0 / config.tanks  # HT205: as much in each vessel

    def leak(self) -> None:
        """Heat leak after a change of the tank's vacuum or of the ambient."""
        w = self._plant.world
        if w.changes != self._leak_at:
            self._leak_at = w.changes
            vacuums_pa = (w.tank_vacuum_pa, w.tank2_vacuum_pa)
            for tank, vacuum_pa in zip(self._plant.tanks, vacuums_pa, strict=False):
                tank.leak_w = leak_w(self._plant.config, vacuum_pa, w.ambient_k) * self._size

    def step(self, dt: float, heater: float) -> float:
        """Take over what the lines exchanged with the tank, relieve it and advance it by `dt` s.

        Returns the greatest relative change of pressure.
        """
        plant = self._plant
        manifold, out = plant.manifold, plant.network.out
        far = out[ULLAGE]
        if far[0] != 0.0 or far[1] != 0.0:
            if manifold is None:
                tank = plant.tank
                tank.mv += far[0]
                tank.mhe += far[1]
                tank.mair += far[2]
                tank.uv += far[3]
            else:
                manifold.take_over(far)
            out[ULLAGE] = [0.0, 0.0, 0.0, 0.0]
        ambient = plant.world.ambient_kpa * 1e3
        speed = plant.vehicle.speed_m_s
        slosh = speed / SLOSH_FULL_M_S if speed < SLOSH_FULL_M_S else 1.0
        k_vent = lk.K_XV209 * self._xv209.opening()
        far = out[TANK]
        if manifold is not None:
            manifold.step(dt, far)
        self.w_stack = most = 0.0
        heater *= self._heater
        for i, tank, psv in self.vessels:
            tank.slosh = slosh
            k = k_vent * self._gas[i]
            p = tank.p
            gauge = p - ambient
            if gauge > psv.reseat * psv.set_pa or psv.lift:
                k += lk.K_PSV201 * psv.update(gauge)
                if gauge > self.burst_pa:
                    psv.burst = True
            if psv.burst:
                k += K_BURST
            if k > 0.0:
                w = gas_flow(k, p, tank.top_density(), ambient + STACK_RESEAT_PA)
                self.w_stack += w
                vented = self.vented
                for n, x in enumerate(tank.relieve(w * dt)):
                    vented[n] += x
            x = self._fill[i]
            tank.step(dt, far[0] * x, far[1] * x, far[2] * x, far[3] * x, heater)
            change = abs(tank.p - p) / p
            if change > most:
                most = change
        if far[0] != 0.0 or far[1] != 0.0:
            out[TANK] = [0.0, 0.0, 0.0, 0.0]
        return most

