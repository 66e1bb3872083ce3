"""One lumped line node: hydrogen in homogeneous equilibrium plus helium and air as ideal gases, and its metal.

Conserved state: masses (kg) and internal energy U (J) of everything in the volume. `solve()` turns them into
temperature, pressure and the derivatives the pressure network needs; it never changes a conserved quantity.
Air is tracked as an ideal gas at any temperature: freezing of air is not modelled, its presence when cold is a fault.
"""

from __future__ import annotations

from math import sqrt

from .fluid import CV_AIR, CV_HE, R_AIR, R_H2, R_HE, RHO_CRIT, SAT_INV, SAT_N, SAT_T0, SAT_T1, Fluid
from .links import P_CRIT_PA, X_COLD, X_GAS, liquid_limit
from .metal import Metal

GAS, TWO_PHASE, LIQUID = 0, 1, 2
_THIRD = 1.0 / 3.0
_Y_COLD = _THIRD / X_COLD
_FF_SLOPE = 0.28 / sqrt(P_CRIT_PA)  # liquid_limit at p = p_sat is 0.04 + this x sqrt(p)
_TRACE_RHO = 0.002  # kg/m3: below this hydrogen is an ideal gas to 1e-4
_MIN_GAS_SHARE = 0.02  # gas never has less than this share for the partial pressure of helium and air


