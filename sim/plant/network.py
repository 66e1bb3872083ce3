"""Pressure network of the five line nodes and the conservative transfer between them.

One tick: (1) linearise every flow about the present pressures (secant conductance), (2) solve the tridiagonal system
for the pressure changes, with a second pass where a node becomes liquid-full or starts to boil on the way, (3) move
mass, enthalpy, helium and air upwind, each node receiving before it gives ("mix, then expel"), which is stable at any
throughput and conserves exactly. Nodes in chain order: STUB, HOSE, NOZZLE, RCPT, RETURN.
"""

from __future__ import annotations

from math import sqrt

from .fluid import CP_AIR, CP_HE, R_AIR
from .links import DP_REG_PA, Link
from .node import LIQUID, TWO_PHASE, Node

STUB, HOSE, NOZZLE, RCPT, RETURN = range(5)
SUPPLY, TANK, STACK, HELIUM, RECOVERY, AMBIENT, ULLAGE = range(7)
FAR_NAMES = ("supply", "tank", "stack", "helium", "recovery", "ambient", "ullage")
_LIQUID_TO_BUBBLY = 60.0  # compliance ratio just inside the dome (HEM sound speed 1000 -> ~130 m/s)
_MAX_LOSS = 0.3  # net share of a node's content that may leave in one step
_HE_HOLD = 8.0  # helium stays behind while the liquid share exceeds 1/8


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
                gs = nd.gas_share
                lim = 1.0 - 0.5 * gs
                if x > lim:
                    ga = k * sqrt(nd.rho * p * lim) * (1.0 - gs * lim / 1.5) / p
                    w0 = ga * p
                else:
                    ga = k * sqrt(nd.rho / (dp + DP_REG_PA)) * (1.0 - gs * x / 1.5)
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
                gs = ln.gas_far
                lim = 1.0 - 0.5 * gs
                if x > lim:
                    ga = 0.0
                    w0 = k * sqrt(ln.rho_far * pf * lim) * (1.0 - gs * lim / 1.5)
                else:
                    ga = k * sqrt(ln.rho_far / (dp + DP_REG_PA)) * (1.0 - gs * x / 1.5)
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
            if forward:
                don, rec = a, b
            else:
                don, rec = b, a
                dp = -dp
                w_last = -w_last
            if dp > 0.1 or dp < -0.1:
                any_flow = True
            p = don.p
            gs = don.gas_share
            lim = 1.0 - 0.5 * gs
            x = dp / p
            if x > lim:
                g = k * sqrt(don.rho * p * lim) * (1.0 - gs * lim / 1.5) / p
                w0 = g * p
                g2 = 0.0
            elif x > 0.0:
                g = g2 = k * sqrt(don.rho / (dp + DP_REG_PA)) * (1.0 - gs * x / 1.5)
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
            self._transfer(dt, delta, off_a, off_b)
        else:
            for ln in self.inner:
                ln.w = 0.0
        leak = self.leak
        if leak[STUB] > 0.0 or leak[NOZZLE] > 0.0:
            self._leaks(dt)
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
            if nd.phase and (nd.phase == LIQUID or nd.free_kg < 1.5 * dt):
                kink = True
        d = _tridiagonal(diag, rhs, low, up)
        if not kink:
            return _tridiagonal(diag, rhs, low, up) if self._lift(d, diag, rhs) else d
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
                    if free < 1.5 * dt and self._net(i, d, off_a, off_b) * dt > free:
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
            d = _tridiagonal(diag, rhs, low, up)
        return _tridiagonal(diag, rhs, low, up) if self._lift(d, diag, rhs) else d

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
            gs = nd.gas_share
            lim = 1.0 - 0.5 * gs
            x = (base - ln.p_far) / base
            if x > lim:
                x = lim
            slope = ln.k_per_pa * sqrt(nd.rho * base * x) * (1.0 - gs * x / 1.5)
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

    def _transfer(self, dt: float, delta: list[float], off_a: list[float], off_b: list[float]) -> None:
        nodes = self.nodes
        inner, far_h = self.inner, self.far_h
        in_m = [0.0, 0.0, 0.0, 0.0, 0.0]
        in_he = [0.0, 0.0, 0.0, 0.0, 0.0]
        in_air = [0.0, 0.0, 0.0, 0.0, 0.0]
        in_h = [0.0, 0.0, 0.0, 0.0, 0.0]
        outs: list[list[Link] | None] = [None, None, None, None, None]
        out = self.out
        for ln in self.edge:
            if ln.w0 == 0.0 and ln.ga == 0.0:
                continue
            i = ln.node
            w = ln.w0 + ln.ga * delta[i]
            if w < 0.0:
                if ln.one_way:
                    ln.w = 0.0
                    continue
                ln.w = w
                dm = -w * dt
                kind = ln.kind
                h = dm * far_h[kind]
                far = out[kind]
                if kind == HELIUM:
                    in_he[i] += dm
                    far[1] -= dm
                elif kind == AMBIENT:
                    in_air[i] += dm
                    far[2] -= dm
                else:
                    in_m[i] += dm
                    far[0] -= dm
                in_h[i] += h
                far[3] -= h
            else:
                ln.w = w
                lst = outs[i]
                if lst is None:
                    outs[i] = [ln]
                else:
                    lst.append(ln)
        w_in = [0.0, 0.0, 0.0, 0.0]
        for i in range(4):
            ln = inner[i]
            ln.w = w_in[i] = ln.w0 + off_a[i] * delta[i] - off_b[i] * delta[i + 1] if ln.k else 0.0
        # Donors before receivers: runs of leftward flow are taken backwards.
        order = []
        i = 0
        while i < 5:
            j = i
            while j < 4 and w_in[j] < 0.0:
                j += 1
            for n in range(j, i - 1, -1):
                order.append(n)
            i = j + 1
        for i in order:
            nd = nodes[i]
            lst = outs[i]
            left = -w_in[i - 1] if i > 0 and w_in[i - 1] < 0.0 else 0.0
            right = w_in[i] if i < 4 and w_in[i] > 0.0 else 0.0
            total = left + right
            if lst is not None:
                for ln in lst:
                    total += ln.w
            elif total == 0.0 and in_h[i] == 0.0 and in_m[i] == 0.0:
                continue  # shut in: nothing comes, nothing goes
            m = nd.m + in_m[i]
            he = nd.m_he + in_he[i]
            air = nd.m_air + in_air[i]
            u = nd.u + in_h[i]
            if total > 0.0:
                p = nd.p + delta[i]
                if p < 0.2 * nd.p:
                    p = 0.2 * nd.p
                mt = m + he + air
                f = total * dt / mt
                scale = 1.0
                # No node loses more than this share of what it had, beyond what came in.
                most = 1.0 - (1.0 - _MAX_LOSS) * nd.rho * nd.v / mt
                if f > most:
                    scale = most / f
                    f = most
                # Helium lies behind the liquid that it pushes: it leaves late.
                hold = 1.0
                if he > 0.0 and nd.gas_share < 1.0:
                    hold = 1.0 - _HE_HOLD * (1.0 - nd.gas_share)
                    if hold < 0.0:
                        hold = 0.0
                xh = (u + p * nd.v) * f - (1.0 - hold) * f * he * CP_HE * nd.t
                xm, xhe, xair = m * f, he * f * hold, air * f
                if i == STUB and nd.phase == TWO_PHASE and in_m[STUB] == 0.0 and nd.m_liq > 1e-4:
                    # Shut off from the supply it drains from its low end: liquid leaves, its vapour pushes.
                    xm = min(xm, 0.3 * nd.m_liq)
                    xh = xm * nd.liquid_h()
                    xhe = xair = 0.0
                m -= xm
                he -= xhe
                air -= xair
                u -= xh
                inv = 1.0 / total
                if left > 0.0:
                    s = left * inv
                    inner[i - 1].w *= scale
                    j = i - 1
                    in_m[j] += xm * s
                    in_he[j] += xhe * s
                    in_air[j] += xair * s
                    in_h[j] += xh * s
                if right > 0.0:
                    s = right * inv
                    inner[i].w *= scale
                    j = i + 1
                    in_m[j] += xm * s
                    in_he[j] += xhe * s
                    in_air[j] += xair * s
                    in_h[j] += xh * s
                if lst is not None:
                    for ln in lst:
                        s = ln.w * inv
                        ln.w *= scale
                        far = out[ln.kind]
                        far[0] += xm * s
                        far[1] += xhe * s
                        far[2] += xair * s
                        far[3] += xh * s
                nd.stale = 100
            elif in_h[i] != 0.0 or in_m[i] != 0.0:
                nd.stale = 100
            nd.m, nd.m_he, nd.m_air, nd.u = m, he, air, u

    def _leaks(self, dt: float) -> None:
        """Take the set leaks (kg/s per node) out of the nodes, not below a tenth of what is there."""
        for i in (STUB, NOZZLE):
            w = self.leak[i]
            if w <= 0.0:
                continue
            nd = self.nodes[i]
            mt = nd.m + nd.m_he + nd.m_air
            f = min(w * dt / mt, 0.1)
            h = (nd.u + nd.p * nd.v) * f
            far = self.out[AMBIENT]
            far[0] += nd.m * f
            far[1] += nd.m_he * f
            far[2] += nd.m_air * f
            far[3] += h
            nd.u -= h
            nd.m -= nd.m * f
            nd.m_he -= nd.m_he * f
            nd.m_air -= nd.m_air * f
            nd.stale = 100


def _tridiagonal(diag: list[float], rhs: list[float], a: list[float], b: list[float]) -> list[float]:
    """Thomas algorithm for 5 unknowns; row i+1 has -a[i] left of its diagonal, row i has -b[i] right of it."""
    d0, d1, d2, d3, d4 = diag
    r0, r1, r2, r3, r4 = rhs
    f = a[0] / d0
    d1 -= f * b[0]
    r1 += f * r0
    f = a[1] / d1
    d2 -= f * b[1]
    r2 += f * r1
    f = a[2] / d2
    d3 -= f * b[2]
    r3 += f * r2
    f = a[3] / d3
    d4 -= f * b[3]
    r4 += f * r3
    x4 = r4 / d4
    x3 = (r3 + b[3] * x4) / d3
    x2 = (r2 + b[2] * x3) / d2
    x1 = (r1 + b[1] * x2) / d1
    return [(r0 + b[0] * x1) / d0, x1, x2, x3, x4]


def air_density(p_pa: float, t_k: float) -> float:
    """Ambient air, kg/m3."""
    return p_pa / (R_AIR * t_k)


def air_h(t_k: float) -> float:
    """Enthalpy of air, J/kg (zero at 0 K)."""
    return CP_AIR * t_k
