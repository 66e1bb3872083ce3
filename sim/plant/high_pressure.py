"""The compressed-gas branch of the station: a liquid-driven pump from the dewar into a warm bank at up to 90 MPa.

It shares the dewar with the liquid dispenser and nothing else: no line joins it to the hose. Figures of the pump are
those published of the station: 90 MPa at most, 120 kg/h at 87.5 MPa, 0.93 kWh/kg.
"""

from __future__ import annotations

from .fluid import R_H2

PUMP_KG_S = 120.0 / 3600.0
PUMP_KWH_KG = 0.93
MAX_MPA = 90.0
LONGEST_S = 10.0  # the pump starts and stops at least this near to its pressures
RESTART_MPA = 80.0  # assumed: the pump starts again below
START_MPA = 70.0  # assumed
BANK_M3 = 2.0  # assumed
COVOLUME_M3_KG = 7.69e-3  # Abel-Noble, hydrogen


def bank_pa(kg: float, t_k: float) -> float:
    """Pressure of the bank, Pa; within 2 % of the equation of state from 40 to 90 MPa at 293 K."""
    rho = kg / BANK_M3
    return rho * R_H2 * t_k / (1.0 - COVOLUME_M3_KG * rho)


def bank_kg(pa: float, t_k: float) -> float:
    """Content of the bank at a pressure, kg."""
    return BANK_M3 * pa / (R_H2 * t_k + COVOLUME_M3_KG * pa)


class HighPressure:
    """`demand_kg_h`: what compressed-gas vehicles take. Since the start: `drawn_kg`, `kwh` and `served_kg`."""

    __slots__ = ("_demand_kg_s", "_t_k", "_runs", "kg", "drawn_kg", "served_kg", "kwh")

    def __init__(self, demand_kg_h: float, ambient_k: float) -> None:
        self._demand_kg_s = demand_kg_h / 3600.0
        self._t_k = ambient_k
        self._runs = False
        self.kg = bank_kg(START_MPA * 1e6, ambient_k)
        self.drawn_kg = self.served_kg = self.kwh = 0.0

    def bank_mpa(self) -> float:
        """Pressure of the bank."""
        return bank_pa(self.kg, self._t_k) * 1e-6

    def step(self, dt: float, there_kg: float) -> float:
        """Advance by `dt` s with so much liquid in reach; returns kg drawn of it. Idle while nobody takes gas."""
        if self._demand_kg_s == 0.0:
            return 0.0
        drawn_kg, parts = 0.0, int(dt / LONGEST_S) + 1
        for _ in range(parts):
            drawn_kg += self._part(dt / parts, there_kg - drawn_kg)
        return drawn_kg

    def _part(self, dt: float, there_kg: float) -> float:
        mpa = self.bank_mpa()
        served = min(self._demand_kg_s * dt, self.kg)
        self.kg -= served
        self.served_kg += served
        if mpa <= RESTART_MPA:
            self._runs = True
        most = bank_kg(MAX_MPA * 1e6, self._t_k) - self.kg
        if most <= PUMP_KG_S * dt:
            self._runs = False
        if not self._runs or there_kg < PUMP_KG_S * dt:
            return 0.0
        drawn = PUMP_KG_S * dt
        self.kg += drawn
        self.drawn_kg += drawn
        self.kwh += drawn * PUMP_KWH_KG
        return drawn
