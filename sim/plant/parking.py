"""A truck or a whole plant left standing for hours and days: steps as long as the pressures allow.

Nothing is switched meanwhile, so the only fast things left are reliefs that lift, valves that drip and vents that blow.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from .node import GAS
from .tank import Tank

if TYPE_CHECKING:
    from .plant import Plant

FIRST_S = 0.5
LONGEST_S = 300.0
CHANGE = 1.5e-3  # of the pressure in one step
GROWTH = 1.3
SHORTEST_S = 0.01
SQUEEZE = 0.1  # of the vapour's volume in one step
LIFTED_S = 0.1
# Of the lines: their pressures may change more than the tank's, because they are solved implicitly.
LINE_CHANGE = 5e-2
LEAKING = 0.1  # of the way to the ambient that the metal may warm in one step
LIQUID_S = 1.0
SETTLING_S = 10.0  # while vaporiser and buffer come back to the ambient's temperature


class _Pace:
    """How long the next step may be, by what the last one did to the tank's pressure and to its vapour space."""

    def __init__(self, longest_s: float) -> None:
        self.dt = FIRST_S
        self._longest_s = longest_s

    def begin(self, tank: Tank) -> None:
        """Note the tank as it is before a step."""
        self._p, self._vl = tank.p, tank.vl

    def end(self, tank: Tank, lifted: bool, lines: float = 0.0) -> None:
        """Choose the next step; `lifted`: a relief is open. `lines`: their change over what they may change."""
        p, dt = self._p, self.dt
        change = max(abs(tank.p - p) / (p * CHANGE), lines)
        grow = min(GROWTH, 1.0 / change) if change > 0.0 else GROWTH
        # Liquid that is about to fill the vessel has to be met gently.
        swell = abs(tank.vl - self._vl) / dt
        gap_s = SQUEEZE * (tank.v - tank.vl) / swell if swell > 0.0 else self._longest_s
        self.dt = min(self._longest_s, max(SHORTEST_S, min(dt * max(grow, 0.2), gap_s)))
        if lifted:
            self.dt = min(self.dt, LIFTED_S)


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
    t, pace = 0.0, _Pace(longest_s)
    while t < limit_s:
        pace.dt = dt = min(pace.dt, limit_s - t)
        pace.begin(tank)
        lifted = vent is not None and vent(tank, dt)
        tank.step(dt, 0.0, 0.0, 0.0, 0.0, 0.0)
        t += dt
        if until is not None and until(tank):
            return t
        pace.end(tank, lifted)
    return t


def park_plant(
    plant: Plant,
    limit_s: float,
    until: Callable[[dict[str, float]], bool] | None,
    longest_s: float,
    physics: Callable[[float], None],
    tick_s: float = 0.01,
) -> float:
    """Leave a whole plant for `limit_s` s or until `until(truth)`: see `Plant.park`. `physics(dt)` advances it."""
    if limit_s < 0.0:
        raise ValueError(f"limit_s = {limit_s:g}: must not be negative")
    if not plant.vehicle.at_rest(plant.world):
        raise ValueError("the truck is not parked: its brake is off or it still rolls")
    truth, sensors = plant.truth, plant.sensors
    ticks, limit = 0, round(limit_s / tick_s)
    # What was switched last is taken over and strokes to its end, as ever.
    while ticks < limit and (ticks == 0 or plant.moving):
        plant.step(tick_s)
        ticks += 1
        if until is not None and until(truth):
            return ticks * tick_s
    plant.catch_up()
    paces = [(_Pace(longest_s), tank) for tank in plant.tanks]
    while ticks < limit:
        may_s = min(_lines_allow_s(plant), *(pace.dt for pace, _ in paces), longest_s)
        n = min(ceil(may_s / tick_s - 1e-6), limit - ticks)  # up, or it would never grow
        dt = n * tick_s
        for pace, tank in paces:
            pace.dt = dt
            pace.begin(tank)
        before = [(node.p, node.metal.t_k) for node in plant.nodes]
        physics(dt)
        ticks += n
        plant.tick += n
        sensors.process(plant)
        sensors.slow(dt)
        if until is not None and until(truth):
            break
        lines = max(
            max(abs(node.p - p), abs(node.metal.t_k - t_k) / t_k * p) / p
            for node, (p, t_k) in zip(plant.nodes, before, strict=True)
        )
        for pace, tank in paces:
            pace.end(tank, plant.w_tstack > 0.0, lines / LINE_CHANGE)
    return ticks * tick_s


def _lines_allow_s(plant: Plant) -> float:
    """The longest step that lines and vaporiser follow stably."""
    drive = plant.propulsion
    if drive.draws():
        return LIFTED_S
    most = LONGEST_S if drive.at_rest else SETTLING_S
    for node, w_k in zip(plant.nodes, plant.line_heat.leak_w_k, strict=True):
        most = min(most, LEAKING * node.metal.c_j_k / w_k)
        if node.phase != GAS:
            most = min(most, LIQUID_S)
    return most
