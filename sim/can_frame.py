"""CAN 2.0 frames on the wire: how many bit times one takes, stuffing and CRC included, and which one goes first.

Frame format: ISO 11898-1.
"""

from typing import Final

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


def _stuff_table(bits: int) -> tuple[int, ...]:
    """Return the stuffing automaton for groups of `bits`: [state << 8 | group] -> new state << 8 | stuffed bits.

    State: last level << 3 | length of its run, 1..5; 0 at the start of a frame.
    """
    table = []
    for state in range(16):
        for group in range(256):
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
            table.append((level << 3 | run) << 8 | stuffed)
    return tuple(table)


_CRC: Final = _crc_table()
_STUFF8: Final = _stuff_table(8)
_STUFF7: Final = _stuff_table(7)
_STUFF1: Final = _stuff_table(1)
_TAIL_BITS: Final = 15 + EOF_AND_ACK_BITS + INTERFRAME_BITS
_headers: dict[tuple[int, int, int], tuple[int, int, int]] = {}


def _header(can_id: int, flags: int, dlc: int) -> tuple[int, int, int]:
    """Return (bits of the frame but for stuffing after the header, CRC so far, stuffing step so far)."""
    rtr = flags & FLAG_RTR
    if flags & FLAG_EXT:
        bits = 39  # SOF 1, base 11, SRR 1, IDE 1, extension 18, RTR 1, r1 r0 2, DLC 4
        word = (can_id >> 18) << 27 | 0b11 << 25 | (can_id & 0x3FFFF) << 7 | rtr << 6 | dlc
    else:
        bits = 19  # SOF 1, id 11, RTR 1, IDE 1, r0 1, DLC 4
        word = can_id << 7 | rtr << 6 | dlc
    crc = step = stuffed = 0
    for shift in range(bits - 1, -1, -1):
        bit = word >> shift & 1
        crc = (crc << 1 ^ CRC15_POLY if (crc >> 14 ^ bit) & 1 else crc << 1) & 0x7FFF
        step = _STUFF1[step & 0xF00 | bit]
        stuffed += step & 15
    return bits + stuffed + (0 if rtr else 8 * dlc) + _TAIL_BITS, crc, step


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
    total, crc, step = head
    if not flags & FLAG_RTR:
        crc_table, stuff = _CRC, _STUFF8
        for byte in data:
            crc = crc << 8 & 0x7FFF ^ crc_table[crc >> 7 ^ byte]
            step = stuff[step & 0xF00 | byte]
            total += step & 15
    step = _STUFF8[step & 0xF00 | crc >> 7]
    return total + (step & 15) + (_STUFF7[step & 0xF00 | crc & 0x7F] & 15)


def arbitration_key(can_id: int, flags: int) -> int:
    """Return a number that orders frames as arbitration does: lower wins.

    The 32 bits of an extended arbitration field: base id, SRR (recessive), IDE, extension, RTR. A standard frame has
    RTR and a dominant IDE where the extended one has SRR and IDE, so at equal base id the standard frame wins.
    """
    rtr = flags & FLAG_RTR
    if flags & FLAG_EXT:
        return (can_id >> 18) << 21 | 0b11 << 19 | (can_id & 0x3FFFF) << 1 | rtr
    return can_id << 21 | rtr << 20
