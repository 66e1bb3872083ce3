"""What the serial command `link` answers: the controller's state, or what became of messages' frames. Slack only."""

from core import e2e, rows
from generated import messages as m

ROWS_MASK = 7  # a slack goes through eight rows of a table
_COUNTS = "ok=%d some_lost=%d silences=%d repeated=%d wrong_sequence=%d crc=%d"


class LinkReport:
    """`do_link` is the command; `now_ms()` the time that the link's receivers count in.

    shown: how many of the link's receivers are told about, the first ones.
    """

    def __init__(self, link, watch, shown, now_ms):
        self._link = link
        self._watch = watch
        self._shown = shown
        self._now_ms = now_ms

    def _place(self, row):
        """Return the place among the receivers of a row of MESSAGES; -1: it is not told about."""
        i = self._link.place(row[1])
        return i if i < self._shown else -1

    def do_link(self, args):
        """`link [message|all]`: the controller, one message, or a line for each."""
        if not args:
            return self._controller()
        if args == ["all"]:
            return self._all()
        number = rows.place(m.MESSAGES, args[0])
        i = self._place(m.MESSAGES[number]) if number >= 0 and len(args) == 1 else -1
        if i < 0:
            names = [row[0] for row in m.MESSAGES if self._place(row) >= 0]
            return "link, or link and one of " + " ".join(sorted(names))
        return self._message(i)

    def _all(self):
        places = {}
        for n, row in enumerate(m.MESSAGES):
            i = self._place(row)
            if i >= 0:
                places[row[0]] = i
            if n & ROWS_MASK == ROWS_MASK:
                yield None
        for name in sorted(places):
            yield name + " " + " ".join(self._message(places[name]))

    def _message(self, i):
        receiver = self._link.receivers[i]
        n = receiver.counts
        counts = n[e2e.OK], n[e2e.OK_SOME_LOST], n[e2e.NO_NEW_DATA], n[e2e.REPEATED], n[e2e.WRONG_SEQUENCE]
        age_ms = receiver.age_ms(self._now_ms())
        return ["qualified=%d age_ms=%d" % (receiver.qualified, age_ms), _COUNTS % (counts + (n[e2e.CRC_ERROR],))]

    def _controller(self):
        link, port = self._link, self._link.port
        counters = port.counters()
        return [
            "state=%d tec=%d rec=%d waiting=%d" % (port.state(), counters[0], counters[1], counters[5]),
            "restarts=%d lost=%d strange=%d" % (self._watch.restarts, port.lost, port.strange),
            "refused=%d foreign=%d session=%d" % (port.refused, link.foreign, link.session),
        ]
