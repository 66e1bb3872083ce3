"""Read dbc/cryofill.dbc into plain rows and say what is wrong with it.

The rows are what the code generator and the tests need, in the order of the file. The rules of `problems` are
those of the protocol (J1939 Proprietary B, AUTOSAR E2E Profile 5) and of a 31-bit board; cantools checks the
syntax and overlaps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cantools.database

DBC_PATH = Path("dbc") / "cryofill.dbc"
# Name, start bit and bits of what every frame begins with; a tag needs the session's byte for itself
HEADER = (("E2E_Crc", 0, 16), ("E2E_Counter", 16, 8), ("Session", 24, 8))
HEADER_NAMES = tuple(row[0] for row in HEADER)
PROPRIETARY_B = range(0xFF00, 0x10000)
LABEL_NA, LABEL_ERROR = "NA", "ERROR"
MAX_BITS = 24              # a raw value and all it is made of stay far below 2**30
SMALL_INT_LIMIT = 1 << 30  # integers of a 31-bit board


@dataclass(frozen=True)
class SignalRow:
    """One signal of a frame's bytes 4-7. Physical = raw * factor + offset, in `unit`, all integers."""

    name: str
    start: int  # first bit, counted from bit 0 of byte 0, Intel order
    bits: int
    factor: int
    offset: int
    low: int
    high: int
    unit: str
    labels: tuple[tuple[int, str], ...]  # value table without the NA and ERROR codes

    @property
    def raw_na(self) -> int:
        """Raw code of "not available": all ones."""
        return (1 << self.bits) - 1

    @property
    def raw_high(self) -> int:
        """Raw code of the highest valid value."""
        return (self.high - self.offset) // self.factor


@dataclass(frozen=True)
class MessageRow:
    """One frame: identifier, times in ms, E2E attributes and the signals after the header."""

    name: str
    frame_id: int
    sender: str  # node name as in the DBC
    data_id: int
    max_delta: int
    cycle_ms: int
    hold_ms: int
    stop_ms: int
    comment: str
    signals: tuple[SignalRow, ...]
    opaque: bool  # bytes of cryptography: every code is valid, and the firmware copies them as they are


def load(path: Path) -> Any:
    """Return the cantools database of `path`; strict: raises cantools' errors on bad syntax and overlaps."""
    return cantools.database.load_file(path, strict=True)


def _attribute(owner: Any, name: str) -> Any:
    """Return the value written in the file for attribute `name`, None when only its default applies."""
    attribute = owner.dbc.attributes.get(name)
    return None if attribute is None else attribute.value


def _is_opaque(message: Any) -> bool:
    """Tell whether the message has the attribute PayloadOpaque = yes."""
    return bool(_attribute(message, "PayloadOpaque"))


def _signal_row(signal: Any) -> SignalRow:
    reserved = (LABEL_NA, LABEL_ERROR)
    choices = {int(raw): str(label) for raw, label in (signal.choices or {}).items()}
    labels = tuple((raw, label) for raw, label in choices.items() if label not in reserved)
    return SignalRow(
        name=signal.name, start=signal.start, bits=signal.length, factor=int(signal.scale),
        offset=int(signal.offset), low=int(signal.minimum), high=int(signal.maximum),
        unit=signal.unit or "", labels=labels,
    )  # fmt: skip


def messages(database: Any) -> tuple[MessageRow, ...]:
    """Return the rows of a database that has no `problems`, in the order of the file."""
    return tuple(
        MessageRow(
            name=message.name, frame_id=message.frame_id, sender=message.senders[0],
            data_id=_attribute(message, "E2EDataId"), max_delta=_attribute(message, "E2EMaxDeltaCounter"),
            cycle_ms=message.cycle_time, hold_ms=_attribute(message, "RxHoldMs"),
            stop_ms=_attribute(message, "RxStopMs"), comment=message.comment,
            signals=tuple(_signal_row(signal) for signal in message.signals if signal.name not in HEADER_NAMES),
            opaque=_is_opaque(message),
        )
        for message in database.messages
    )  # fmt: skip


def problems(database: Any) -> list[str]:
    """Return one line per rule that the database breaks, each naming the message and signal."""
    found: list[str] = []
    for message in database.messages:
        found += [f"{message.name}: {what}" for what in _message_problems(database, message)]
        for signal in message.signals:
            if signal.name not in HEADER_NAMES:
                problems_of = _opaque_problems if _is_opaque(message) else _signal_problems
                found += [f"{message.name}.{signal.name}: {what}" for what in problems_of(signal)]
    unique = {
        "frame id": [message.frame_id for message in database.messages],
        "PGN": [message.frame_id >> 8 & 0xFFFF for message in database.messages],
        "E2EDataId": [_attribute(message, "E2EDataId") for message in database.messages],
    }
    for what, values in unique.items():
        repeated = [(value, count) for value, count in Counter(values).items() if count > 1]
        found += [f"{what} {value} stands {count} times" for value, count in repeated]
    return found


