"""A plant driven by a script instead of firmware: the steps of a refuelling, each until something is reached.

    script = Script(hose="warm", mass_kg=20.0)     # keys of PlantConfig
    script.refuel(85.0)
    print(script.plant.truth["tank_bar"], script.seconds["precool"], script.losses.report())

Units: bar absolute, K, kg, g/s, s; `docs/plant_example.py` shows more.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.losses import Losses

from .config import PlantConfig
from .plant import Plant

TICK_S = 0.010


class Script:
    """Opens and closes valves as the dispenser would. `run` returns the seconds it took.

    `peak_bar` of the tank; after `refuel` also `seconds` of each phase and `losses`. `on_tick(seconds, truth)` is
    called after each tick of 10 ms, for who records.
    """

    def __init__(self, seed: int = 1, **config: object) -> None:
        self.plant = Plant(PlantConfig(**config), seed)  # type: ignore[arg-type]
        self.peak_bar = self.plant.truth["tank_bar"]
        self.losses = Losses(self.plant)
        self.seconds: dict[str, float] = {}
        self.on_tick: Callable[[float, dict[str, float]], None] | None = None

    def set(self, **levels: float) -> None:
        """Energise outputs by tag."""
        self.plant.energised.update(levels)

    def run(self, limit_s: float, until: Callable[[dict[str, float]], bool] | None = None) -> float:
        """Step until `until(truth)` or `limit_s`; returns simulated seconds."""
        plant, truth = self.plant, self.plant.truth
        ticks = round(limit_s / TICK_S)
        for i in range(ticks):
            plant.step(TICK_S)
            if truth["tank_bar"] > self.peak_bar:
                self.peak_bar = truth["tank_bar"]
            if self.on_tick is not None:
                self.on_tick(plant.tick * TICK_S, truth)
            if until is not None and until(truth):
                return (i + 1) * TICK_S
        return limit_s

    def connect(self) -> None:
        """Nozzle seated, earth on, tank's permit given: the relay closes."""
        world = self.plant.world
        world.seated = world.earthed = True
        world.in_holster = world.cap_on = False
        self.set(ES210=1, XV105=1, XV110=1)
        self.run(2.0)

    def purge(self, cycles: int = 3) -> None:
        """Helium pressure and vent cycles on both bores."""
        for _ in range(cycles):
            self.set(XV106=1, XV107=1)
            self.run(20.0, lambda t: t["PT102"] > 5.0 and t["PT103"] > 5.0)
            self.set(XV106=0, XV107=0, XV105=0, XV110=0)
            self.run(30.0, lambda t: t["PT102"] < 1.25 and t["PT103"] < 1.25)
            self.set(XV105=1, XV110=1)

    def precool(self, opening: float = 0.3) -> float:
        """Trickle through the crossover until the nozzle is cold; returns seconds."""
        self.set(XV208=1, XV104=1, XV101=1, XV103=1, FCV102=opening)
        return self.run(400.0, lambda t: t["TT102"] < 28.0)

    def fill(self, target_kg: float, limit_s: float = 1200.0) -> float:
        """Full flow into the tank with the crossover shut; returns seconds."""
        self.set(XV201=1, FCV102=1)
        self.run(0.5)
        self.set(XV208=0, XV104=0)
        return self.run(limit_s, lambda t: t["tank_kg"] >= target_kg)

    def stop(self) -> None:
        """Ramp FCV102 and shut the liquid valves."""
        self.set(FCV102=0, XV101=0)
        self.run(0.6)
        self.set(XV103=0)
        self.run(0.6)

    def drain(self) -> float:
        """Push the hose's liquid into the truck with helium; returns seconds."""
        self.set(XV106=1)
        taken = self.run(30.0, lambda t: t["hose_liquid_kg"] < 0.002)
        self.set(XV106=0, XV201=0)
        return taken

    def vent(self) -> float:
        """Hoses and stub to the stack; returns seconds."""
        self.set(XV105=0, XV110=0, XV103=1, FCV102=1)
        taken = self.run(120.0, lambda t: t["PT102"] < 1.2 and t["stub_liquid_kg"] < 0.001)
        self.set(XV103=0, FCV102=0)
        return taken

    def warm(self) -> float:
        """Helium through both bores until the nozzle is warm; returns seconds."""
        self.set(XV106=1, XV107=1, XV208=1, XV104=1)
        taken = self.run(300.0, lambda t: t["TT102"] > 120.0 and t["TT103"] > 120.0)
        self.set(XV106=0, XV107=0)
        return taken

    def refuel(self, target_kg: float) -> None:
        """All of it, from a seated nozzle to a warm one. Raises ValueError for a target at or below what is there."""
        if target_kg <= self.plant.truth["tank_kg"]:
            raise ValueError(f"target_kg = {target_kg}: there are {self.plant.truth['tank_kg']:.1f} kg already")
        self.connect()
        for state, step in (
            ("PURGE", self.purge), ("PRECOOL", self.precool), ("FILL", lambda: self.fill(target_kg)),
            ("DRAIN", self._stop_and_drain), ("VENT", self.vent), ("WARM", self.warm),
        ):  # fmt: skip
            self.losses.enter(state)
            began = self.plant.tick
            step()
            self.seconds[state.lower()] = (self.plant.tick - began) * TICK_S

    def _stop_and_drain(self) -> None:
        self.stop()
        self.drain()
