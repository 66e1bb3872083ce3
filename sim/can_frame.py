"""CAN 2.0 frames on the wire: how many bit times one takes, stuffing and CRC included, and which one goes first.

Frame format: ISO 11898-1.
"""

from collections.abc import Sequence
from typing import Any, Final

FLAG_RTR: Final = 1
FLAG_EXT: Final = 2
CRC15_POLY: Final = 0x4599
EOF_AND_ACK_BITS: Final = 10  # CRC delimiter, ACK slot, ACK delimiter, 7 bits end of frame: never stuffed
INTERFRAME_BITS: Final = 3


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 7
        for _ in range(8):
            crc = (crc << 1 ^ CRC15_POLY if crc & 0x4000 else crc << 1) & 0x7FFF
        table.append(crc)
    return tuple(table)


def _stuffing(state: int, group: int, bits: int) -> tuple[int, int]:
    """Return (new state, bits stuffed) of a group of `bits` on the wire.

    State: last level << 3 | length of its run, 1..4; 0 at the start of a frame.
    """
    level, run, stuffed = state >> 3, state & 7, 0
    for shift in range(bits - 1, -1, -1):
        bit = group >> shift & 1
        if bit == level and run:
            run += 1
        else:
            level, run = bit, 1
        if run == 5:  # a bit of the other level goes in and starts a run of its own
            stuffed += 1
            level, run = 1 - level, 1
    return level << 3 | run, stuffed


# What follows is made for frame_bits, which runs for every frame: its loop puts no number together, it looks them up.
_Row = list[Any]  # of one state: (next row, bits stuffed) of each byte; behind them the bits stuffed in each 7 bits


def _stuff_rows() -> list[_Row]:
    rows: list[_Row] = [[] for _ in range(16)]
    for state, row in enumerate(rows):
        steps = (_stuffing(state, byte, 8) for byte in range(256))
        row.extend((rows[after], stuffed) for after, stuffed in steps)
        row.append([_stuffing(state, group, 7)[1] for group in range(128)])
    return rows


_CRC: Final = _crc_table()


def _crc_by_place() -> list[tuple[int, ...]]:
    """Return what a byte adds to the CRC with 7, 6, .. 0 bytes behind it: a CRC is the sum of its bits' CRCs."""
    tables = [_CRC]
    for _ in range(7):
        tables.insert(0, tuple(_push(crc, 0) for crc in tables[0]))
    return tables


def _push(crc: int, byte: int) -> int:
    """Return the CRC after one more byte."""
    return crc << 8 & 0x7FFF ^ _CRC[crc >> 7 ^ byte]


_ROWS: Final = _stuff_rows()
_CRC_AT: Final = _crc_by_place()
_TAIL_BITS: Final = 15 + EOF_AND_ACK_BITS + INTERFRAME_BITS
_Head = tuple[int, int, _Row, Sequence[tuple[int, ...]]]
_headers: dict[tuple[int, int, int], _Head] = {}


def _header(can_id: int, flags: int, dlc: int) -> _Head:
    """Return what is the same for all data.

    (bits of the frame but for stuffing after the header, CRC with data of zeros, row after the header, what each byte
    adds to the CRC)
    """
    rtr = flags & FLAG_RTR
    if flags & FLAG_EXT:
        bits = 39  # SOF 1, base 11, SRR 1, IDE 1, extension 18, RTR 1, r1 r0 2, DLC 4
        word = (can_id >> 18) << 27 | 0b11 << 25 | (can_id & 0x3FFFF) << 7 | rtr << 6 | dlc
    else:
        bits = 19  # SOF 1, id 11, RTR 1, IDE 1, r0 1, DLC 4
        word = can_id << 7 | rtr << 6 | dlc
    crc = state = stuffed = 0
    for shift in range(bits - 1, -1, -1):
        bit = word >> shift & 1
        crc = (crc << 1 ^ CRC15_POLY if (crc >> 14 ^ bit) & 1 else crc << 1) & 0x7FFF
        state, more = _stuffing(state, bit, 1)
        stuffed += more
    if rtr:
        return bits + stuffed + _TAIL_BITS, crc, _ROWS[state], ()
    for _ in range(dlc):
        crc = _push(crc, 0)
    return bits + stuffed + 8 * dlc + _TAIL_BITS, crc, _ROWS[state], _CRC_AT[8 - dlc :]


def frame_bits(can_id: int, flags: int, data: bytes) -> int:
    """Return the bit times of a frame on the wire from start of frame to end of interframe space.

    A remote frame (FLAG_RTR) has the dlc of its data and carries none.
    """
    key = (can_id, flags & 3, len(data))
    head = _headers.get(key)
    if head is None:
        if len(_headers) > 4096:
            _headers.clear()
        head = _headers[key] = _header(*key)
    total, crc, row, tables = head
    for table, byte in zip(tables, data):  # noqa: B905 - a remote frame has no tables: it carries no data
        crc ^= table[byte]
        row, stuffed = row[byte]
        total += stuffed
    row, stuffed = row[crc >> 7]
    return int(total + stuffed + row[256][crc & 0x7F])


def arbitration_key(can_id: int, flags: int) -> int:
    """Return a number that orders frames as arbitration does: lower wins.

    The 32 bits of an extended arbitration field: base id, SRR (recessive), IDE, extension, RTR. A standard frame has
    RTR and a dominant IDE where the extended one has SRR and IDE, so at equal base id the standard frame wins.
    """
    rtr = flags & FLAG_RTR
    if flags & FLAG_EXT:
        return (can_id >> 18) << 21 | 0b11 << 19 | (can_id & 0x3FFFF) << 1 | rtr
    return can_id << 21 | rtr << 20
