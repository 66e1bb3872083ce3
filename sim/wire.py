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
from dataclasses import dataclass, field
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
_HEAD = struct.Struct("<IBBHHIH")  # OUTPUT up to the duties

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


@dataclass(slots=True)
class Output:
    """What a node said at the end of a tick. tick_us, slack_us and heap_b are host measurements: never traced."""

    wake_ms: int = 0
    fed: bool = False
    locked: bool = False
    tick_us: int = 0
    slack_us: int = 0
    heap_b: int = 0
    do_bits: int = 0
    duties: Sequence[int] = ()
    can_flags: int = 0
    frames: list[TxFrame] = field(default_factory=list)
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
        fields = f"IBBBBB{len(self.ai_tags)}HI{self.spi_bytes}s{len(self.ci_tags)}I"
        self._n_input = struct.calcsize("<" + fields)
        self._plain_input = struct.Struct(f"<BBHH{fields}BH")
        fields = f"IBBHHIH{len(self.ao_tags)}HBB"
        self._output = struct.Struct("<" + fields)
        self._plain_output = struct.Struct(f"<BBHH{fields}HI")
        self.n_plain_output = self._plain_output.size  # bytes of an OUTPUT without frames and serial bytes
        self._duties_end = 11 + len(self.ao_tags)
        self._n_ao = len(self.ao_tags)
        self._contacts = 0  # what the two below were made of
        self._pins = 0
        self._spi = bytes(self.spi_bytes)

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
            if contacts != self._contacts:
                self._pins = contacts & 0xFFFFFFFF
                self._spi = (contacts >> 32).to_bytes(self.spi_bytes, "little")
                self._contacts = contacts
            body = self._plain_input.pack(
                SYNC, INPUT, seq, self._n_input + 3,
                now_ms & 0xFFFFFFFF, reset_cause, *can, *counts, self._pins, self._spi, *pulses,
                0, 0,
            )  # fmt: skip
        except (struct.error, OverflowError) as exc:
            raise WireError(
                f"{self.node}: input out of range ({exc}); {len(self.ai_tags)} counts of 0..65535 and "
                f"{len(self.ci_tags)} pulse totals are due"
            ) from exc
        if frames or uart:
            n = len(uart)
            payload = b"".join(
                (
                    body[HEADER.size : -3],
                    bytes((len(frames),)),
                    *[RX_FRAME.pack(*f) for f in frames],
                    bytes((n & 0xFF, n >> 8)),
                    uart,
                )
            )
            body = HEADER.pack(SYNC, INPUT, seq, len(payload)) + payload
        return body + CRC.pack(crc32(body))

    def parse_output(self, data: bytes, seq: int) -> Output:
        """Return what an OUTPUT packet says. Raises WireError naming the node."""
        if len(data) == self.n_plain_output:
            f = self._plain_output.unpack(data)
            if (
                f[2] == seq
                and f[-1] == crc32(data[:-4])
                and f[0] == SYNC
                and f[1] == OUTPUT
                and f[3] == self.n_plain_output - 10
                and not f[-3]
                and not f[-2]
            ):
                end = self._duties_end
                return Output(f[4], f[5] != 0, f[6] != 0, f[7], f[8], f[9], f[10], f[11:end], f[end])
        # With frames or serial bytes, or wrong: piece by piece.
        payload = unpack(self.node, data, OUTPUT, seq)
        try:
            fields = self._output.unpack_from(payload)
            at = self._output.size
            frames = []
            for _ in range(fields[-1]):
                mailbox, can_id, flags, dlc, body = TX_FRAME.unpack_from(payload, at)
                if dlc > 8 or mailbox > 2:
                    raise WireError(f"{self.node}: frame with dlc {dlc} in mailbox {mailbox}")
                frames.append(TxFrame(mailbox, can_id, flags, body[:dlc]))
                at += TX_FRAME.size
            n_uart = payload[at] | payload[at + 1] << 8
        except (struct.error, IndexError) as exc:
            raise WireError(
                f"{self.node}: output of {len(payload)} bytes is shorter than its fields"
            ) from exc
        if len(payload) != at + 2 + n_uart:
            raise WireError(f"{self.node}: output has {len(payload) - at - 2 - n_uart} bytes too many")
        wake_ms, fed, locked, tick_us, slack_us, heap_b, do_bits = fields[:7]
        return Output(
            wake_ms,
            fed != 0,
            locked != 0,
            tick_us,
            slack_us,
            heap_b,
            do_bits,
            fields[7 : 7 + self._n_ao],
            fields[-2],
            frames,
            payload[at + 2 :],
        )


def without_host_time(data: bytes) -> bytes:
    """Return an OUTPUT packet with the host's measurements (tick, slack, heap) zeroed: what a trace may hold."""
    body = bytearray(data[:-4])
    at = HEADER.size + 6
    body[at : at + 8] = bytes(8)
    return bytes(body) + CRC.pack(crc32(body))
