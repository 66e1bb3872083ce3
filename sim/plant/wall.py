"""The vessel's wall: materials, and a lump of one of them with its energy as the state.

Enthalpies are integrated once from NIST's cryogenic fits of the specific heat (4 to 300 K, held at the slope of 300 K
above). Conductivity is the mean between 20 and 30 K, where the wall near the liquid's surface conducts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .metal import Metal, steel_h

_STEP_K = 0.5
_T0 = 4.0
_T1 = 420.0
# NIST cryogenic material properties, aluminium 6061: log10(cp) as a polynomial in log10(T).
_NIST_6061 = (46.6467, -314.292, 866.662, -1298.3, 1162.27, -637.795, 210.351, -38.3094, 2.96344)


class Material(NamedTuple):
    """What a wall is made of. `heat` is the enthalpy above 4 K in steps of 0.5 K, J/kg."""

    name: str
    rho_kg_m3: float
    k_w_m_k: float
    heat: tuple[float, ...]


def _aluminium_cp(t_k: float) -> float:
    x = math.log10(min(max(t_k, 4.0), 300.0))
    return float(10.0 ** sum(a * x**i for i, a in enumerate(_NIST_6061)) + max(0.0, t_k - 300.0) * 0.5)


def _aluminium() -> tuple[float, ...]:
    h, out, t = 0.0, [0.0], _T0
    while t < _T1:
        middle = _aluminium_cp(t + 0.5 * _STEP_K)
        h += _STEP_K / 6.0 * (_aluminium_cp(t) + 4.0 * middle + _aluminium_cp(t + _STEP_K))
        out.append(h)
        t += _STEP_K
    return tuple(out)


def _steel() -> tuple[float, ...]:
    return tuple(steel_h(_T0 + i * _STEP_K) for i in range(int((_T1 - _T0) / _STEP_K) + 1))


STEEL = Material("steel", 7900.0, 2.6, _steel())
ALUMINIUM = Material("aluminium", 2750.0, 18.0, _aluminium())
MATERIALS = {
    **dict.fromkeys(("steel", "stainless", "stainless steel", "stainless_steel", "304", "316", "ss304"), STEEL),
    **dict.fromkeys(("aluminium", "aluminum", "6061", "al6061", "2219", "al2219", "5083", "al5083"), ALUMINIUM),
}


class Wall(Metal):
    """A section of the wall. State: its energy above 4 K (conserved); mass moves with the liquid's level."""

    __slots__ = ("_heat",)

    def __init__(self, material: Material, mass_kg: float, t_k: float) -> None:
        self._heat = material.heat
        self.mass_kg = mass_kg
        self.e_j = mass_kg * self.heat_j_kg(t_k)
        self._i = 0
        self._lo, self._hi = self._heat[0], self._heat[1]
        self.t_k = t_k
        self.c_j_k = 1.0
        self.add(0.0)

    def heat_j_kg(self, t_k: float) -> float:
        """Specific enthalpy above 4 K."""
        heat = self._heat
        x = (t_k - _T0) / _STEP_K
        i = min(max(int(x), 0), len(heat) - 2)
        return heat[i] + (x - i) * (heat[i + 1] - heat[i])

    def _find(self, e_j_kg: float) -> None:
        i, heat = self._i, self._heat
        last = len(heat) - 2
        while i < last and heat[i + 1] < e_j_kg:
            i += 1
        while i > 0 and heat[i] > e_j_kg:
            i -= 1
        self._i = i
        self._lo, self._hi = heat[i], heat[i + 1]
