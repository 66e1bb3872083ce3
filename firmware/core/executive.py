"""The cyclic executive: sample, supervise, decide, drive, report, every 10 ms.

The control tick runs with the heap locked: an allocation in it raises, drops every output and ends the
program, and the watchdog resets the board. What may allocate (serial lines) runs in the slack after it.
"""

from micropython import const, heap_lock, heap_unlock

from board import clock, watchdog
from core import report

TICK_MS = const(10)
STATS_TICKS = const(500)  # how often the counts below are reported


def run(node):
    """Run `node` for ever. `node` offers image, events and the five steps of a tick, and `slack()`."""
    image, events = node.image, node.events
    dog = watchdog.start()
    due = start = clock.ticks_ms()
    ticks = locked = overruns = now_ms = 0
    while True:
        now = clock.ticks_ms()
        now_ms = now_ms + clock.ticks_diff(now, start) & 0x3FFFFFFF
        start = now
        heap_lock()
        try:
            events.now_ms = now_ms
            node.sample(ticks)
            node.supervise(now)
            node.decide(ticks)
            node.drive()
            node.report(ticks)
            dog.feed()
        except BaseException as failure:
            image.de_energise()
            heap_unlock()
            raise failure  # by name: a bare raise is beyond MicroPython's machine-code emitter
        heap_unlock()
        ticks = ticks + 1 & 0x3FFFFFFF
        locked += 1
        if ticks % STATS_TICKS == 0:
            events.put(report.STATS, 0, 0, 0, locked)
            events.put(report.STATS, 1, 0, 0, ticks)
            events.put(report.STATS, 2, 0, 0, overruns)
        node.slack()
        due = clock.ticks_add(due, TICK_MS)
        left = clock.ticks_diff(due, clock.ticks_ms())
        if left <= 0:
            overruns += 1
            due = clock.ticks_ms()
            left = 0
        clock.sleep_ms(left)
