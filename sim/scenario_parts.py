"""What a scenario is made of: its sections as `sim.scenario` hands them out, checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Station:
    """The station's side; `hose`: standby is 100-200 K metal without liquid, at positive pressure."""

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
class Truck:
    """The truck's tank at arrival, and what its driver asks for.

    Of two vessels (`tanks`) mass and target are those of both, pressure and wall those of the first; `tank2_*` is what
    the second has of its own: by default half of the mass, and the rest as the first.
    """

    profile: str = "track1000"
    mass_kg: float = 40.0
    tank_bar: float = 4.0
    wall_k: float = 26.0
    target_kg: float = 85.0
    tanks: int = 1
    tank2_mass_kg: float | None = None
    tank2_bar: float | None = None
    tank2_wall_k: float | None = None
    tank2_vacuum_pa: float | None = None

    def given(self) -> dict[str, Any]:
        """Return its keys as a file would have them: of a second vessel only what there is."""
        keys = dataclasses.asdict(self)
        if self.tanks == 1:
            del keys["tanks"]
        return {key: value for key, value in keys.items() if value is not None}


@dataclass(frozen=True)
class Link:
    """The link between them; `auth` False: without authentication, as on a bench."""

    auth: bool = True


@dataclass(frozen=True)
class Fault:
    """One fault: when (`at_s` of the run, or `after_s` in the dispenser's `state`), how much, how long."""

    target: str
    kind: str
    at_s: float | None = None
    state: str | None = None
    after_s: float = 0.0
    value: float | None = None
    for_s: float | None = None


@dataclass(frozen=True)
class Expect:
    """What the run must end with; None: not checked."""

    outcome: str | None = None
    trip: str | None = None
