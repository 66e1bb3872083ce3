"""Frame lengths on the wire: the table-driven count against a bit-by-bit frame built from the standard's text."""

import random

import pytest

from sim import can_frame
from sim.can_frame import FLAG_EXT, FLAG_RTR, frame_bits


def bits_of(value, n):
    """Return n bits of value, most significant first."""
    return [value >> i & 1 for i in range(n - 1, -1, -1)]


def wire_frame(can_id, flags, data):
    """Return (stuffed bits from SOF to CRC, unstuffed bits) of a frame, bit by bit (ISO 11898-1)."""
    rtr = flags & FLAG_RTR
    stream = [0]
    if flags & FLAG_EXT:
        stream += bits_of(can_id >> 18, 11) + [1, 1] + bits_of(can_id & 0x3FFFF, 18) + [rtr, 0, 0]
    else:
        stream += bits_of(can_id, 11) + [rtr, 0, 0]
    stream += bits_of(len(data), 4)
    if not rtr:
        for byte in data:
            stream += bits_of(byte, 8)
    crc = 0
    for bit in stream:
        crc_next = bit ^ (crc >> 14)
        crc = (crc << 1) & 0x7FFF
        if crc_next:
            crc ^= 0x4599
    stream += bits_of(crc, 15)
    stuffed = []
    for bit in stream:
        stuffed.append(bit)
        if len(stuffed) >= 5 and len(set(stuffed[-5:])) == 1 and run_length(stuffed) == 5:
            stuffed.append(1 - bit)
    return stuffed, stream


def run_length(stuffed):
    """Return the length of the run of equal bits at the end."""
    n = 1
    while n < len(stuffed) and stuffed[-n - 1] == stuffed[-1]:
        n += 1
    return n


def expected_bits(can_id, flags, data):
    """Return the bit times of the frame with CRC delimiter, ACK, end of frame and interframe space."""
    return len(wire_frame(can_id, flags, data)[0]) + 1 + 2 + 7 + 3


@pytest.mark.parametrize("flags", [0, FLAG_EXT, FLAG_RTR, FLAG_EXT | FLAG_RTR])
def test_random_frames_have_the_length_of_the_bit_by_bit_frame(flags):
    rng = random.Random(flags)
    for _ in range(500):
        can_id = rng.getrandbits(29 if flags & FLAG_EXT else 11)
        data = bytes(rng.choice((0, 255, 0x55, rng.getrandbits(8))) for _ in range(rng.randrange(9)))
        assert frame_bits(can_id, flags, data) == expected_bits(can_id, flags, data)


@pytest.mark.parametrize(
    ("flags", "plain"),
    [(FLAG_EXT, 131), (0, 111)],
)
def test_known_length_without_stuffing(flags, plain):
    """Eight bytes: 131 bits extended, 111 standard, interframe space included, and never more than stuffing allows."""
    stuffable = plain - 13
    for data in (b"\x55" * 8, bytes(8), b"\xff" * 8, b"\x1f\x07\xc1\xf0\x7c\x1f\x07\xc1"):
        can_id = 0x155 << 18 | 0x15555 if flags else 0x555
        _, stream = wire_frame(can_id, flags, data)
        assert len(stream) + 13 == plain
        assert plain <= frame_bits(can_id, flags, data) <= plain + (stuffable - 1) // 4


def test_crc_is_that_of_the_standard():
    """CRC-15/CAN check value: 0x059E over the ASCII digits 1 to 9 (catalogue of parametrised CRC algorithms)."""
    crc = 0
    for byte in b"123456789":
        crc = (crc << 8 & 0x7FFF) ^ can_frame._CRC[crc >> 7 ^ byte]
    assert crc == 0x059E


def test_runs_that_stuffing_itself_makes():
    """A stuff bit counts as the first of the next run: 00000 1 1111 0."""
    assert frame_bits(0, 0, b"") == expected_bits(0, 0, b"")
    stuffed, _ = wire_frame(0x078, 0, b"\xf0")
    assert stuffed[:8] == [0, 0, 0, 0, 0, 1, 1, 1]


def test_a_frame_at_500_kbit_takes_its_published_time():
    """J1939 with 8 bytes: about 0.26 to 0.32 ms at 500 kbit/s, 0.52 to 0.64 ms at 250."""
    bits = frame_bits(0x18FF10D1, FLAG_EXT, bytes(range(8)))
    assert 131 <= bits <= 160
