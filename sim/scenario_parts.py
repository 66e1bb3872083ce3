"""What a scenario is made of: its sections as `sim.scenario` hands them out, checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from sim.plant.sides import StationSide as Station
from sim.plant.sides import TruckSide
from sim.scenario_keys import TRUCK

__all__ = ["Expect", "Fault", "Link", "Station", "Truck"]


@dataclass(frozen=True)
class Truck(TruckSide):
    """The truck's tank at arrival, and what its driver asks for; of two vessels the target is that of both."""

    profile: str = "track1000"
    target_kg: float = 85.0

    def given(self) -> dict[str, Any]:
        """Return its keys as a file would have them: of a second vessel only what there is."""
        keys = {key: getattr(self, key) for key in TRUCK}
        if self.tanks == 1:
            del keys["tanks"]
        return {key: value for key, value in keys.items() if value is not None}

    def tank(self) -> dict[str, Any]:
        """Return what of it the plant is built from."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(TruckSide)}


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
