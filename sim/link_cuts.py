"""The link cut at random moments: how long after the last valid permit is XV103 closed?

One fill serves many cuts: each lasts until the valve has closed but less than the second that would end the fill, so
that HOLD resumes by itself. `measure` returns the times; the design allows 1.3 s.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim import fill, rig
from sim.quick import SETTINGS, STEPS
from sim.scenario import Fault, Scenario, Truck

LIMIT_S: Final = 1.3
PER_FILL: Final = 20  # holds that the largest `holds_max` lets a fill resume from
OPEN_S: Final = (0.3, 4.0)  # XV103 has been open for so long when the next cut comes (uniform)
CUT_S: Final = 0.7  # with the frame before it and the second one after it less than the second that ends a fill
GIVE_UP_S: Final = 60.0  # a valve that stays open, or a fill that does not resume
PERMIT_ID: Final = 0x0CFF21A1  # T_STATUS, whose fuelling command lets the dispenser supply
PER_STATE: Final = {"PRECOOL": 2, "COLDTEST": 2, "FILL": PER_FILL}  # of one fill: most in the longest state
CLOSED: Final = 0.01  # valve position
TRUCK: Final = Truck(mass_kg=40.0, tank_bar=4.0, wall_k=26.0, target_kg=60.0)


@dataclass(frozen=True)
class Cut:
    """One cut: when (s of its fill), in which public state, from the last permit frame to XV103 closed (s)."""

    at_s: float
    state: str
    closed_s: float


class NotClosed(Exception):
    """A fill did not go on, or the valve did not close; the message says where."""


class Cutter:
    """An observer that cuts the link again and again; `cuts` grows to `wanted`."""

    def __init__(self, wanted: int, seed: int) -> None:
        self.cuts: list[Cut] = []
        self._wanted = wanted
        self._left = dict(PER_STATE)
        self._rng = random.Random(f"cuts{seed}")
        self._permit_s = 0.0  # end of the last permit frame
        self._cut: tuple[float, str, float] | None = None  # at_s, state, end of the last permit before it
        self._since_s = 0.0  # XV103 open, or the cut
        self._open_s = self._draw_s()
        self._was_open = False

    def _draw_s(self) -> float:
        low, high = OPEN_S
        return low + (high - low) * self._rng.random()

    @property
    def done(self) -> bool:
        return len(self.cuts) >= self._wanted

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Note the frames that the dispenser's permission rests on."""
        if can_id == PERMIT_ID:
            self._permit_s = t_us / 1e6

    def on_tick(self, rig_: rig.Rig) -> None:
        """Cut when the valve has been open for long enough; measure until it is closed."""
        is_open = rig_.plant.truth["XV103"] > CLOSED
        if self._cut is not None:
            if not is_open:
                at_s, state, permit_s = self._cut
                self.cuts.append(Cut(at_s, state, rig_.t_s - permit_s))
                self._cut = None
                self._since_s = rig_.t_s
            elif rig_.t_s - self._since_s > GIVE_UP_S:
                raise NotClosed(f"XV103 still open {GIVE_UP_S:g} s after the cut at {self._since_s:.2f} s")
        elif is_open != self._was_open:
            self._since_s = rig_.t_s
        elif is_open and self._left.get(state := rig_.state["dispenser"]) and rig_.t_s - self._since_s >= self._open_s:
            self._left[state] -= 1
            self._cut = (rig_.t_s, state, self._permit_s)
            self._since_s = rig_.t_s
            self._open_s = self._draw_s()
            rig_.faults.add(Fault("can.link", "disconnect", at_s=rig_.t_s, for_s=CUT_S))
        elif self.cuts and not is_open and rig_.t_s - self._since_s > GIVE_UP_S:
            raise NotClosed(f"the fill did not go on after the cut at {self.cuts[-1].at_s:.2f} s")
        self._was_open = is_open


def measure(
    cuts: int, *, seed: int = 1, vm: str = "micropython", bitrate: int = 500_000, firmware: Path | None = None
) -> Iterator[Cut]:
    """Yield `cuts` cuts, in as many fills as they take. Raises NotClosed, NodeFailure."""
    left, number = cuts, 0
    while left:
        cutter = Cutter(min(left, PER_FILL), seed * 1000 + number)
        scenario = Scenario(stem="cuts", seed=seed + number, truck=TRUCK)
        settings = (*SETTINGS, ("dispenser", "holds_max", PER_FILL))
        options = fill.Options(vm=vm, bitrate=bitrate, firmware=firmware, settings=settings, steps=STEPS)
        rig_ = fill.build(scenario, options, [cutter])
        with rig_:
            rig_.start()
            fill.commission(rig_, scenario, settings)
            seen = 0
            while not cutter.done:
                rig_.tick()
                yield from cutter.cuts[seen:]
                seen = len(cutter.cuts)
        left -= seen
        number += 1
