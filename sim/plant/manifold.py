"""Two vessels on one truck: how a fill splits between them, and the two lines that join them for good.

Equal vessels side by side at one height, behind one fill valve, one return valve and one vent. No valve of their own
parts them: what the valves leave open or shut is the way to and from both. Three joints:

    fill     XV201 -> tee -> top of each vessel, a check valve in each branch
    vapour   top to top: XV202 and XV209 hang on it; a vessel full of liquid pushes liquid over
    liquid   bottom to bottom: flows by pressure and head, so that levels even out in minutes

The lines are adiabatic and hold nothing. Fuel is drawn at the first vessel (`propulsion`).
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from .links import X_COLD
from .places import NOZZLE, ULLAGE
from .zones import POOL_KG

if TYPE_CHECKING:
    from .plant import Plant
    from .tank import Tank

K_LINE = 4.4e-4  # each line and each branch of the fill: 25 mm, 2 m, resistance 2.5; assumed
G_M_S2 = 9.81
LEAST_SURFACE_M2 = 0.05
PASSES = 32


def fill_share(flow_kg_s: float, rho: float, dp_pa: float) -> float:
    """Share of a fill that goes into the first of two equal branches when the second ends at `dp_pa` more."""
    if flow_kg_s <= 0.0:
        return 0.5
    x = 0.5 * (1.0 + K_LINE * K_LINE * rho * dp_pa / (flow_kg_s * flow_kg_s))
    return 0.0 if x < 0.0 else 1.0 if x > 1.0 else x


def line_m3_s(rho: float, dp_pa: float, pa_per_m3_s: float = 0.0) -> float:
    """Volume flow through a line at `dp_pa` less what the flow itself takes off it in the step, `pa_per_m3_s`."""
    c = K_LINE * K_LINE / rho
    b = c * pa_per_m3_s
    c *= abs(dp_pa)
    root = b + sqrt(b * b + 4.0 * c)
    v = 2.0 * c / root if root > 0.0 else 0.0
    return v if dp_pa > 0.0 else -v


class Manifold:
    """Shares (first, second) of the step: `fill` of what XV201 passes, `gas` of what goes out at the top.

    `w_vapour`, `w_liquid`: kg/s from the first vessel to the second in the last step.
    """

    __slots__ = ("_plant", "_first", "_second", "fill", "gas", "w_vapour", "w_liquid")

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._first, self._second = plant.tanks
        self.fill = [0.5, 0.5]
        self.gas = [0.5, 0.5]
        self.w_vapour = self.w_liquid = 0.0

    def meet(self, far_h: list[float]) -> None:
        """Before the network's step: what XV201 and XV202 see of two vessels."""
        plant, a, b = self._plant, self._first, self._second
        x = a.mv / (a.mv + b.mv)
        y = 1.0 - x
        self.gas[0], self.gas[1] = x, y
        fill = self.fill
        plant.xv201.p_far = fill[0] * a.p + fill[1] * b.p
        ln = plant.xv202
        ln.p_far, ln.rho_far = x * a.p + y * b.p, x * a.rho_v + y * b.rho_v
        far_h[ULLAGE] = x * a.h_vap + y * b.h_vap

    def take_over(self, gas: list[float]) -> None:
        """Give both vessels their part of what came in by XV202 (negative: went out): h2, he, air kg and J."""
        a, b = self._first, self._second
        x, y = self.gas
        m, he, air, h = gas
        part_j = m * x * a.h_vap if m < 0.0 else h * x  # each loses gas of its own, and gets some of the same
        a.mv += m * x
        b.mv += m * y
        a.mhe += he * x
        b.mhe += he * y
        a.mair += air * x
        b.mair += air * y
        a.uv += part_j
        b.uv += h - part_j

    def step(self, dt: float, filled: list[float]) -> None:
        """Split what XV201 passed in `dt` s (`filled`: h2, he, air kg, J), and let the vessels even out.

        Both lines flow by the differences at the end of the step, which are what they leave of them: joined vessels
        come to rest whatever the step, liquid that goes one way together with the vapour that makes room for it.
        """
        a, b = self._first, self._second
        flow = (filled[0] + filled[1] + filled[2]) / dt
        fill = self.fill
        fill[0] = fill_share(flow, self._plant.nodes[NOZZLE].rho, b.p - a.p)
        fill[1] = 1.0 - fill[0]
        now = a.p - b.p
        head = G_M_S2 * (a.rho_l * a.shape.height_m(a.vl / a.v) - b.rho_l * b.shape.height_m(b.vl / b.v))
        pa_per_m3_s = dt * (1.0 / a.yields_m3_pa() + 1.0 / b.yields_m3_pa())
        tops, wet = (a.top_density(), b.top_density()), (a.ml > POOL_KG, b.ml > POOL_KG)
        most = [K_LINE * sqrt(X_COLD * x.p / rho) * 2.0 / 3.0 for x, rho in zip((a, b), tops, strict=True)]
        levels = [max(x.shape.at(x.vl / x.v).surface_m2, LEAST_SURFACE_M2) for x in (a, b)]
        falls = G_M_S2 * max(a.rho_l, b.rho_l) * dt * (1.0 / levels[0] + 1.0 / levels[1])
        low, high = min(now, 0.0, -head), max(now, 0.0, -head)
        v_top = v_liquid = 0.0
        for _ in range(PASSES):
            dp = 0.5 * (low + high)
            i = 0 if dp > 0.0 else 1
            v_top = max(-most[i], min(line_m3_s(tops[i], dp), most[i]))
            dp_low = dp + head
            i = 0 if dp_low > 0.0 else 1
            v_liquid = line_m3_s((a, b)[i].rho_l, dp_low, falls) if wet[i] else 0.0
            if dp - now + pa_per_m3_s * (v_top + v_liquid) > 0.0:
                high = dp
            else:
                low = dp
        src, dst, rho = (a, b, tops[0]) if v_top > 0.0 else (b, a, tops[1])
        self.w_vapour = over_the_top(src, dst, abs(v_top) * rho * dt) / dt
        if src is b:
            self.w_vapour = -self.w_vapour
        src, dst = (a, b) if v_liquid > 0.0 else (b, a)
        self.w_liquid = liquid_over(src, dst, abs(v_liquid) * src.rho_l * dt) / dt if v_liquid else 0.0
        if src is b:
            self.w_liquid = -self.w_liquid


def over_the_top(src: Tank, dst: Tank, kg: float) -> float:
    """Move what is at the top of one vessel to the other; returns the kg moved."""
    share = src.liquid_share()
    m, he, air, h = src.take_vapour(kg * (1.0 - share))
    dst.mv += m
    dst.mhe += he
    dst.mair += air
    dst.uv += h
    return m + he + air + (liquid_over(src, dst, kg * share) if share > 0.0 else 0.0)


def liquid_over(src: Tank, dst: Tank, kg: float) -> float:
    """Move liquid from one vessel to the other; returns the kg moved."""
    m, h = src.take_liquid(kg)
    dst.ml += m
    dst.ul += h
    return m
