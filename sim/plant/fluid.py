"""Parahydrogen properties for the plant: the only module that touches CoolProp.

Owns: the imposed-phase HEOS states (gas, liquid) and saturation arrays computed once from HEOS.
Never: flashes in the loop (15-80 us each) and CoolProp's tabular backends (wrong without raising near saturation).

Units: K, Pa, kg/m3, J/kg. Energy zero: CoolProp's NBP reference (saturated liquid at 1.013 bar has h = 0).
CoolProp takes about 2 s to import; only `get_fluid()` pays for it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

R_H2 = 4124.48  # J/kg/K, 8.314462/2.01588e-3
R_HE = 2077.26
CV_HE = 1.5 * R_HE
CP_HE = 2.5 * R_HE
R_AIR = 287.06
CV_AIR = 718.0
CP_AIR = CV_AIR + R_AIR
RHO_CRIT = 31.3

SAT_T0 = 13.9
SAT_STEP = 0.02
SAT_N = 949  # cells; last knot 32.88 K, 0.06 K below the critical point
SAT_T1 = SAT_T0 + SAT_N * SAT_STEP
SAT_INV = 1.0 / SAT_STEP
PSAT_STEP = 500.0
IDEAL_T1 = 420

SatCell = tuple[float, float, float, float, float, float, float, float, float, float, float]
PCell = tuple[float, float, float, float, float, float, float, float, float, float, float]


class Fluid:
    """HEOS states and saturation arrays.

    `cells[i]` covers T = SAT_T0 + i*SAT_STEP .. +SAT_STEP and holds (T, p, p', rl, rl', rv, rv', Ul, Ul', Uv, Uv'),
    primes per K, U in J/m3 (rho*u). `pcells[i]` covers p = i*PSAT_STEP and holds
    (p, T, T', hl, hl', hv, hv', rl, rl', rv, rv'), primes per Pa.
    Linear interpolation error against HEOS: < 2e-6 in p and rho below 32 K.
    """

    __slots__ = (
        "cells",
        "pcells",
        "p_cell_max",
        "ideal",
        "gas",
        "liquid",
        "_general",
        "_cp",
        "DT",
        "_ip",
        "_it",
        "_id",
    )

    def __init__(self) -> None:
        import CoolProp as cp

        self._cp: Any = cp
        self.gas: Any = cp.AbstractState("HEOS", "ParaHydrogen")
        self.gas.specify_phase(cp.iphase_gas)
        self.liquid: Any = cp.AbstractState("HEOS", "ParaHydrogen")
        self.liquid.specify_phase(cp.iphase_liquid)
        self._general: Any = cp.AbstractState("HEOS", "ParaHydrogen")
        self.DT: Any = cp.DmassT_INPUTS
        self._ip, self._it, self._id = cp.iP, cp.iT, cp.iDmass
        knots = [self._sat_at(SAT_T0 + i * SAT_STEP) for i in range(SAT_N + 1)]
        self.cells: list[SatCell] = []
        for i in range(SAT_N):
            a, b = knots[i], knots[i + 1]
            row = [SAT_T0 + i * SAT_STEP]
            for x, y in zip(a, b, strict=True):
                row += [x, (y - x) * SAT_INV]
            self.cells.append(tuple(row))  # type: ignore[arg-type]
        self._build_p_cells(knots)
        self.ideal: list[tuple[float, float]] = []
        u = [self._ideal_u(float(t)) for t in range(10, IDEAL_T1 + 1)]
        for i in range(len(u) - 1):
            self.ideal.append((u[i], u[i + 1] - u[i]))

    def _sat_at(self, t_k: float) -> tuple[float, float, float, float, float]:
        s, cp = self._general, self._cp
        s.update(cp.QT_INPUTS, 0.0, t_k)
        p, rl, ul = s.p(), s.rhomass(), s.umass()
        s.update(cp.QT_INPUTS, 1.0, t_k)
        rv, uv = s.rhomass(), s.umass()
        return p, rl, rv, rl * ul, rv * uv

    def _ideal_u(self, t_k: float) -> float:
        self.gas.update(self.DT, 1e-4, t_k)
        return float(self.gas.umass())

    def _build_p_cells(self, knots: list[tuple[float, float, float, float, float]]) -> None:
        ps = [k[0] for k in knots]
        n = int(ps[-1] / PSAT_STEP)
        pts = []
        for i in range(n):
            p = max(i * PSAT_STEP, ps[0])
            j = min(max(bisect_right(ps, p) - 1, 0), len(ps) - 2)
            w = (p - ps[j]) / (ps[j + 1] - ps[j])
            a, b = knots[j], knots[j + 1]
            t = SAT_T0 + (j + w) * SAT_STEP
            rl, rv = a[1] + w * (b[1] - a[1]), a[2] + w * (b[2] - a[2])
            hl = (a[3] + w * (b[3] - a[3]) + p) / rl
            hv = (a[4] + w * (b[4] - a[4]) + p) / rv
            pts.append((t, hl, hv, rl, rv))
        self.pcells: list[PCell] = []
        for i in range(n - 1):
            row = [i * PSAT_STEP]
            for x, y in zip(pts[i], pts[i + 1], strict=True):
                row += [x, (y - x) / PSAT_STEP]
            self.pcells.append(tuple(row))  # type: ignore[arg-type]
        self.p_cell_max = len(self.pcells) - 1

    def sat_p(self, p_pa: float) -> tuple[float, float, float, float, float]:
        """Saturation at a pressure: (T, h_liquid, h_vapour, rho_liquid, rho_vapour); clamped to 13.9-32.8 K."""
        i = int(p_pa / PSAT_STEP)
        if i < 0:
            i = 0
        elif i > self.p_cell_max:
            i = self.p_cell_max
            p_pa = (i + 1) * PSAT_STEP
        p0, t, dt, hl, dhl, hv, dhv, rl, drl, rv, drv = self.pcells[i]
        x = p_pa - p0
        return t + dt * x, hl + dhl * x, hv + dhv * x, rl + drl * x, rv + drv * x

    def sat_t(self, t_k: float) -> tuple[float, float, float, float, float]:
        """Saturation at a temperature: (p, rho_l, rho_v, U_l, U_v), U in J/m3; clamped to the arrays."""
        i = int((t_k - SAT_T0) * SAT_INV)
        i = 0 if i < 0 else SAT_N - 1 if i >= SAT_N else i
        t0, p, dp, rl, drl, rv, drv, ul, dul, uv, duv = self.cells[i]
        x = t_k - t0
        return p + dp * x, rl + drl * x, rv + drv * x, ul + dul * x, uv + duv * x

    def state(self, rho: float, t_k: float, liquid: bool) -> tuple[float, float, float]:
        """Single-phase (p Pa, u J/kg, cv J/kg/K) at (rho, T), the phase imposed; metastable states are allowed."""
        s = self.liquid if liquid else self.gas
        s.update(self.DT, rho, t_k)
        return s.p(), s.umass(), s.cvmass()

    def partials(self, liquid: bool) -> tuple[float, float]:
        """(dp/dT)_rho Pa/K and (dp/drho)_T Pa m3/kg at the last state evaluated with this phase."""
        s = self.liquid if liquid else self.gas
        return (
            s.first_partial_deriv(self._ip, self._it, self._id),
            s.first_partial_deriv(self._ip, self._id, self._it),
        )

    def ideal_gas(self, t_k: float) -> tuple[float, float]:
        """(u J/kg, cv J/kg/K) of hydrogen as an ideal gas; within 0.1 % in enthalpy of 5 bar above 200 K."""
        i = int(t_k) - 10
        i = 0 if i < 0 else len(self.ideal) - 1 if i >= len(self.ideal) else i
        u, du = self.ideal[i]
        return u + du * (t_k - i - 10), du

    def h_pt(self, p_pa: float, t_k: float) -> tuple[float, float]:
        """(h J/kg, rho kg/m3) of the stable single phase at (p, T). A flash: for set-up only."""
        self._general.update(self._cp.PT_INPUTS, p_pa, t_k)
        return self._general.hmass(), self._general.rhomass()


_fluid: Fluid | None = None


def get_fluid() -> Fluid:
    """The process-wide property source (built on first use, about 2 s with CoolProp's import)."""
    global _fluid
    if _fluid is None:
        _fluid = Fluid()
    return _fluid


def air_density(p_pa: float, t_k: float) -> float:
    """Ambient air, kg/m3."""
    return p_pa / (R_AIR * t_k)


def air_h(t_k: float) -> float:
    """Enthalpy of air, J/kg (zero at 0 K)."""
    return CP_AIR * t_k
