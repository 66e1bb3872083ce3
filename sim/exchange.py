"""`NODE.exchange`: every packet of one node's link in a run, as `host_tools/record.py` writes it and replay reads it.

Records, one behind the other: `<BI` (kind of record; rig time in ms), then a packet with its own header, length and
CRC (`sim/wire.py`). The first record is ABOUT: whose link it is and what each row of its I/O list was, because the
packets hold bare numbers in that order. Then TO_NODE and FROM_NODE packets. Every start of the board begins with a
HELLO, which carries the seed of its random bytes. What a node measures of its host is zeroed.
"""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim import wire

RECORD: Final = struct.Struct("<BI")
TO_NODE, FROM_NODE, ABOUT = 0, 1, 2
ABOUT_PACKET: Final = 0xFF  # packet type of the ABOUT record; it never goes over a link
LISTS: Final = ("AI", "DI", "DO", "AO", "CI")


class TraceError(ValueError):
    """A recording cannot be used: one line with the file, the offset in bytes where it applies, and what is wrong."""


class Record(NamedTuple):
    """One packet of a recording: where it stands in the file, its kind, rig time in ms, and the packet."""

    offset: int
    kind: int
    t_ms: int
    packet: bytes

    @property
    def type(self) -> int:
        """The packet's type: wire.HELLO, wire.INPUT, ..."""
        return self.packet[1]


class Tick(NamedTuple):
    """What the board was shown once and all that it did until it slept again.

    begin: place of its first record in the start; records: INPUT, then requests to the memory and their answers in
    turn, at the end OUTPUT, or a request if the board got no further.
    """

    begin: int
    records: tuple[Record, ...]

    @property
    def sent(self) -> tuple[Record, ...]:
        """The board's packets."""
        return tuple(one for one in self.records if one.kind == FROM_NODE)

    @property
    def cut_short(self) -> bool:
        """True when the board did not come to the end of this tick."""
        return self.records[-1].type == wire.MEMORY


@dataclass(frozen=True)
class Start:
    """One start of the board: its records from the HELLO to the last one before the next HELLO or the end."""

    t_ms: int
    records: tuple[Record, ...]

    @property
    def seed(self) -> int:
        """The seed of the board's random bytes."""
        return int(wire.HELLO_PAYLOAD.unpack_from(self.records[0].packet, wire.HEADER.size)[0])

    def answered(self) -> tuple[Record, ...]:
        """The records up to the last one from the board: what it was shown behind that, it had no time to answer."""
        n = len(self.records)
        while n > 1 and self.records[n - 1].kind == TO_NODE:
            n -= 1
        return self.records[:n]

    def ticks(self) -> Iterator[Tick]:
        """Yield what was answered tick by tick, the HELLO left out."""
        records = self.answered()
        begin = 1
        for i in range(2, len(records) + 1):
            if i == len(records) or records[i].type == wire.INPUT:
                yield Tick(begin, records[begin:i])
                begin = i


def rows(layout: wire.Layout) -> dict[str, list[str]]:
    """Return what the numbers of the packets mean, in order: the tags of each list, contacts with their bit."""
    contacts = [f"{tag} bit {bit}" for tag, bit in layout.contact_bit.items()]
    tags = (layout.ai_tags, contacts, layout.do_tags, layout.ao_tags, layout.ci_tags)
    return {name: list(one) for name, one in zip(LISTS, tags, strict=True)}


def about(layout: wire.Layout) -> bytes:
    """Return the first record of a recording."""
    text = json.dumps({"node": layout.node, **rows(layout)}, separators=(",", ":"))
    return RECORD.pack(ABOUT, 0) + wire.packet(ABOUT_PACKET, 0, text.encode("ascii"))


