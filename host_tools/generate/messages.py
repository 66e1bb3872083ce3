"""Render firmware/generated/messages.py: one pack and one unpack function per CAN message, straight-line
code.

No loop, table or allocation: the control tick calls them. Bytes are put together one by one so that no
intermediate needs more than a board's 31-bit integer (a whole payload word would).
"""

from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path

from host_tools.generate import causes, database
from host_tools.generate.database import MessageRow, SignalRow

LINE_LENGTH = 110  # as pyproject.toml has it

HEADER_TEXT = '''"""CAN messages: identifiers, pack and unpack. GENERATED from dbc/cryofill.dbc: do not edit.

Change the DBC, then run `cryofill dbc generate`; `cryofill dbc check` fails when this file is stale.
DBC sha256: {sha}

pack_x(buf, session, ...) writes bytes 3-7 of `buf` (8 bytes); bytes 0-2 are e2e.protect's. Arguments are
physical integers in the unit of their name, NA or ERR; a value between two steps is rounded down. Returns 0;
else nothing is written and the result is the 1-based index of the first argument out of range, or
SESSION_REFUSED.
unpack_x(buf, out) fills the list `out` (X_FIELDS long): session, then the signals by their index constants;
NA = not available, ERR = error or a value that the DBC does not allow. Opaque messages (bytes of cryptography) have
neither: their bytes are copied as they are.
Neither allocates, raises or needs more than 31 bits.
"""

from micropython import const

# fmt: off
NA = const(-1)
ERR = const(-2)
SESSION = const(0)  # index of the session number in every unpacked list
SESSION_MAX = const({session_max})
SESSION_REFUSED = const(-1)
PROTOCOL_VERSION = const({version})
ACCEPTS_OLDER = const({older})  # versions before ours that we speak as well
BITRATE = const({bitrate})
{addresses}
'''


def render(root: Path) -> str:
    """Return the text of messages.py for the DBC under `root`. The DBC must have no `database.problems`."""
    path = root / database.DBC_PATH
    source = database.load(path)
    rows = database.messages(source)
    attributes = source.dbc.attributes
    session_max = int(source.messages[0].get_signal_by_name("Session").maximum)
    # Over the text, not the bytes: the same on a checkout with other line ends.
    sha = hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
    parts = [
        HEADER_TEXT.format(
            sha=sha, session_max=session_max,
            version=attributes["ProtocolVersion"].value, older=attributes["ProtocolAcceptsOlder"].value,
            bitrate=attributes["Baudrate"].value,
            addresses="\n".join(
                f"{node.name.upper()}_ADDRESS = const(0x{node.dbc.attributes['NmStationAddress'].value:02X})"
                for node in source.nodes
            ),
        ),  # fmt: skip
        _label_constants(rows),
    ]
    parts += [_message_constants(row) for row in rows]
    parts.append(_table(rows))
    for row in rows:
        if not row.opaque:
            parts += [_pack(row, session_max), _unpack(row, session_max)]
    return "\n".join(parts)


def _label_constants(rows: tuple[MessageRow, ...]) -> str:
    """Return named values of states and commands; yes/no flags need none."""
    seen: dict[str, tuple[tuple[int, str], ...]] = {}
    for row in rows:
        for signal in row.signals:
            if signal.bits <= 2 or not signal.labels or signal.name == causes.SIGNAL:
                continue  # causes are row numbers, of another table in each message
            if seen.setdefault(signal.name, signal.labels) != signal.labels:
                raise ValueError(f"{row.name}.{signal.name}: value table differs from that of its namesake")
    lines = ["# Values of states and commands"]
    for name, labels in seen.items():
        lines += [f"{name.upper()}_{label} = const({raw})" for raw, label in labels]
    return "\n".join(lines) + "\n"


def _message_constants(row: MessageRow) -> str:
    times = f"{row.cycle_ms} ms; hold after {row.hold_ms} ms, stop after {row.stop_ms} ms (0 = not watched)"
    lines = [
        f"# {row.name}: from the {row.sender.lower()} every {times}",
        f"{row.name}_ID = const(0x{row.frame_id:08X})",
        f"{row.name}_DATA_ID = const(0x{row.data_id:04X})",
        f"{row.name}_CYCLE_MS = const({row.cycle_ms})",
        f"{row.name}_HOLD_MS = const({row.hold_ms})",
        f"{row.name}_STOP_MS = const({row.stop_ms})",
    ]
    if not row.opaque:
        for index, signal in enumerate(row.signals, 1):
            lines.append(f"{row.name}_{signal.name.upper()} = const({index})")
        lines.append(f"{row.name}_FIELDS = const({len(row.signals) + 1})")
    return "\n".join(lines) + "\n"


def _table(rows: tuple[MessageRow, ...]) -> str:
    lines = ["# NAME, ID, DATA_ID, CYCLE_MS, HOLD_MS, STOP_MS, SENDER", "MESSAGES = ("]
    for row in rows:
        lines.append(
            f'    ("{row.name}", 0x{row.frame_id:08X}, 0x{row.data_id:04X}, {row.cycle_ms}, {row.hold_ms}, '
            f'{row.stop_ms}, "{row.sender.lower()}"),'
        )
    lines.append(")")
    for sender in dict.fromkeys(row.sender for row in rows):
        indexes = [index for index, row in enumerate(rows) if row.sender == sender]
        if indexes != list(range(indexes[0], indexes[-1] + 1)):
            raise ValueError(f"the messages of {sender} do not stand together in the DBC")
        lines.append(f"{sender.upper()}_TX = MESSAGES[{indexes[0]}:{indexes[-1] + 1}]  # the other node's RX")
    return "\n".join(lines) + "\n"


