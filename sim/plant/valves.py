"""Valves with stroke, fail position, limit switches and faults; spring reliefs. Positions 0 (closed) to 1 (open)."""

from __future__ import annotations

OPEN_AT = 0.97  # ZO makes
CLOSED_AT = 0.03  # ZC makes
LIFT_OVER = 0.10  # overpressure for full lift, share of the set pressure (gauge)
FCV_RANGEABILITY = 50.0  # assumed: equal percentage


class Valve:
    """On-off valve. `k` of a link follows `opening()`; `fault` is one of stuck_open, stuck_closed, slow, passing.

    slow: strokes `value` times slower. passing: at least that fraction (0-1) of the full opening flows when closed, as
    a healthy seat's `leak` always does. `hysteresis` is the play of a control valve's stem, share of its travel.
    """

    __slots__ = ("tag", "pos", "stroke_s", "fail_open", "fault", "fault_value", "control", "leak", "hysteresis", "_aim")

    def __init__(
        self,
        tag: str,
        stroke_s: float,
        fail_open: bool,
        control: bool = False,
        leak: float = 0.0,
        hysteresis: float = 0.0,
    ) -> None:
        self.tag = tag
        self.stroke_s = stroke_s
        self.fail_open = fail_open
        self.control = control
        self.leak = leak
        self.hysteresis = hysteresis
        self._aim = 0.0  # where the stem's last movement was to
        self.pos = 1.0 if fail_open else 0.0
        self.fault = ""
        self.fault_value = 0.0

    def step(self, level: float, dt: float) -> bool:
        """Move towards the energised level (0/1, or 0..1 for a control valve); True if the position changed."""
        target = 1.0 - level if self.fail_open else level
        stroke = self.stroke_s
        fault = self.fault
        if fault:
            if fault == "stuck_open":
                target = 1.0
            elif fault == "stuck_closed":
                target = 0.0
            elif fault == "slow":
                stroke *= max(self.fault_value, 1.0)
        pos = self.pos
        if self.hysteresis:
            target = self._slack(target)
        if pos == target:
            return False
        d = dt / stroke
        if target > pos:
            self.pos = pos + d if pos + d < target else target
        else:
            self.pos = pos - d if pos - d > target else target
        return True

    def _slack(self, target: float) -> float:
        """Where the stem goes for this command: play lets a reversal smaller than itself pass without movement."""
        if 0.0 < target < 1.0:
            half = 0.5 * self.hysteresis
            target = min(max(self._aim, target - half), target + half)
        self._aim = target
        return target

    def opening(self) -> float:
        """Share of the full flow coefficient."""
        x = self.pos
        if self.control:
            # Equal percentage, tight below 2 % travel.
            x = 0.0 if x < 0.02 else float(FCV_RANGEABILITY ** (x - 1.0)) * min(1.0, (x - 0.02) * 50.0)
        if self.fault == "passing" and x < self.fault_value:
            return self.fault_value
        return x if x > self.leak else self.leak


class Relief:
    """Spring relief: opens at the set pressure, full lift LIFT_OVER above, reseats 7 % below (assumed)."""

    __slots__ = ("tag", "set_pa", "lift")

    def __init__(self, tag: str, set_pa: float) -> None:
        self.tag = tag
        self.set_pa = set_pa
        self.lift = 0.0

    def update(self, gauge_pa: float) -> float:
        """Lift 0-1 at this gauge pressure."""
        over = gauge_pa / self.set_pa - 1.0
        if over >= 0.0:
            self.lift = max(0.05, min(1.0, over / LIFT_OVER))
        elif self.lift > 0.0:
            self.lift = 0.05 if over > -0.07 else 0.0
        return self.lift
