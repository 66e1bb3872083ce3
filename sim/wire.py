"""Framing of the lockstep link between rig and node: one packet each way per 10 ms tick.

Within a tick a node may also ask for its non-volatile memory, any number of times: a MEMORY packet each, answered by
one MEMORY_REPLY. All packets of a direction share one sequence.

Packet: `<BBHH` sync 0xA5, type, sequence, payload length; payload; `<I` CRC-32 over header and payload. At most
4096 bytes, so that one write on a pipe is atomic. Little-endian throughout. The layout of the payload follows the
row order of the node's I/O list and is computed once. The node's end is `sim/shims/_link.py`.
"""

import struct
from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final, NamedTuple

from sim import tables

SYNC: Final = 0xA5
HELLO: Final = 0
INPUT: Final = 1
OUTPUT: Final = 2
MEMORY: Final = 3  # node to rig: `<BIH` operation, address, length; then the bytes to write
MEMORY_REPLY: Final = 4  # rig to node: the bytes read, nothing for a write
PACKET_MAX: Final = 4096  # bytes
FRAMES_MAX: Final = 200  # received frames in one INPUT; full load of the shortest frames is 106 in a tick
UART_PER_TICK: Final = 115  # bytes: 115200 baud, 8N1, 10 ms

HEADER: Final = struct.Struct("<BBHH")
CRC: Final = struct.Struct("<I")
HELLO_PAYLOAD: Final = struct.Struct("<IB")
RX_FRAME: Final = struct.Struct("<IIBB8s")  # time_us, id, flags, dlc, data
TX_FRAME: Final = struct.Struct("<BIBB8s")  # mailbox, id, flags, dlc, data
# OUTPUT up to the outputs, the packet's header included: sync and type as one number, sequence, length; then wake_ms,
# fed, locked, tick_us, slack_us, heap_b.
OUTPUT_HEAD: Final = struct.Struct("<HHHIBBHHI")
_INPUT_WORD: Final = SYNC | INPUT << 8
_OUTPUT_WORD: Final = SYNC | OUTPUT << 8
_NOTHING_MORE: Final = bytes(3)  # no frames, no serial bytes
_RIGHT: Final = 0x2144DF1C  # CRC-32 over a packet together with its own CRC, when that is right

# Flags of a frame: RTR 1 and EXT 2 as in machine.CAN.
FLAG_RTR: Final = 1
FLAG_EXT: Final = 2
FLAG_CANCEL: Final = 0x40  # OUTPUT: cancel the frame in this mailbox
FLAG_OVERRUN: Final = 0x80  # INPUT: the controller lost frames after this one while its processor stood still

# Bits of can_flags in OUTPUT.
CAN_RESTART: Final = 1
CAN_FILTERS: Final = 2
CAN_ON: Final = 4
CAN_SILENT: Final = 8
SOFT_RESET: Final = 0x40
HARD_RESET: Final = 0x80

RESET_POWER_ON, RESET_PIN, RESET_WATCHDOG, RESET_SOFT = range(4)


FLASH_READ, FLASH_PROG, FLASH_ERASE, FRAM_READ, FRAM_WRITE = range(1, 6)
MEMORY_ASK: Final = struct.Struct("<BIH")
MEMORY_DATA_MAX: Final = 2048  # bytes in one operation


class WireError(Exception):
    """The link broke: names the node and what was wrong. A broken link ends the run."""


# What most OUTPUT packets have nothing of: frames as in TxFrame, bytes for the serial port. Plain tuples, for the rig:
# making a named one costs more than all else about it.
More = tuple[list[tuple[int, int, int, bytes]], bytes]


class TxFrame(NamedTuple):
    """A frame that the node handed to mailbox 0..2 of its controller."""

    mailbox: int
    can_id: int
    flags: int
    data: bytes


class MemoryRequest(NamedTuple):
    """What a node asks of its non-volatile memory: one of FLASH_READ … FRAM_WRITE."""

    op: int
    address: int
    length: int
    data: bytes


class Said(NamedTuple):
    """The outputs that a node sets and what it asks of its controller; seldom others than the tick before."""

    do_bits: int = 0
    duties: Sequence[int] = ()
    can_flags: int = 0


@dataclass(slots=True)
class Output:
    """All of an OUTPUT packet. tick_us, slack_us and heap_b are host measurements: never traced."""

    wake_ms: int = 0
    fed: bool = False
    locked: bool = False
    tick_us: int = 0
    slack_us: int = 0
    heap_b: int = 0
    do_bits: int = 0
    duties: Sequence[int] = ()
    can_flags: int = 0
    frames: Sequence[TxFrame] = ()
    uart: bytes = b""


