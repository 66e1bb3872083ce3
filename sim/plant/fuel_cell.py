"""Hydrogen that a fuel-cell module needs for its power: published part-load shape, rating and altitude.

LHV 33.33 kWh/kg. Net efficiency 0.50 at rated power and 0.60 at best, the ranges that rated and part load of heavy-duty
modules are quoted in (45-52 %, 55-60 %); the compressor's share makes thin air cost up to 10 % at 4500 m.
"""

from __future__ import annotations

from typing import Final

LHV_J_KG: Final = 33.33 * 3.6e6
RATED_KW: Final = (190.0, 300.0)
SEA_LEVEL_KPA: Final = 101.325
HIGH_KPA: Final = 57.7  # 4500 m
HIGH_COST: Final = 0.10  # more hydrogen per kW there

# fmt: off
EFFICIENCY: Final = (
    # LOAD (share of the rating), NET EFFICIENCY
    (0.00,  0.30),  # idling: the balance of plant rules
    (0.05,  0.48),
    (0.15,  0.58),
    (0.30,  0.60),
    (0.60,  0.56),
    (1.00,  0.50),
)
# fmt: on


def efficiency(load: float) -> float:
    """Net efficiency at `load`, 0 to 1 of the rating; at sea level, linear between the table's rows."""
    load = min(max(load, 0.0), 1.0)
    for (a, ea), (b, eb) in zip(EFFICIENCY, EFFICIENCY[1:], strict=False):
        if load <= b:
            return ea + (eb - ea) * (load - a) / (b - a)
    return EFFICIENCY[-1][1]


def altitude_factor(ambient_kpa: float) -> float:
    """Hydrogen per kW against sea level: 1 to 1.1 at 4500 m and above."""
    share = (SEA_LEVEL_KPA - ambient_kpa) / (SEA_LEVEL_KPA - HIGH_KPA)
    return 1.0 + HIGH_COST * min(max(share, 0.0), 1.0)


def demand_kg_s(power_kw: float, rated_kw: float, ambient_kpa: float = SEA_LEVEL_KPA) -> float:
    """Hydrogen for a net power; what is asked above the rating is not given."""
    power_kw = min(max(power_kw, 0.0), rated_kw)
    if power_kw == 0.0:
        return 0.0
    return power_kw * 1e3 / (efficiency(power_kw / rated_kw) * LHV_J_KG) * altitude_factor(ambient_kpa)
