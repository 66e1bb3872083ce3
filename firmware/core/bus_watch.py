"""Supervision of the CAN controller: bus-off with back-off, alone on the bus, error-passive, overruns.

Called in the slack. It tells changes only (LINK events, ids of `core.link_note_table`), never a state that stays, so
a dead bus fills no trace. Rejoining at once after bus-off would let a node that is broken disturb the bus for ever:
the wait doubles from 100 ms to 1.6 s, and begins anew after ten seconds in order. When nobody acknowledges, the
controller repeats its frame by itself and stays error-passive (ISO 11898-1): that is no bus-off and needs no
restart; what waits is replaced by newer values (`board.can`).
"""

from micropython import const

from core import report

ACTIVE, PASSIVE, ALONE, BUS_OFF, OVERRUN, VERSION, DATE_UNSET = range(7)  # rows of link_note_table.NOTES
STATE_WARNING, STATE_PASSIVE, STATE_BUS_OFF = const(2), const(3), const(4)  # of board.can
PASSIVE_TEC = const(128)

WAIT_FIRST_MS = const(100)
WAIT_MAX_MS = const(1600)
IN_ORDER_MS = const(10000)  # without bus-off for so long: the next wait is the first again
ALONE_LOOKS = const(5)  # passive with frames waiting so often in a row: nobody is there
TELL_MS = const(1000)  # overruns are told at most this often
_CLOCK = const(0x3FFFFFFF)  # the events' clock wraps
_REJOINING = const(-1)  # restarted, and not yet seen in order


class BusWatch:
    """Watches `port` (board.can.Port); `look(now_ms)` in the slack, every 40 ms or so."""

    def __init__(self, port, events):
        self._port = port
        self._events = events
        self.told = ACTIVE  # last of ACTIVE, PASSIVE, ALONE, BUS_OFF that was told
        self.restarts = 0
        self._wait_ms = WAIT_FIRST_MS
        self._since_ms = 0  # of bus-off, or of its end
        self._alone = 0  # looks in a row that saw it passive with frames waiting
        self._lost = 0
        self._lost_ms = -TELL_MS

    def look(self, now_ms):
        """Judge the controller at `now_ms` (of the events' clock)."""
        port = self._port
        if port.lost != self._lost and now_ms - self._lost_ms & _CLOCK >= TELL_MS:
            self._lost = port.lost
            self._lost_ms = now_ms
            self._events.put(report.LINK, OVERRUN, 0, 0, port.lost)
        state = port.state()
        if state == STATE_BUS_OFF:
            if self.told != BUS_OFF:
                self._tell(BUS_OFF, self._wait_ms)
                self._since_ms = now_ms
            elif now_ms - self._since_ms & _CLOCK >= self._wait_ms:
                self._wait_ms = min(2 * self._wait_ms, WAIT_MAX_MS)
                self._since_ms = now_ms
                self.restarts += 1
                self.told = _REJOINING
                port.restart()
            return
        if now_ms - self._since_ms & _CLOCK >= IN_ORDER_MS:
            self._wait_ms = WAIT_FIRST_MS
        if state != STATE_PASSIVE:
            self._alone = 0
            if self.told != ACTIVE and state < STATE_WARNING:
                self._tell(ACTIVE, port.counters()[0])
            return
        counters = port.counters()
        self._alone = min(self._alone + 1, ALONE_LOOKS) if counters[0] >= PASSIVE_TEC and counters[5] else 0
        if self._alone >= ALONE_LOOKS:
            if self.told != ALONE:
                self._tell(ALONE, counters[5])
        elif self.told == ACTIVE or self.told == _REJOINING:
            self._tell(PASSIVE, counters[0])

    def _tell(self, note, value):
        self.told = note
        self._events.put(report.LINK, note, 0, 0, value)
