"""FMU `CryofillTank`: the onboard tank alone, parked, filled or drawn from. Other tools bring the flows.

Runs inside the FMU, where `sim.plant` lies beside this file. Communication steps are whole ticks of 10 ms.
"""

from __future__ import annotations

from typing import Any

from pythonfmu import Fmi2Slave

from sim.fmi.unit import built, declare, whole_ticks
from sim.plant import Plant
from sim.plant.script import TICK_S

PARAMETERS = ("volume_m3", "relief_barg", "mass_kg", "tank_bar", "wall_k", "spray_fraction", "ambient_kpa")
INPUTS = (
    # NAME               MEANING                                     START
    ("inflow_kg_s",      "liquid that comes in",                     0.0),
    ("inflow_k",         "its temperature, at the tank's pressure",  22.0),
    ("vapour_kg_s",      "vapour that is taken out",                 0.0),
    ("heater",           "HT205, 0 to 1",                            0.0),
)  # fmt: skip
SHOWN = ("p_bar", "mass_kg_now", "liquid_k", "vapour_k", "level_pct", "relief_kg_s")


class CryofillTank(Fmi2Slave):  # type: ignore[misc]
    """One tank, with its relief valve and heat leak."""

    author = "Cryofill"
    description = "Onboard liquid-hydrogen tank: liquid and vapour zones, wall, relief"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._plant: Plant | None = None
        declare(self, PARAMETERS, INPUTS, SHOWN)

    def exit_initialization_mode(self) -> None:
        """Build the tank. Raises ValueError for what the plant refuses."""
        self._plant = built(self, PARAMETERS)
        self._show()

    def do_step(self, current_time: float, step_size: float) -> bool:
        """Advance by `step_size` s; False for a step that is not a whole number of ticks, or an impossible inflow."""
        plant = self._plant
        ticks = whole_ticks(step_size)
        if plant is None or not ticks:
            return False
        inflow_kg = self.inflow_kg_s * TICK_S
        vapour_kg = self.vapour_kg_s * TICK_S
        if inflow_kg < 0.0 or vapour_kg < 0.0:
            return False
        h = plant.fluid.h_pt(plant.tank.p, self.inflow_k)[0] if inflow_kg else 0.0
        plant.energised["HT205"] = self.heater
        for _ in range(ticks):
            if vapour_kg:
                plant.tank.take_vapour(vapour_kg)
            plant.feed_tank(inflow_kg, inflow_kg * h)
            plant.step(TICK_S)
        self._show()
        return True

    def _show(self) -> None:
        assert self._plant is not None
        plant, truth = self._plant, self._plant.truth
        self.p_bar, self.mass_kg_now = truth["tank_bar"], truth["tank_kg"]
        self.liquid_k, self.vapour_k = truth["TT201"], truth["TT202"]
        self.level_pct, self.relief_kg_s = truth["LT201"], plant.w_tstack
