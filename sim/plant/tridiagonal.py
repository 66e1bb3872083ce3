"""Five linear equations, each coupled with its neighbours only."""

from __future__ import annotations


def solve(diag: list[float], rhs: list[float], a: list[float], b: list[float]) -> list[float]:
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
