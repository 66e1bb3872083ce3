"""What the serial command `link` answers: the controller's state, or what became of messages' frames. Slack only."""

from core import e2e
from generated import messages as m

_VERDICTS = ((e2e.OK, "ok"), (e2e.OK_SOME_LOST, "some_lost"), (e2e.NO_NEW_DATA, "silences"),
             (e2e.REPEATED, "repeated"), (e2e.WRONG_SEQUENCE, "wrong_sequence"), (e2e.CRC_ERROR, "crc"))  # fmt: skip


class LinkReport:
    """`do_link` is the command; `now_ms()` the time that the link's receivers count in."""

    def __init__(self, link, watch, rx, now_ms):
        self._link = link
        self._watch = watch
        self._now_ms = now_ms
        self._places = {}
        for row in m.MESSAGES:
            for i in range(len(rx)):
                if rx[i][0] == row[1]:
                    self._places[row[0]] = i

    def do_link(self, args):
        """`link [message|all]`: the controller, one message, or a line for each."""
        if not args:
            return self._controller()
        if args == ["all"]:
            return self._all()
        i = self._places.get(args[0])
        if i is None or len(args) > 1:
            return "link, or link and one of " + " ".join(sorted(self._places))
        return self._message(i)

    def _all(self):
        for name in sorted(self._places):
            yield name + " " + " ".join(self._message(self._places[name]))

    def _message(self, i):
        receiver = self._link.receivers[i]
        words = ["qualified=%d" % receiver.qualified, "age_ms=%d" % receiver.age_ms(self._now_ms())]
        return words + ["%s=%d" % (word, receiver.counts[verdict]) for verdict, word in _VERDICTS]

    def _controller(self):
        link, port = self._link, self._link.port
        counters = port.counters()
        return [
            "state=%d" % port.state(), "tec=%d" % counters[0], "rec=%d" % counters[1], "waiting=%d" % counters[5],
            "restarts=%d" % self._watch.restarts, "lost=%d" % port.lost, "strange=%d" % port.strange,
            "refused=%d" % port.refused, "foreign=%d" % link.foreign, "session=%d" % link.session,
        ]  # fmt: skip
