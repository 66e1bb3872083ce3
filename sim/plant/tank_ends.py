"""What the tank meets outside: heat leak, relief, burst disc and vent, the line's inflow, the truck's movement."""

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

LOST_W_M2 = 1500.0  # tank without vacuum: 0.9 to 2.2 kW/m2 measured with air freezing on it (domain notes 4.2)
FIRST_LIFT = 0.05
K_BURST = 4.0e-4  # four times the relief; assumed
SLOSH_FULL_M_S = 2.0  # speed of the truck at which the liquid sloshes freely; assumed


class TankRelief(Relief):
    """PSV201: pops at its set pressure (gauge), full lift at `full` and shut again at `reseat` times that."""

    __slots__ = ("full", "reseat")

    def __init__(self, tag: str, set_pa: float, full: float, reseat: float) -> None:
        super().__init__(tag, set_pa)
        self.full = full
        self.reseat = reseat

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
    """Steps the tank. `vented` is what ever went up the truck's stack (h2, he, air kg, J), `w_stack` kg/s."""

    __slots__ = ("_plant", "psv201", "burst_pa", "burst", "vented", "w_stack", "_leak_key")

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        config = plant.config
        set_pa = config.relief_barg * 1e5
        self.psv201 = TankRelief("PSV201", set_pa, config.relief_full, config.relief_reseat)
        self.burst_pa = config.burst_ratio * set_pa
        self.burst = False
        self.vented = [0.0, 0.0, 0.0, 0.0]
        self.w_stack = 0.0
        self._leak_key = (0.0, 0.0)

    def leak(self) -> None:
        """Heat leak after a change of the tank's vacuum or of the ambient."""
        w = self._plant.world
        key = (w.tank_vacuum_pa, w.ambient_k)
        if key != self._leak_key:
            self._leak_key = key
            self._plant.tank.leak_w = leak_w(self._plant.config, *key)

    def step(self, dt: float, heater: float) -> None:
        """Take over what the lines exchanged with the tank, relieve it and advance it by `dt` s."""
        plant = self._plant
        tank, out = plant.tank, plant.network.out
        far = out[ULLAGE]
        if far[0] != 0.0 or far[1] != 0.0:
            tank.mv += far[0]
            tank.mhe += far[1]
            tank.mair += far[2]
            tank.uv += far[3]
            out[ULLAGE] = [0.0, 0.0, 0.0, 0.0]
        ambient = plant.world.ambient_kpa * 1e3
        speed = plant.vehicle.speed_m_s
        tank.slosh = speed / SLOSH_FULL_M_S if speed < SLOSH_FULL_M_S else 1.0
        k = lk.K_XV209 * plant.valves["XV209"].opening()
        p = tank.p
        gauge = p - ambient
        psv = self.psv201
        if gauge > psv.reseat * psv.set_pa or psv.lift:
            k += lk.K_PSV201 * psv.update(gauge)
            if gauge > self.burst_pa:
                self.burst = True
        if self.burst:
            k += K_BURST
        if k > 0.0:
            self.w_stack = gas_flow(k, p, tank.top_density(), ambient + STACK_RESEAT_PA)
            vented = self.vented
            for n, x in enumerate(tank.relieve(self.w_stack * dt)):
                vented[n] += x
        else:
            self.w_stack = 0.0
        far = out[TANK]
        tank.step(dt, far[0], far[1], far[2], far[3], heater)
        if far[0] != 0.0 or far[1] != 0.0:
            out[TANK] = [0.0, 0.0, 0.0, 0.0]