def packet(kind: int, seq: int, payload: bytes) -> bytes:
    """Return a complete packet. Raises WireError if it would exceed PACKET_MAX."""
    body = HEADER.pack(SYNC, kind, seq, len(payload)) + payload
    if len(body) + 4 > PACKET_MAX:
        raise WireError(f"packet of {len(body) + 4} bytes, at most {PACKET_MAX}")
    return body + CRC.pack(crc32(body))


def unpack(name: str, data: bytes, kind: int, seq: int) -> bytes:
    """Return the payload of a complete packet. Raises WireError (with the node's name) on any difference."""
    if len(data) < HEADER.size + CRC.size:
        raise WireError(f"{name}: packet of {len(data)} bytes is too short")
    sync, got_kind, got_seq, length = HEADER.unpack_from(data)
    if sync != SYNC:
        raise WireError(f"{name}: sync byte 0x{sync:02X} instead of 0x{SYNC:02X}")
    if len(data) != HEADER.size + length + CRC.size:
        raise WireError(
            f"{name}: packet of {len(data)} bytes, its header says {HEADER.size + length + CRC.size}"
        )
    if CRC.unpack_from(data, len(data) - 4)[0] != crc32(data[:-4]):
        raise WireError(f"{name}: CRC-32 of packet {got_seq} is wrong")
    if got_kind != kind:
        raise WireError(f"{name}: packet type {got_kind} instead of {kind}")
    if got_seq != seq:
        raise WireError(f"{name}: sequence {got_seq} instead of {seq}: a packet was lost or repeated")
    return data[HEADER.size : -4]


def hello(seed: int, flags: int = 0) -> bytes:
    """Return the first packet to a node: seed of its random bytes (u32)."""
    return packet(HELLO, 0, HELLO_PAYLOAD.pack(seed & 0xFFFFFFFF, flags))


def memory_request(name: str, data: bytes, seq: int) -> MemoryRequest:
    """Return what a MEMORY packet asks. Raises WireError (with the node's name)."""
    payload = unpack(name, data, MEMORY, seq)
    if len(payload) < MEMORY_ASK.size:
        raise WireError(f"{name}: memory request of {len(payload)} bytes is shorter than its fields")
    op, address, length = MEMORY_ASK.unpack_from(payload)
    return MemoryRequest(op, address, length, payload[MEMORY_ASK.size :])


