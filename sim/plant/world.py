"""What stands around the plant: operator, truck, weather and the damage that faults do. Mutable, set by the rig."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

AIR_TO_HYDROGEN = 3.8  # root of their density ratio, both warm
HOLE_FULL_PA = 100_000.0  # overpressure from which on a leak passes what its fault says


def through_hole_g_s(full_g_s: float, over_pa: float) -> float:
    """Return what a leak of `full_g_s` hydrogen (at 1 bar of overpressure and more) passes at `over_pa`.

    Below ambient it is negative: air that comes in through the same hole, denser than warm hydrogen.
    """
    if full_g_s <= 0.0 or over_pa == 0.0:
        return 0.0
    if over_pa < 0.0:
        return -full_g_s * AIR_TO_HYDROGEN * math.sqrt(-over_pa / HOLE_FULL_PA)
    return full_g_s if over_pa >= HOLE_FULL_PA else full_g_s * math.sqrt(over_pa / HOLE_FULL_PA)


@dataclass
class World:
    """Conditions the plant acts on. Contacts are True for the state the name says.

    They seldom change and there are many: `changes` counts every setting of one, so that who follows them each tick
    compares one number.
    """

    changes: ClassVar[int] = 0

    earthed: bool = False
    seated: bool = False
    in_holster: bool = True
    cap_on: bool = True
    brake: bool = True
    ignition: bool = False
    driver_go: bool = False
    """The driver wants to leave: the truck drives once brake and traction inhibit let it."""
    slope_pct: float = 0.0
    """Fall of the forecourt under the truck; with the brake off it rolls, traction or not."""
    crash: bool = False
    estop: bool = False
    """E-stop pressed: opens both HS101 channels."""
    station_esd: bool = False
    """Station ESD tripped: opens ES101."""
    breakaway: bool = False
    """Breakaway parted: opens ZS103, both hose halves self-seal."""
    flame: bool = False
    start_pressed: bool = False
    stop_pressed: bool = False
    key: bool = False
    coolant_flow: bool = True
    earth_ohm: float = 0.3
    """Loop resistance while earthed."""
    open_ohm: float = 195.0
    """Reading of GT101 while not earthed (transmitter near its top)."""
    leak_cabinet_g_s: float = 0.0
    """Leak out of the valve cabinet's pipework (stub), at 1 bar of overpressure and more (`through_hole_g_s`)."""
    leak_forecourt_g_s: float = 0.0
    """Leak at the nozzle, likewise."""
    helium_bar: float = 6.6
    supply_bar: float = 6.0
    supply_k: float = 22.0
    hose_vacuum_pa: float = 0.02
    tank_vacuum_pa: float = 0.02
    tank2_vacuum_pa: float = 0.02
    """Of the second vessel's jacket, on a truck that has two."""
    ambient_k: float = 293.0
    ambient_kpa: float = 101.3
    fuel_cell_kw: float = 0.0
    """Net power that the truck asks of its fuel cell."""
    fuel_cell_g_s: float = 0.0
    """Hydrogen demand as such, instead of what `fuel_cell_kw` needs."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        object.__setattr__(self, "changes", self.changes + 1)
