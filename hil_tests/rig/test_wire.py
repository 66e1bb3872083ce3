"""Framing: what is wrong with a packet is said with the node's name; the layout follows the I/O list."""

import random
import struct
import zlib

import pytest

from sim import tables, wire
from sim.wire import Layout, WireError


def output(layout, *, frames=(), uart=b"", seq=0, head=None, duties=None):
    """Return an OUTPUT packet as the shim builds it."""
    fields = head or (1234, 1, 0, 250, 9000, 55_000, 0b101)
    payload = struct.pack("<IBBHHIH", *fields)
    payload += struct.pack(f"<{len(layout.ao_tags)}H", *(duties or [7] * len(layout.ao_tags)))
    payload += bytes((wire.CAN_ON, len(frames))) + b"".join(frames)
    payload += struct.pack("<H", len(uart)) + uart
    return wire.packet(wire.OUTPUT, seq, payload)


@pytest.fixture(params=tables.NODES)
def layout(request):
    return Layout(request.param)


def test_output_is_parsed(layout):
    frame = struct.pack("<BIBB8s", 2, 0x18FF10D1, 2, 3, b"abc")
    out = layout.parse_output(output(layout, frames=[frame], uart=b"hi\n", seq=9), 9)
    assert (out.wake_ms, out.fed, out.locked, out.tick_us, out.slack_us, out.heap_b) == (
        1234,
        1,
        0,
        250,
        9000,
        55_000,
    )
    assert (out.do_bits, tuple(out.duties), out.can_flags) == (5, (7,) * len(layout.ao_tags), wire.CAN_ON)
    assert out.frames == [(2, 0x18FF10D1, 2, b"abc")]
    assert out.uart == b"hi\n"


def test_every_single_bit_error_is_caught(layout):
    good = output(layout, uart=b"x")
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit >> 3] ^= 1 << (bit & 7)
        with pytest.raises(WireError, match=layout.node):
            layout.parse_output(bytes(bad), 0)


def test_errors_say_what_was_wrong(layout):
    good = output(layout)
    name = layout.node
    with pytest.raises(WireError, match=f"{name}: sequence 0 instead of 1: a packet was lost or repeated"):
        layout.parse_output(good, 1)
    with pytest.raises(WireError, match=f"{name}: packet type 1 instead of 2"):
        layout.parse_output(wire.packet(wire.INPUT, 0, good[6:-4]), 0)
    with pytest.raises(WireError, match=f"{name}: packet of 5 bytes is too short"):
        layout.parse_output(good[:5], 0)
    with pytest.raises(
        WireError, match=f"{name}: packet of {len(good) - 1} bytes, its header says {len(good)}"
    ):
        layout.parse_output(good[:-1], 0)
    with pytest.raises(WireError, match="sync byte 0x00 instead of 0xA5"):
        layout.parse_output(b"\0" + good[1:], 0)
    with pytest.raises(WireError, match=f"{name}: output of 4 bytes is shorter"):
        layout.parse_output(wire.packet(wire.OUTPUT, 0, bytes(4)), 0)
    with pytest.raises(WireError, match=f"{name}: output has 2 bytes too many"):
        layout.parse_output(wire.packet(wire.OUTPUT, 0, good[6:-4] + b"\0\0"), 0)
    with pytest.raises(WireError, match=f"{name}: frame with dlc 9"):
        layout.parse_output(output(layout, frames=[struct.pack("<BIBB8s", 0, 1, 2, 9, b"")]), 0)


def test_outputs_are_the_same_object_until_they_change(layout):
    frame = struct.pack("<BIBB8s", 2, 0x18FF10D1, 2, 3, b"abc")
    other = (1244, 1, 0, 260, 8000, 55_000, 0b111)
    packets = [output(layout), output(layout, frames=[frame], uart=b"x"), output(layout, head=other), output(layout)]
    opened = [layout.open_output(packet, 0) for packet in packets]
    outputs = [said for _, said, _ in opened]
    assert outputs[0] is outputs[1]  # what a packet carries besides changes no output
    assert [said.do_bits for said in outputs] == [0b101, 0b101, 0b111, 0b101]
    assert [more for *_, more in opened] == [None, ([(2, 0x18FF10D1, 2, b"abc")], b"x"), None, None]


