"""Hydrogen of a fill that does not end up in the tank, by what it was spent on. Truth, not what a board measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LINES: Final = ("HOSE", "NOZZLE")
CHILLING: Final = ("PRECOOL", "COLDTEST")
FILLING: Final = ("FILL", "HOLD")


class Losses:
    """Follows the dispenser's state over a plant's ledger; `on_tick` makes it an observer of a rig, `enter` suffices
    for a script.
    """

    def __init__(self, plant: Any) -> None:
        self._plant = plant
        self._state = ""
        self._out_kg = self._tank_kg = 0.0
        self.kg = {"chill": 0.0, "displaced": 0.0, "hose": 0.0, "after": 0.0}
        self._filled = False

    def on_tick(self, rig: Any) -> None:
        """Note a change of the dispenser's state."""
        if rig.state["dispenser"] != self._state:
            self.enter(rig.state["dispenser"])

    def enter(self, state: str) -> None:
        """Book what went out since the last change to the state that ends, and begin `state`."""
        ledger: Mapping[str, float] = self._plant.ledger
        out_kg = ledger["returned_kg"] + ledger["vented_kg"]
        went_kg, self._out_kg = out_kg - self._out_kg, out_kg
        if self._state in FILLING:
            self.kg["displaced"] += went_kg
            self._filled = True
            if state not in FILLING:
                self.kg["hose"] = sum(node.m for node in self._plant.nodes if node.name in LINES)
        elif self._filled:
            self.kg["after"] += went_kg
        elif self._state in CHILLING:
            self.kg["chill"] += went_kg
        self._state = state

    def report(self) -> dict[str, float]:
        """Return kg of each. `chill`: to cool the lines; `displaced`: gas out of tank and lines in the fill; `hose`:
        what the liquid hose held at its end, most of it drained into the truck; `after`: what then went up or back.
        """
        self.enter(self._state)
        return {name: round(kg, 4) for name, kg in self.kg.items()}
