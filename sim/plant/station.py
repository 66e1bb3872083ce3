"""The station's side: dewar, transfer pump, and the high-pressure branch that draws from the same dewar.

The dewar has its own pressure, held by a pressure builder that takes a moment, and its own saturation state: how far
its liquid is below boiling. It stands beyond the plant's boundary (`supply` in the books) and keeps its own account.
Sizes are assumed; published figures carry their source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .high_pressure import HighPressure
from .places import SUPPLY

if TYPE_CHECKING:
    from .plant import Plant

DEWAR_M3 = 65.0  # 4000 kg of LH2 (Linde/Daimler slides of 2021)
LEAK_W = 60.0  # assumed: field vessels lose 3.5 to 8 kg/day (Petitpas), most of it at transfers
BUILDER_KG_S_PA = 3e-6  # assumed: 30 g/s of vapour for 0.1 bar
BUILDER_KG_S = 0.06
SUMP_KG = 20.0  # assumed: what the high-pressure pump's suction leaves in the dewar
PUMP_KWH_KG = 0.05  # sLH2 slides
CP_LIQUID = 10_000.0
GAMMA = 1.5  # cold vapour


class Station:
    """Dewar: `p` Pa, `liquid_k`, `kg` of liquid and `ullage_kg` of vapour."""

    __slots__ = (
        "_plant", "p", "liquid_k", "kg", "ullage_kg", "start_kg", "_set", "_drawn_kg", "pump_kwh", "high_pressure",
        "pumped_kg",
    )  # fmt: skip

    def __init__(self, plant: Plant) -> None:
        config = plant.config
        self._plant = plant
        self.p = self._holds() * 1e5
        self.liquid_k = config.supply_k
        self._set = (self._holds(), config.supply_k)
        self.kg = config.dewar_kg
        rho_l, rho_v = self._densities()
        self.ullage_kg = max(DEWAR_M3 - self.kg / rho_l, 1.0) * rho_v
        self.start_kg = self.kg + self.ullage_kg
        self._drawn_kg = self.pumped_kg = self.pump_kwh = 0.0
        self.high_pressure = HighPressure(config.high_pressure_kg_h, config.ambient_k)

    def _holds(self) -> float:
        """Pressure that the builder holds, bar."""
        bar = self._plant.world.supply_bar
        return min(bar, self._plant.config.dewar_bar) if self._plant.config.supply == "pump" else bar

    def _densities(self) -> tuple[float, float]:
        fluid = self._plant.fluid
        return fluid.sat_t(self.liquid_k)[1], fluid.sat_p(self.p)[4]

    def follow(self) -> None:
        """The world's supply pressure or temperature was changed: the dewar has it at once."""
        w = self._plant.world
        held, warm = self._holds(), w.supply_k
        if held != self._set[0]:
            self.p = held * 1e5
        if warm != self._set[1]:
            self.liquid_k = warm
        self._set = (held, warm)

    def pumping(self) -> bool:
        """A pump station's pump has its permit and its power."""
        plant = self._plant
        return plant.config.supply == "pump" and plant.actual["PMP111"] > 0.5 and plant.chain.relay

    def delivers(self) -> float:
        """Pressure before XV101, Pa: the dewar's, or what the pump makes of it."""
        return self._plant.world.supply_bar * 1e5 if self.pumping() else self.p

    def step(self, dt: float) -> None:
        """Advance the dewar by `dt` s, about half a second."""
        drawn_kg = -self._plant.network.out[SUPPLY][0]
        to_hose_kg = drawn_kg - self._drawn_kg
        self._drawn_kg = drawn_kg
        if self.pumping() and to_hose_kg > 0.0:
            self.pump_kwh += to_hose_kg * PUMP_KWH_KG
            self.pumped_kg += to_hose_kg
        taken_kg = to_hose_kg + self.high_pressure.step(dt, self.kg - SUMP_KG)
        rho_l, rho_v = self._densities()
        ullage_m3 = max(DEWAR_M3 - self.kg / rho_l, 1.0)
        # By the pressure that it reaches, so that a long step does not overshoot.
        raises = GAMMA * self.p * (1.0 / rho_v - 1.0 / rho_l) / ullage_m3 * BUILDER_KG_S_PA * dt
        gap = max(self._set[0] * 1e5 - self.p, 0.0)
        built = min(gap * BUILDER_KG_S_PA / (1.0 + raises), BUILDER_KG_S) * dt
        self.kg -= taken_kg + built
        self.ullage_kg += built
        self.p += GAMMA * self.p * (built / rho_v - (taken_kg + built) / rho_l) / ullage_m3
        self.liquid_k += LEAK_W * dt / (self.kg * CP_LIQUID)

    def figures(self) -> dict[str, float]:
        """The station's own account of the run: kg, bar, K, kWh, MPa."""
        plant = self._plant
        gas_kg = plant.ledger["returned_kg"]
        recovers = plant.config.returns == "recovery"
        high = self.high_pressure
        boils_k = plant.fluid.sat_p(self.p)[0]
        dewar_k = min(self.liquid_k, boils_k)  # a pump's liquid is as warm as it delivers it
        return {
            "dewar_kg": self.kg + self.ullage_kg,
            "dewar_bar": self.p * 1e-5,
            "dewar_k": dewar_k,
            "subcooled_k": boils_k - dewar_k,
            "to_hose_kg": plant.ledger["supplied_kg"],
            "recovered_kg": gas_kg if recovers else 0.0,
            "to_stack_kg": plant.ledger["stack_h2_kg"] + (0.0 if recovers else gas_kg),
            "transfer_kwh": self.pump_kwh,
            "high_pressure_kg": high.drawn_kg,
            "high_pressure_kwh": high.kwh,
            "high_pressure_mpa": high.bank_mpa(),
        }
