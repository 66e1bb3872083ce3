"""Air that froze in the lines: nitrogen below 63 K, oxygen below 54 K, held at the wall until it warms up.

Solid air in liquid hydrogen is sensitive to shock, and it blocks seats: a controller must never let it happen, so that
the plant only keeps account of it (mass, place, heat) and takes it out of the gas.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from .fluid import CV_AIR
from .node import Node

# fmt: off
SPECIES = (
    # NAME  SHARE OF AIR kg/kg  FREEZES BELOW K  HEAT OF SUBLIMATION J/kg
    ("n2",  0.755,              63.15,           252e3),
    ("o2",  0.245,              54.36,           275e3),  # with the argon
)
# fmt: on
FREEZE_TAU_S = 2.0  # assumed
THAW_TAU_S = 5.0  # assumed


class FrozenAir:
    """Solid nitrogen and oxygen per line node, `kg[node][species]`."""

    __slots__ = ("_nodes", "kg")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self.kg = [[0.0, 0.0] for _ in nodes]

    def total_kg(self) -> float:
        """All solid air."""
        return sum(map(sum, self.kg))

    def energy_j(self) -> float:
        """Its energy, on the scale on which gaseous air has CV T."""
        return -sum(kg * row[3] for solid in self.kg for kg, row in zip(solid, SPECIES, strict=True))

    def step(self, dt: float) -> None:
        """Freeze and thaw for `dt` s, about half a second."""
        for node, solid in zip(self._nodes, self.kg, strict=True):
            cold_k = min(node.t, node.metal.t_k)
            if (node.m_air > 1e-12 and cold_k < SPECIES[0][2]) or solid[0] > 0.0 or solid[1] > 0.0:
                self._change(node, solid, cold_k, dt)

    @staticmethod
    def _change(node: Node, solid: list[float], cold_k: float, dt: float) -> None:
        """Each species of one node: all that there is of it below its freezing point, none above."""
        all_kg = node.m_air + solid[0] + solid[1]
        for i, (_, share, freezes_k, heat) in enumerate(SPECIES):
            aim = share * all_kg if cold_k < freezes_k else 0.0
            dm = (aim - solid[i]) * (1.0 - exp(-dt / (FREEZE_TAU_S if aim > 0.0 else THAW_TAU_S)))
            if dm > node.m_air:
                dm = node.m_air
            if aim == 0.0 and solid[i] < 1e-12:
                dm = -solid[i]
            u = dm * CV_AIR * node.t
            solid[i] += dm
            node.m_air -= dm
            node.u -= u
            node.metal.add(u + dm * heat)
            node.stale = 100
