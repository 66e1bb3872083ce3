"""The messages of the link as the kit needs them, straight from the CAN database: raw values in, raw values out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from host_tools import link_e2e
from host_tools.generate import database
from sim.tables import ROOT

ADDRESS_MASK: Final = 0xFF
PEERS: Final = {"tank": "Tank", "dispenser": "Dispenser"}
CRC, COUNTER, SESSION = (name for name, _, _ in database.HEADER)
YES, NO = 1, 0


class Signal(NamedTuple):
    """One signal: where it is (Intel order), its greatest valid raw value, and its words."""

    start: int
    bits: int
    factor: int
    offset: int
    high: int
    words: dict[int, str]

    @property
    def na(self) -> int:
        """Raw code of not available."""
        return (1 << self.bits) - 1

    @property
    def error(self) -> int:
        """Raw code of error."""
        return (1 << self.bits) - 2

    def raw(self, value: int | str) -> int:
        """Return the raw value of a physical one, or of a word: NA and ERROR stand in every value table."""
        if isinstance(value, str):
            return next(raw for raw, word in self.words.items() if word == value)
        return (value - self.offset) // self.factor


class Message(NamedTuple):
    """One message of the database; `free`: bits of the frame that no signal uses."""

    name: str
    can_id: int
    sender: str
    data_id: int
    max_delta: int
    cycle_ms: int
    cyclic: bool
    hold_ms: int
    stop_ms: int
    has_session: bool
    signals: dict[str, Signal]
    free: int

    def decode(self, data: bytes) -> dict[str, int]:
        """Return the raw values of an 8-byte frame, header included."""
        word = int.from_bytes(data, "little")
        return {name: word >> one.start & one.na for name, one in self.signals.items()}

    def encode(self, values: Mapping[str, int], counter: int, session: int) -> bytes:
        """Return a whole frame; raw values, what is missing is sent as not available."""
        word = self.free
        for name, one in self.signals.items():
            raw = session if name == SESSION else values.get(name, one.na)
            word |= (raw & one.na) << one.start
        return link_e2e.protected(word.to_bytes(8, "little"), self.data_id, counter)

    def label(self, values: Mapping[str, int], signal: str) -> str:
        """Return the word of a raw value, or its number."""
        raw = values[signal]
        return self.signals[signal].words.get(raw, str(raw))


def _message(message: Any) -> Message:
    def attribute(name: str) -> int:
        return int(message.dbc.attributes[name].value)

    signals = {}
    free = (1 << 64) - 1
    for one in message.signals:
        words = {int(raw): str(word) for raw, word in (one.choices or {}).items()}
        ones = (1 << one.length) - 1
        high = ones if one.maximum is None else (int(one.maximum) - int(one.offset)) // int(one.scale)
        signals[one.name] = Signal(one.start, one.length, int(one.scale), int(one.offset), high, words)
        free &= ~(ones << one.start)
    return Message(
        message.name, message.frame_id, message.senders[0], attribute("E2EDataId"), attribute("E2EMaxDeltaCounter"),
        message.cycle_time, message.send_type == "Cyclic", attribute("RxHoldMs"), attribute("RxStopMs"),
        SESSION in signals, signals, free,
    )  # fmt: skip


class Codec:
    """Every message by name and by identifier; `version`: the protocol's; `bitrate` in bit/s."""

    def __init__(self, path: Path) -> None:
        loaded = database.load(path)
        self.messages = {message.name: _message(message) for message in loaded.messages}
        self.by_id = {message.can_id: message for message in self.messages.values()}
        attributes = loaded.dbc.attributes
        self.version = int(attributes["ProtocolVersion"].value)
        self.bitrate = int(attributes["Baudrate"].value)
        self.address = {node.name: int(node.dbc.attributes["NmStationAddress"].value) for node in loaded.nodes}

    def of(self, peer: str) -> list[Message]:
        """Return the messages that "tank" or "dispenser" sends."""
        return [message for message in self.messages.values() if message.sender == PEERS[peer]]


@cache
def codec() -> Codec:
    """Return the codec of this checkout's database."""
    return Codec(ROOT / database.DBC_PATH)
