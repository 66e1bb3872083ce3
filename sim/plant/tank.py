"""Onboard tank: what liquid, vapour, their surface and the wall exchange, and what comes in.

The liquid is a bulk under a warm layer. The layer's surface has the saturation temperature of the pressure; heat goes
down through it by conduction, and the boundary layer of the wetted wall brings it some of the wall's heat. Its state is
one number, the energy it has above the bulk (integral method).
Coefficients and their sources: docs/plant.md.
"""

from __future__ import annotations

from math import sqrt

from .fluid import CP_HE, PSAT_STEP, Fluid
from .metal import boiling_htc
from .shape import CELLS, Shape
from .vessel import Vessel
from .wall import Wall
from .zones import CUSHION, POOL_KG, PropertyError, Zones

_TAU_FLASH_S = 1.0
_TAU_FOG_S = 0.3
_SPRAY_EFFECT = 0.9  # approach of the spray to saturation
_SPRAY_VAPOUR = 8000.0  # W/K per kg/s of spray: vapour cooled towards saturation
_JET = 2500.0  # W/K per kg/s of inflow: surface stirred from below
_JET_VAPOUR = 4000.0  # W/K per kg/s of inflow: vapour stirred by that surface
_HTC_DRY = 12.0  # W/m2K, dry wall to vapour at rest: turbulent natural convection at 1 K
_HTC_DRY_FILL = 150.0  # W/m2K per kg/s of inflow
_HTC_VAPOUR = 1.0  # W/m2K, vapour to the surface below it: stable, barely moves
_HTC_CORNER = 0.3  # W/m2K, that vapour to the wall above the line of contact
_ALONG = 0.15  # share of the wall's mass that conducts along it; the rest is bosses, ribs and supports
_K_LIQUID = 0.165  # W/m/K: 0.10 of the liquid, and what ripples and plumes mix into the layer
_SKIN_M = 0.003  # of the surface, mixed by ripples
_PROFILE = 3.0  # depth of the layer over its mean depth: parabolic profile
_FLUX = 2.55  # surface gradient of the layer x depth: exact for a surface that warms steadily
_WALL_NC = 20.0  # W/m2K at 1 W/m2, grows with flux^1/4: turbulent boundary layer on the wetted wall
_COOL_SURFACE = 255.0  # W/m2K at 1 K: surface colder than the bulk, turbulent natural convection
_SLOSH = 2000.0  # W/m2K of surface while the liquid sloshes
_SLOSH_DRY = 300.0  # W/m2K of dry wall, which it wets
_TAU_SLOSH_S = 5.0
_LEAST_SURFACE = 0.02  # of the wall: bubbles under the top of a vessel that is nearly full
_HEATER_W = 2000.0  # HT205 at 100 %
_INLET_TAU_S = 0.1
_ENTRAIN = 0.01  # of the volume
_MERGE = 0.03  # of the light mass
_GAMMA = 1.7  # cold vapour


