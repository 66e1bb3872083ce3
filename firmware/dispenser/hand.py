"""What a technician moves from the serial port: buttons, one output at a time, and the stroke test of a valve.

Only in MAINTENANCE, which lasts while the key is on; armed first, then confirmed with the code that was answered. A
move ends by itself, and with the state. The interlock gate has the last word, as with every other want. `apply` is for
the tick, everything else for the slack.
"""

from micropython import const

from board import rng
from core import report
from core.rows import column, picked
from dispenser import interlock_table, io_table
from generated import dispenser_tags as t

MOVE, MOVE_ENDED, OPENED, SHUT = const(8), const(9), const(10), const(11)  # of serial_note_table

PRESS_MS = const(500)
ARMED_MS = const(10000)
MOVE_S, MOVE_MAX_S = const(10), const(60)
STROKE_MAX_MS = const(3000)  # twice what a trip allows
NEVER = const(-1)
OPEN = ("open", "on")
CLOSE = ("shut", "off")
_IDLE, _MOVING, _OPENING, _CLOSING = const(0), const(1), const(2), const(3)
_MASK = const(0x3FFFFFFF)


class Hand:
    """See above. `awake` while there is something for the slack."""

    def __init__(self, image, gate, sequence, trips, machine, events):
        self._image = image
        self._gate = gate
        self._sequence = sequence
        self._trips = trips
        self._machine = machine
        self._events = events
        self._maintenance = machine.index("MAINTENANCE")
        self._tags = column(io_table.DO, 0) + column(io_table.AO, 0)
        self._pressed = False
        self._pressed_ms = 0
        self._armed = ()
        self._code = ""
        self._armed_ms = 0
        self._what = _IDLE
        self._place = 0  # among the tags: digital outputs first
        self._value = 0
        self._before = 0
        self._since_ms = 0
        self._for_ms = 0
        self.awake = False

    def apply(self, want, want_ao):
        """Put the hand's want over the state's; tick, in MAINTENANCE."""
        if self._what != _IDLE:
            self._put(want, want_ao, self._value)

    def _put(self, want, want_ao, value):
        if self._place < t.N_DO:
            want[self._place] = value
        else:
            want_ao[self._place - t.N_DO] = value

    def slack(self):
        """End what is over, go on with a stroke; while `awake`."""
        now_ms = self._events.now_ms
        if self._pressed and now_ms - self._pressed_ms & _MASK >= PRESS_MS:
            self._pressed = False
            self._image.press(-1)
        what = self._what
        if what != _IDLE:
            elapsed_ms = now_ms - self._since_ms & _MASK
            if self._machine.state != self._maintenance:
                self._end()
            elif what == _MOVING:
                if elapsed_ms >= self._for_ms:
                    self._end()
            else:
                self._stroke(what, elapsed_ms)
        self.awake = self._pressed or self._what != _IDLE

    def _stroke(self, what, elapsed_ms):
        tag = self._tags[self._place]
        switch = (t.ZO101 if what == _OPENING else t.ZC101) + _SWITCHES[tag]
        reached = self._image.di[switch]
        if not reached and elapsed_ms < STROKE_MAX_MS:
            return
        self._tell(OPENED if what == _OPENING else SHUT, elapsed_ms if reached else NEVER)
        if what == _OPENING:
            self._what = _CLOSING
            self._value = 0
            self._since_ms = self._events.now_ms
        else:
            self._end()

    def _begin(self, what, value, for_ms):
        gate = self._gate
        self._before = (
            gate.want[self._place] if self._place < t.N_DO else gate.want_ao[self._place - t.N_DO]
        )
        self._value = value
        self._for_ms = for_ms
        self._since_ms = self._events.now_ms
        self._what = what
        self.awake = True
        self._tell(MOVE, self._place)

    def _end(self):
        """Give the output back to the state."""
        if self._machine.state == self._maintenance:
            self._put(self._gate.want, self._gate.want_ao, self._before)
        self._what = _IDLE
        self._tell(MOVE_ENDED, self._place)

    def _tell(self, note, value):
        self._events.put(report.PORT, note, 2, 0, value)

    # -- buttons -------------------------------------------------------------------------------------------

    def do_start(self, args):
        """`start`: as the button; whatever the button needs is needed."""
        if self._trips.first >= 0:
            return "a trip is latched: reset first"
        if not self._sequence.tickets.ready:
            return "no fill may begin: see tickets and journal"
        return self._press(t.PB101)

    def do_stop(self, args):
        """`stop`: as the button."""
        return self._press(t.PB102)

    def do_pause(self, args):
        """`pause`: the state table shuts the liquid as soon as it flows."""
        self._sequence.pause_asked = True
        return ""

    def do_resume(self, args):
        """`resume`: goes on as from any other hold."""
        if not self._sequence.pause_asked:
            return "not paused"
        self._sequence.pause_asked = False
        return ""

    def _press(self, contact):
        self._image.press(contact)
        self._pressed = self.awake = True
        self._pressed_ms = self._events.now_ms
        return ""

    # -- outputs -------------------------------------------------------------------------------------------

    def do_arm(self, args):
        """`arm <command> ...`: keep what is to be moved for ten seconds, and answer with a code."""
        why = self._refused(args)
        if why:
            return why
        self._armed = tuple(args)
        self._armed_ms = self._events.now_ms
        drawn = rng.nonce(2)
        self._code = "%04d" % ((drawn[0] << 8 | drawn[1]) % 10000)
        return ["code=" + self._code, "for"] + args

    def do_confirm(self, args):
        """`confirm <code>`: do what was armed."""
        armed, self._armed = self._armed, ()
        if not armed or self._events.now_ms - self._armed_ms & _MASK >= ARMED_MS:
            return "nothing is armed"
        if args != [self._code]:
            return "wrong code: arm again"
        why = self._refused(armed)
        if why:
            return why
        self._place = self._tags.index(armed[1])
        if armed[0] == "stroke":
            self._begin(_OPENING, 1, 0)
        else:
            self._begin(_MOVING, self._wanted(armed[2]), (int(armed[3]) if len(armed) > 3 else MOVE_S) * 1000)
        return list(armed)

    def do_release(self, args):
        """`release`: end a move or a stroke."""
        if self._what == _IDLE:
            return "nothing is moved by hand"
        self._end()
        return ""

    def _refused(self, words):
        """Return why this may not be moved now, "" if it may."""
        if self._what != _IDLE:
            return "one at a time: release, or wait"
        if not words or words[0] not in ("move", "stroke"):
            return "arm move <tag> <open|shut|0..100> [s] | arm stroke <tag>"
        if len(words) < 2 or words[1] not in self._tags:
            return "no output of that name: tags"
        tag = words[1]
        if words[0] == "stroke":
            if len(words) != 2 or tag not in _SWITCHES:
                return "no limit switches: only " + " ".join(sorted(_SWITCHES))
            value = 1
        else:
            value = self._wanted(words[2], tag) if 3 <= len(words) <= 4 else NEVER
            if value == NEVER:
                return "0..100 (%)" if tag == "FCV102" else "open or shut, on or off"
            if len(words) == 4 and not (words[3].isdigit() and len(words[3]) < 3 and 0 < int(words[3]) <= MOVE_MAX_S):
                return "1..%d seconds" % MOVE_MAX_S
        if (tag in _SWITCHES or tag == "FCV102") and not self._image.di[t.ES102]:
            return "valves have no power: safety relay ES102 is open"
        place = self._tags.index(tag)
        lacking = self._gate.lacking(place, self._sequence.permissives()) if value else 0
        if lacking:
            return "interlock: " + tag + " needs " + " ".join(picked(interlock_table.PERMISSIVES, lacking))
        return ""

    @staticmethod
    def _wanted(word, tag=""):
        """Return the want that a word spells: 0 or 1, for FCV102 0..10000 cpct; NEVER for none."""
        if word.isdigit() and len(word) <= 3 and int(word) <= 100 and tag in ("", "FCV102"):
            return int(word) * 100
        if tag == "FCV102":
            return NEVER
        return 1 if word in OPEN else 0 if word in CLOSE else NEVER


# How far a valve's ZO and ZC stand behind those of XV101.
_SWITCHES = {
    "XV101": 0, "XV103": t.ZO103 - t.ZO101, "XV104": t.ZO104 - t.ZO101, "XV105": t.ZO105 - t.ZO101,
    "XV106": t.ZO106 - t.ZO101, "XV107": t.ZO107 - t.ZO101, "XV110": t.ZO110 - t.ZO101,
}  # fmt: skip
