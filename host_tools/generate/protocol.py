"""The protocol as a page for a truck maker: docs/protocol.md, from the CAN database and the state tables.

What is a figure or a table comes from the database, so that the page cannot say something else than the boards do; the
prose stands in the template. Whatever messages the database has are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from host_tools import link_e2e, pages
from host_tools.generate import database
from sim.tables import load_table

PAGE: Final = Path("docs") / "protocol.md"
DRAWING: Final = Path("docs") / "link-gap.svg"
TEMPLATE: Final = "protocol.md.j2"
BITRATES: Final = (500_000, 250_000)
# A frame of 8 bytes with an extended id, interframe space included: 118 of its bits may be stuffed, at the worst the
# fifth and every fourth from there.
FRAME_BITS: Final = 118 + 10 + 3
STUFFED_BITS_MAX: Final = (118 - 1) // 4
BIT_CHARS: Final = 8  # of a byte map, for one bit
EXAMPLE: Final = {"tank_pressure_mbar": 3726, "tank_mass_g": 8425, "measure_ok": 1}  # raw
EXAMPLE_MESSAGE, EXAMPLE_COUNTER, EXAMPLE_SESSION = "T_MEAS", 220, 139


class Signal(NamedTuple):
    """One signal as a row of a table; codes in hexadecimal, `words`: raw values with their labels."""

    number: int
    name: str
    bits: str
    factor: str
    unit: str
    span: str
    na: str
    error: str
    meaning: str
    words: str


class Message(NamedTuple):
    """One message: what its heading says, the byte map and the rows of its signals."""

    name: str
    can_id: str
    priority: int
    pgn: str
    sender: str
    receiver: str
    cycle_ms: int
    cyclic: bool
    hold_ms: int
    stop_ms: int
    data_id: str
    max_delta: int
    comment: str
    byte_map: str
    signals: tuple[Signal, ...]


def _hex(value: int, digits: int) -> str:
    return f"0x{value:0{digits}X}"


def _attribute(owner: Any, name: str) -> Any:
    found = owner.dbc.attributes.get(name)
    return None if found is None else found.value


def _words(signal: Any, ones: int) -> str:
    """Return the value table but for the codes that every signal has, and for plain no and yes."""
    words = {int(raw): str(word) for raw, word in (signal.choices or {}).items() if int(raw) < ones - 1}
    return "" if words == {0: "NO", 1: "YES"} else ", ".join(f"{raw} {word}" for raw, word in sorted(words.items()))


def _signal(number: int, signal: Any) -> Signal:
    ones = (1 << signal.length) - 1
    digits = (signal.length + 3) // 4
    last = signal.start + signal.length - 1
    plain = {int(raw): str(word) for raw, word in (signal.choices or {}).items()}
    span = "" if signal.minimum is None else f"{signal.minimum:g} to {int(signal.maximum)}"
    scale = f"{int(signal.scale)}" + (f", + {int(signal.offset)}" if signal.offset else "")
    return Signal(
        number=number, name=signal.name, bits=f"{signal.start} to {last} ({signal.length})", factor=scale,
        unit=signal.unit or "", span=span,
        na=_hex(ones, digits) if plain.get(ones) == database.LABEL_NA else "",
        error=_hex(ones - 1, digits) if plain.get(ones - 1) == database.LABEL_ERROR else "",
        meaning=pages.cell(signal.comment or ("0 no, 1 yes" if plain.get(1) == "YES" else "")),
        words=_words(signal, ones),
    )  # fmt: skip


def byte_map(signals: list[tuple[int, str, int, int]]) -> str:
    """Return the drawn frame, a line per byte, bit 7 at the left; signals: (number, name, start, bits), Intel order.

    A signal that does not fit its place by name stands there by its number; with `13..8`: these bits of its own.
    """
    owner: dict[int, tuple[int, str, int, int]] = {}
    for one in signals:
        for bit in range(one[2], one[2] + one[3]):
            owner[bit] = one
    lines = ["         " + "".join(f"{bit:^{BIT_CHARS}}" for bit in range(7, -1, -1)).rstrip()]
    for byte in range(8):
        row, bit = f"byte {byte}  |", 7
        while bit >= 0:
            high = 8 * byte + bit
            here = owner.get(high)
            while bit >= 0 and owner.get(8 * byte + bit) == here:
                bit -= 1
            low = 8 * byte + bit + 1
            width = BIT_CHARS * (high - low + 1) - 1
            row += f"{_label(here, high, low, width):^{width}}|"
        lines.append(row)
    return "\n".join(lines)


def _label(signal: tuple[int, str, int, int] | None, high: int, low: int, width: int) -> str:
    """Return the longest label that fits."""
    if signal is None:
        return "1"
    number, name, start, bits = signal
    if high - low + 1 == bits:
        shown = ""
    elif high == low:
        shown = f" {high - start}"
    else:
        shown = f" {high - start}..{low - start}"
    fitting = (text for text in (name + shown, f"#{number}{shown}") if len(text) <= width)
    return next(fitting, f"#{number}")


def _message(message: Any) -> Message:
    head = {name for name, _, _ in database.HEADER}
    own = [signal for signal in message.signals if signal.name not in head]
    placed = [(0, s.name, s.start, s.length) for s in message.signals if s.name in head]
    placed += [(number, s.name, s.start, s.length) for number, s in enumerate(own, 1)]
    return Message(
        name=message.name, can_id=_hex(message.frame_id, 8), priority=message.frame_id >> 26,
        pgn=_hex(message.frame_id >> 8 & 0x3FFFF, 4), sender=message.senders[0],
        receiver=", ".join(sorted(message.receivers)), cycle_ms=message.cycle_time,
        cyclic=message.send_type == "Cyclic", hold_ms=_attribute(message, "RxHoldMs"),
        stop_ms=_attribute(message, "RxStopMs"), data_id=_hex(_attribute(message, "E2EDataId"), 4),
        max_delta=_attribute(message, "E2EMaxDeltaCounter"), comment=" ".join((message.comment or "").split()),
        byte_map=byte_map(placed), signals=tuple(_signal(number, s) for number, s in enumerate(own, 1)),
    )  # fmt: skip


def example(loaded: Any) -> dict[str, Any]:
    """Return a frame with every step of making it."""
    message = loaded.get_message_by_name(EXAMPLE_MESSAGE)
    data_id = _attribute(message, "E2EDataId")
    signals = [signal for signal in message.signals if signal.name in EXAMPLE]
    word = (1 << 32) - 1  # bits without a signal stay ones
    steps = []
    for signal in signals:
        raw = EXAMPLE[signal.name]
        shift = signal.start - 32
        word = word & ~(((1 << signal.length) - 1) << shift) | raw << shift
        steps.append({"name": signal.name, "value": raw * int(signal.scale) + int(signal.offset),
                      "unit": signal.unit or "", "raw": raw, "shift": shift})  # fmt: skip
    body = bytes((0, 0, 0, EXAMPLE_SESSION)) + word.to_bytes(4, "little")
    frame = link_e2e.protected(body, data_id, EXAMPLE_COUNTER)
    crc = int.from_bytes(frame[:2], "little")
    covered = frame[2:] + data_id.to_bytes(2, "little")
    return {
        "name": message.name, "can_id": f"{message.frame_id:08X}", "data_id": _hex(data_id, 4), "steps": steps,
        "word": _hex(word, 8), "payload": frame[4:].hex(" ").upper(), "covered": covered.hex(" ").upper(),
        "crc": _hex(crc, 4), "frame": frame.hex(" ").upper(), "session": EXAMPLE_SESSION,
        "counter": EXAMPLE_COUNTER, "log": f"{message.frame_id:08X}#{frame.hex().upper()}",
    }  # fmt: skip


def loads(loaded: Any) -> list[dict[str, Any]]:
    """Return per bit rate what all cyclic messages take of the bus, in percent: without and with most stuff bits."""
    per_s = sum(1000.0 / message.cycle_time for message in loaded.messages if message.send_type == "Cyclic")
    return [{"bitrate": rate // 1000, "frames": round(per_s, 1), "least": 100.0 * per_s * FRAME_BITS / rate,
             "most": 100.0 * per_s * (FRAME_BITS + STUFFED_BITS_MAX) / rate} for rate in BITRATES]  # fmt: skip


def rules(loaded: Any) -> list[tuple[str, str]]:
    """Return the rules in the database's own comment as (heading, text); the heading may be empty.

    The first line says what the file is, another one how to generate from it: neither is a rule of the link.
    """
    found = []
    for line in (loaded.buses[0].comment or "").splitlines()[1:]:
        if "cryofill dbc generate" in line:
            continue
        head, colon, rest = line.partition(": ")
        titled = bool(colon) and len(head.split()) <= 4 and head[:1].isupper()
        found.append((head, rest) if titled else ("", line))
    return found


def _table(path: Path, name: str) -> Any:
    """Return the named table of a literal module, None when this firmware has no such module."""
    return getattr(load_table(path), name) if path.exists() else None


def context(root: Path) -> dict[str, Any]:
    """Return what the template shows."""
    loaded = database.load(root / database.DBC_PATH)
    messages = [_message(message) for message in loaded.messages]
    nodes = {node.name: node for node in loaded.nodes}
    firmware = root / "firmware"
    deadlines = {row[0]: row[3] // 1000 for node in ("dispenser", "tank")
                 for row in load_table(firmware / node / "state_table.py").STATES}  # fmt: skip
    by_name = {message.name: message for message in messages}
    return {
        "messages": messages,
        "message": by_name,
        "address": {name: _hex(_attribute(node, "NmStationAddress"), 2) for name, node in nodes.items()},
        "version": _attribute(loaded, "ProtocolVersion"),
        "older": _attribute(loaded, "ProtocolAcceptsOlder"),
        "bitrate": _attribute(loaded, "Baudrate") // 1000,
        "loads": loads(loaded),
        "rules": rules(loaded),
        "example": example(loaded),
        "deadline_s": deadlines,
        "hears": _table(firmware / "dispenser" / "command_table.py", "MEANING"),
        "sends": _table(firmware / "tank" / "command_table.py", "COMMANDS"),
        "commands": _table(firmware / "dispenser" / "command_table.py", "COMMANDS"),
        "refusals": _table(firmware / "dispenser" / "refusal_table.py", "REFUSALS"),
        "first_refusal": _table(firmware / "dispenser" / "refusal_table.py", "FIRST_CODE"),
        "authenticated": any("CHALLENGE" in message.name for message in messages),
        "drawing": DRAWING.name,
    }


def render(root: Path) -> str:
    """Return the page."""
    return pages.markdown(TEMPLATE, context(root))
