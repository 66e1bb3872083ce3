"""The generated codec against cantools: random, boundary-dense frames packed and unpacked inside the VM."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import cantools.database
import pytest

from host_tools.generate import database as dbc_rows
from host_tools.generate.database import MessageRow, SignalRow

NA, ERR = -1, -2
SESSION_MAX = 253
SESSION_REFUSED = -1
UNTOUCHED = "5a" * 8
FRAMES_PER_MESSAGE = 400  # each way
RunInVm = Callable[[str, list[str]], list[str]]


def coded(database: Any) -> list[tuple[Any, MessageRow]]:
    """Return the messages that have a codec: bytes of cryptography are copied as they are."""
    rows = zip(database.messages, dbc_rows.messages(database), strict=True)
    return [(message, row) for message, row in rows if not row.opaque]


def draw_value(rng: random.Random, signal: SignalRow) -> int:
    """Return a physical value: mostly inside, often at an edge, sometimes NA, ERR or refused."""
    kind = rng.random()
    if kind < 0.6:
        return rng.randint(signal.low, signal.high)
    if kind < 0.8:
        return rng.choice((signal.low, min(signal.low + 1, signal.high), signal.high - 1, signal.high))
    if kind < 0.96:
        return rng.choice((NA, ERR))
    return rng.choice((signal.high + 1, signal.high + signal.factor, -3, -(2**29), 2**30 - 1))


def fits(value: int, signal: SignalRow) -> bool:
    return value in (NA, ERR) or signal.low <= value <= signal.high


def raw_of(value: int, signal: SignalRow) -> int:
    if value in (NA, ERR):
        return signal.raw_na + 1 + value
    return (value - signal.offset) // signal.factor


def pack_vector(message: Any, row: MessageRow, session: int, values: list[int]) -> str:
    """Return the vector line of one pack call with what cantools makes of it."""
    shown = " ".join(map(str, [session, *values]))
    if not 0 <= session <= SESSION_MAX:
        return f"P {row.name} {SESSION_REFUSED} {UNTOUCHED} {shown}"
    for index, (value, signal) in enumerate(zip(values, row.signals, strict=True), 1):
        if not fits(value, signal):
            return f"P {row.name} {index} {UNTOUCHED} {shown}"
    data = {"E2E_Crc": 0, "E2E_Counter": 0, "Session": session}
    if all(value >= 0 for value in values):
        # The codec rounds down to the step; cantools gets the rounded value and does scaling and range check itself.
        for value, signal in zip(values, row.signals, strict=True):
            data[signal.name] = value - (value - signal.offset) % signal.factor
        frame = message.encode(data, padding=True, strict=True)
    else:
        data.update({s.name: raw_of(v, s) for v, s in zip(values, row.signals, strict=True)})
        frame = message.encode(data, scaling=False, padding=True, strict=False)
    return f"P {row.name} 0 5a5a5a{frame[3:].hex()} {shown}"


def unpack_vector(message: Any, row: MessageRow, frame: bytes) -> str:
    """Return the vector line of one unpack call with what cantools makes of it."""
    raw = message.decode(frame, scaling=False, decode_choices=False)
    physical = message.decode(frame, scaling=True, decode_choices=False)
    session = raw["Session"]
    values = [session if session <= SESSION_MAX else session - 256]
    for signal in row.signals:
        if raw[signal.name] == signal.raw_na:
            values.append(NA)
        elif physical[signal.name] > signal.high:
            values.append(ERR)
        else:
            values.append(physical[signal.name])
    return f"U {row.name} {frame.hex()} {' '.join(map(str, values))}"


def draw_frame(rng: random.Random, row: MessageRow) -> bytes:
    """Return a frame of random bytes, or one whose signals stand at the edges of their codes."""
    if rng.random() < 0.5:
        return rng.randbytes(8)
    word = rng.getrandbits(32) | rng.choice((0, 1, 252, 253, 254, 255)) << 24
    for s in row.signals:
        edge = rng.choice((0, 1, s.raw_high - 1, s.raw_high, min(s.raw_high + 1, s.raw_na), s.raw_na - 1, s.raw_na))
        word = word & ~(s.raw_na << s.start) | edge << s.start
    return word.to_bytes(8, "little")


def test_codec_in_the_vm_equals_cantools(database: Any, rng: random.Random, run_in_vm: RunInVm) -> None:
    vectors: list[str] = []
    for message, row in coded(database):
        for _ in range(FRAMES_PER_MESSAGE):
            session = rng.choice((0, 1, SESSION_MAX, rng.randint(0, SESSION_MAX)))
            if rng.random() < 0.02:
                session = rng.choice((-1, 254, 255, 256))
            vectors.append(pack_vector(message, row, session, [draw_value(rng, s) for s in row.signals]))
            vectors.append(unpack_vector(message, row, draw_frame(rng, row)))
    assert len(vectors) >= 10_000
    half = len(vectors) // 2
    assert run_in_vm("replay_codec.py", vectors) == ["heap lock works", f"packed {half} unpacked {half}"]


def test_comparison_notices_a_wrong_frame(database: Any, run_in_vm: RunInVm) -> None:
    meas = next(row for row in dbc_rows.messages(database) if row.name == "T_MEAS")
    good = pack_vector(database.get_message_by_name("T_MEAS"), meas, 1, [5000, 40000, 1])
    name, code, frame = good.split()[1:4]
    wrong = f"P {name} {code} {frame[:-1]}{int(frame[-1], 16) ^ 1:x} 1 5000 40000 1"
    output = run_in_vm("replay_codec.py", [good, wrong])
    assert [line for line in output if line.startswith("mismatch")] == [f"mismatch: {wrong} got 0 {frame}"]


def test_refusals_agree_with_cantools(database: Any) -> None:
    """What the codec refuses as out of range, cantools refuses too: the ranges are the DBC's."""
    for message, row in coded(database):
        valid = {"E2E_Crc": 0, "E2E_Counter": 0, "Session": 0, **{s.name: s.low for s in row.signals}}
        message.encode(valid, strict=True)
        for signal in row.signals:
            beyond = signal.high + signal.factor
            while raw_of(beyond, signal) in (signal.raw_na - 1, signal.raw_na):
                beyond += signal.factor  # cantools takes the codes themselves, as labels
            for value in (signal.low - signal.factor, beyond):
                with pytest.raises(cantools.database.EncodeError):
                    message.encode({**valid, signal.name: value}, strict=True)