def read(path: Path, layout: wire.Layout) -> list[Start]:
    """Return the starts of a recording of the node that has this I/O list.

    Raises TraceError: no such file, cut short, a wrong CRC, a packet lost or repeated, another node or I/O list.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from None
    records = _records(path, data)
    first = next(records, None)
    if first is None:
        raise TraceError(f"{path}: offset 0: empty, no packet was recorded")
    if first.kind != ABOUT:
        raise TraceError(f"{path}: offset 0: does not begin with the node and its I/O list; record the run anew")
    _check_about(path, first, layout)
    starts: list[Start] = []
    open_: list[Record] = []
    order = _Order(path)
    for one in records:
        order.check(one)
        if one.type == wire.HELLO and open_:
            starts.append(Start(open_[0].t_ms, tuple(open_)))
            open_ = []
        open_.append(one)
    if open_:
        starts.append(Start(open_[0].t_ms, tuple(open_)))
    if not starts:
        raise TraceError(f"{path}: offset {len(data)}: no start of the board was recorded")
    return starts


def _records(path: Path, data: bytes) -> Iterator[Record]:
    """Yield every record of the file, framing and CRC checked."""
    at, end = 0, len(data)
    head = RECORD.size + wire.HEADER.size
    while at < end:
        if at + head > end:
            raise TraceError(f"{path}: offset {at}: cut short, {end - at} bytes of a record's head of {head}")
        kind, t_ms = RECORD.unpack_from(data, at)
        sync, _type, seq, length = wire.HEADER.unpack_from(data, at + RECORD.size)
        if kind > ABOUT or sync != wire.SYNC:
            raise TraceError(f"{path}: offset {at}: no record begins here (kind {kind}, sync byte 0x{sync:02X})")
        begin = at + RECORD.size
        stop = begin + wire.HEADER.size + length + wire.CRC.size
        if stop > end:
            raise TraceError(f"{path}: offset {at}: cut short, {end - begin} bytes of a packet of {stop - begin}")
        packet = data[begin:stop]
        if wire.CRC.unpack_from(packet, len(packet) - 4)[0] != crc32(packet[:-4]):
            raise TraceError(f"{path}: offset {at}: CRC-32 of packet {seq} at {t_ms / 1000:.2f} s is wrong")
        yield Record(at, kind, t_ms, packet)
        at = stop


def _check_about(path: Path, record: Record, layout: wire.Layout) -> None:
    """Refuse a recording of another node or of another order of the I/O list."""
    try:
        said: dict[str, Any] = json.loads(record.packet[wire.HEADER.size : -wire.CRC.size])
        node = said["node"]
        recorded = {name: list(said[name]) for name in LISTS}
    except (ValueError, KeyError, TypeError):
        raise TraceError(f"{path}: offset 0: the record of the node and its I/O list cannot be read") from None
    if node != layout.node:
        raise TraceError(f"{path}: offset 0: this is the link of the {node}, not of the {layout.node}")
    for name, here in rows(layout).items():
        there = recorded[name]
        for i in range(max(len(here), len(there))):
            was, is_ = (rows_[i] if i < len(rows_) else "nothing" for rows_ in (there, here))
            if was != is_:
                raise TraceError(
                    f"{path}: offset 0: recorded with another I/O list: row {i + 1} of {name} was {was}, "
                    f"the firmware's {node}/io_table.py has {is_}"
                )


class _Order:
    """Checks the sequence numbers of both directions; each start counts anew from its HELLO."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._due: dict[int, int] | None = None

    def check(self, one: Record) -> None:
        """Raise TraceError when a packet is missing before this one."""
        seq = wire.HEADER.unpack_from(one.packet)[2]
        if one.kind == TO_NODE and one.type == wire.HELLO:
            self._due = {TO_NODE: 0, FROM_NODE: 0}
        if one.kind == ABOUT or self._due is None:
            raise TraceError(f"{self._path}: offset {one.offset}: a packet before the board's HELLO")
        if seq != self._due[one.kind]:
            raise TraceError(
                f"{self._path}: offset {one.offset}: sequence {seq} instead of {self._due[one.kind]}: "
                "a packet is missing or stands twice"
            )
        self._due[one.kind] = (seq + 1) & 0xFFFF