class Node:
    """Lumped volume. Units SI. `c_kg_pa` is the isentropic compliance dm/dp, `dp_du` is (dp/dU) at constant mass;
    `x_lim`, `y_x`: where flow out of it chokes and how it expands (see `links`).
    """

    __slots__ = (
        "name", "v", "m", "m_he", "m_air", "u", "t", "p", "rho", "phase", "gas_share", "h", "c_kg_pa", "dp_du",
        "c_t", "beta", "metal", "area", "p_sat", "free_kg", "q_j", "m_liq", "_f", "_u_last", "_cv", "_rho_d",
        "_t_d", "_pt", "_pr", "jacket_m2", "stale", "still_s", "x_lim", "y_x",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        fluid: Fluid,
        v_m3: float,
        metal_kg: float,
        area_m2: float,
        jacket_m2: float,
        t_k: float,
    ) -> None:
        self.name = name
        self._f = fluid
        self.v = v_m3
        self.metal = Metal(metal_kg, t_k)
        self.area = area_m2
        self.jacket_m2 = jacket_m2
        self.m = self.m_he = self.m_air = self.u = 0.0
        self.t = t_k
        self.phase = GAS
        self.p = self.rho = self.h = self.c_kg_pa = self.dp_du = self.c_t = self.p_sat = self.free_kg = 0.0
        self.gas_share = 1.0
        self.x_lim, self.y_x = X_COLD, _Y_COLD
        self.beta = 0.0
        self.q_j = self.m_liq = 0.0
        self._u_last = self._cv = self._pt = self._pr = 0.0
        self._rho_d = self._t_d = -1.0
        self.stale = 0
        self.still_s = 0.0

    def fill(self, p_pa: float, t_k: float, h2: float, he: float, air: float) -> None:
        """Set the content to a gas mixture at (p, T) with these mole shares (hydrogen as HEOS gas)."""
        self.m_he = he * p_pa * self.v / (R_HE * t_k)
        self.m_air = air * p_pa * self.v / (R_AIR * t_k)
        self.m = h2 * p_pa * self.v / (R_H2 * t_k)
        self.t = t_k
        u = self._f.state(max(self.m / self.v, 1e-4), t_k, False)[1] if h2 else 0.0
        self.u = self.m * u + (self.m_he * CV_HE + self.m_air * CV_AIR) * t_k
        self._u_last = u
        self._cv = 7000.0
        self.solve()

    def solve(self) -> None:
        """State from the conserved quantities. 1-6 us; allocates only floats."""
        self.stale = 0
        v = self.v
        rho = self.m / v
        cnc = self.m_he * CV_HE + self.m_air * CV_AIR
        if rho < _TRACE_RHO:
            self._solve_trace(rho, cnc)
        elif self.phase == TWO_PHASE:
            if not self._solve_two(cnc):
                self._solve_single(rho, cnc)
        else:
            self._solve_single(rho, cnc)
            t = self.t
            if t < SAT_T1:
                c = self._f.cells[max(0, int((t - SAT_T0) * SAT_INV))]
                x = t - c[0]
                if c[5] + c[6] * x < rho < c[3] + c[4] * x:
                    old = t, self.p, self.phase
                    self.phase = TWO_PHASE
                    if not self._solve_two(cnc):
                        # On the phase boundary within the tables' error: the single phase stands.
                        self.t, self.p, self.phase = old
        mt = self.m + self.m_he + self.m_air
        self.rho = mt / v
        self.h = (self.u + self.p * v) / mt
        self.beta = self.c_kg_pa * self.dp_du

    def _solve_trace(self, rho: float, cnc: float) -> None:
        t, m, ideal = self.t, self.m, self._f.ideal
        du = 0.0
        for _ in range(4):
            i = int(t) - 10
            i = 0 if i < 0 else len(ideal) - 1 if i >= len(ideal) else i
            u0, du = ideal[i]
            dt = (m * (u0 + du * (t - i - 10)) + cnc * t - self.u) / (m * du + cnc)
            t -= dt
            if -1e-4 < dt < 1e-4:
                break
        self.t = t if t > 10.0 else 10.0
        self.phase = GAS
        n_r = m * R_H2 + self.m_he * R_HE + self.m_air * R_AIR
        self.p = n_r * self.t / self.v
        self.gas_share = 1.0
        self.m_liq = 0.0
        self.c_t = m * du + cnc
        self._gas_derivatives(n_r)
        self._u_last = (self.u - cnc * self.t) / m if m > 0.0 else 0.0
        self._cv = du

    def _gas_derivatives(self, n_r: float) -> None:
        # a^2 = gamma p / rho with gamma = 1 + nR/C; dm/dp = V/a^2.
        mt = self.m + self.m_he + self.m_air
        k = 1.0 + n_r / self.c_t
        self.c_kg_pa = mt / (k * self.p)
        self.x_lim = x = X_GAS * k
        self.y_x = _THIRD / x
        self.dp_du = self.p / (self.t * self.c_t)
        self.free_kg = 0.0
        self.p_sat = 0.0

    def _solve_single(self, rho: float, cnc: float) -> None:
        f, m, u = self._f, self.m, self.u
        liquid = rho > RHO_CRIT
        s = f.liquid if liquid else f.gas
        t = self.t
        ct = m * self._cv + cnc
        t += (u - m * self._u_last - cnc * t) / ct if ct > 0.0 else 0.0
        p = us = cv = dt = 0.0
        for _ in range(8):
            if t < 13.9 or t > 450.0:
                self._rescue(rho, cnc)
                return
            s.update(f.DT, rho, t)
            us, cv = s.umass(), s.cvmass()
            ct = m * cv + cnc
            dt = (u - m * us - cnc * t) / ct
            t += dt
            if -0.05 < dt < 0.05 or (-0.002 * t < dt < 0.002 * t and not liquid):
                break
        else:
            self._rescue(rho, cnc)
            return
        p = s.p()
        self._u_last = us + cv * dt
        self._cv = cv
        self.t = t
        self.c_t = ct
        if liquid:
            dr, dtt = rho - self._rho_d, t - self._t_d
            if dr > 0.3 or dr < -0.3 or dtt > 0.2 or dtt < -0.2:
                self._pt, self._pr = f.partials(True)
                self._rho_d, self._t_d = rho, t
            pt, pr = self._pt, self._pr
            self.phase = LIQUID
            self.gas_share = 0.0
            self.m_liq = m
            p += pt * dt
            p_nc = (self.m_he * R_HE + self.m_air * R_AIR) * t / (_MIN_GAS_SHARE * self.v)
            self.p = p + p_nc
            self.dp_du = pt / ct
            self.c_kg_pa = self.v / (pr + t * pt * pt * self.v / (rho * ct))
            self.p_sat = p_sat = (f.sat_t(t)[0] + p_nc) if t < SAT_T1 else 0.0
            self.x_lim = liquid_limit(self.p, p_sat)
            self.y_x = 0.0
            self.free_kg = 0.0
        else:
            self.phase = GAS
            self.gas_share = 1.0
            self.m_liq = 0.0
            ph2 = p * (1.0 + dt / t)
            p_nc = (self.m_he * R_HE + self.m_air * R_AIR) * t / self.v
            self.p = ph2 + p_nc
            self._gas_derivatives(self.p * self.v / t)

    def _solve_two(self, cnc: float) -> bool:
        cells, m, v, u, t = self._f.cells, self.m, self.v, self.u, self.t
        p = dp = rl = rv = vg = dg = ul = uv = drr = 0.0
        for _ in range(12):
            i = int((t - SAT_T0) * SAT_INV)
            i = 0 if i < 0 else SAT_N - 1 if i >= SAT_N else i
            t0, p, dp, rl, drl, rv, drv, ul, dul, uv, duv = cells[i]
            x = t - t0
            rl += drl * x
            rv += drv * x
            ul += dul * x
            uv += duv * x
            drr = rl - rv
            vg = (rl * v - m) / drr
            dg = dul * (v - vg) + duv * vg + (uv - ul) * (drl * v - vg * (drl - drv)) / drr + cnc
            dt = (ul * (v - vg) + uv * vg + cnc * t - u) / dg
            if -1e-6 < dt < 1e-6:
                p += dp * x
                break
            if dt > 1.0:
                dt = 1.0
            elif dt < -1.0:
                dt = -1.0
            t -= dt
            if t > SAT_T1 - 0.02 or t < SAT_T0:
                return self._leave_two(t)
        else:
            p += dp * (t - t0)
        if vg < 0.0 or vg > v:
            return self._leave_two(t)
        self.t = t
        gas = vg if vg > _MIN_GAS_SHARE * v else _MIN_GAS_SHARE * v
        nr_nc = self.m_he * R_HE + self.m_air * R_AIR
        p_nc = nr_nc * t / gas
        self.p_sat = p
        p += p_nc
        self.p = p
        self.phase = TWO_PHASE
        self.gas_share = share = vg / v
        self.x_lim = share * X_COLD + (1.0 - share) * (0.04 + _FF_SLOPE * sqrt(p - p_nc))
        self.y_x = share * _Y_COLD
        self.m_liq = rl * (v - vg)
        self.c_t = dg
        self.dp_du = dp / dg
        h = (u + p * v) / (m + self.m_he + self.m_air)
        slope = self.dp_du * (h - (ul - uv) / drr)
        if p_nc > 0.0:
            slope += p_nc / (gas * drr)
        self.c_kg_pa = 1.0 / slope if slope > 1.0 else 1.0
        self.free_kg = drr * vg
        return True

    def liquid_h(self) -> float:
        """Enthalpy of the saturated liquid at the node's temperature, J/kg."""
        p, rl, _, ul, _ = self._f.sat_t(self.t)
        return (ul + p) / rl

    def _energy_at(self, t: float, rho: float, cnc: float) -> float:
        """Internal energy of the content in equilibrium at temperature `t`, J."""
        m, v = self.m, self.v
        if t < SAT_T1:
            _, rl, rv, ul, uv = self._f.sat_t(t)
            if rv < rho < rl:
                vg = (rl * v - m) / (rl - rv)
                return ul * (v - vg) + uv * vg + cnc * t
        return m * self._f.state(rho, t, rho > RHO_CRIT)[1] + cnc * t

    def _rescue(self, rho: float, cnc: float) -> None:
        """Equilibrium by bisection after a jump that Newton cannot follow (first liquid in a warm pipe)."""
        lo, hi = 13.95, 440.0
        while hi - lo > 1e-7 * hi:
            t = 0.5 * (lo + hi)
            if self._energy_at(t, rho, cnc) < self.u:
                lo = t
            else:
                hi = t
        self.t = t = 0.5 * (lo + hi)
        self._rho_d = -1.0
        if t < SAT_T1:
            _, rl, rv, _, _ = self._f.sat_t(t)
            if rv < rho < rl:
                self.phase = TWO_PHASE
                if self._solve_two(cnc):
                    return
                self.t = t
        self._u_last = (self.u - cnc * t) / self.m
        if 14.0 < t < 439.0:
            self._cv = self._f.state(rho, t, rho > RHO_CRIT)[2]
            self._solve_single(rho, cnc)
            return
        # Outside the property range (triple point or far too hot): hold the edge's pressure.
        p, _, cv = self._f.state(rho, t, rho > RHO_CRIT)
        self._cv = cv
        self.c_t = self.m * cv + cnc
        self.phase = LIQUID if rho > RHO_CRIT else GAS
        self.gas_share = 0.0 if rho > RHO_CRIT else 1.0
        self.m_liq = self.m if rho > RHO_CRIT else 0.0
        self.p = max(p, 1000.0) + (self.m_he * R_HE + self.m_air * R_AIR) * t / self.v
        self._gas_derivatives(self.p * self.v / t)

    def _leave_two(self, t_k: float) -> bool:
        """Prepare the single-phase guess at the point where the dome was left."""
        self.t = t_k
        self._u_last = (self.u - (self.m_he * CV_HE + self.m_air * CV_AIR) * t_k) / self.m
        self._cv = 6000.0
        self._rho_d = -1.0
        return False
