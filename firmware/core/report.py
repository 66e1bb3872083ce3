"""Events: put in a ring by the tick without allocation, written as lines to the serial port in the slack.

Line: `!EV,<t_ms>,<kind>,<id>,<from>,<to>,<value>*<CRC-16>` LF, all decimal integers; CRC-16/CCITT-FALSE in
four hex digits over the text between `!` and `*`. When the port is slow the ring fills and events are lost
and counted, never waited for.
"""

from micropython import const

from core.e2e import crc16

STATE, TRIP, CLEAR, TICKET, STATS, WARN, BOOT, INFO, LINK, PORT = range(1, 11)

RING = const(64)
FIELDS = const(6)
PER_SLACK = const(2)  # lines written in one slack: bounded by count, not by time


class Cost:
    """What the executive counts: ticks, those with the heap locked, overruns; cost of a tick, sampled, us."""

    def __init__(self):
        self.ticks = self.locked = self.overruns = 0
        self.tick_us = self.tick_us_max = 0


class Events:
    """A ring of RING events of six integers. `put` is for the tick, `flush` for the slack, while any is `waiting`."""

    def __init__(self):
        self._ring = [0] * (RING * FIELDS)
        self._head = 0
        self._tail = 0
        self._line = None
        self.waiting = False  # one that has not been handed to the port
        self.now_ms = 0  # set by the executive each tick
        self.lost = 0
        self.cost = Cost()

    def put(self, kind, ident, source, target, value):
        """Record an event at this tick's time; drops and counts it when the ring is full."""
        head = self._head
        after = (head + FIELDS) % (RING * FIELDS)
        if after == self._tail:
            self.lost += 1
            return
        ring = self._ring
        ring[head] = self.now_ms
        ring[head + 1] = kind
        ring[head + 2] = ident
        ring[head + 3] = source
        ring[head + 4] = target
        ring[head + 5] = value
        self._head = after
        self.waiting = True

    def sent(self):
        """Return whether every event has been handed to the port."""
        return not self.waiting

    def flush(self, port):
        """Write at most PER_SLACK events to the port, which takes whole lines."""
        for _ in range(PER_SLACK):
            if self._line is None:
                if self._tail == self._head:
                    break
                t = self._tail
                text = "EV," + ",".join([str(x) for x in self._ring[t : t + FIELDS]])
                self._tail = (t + FIELDS) % (RING * FIELDS)
                self._line = frame_line("!", text)
            if not port.write(self._line):
                break
            self._line = None
        self.waiting = self._line is not None or self._tail != self._head


def frame_line(lead, text):
    """Return `lead` + text + `*CRC` + LF as bytes (the serial line format of both directions)."""
    body = text.encode()
    return lead.encode() + body + b"*%04X\n" % crc16(body, 0, len(body), 0xFFFF)
