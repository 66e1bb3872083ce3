"""Cold metal: stainless steel enthalpy and the boiling curve that couples it to the fluid.

Steel: NIST 304 cp(T) fit (4-300 K; 14/204/471 J/kg/K at 20/77/293 K), integrated once; the table is the model, so
temperature and enthalpy are exact inverses of each other and an energy balance closes.
"""

from __future__ import annotations

import math

_NIST_304 = (22.0061, -127.5528, 303.647, -381.0098, 274.0328, -112.9212, 24.7593, -2.239153)
_STEP_K = 0.5
_T0 = 4.0
_T1 = 420.0


def steel_cp(t_k: float) -> float:
    """cp of 304 steel, J/kg/K (NIST cryogenic fit, held at its 300 K slope above)."""
    x = math.log10(min(max(t_k, 4.0), 300.0))
    cp = 10.0 ** sum(a * x**i for i, a in enumerate(_NIST_304))
    return float(cp + max(0.0, t_k - 300.0) * 0.4)


def _build() -> list[float]:
    h, out, t = 0.0, [0.0], _T0
    while t < _T1:
        h += _STEP_K / 6.0 * (steel_cp(t) + 4.0 * steel_cp(t + _STEP_K / 2) + steel_cp(t + _STEP_K))
        out.append(h)
        t += _STEP_K
    return out


_H = _build()
_N = len(_H) - 1


def steel_h(t_k: float) -> float:
    """Specific enthalpy of steel above 4 K, J/kg."""
    x = (t_k - _T0) / _STEP_K
    i = int(x)
    i = 0 if i < 0 else _N - 1 if i >= _N else i
    return _H[i] + (x - i) * (_H[i + 1] - _H[i])


class Metal:
    """A lump of steel. State: energy `e_j` above 4 K (conserved); `t_k` and `c_j_k` follow from it."""

    __slots__ = ("mass_kg", "e_j", "t_k", "c_j_k", "_i", "_lo", "_hi")

    def __init__(self, mass_kg: float, t_k: float) -> None:
        self.mass_kg = mass_kg
        self.e_j = mass_kg * steel_h(t_k)
        self._i = 0
        self._lo, self._hi = _H[0], _H[1]  # J/kg, the ends of table step `_i`
        self.t_k = t_k
        self.c_j_k = 1.0
        self.add(0.0)

    def add(self, q_j: float) -> None:
        """Add heat, J, and update temperature and heat capacity (J/K)."""
        self.e_j = e_j = self.e_j + q_j
        mass = self.mass_kg
        e = e_j / mass
        if not self._lo <= e <= self._hi:
            self._find(e)
        lo = self._lo
        d = self._hi - lo
        self.t_k = _T0 + (self._i + (e - lo) / d) * _STEP_K
        self.c_j_k = mass * d / _STEP_K

    def _find(self, e_j_kg: float) -> None:
        """Go to the step of the table that holds this energy; the first and the last one go on for ever."""
        i = self._i
        h = _H
        while i < _N - 1 and h[i + 1] < e_j_kg:
            i += 1
        while i > 0 and h[i] > e_j_kg:
            i -= 1
        self._i = i
        self._lo, self._hi = h[i], h[i + 1]


def boiling_htc(superheat_k: float) -> float:
    """Wall-to-liquid coefficient W/m2/K against wall superheat, K (assumed: docs/plant.md).

    Nucleate 2-6 kW/m2K to 5 K, transition falling as superheat^-1.28, film 250 W/m2K above 60 K: the flux stays
    between 15 and 30 kW/m2 through transition, as an LH2 curve does.
    """
    if superheat_k <= 0.0:
        return 1500.0
    if superheat_k < 5.0:
        return 2000.0 + 800.0 * superheat_k
    if superheat_k < 60.0:
        return float(6000.0 * (superheat_k * 0.2) ** -1.28)
    return 250.0


def jacket_w_m2(vacuum_pa: float) -> float:
    """Heat flux through a vacuum jacket at 268 K difference, W/m2.

    8 W/m2 below 0.1 Pa, 52 W/m2 at 13 Pa, 130 W/m2 at 1 kPa, 5 kW/m2 vented (air condensing; V7 in docs/validation.md).
    Log-log between; relation between points assumed.
    """
    pts = ((0.1, 8.0), (13.0, 52.0), (1000.0, 130.0), (101325.0, 5000.0))
    if vacuum_pa <= pts[0][0]:
        return pts[0][1]
    for (pa, qa), (pb, qb) in zip(pts, pts[1:], strict=False):
        if vacuum_pa <= pb:
            w = math.log(vacuum_pa / pa) / math.log(pb / pa)
            return qa * math.exp(w * math.log(qb / qa))
    return pts[-1][1]
