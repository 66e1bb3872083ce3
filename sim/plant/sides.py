"""The two sides of a refuelling: what the station offers, and the tank that comes to it. Defaults: a top-up.

`PlantConfig` and whoever describes a refuelling take fields and defaults from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# What may be said of the station in a word.
WORDS: Final = {
    "supply": ("dewar", "pump"),
    "hose": ("warm", "standby"),
    "returns": ("recovery", "stack"),
}


@dataclass(frozen=True)
class StationSide:
    """The station, pressures absolute; `hose`: standby is 100-200 K metal without liquid, at positive pressure."""

    supply: str = "dewar"
    supply_bar: float = 6.0
    supply_k: float = 22.0
    hose: str = "standby"
    returns: str = "recovery"
    ambient_k: float = 293.0
    ambient_kpa: float = 101.3
    high_pressure_kg_h: float = 0.0
    """What compressed-gas vehicles take meanwhile, by the other branch of the same dewar."""


@dataclass(frozen=True)
class TruckSide:
    """The truck's tank at arrival.

    Of two vessels (`tanks`) the mass is that of both, pressure and wall those of the first; `tank2_*` is what the
    second has of its own: by default half of the mass, and the rest as the first.
    """

    mass_kg: float = 40.0
    tank_bar: float = 4.0
    wall_k: float = 26.0
    tanks: int = 1
    tank2_mass_kg: float | None = None
    tank2_bar: float | None = None
    tank2_wall_k: float | None = None
    tank2_vacuum_pa: float | None = None
