"""What a vessel is built of (sizes, wall, inlet), and what it holds at first. The model of it is `tank.Tank`."""

from __future__ import annotations

from dataclasses import dataclass

from .wall import STEEL, Material


@dataclass(frozen=True)
class Vessel:
    """Inner vessel. `spray_fraction`: share of the inflow that falls through the vapour (0: bottom inlet)."""

    volume_m3: float
    area_m2: float
    wall_kg: float
    material: Material = STEEL
    spray_fraction: float = 0.8

    def thickness_m(self) -> float:
        """Mean thickness of the wall."""
        return self.wall_kg / (self.material.rho_kg_m3 * self.area_m2)


@dataclass(frozen=True)
class Start:
    """What is in a vessel at the start; `prefix`: of the keys of `PlantConfig` that say so."""

    mass_kg: float
    tank_bar: float
    wall_k: float
    prefix: str = ""
