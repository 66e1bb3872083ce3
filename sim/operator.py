"""The person at the dispenser: a step table played against the world, never against the firmware.

They set the brake, clamp the earth, seat the nozzle, press start, and when the lock lets go they put everything
back, the earth clamp last. They react only to what a person sees: lock, lamp (public state), clamp.
"""

from __future__ import annotations

from typing import Any, Protocol


class RigView(Protocol):
    """What the operator needs of the rig."""

    plant: Any
    state: dict[str, str]


PRESS_S = 0.5  # how long a button is held

# fmt: off
# A step is done when its condition has held for AFTER_S since the step before (AT_S: not before this time of the run).
STEPS = (
    # STEP            AT_S  WHEN             AFTER_S  SET
    ("brake",         0.0,  "always",        0.0,     (("brake", True), ("ignition", False))),
    ("earth",         2.0,  "always",        0.0,     (("earthed", True),)),
    ("take_nozzle",   4.0,  "always",        0.0,     (("in_holster", False),)),
    ("cap_off",       6.0,  "always",        0.0,     (("cap_on", False),)),
    ("seat",          8.0,  "earthed",       0.0,     (("seated", True),)),
    ("press",         10.0, "ready",         0.0,     (("start_pressed", True),)),
    ("release",       0.0,  "always",        PRESS_S, (("start_pressed", False),)),
    ("locked",        0.0,  "locked",        0.0,     ()),
    ("unseat",        0.0,  "lock_released", 3.0,     (("seated", False),)),
    ("holster",       0.0,  "always",        1.0,     (("in_holster", True),)),
    ("cap",           0.0,  "always",        2.0,     (("cap_on", True),)),
    ("unclamp",       0.0,  "always",        3.0,     (("earthed", False),)),
)
# fmt: on


def _always(rig: RigView) -> bool:
    return True


def _earthed(rig: RigView) -> bool:
    return bool(rig.plant.world.earthed)


def _ready(rig: RigView) -> bool:
    """The dispenser's lamp says that it waits for a customer."""
    return rig.state.get("dispenser") in ("IDLE", "CONNECT")


def _locked(rig: RigView) -> bool:
    return rig.plant.truth["ZS102"] >= 0.5 and bool(rig.plant.world.seated)


def _lock_released(rig: RigView) -> bool:
    return rig.plant.truth["lock_open"] >= 0.5 and not rig.plant.world.breakaway


CONDITIONS = {
    "always": _always,
    "earthed": _earthed,
    "ready": _ready,
    "locked": _locked,
    "lock_released": _lock_released,
}


class Operator:
    """Plays STEPS in order; call `step(t_s, rig)` once per tick. `done` once everything is put back."""

    def __init__(
        self, steps: tuple[tuple[str, float, str, float, tuple[tuple[str, bool], ...]], ...] = STEPS
    ) -> None:
        self._steps = [
            (name, at_s, CONDITIONS[when], after_s, sets) for name, at_s, when, after_s, sets in steps
        ]
        self._next = 0
        self._since_s: float | None = None  # when the pending step's condition began to hold
        self._last_s = 0.0  # when the step before was done
        self.log: list[tuple[float, str]] = []

    @property
    def done(self) -> bool:
        """Return whether the last step is done."""
        return self._next >= len(self._steps)

    def step(self, t_s: float, rig: RigView) -> None:
        """Do the steps that are due at `t_s` (seconds since the start of the run)."""
        while self._next < len(self._steps):
            name, at_s, holds, after_s, sets = self._steps[self._next]
            if t_s < at_s:
                return
            if not holds(rig):
                self._since_s = None
                return
            if self._since_s is None:
                self._since_s = max(self._last_s, t_s)
            if t_s < self._since_s + after_s - 1e-9:
                return
            for attribute, value in sets:
                setattr(rig.plant.world, attribute, value)
            self.log.append((t_s, name))
            self._last_s = t_s
            self._since_s = None
            self._next += 1
