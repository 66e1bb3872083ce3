"""Pressure surge of a liquid column whose valve shuts: Joukowsky at once, Michaud's 2 L / (c t) share when ramped.

The network is quasi-steady: a column that stops makes no pressure in it. Here the inertia of one pipe is added on top,
for what a transmitter at its shut end shows. It is shorter than a relief's answer and moves no mass.
"""

from __future__ import annotations

from math import pi, sqrt

LIQUID_SHARE = 0.98  # with more gas than the rest the column is soft: no surge


class Surge:
    """One pipe of `length_m` and `bore_m`. `pa` is the surge of the last step, `peak_pa` the highest of all."""

    __slots__ = ("_inertia_1_m", "_area_m2", "_w", "_k", "pa", "peak_pa")

    def __init__(self, length_m: float, bore_m: float) -> None:
        self._area_m2 = 0.25 * pi * bore_m * bore_m
        self._inertia_1_m = 2.0 * length_m / self._area_m2
        self._w = self._k = 0.0
        self.pa = self.peak_pa = 0.0

    def step(self, w_kg_s: float, k: float, gas_share: float, v_m3: float, c_kg_pa: float, dt: float) -> None:
        """Follow the flow through the valves at the pipe's end (their coefficients add up to `k`) over `dt` s.

        `v_m3`, `c_kg_pa`: volume and isentropic compliance of the pipe's node, whose ratio is the sound speed squared.
        """
        drop = self._w - w_kg_s
        if dt > 0.0 and k < self._k and drop > 0.0 and gas_share < 1.0 - LIQUID_SHARE:
            pa = self._inertia_1_m * drop / dt
            joukowsky = sqrt(v_m3 / c_kg_pa) * drop / self._area_m2
            self.pa = pa if pa < joukowsky else joukowsky
            if self.pa > self.peak_pa:
                self.peak_pa = self.pa
        else:
            self.pa = 0.0
        self._w = w_kg_s
        self._k = k
