"""Time of the board. The only module that imports `time`.

`ticks_ms` and `ticks_us` wrap at 2**30: compare them with `ticks_diff`, never with `<`.
"""

from time import sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

__all__ = ("sleep_ms", "ticks_add", "ticks_diff", "ticks_ms", "ticks_us")