def _message_problems(database: Any, message: Any) -> list[str]:
    found: list[str] = []

    def demand(good: bool, what: str) -> None:
        if not good:
            found.append(what)

    demand(message.is_extended_frame, "needs a 29-bit id")
    demand(message.length == 8, "needs 8 bytes")
    demand(message.frame_id >> 8 & 0x3FFFF in PROPRIETARY_B, "PGN is not Proprietary B (0xFF00 to 0xFFFF)")
    demand(len(message.senders) == 1, "needs exactly one sender")
    addresses = {node.name: _attribute(node, "NmStationAddress") for node in database.nodes}
    demand(addresses.get(message.senders[0]) == message.frame_id & 0xFF, "source address is not its sender's")
    headers = (signal for signal in message.signals if signal.name in HEADER_NAMES)
    head = tuple((signal.name, signal.start, signal.length) for signal in headers)
    without_session = _is_opaque(message) and head == HEADER[:2]
    demand(head == HEADER or without_session, "bytes 0-3 are not E2E_Crc, E2E_Counter, Session")
    demand(bool(message.comment), "has no comment (who sends it, when, what if it is late or wrong)")
    demand(_attribute(message, "VFrameFormat") == 3, "VFrameFormat is not J1939PG")
    demand(_attribute(message, "E2EProfile") == "P05", "E2EProfile is not P05")
    demand(bool(_attribute(message, "E2EDataId")), "has no E2EDataId")
    demand(bool(_attribute(message, "E2EMaxDeltaCounter")), "has no E2EMaxDeltaCounter")
    cycle, hold, stop = (_attribute(message, name) for name in ("GenMsgCycleTime", "RxHoldMs", "RxStopMs"))
    demand(bool(cycle), "has no GenMsgCycleTime")
    demand(None not in (hold, stop), "has no RxHoldMs or RxStopMs (0 = not watched)")
    for limit in (hold, stop):
        demand(not limit or limit >= 3 * (cycle or 0), f"age limit {limit} ms is under three cycles")
    demand(not hold or hold < (stop or 0), "RxHoldMs is not below RxStopMs")
    return found


def _opaque_problems(signal: Any) -> list[str]:
    whole_bytes = signal.start % 8 == 0 and signal.length % 8 == 0
    plain = signal.byte_order == "little_endian" and not signal.is_signed and (signal.scale, signal.offset) == (1, 0)
    return [] if whole_bytes and plain else ["must be whole bytes, unsigned, Intel order, factor 1, offset 0"]


def _signal_problems(signal: Any) -> list[str]:
    found: list[str] = []

    def demand(good: bool, what: str) -> None:
        if not good:
            found.append(what)

    demand(signal.byte_order == "little_endian" and not signal.is_signed, "must be unsigned, Intel order")
    demand(signal.start >= 32, "overlaps the header bytes")
    demand(signal.length <= MAX_BITS, f"has more than {MAX_BITS} bits")
    numbers = (signal.scale, signal.offset, signal.minimum, signal.maximum)
    if any(number is None or number != int(number) for number in numbers) or signal.scale < 1:
        return [*found, "factor, offset, minimum and maximum must be integers, factor at least 1"]
    raw_low, remainder_low = divmod(signal.minimum - signal.offset, signal.scale)
    raw_high, remainder_high = divmod(signal.maximum - signal.offset, signal.scale)
    ones = (1 << signal.length) - 1
    demand(not (remainder_low or remainder_high), "minimum or maximum is no multiple of the factor")
    demand(raw_low == 0, "minimum is not raw 0")
    demand(signal.minimum >= 0, "minimum is below 0, where NA and ERR stand")
    demand(0 < raw_high <= ones - 2, "maximum runs into the ERROR and NA codes")
    demand(signal.maximum < SMALL_INT_LIMIT, "maximum needs more than a 31-bit integer")
    labels = {int(raw): str(label) for raw, label in (signal.choices or {}).items()}
    reserved = (labels.get(ones - 1), labels.get(ones))
    demand(reserved == (LABEL_ERROR, LABEL_NA), "value table lacks ERROR and NA")
    return found
