"""The truck's way from tank to fuel cell: liquid and vapour draw, vaporiser, buffer, fuel cell.

XV203 (liquid) and XV204 (vapour, the economiser) join before the vaporiser, a check valve and the buffer follow, XV206
feeds the fuel cell. Nothing is computed while all three valves are shut and everything has come to rest. Flow
coefficients and sizes are assumed.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING

from .fluid import CV_AIR, CV_HE, R_AIR, R_H2, R_HE, Fluid
from .fuel_cell import demand_kg_s
from .links import DP_REG_PA, X_COLD, gas_flow
from .vaporiser import Vaporiser

if TYPE_CHECKING:
    from .plant import Plant

K_XV203 = 6.0e-6  # 5 g/s of liquid with 0.12 bar
K_XV204 = 3.0e-5  # 5 g/s of vapour of 5 bar with 0.05 bar
K_XV206 = 4.0e-5
BUFFER_M3 = 0.2
BUFFER_BAR = 5.0
UA_BUFFER_W_K = 5.0
FUEL_CELL_BAR = 2.0  # the fuel cell's regulator passes less and less below this
CELL_LINE_M3 = 2e-3  # assumed: from XV206 to the fuel cell's own valve, which is shut without demand
LIQUID_LEFT_KG = 0.05  # XV203's dip tube draws vapour when less is left


def hold_w_per_g_s(fluid: Fluid, p_pa: float) -> tuple[float, float]:
    """Heat that a saturated tank needs to keep its pressure while (liquid, vapour) is drawn, W per g/s."""
    _, hl, hv, rl, rv = fluid.sat_p(p_pa)
    per_kg = (hv - hl) / (rl - rv)
    return per_kg * rv * 1e-3, per_kg * rl * 1e-3


class Buffer:
    """Warm gas: masses kg of hydrogen, helium and air, energy J; `t_k` and `p` follow."""

    __slots__ = ("m", "m_he", "m_air", "u", "t_k", "p", "_f")

    def __init__(self, fluid: Fluid, p_pa: float, t_k: float) -> None:
        self._f = fluid
        self.m = p_pa * BUFFER_M3 / (R_H2 * t_k)
        self.m_he = self.m_air = 0.0
        self.t_k = t_k
        self.p = p_pa
        self.u = self.energy_j()

    def energy_j(self) -> float:
        """Recomputed from masses and temperature."""
        return self.m * self._f.ideal_gas(self.t_k)[0] + (self.m_he * CV_HE + self.m_air * CV_AIR) * self.t_k

    def solve(self) -> None:
        """Temperature and pressure from masses and energy."""
        other = self.m_he * CV_HE + self.m_air * CV_AIR
        t = self.t_k
        for _ in range(20):
            u, cv = self._f.ideal_gas(t)
            d = (self.m * u + other * t - self.u) / (self.m * cv + other)
            t -= d
            if -1e-7 < d < 1e-7:
                break
        self.t_k = t
        self.p = (self.m * R_H2 + self.m_he * R_HE + self.m_air * R_AIR) * t / BUFFER_M3


class Propulsion:
    """Flows kg/s `w_liquid`, `w_vapour`, `w_cell`; `used` is what ever went to the fuel cell (h2, he, air kg, J).

    `at_rest`: all shut and as warm as the ambient when it came to rest. `cell_line_pa` is the pressure behind XV206,
    whose line counts as the fuel cell's: without demand it fills until it has the buffer's pressure, and with XV206
    shut a fuel cell that runs uses it up.
    """

    __slots__ = (
        "_plant", "_valves", "vaporiser", "buffer", "w_liquid", "w_vapour", "w_cell", "used", "buffer_in_j", "at_rest",
        "cell_line_pa",
    )  # fmt: skip

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._valves = tuple(plant.valves[tag] for tag in ("XV203", "XV204", "XV206"))
        ambient_k = plant.config.ambient_k
        self.vaporiser = Vaporiser(ambient_k)
        self.buffer = Buffer(plant.fluid, BUFFER_BAR * 1e5, ambient_k)
        self.w_liquid = self.w_vapour = self.w_cell = 0.0
        self.used = [0.0, 0.0, 0.0, 0.0]
        self.buffer_in_j = 0.0
        self.at_rest = True
        self.cell_line_pa = plant.config.ambient_kpa * 1e3

    def demand_kg_s(self) -> float:
        """What the fuel cell asks for: `fuel_cell_g_s` of the world if set, else what its power needs."""
        w = self._plant.world
        if w.fuel_cell_g_s > 0.0:
            return w.fuel_cell_g_s * 1e-3
        return demand_kg_s(w.fuel_cell_kw, self._plant.config.fuel_cell_rated_kw, w.ambient_kpa)

    def coolant_flows(self) -> bool:
        """What FS207 sees: the truck's pump runs and the vaporiser is not frozen through."""
        return self._plant.world.coolant_flow and not self.vaporiser.blocked()

    def draws(self) -> bool:
        """A valve of the drive lets something through."""
        return any(valve.opening() > 0.0 for valve in self._valves)

    def step(self, dt: float) -> None:
        """Advance by `dt` s: up to 0.1 s while it draws, up to 10 s until all of it is warm again."""
        liquid, vapour, cell = (v.opening() for v in self._valves)
        drawn = liquid > 0.0 or vapour > 0.0 or cell > 0.0
        if self.at_rest and not drawn:
            return
        plant, buffer, vaporiser = self._plant, self.buffer, self.vaporiser
        ambient_k = plant.world.ambient_k
        permit = plant.actual["VP207"] > 0.5
        vaporiser.coolant(dt, permit and plant.world.coolant_flow, self.w_cell > 0.0, ambient_k)
        vaporiser.duty_w = 0.0
        self._draw(dt, K_XV203 * liquid, K_XV204 * vapour)
        self._feed(dt, K_XV206 * cell)
        q = UA_BUFFER_W_K * (ambient_k - buffer.t_k) * dt
        buffer.u += q
        self.buffer_in_j += q
        buffer.solve()
        self.at_rest = not drawn and vaporiser.settled(ambient_k) and abs(buffer.t_k - ambient_k) < 0.1

    def _draw(self, dt: float, k_liquid: float, k_vapour: float) -> None:
        """Out of the tank through the vaporiser into the buffer; liquid and vapour by their own valves."""
        plant, buffer = self._plant, self.buffer
        tank = plant.tank
        dp = tank.p - buffer.p
        self.w_liquid = self.w_vapour = 0.0
        if dp <= 0.0:
            return
        # Semi-implicit: the buffer must not rise past the tank within the step.
        soft = dt * R_H2 * buffer.t_k / BUFFER_M3 / dp
        m = he = air = h = 0.0
        if k_liquid > 0.0 and tank.ml > LIQUID_LEFT_KG:
            w = k_liquid * sqrt(tank.rho_l / (dp + DP_REG_PA)) * dp
            w /= 1.0 + w * soft
            part = min(w * dt, 0.1 * tank.ml)
            share = part / tank.ml
            h = (tank.ul + tank.p * tank.vl) * share
            tank.ml -= part
            tank.ul -= h
            m = part
            self.w_liquid = part / dt
        elif k_liquid > 0.0:
            k_vapour += k_liquid
        if k_vapour > 0.0:
            w = gas_flow(k_vapour, tank.p, tank.rho_v, buffer.p, X_COLD)
            part, he, air, taken_j = tank.take_vapour(w / (1.0 + w * soft) * dt)
            m += part
            h += taken_j
            self.w_vapour = part / dt
        total = m + he + air
        if total <= 0.0:
            return
        h = self.vaporiser.hydrogen(dt, total, h / total, plant.fluid) * total
        buffer.m += m
        buffer.m_he += he
        buffer.m_air += air
        buffer.u += h

    def _feed(self, dt: float, k: float) -> None:
        """Out of the buffer what the fuel cell asks for or its line takes, as far as valve and pressure let it."""
        buffer = self.buffer
        self.w_cell = 0.0
        demand = self.demand_kg_s()
        ambient = self._plant.world.ambient_kpa * 1e3
        if k == 0.0:
            if demand > 0.0:
                self.cell_line_pa = ambient
            return
        total = buffer.m + buffer.m_he + buffer.m_air
        if demand > 0.0:
            self.cell_line_pa = buffer.p
            most = gas_flow(k, buffer.p, total / BUFFER_M3, ambient)
            most *= 1.0 - exp(-max(buffer.p * 1e-5 - 1.0, 0.0) / (FUEL_CELL_BAR - 1.0))
            share = min(min(demand, most) * dt / total, 0.2)
        else:
            dp = buffer.p - self.cell_line_pa
            if dp <= 0.0:
                return
            full = dp / buffer.p * CELL_LINE_M3 / BUFFER_M3
            share = min(gas_flow(k, buffer.p, total / BUFFER_M3, self.cell_line_pa) * dt / total, full)
            self.cell_line_pa += dp * share / full
        h = (buffer.u + buffer.p * BUFFER_M3) * share
        for i, part in enumerate((buffer.m * share, buffer.m_he * share, buffer.m_air * share, h)):
            self.used[i] += part
        keep = 1.0 - share
        buffer.m *= keep
        buffer.m_he *= keep
        buffer.m_air *= keep
        buffer.u -= h
        self.w_cell = share * total / dt

    # -- books

    def mass_kg(self) -> float:
        """All species in the buffer."""
        return self.buffer.m + self.buffer.m_he + self.buffer.m_air

    def energy_j(self) -> float:
        """Of buffer and vaporiser, recomputed from temperatures."""
        return self.buffer.energy_j() + self.vaporiser.energy_j()

    def in_j(self) -> float:
        """All heat that came in from coolant and ambient."""
        return self.vaporiser.in_j + self.buffer_in_j
