"""Frames of the link as a table of decoded signals: one row per frame, one column per signal of the database.

    t_s, id, message, data, crc, counter, session, then MESSAGE.signal [unit] for every signal

A cell is empty when the row's frame does not have that signal; NA is the sender's "not available", ERROR its error code
or any value above the signal's maximum, which the protocol takes as one. Words stand where the database has a table of
them. `crc` says whether the E2E header fits: ok, wrong, or length for a frame that has not 8 bytes (its signals stay
empty). A frame that is not in the database has its id and data alone.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final, NamedTuple

from host_tools import link_e2e
from host_tools.candump import Frame
from host_tools.generate import database
from sim.tables import ROOT

FIXED: Final = ("t_s", "id", "message", "data", "crc", "counter", "session")
CRC, COUNTER, SESSION = (name for name, _, _ in database.HEADER)


class _Column(NamedTuple):
    """One signal: its column, where its bits are (Intel order), and what a raw value means."""

    column: int
    start: int
    mask: int
    factor: int
    offset: int
    high: int
    words: dict[int, str]


class _Message(NamedTuple):
    name: str
    data_id: int
    has_session: bool
    columns: tuple[_Column, ...]


class SignalTable:
    """Writes the table to `path` as frames come. Raises OSError."""

    def __init__(self, path: Path) -> None:
        titles = list(FIXED)
        self._messages: dict[int, _Message] = {}
        for message in database.load(ROOT / database.DBC_PATH).messages:
            self._messages[message.frame_id] = _columns(message, titles)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(titles)
        self._empty = [""] * len(titles)

    def write(self, frame: Frame) -> None:
        """Write one row."""
        row = self._empty.copy()
        data = frame.data
        row[0] = f"{frame.t_us // 1_000_000}.{frame.t_us % 1_000_000:06d}"
        row[1] = f"{frame.can_id:08X}" if frame.extended else f"{frame.can_id:03X}"
        row[3] = data.hex().upper()
        message = self._messages.get(frame.can_id) if frame.extended else None
        if message is not None:
            row[2] = message.name
            if len(data) != 8:
                row[4] = "length"
            else:
                row[4] = "ok" if link_e2e.is_right(data, message.data_id) else "wrong"
                row[5] = str(data[2])
                if message.has_session:
                    row[6] = str(data[3])
                word = int.from_bytes(data, "little")
                for one in message.columns:
                    row[one.column] = _cell(one, word >> one.start & one.mask)
        self._writer.writerow(row)

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _columns(message: Any, titles: list[str]) -> _Message:
    """Return what a message needs, and add the titles of its signals."""
    columns = []
    for signal in message.signals:
        if signal.name in (CRC, COUNTER, SESSION):
            continue
        ones = (1 << signal.length) - 1
        words = {int(raw): str(word) for raw, word in (signal.choices or {}).items()}
        high = ones if signal.maximum is None else int(signal.maximum)
        columns.append(_Column(len(titles), signal.start, ones, int(signal.scale), int(signal.offset), high, words))
        titles.append(f"{message.name}.{signal.name}" + (f" [{signal.unit}]" if signal.unit else ""))
    has_session = any(signal.name == SESSION for signal in message.signals)
    return _Message(message.name, message.dbc.attributes["E2EDataId"].value, has_session, tuple(columns))


def _cell(column: _Column, raw: int) -> str:
    """Return what stands in the cell of a raw value."""
    word = column.words.get(raw)
    if word is not None:
        return word
    value = raw * column.factor + column.offset
    return str(value) if value <= column.high else database.LABEL_ERROR