@pytest.mark.parametrize("claimed", [b"\1\0\0", b"\0\1\0", b"\0\0\1"])
def test_an_output_that_claims_more_than_it_holds_is_refused(layout, claimed):
    with pytest.raises(WireError, match=f"{layout.node}: output of .* is shorter than its fields"):
        layout.open_output(wire.packet(wire.OUTPUT, 0, output(layout)[6:-7] + claimed), 0)


def test_too_large_a_packet_is_refused():
    assert len(wire.packet(1, 0, bytes(wire.PACKET_MAX - 10))) == wire.PACKET_MAX
    with pytest.raises(WireError, match="4097 bytes, at most 4096"):
        wire.packet(1, 0, bytes(wire.PACKET_MAX - 9))


def test_input_has_the_layout_of_the_io_list(layout):
    rng = random.Random(1)
    counts = [rng.randrange(65536) for _ in layout.ai_tags]
    pulses = [rng.getrandbits(32) for _ in layout.ci_tags]
    bits = rng.getrandbits(32 + 8 * layout.spi_bytes)
    frame = (1_000_000, 0x18FF21A1, 2, 8, b"12345678")
    packet = layout.pack_input(7, 70, 2, (1, 16, 3, 5), counts, bits, pulses, [frame], b"abc")
    assert zlib.crc32(packet[:-4]) == int.from_bytes(packet[-4:], "little")
    payload = wire.unpack(layout.node, packet, wire.INPUT, 7)
    n = 2 * len(counts)
    assert struct.unpack_from("<IBBBBB", payload) == (70, 2, 1, 16, 3, 5)
    assert list(struct.unpack_from(f"<{len(counts)}H", payload, 9)) == counts
    assert int.from_bytes(payload[9 + n : 13 + n], "little") == bits & 0xFFFFFFFF
    assert int.from_bytes(payload[13 + n : 13 + n + layout.spi_bytes], "little") == bits >> 32
    at = 13 + n + layout.spi_bytes
    assert list(struct.unpack_from(f"<{len(pulses)}I", payload, at)) == pulses
    at += 4 * len(pulses)
    assert payload[at] == 1
    assert struct.unpack_from("<IIBB8s", payload, at + 1) == frame
    assert payload[at + 19 :] == b"\x03\x00abc"


def test_largest_input_fits(layout):
    frames = [(0, 0, 0, 8, bytes(8))] * wire.FRAMES_MAX
    packet = layout.pack_input(
        0, 0, 0, (0, 0, 0, 0), [0] * len(layout.ai_tags), 0, [0] * len(layout.ci_tags), frames, bytes(115)
    )
    assert len(packet) <= wire.PACKET_MAX


@pytest.mark.parametrize("counts", [[65536], [-1], [0, 0]])
def test_input_out_of_range_names_the_node(layout, counts):
    counts = counts + [0] * (len(layout.ai_tags) - 1)
    with pytest.raises(WireError, match=f"{layout.node}: input out of range"):
        layout.pack_input(0, 0, 0, (0, 0, 0, 0), counts, 0, [0] * len(layout.ci_tags))


def test_contacts_have_one_bit_each(layout):
    io = tables.io(layout.node)
    for tag, kind, at, _ in io.DI:
        bit = layout.contact_bit[tag]
        assert (bit - 32 == at) if kind == "spi" else (layout.pin_tags[bit] == tag)
    assert len(set(layout.contact_bit.values())) == len(io.DI)


def test_host_time_never_reaches_a_trace(layout):
    head = (1234, 1, 1, 250, 9000, 55_000, 5)
    other = (1234, 1, 1, 999, 1, 2, 5)
    clean = wire.without_host_time(output(layout, head=head))
    assert clean == wire.without_host_time(output(layout, head=other))
    assert layout.parse_output(clean, 0).do_bits == 5
    assert clean != wire.without_host_time(output(layout, head=(1234, 1, 0, 250, 9000, 55_000, 5)))
