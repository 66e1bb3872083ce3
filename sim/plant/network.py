"""Pressure network of the five line nodes and the conservative transfer between them.

One tick: (1) linearise every flow about the present pressures (secant conductance), (2) solve the tridiagonal system
for the pressure changes, with a second pass where a node becomes liquid-full or starts to boil on the way, (3) move
mass, enthalpy, helium and air upwind (`transfer`), which conserves exactly. Nodes: the chain of `places`.
"""

from __future__ import annotations

from math import sqrt

from .links import DP_REG_PA, Link
from .node import LIQUID, TWO_PHASE, Node
from .places import NOZZLE, STUB
from .transfer import leak, transfer
from .tridiagonal import solve

_LIQUID_TO_BUBBLY = 60.0  # compliance ratio just inside the dome (HEM sound speed 1000 -> ~130 m/s)
_SOFT_KG_S = 1.5  # a two-phase node with less room than this flow would fill may be full of liquid after the step


class Network:
    """Owns flows. `far_h[kind]` is the enthalpy, J/kg, of what comes in from a boundary; `out[kind]` accumulates
    (H2 kg, He kg, air kg, J) passed to it (negative: came in); the caller clears what it takes over.
    """

    __slots__ = ("nodes", "inner", "edge", "reliefs", "far_h", "out", "leak")

    def __init__(self, nodes: list[Node], inner: list[Link], edge: list[Link]) -> None:
        self.nodes = nodes
        self.inner = inner
        self.edge = edge
        self.reliefs = [ln for ln in edge if ln.k_full > 0.0]
        self.far_h = [0.0] * 7
        self.out: list[list[float]] = [[0.0, 0.0, 0.0, 0.0] for _ in range(7)]
        self.leak = [0.0] * 5

    def step(self, dt: float) -> bool:
        """Advance flows and contents by `dt` s; True if anything flows. Node states must be current before."""
        nodes = self.nodes
        inv_dt = 1.0 / dt
        n0, n1, n2, n3, n4 = nodes
        diag = [
            n0.c_kg_pa * inv_dt,
            n1.c_kg_pa * inv_dt,
            n2.c_kg_pa * inv_dt,
            n3.c_kg_pa * inv_dt,
            n4.c_kg_pa * inv_dt,
        ]
        rhs = [0.0, 0.0, 0.0, 0.0, 0.0]
        # kg: effect of the inflow's enthalpy, explicit where the row must stay a mass balance
        thermal = [0.0, 0.0, 0.0, 0.0, 0.0]
        any_flow = False
        soft_kg = _SOFT_KG_S * dt
        for ln in self.edge:
            k = ln.k
            if k == 0.0:
                ln.w = ln.w0 = ln.ga = 0.0
                continue
            i = ln.node
            nd = nodes[i]
            p, pf = nd.p, ln.p_far
            dp = p - pf
            if dp >= 0.0:
                any_flow = True
                x = dp / p
                lim = nd.x_lim
                if x > lim:
                    ga = k * sqrt(nd.rho * p * lim) * (1.0 - nd.y_x * lim) / p
                    w0 = ga * p
                else:
                    ga = k * sqrt(nd.rho / (dp + DP_REG_PA)) * (1.0 - nd.y_x * x)
                    w0 = ga * dp
                diag[i] += ga
                rhs[i] -= w0
            elif ln.one_way:
                # A check valve still opens if the pressure rises within the tick: next tick.
                ln.w = ln.w0 = ln.ga = 0.0
                continue
            else:
                any_flow = True
                dp = -dp
                x = dp / pf
                lim = ln.x_far
                if x > lim:
                    w0 = k * sqrt(ln.rho_far * pf * lim) * (1.0 - ln.y_far * lim)
                    ga = w0 / dp if nd.free_kg < soft_kg and nd.phase else 0.0  # as below
                else:
                    ga = k * sqrt(ln.rho_far / (dp + DP_REG_PA)) * (1.0 - ln.y_far * x)
                    w0 = ga * dp
                s = nd.beta * (self.far_h[ln.kind] - nd.h) / (1.0 + w0 * dt / (nd.rho * nd.v))
                if nd.phase == TWO_PHASE:
                    thermal[i] += s * w0 * dt
                    s = 0.0
                elif s < -0.9:
                    s = -0.9
                s += 1.0
                diag[i] += ga * s
                rhs[i] += w0 * s
                w0 = -w0
            ln.w0, ln.ga = w0, ga
        low = [0.0, 0.0, 0.0, 0.0]
        up = [0.0, 0.0, 0.0, 0.0]
        off_a = [0.0, 0.0, 0.0, 0.0]  # dw/d(delta_i)
        off_b = [0.0, 0.0, 0.0, 0.0]  # -dw/d(delta_i+1)
        i = 0
        for ln in self.inner:
            k = ln.k
            if k == 0.0:
                ln.w = ln.w0 = 0.0
                i += 1
                continue
            j = i + 1
            a, b = nodes[i], nodes[j]
            dp = a.p - b.p
            w_last = ln.w
            forward = dp >= 0.0
            if w_last != 0.0 and -0.05 * a.p < dp < 0.05 * a.p:
                # Near balance the last flow says where the fluid comes from; the difference may lag a tick.
                forward = w_last > 0.0
            ln.forward = forward
            if forward:
                don, rec = a, b
            else:
                don, rec = b, a
                dp = -dp
                w_last = -w_last
            if dp > 0.1 or dp < -0.1:
                any_flow = True
            p = don.p
            lim = don.x_lim
            x = dp / p
            if x > lim:
                g = k * sqrt(don.rho * p * lim) * (1.0 - don.y_x * lim) / p
                w0 = g * p
                # A (nearly) full node rises to the donor's pressure in a step: what is choked now is not then.
                g2 = w0 / dp if rec.free_kg < soft_kg and rec.phase else 0.0
            elif x > 0.0:
                g = g2 = k * sqrt(don.rho / (dp + DP_REG_PA)) * (1.0 - don.y_x * x)
                w0 = g * dp
            else:
                g = g2 = k * sqrt(don.rho / (DP_REG_PA - dp))
                w0 = g * dp
            w_up = w0 if w0 > 0.0 else w_last if w_last > 0.0 else 0.0
            s = rec.beta * (don.h - rec.h) / (1.0 + w_up * dt / (rec.rho * rec.v))
            if don is a:
                if b.phase == TWO_PHASE:
                    thermal[j] += s * w_up * dt
                    s = 0.0
                elif s < -0.9:
                    s = -0.9
                s += 1.0
                off_a[i], off_b[i] = g, g2
                diag[i] += g
                up[i] = g2
                rhs[i] -= w0
                diag[j] += g2 * s
                low[i] = g * s
                rhs[j] += w0 * s
                ln.w0 = w0
            else:
                if a.phase == TWO_PHASE:
                    thermal[i] += s * w_up * dt
                    s = 0.0
                elif s < -0.9:
                    s = -0.9
                s += 1.0
                off_a[i], off_b[i] = g2, g
                diag[i] += g2 * s
                up[i] = g * s
                rhs[i] += w0 * s
                diag[j] += g
                low[i] = g2
                rhs[j] -= w0
                ln.w0 = -w0
            i = j
        if any_flow:
            delta = self._solve(dt, diag, rhs, low, up, off_a, off_b, thermal)
            transfer(self, dt, delta, off_a, off_b)
        else:
            for ln in self.inner:
                ln.w = 0.0
        holes = self.leak
        if holes[STUB] != 0.0 or holes[NOZZLE] != 0.0:
            leak(self, dt)
        return any_flow

    def _solve(
        self,
        dt: float,
        diag: list[float],
        rhs: list[float],
        low: list[float],
        up: list[float],
        off_a: list[float],
        off_b: list[float],
        thermal: list[float],
    ) -> list[float]:
        """Pressure changes of the tick, Pa; repeats once or twice when a node changes its phase on the way.

        `thermal` comes in kg (explicit enthalpy effect of inflow) and is turned into Pa here.
        """
        inv_dt = 1.0 / dt
        kink = False
        for i, nd in enumerate(self.nodes):
            q = nd.q_j
            s = thermal[i]
            if q != 0.0 or s != 0.0:
                # Capped so that a collapse cannot pass vacuum.
                c = nd.c_kg_pa
                s = nd.dp_du * q + s / c
                lo = -0.3 * nd.p
                if s < lo:
                    s = lo
                thermal[i] = s
                rhs[i] += c * inv_dt * s
            if nd.phase and (nd.phase == LIQUID or nd.free_kg < _SOFT_KG_S * dt):
                kink = True
        d = solve(diag, rhs, low, up)
        if not kink:
            return solve(diag, rhs, low, up) if self._lift(d, diag, rhs) else d
        done = [False, False, False, False, False]
        for _ in range(3):
            changed = False
            i = -1
            for nd in self.nodes:
                i += 1
                if done[i]:
                    continue
                if nd.phase == TWO_PHASE:
                    free = nd.free_kg
                    if free < _SOFT_KG_S * dt and self._net(i, d, off_a, off_b) * dt > free:
                        # Becomes liquid-full: only `free` goes in softly, the rest against liquid.
                        c = nd.c_kg_pa
                        c_liq = nd.m * 1.5e-8
                        if c_liq < c:
                            diag[i] += (c_liq - c) * inv_dt
                            rhs[i] += (c_liq - c) * (free / c + thermal[i]) * inv_dt
                            done[i] = changed = True
                elif nd.phase == LIQUID and nd.p + d[i] < nd.p_sat:
                    # Starts to boil: stiff down to saturation, soft below.
                    room = nd.p_sat - nd.p
                    if room > 0.0:
                        room = 0.0
                    soft = nd.c_kg_pa * (_LIQUID_TO_BUBBLY - 1.0) * inv_dt
                    diag[i] += soft
                    rhs[i] += soft * room
                    done[i] = changed = True
            if not changed:
                break
            d = solve(diag, rhs, low, up)
        return solve(diag, rhs, low, up) if self._lift(d, diag, rhs) else d

    def _lift(self, d: list[float], diag: list[float], rhs: list[float]) -> bool:
        """Let reliefs lift within the step with the pressure they see at its end; True if one did.

        A node full of liquid can rise by tens of bar in one step: a relief that acted on the pressure before the step
        would come too late.
        """
        lifted = False
        for ln in self.reliefs:
            i = ln.node
            nd = self.nodes[i]
            p, p_set = nd.p, ln.p_set
            if p + d[i] <= p_set or ln.k >= ln.k_full:
                continue
            base = p if p > p_set else p_set
            x = (base - ln.p_far) / base
            if x > nd.x_lim:
                x = nd.x_lim
            slope = ln.k_per_pa * sqrt(nd.rho * base * x) * (1.0 - nd.y_x * x)
            diag[i] += slope
            rhs[i] += slope * (base - p)
            ln.w0 -= slope * (base - p)
            ln.ga += slope
            lifted = True
        return lifted

    def _net(self, i: int, d: list[float], off_a: list[float], off_b: list[float]) -> float:
        """Mass flow into node `i`, kg/s, for these pressure changes."""
        net = 0.0
        for ln in self.edge:
            if ln.node == i:
                net -= ln.w0 + ln.ga * d[i]
        inner = self.inner
        if i > 0 and inner[i - 1].k:
            net += inner[i - 1].w0 + off_a[i - 1] * d[i - 1] - off_b[i - 1] * d[i]
        if i < 4 and inner[i].k:
            net -= inner[i].w0 + off_a[i] * d[i] - off_b[i] * d[i + 1]
        return net
