"""Who did what at the serial port: the last commands that needed a role, in FRAM, so that they outlive the power.

RECORDS records of SIZE bytes in turn: number, seconds since the board started, role, the command's words, CRC-16. A
write that was cut leaves one record that is refused. Slack only.
"""

import struct

from micropython import const

from core.e2e import crc16

AT = const(4096)
RECORDS = const(64)
SIZE = const(32)
_LAYOUT = "<HIB23sH"
TEXT_MAX = const(23)


class Audit:
    """The records in `fram`; `events` gives the time. The newest is looked for with the first use, not at boot."""

    def __init__(self, fram, events):
        self._fram = fram
        self._events = events
        self._buf = bytearray(SIZE)
        self._newest = -1  # its number; -1: not looked for yet
        self._seen = 0

    def note(self, role, text):
        """Keep a command of `role`; of a long one the beginning."""
        if self._newest < 0:
            self._find()
        self._newest = number = self._newest + 1 & 0xFFFF
        buf = self._buf
        text = text[:TEXT_MAX].encode()
        struct.pack_into(_LAYOUT, buf, 0, number, self._events.now_ms // 1000, role, text, 0)
        crc = crc16(buf, 0, SIZE - 2, 0xFFFF)
        buf[SIZE - 2] = crc & 0xFF
        buf[SIZE - 1] = crc >> 8
        self._fram.write(AT + number % RECORDS * SIZE, buf)

    def _find(self):
        newest = 0
        found = False
        for slot in range(RECORDS):
            held = self._held(slot)
            if held and (not found or (held[0] - newest & 0xFFFF) < 0x8000):
                newest = held[0]
                found = True
        self._newest = newest

    def _held(self, slot):
        """Return (number, seconds, role, text) of a slot, None when there is nothing that can be believed."""
        buf = self._buf
        self._fram.read_into(AT + slot * SIZE, buf)
        number, seconds, role, text, crc = struct.unpack(_LAYOUT, buf)
        if crc != crc16(buf, 0, SIZE - 2, 0xFFFF) or number % RECORDS != slot:
            return None
        return number, seconds, role, text.rstrip(b"\0").decode()

    def lines(self):
        """Yield a line per record, newest first."""
        if self._newest < 0:
            self._find()
        for back in range(RECORDS):
            held = self._held((self._newest - back) % RECORDS)
            if held:
                yield "%d t_s=%d role=%d %s" % held
