"""AUTOSAR E2E Profile 5 on the host's side: the CRC that bytes 0 and 1 of every frame of the link carry.

It shares no code with the boards' (`firmware/core/e2e.py`): the C routine of the standard library computes the same
polynomial, 0x1021 from 0xFFFF.
"""

from __future__ import annotations

from binascii import crc_hqx

HEADER_BYTES = 3  # CRC low, CRC high, counter


def crc(data: bytes, data_id: int) -> int:
    """Return the CRC of an 8-byte frame: over its bytes 2 to 7, then the 16-bit data id, low byte first."""
    return crc_hqx(data_id.to_bytes(2, "little"), crc_hqx(data[2:], 0xFFFF))


def is_right(data: bytes, data_id: int) -> bool:
    """Tell whether a received frame has 8 bytes and the CRC of its data id."""
    return len(data) == 8 and data[0] | data[1] << 8 == crc(data, data_id)


def protected(data: bytes, data_id: int, counter: int) -> bytes:
    """Return the frame with counter (0 to 255) and CRC filled in; `data`: 8 bytes, of which 0 to 2 do not matter."""
    body = bytes((0, 0, counter)) + data[HEADER_BYTES:]
    return crc(body, data_id).to_bytes(2, "little") + body[2:]
