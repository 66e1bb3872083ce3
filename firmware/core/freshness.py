"""Freshness of authenticated frames: the number of a frame in its session, and how far a stream runs behind.

Both sides count the frames of a session. On the bus goes only the low byte of that number, as the frame's E2E counter;
the receiver puts the rest back, always upwards from the newest number that it has verified. Integers below 2**30:
at ten frames a second a session may last three years.
"""

from micropython import const

NONE = const(-1)  # before the first frame of a session
WRAP = const(256)
SKEW_FRAMES = const(50)  # a stream may run slow by 1 ms in so many frames: 200 ppm, two crystals


def following(newest, counter):
    """Return the smallest number above `newest` (or NONE) whose low byte is `counter`. For tick and slack."""
    return newest + (counter - newest - 1 & 255) + 1


class Pace:
    """How far a stream of numbered frames lies behind its own clock: somebody who holds frames back is found here.

    A frame every `cycle_ms` is expected. `behind_ms` grows by what is missing, shrinks by what comes early, and by
    1 ms in SKEW_FRAMES frames, so that the difference of two clocks does not add up. Slack only.
    """

    def __init__(self, cycle_ms):
        self._cycle_ms = cycle_ms
        self.behind_ms = 0

    def restart(self):
        """Begin a new stream."""
        self.behind_ms = 0

    def after(self, elapsed_ms, before, now):
        """Return `behind_ms` as it is with frame number `now`, which came elapsed_ms after number `before`."""
        behind_ms = self.behind_ms + elapsed_ms - (now - before) * self._cycle_ms
        behind_ms -= now // SKEW_FRAMES - before // SKEW_FRAMES
        return behind_ms if behind_ms > 0 else 0
