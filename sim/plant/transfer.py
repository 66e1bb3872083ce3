"""Conservative transfer between the line nodes: each receives before it gives ("mix, then expel").

Stable at any throughput; what leaves one place arrives at another, to the last bit but rounding.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from .fluid import CP_HE
from .links import Link
from .node import TWO_PHASE
from .places import AMBIENT, HELIUM, NOZZLE, STUB

if TYPE_CHECKING:
    from .network import Network

_MAX_LOSS = 0.3  # net share of a node's content that may leave in one step
_HE_HOLD = 8.0  # helium stays behind while the liquid share exceeds 1/8


def transfer(net: Network, dt: float, delta: list[float], off_a: list[float], off_b: list[float]) -> None:
    """Move masses and enthalpies for the pressure changes `delta` of the step; leaves the flows in the links."""
    nodes = net.nodes
    inner, far_h = net.inner, net.far_h
    in_m = [0.0, 0.0, 0.0, 0.0, 0.0]
    in_he = [0.0, 0.0, 0.0, 0.0, 0.0]
    in_air = [0.0, 0.0, 0.0, 0.0, 0.0]
    in_h = [0.0, 0.0, 0.0, 0.0, 0.0]
    outs: list[list[Link] | None] = [None, None, None, None, None]
    out = net.out
    for ln in net.edge:
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
        if not ln.k:
            ln.w = 0.0
            continue
        w = ln.w0 + off_a[i] * delta[i] - off_b[i] * delta[i + 1]
        if (w < 0.0) == ln.forward:
            # It turned round within the step: gas that comes was reckoned as the liquid that would have gone.
            a, b = nodes[i], nodes[i + 1]
            thin, dense = (b, a) if w < 0.0 else (a, b)
            if dense.phase and thin.rho < dense.rho:
                w *= sqrt(thin.rho / dense.rho)
        ln.w = w_in[i] = w
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


def leak(net: Network, dt: float) -> None:
    """Take the set leaks (kg/s per node) out of the nodes, at most a tenth of what is there; a negative one is air that
    comes in.
    """
    for i in (STUB, NOZZLE):
        w = net.leak[i]
        if w == 0.0:
            continue
        nd = net.nodes[i]
        if w < 0.0:
            dm = -w * dt
            h = dm * net.far_h[AMBIENT]
            nd.m_air += dm
            nd.u += h
            net.out[AMBIENT][2] -= dm
            net.out[AMBIENT][3] -= h
            nd.stale = 100
            continue
        mt = nd.m + nd.m_he + nd.m_air
        f = min(w * dt / mt, 0.1)
        h = (nd.u + nd.p * nd.v) * f
        far = net.out[AMBIENT]
        far[0] += nd.m * f
        far[1] += nd.m_he * f
        far[2] += nd.m_air * f
        far[3] += h
        nd.u -= h
        nd.m -= nd.m * f
        nd.m_he -= nd.m_he * f
        nd.m_air -= nd.m_air * f
        nd.stale = 100
