"""The journal: one record in FRAM that survives a cut at any byte. What of the world is in it is the node's matter.

Two slots are written in turn, each whole: sequence number first, its low byte again at the end, then a CRC-16. A write
that was cut leaves its slot refused and the other slot, one save older, in force. Layout: docs/firmware.md.
"""

import struct

from micropython import const

from core.e2e import seal, sealed

# What recover() found.
BLANK, FOUND, DAMAGED = const(0), const(1), const(2)

# Flags of a record.
OPEN = const(1)  # a fill that has no ticket yet
DONE = const(2)  # its totals are final

# Phase: how a restart has to take the hose, whatever tables the firmware that restarts has.
QUIET, GASSED, LOCKED = const(0), const(1), const(2)

WHY_NONE = const(255)
LATCHES = const(8)  # bytes of trip bits
SLOTS = (0, 64)  # addresses in the FRAM
FORMAT = const(1)
_LAYOUT = "<BIBIIBBBBBB8sIIiiIHBH"
SIZE = struct.calcsize(_LAYOUT)
_SEQ_MASK = const(0x3FFFFFFF)


class Record:
    """The fields of a record, all integers but `latched` (a bit per trip row). Masses in g."""

    def __init__(self):
        self.flags = 0
        self.number = 0  # of the last ticket begun
        self.read = 0  # tickets up to this one have been read
        self.session = 0
        self.state = 0  # row of STATES
        self.phase = QUIET
        self.reaction = 0  # the strongest latched, core.trips
        self.first = 0  # the trip row that latched first, + 1; 0: none
        self.why = WHY_NONE  # of the fill's end
        self.status = 0  # of the ticket, once DONE
        self.latched = bytearray(LATCHES)
        self.meter_g = 0
        self.returned_g = 0
        self.loss_g = 0
        self.net_g = 0
        self.target_g = 0


class Journal:
    """The record `now` and its two slots in `fram` (`read_into(addr, buf)`, `write(addr, buf)`). Slack or boot only.

    key: 16 bits that stand for the tables whose row numbers the record holds; `same_tables` says after `recover()`
    whether they are still those.
    """

    def __init__(self, fram, key):
        self._fram = fram
        self._key = key
        self._buf = bytearray(SIZE)
        self._seq = 0
        self._slot = 0  # the next save goes here
        self.now = Record()
        self.torn = False  # one of the slots was refused at recover()
        self.same_tables = True

    def recover(self):
        """Read both slots; take the newer good one into `now`. Return BLANK, FOUND or DAMAGED."""
        a, b = self._judge(0), self._judge(1)
        self.torn = a == -2 or b == -2
        if a < 0 and b < 0:  # one never written, the other torn: the very first save was cut
            return DAMAGED if a == b == -2 else BLANK
        newest = 0
        if a < 0 or (b >= 0 and (b - a) & _SEQ_MASK < _SEQ_MASK >> 1):
            newest = 1
        self._fram.read_into(SLOTS[newest], self._buf)
        self._unpack()
        self._slot = 1 - newest
        return FOUND

    def _judge(self, slot):
        """Return a slot's sequence number, -1 when it was never written, -2 when it is damaged."""
        buf = self._buf
        self._fram.read_into(SLOTS[slot], buf)
        first = buf[0]
        if first in (0, 255) and buf == bytes((first,)) * SIZE:
            return -1
        seq = struct.unpack_from("<I", buf, 1)[0]
        whole = first == FORMAT and buf[SIZE - 3] == seq & 0xFF and seq <= _SEQ_MASK
        return seq if whole and sealed(buf, SIZE - 2) else -2

    def _unpack(self):
        r = self.now
        (
            _, self._seq, r.flags, r.number, r.read, r.session, r.state, r.phase, r.reaction, r.first, r.why, latched,
            r.meter_g, r.returned_g, r.loss_g, r.net_g, r.target_g, key, _, _,
        ) = struct.unpack(_LAYOUT, self._buf)  # fmt: skip
        r.latched[:] = latched
        r.status = r.flags >> 4
        r.flags &= 15
        self.same_tables = key == self._key

    def save(self):
        """Write `now` to the slot that holds the older save. Raises OSError when the FRAM's bus fails."""
        r = self.now
        buf = self._buf
        self._seq = seq = self._seq + 1 & _SEQ_MASK
        struct.pack_into(
            _LAYOUT, buf, 0, FORMAT, seq, r.flags | r.status << 4, r.number, r.read, r.session, r.state, r.phase,
            r.reaction, r.first, r.why, r.latched, r.meter_g, r.returned_g, r.loss_g, r.net_g, r.target_g,
            self._key, seq & 0xFF, 0,
        )  # fmt: skip
        seal(buf, SIZE - 2)
        self._fram.write(SLOTS[self._slot], buf)
        self._slot = 1 - self._slot

    def proved(self):
        """Save and read back; return whether the memory took it (boot only)."""
        self.save()
        saved = bytes(self._buf)
        self._fram.read_into(SLOTS[1 - self._slot], self._buf)
        return self._buf == saved
