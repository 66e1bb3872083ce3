"""Parameters: the values a commissioning engineer may set, from a node's literal table. What is set survives a restart.

A row of PARAMS is (NAME, DEFAULT, MIN, MAX, UNIT, STATUS, WHAT); STATUS says where the default comes from
("assumed" ones are shown as assumed on tickets and in the docs).

FRAM holds what differs from its default, in two copies that are written in turn: format, count, sequence number, then
for each the CRC-16 of its name and its value, then a CRC-16. Names, not places: a firmware with other rows takes what
it knows, within its own limits.
"""

import struct

from micropython import const

from core import rows
from core.e2e import crc16, seal, sealed

SLOTS = (512, 768)  # addresses in the FRAM
FORMAT = const(1)
SLOT_BYTES = const(256)
_HEAD = "<BBH"
_ENTRY = "<HI"
HEAD_BYTES, ENTRY_BYTES = const(4), const(6)
ENTRIES_MAX = const(41)
DAMAGED = const(12)  # of serial_note_table
_BLANK = const(-1)
_TORN = const(-2)


class Params:
    """Current values by their place in the table (generated.<node>_params). `set` is for the slack.

    `values`: to read them without a call.
    fram: where they are kept; None: nowhere. `damaged`: both copies were refused, the defaults are in force.
    """

    def __init__(self, table, fram=None):
        self.values = rows.column(table.PARAMS, 1)
        self._defaults = self.values[:]
        self._table = table.PARAMS
        self._fram = fram
        self._seq = 0
        self._slot = 0  # the next save goes here
        self.damaged = False
        if fram is not None:
            self._load()

    def get(self, place):
        """Return a value."""
        return self.values[place]

    def find(self, name):
        """Return (place, row) of a parameter, (-1, None) when there is none."""
        place = rows.place(self._table, name)
        return place, self._table[place] if place >= 0 else None

    def set(self, name, value):
        """Set a value and keep it; return "" or the reason why it was refused (and nothing changed)."""
        place, row = self.find(name)
        if row is None:
            return "no parameter " + name
        if not row[2] <= value <= row[3]:
            return "%s must be %d..%d %s" % (name, row[2], row[3], row[4])
        before = self.values[place]
        if value != before:
            self.values[place] = value
            if self._fram is not None and not self._save():
                self.values[place] = before
                return "too many parameters differ from their defaults"
        return ""

    # -- memory --------------------------------------------------------------------------------------------

    def _load(self):
        buf = bytearray(SLOT_BYTES)
        a, b = self._judge(0, buf), self._judge(1, buf)
        if a < 0 and b < 0:
            self.damaged = a == b == _TORN
            return
        newest = 1 if a < 0 or b >= 0 and (b - a & 0xFFFF) < 0x8000 else 0
        self._seq = self._judge(newest, buf)
        self._slot = 1 - newest
        kept = {}
        for i in range(buf[1]):
            key, value = struct.unpack_from(_ENTRY, buf, HEAD_BYTES + i * ENTRY_BYTES)
            kept[key] = value
        for place, row in enumerate(self._table):
            value = kept.get(_crc(row[0]))
            if value is not None and row[2] <= value <= row[3]:
                self.values[place] = value

    def _judge(self, slot, buf):
        """Read a slot into buf; return its sequence number, _BLANK or _TORN."""
        self._fram.read_into(SLOTS[slot], buf)
        if buf[0] in (0, 255) and buf == bytes((buf[0],)) * SLOT_BYTES:
            return _BLANK
        end = HEAD_BYTES + buf[1] * ENTRY_BYTES
        if buf[0] != FORMAT or buf[1] > ENTRIES_MAX or not sealed(buf, end):
            return _TORN
        return buf[2] | buf[3] << 8

    def _save(self):
        changed = [place for place, value in enumerate(self.values) if value != self._defaults[place]]
        if len(changed) > ENTRIES_MAX:
            return False
        self._seq = self._seq + 1 & 0xFFFF
        end = HEAD_BYTES + len(changed) * ENTRY_BYTES
        buf = bytearray(end + 2)
        struct.pack_into(_HEAD, buf, 0, FORMAT, len(changed), self._seq)
        for i, place in enumerate(changed):
            key = _crc(self._table[place][0])
            struct.pack_into(_ENTRY, buf, HEAD_BYTES + i * ENTRY_BYTES, key, self.values[place])
        seal(buf, end)
        self._fram.write(SLOTS[self._slot], buf)
        self._slot = 1 - self._slot
        return True


def _crc(name):
    data = name.encode()
    return crc16(data, 0, len(data), 0xFFFF)
