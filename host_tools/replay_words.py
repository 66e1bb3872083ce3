"""A difference that a replay found, in words: tags, messages and signals, events, memory operations.

Every line is (what, recorded, replayed). Only the packets' own fields are compared, one by one; what a node measured of
its host is none of them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

import cantools.database

from host_tools.generate import database
from host_tools.sampling import as_event
from sim import events, replay, tables, wire
from sim.exchange import Start
from sim.recorded_memory import payload, request
from sim.replay import Difference
from sim.tables import ROOT
from sim.wire import Layout, Output, TxFrame

NOTHING: Final = "-"
OPERATIONS: Final = {
    wire.FLASH_READ: "flash read", wire.FLASH_PROG: "flash program", wire.FLASH_ERASE: "flash erase",
    wire.FRAM_READ: "FRAM read", wire.FRAM_WRITE: "FRAM write",
}  # fmt: skip
CAN_BITS: Final = {
    wire.CAN_RESTART: "CAN restart", wire.CAN_FILTERS: "CAN filters", wire.CAN_ON: "CAN on",
    wire.CAN_SILENT: "CAN silent", wire.SOFT_RESET: "soft reset", wire.HARD_RESET: "reset",
}  # fmt: skip


class Line(NamedTuple):
    """One thing that differs."""

    what: str
    recorded: str
    replayed: str


class Place(NamedTuple):
    """Where a difference is: rig time and the board's own clock, seconds, and the state the board was in."""

    at_s: float
    board_s: float
    state: str
    row: str


def place(layout: Layout, start: Start, difference: Difference) -> Place:
    """Return where a difference is. The state is that of the recorded node's last STATE event before it."""
    row = 0
    behind = difference.index + 1  # the INPUT that opened the tick
    for line in replay.serial_before(layout, start, behind).split(b"\n"):
        fields = line.partition(b"*")[0].split(b",")
        if len(fields) == 7 and fields[0] == b"!EV" and int(fields[2]) == events.STATE:
            row = int(fields[5])
    board_s = replay.board_ms(start, behind) / 1000
    name = _state_row(layout.node, row)
    return Place(difference.t_ms / 1000, board_s, events.state_name(layout.node, row), name)


def _state_row(node: str, row: int) -> str:
    return str(tables.states(node).STATES[row][0])


def lines(layout: Layout, start: Start, difference: Difference) -> list[Line]:
    """Return every line of a tick that differs, at least one: its end, or what it did outside, then its memory."""
    was, is_ = ([one for one in side if one[1] == wire.MEMORY] for side in (difference.recorded, difference.replayed))
    memory = _memory(was, is_, ended=bool(difference.ended))
    if difference.ended:
        first, *rest = difference.ended.rstrip().splitlines()
        return [Line("program", "goes on", first), *(Line("", "", text) for text in rest), *memory]
    ends = [side[-1] for side in (difference.recorded, difference.replayed) if side and side[-1][1] != wire.MEMORY]
    return [*(_ends(layout, start, difference.index, *ends) if len(ends) == 2 else ()), *memory]


def _ends(layout: Layout, start: Start, index: int, recorded: bytes, replayed: bytes) -> Iterator[Line]:
    """Yield what differs in the packets that ended a tick; index: the tick's place in the start."""
    try:
        was, is_ = (layout.parse_output(one, wire.HEADER.unpack_from(one)[2]) for one in (recorded, replayed))
    except wire.WireError as error:
        yield Line("packet", "as its format says", str(error))
        return
    yield from _outputs(layout, was, is_)
    yield from _frames(was, is_)
    if was.uart != is_.uart:
        begun = replay.serial_before(layout, start, index).rpartition(b"\n")[2]
        yield Line("serial", *_serial(layout.node, begun + was.uart, begun + is_.uart))


def _memory(was: Sequence[bytes], is_: Sequence[bytes], *, ended: bool) -> Iterator[Line]:
    """Yield a line for each request to the memory that is another one, one too many or missing.

    ended: the replayed node ended in this tick, so it does not lack what would have come later.
    """
    matcher = SequenceMatcher(None, [payload(one) for one in was], [payload(one) for one in is_], autojunk=False)
    for kind, begin, end, other, until in matcher.get_opcodes():
        if kind == "equal" or (ended and kind == "delete" and end == len(was)):
            continue
        for one, another in itertools.zip_longest(was[begin:end], is_[other:until]):
            yield Line("memory", *(NOTHING if ask is None else _operation(ask) for ask in (one, another)))


