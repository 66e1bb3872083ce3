"""The cyclic executive: sample, supervise, decide, drive, report, every 10 ms.

The control tick runs with the heap locked: an allocation in it raises, drops every output and ends the
program, and the watchdog resets the board. What may allocate (serial lines) runs in the slack after it.
"""

from micropython import const, heap_lock, heap_unlock

from board import clock, watchdog
from core import report

TICK_MS = const(10)
STATS_TICKS = const(500)  # how often the counts below are reported
SAMPLE_MASK = const(15)  # one tick in 16 is timed: over five of them that is every group of the scan


def run(node):
    """Run `node` for ever. `node` offers image, events and the five steps of a tick, and `slack()`."""
    image, events = node.image, node.events
    dog = watchdog.start()
    # The steps by name: looked up once here, not seven times a tick (2 % of it).
    sample, supervise, decide, drive = node.sample, node.supervise, node.decide, node.drive
    tell, slack, feed = node.report, node.slack, dog.feed
    ticks_ms, ticks_add, ticks_diff, sleep_ms = clock.ticks_ms, clock.ticks_add, clock.ticks_diff, clock.sleep_ms
    lock, unlock = heap_lock, heap_unlock
    cost, ticks_us = events.cost, clock.ticks_us
    due = start = ticks_ms()
    ticks = locked = overruns = now_ms = began_us = 0
    while True:
        now = ticks_ms()
        now_ms = now_ms + ticks_diff(now, start) & 0x3FFFFFFF
        start = now
        timed = not ticks & SAMPLE_MASK
        if timed:
            began_us = ticks_us()
        lock()
        try:
            events.now_ms = now_ms
            sample(ticks)
            supervise(now)
            decide(ticks)
            drive()
            tell(ticks)
            feed()
        except BaseException as failure:
            image.de_energise()
            heap_unlock()
            raise failure  # by name: a bare raise is beyond MicroPython's machine-code emitter
        unlock()
        if timed:
            cost.tick_us = tick_us = ticks_diff(ticks_us(), began_us)
            if tick_us > cost.tick_us_max:
                cost.tick_us_max = tick_us
            cost.ticks, cost.locked, cost.overruns = ticks, locked, overruns
        ticks = ticks + 1 & 0x3FFFFFFF
        locked += 1
        if ticks % STATS_TICKS == 0:
            events.put(report.STATS, 0, 0, 0, locked)
            events.put(report.STATS, 1, 0, 0, ticks)
            events.put(report.STATS, 2, 0, 0, overruns)
        slack()
        due = ticks_add(due, TICK_MS)
        left = ticks_diff(due, ticks_ms())
        if left <= 0:
            if ticks > 2:  # what the boot wrote to flash delays the first sleep: no tick was late
                overruns += 1
            due = ticks_ms()
            left = 0
        sleep_ms(left)
