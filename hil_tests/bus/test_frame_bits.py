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


# Frames of a device's CAN bus, captured with a logic analyser and decoded by sigrok: the protocol notes of a free
# DiveCAN project publish identifier, data and CRC. Where the notes keep the sample numbers, the length from the start
# of frame to the end of the seven EOF bits follows: 24 samples a bit.
CAPTURED = (
    # ID        DATA              CRC     SAMPLES
    (0xD040004, "003A4243",       0x20E8, None),
    (0xD110004, "04700438046F00", 0x25DF, None),
    (0xDCA0004, "0726",           0x5205, None),
    (0xD130201, "6403F6",         0x2146, None),
    (0xD080001, "03F503F601",     0x6B89, 11972723 - 11970036 + 1),
    (0xDC90001, "13",             0x5587, 11938959 - 11937138 + 1),
)  # fmt: skip


@pytest.mark.parametrize(("can_id", "data", "crc", "samples"), CAPTURED)
def test_captured_frames(can_id, data, crc, samples):
    payload = bytes.fromhex(data)
    stuffed, stream = wire_frame(can_id, FLAG_EXT, payload)
    assert stream[-15:] == bits_of(crc, 15)
    assert frame_bits(can_id, FLAG_EXT, payload) == len(stuffed) + 1 + 2 + 7 + 3
    if samples is not None:
        assert frame_bits(can_id, FLAG_EXT, payload) == round(samples / 24) + 3


# Standard frames as sigrok decodes them (another project's published traces).
@pytest.mark.parametrize(("can_id", "data", "crc"), [(0x123, "DEAD", 0x0B6E), (0x555, "00FF55AA01807FFE", 0x7480)])
def test_decoded_standard_frames(can_id, data, crc):
    stuffed, stream = wire_frame(can_id, 0, bytes.fromhex(data))
    assert stream[-15:] == bits_of(crc, 15)
    assert frame_bits(can_id, 0, bytes.fromhex(data)) == len(stuffed) + 13


@pytest.mark.parametrize(("flags", "overhead", "stuffable"), [(0, 47, 34), (FLAG_EXT, 67, 54)])
def test_published_bounds(flags, overhead, stuffable):
    """Davis, Burns, Bril and Lukkien (2007): at most 8 s + g + 13 + (g + 8 s - 1) / 4 bits; 135 and 160 for 8 bytes."""
    rng = random.Random(5)
    for size in range(9):
        bound = 8 * size + overhead + (stuffable + 8 * size - 1) // 4
        lengths = {
            frame_bits(rng.choice((0, 1, 0x7C)), flags, bytes(rng.choice((0, 255, 0x1F, 0x83)) for _ in range(size)))
            for _ in range(300)
        }
        assert 8 * size + overhead <= min(lengths) and max(lengths) <= bound
        assert size < 8 or max(lengths) > bound - 10
    assert bound == (160 if flags else 135)


def test_runs_that_stuffing_itself_makes():
    """A stuff bit counts as the first of the next run: 00000 1 1111 0."""
    assert frame_bits(0, 0, b"") == expected_bits(0, 0, b"")
    stuffed, _ = wire_frame(0x078, 0, b"\xf0")
    assert stuffed[:8] == [0, 0, 0, 0, 0, 1, 1, 1]


def test_a_frame_at_500_kbit_takes_its_published_time():
    """J1939 with 8 bytes: about 0.26 to 0.32 ms at 500 kbit/s, 0.52 to 0.64 ms at 250."""
    bits = frame_bits(0x18FF10D1, FLAG_EXT, bytes(range(8)))
    assert 131 <= bits <= 160
