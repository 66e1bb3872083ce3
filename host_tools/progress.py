"""Progress of a fill for people: one permanent line per state of the dispenser, and on a terminal one live line.

Lines say how long a state lasted and what was reached. Without a terminal only the permanent lines are written, so a
log stays readable. Times are simulated seconds; the live line also shows how much faster than real time the run is.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from typing import Any, TextIO

from host_tools.sampling import RigView, as_event
from sim.events import state_name

REFRESH_S = 0.1    # of wall-clock time, between two live lines
LOOK_MS = 200      # of simulated time, between two looks at the clock


class Progress:
    """Writes the progress of one run to `out`; `target_kg` is the mass the truck asks for."""

    def __init__(self, out: TextIO, target_kg: float) -> None:
        self._out = out
        self._target_kg = target_kg
        self._live = out.isatty()
        self._state = state_name("dispenser", 0)
        self._since_ms = 0
        self._started = time.monotonic()
        self._drawn = 0.0
        self._shown = False
        self._rig: RigView | None = None

    def on_tick(self, rig: RigView) -> None:
        """Redraw the live line when it is due."""
        self._rig = rig
        if not self._live or rig.t_ms % LOOK_MS:
            return
        now = time.monotonic()
        if now - self._drawn >= REFRESH_S:
            self._drawn = now
            self._draw(rig, now)

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Write the permanent line of a state that has ended, and every trip."""
        one = as_event(event)
        if one.kind == "STATE" and one.node == "dispenser" and one.target != self._state:
            self._finish_state(one.t_ms)
            self._state = one.target
        elif one.kind == "TRIP":
            self._permanent(f"{one.t_ms / 1000.0:8.1f} s  TRIP {one.name} ({one.node}), measured {one.value}")

    def close(self) -> None:
        """Write the line of the last state, which the run's end cut off."""
        if self._rig is not None:
            self._finish_state(self._rig.t_ms)

    def _finish_state(self, t_ms: int) -> None:
        """Write the permanent line of the present state."""
        seconds = (t_ms - self._since_ms) / 1000.0
        self._since_ms = t_ms
        if self._rig is None:
            return
        truth = self._rig.plant.truth
        self._permanent(
            f"{t_ms / 1000.0:8.1f} s  {self._state:<11s} {seconds:7.1f} s   "
            f"hose {truth['PT102']:5.2f} bar  tank {truth['PT201A']:5.2f} bar  nozzle {truth['TT102']:5.1f} K  "
            f"mass {truth['tank_kg']:6.2f} kg"
        )

    def _permanent(self, text: str) -> None:
        """Write one line that stays, above the live line."""
        if self._shown:
            self._out.write("\r\x1b[K")
            self._shown = False
        self._out.write(text + "\n")
        self._out.flush()

    def _draw(self, rig: RigView, now: float) -> None:
        """Draw the live line, cut to the terminal's width."""
        truth = rig.plant.truth
        factor = rig.t_ms / 1000.0 / max(now - self._started, 1e-6)
        text = (
            f"{self._state:<10s}{rig.t_ms / 1000.0:7.1f} s  {truth['tank_kg']:6.2f} -> {self._target_kg:g} kg "
            f"{truth['FT101']:6.1f} g/s  tank {truth['PT201A']:5.2f} hose {truth['PT102']:5.2f} bar "
            f"{truth['TT102']:5.1f} K {factor:3.0f} x"
        )
        self._out.write("\r" + text[: shutil.get_terminal_size((120, 24)).columns - 1] + "\x1b[K")
        self._out.flush()
        self._shown = True
