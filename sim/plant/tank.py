"""Onboard tank: liquid zone, vapour zone, interface and a wall in contact with each.

Conserved: masses and internal energies of the zones, wall energies. The liquid volume follows from pressure equality
(one Newton step per tick, warm-started, one HEOS evaluation per zone); p.dV work is taken from one zone and given to
the other, so the total energy closes exactly. Zones are mixed; stratification inside the liquid is not modelled.
Coefficients are assumed unless a source is named.
"""

from __future__ import annotations

from .config import PlantConfig
from .fluid import CP_HE, CV_HE, R_AIR, R_HE, Fluid
from .metal import Metal, boiling_htc, steel_h

_POOL_KG = 0.3  # below this the liquid is a thin saturated pool without compressibility
_TAU_FLASH_S = 1.0
_TAU_FOG_S = 0.3
_SPRAY_EFFECT = 0.9  # approach of the spray to saturation
_UA_INTERFACE_L = 120.0  # W/K at rest, liquid side, 2 m2
_UA_INTERFACE_V = 20.0  # W/K at rest, vapour side
_HTC_DRY = 12.0  # W/m2K, dry wall to vapour at rest
_HEATER_W = 2000.0  # HT205 at 100 %


class Tank:
    """Two zones. `p` Pa, `tl`/`tv` K, `vl` m3, masses kg. `q_in_j` is all heat ever put in (leak and heater)."""

    __slots__ = (
        "f", "v", "ml", "ul", "mv", "uv", "mhe", "mair", "vl", "tl", "tv", "p", "cfg", "wet", "dry", "share", "rho_l",
        "rho_v", "t_sat", "q_in_j", "h_vap", "_u_l", "_u_v", "_cl", "_cv", "_ptl", "_prl", "_ptv", "_prv", "_age",
        "leak_w", "w_in",
    )  # fmt: skip

    def __init__(self, cfg: PlantConfig, fluid: Fluid) -> None:
        self.f = fluid
        self.cfg = cfg
        self.v = cfg.volume_m3
        self.mhe = self.mair = 0.0
        self.q_in_j = self.w_in = 0.0
        self.leak_w = cfg.tank_leak_w
        p = cfg.tank_bar * 1e5
        ts, _, _, rl, rv = fluid.sat_p(p)
        tv = ts
        if cfg.wall_k > ts + 3.0:
            tv = 0.5 * (ts + cfg.wall_k)
        rho_v = rv if tv == ts else fluid.h_pt(p, tv)[1]
        self.p, self.t_sat = p, ts
        mv_full = rho_v * self.v
        if cfg.mass_kg <= mv_full:
            self.ml = self.vl = 0.0
            self.mv = cfg.mass_kg
            tv = self._gas_temperature(p, cfg.mass_kg / self.v)
            if tv > 1.5 * cfg.wall_k + 10.0:
                raise ValueError(
                    f"mass_kg = {cfg.mass_kg}: at {cfg.tank_bar} bar this is vapour of {tv:.0f} K, which is not "
                    f"consistent with wall_k = {cfg.wall_k}"
                )
        else:
            self.vl = (cfg.mass_kg - mv_full) / (rl - rho_v)
            if self.vl > self.v:
                raise ValueError(
                    f"mass_kg = {cfg.mass_kg}: does not fit, {rl * self.v:.1f} kg fills the tank"
                )
            self.ml = rl * self.vl
            self.mv = rho_v * (self.v - self.vl)
        self.tl, self.tv = ts, tv
        self.rho_l = rl
        self.rho_v = self.mv / (self.v - self.vl)
        pl, self._u_l, self._cl = fluid.state(rl, ts, True)
        self._ptl, self._prl = fluid.partials(True)
        self.p, self._u_v, self._cv = fluid.state(self.rho_v, tv, False)
        self._ptv, self._prv = fluid.partials(False)
        self.ul = self.ml * self._u_l
        self.uv = self.mv * self._u_v
        self.h_vap = self._u_v + self.p / self.rho_v
        self._age = 0
        self.share = self.vl / self.v
        self.wet = Metal(cfg.tank_wall_kg, ts)
        self.dry = Metal(cfg.tank_wall_kg, max(cfg.wall_k, ts))
        self._split_wall()

    def _gas_temperature(self, p: float, rho: float) -> float:
        lo, hi = 14.0, 1000.0
        for _ in range(50):
            t = 0.5 * (lo + hi)
            if self.f.state(rho, t, False)[0] < p:
                lo = t
            else:
                hi = t
        return t

    def _split_wall(self) -> None:
        """Give each wall section its mass at its own temperature (set-up only)."""
        mass = self.cfg.tank_wall_kg
        for wall, share in ((self.wet, self.share), (self.dry, 1.0 - self.share)):
            wall.mass_kg = mass * min(max(share, 0.001), 0.999)
            wall.e_j = wall.mass_kg * steel_h(wall.t_k)
            wall.add(0.0)

    def mass_kg(self) -> float:
        """Hydrogen in the tank."""
        return self.ml + self.mv

    def helium_bar(self) -> float:
        """Partial pressure of helium and air, Pa."""
        return (self.mhe * R_HE + self.mair * R_AIR) * self.tv / (self.v - self.vl)

    def take_vapour(self, kg: float) -> tuple[float, float, float, float]:
        """Remove `kg` of the vapour mixture; returns (h2 kg, he kg, air kg, enthalpy J) actually removed."""
        total = self.mv + self.mhe + self.mair
        share = min(kg / total, 0.2)
        vv = self.v - self.vl
        h = (self.uv + self.p * vv) * share
        m, he, air = self.mv * share, self.mhe * share, self.mair * share
        self.mv -= m
        self.mhe -= he
        self.mair -= air
        self.uv -= h
        return m, he, air, h

    def step(self, dt: float, m_in: float, he_in: float, air_in: float, h_in: float, heater: float) -> None:
        """Advance by `dt` s with an inflow of kg and J (total enthalpy) in this step; `heater` 0-1 of HT205."""
        p, f = self.p, self.f
        nc = self.mhe + self.mair
        p_h2 = p - self.helium_bar() if nc > 0.0 else p
        ts, hls, hvs, _, _ = f.sat_p(p_h2)
        self.t_sat = ts
        hfg = hvs - hls
        ml, mv, ul, uv = self.ml, self.mv, self.ul, self.uv
        hv = self.h_vap
        w = m_in / dt
        self.w_in += (w - self.w_in) * 0.1
        w = self.w_in
        spray = self.cfg.spray_fraction
        if he_in > 0.0 or air_in > 0.0:
            # Gas that comes with the liquid leaves it cold; its enthalpy counts into the vapour zone.
            t_in = self.tl if m_in > 0.0 else self.tv
            h_gas = (he_in * CP_HE + air_in * 1005.0) * t_in
            if m_in <= 0.0:
                h_gas = h_in
            self.mhe += he_in
            self.mair += air_in
            uv += h_gas
            h_in -= h_gas
        if m_in > 0.0:
            x = (h_in / m_in - hls) / hfg
            if x <= 0.0:
                j = spray * _SPRAY_EFFECT * (-x) * m_in
                j = min(j, 0.05 * mv) if mv > 0.02 else 0.0
                ml += m_in + j
                ul += h_in + j * hv
                mv -= j
                uv -= j * hv
            elif x >= 1.0:
                mv += m_in
                uv += h_in
            else:
                gas = x * m_in
                mv += gas
                uv += gas * hvs
                ml += m_in - gas
                ul += h_in - gas * hvs
        # Heat leak and heater: the liquid share goes in through the wet wall.
        share = self.share
        q = self.leak_w * dt
        self.wet.add(q * share)
        self.dry.add(q * (1.0 - share))
        self.q_in_j += q
        if heater > 0.0 and ml > _POOL_KG:
            q = heater * _HEATER_W * dt
            ul += q
            self.q_in_j += q
        # Walls.
        area = self.cfg.tank_area_m2
        c_v = mv * self._cv + 1.0
        d = self.dry.t_k - self.tv
        ha = (_HTC_DRY + 150.0 * w) * area * (1.0 - share) * dt
        q = d * ha / (1.0 + ha * (1.0 / self.dry.c_j_k + 1.0 / c_v))
        self.dry.add(-q)
        uv += q
        if ml > 1e-3:
            c_l = ml * self._cl
            d = self.wet.t_k - self.tl
            ha = (boiling_htc(d) if d > 0.0 else 300.0) * area * max(share, 0.002) * dt
            q = d * ha / (1.0 + ha * (1.0 / self.wet.c_j_k + 1.0 / c_l))
            self.wet.add(-q)
            if d > 3.0:
                # A wall well above saturation makes vapour that leaves the liquid at once.
                j = min(0.7 * q / hfg, 0.5 * ml)
                ml -= j
                mv += j
                ul += q - j * hvs
                uv += j * hvs
            else:
                ul += q
            # Interface: heat to the liquid, heat from the vapour, the rest is phase change.
            wetness = ml / (ml + 0.5)
            ua = (_UA_INTERFACE_L + 3000.0 * w) * wetness * dt
            d = ts - self.tl
            ql = d * ua / (1.0 + ua / c_l)
            ua = (_UA_INTERFACE_V + 8000.0 * spray * w) * wetness * dt
            d = self.tv - ts
            qv = d * ua / (1.0 + ua / c_v)
            j = (qv - ql) / hfg
            if j > 0.5 * ml:
                j = 0.0
                qv = ql
            elif j < -0.02 * mv:
                j = -0.02 * mv
                ql = qv - j * hfg
            ml -= j
            ul += ql - j * hls
            mv += j
            uv += j * hvs - qv
            d = self.tl - ts
            if d > 0.0:
                j = ml * 1.6 * self._cl * d / hfg * dt / _TAU_FLASH_S
                if j > 0.2 * ml:
                    j = 0.2 * ml
                ml -= j
                ul -= j * hvs
                mv += j
                uv += j * hvs
        d = ts - self.tv
        if d > 0.0 and mv > 0.05:
            j = c_v * d / hfg * dt / _TAU_FOG_S
            ml += j
            ul += j * hls
            mv -= j
            uv -= j * hls
        self.ml, self.mv, self.ul, self.uv = ml, mv, ul, uv
        self._solve(p)
        new = self.vl / self.v
        new = 0.001 if new < 0.001 else 0.999 if new > 0.999 else new
        d = new - share
        if d > 1e-5 or d < -1e-5:
            self._move_wall(d)

    def _move_wall(self, d: float) -> None:
        """The level moved by share `d`: that much wall changes section and takes its enthalpy along."""
        src, dst = (self.dry, self.wet) if d > 0.0 else (self.wet, self.dry)
        mass = min(abs(d) * self.cfg.tank_wall_kg, 0.9 * src.mass_kg)
        e = src.e_j * mass / src.mass_kg
        src.mass_kg -= mass
        dst.mass_kg += mass
        src.add(-e)
        dst.add(e)
        self.share = self.wet.mass_kg / self.cfg.tank_wall_kg

    def _solve(self, p: float) -> None:
        """Temperatures, liquid volume and pressure from the conserved quantities; `p` does the p.dV work."""
        f, v, ml, mv = self.f, self.v, self.ml, self.mv
        vl0 = self.vl
        if ml < _POOL_KG:
            self._solve_pool(p)
            return
        if vl0 <= 0.0 or self._cl <= 0.0:
            self._solve_pool(p)
            vl0 = self.vl
        ul, uv = self.ul, self.uv
        cn = self.mhe * CV_HE + self.mair * 718.0
        rn = self.mhe * R_HE + self.mair * R_AIR
        self._age -= 1
        tl, tv, vl = self.tl, self.tv, vl0
        # Predict the liquid volume at constant density, temperatures at constant cv.
        vl += (ml - self.rho_l * vl0) / self.rho_l
        if vl > v - 1e-4:
            vl = v - 1e-4
        tl += ((ul - p * (vl - vl0)) / ml - self._u_l) / self._cl
        u2 = uv + p * (vl - vl0)
        tv += (u2 - cn * tv - mv * self._u_v) / (mv * self._cv + cn)
        gas, liq = f.gas, f.liquid
        for _ in range(5):
            rl, vv = ml / vl, v - vl
            rv = mv / vv
            tv = 13.9 if tv < 13.9 else tv
            liq.update(f.DT, rl, tl)
            gas.update(f.DT, rv, tv)
            pl, us_l, cl = liq.p(), liq.umass(), liq.cvmass()
            pv, us_v, cv = gas.p(), gas.umass(), gas.cvmass()
            if self._age <= 0:
                self._ptl, self._prl = f.partials(True)
                self._ptv, self._prv = f.partials(False)
                self._age = 10
            ptl, prl, ptv, prv = self._ptl, self._prl, self._ptv, self._prv
            pv += rn * tv / vv
            ptv += rn / vv
            work = p * (vl - vl0)
            el = (ul - work) / ml - us_l
            ct = mv * cv + cn
            ev = uv + work - mv * us_v - cn * tv
            bl = -tl * ptl / ml
            bv = tv * ptv
            den = ptl * bl / cl - prl * rl / vl - ptv * bv / ct - prv * rv / vv
            dv = (pv + ptv * ev / ct - pl - ptl * el / cl) / den
            # Keep inside the vessel; the rest of the step follows on the next tick.
            lim = 0.3 * vv
            dv = lim if dv > lim else -lim if dv < -lim else dv
            dtl = (el + bl * dv) / cl
            dtv = (ev + bv * dv) / ct
            vl += dv
            tl += dtl
            tv += dtv
            if -0.01 < dtl < 0.01 and -0.05 < dtv < 0.05 and -2e-4 * vv < dv < 2e-4 * vv:
                break
        work = p * (vl - vl0)
        self.ul = ul - work
        self.uv = uv + work
        self.vl, self.tl, self.tv = vl, tl, tv
        self.rho_l, self.rho_v = ml / vl, mv / (v - vl)
        self._u_l = self.ul / ml
        self._u_v = (self.uv - cn * tv) / mv
        self._cl, self._cv = cl, cv
        p_h2 = pv + ptv * dtv + prv * rv / vv * dv
        self.p = p_h2
        nc = rn * tv / (v - vl)
        self.h_vap = self._u_v + (p_h2 - nc) / self.rho_v

    def _solve_pool(self, p: float) -> None:
        """Little or no liquid: the pool is saturated, only the vapour has an equation of state."""
        f, v, ml, mv = self.f, self.v, self.ml, self.mv
        ts, hls, _, rl, _ = f.sat_p(p)
        vl = ml / rl
        work = p * (vl - self.vl)
        self.ul -= work
        self.uv += work
        self.vl = vl
        self.rho_l = rl
        self._cl = 6000.0
        if ml > 1e-6:
            self._u_l = self.ul / ml
            # Explicit cv: the flash term brings a superheated pool back to saturation.
            t = ts + (self._u_l - (hls - p / rl)) / (1.3 * self._cl)
            self.tl = min(max(t, 14.0), 32.0)
        else:
            self.tl = ts
        cn = self.mhe * CV_HE + self.mair * 718.0
        vv = v - vl
        rv = mv / vv
        tv = self.tv + (self.uv - cn * self.tv - mv * self._u_v) / (mv * self._cv + cn)
        dt = us = cv = 0.0
        for _ in range(6):
            tv = 13.9 if tv < 13.9 else tv
            f.gas.update(f.DT, rv, tv)
            us, cv = f.gas.umass(), f.gas.cvmass()
            dt = (self.uv - mv * us - cn * tv) / (mv * cv + cn)
            tv += dt
            if -0.02 < dt < 0.02:
                break
        ph2 = f.gas.p() * (1.0 + dt / tv)
        self.tv = tv
        self.rho_v = rv
        self._cv = cv
        self._u_v = us + cv * dt
        self.p = ph2 + (self.mhe * R_HE + self.mair * R_AIR) * tv / vv
        self.h_vap = self._u_v + ph2 / rv
        self._age = 0
