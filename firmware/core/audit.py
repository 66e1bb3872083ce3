"""Who did what at the serial port: the last commands that needed a role, in FRAM, so that they outlive the power.

RECORDS records of SIZE bytes in turn: number, seconds since the board started, role, the command's words, CRC-16. A
write that was cut leaves one record that is refused. Slack only.
"""

import struct

from micropython import const

from core.e2e import seal, sealed

AT = const(4096)
RECORDS = const(64)
SIZE = const(32)
_LAYOUT = "<HIB23sH"
TEXT_MAX = const(23)
_UNKNOWN = const(-2)


class Audit:
    """The records in `fram`; `events` gives the time. The newest is looked for with the first use: seven reads."""

    def __init__(self, fram, events):
        self._fram = fram
        self._events = events
        self._buf = bytearray(SIZE)
        self._blank = bytes(SIZE)
        self._newest = _UNKNOWN  # its number

    def note(self, role, text):
        """Keep a command of `role`; of a long one the beginning."""
        self._newest = number = self._find() + 1 & 0xFFFF
        buf = self._buf
        text = text[:TEXT_MAX].encode()
        struct.pack_into(_LAYOUT, buf, 0, number, self._events.now_ms // 1000, role, text, 0)
        seal(buf, SIZE - 2)
        self._fram.write(AT + number % RECORDS * SIZE, buf)

    def _find(self):
        """Return the newest number, -1 when there is none: behind it stand only older records, or none."""
        if self._newest == _UNKNOWN:
            first = self._held(0)
            if first:
                low, high = 0, RECORDS
                while high - low > 1:
                    middle = (low + high) // 2
                    held = self._held(middle)
                    if held and (held[0] - first[0] & 0xFFFF) < RECORDS:
                        low = middle
                    else:
                        high = middle
                self._newest = first[0] + low & 0xFFFF
            else:  # the first one ever, or a cut write began a new round
                last = self._held(RECORDS - 1)
                self._newest = last[0] if last else -1
        return self._newest

    def _held(self, slot):
        """Return (number, seconds, role, text) of a slot, () of one never written, None of one that is damaged."""
        buf = self._buf
        self._fram.read_into(AT + slot * SIZE, buf)
        if buf == self._blank:
            return ()
        number, seconds, role, text, _ = struct.unpack(_LAYOUT, buf)
        if not sealed(buf, SIZE - 2) or number % RECORDS != slot:
            return None
        return number, seconds, role, text.rstrip(b"\0").decode()

    def lines(self):
        """Yield a line per record, newest first."""
        newest = self._find()
        for back in range(RECORDS if newest >= 0 else 0):
            held = self._held((newest - back) % RECORDS)
            if held == ():
                return  # so are all before it
            if held:
                yield "%d t_s=%d role=%d %s" % held
