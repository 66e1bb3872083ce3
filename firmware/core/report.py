"""Events: put in a ring by the tick without allocation, written as lines to the serial port in the slack.

Line: `!EV,<t_ms>,<kind>,<id>,<from>,<to>,<value>*<CRC-16>` LF, all decimal integers; CRC-16/CCITT-FALSE in
four hex digits over the text between `!` and `*`. When the port is slow the ring fills and events are lost
and counted, never waited for.
"""

from micropython import const

from core.e2e import crc16

STATE, TRIP, CLEAR, TICKET, STATS, WARN, BOOT, INFO, LINK, PORT = range(1, 11)

RING = const(64)
PER_SLACK = const(2)  # lines written in one slack: bounded by count, not by time


class Cost:
    """What the executive counts: ticks, those with the heap locked, overruns; cost of a tick, sampled, us."""

    def __init__(self):
        self.ticks = self.locked = self.overruns = 0
        self.tick_us = self.tick_us_max = 0


class Events:
    """A ring of RING events. `put` is for the tick, `flush` for the slack, while any is `waiting`."""

    def __init__(self):
        self._bytes = bytearray(4 * RING)  # kind, id, from, to of each
        self._numbers = [0] * (2 * RING)  # time and value of each
        self._head = 0
        self._tail = 0
        self._line = None
        self.waiting = False  # one that has not left the board
        self.now_ms = 0  # set by the executive each tick
        self.lost = 0
        self.cost = Cost()

    def put(self, kind, ident, source, target, value):
        """Record an event at this tick's time; drops and counts it when the ring is full. All but `value`: 0 to 255."""
        head = self._head
        after = (head + 1) % RING
        if after == self._tail:
            self.lost += 1
            return
        small = self._bytes
        k = 4 * head
        small[k] = kind
        small[k + 1] = ident
        small[k + 2] = source
        small[k + 3] = target
        self._numbers[2 * head] = self.now_ms
        self._numbers[2 * head + 1] = value
        self._head = after
        self.waiting = True

    def sent(self):
        """Return whether every event has left the board."""
        return not self.waiting

    def flush(self, port):
        """Write at most PER_SLACK events to the port, which takes whole lines."""
        for _ in range(PER_SLACK):
            if self._line is None:
                if self._tail == self._head:
                    break
                t = self._tail
                at_ms, value = self._numbers[2 * t], self._numbers[2 * t + 1]
                text = "EV,%d,%d,%d,%d,%d,%d" % ((at_ms,) + tuple(self._bytes[4 * t : 4 * t + 4]) + (value,))
                self._tail = (t + 1) % RING
                self._line = frame_line("!", text)
            if not port.write(self._line):
                break
            self._line = None
        self.waiting = self._line is not None or self._tail != self._head or not port.idle()


def frame_line(lead, text):
    """Return `lead` + text + `*CRC` + LF as bytes (the serial line format of both directions)."""
    body = text.encode()
    return lead.encode() + body + b"*%04X\n" % crc16(body, 0, len(body), 0xFFFF)
