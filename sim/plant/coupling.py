"""The coupling: what seating the nozzle shuts in, the lock that holds it, and the ice that holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fluid import air_density, air_h
from .ice import Ice
from .places import AMBIENT, NOZZLE, RCPT

if TYPE_CHECKING:
    from .plant import Plant

AIR_M3 = 0.08e-3  # assumed: air shut in by seating, per bore
LOCK_STROKE_S = 0.30


class Coupling:
    """Nozzle in receptacle. `lock_open` 0 (locked) to 1; `ice` on its outside."""

    __slots__ = ("_plant", "_seated", "lock_open", "ice", "_held")

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._seated = plant.world.seated
        self.lock_open = 1.0
        self._held = False  # by ice, on its way
        config = plant.config
        self.ice = Ice(config.humidity, config.ambient_k, config.ice_g)

    def move_lock(self, energised: bool, dt: float) -> bool:
        """Energised releases; without power it engages once the nozzle is seated. True while it moves."""
        pos = self.lock_open
        target = 1.0 if energised else 0.0 if self._plant.world.seated else pos
        if pos != target:
            drag = self.ice.lock_drag()
            if drag == 0.0:
                self._held = True
                return False
            d = dt / (LOCK_STROKE_S * drag)
            self.lock_open = min(target, pos + d) if target > pos else max(target, pos - d)
            return True
        return False

    def step(self, dt: float) -> None:
        """Let ice grow or melt for `dt` s."""
        plant = self._plant
        self.ice.step(dt, plant.nodes[NOZZLE].metal.t_k, plant.world.ambient_k, self._seated)
        if self._held and self.ice.lock_drag() > 0.0:
            self._held = False
            plant.moving = True

    def follow(self) -> None:
        """Seating shuts ambient air into both bores; unseating closes the poppets (nothing enters the hose)."""
        plant = self._plant
        seated = plant.world.seated
        if seated == self._seated:
            return
        self._seated = seated
        if not seated:
            return
        t = plant.world.ambient_k
        dm = air_density(plant.world.ambient_kpa * 1e3, t) * AIR_M3
        far = plant.network.out[AMBIENT]
        for node in (plant.nodes[NOZZLE], plant.nodes[RCPT]):
            node.m_air += dm
            node.u += dm * air_h(t)
            far[2] -= dm
            far[3] -= dm * air_h(t)
            node.solve()
