"""The tank alone over hours and days: steps as long as the pressure allows.

The lines stand empty and the firmware sleeps, so the only fast thing left is a relief that lifts.
"""

from __future__ import annotations

from collections.abc import Callable

from .tank import Tank

FIRST_S = 0.5
LONGEST_S = 300.0
CHANGE = 1.5e-3  # of the pressure in one step
GROWTH = 1.3
SHORTEST_S = 0.01
SQUEEZE = 0.1  # of the vapour's volume in one step
LIFTED_S = 0.1


def park(
    tank: Tank,
    limit_s: float,
    until: Callable[[Tank], bool] | None = None,
    vent: Callable[[Tank, float], bool] | None = None,
    longest_s: float = LONGEST_S,
) -> float:
    """Leave the tank to its heat leak for `limit_s` s or until `until`; returns the seconds it took.

    `vent(tank, dt)` takes out what reliefs pass in `dt` s before each step and tells whether any is open: then the step
    is short. The end is met within one step: 0.15 % of the pressure.
    """
    t, dt = 0.0, FIRST_S
    while t < limit_s:
        dt = min(dt, limit_s - t)
        p, vl = tank.p, tank.vl
        lifted = vent is not None and vent(tank, dt)
        tank.step(dt, 0.0, 0.0, 0.0, 0.0, 0.0)
        t += dt
        if until is not None and until(tank):
            return t
        change = abs(tank.p - p) / p
        grow = min(GROWTH, CHANGE / change) if change > 0.0 else GROWTH
        # Liquid that is about to fill the vessel has to be met gently.
        swell = abs(tank.vl - vl) / dt
        gap_s = SQUEEZE * (tank.v - tank.vl) / swell if swell > 0.0 else longest_s
        dt = min(longest_s, max(SHORTEST_S, min(dt * max(grow, 0.2), gap_s)))
        if lifted:
            dt = min(dt, LIFTED_S)
    return t
