"""Heat in the lines: ambient through the jackets into the metal, metal into the fluid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .metal import boiling_htc, jacket_w_m2
from .node import GAS
from .piping_table import FITTINGS_W

if TYPE_CHECKING:
    from .plant import Plant

STUB_VACUUM_PA = 0.02
STILL_S = 0.1  # a node without flow and without liquid is done this often


class LineHeat:
    """One step of all nodes; `in_j` is all heat that ever came through the jackets, `leak_w_k` the paths' W/K."""

    __slots__ = ("_plant", "_hose_pa", "leak_w_k", "in_j")

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._hose_pa = -1.0
        self.leak_w_k: list[float] = []  # ambient to metal, per node
        self.in_j = 0.0

    def step(self, dt: float) -> None:
        """Advance metal and fluid energies by `dt` s; leaves each node's share in its `q_j`."""
        plant = self._plant
        w = plant.world
        if w.hose_vacuum_pa != self._hose_pa:
            self._hose_pa = w.hose_vacuum_pa
            # The stub has a jacket of its own, in the cabinet.
            flux = [jacket_w_m2(STUB_VACUUM_PA)] + [jacket_w_m2(w.hose_vacuum_pa)] * 4
            self.leak_w_k = [
                (f * node.jacket_m2 + watts) / 268.0
                for f, node, watts in zip(flux, plant.nodes, FITTINGS_W, strict=True)
            ]
        leak_w_k = self.leak_w_k
        inner = plant.inner
        prev = abs(plant.xv101.w)
        t_amb = w.ambient_k
        i = 0
        for node in plant.nodes:
            nxt = abs(inner[i].w) if i < 4 else plant.xv104.w
            flow = prev if prev > nxt else nxt
            prev = nxt
            step = dt
            if flow < 1e-6 and node.phase == GAS and not node.stale:
                still = node.still_s + dt
                if still < STILL_S:
                    node.still_s = still
                    node.q_j = 0.0
                    i += 1
                    continue
                step = still
                node.still_s = 0.0
            metal = node.metal
            t = node.t
            d = metal.t_k - t
            wet = 10.0 * (1.0 - node.gas_share)
            h = 0.0
            if wet < 1.0:
                h = (40.0 + 70.0 * (flow * 500.0) ** 0.8) * (1.0 - wet)
            else:
                wet = 1.0
            if wet > 0.0:
                h += wet * boiling_htc(d)
            ha = h * node.area * step
            q = d * ha / (1.0 + ha * (1.0 / metal.c_j_k + 1.0 / (node.c_t + flow * step * 12000.0)))
            leak = leak_w_k[i] * (t_amb - metal.t_k) * step
            metal.add(leak - q)
            self.in_j += leak
            node.u += q
            node.q_j = q
            i += 1