class Layout:
    """Offsets and packers of one node, from its I/O list (`io`: that of another firmware folder)."""

    def __init__(self, node: str, io: SimpleNamespace | None = None) -> None:
        io = io or tables.io(node)
        self.node = node
        self.ai_tags = tuple(row[0] for row in io.AI)
        self.pin_tags = tuple(row[0] for row in io.DI if row[1] == "pin")
        self.spi_bits = tuple((row[0], row[2]) for row in io.DI if row[1] == "spi")
        self.di_tags = tuple(row[0] for row in io.DI)
        self.do_tags = tuple(row[0] for row in io.DO)
        self.ao_tags = tuple(row[0] for row in io.AO)
        self.ci_tags = tuple(row[0] for row in io.CI)
        self.spi_bytes = io.SPI_DI_BYTES
        pins = iter(range(len(self.pin_tags)))
        # Every contact has one bit in one integer: pins first, then the expander from bit 32 up.
        self.contact_bit = {row[0]: (next(pins) if row[1] == "pin" else 32 + row[2]) for row in io.DI}
        self._input = struct.Struct(f"<HHHIBBBBB{len(self.ai_tags)}H")  # INPUT up to the counts, header included
        self._n_input = self._input.size - HEADER.size
        self._terminals = struct.Struct(f"<I{self.spi_bytes}s{len(self.ci_tags)}I")  # pins, expander, pulses
        self._outputs = struct.Struct(f"<H{len(self.ao_tags)}HB")  # do_bits, duties, can_flags
        self._more_at = OUTPUT_HEAD.size + self._outputs.size  # numbers of frames and serial bytes, when 0 all there is
        self.n_plain_output = self._more_at + len(_NOTHING_MORE) + CRC.size  # bytes of an OUTPUT without either
        self._body = b""  # outputs of the last OUTPUT
        self._said = self.silence = Said(duties=(0,) * len(self.ao_tags))
        self._contacts = -1  # what the end of an INPUT was made of: most of the time it stays
        self._pulses: Sequence[int] = ()
        self._end = b""

    def pack_input(
        self,
        seq: int,
        now_ms: int,
        reset_cause: int,
        can: tuple[int, int, int, int],
        counts: Sequence[int],
        contacts: int,
        pulses: Sequence[int],
        frames: Sequence[tuple[int, int, int, int, bytes]] = (),
        uart: bytes = b"",
    ) -> bytes:
        """Return an INPUT packet.

        can: (state, TEC, REC, mailboxes freed); counts: read_u16 of each AI row; contacts: integer with the bit
        `contact_bit[tag]` of every closed contact; pulses: one u32 per CI row; frames: (time_us, id, flags, dlc,
        8 data bytes), at most FRAMES_MAX; uart: at most UART_PER_TICK bytes. Raises WireError naming the node.
        """
        try:
            if contacts != self._contacts or pulses != self._pulses:
                expander = (contacts >> 32).to_bytes(self.spi_bytes, "little")
                self._end = self._terminals.pack(contacts & 0xFFFFFFFF, expander, *pulses) + _NOTHING_MORE
                self._contacts, self._pulses = contacts, list(pulses)
            end = self._end
            if frames or uart:
                end = end[: -len(_NOTHING_MORE)] + len(frames).to_bytes(1, "little")
                for frame in frames:
                    end += RX_FRAME.pack(*frame)
                end += len(uart).to_bytes(2, "little") + uart
            body = self._input.pack(
                _INPUT_WORD, seq, self._n_input + len(end), now_ms & 0xFFFFFFFF, reset_cause, *can, *counts
            ) + end  # fmt: skip
        except (struct.error, OverflowError) as exc:
            raise WireError(
                f"{self.node}: input out of range ({exc}); {len(self.ai_tags)} counts of 0..65535 and "
                f"{len(self.ci_tags)} pulse totals are due"
            ) from exc
        return body + CRC.pack(crc32(body))

    def open_output(self, data: bytes, seq: int) -> tuple[tuple[int, ...], Said, More | None]:
        """Return the fields of OUTPUT_HEAD of an OUTPUT packet, the outputs, and what it carries besides.

        The outputs are the same object as long as they are the same. Raises WireError naming the node.
        """
        n = len(data)
        if n >= self.n_plain_output:
            fields = OUTPUT_HEAD.unpack_from(data)
            if (
                crc32(data) == _RIGHT
                and fields[0] == _OUTPUT_WORD
                and fields[1] == seq
                and fields[2] == n - HEADER.size - CRC.size
            ):
                more = None
                if n != self.n_plain_output or data[self._more_at : -CRC.size] != _NOTHING_MORE:
                    more = self._more(data)
                body = data[OUTPUT_HEAD.size : self._more_at]
                if body != self._body:
                    do_bits, *duties, can_flags = self._outputs.unpack(body)
                    self._said = Said(do_bits, tuple(duties), can_flags)
                    self._body = body
                return fields, self._said, more
        payload = unpack(self.node, data, OUTPUT, seq)  # names what is wrong with the packet
        raise WireError(f"{self.node}: output of {len(payload)} bytes is shorter than its fields")

    def _more(self, data: bytes) -> More:
        """Return the frames and serial bytes of an OUTPUT packet."""
        at = self._more_at
        end = len(data) - CRC.size
        frames = []
        try:
            n_frames = data[at]
            at += 1
            for _ in range(n_frames):
                mailbox, can_id, flags, dlc, content = TX_FRAME.unpack_from(data, at)
                if dlc > 8 or mailbox > 2:
                    raise WireError(f"{self.node}: frame with dlc {dlc} in mailbox {mailbox}")
                frames.append((mailbox, can_id, flags, content[:dlc]))
                at += TX_FRAME.size
            n_uart = data[at] | data[at + 1] << 8
        except (struct.error, IndexError):
            n_uart = end  # more than there can be
        if at + 2 + n_uart > end:
            raise WireError(f"{self.node}: output of {end - HEADER.size} bytes is shorter than its fields")
        if at + 2 + n_uart < end:
            raise WireError(f"{self.node}: output has {end - at - 2 - n_uart} bytes too many")
        return frames, data[at + 2 : end]

    def parse_output(self, data: bytes, seq: int) -> Output:
        """Return all of an OUTPUT packet. Raises WireError naming the node."""
        (_, _, _, wake_ms, fed, locked, tick_us, slack_us, heap_b), said, more = self.open_output(data, seq)
        frames, uart = more or ((), b"")
        sent = [TxFrame(*frame) for frame in frames]
        return Output(wake_ms, fed != 0, locked != 0, tick_us, slack_us, heap_b, *said, sent, uart)


def without_host_time(data: bytes) -> bytes:
    """Return an OUTPUT packet with the host's measurements (tick, slack, heap) zeroed: what a trace may hold."""
    body = bytearray(data[:-4])
    at = HEADER.size + 6
    body[at : at + 8] = bytes(8)
    return bytes(body) + CRC.pack(crc32(body))