def _range_text(signal: SignalRow) -> str:
    unit = f" {signal.unit}" if signal.unit else ""
    step = f" step {signal.factor}" if signal.factor != 1 else ""
    return f"{signal.name} {signal.low}-{signal.high}{unit}{step}"


def _pack(row: MessageRow, session_max: int) -> str:
    head = f"def pack_{row.name.lower()}("
    names = ", ".join(["buf", "session", *(signal.name for signal in row.signals)])
    arguments = textwrap.wrap(f"{names}):", LINE_LENGTH - len(head))
    lines = ["", head + f"\n{' ' * len(head)}".join(arguments), f'    """{row.name}:']
    lines += [f"    {_range_text(signal)}" for signal in row.signals]
    lines += ['    """', f"    if session < 0 or session > {session_max}:", "        return SESSION_REFUSED"]
    for index, signal in enumerate(row.signals, 1):
        name = signal.name
        lines += [
            f"    if {name} < {signal.low} or {name} > {signal.high}:",
            f"        if {name} == NA:",
            f"            {name} = 0x{signal.raw_na:X}",
            f"        elif {name} == ERR:",
            f"            {name} = 0x{signal.raw_na - 1:X}",
            "        else:",
            f"            return {index}",
        ]
        if signal.factor != 1 or signal.offset:
            lines += ["    else:", f"        {name} = {_to_raw(signal)}"]
    lines.append("    buf[3] = session")
    lines += [f"    buf[{byte}] = {_byte_expression(row, byte)}" for byte in range(4, 8)]
    lines += ["    return 0", ""]
    return "\n".join(lines)


def _to_raw(signal: SignalRow) -> str:
    shifted = f"{signal.name} - {signal.offset}" if signal.offset else signal.name
    return f"{_bracket(shifted)} // {signal.factor}" if signal.factor != 1 else shifted


def _byte_expression(row: MessageRow, byte: int) -> str:
    """Return the expression for one payload byte; bits that no signal uses are ones (J1939)."""
    first = byte * 8
    pieces: list[str] = []
    unused = 0xFF
    for signal in row.signals:
        low, high = max(first, signal.start), min(first + 8, signal.start + signal.bits)
        if low >= high:
            continue
        shift, place, width = low - signal.start, low - first, high - low
        unused &= ~(((1 << width) - 1) << place)
        cut = high < signal.start + signal.bits  # the rest of the signal lies in the next byte
        pieces.append(_piece(signal.name, shift, width if cut else 0, place))
    if unused:
        pieces.append(f"0x{unused:02X}")
    return _join(pieces)


def _piece(source: str, shift: int, width: int, place: int) -> str:
    """Return `source` shifted right by `shift`, cut to `width` bits (0: not cut), put at bit `place`."""
    text = f"{source} >> {shift}" if shift else source
    if width:
        text = f"{_bracket(text)} & 0x{(1 << width) - 1:X}"
    return f"{_bracket(text)} << {place}" if place else text


def _bracket(text: str) -> str:
    return f"({text})" if " " in text else text


def _join(pieces: list[str]) -> str:
    return pieces[0] if len(pieces) == 1 else " | ".join(_bracket(piece) for piece in pieces)


def _unpack(row: MessageRow, session_max: int) -> str:
    lines = ["", f"def unpack_{row.name.lower()}(buf, out):", f'    """{row.name}: session']
    lines += [f"    {_range_text(signal)}" for signal in row.signals]
    lines += ['    """', "    raw = buf[3]", *_store(0, session_max, 0xFF, "")]
    for index, signal in enumerate(row.signals, 1):
        lines.append(f"    raw = {_raw_expression(signal)}")
        lines += _store(index, signal.raw_high, signal.raw_na, _from_raw(signal))
    return "\n".join(lines) + "\n"


def _store(index: int, raw_high: int, raw_na: int, convert: str) -> list[str]:
    """Return the lines that turn `raw` into a value, NA or ERR and store it."""
    return [
        f"    if raw <= 0x{raw_high:X}:",
        f"        out[{index}] = {convert or 'raw'}",
        "    else:",
        f"        out[{index}] = NA if raw == 0x{raw_na:X} else ERR",
    ]


def _from_raw(signal: SignalRow) -> str:
    text = "raw" if signal.factor == 1 else f"raw * {signal.factor}"
    return f"{text} + {signal.offset}" if signal.offset else text


def _raw_expression(signal: SignalRow) -> str:
    """Return the expression that puts a signal together from the bytes it lies in."""
    pieces: list[str] = []
    for byte in range(signal.start // 8, (signal.start + signal.bits - 1) // 8 + 1):
        first = byte * 8
        low, high = max(first, signal.start), min(first + 8, signal.start + signal.bits)
        width = high - low if high < first + 8 else 0
        pieces.append(_piece(f"buf[{byte}]", low - first, width, low - signal.start))
    return _join(pieces)