def _operation(packet: bytes) -> str:
    """Return a request to the memory in words."""
    op, address, length, data = request(packet)
    text = f"{OPERATIONS.get(op, f'operation {op}')} of {length} bytes at 0x{address:04X}"
    return f"{text}: {data[:32].hex(' ')}{' ...' if len(data) > 32 else ''}" if data else text


def _outputs(layout: Layout, was: Output, is_: Output) -> Iterator[Line]:
    """Yield the outputs, and how the tick ended."""
    for i, tag in enumerate(layout.do_tags):
        before, now = was.do_bits >> i & 1, is_.do_bits >> i & 1
        if before != now:
            yield Line(tag, *("energised" if bit else "de-energised" for bit in (before, now)))
    for tag, before, now in zip(layout.ao_tags, was.duties, is_.duties, strict=True):
        if before != now:
            yield Line(tag, *(f"{duty * 100 / 65535:.2f} %" for duty in (before, now)))
    if was.wake_ms != is_.wake_ms:
        yield Line("sleeps until", *(f"{ms / 1000:.2f} s of its own clock" for ms in (was.wake_ms, is_.wake_ms)))
    if was.fed != is_.fed:
        yield Line("watchdog", *("fed" if fed else "not fed" for fed in (was.fed, is_.fed)))
    if was.locked != is_.locked:
        yield Line("heap in the tick", *("locked" if locked else "not locked" for locked in (was.locked, is_.locked)))
    for bit, name in CAN_BITS.items():
        if (was.can_flags ^ is_.can_flags) & bit:
            yield Line(name, *("yes" if flags & bit else "no" for flags in (was.can_flags, is_.can_flags)))


@functools.cache
def _messages() -> Any:
    return database.load(ROOT / database.DBC_PATH)


def decoded(frame: TxFrame) -> tuple[str, dict[str, Any]]:
    """Return (message name, signals) of a frame; ("id ...", {"data": hex}) of one that the database does not have."""
    if frame.flags & wire.FLAG_CANCEL:
        return f"cancel of mailbox {frame.mailbox}", {}
    try:
        message = _messages().get_message_by_frame_id(frame.can_id)
        return str(message.name), dict(message.decode(frame.data, decode_choices=True))
    except (KeyError, ValueError, cantools.database.DecodeError):
        return f"id {frame.can_id:08X}", {"data": frame.data.hex(" ")}


def _frames(was: Output, is_: Output) -> Iterator[Line]:
    """Yield the frames that differ, in the order they were sent: signal by signal where it is the same message."""
    for i in range(max(len(was.frames), len(is_.frames))):
        before = was.frames[i] if i < len(was.frames) else None
        now = is_.frames[i] if i < len(is_.frames) else None
        if before == now:
            continue
        names = [decoded(one) if one is not None else (NOTHING, {}) for one in (before, now)]
        (name, old), (other, new) = names
        if name != other:
            both = (" ".join((one, *(f"{key}={x}" for key, x in values.items()))) for one, values in names)
            yield Line("frame", *both)
            continue
        if before is not None and now is not None and before.mailbox != now.mailbox:
            yield Line(f"{name} mailbox", str(before.mailbox), str(now.mailbox))
        for signal, value in old.items():
            if new.get(signal) != value:
                yield Line(f"{name}.{signal}", str(value), str(new.get(signal)))


def _serial(node: str, was: bytes, is_: bytes) -> tuple[str, str]:
    """Return the first serial line of each that differs, events in words; a line not yet complete ends in `...`."""
    old, new = was.split(b"\n"), is_.split(b"\n")
    for i in range(max(len(old), len(new))):
        before, now = (side[i] if i < len(side) else b"" for side in (old, new))
        if before != now:
            return (_said(node, before, i < len(old) - 1), _said(node, now, i < len(new) - 1))
    return NOTHING, NOTHING


def _said(node: str, line: bytes, whole: bool) -> str:
    """Return one serial line for people."""
    text = line.decode("ascii", "replace")
    if not text:
        return NOTHING
    if not whole:
        return text + " ..."
    if not text.startswith("!EV,"):
        return text
    try:
        one = as_event(events.parse(node, text[1:].partition("*")[0], 0))
    except (ValueError, IndexError):
        return text
    step = f" {one.source} to {one.target}" if one.target else ""
    return f"{one.kind}{step}: {one.name}, value {one.value}, at {one.t_ms / 1000:.2f} s of its own clock"