class Tank(Zones):
    """Liquid and vapour (`Zones`), `warm_j` of the layer, wall sections `wet` and `dry` with `share` of the wall wet.

    `q_in_j` is all heat ever put in (leak and heater).
    """

    __slots__ = (
        "vessel", "shape", "wet", "dry", "share", "warm_j", "t_bulk", "t_sat", "leak_w", "q_in_j", "w_in", "slosh",
        "_line_w_k", "_wall_w_m_k", "_p_top",
    )  # fmt: skip

    def __init__(self, vessel: Vessel, fluid: Fluid, mass_kg: float, p_pa: float, wall_k: float = 0.0) -> None:
        super().__init__(fluid, vessel.volume_m3)
        self.vessel = vessel
        self.shape = Shape(vessel.volume_m3, vessel.area_m2)
        self.q_in_j = self.w_in = self.leak_w = self.warm_j = self.slosh = 0.0
        self._p_top = (fluid.p_cell_max + 1) * PSAT_STEP
        wall = vessel.material
        # A fin: vapour heats the wall above the surface, which conducts into the liquid at the line of contact.
        self._wall_w_m_k = _ALONG * wall.k_w_m_k * vessel.thickness_m()
        self._line_w_k = sqrt(_HTC_CORNER * self._wall_w_m_k)
        ts, _, _, rl, rv = fluid.sat_p(p_pa)
        wall_k = max(wall_k, ts)
        tv = 0.5 * (ts + wall_k) if wall_k > ts + 3.0 else ts
        rho_v = rv if tv == ts else fluid.h_pt(p_pa, tv)[1]
        self.t_sat = self.t_bulk = ts
        mv_full = rho_v * self.v
        if mass_kg <= mv_full:
            ml = vl = 0.0
            mv = mass_kg
            tv = self._gas_temperature(p_pa, mass_kg / self.v)
            if tv > 1.5 * wall_k + 10.0:
                raise ValueError(
                    f"mass_kg = {mass_kg}: at {p_pa * 1e-5:g} bar this is vapour of {tv:.0f} K, which is not "
                    f"consistent with wall_k = {wall_k:g}"
                )
        else:
            vl = (mass_kg - mv_full) / (rl - rho_v)
            if vl > self.v * (1.0 - CUSHION):
                raise ValueError(f"mass_kg = {mass_kg}: does not fit, {rl * self.v:.1f} kg fills the tank")
            ml = rl * vl
            mv = rho_v * (self.v - vl)
        self.place(ml, vl, ts, mv, tv)
        self.share = min(max(self.shape.at(self.vl / self.v).wet, 0.001), 0.999)
        self.wet = Wall(wall, vessel.wall_kg * self.share, ts)
        self.dry = Wall(wall, vessel.wall_kg * (1.0 - self.share), wall_k)

    def _gas_temperature(self, p: float, rho: float) -> float:
        lo, hi = 14.0, 1000.0
        for _ in range(50):
            t = 0.5 * (lo + hi)
            if self.f.state(rho, t, False)[0] < p:
                lo = t
            else:
                hi = t
        return t

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

    def take_liquid(self, kg: float) -> tuple[float, float]:
        """Remove `kg` of the liquid, of which there must be some; returns (kg, enthalpy J) actually removed."""
        part = min(kg / self.ml, 0.2)
        h = (self.ul + self.p * self.vl) * part
        m = self.ml * part
        self.ml -= m
        self.ul -= h
        return m, h

    def yields_m3_pa(self) -> float:
        """Volume that the content gives way by per Pa: of the vapour's, and a little of the liquid's."""
        return (self.v - self.vl) / (_GAMMA * self.p) + self.vl / (self.rho_l * self._prl)

    def liquid_share(self) -> float:
        """Share of liquid in what leaves at the top: none until the vapour is a hundredth of the vessel."""
        gap = ((self.v - self.vl) / self.v - 2.0 * CUSHION) / _ENTRAIN
        return 0.0 if gap >= 1.0 or self.ml < POOL_KG else 1.0 if gap <= 0.0 else 1.0 - gap

    def top_density(self) -> float:
        """Density of what leaves at the top."""
        share = self.liquid_share()
        return self.rho_v if share == 0.0 else self.rho_v + share * (self.rho_l - self.rho_v)

    def relieve(self, kg: float) -> tuple[float, float, float, float]:
        """Remove `kg` at the top, liquid too when the vessel is full of it; returns as `take_vapour`."""
        share = self.liquid_share()
        if share == 0.0:
            return self.take_vapour(kg)
        m, he, air, h = self.take_vapour(kg * (1.0 - share)) if share < 1.0 else (0.0, 0.0, 0.0, 0.0)
        m_l, h_l = self.take_liquid(kg * share)
        return m + m_l, he, air, h + h_l

    def step(self, dt: float, m_in: float, he_in: float, air_in: float, h_in: float, heater: float) -> None:
        """Advance by `dt` s with an inflow of kg and J (total enthalpy) in this step; `heater` 0-1 of HT205."""
        p, f = self.p, self.f
        p_h2 = p - self.helium_bar() if self.mhe + self.mair > 0.0 else p
        i = int(p_h2 / PSAT_STEP)
        if i < 0:
            i = 0
        top = p_h2 >= self._p_top
        if top:
            i = f.p_cell_max
            p_h2 = self._p_top
        p0, ts, dts, hls, dhl, hvs, dhv, rls, drl, rvs, drv = f.pcells[i]
        x = p_h2 - p0
        ts += dts * x
        hls += dhl * x
        hfg = hvs + dhv * x - hls
        hvs = hls + hfg
        cp = dhl / dts if dts > 0.0 else 9000.0
        self.t_sat = ts
        ml, mv, ul, uv = self.ml, self.mv, self.ul, self.uv
        hv = self.h_vap
        w = m_in / dt
        w = self.w_in = self.w_in + (w - self.w_in) * dt / (dt + _INLET_TAU_S)
        spray = self.vessel.spray_fraction
        spare = mv - CUSHION * self.v * rvs
        if spare < 0.0:
            spare = 0.0
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
                most = spare * dt / (dt + 0.2)
                if j > most:
                    j = most
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
        # Walls, each with its part of the heat leak, and the heater. The coefficients are those of the step's start:
        # heat that passes within the step does not make a wall hot.
        share = self.share
        wet, dry = self.wet, self.dry
        leak = self.leak_w * dt
        self.q_in_j += leak
        if heater > 0.0 and ml > POOL_KG:
            q = heater * _HEATER_W * dt
            ul += q
            self.q_in_j += q
        area = self.vessel.area_m2
        c_v = mv * self._cv + 1.0
        add = leak * (1.0 - share)
        d = dry.t_k - self.tv + add / dry.c_j_k
        ha = (_HTC_DRY + _HTC_DRY_FILL * w + _SLOSH_DRY * self.slosh) * area * (1.0 - share) * dt
        q = d * ha / (1.0 + ha * (1.0 / dry.c_j_k + 1.0 / c_v))
        dry.add(add - q)
        uv += q
        add = leak * share
        if ml > 1e-3:
            c_l = ml * cp
            warm = self.warm_j
            tb = self.tl - warm / c_l
            d = wet.t_k - tb
            a_wet = area * share
            ha = (boiling_htc(d) if d > 0.0 else 300.0) * a_wet * dt
            q = (d + add / wet.c_j_k) * ha / (1.0 + ha * (1.0 / wet.c_j_k + 1.0 / c_l))
            wet.add(add - q)
            fill = self.vl / self.v
            i = int(fill * CELLS)
            if i >= CELLS:
                i = CELLS - 1
            _, _, surface, ds, line, dl = self.shape.cells[i]
            least_m2 = _LEAST_SURFACE * area
            x = fill - i / CELLS
            surface += ds * x
            line += dl * x
            if surface < least_m2:
                surface = least_m2
            ul += q
            over = ts - tb
            if d > 3.0:
                # A wall well above saturation makes vapour that leaves the liquid at once.
                j = min(0.7 * q / hfg, 0.5 * ml)
                ml -= j
                mv += j
                ul -= j * hvs
                uv += j * hvs
                q -= j * hfg
            # The layer between surface and bulk, and what stirs it.
            u_l = _JET * w
            u_v = _HTC_VAPOUR * surface + self._line_w_k * line + (_SPRAY_VAPOUR * spray + _JET_VAPOUR) * w
            if self.slosh > 0.0:
                u_l += _SLOSH * surface * self.slosh
                u_v += _SLOSH * surface * self.slosh
            if over > 1e-6 and not top:
                depth = _PROFILE * warm / (over * cp * rls * surface + 1e-9)
                u_l += _FLUX * (_K_LIQUID * surface + self._wall_w_m_k * line) / (depth + _SKIN_M)
                up = 1.0
                if q > 0.0:
                    up = (q / (dt * a_wet)) ** 0.75 / (_WALL_NC * over)
                    up = sqrt(up) if up < 1.0 else 1.0
                    m_layer = _PROFILE * warm / (over * cp)
                    rest = ml - m_layer
                    if rest < 0.1 * ml:
                        rest = 0.1 * ml
                    warm += up * q - (1.0 - up) * q * m_layer / rest
            else:
                u_l += _COOL_SURFACE * surface * (-over if over < 0.0 else 0.0) ** 0.3333
                warm = 0.0
            # Surface: heat to the liquid, heat from the vapour, the rest is phase change.
            wetness = ml / (ml + 0.5)
            u_l *= wetness * dt
            u_v *= wetness * dt
            u_l = u_l / (1.0 + u_l / c_l)
            u_v = u_v / (1.0 + u_v / c_v)
            dv = self.tv - ts
            back = ql = 0.0
            if top:
                # Above the critical pressure there is no phase change, only heat between dense and light fluid.
                q = (self.tv - tb) * u_l * u_v / (u_l + u_v)
                ul += q
                uv -= q
            else:
                # dts/dj: condensing lowers the pressure and with it the surface's temperature; the liquid gives way.
                back = dts / (mv / (_GAMMA * p) + 0.6 * self.rho_v * self.vl / (self.rho_l * self._prl))
                j = (dv * u_v - over * u_l) / hfg
                j /= 1.0 + (u_l + u_v) * back / hfg
                most = 0.5 * (ml if j > 0.0 else spare)
                if -most <= j <= most:
                    ql = (over + back * j) * u_l
                else:
                    j = most if j > 0.0 else -most
                    ql = dv * u_v - j * hfg
                ml -= j
                ul += ql - j * hls
                mv += j
                uv += j * hvs - (ql + j * hfg)
                if over > 0.0:
                    # What stirs the surface also mixes the layer into the bulk.
                    warm += ql
                    stir = (_JET * w + self.slosh * c_l / _TAU_SLOSH_S) * dt
                    warm -= warm * stir / (stir + c_l)
                    most = 0.3 * c_l * over
                    if warm > most:
                        warm = most
                    if warm < 0.0:
                        warm = 0.0
            self.warm_j = warm
            self.t_bulk = tb
            d = tb - ts
            if d > 0.0:
                # What the surface has not taken yet boils in the bulk, against the pressure that it makes.
                share_s = c_l * dt / (_TAU_FLASH_S + dt)
                j = (share_s * d + ql) / (hfg + share_s * back)
                if j < 0.0:
                    j = 0.0
                if j > 0.2 * ml:
                    j = 0.2 * ml
                ml -= j
                ul -= j * hvs
                mv += j
                uv += j * hvs
        else:
            wet.add(add)
        d = ts - self.tv
        if d > 0.0 and spare > 0.0 and not top:
            share_s = c_v * dt / (_TAU_FOG_S + dt)
            j = share_s * d / (hfg + share_s * dts * _GAMMA * p / mv)
            most = 0.5 * spare
            if j > most:
                j = most
            ml += j
            ul += j * hls
            mv -= j
            uv -= j * hls
        if top and 0.0 < ml < _MERGE * mv:
            # Above the critical pressure the rest of the dense part is the same fluid.
            mv += ml
            uv += ul
            ml = ul = self.vl = 0.0
        self.ml, self.mv, self.ul, self.uv = ml, mv, ul, uv
        try:
            self._solve(p)
        except ValueError as error:  # CoolProp's
            raise PropertyError(f"liquid {ml:.4g} kg, vapour {mv:.4g} kg at {p * 1e-5:.3f} bar: {error}") from None
        fill = self.vl / self.v
        i = int(fill * CELLS)
        if i >= CELLS:
            i = CELLS - 1
        cell = self.shape.cells[i]
        new = cell[0] + cell[1] * (fill - i / CELLS)
        new = 0.001 if new < 0.001 else 0.999 if new > 0.999 else new
        d = new - share
        if d > 1e-5 or d < -1e-5:
            self._move_wall(d)

    def _move_wall(self, d: float) -> None:
        """The level moved by share `d`: that much wall changes section and takes its enthalpy along."""
        src, dst = (self.dry, self.wet) if d > 0.0 else (self.wet, self.dry)
        mass = min(abs(d) * self.vessel.wall_kg, 0.9 * src.mass_kg)
        e = src.e_j * mass / src.mass_kg
        src.mass_kg -= mass
        dst.mass_kg += mass
        src.add(-e)
        dst.add(e)
        self.share = self.wet.mass_kg / self.vessel.wall_kg