def test_constants_equal_the_database(database: Any, load_firmware: Callable[..., Any]) -> None:
    messages = load_firmware("generated/messages")
    rows = dbc_rows.messages(database)
    assert messages.MESSAGES == tuple(
        (r.name, r.frame_id, r.data_id, r.cycle_ms, r.hold_ms, r.stop_ms, r.sender.lower()) for r in rows
    )
    assert messages.DISPENSER_TX + messages.TANK_TX == messages.MESSAGES
    for row in rows:
        assert getattr(messages, f"{row.name}_ID") == row.frame_id
        assert getattr(messages, f"{row.name}_DATA_ID") == row.data_id
        assert hasattr(messages, f"pack_{row.name.lower()}") != row.opaque
        assert hasattr(messages, f"unpack_{row.name.lower()}") != row.opaque
        if row.opaque:
            continue
        assert getattr(messages, f"{row.name}_FIELDS") == len(row.signals) + 1
        for index, signal in enumerate(row.signals, 1):
            assert getattr(messages, f"{row.name}_{signal.name.upper()}") == index


def test_unused_bits_read_as_not_available_to_a_later_version(load_firmware: Callable[..., Any]) -> None:
    frame = bytearray(8)
    assert load_firmware("generated/messages").pack_d_abort(frame, 1, 1, 7) == 0
    assert int.from_bytes(frame[4:], "little") >> 10 == (1 << 22) - 1
