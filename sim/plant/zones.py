"""The two zones of the onboard tank: from masses and energies to temperatures, liquid volume and one pressure.

Conserved: mass and internal energy of liquid and vapour. The liquid volume follows from pressure equality (Newton,
warm-started, one HEOS evaluation per zone and pass); p.dV work is taken from one zone and given to the other, so the
total energy closes exactly. A small cushion of vapour stays when the liquid fills the vessel: the same equations then
give the stiffness of the liquid. Above the critical pressure they are two parts of one fluid, dense below, light above.
Helium and air are ideal gases in the vapour.
"""

from __future__ import annotations

from .fluid import CV_AIR, CV_HE, R_AIR, R_HE, Fluid

POOL_KG = 0.3  # below this the liquid is a thin saturated pool without compressibility
CUSHION = 1e-4  # of the volume: vapour that never condenses
T_MIN_K = 13.9
_PASSES = 8


class PropertyError(ArithmeticError):
    """No state of hydrogen fits the masses, energies and volume of a vessel: the message names them."""


class Zones:
    """`p` Pa, `tl`/`tv` K, `vl` m3, masses kg, energies J. `v` is the vessel's volume."""

    __slots__ = (
        "f", "v", "ml", "ul", "mv", "uv", "mhe", "mair", "vl", "tl", "tv", "p", "rho_l", "rho_v", "h_vap",
        "_u_l", "_u_v", "_cl", "_cv", "_ptl", "_prl", "_ptv", "_prv", "_age",
    )  # fmt: skip

    def __init__(self, fluid: Fluid, volume_m3: float) -> None:
        self.f = fluid
        self.v = volume_m3
        self.mhe = self.mair = 0.0

    def place(self, ml: float, vl: float, tl: float, mv: float, tv: float) -> None:
        """Set the content: liquid of `ml` kg in `vl` m3 at `tl` K, vapour of `mv` kg at `tv` K in the rest."""
        f = self.f
        self.ml, self.vl, self.tl, self.mv, self.tv = ml, vl, tl, mv, tv
        self.rho_l = ml / vl if vl > 0.0 else f.sat_t(tl)[1]
        self.rho_v = mv / (self.v - vl)
        _, self._u_l, self._cl = f.state(self.rho_l, tl, True)
        self._ptl, self._prl = f.partials(True)
        self.p, self._u_v, self._cv = f.state(self.rho_v, tv, False)
        self._ptv, self._prv = f.partials(False)
        self.ul = ml * self._u_l
        self.uv = mv * self._u_v
        self.h_vap = self._u_v + self.p / self.rho_v
        self._age = 0

    def mass_kg(self) -> float:
        """Hydrogen in the tank."""
        return self.ml + self.mv

    def helium_bar(self) -> float:
        """Partial pressure of helium and air, Pa."""
        return (self.mhe * R_HE + self.mair * R_AIR) * self.tv / (self.v - self.vl)

    def _solve(self, p: float) -> None:
        """Temperatures, liquid volume and pressure from the conserved quantities; `p` does the p.dV work.

        Raises PropertyError when no state fits (never a NaN).
        """
        f, v, ml, mv = self.f, self.v, self.ml, self.mv
        if ml < POOL_KG:
            self._solve_pool(p)
            return
        if self.vl <= 0.0 or self._cl <= 0.0:
            self._solve_pool(p)
        vl0 = self.vl
        ul, uv = self.ul, self.uv
        cn = self.mhe * CV_HE + self.mair * CV_AIR
        rn = self.mhe * R_HE + self.mair * R_AIR
        self._age -= 1
        tl, tv, vl = self.tl, self.tv, vl0
        # Predict the liquid volume at constant density, temperatures at constant cv.
        vl += (ml - self.rho_l * vl0) / self.rho_l
        if v - vl < 0.7 * (v - vl0):
            vl = v - 0.7 * (v - vl0)
        elif v - vl > 1.3 * (v - vl0):
            vl = v - 1.3 * (v - vl0)
        tl += ((ul - p * (vl - vl0)) / ml - self._u_l) / self._cl
        u2 = uv + p * (vl - vl0)
        tv += (u2 - cn * tv - mv * self._u_v) / (mv * self._cv + cn)
        gas, liq = f.gas, f.liquid
        for _ in range(_PASSES):
            rl, vv = ml / vl, v - vl
            rv = mv / vv
            tv = T_MIN_K if tv < T_MIN_K else tv
            tl = T_MIN_K if tl < T_MIN_K else tl
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
            self._age = 0
        work = p * (vl - vl0)
        self.ul = ul - work
        self.uv = uv + work
        self.vl, self.tl, self.tv = vl, tl, tv
        self.rho_l, self.rho_v = ml / vl, mv / (v - vl)
        self._u_l = self.ul / ml
        self._u_v = (self.uv - cn * tv) / mv
        self._cl, self._cv = cl, cv
        p_end = pv + ptv * dtv + prv * rv / vv * dv
        if not 0.0 < p_end < 1e9:
            raise PropertyError(
                f"no state: liquid {ml:.4g} kg {self._u_l:.6g} J/kg at {tl:.2f} K, vapour {mv:.4g} kg "
                f"{self._u_v:.6g} J/kg at {tv:.2f} K in {v:.4g} m3"
            )
        self.p = p_end
        self.h_vap = self._u_v + (p_end - rn * tv / (v - vl)) / self.rho_v

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
        cn = self.mhe * CV_HE + self.mair * CV_AIR
        vv = v - vl
        rv = mv / vv
        tv = self.tv + (self.uv - cn * self.tv - mv * self._u_v) / (mv * self._cv + cn)
        dt = us = cv = 0.0
        for _ in range(_PASSES):
            tv = T_MIN_K if tv < T_MIN_K else tv
            f.gas.update(f.DT, rv, tv)
            us, cv = f.gas.umass(), f.gas.cvmass()
            dt = (self.uv - mv * us - cn * tv) / (mv * cv + cn)
            tv += dt
            if -0.02 < dt < 0.02:
                break
        ph2 = f.gas.p() * (1.0 + dt / tv)
        if not 0.0 <= ph2 < 1e9:
            raise PropertyError(f"no state: vapour {mv:.4g} kg at {tv:.2f} K in {vv:.4g} m3")
        self.tv = tv
        self.rho_v = rv
        self._cv = cv
        self._u_v = us + cv * dt
        self.p = ph2 + (self.mhe * R_HE + self.mair * R_AIR) * tv / vv
        self.h_vap = self._u_v + ph2 / rv
        self._age = 0
