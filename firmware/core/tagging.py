"""Authenticated frames: one end makes the tags, the other lets a frame count once its tag has been checked.

Both ends work in two halves. The tick notes frames and reads verdicts and ages, and allocates nothing; the slack
makes or checks at most one tag each time it is called, because hashing allocates. A tag frame carries the E2E counter
of the frame that it belongs to. So a frame counts some 20 ms after it came, and its age runs from when it came.
"""

from micropython import const

from core import auth, freshness

NOTHING, VERIFIED, FORGED, LATE = const(0), const(1), const(2), const(3)  # verdicts of Verifier.check

QUALIFY = const(3)  # verified frames in a row after a silence, before the message is believed again
FORGED_MAX = const(10)  # wrong tags in a session after which nothing counts any more: 10 guesses of 2**40
BEHIND_MAX_MS = const(1000)  # a stream held back by so much is as dead as one that has stopped for so long
AGE_MAX_MS = const(86_400_000)  # "a day or more, or never", as in core.e2e
_FORGET_MS = const(60_000)  # an age beyond this is noted as AGE_MAX_MS, long before the ticks wrap
_GAP_MS = const(20_000)  # after a silence like this the counter may have gone round once
_TICKS_MASK = const(0x3FFFFFFF)
_AHEAD_MAX_MS = const(1000)  # a frame's own time may be a little later than the tick's
_COUNTER, _PAYLOAD = const(2), const(3)  # bytes of a frame


def _copy(source, target):
    for i in range(8):
        target[i] = source[i]


class Signer:
    """Makes a tag for every frame of one message that is sent in a session.

    Tick: `note` the frame when it is sent; when `ready`, send the tag frame with E2E counter `counter`, filled by
    `fill`. Slack: `make`.
    """

    def __init__(self, can_id):
        self._can_id = can_id
        self._mac = None
        self._frame = bytearray(8)
        self._noted = False
        self._number = freshness.NONE
        self._tag = bytearray(auth.TAG_BYTES)
        self.active = False  # in a session
        self.ready = False
        self.counter = 0
        self.made = 0

    def begin(self, mac):
        """Tag from the next frame on, as number 0 to 255 of the session by its counter."""
        self._mac = mac
        self._number = freshness.NONE
        self.active = True
        self._noted = self.ready = False

    def end(self):
        """Tag no more."""
        self._mac = None
        self.active = False
        self._noted = self.ready = False

    def note(self, frame):
        """Take the frame (8 bytes, protected) that is being sent; only while `active`."""
        _copy(frame, self._frame)
        self._number = freshness.following(self._number, frame[_COUNTER])
        self._noted = True

    def make(self):
        """Make the tag of the frame noted last; return whether there was one."""
        if not self._noted:
            return False
        self._noted = False
        self._tag[:] = auth.tag(self._mac, self._can_id, self._number, self._frame)
        self.counter = self._frame[_COUNTER]
        self.made += 1
        self.ready = True
        return True

    def fill(self, buf):
        """Fill bytes 3-7 of a tag frame and return 0, or 1 when there is nothing to send."""
        if not self.ready:
            return 1
        self.ready = False
        tag = self._tag
        for i in range(auth.TAG_BYTES):
            buf[_PAYLOAD + i] = tag[i]
        return 0


class Verifier:
    """Lets frames of one message count when their tag is right, new, and in time.

    Tick: `offer` a frame that passed E2E, `offer_tag` a tag frame; when `arrived`, `frame` is a verified one to be
    unpacked; `age_ms`, `qualified`. Slack: `check`. Counts of the session: `checked` tags, `forged` ones.
    """

    def __init__(self, can_id, cycle_ms, hold_ms):
        """hold_ms: a silence after which QUALIFY frames have to be verified in a row again."""
        self._can_id = can_id
        self._hold_ms = hold_ms
        self.required = False  # in this session; before there is a key nothing is verified, and nothing counts as live
        self._pace = freshness.Pace(cycle_ms)
        self._mac = None
        self._waiting = bytearray(8)  # a frame whose tag has not come
        self._waiting_ms = 0
        self._is_waiting = False
        self._pair = bytearray(8)  # a frame with its tag, to be checked in the slack
        self._pair_ms = 0
        self._pair_tag = bytearray(auth.TAG_BYTES)
        self._is_pair = False
        self.frame = bytearray(8)
        self.end()

    def begin(self, mac):
        """From here on a frame counts only with a tag under this key."""
        self.end()
        self._mac = mac

    def end(self):
        """Forget the session: nothing counts as verified."""
        self._mac = None
        self._is_waiting = self._is_pair = False
        self._newest = freshness.NONE
        self._newest_ms = 0
        self._has_age = False
        self._run = 0
        self._pace.restart()
        self.arrived = False
        self.checked = 0
        self.forged = 0

    # -- tick ----------------------------------------------------------------------------------------------

    def closed(self):
        """Return True while frames need a tag to count."""
        return self._mac is not None

    def offer(self, frame, at_ms):
        """Take a frame that came at `at_ms` (board ticks); it waits for its tag."""
        _copy(frame, self._waiting)
        self._waiting_ms = at_ms
        self._is_waiting = True

    def offer_tag(self, frame, out):
        """Take a tag frame; with the counter of the frame that waits it makes a pair for the slack."""
        waiting = self._waiting
        if not self._is_waiting or frame[_COUNTER] != waiting[_COUNTER]:
            return
        self._is_waiting = False
        _copy(waiting, self._pair)
        self._pair_ms = self._waiting_ms
        tag = self._pair_tag
        for i in range(auth.TAG_BYTES):
            tag[i] = frame[_PAYLOAD + i]
        self._is_pair = True

    def age_ms(self, now):
        """Return the time since the newest verified frame came, AGE_MAX_MS when none did. Call it every tick."""
        if not self._has_age:
            return AGE_MAX_MS
        age_ms = (now - self._newest_ms) & _TICKS_MASK
        if age_ms > _TICKS_MASK - _AHEAD_MAX_MS:
            return 0
        if age_ms >= self._hold_ms:
            self._run = 0
            if age_ms >= _FORGET_MS:
                self._has_age = False
                return AGE_MAX_MS
        return age_ms

    def qualified(self):
        """Return True once QUALIFY frames in a row were verified, until a silence of hold_ms."""
        return self._run >= QUALIFY

    # -- slack ---------------------------------------------------------------------------------------------

    def check(self):
        """Check the pair that waits, with two tags made at most; return the verdict."""
        if not self._is_pair:
            return NOTHING
        self._is_pair = False
        if self._mac is None or self.forged >= FORGED_MAX:
            return NOTHING
        self.checked += 1
        newest = self._newest
        number = freshness.following(newest, self._pair[_COUNTER])
        elapsed_ms = (self._pair_ms - self._newest_ms) & _TICKS_MASK
        if not self._is_tag_of(number):
            number += freshness.WRAP
            may_have_wrapped = not self._has_age or elapsed_ms >= _GAP_MS
            if not may_have_wrapped or not self._is_tag_of(number):
                self.forged += 1
                return FORGED
        if newest >= 0:
            behind_ms = self._pace.after(elapsed_ms, newest, number)
            if behind_ms >= BEHIND_MAX_MS:
                return LATE
            self._pace.behind_ms = behind_ms
        self._newest = number
        self._newest_ms = self._pair_ms
        self._has_age = True
        if self._run < QUALIFY:
            self._run += 1
        _copy(self._pair, self.frame)
        self.arrived = True
        return VERIFIED

    def _is_tag_of(self, number):
        return auth.same(auth.tag(self._mac, self._can_id, number, self._pair), self._pair_tag)
