"""Shape of a vessel: what a given fill wets, how wide the surface is, how long the line where it meets the wall.

A horizontal cylinder with hemispherical ends that has the given volume and inner area; a sphere when the area allows no
cylinder. Horizontal is how a truck carries it; for a sphere it makes no difference.
"""

from __future__ import annotations

from bisect import bisect_right
from math import acos, pi, sqrt
from typing import NamedTuple

CELLS = 200
_KNOTS = 2000
ROUNDING = 1.02  # published volumes and areas are rounded: a sphere may miss its own area by this


class Fill(NamedTuple):
    """At one share of the volume: shares and lengths. `wet` of the wall area; `surface_m2`; `line_m` of contact."""

    wet: float
    surface_m2: float
    line_m: float


def sphere_m2(volume_m3: float) -> float:
    """Area of the sphere of this volume: no vessel has less."""
    return float((36.0 * pi * volume_m3 * volume_m3) ** (1.0 / 3.0))


class Shape:
    """`cells[i]` holds (wet, wet', surface, surface', line, line') from a volume share of i / CELLS on, ' per share.

    Raises ValueError when no vessel of this volume has so small an area.
    """

    __slots__ = ("cells", "radius_m", "length_m", "_heights_m")

    def __init__(self, volume_m3: float, area_m2: float) -> None:
        least = sphere_m2(volume_m3)
        if area_m2 * ROUNDING < least:
            raise ValueError(f"area_m2 = {area_m2:g}: a sphere of {volume_m3:g} m3 has {least:.2f}, nothing has less")
        area = max(area_m2, least)
        lo, hi = 0.0, sqrt(area / (4.0 * pi))
        for _ in range(60):
            r = 0.5 * (lo + hi)
            if 0.5 * area * r - 2.0 / 3.0 * pi * r**3 < volume_m3:
                lo = r
            else:
                hi = r
        self.radius_m = r = 0.5 * (lo + hi)
        self.length_m = length = max(0.0, (area - 4.0 * pi * r * r) / (2.0 * pi * r))
        full = pi * r * r * length + 4.0 / 3.0 * pi * r**3
        whole = 2.0 * pi * r * length + 4.0 * pi * r * r
        knots: list[tuple[float, Fill]] = []
        for i in range(_KNOTS + 1):
            h = 2.0 * r * i / _KNOTS
            chord = sqrt(max(0.0, 2.0 * r * h - h * h))
            angle = acos(min(1.0, max(-1.0, (r - h) / r)))
            volume = pi * h * h * (3.0 * r - h) / 3.0 + length * (r * r * angle - (r - h) * chord)
            fill = Fill(
                wet=(2.0 * pi * r * h + 2.0 * length * r * angle) / whole,
                surface_m2=pi * chord * chord + 2.0 * length * chord,
                line_m=2.0 * pi * chord + 2.0 * length,
            )
            knots.append((volume / full, fill))
        shares = [share for share, _ in knots]
        points = []
        self._heights_m: list[float] = []
        for i in range(CELLS + 1):
            share = i / CELLS
            j = min(max(bisect_right(shares, share) - 1, 0), _KNOTS - 1)
            (s0, a), (s1, b) = knots[j], knots[j + 1]
            x = (share - s0) / (s1 - s0)
            self._heights_m.append(2.0 * r * (j + x) / _KNOTS)
            points.append(tuple(u + x * (v - u) for u, v in zip(a, b, strict=True)))
        self.cells: list[tuple[float, float, float, float, float, float]] = []
        for a0, b0 in zip(points, points[1:], strict=False):
            row: list[float] = []
            for u, v in zip(a0, b0, strict=True):
                row += [u, (v - u) * CELLS]
            self.cells.append((row[0], row[1], row[2], row[3], row[4], row[5]))

    def height_m(self, share: float) -> float:
        """Return how high this share of the volume stands above the bottom, 0 to 1."""
        i = min(max(int(share * CELLS), 0), CELLS - 1)
        low, high = self._heights_m[i], self._heights_m[i + 1]
        return low + (high - low) * (share * CELLS - i)

    def at(self, share: float) -> Fill:
        """Return what is wetted with this share of the volume filled, 0 to 1."""
        i = min(max(int(share * CELLS), 0), CELLS - 1)
        w, dw, s, ds, c, dc = self.cells[i]
        x = share - i / CELLS
        return Fill(w + dw * x, s + ds * x, c + dc * x)
