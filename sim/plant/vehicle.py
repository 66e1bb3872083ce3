"""The truck as a body: it drives when traction lets it, rolls on a slope, and pulls the hose until the breakaway parts.

All figures are assumed. Owned by the plant; at rest it costs one comparison a tick.
"""

from __future__ import annotations

from .world import World

START_M_S2 = 0.8  # a laden truck leaves gently
BRAKE_M_S2 = 4.0
SPEED_MAX_M_S = 3.0
ROLLING_PCT = 1.0  # resistance to rolling, as the slope that it balances
SLACK_M = 2.5  # what the hose gives before the breakaway takes the load
G_M_S2 = 9.81


class Vehicle:
    """Distance `m` from where the truck stood, and its `speed_m_s`."""

    __slots__ = ("m", "speed_m_s")

    def __init__(self) -> None:
        self.m = self.speed_m_s = 0.0

    def at_rest(self, world: World) -> bool:
        """Return whether the truck stands and nothing could move it."""
        return self.speed_m_s == 0.0 and world.brake

    def step(self, world: World, traction: bool, dt: float) -> None:
        """Move for `dt` s; `traction`: nothing inhibits the drive. Parts the breakaway of a hose that is pulled."""
        if world.brake:
            push = -BRAKE_M_S2
        else:
            push = G_M_S2 * 0.01 * (world.slope_pct - ROLLING_PCT)
            if world.driver_go and world.ignition and traction:
                push += START_M_S2 + G_M_S2 * 0.01 * ROLLING_PCT
        self.speed_m_s = min(max(self.speed_m_s + push * dt, 0.0), SPEED_MAX_M_S)
        self.m += self.speed_m_s * dt
        if world.seated and self.m > SLACK_M:
            world.breakaway = True
