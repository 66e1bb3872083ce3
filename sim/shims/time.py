"""`time` of the virtual board: the rig owns it. Reading time never advances it.

`sleep_ms` is the one place of the exchange with the rig; the rig wakes a node on its 10 ms grid, so a sleep is rounded
up to it. `sleep_us` returns at once: there is nothing to wait for below a tick.
"""

import _link
from _link import exchange, ticks_ms, ticks_us
from _words import NOW_MS, const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


def sleep_ms(ms):
    """Sleep `ms` of virtual time; zero and negative return at once, without an exchange."""
    if ms > 0:
        exchange(ms)


def sleep_us(us):
    """Return at once: virtual time has the grain of the rig's tick."""


def sleep(seconds):
    """Sleep in virtual time."""
    sleep_ms(int(seconds * 1000))


def ticks_cpu():
    """Return microseconds: this board has no finer counter."""
    return ticks_us()


def ticks_add(ticks, delta):
    """Return ticks + delta, wrapping at 2**30. Does not allocate."""
    return (ticks + delta) & _MASK


def ticks_diff(end, start):
    """Return end - start as a signed number of half the wrap. Does not allocate."""
    return ((end - start + _HALF) & _MASK) - _HALF


def time():
    """Return whole seconds since this board started: it has no clock of day."""
    return _link.numbers[NOW_MS] // 1000
