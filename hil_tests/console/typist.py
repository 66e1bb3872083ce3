"""A person at `cryofill console`: a real pseudo-terminal of 80 by 24, keys pressed one by one, the screen read."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from hil_tests import spawn
from host_tools.console.terminal import Program

KEY_S = 0.02  # between two keys
WAIT_S = 30.0


class Typist(Program):
    """Runs the console in a terminal. `type` presses keys, `see` waits for words."""

    def __init__(self, *words: str, colour: bool = True, term: str = "xterm") -> None:
        env = {**spawn.environment(), "TERM": term, "PYTHONUTF8": "1"}
        env.pop("NO_COLOR", None)
        if not colour:
            env["NO_COLOR"] = "1"
        super().__init__([sys.executable, "-m", "host_tools", "console", *words], env)
        self._from = 0  # of what has scrolled away: where the last `type` began

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def see(self, words: str) -> None:
        """Wait until words have been shown since the last `type`, or stand on the screen."""
        end_s = time.monotonic() + WAIT_S
        while words not in self.everything()[self._from :] and words not in self.live():
            going = self.read(0.05)
            assert going and time.monotonic() < end_s, f"waited for {words!r}; shown:\n{self.everything()}"

    def type(self, keys: str) -> None:
        """Press keys one by one."""
        self._from = len("\n".join(self.screen.scrolled))
        for key in keys:
            self.press(key)
            self.read(KEY_S)

    def wait(self, s: float) -> None:
        """Press nothing for so long."""
        end_s = time.monotonic() + s
        while time.monotonic() < end_s:
            self.read(KEY_S)

    def everything(self) -> str:
        """Return all that was shown."""
        return self.screen.everything()

    def live(self) -> str:
        """Return the live line: the last three rows of the terminal that are not empty."""
        rows = [line for line in self.screen.lines() if line]
        return "\n".join(rows[-3:])

    def ended(self) -> int:
        """Wait for its end and return the exit code."""
        end_s = time.monotonic() + WAIT_S
        while self.read(0.05) and time.monotonic() < end_s:
            pass
        return self.process.wait(10.0)
