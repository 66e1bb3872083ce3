"""FMU `CryofillLines`: supply, hoses, coupling and onboard tank. Inputs are the outputs of the boards, by tag.

Runs inside the FMU, where `sim.plant` lies beside this file. Units: bar absolute, K, g/s, kg; outputs of valves 0 or 1,
FCV102 and HT205 0 to 1. Communication steps are whole ticks of 10 ms.
"""

from __future__ import annotations

from typing import Any

from pythonfmu import Fmi2Slave

from sim.fmi.unit import built, declare, whole_ticks
from sim.plant import Plant
from sim.plant.piping_table import OUTPUTS
from sim.plant.script import TICK_S

# Start values that may be set before the first step.
PARAMETERS = (
    "supply_bar", "supply_k", "ambient_k", "ambient_kpa", "mass_kg", "tank_bar", "wall_k", "hose_metal_standby_k",
)  # fmt: skip
WORLD = ("seated", "earthed", "fuel_cell_kw")  # inputs besides the boards' outputs
SHOWN = (
    "PT101", "PT102", "PT103", "TT102", "TT103", "FT101", "FT103", "PT201A", "PT203", "TT201", "TT202", "LT201",
    "tank_kg", "hose_liquid_kg", "flow_xv201_g_s",
)  # fmt: skip


class CryofillLines(Fmi2Slave):  # type: ignore[misc]
    """One plant. It is built at the first step, from the parameters as they are then."""

    author = "Cryofill"
    description = "Liquid-hydrogen dispenser lines, coupling and onboard tank"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._plant: Plant | None = None
        declare(self, PARAMETERS, [(name, "", 0.0) for name in (*OUTPUTS, *WORLD)], SHOWN)

    def exit_initialization_mode(self) -> None:
        """Build the plant: outputs are true from the start. Raises ValueError for what the plant refuses."""
        self._plant = built(self, PARAMETERS)
        self._show()

    def do_step(self, current_time: float, step_size: float) -> bool:
        """Advance by `step_size` s; False for a step that is not a whole number of ticks."""
        plant = self._plant
        ticks = whole_ticks(step_size)
        if plant is None or not ticks:
            return False
        for name in OUTPUTS:
            plant.energised[name] = getattr(self, name)
        world = plant.world
        world.seated, world.earthed = self.seated > 0.5, self.earthed > 0.5
        world.fuel_cell_kw = self.fuel_cell_kw
        for _ in range(ticks):
            plant.step(TICK_S)
        self._show()
        return True

    def _show(self) -> None:
        assert self._plant is not None
        truth = self._plant.truth
        for name in SHOWN:
            setattr(self, name, truth[name])
