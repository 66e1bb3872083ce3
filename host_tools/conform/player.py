"""Plays one side of the link: sends every message of its role on time, remembers all that the peer sends.

What it sends are raw values in `values`; a test changes them, mutes messages, or spoils frames on their way out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from host_tools import link_e2e
from host_tools.conform.codec import Codec, Message
from host_tools.conform.port import US, Port, Seen
from host_tools.conform.prover import Prover

STEP_MS: Final = 10
STAGGER_MS: Final = 10  # between the first frames of its messages


class Spoil(Protocol):
    """What goes out instead of a frame, and the counter to go on with afterwards (see `kit.Spoil`)."""

    def __call__(self, message: Message, data: bytes) -> bytes: ...
    def after(self, name: str, counter: int) -> int: ...


class Heard(NamedTuple):
    """A frame of the peer in words: the message (None: not one of its own) and its raw values (None: not readable)."""

    seen: Seen
    message: Message | None
    values: dict[str, int] | None

    def word(self, signal: str) -> str:
        """Return a signal's word or number; "" when the frame has none."""
        if self.message is None or self.values is None:
            return ""
        return self.message.label(self.values, signal)


class Player:
    """One side. `role`: "tank" or "dispenser", who it plays.

    `values`: raw values by message and signal; `muted`: messages not sent now; `spoil`: applied to frames of the
    messages in `spoiled`; `heard`: every frame of the peer so far; `last`: its newest readable frame by message name;
    `sent_ms`: when a message was last sent; `each`: called whenever frames have come; `prover`: its half of the
    authentication, None without.
    """

    def __init__(self, port: Port, codec: Codec, role: str) -> None:
        self.port = port
        self.codec = codec
        self.role = role
        self.session = 0
        self.values: dict[str, dict[str, int]] = {message.name: {} for message in codec.of(role)}
        self.muted: set[str] = set()
        self.spoil: Spoil | None = None
        self.spoiled: set[str] = set()
        self.heard: list[Heard] = []
        self.last: dict[str, Heard] = {}
        self.sent_ms: dict[str, int] = {}
        self.counter: dict[str, int] = dict.fromkeys(self.values, 0)
        self.each: Callable[[], None] | None = None
        self.prover: Prover | None = None
        self._own = {message.can_id: message for message in codec.of("tank" if role == "dispenser" else "dispenser")}
        cyclic = [message for message in codec.of(role) if message.cyclic]
        now = port.now_ms()
        self._due = {message.name: now + STAGGER_MS * (n + 1) for n, message in enumerate(cyclic)}

    # -- what it says

    def say(self, message: str, **values: int | str) -> None:
        """Set signals of a message: physical values or words."""
        signals = self.codec.messages[message].signals
        for name, value in values.items():
            self.values[message][name] = signals[name].raw(value)

    def can_say(self, message: str, signal: str) -> bool:
        """Tell whether the database has such a signal of ours."""
        return message in self.values and signal in self.codec.messages[message].signals

    def send_now(self, name: str) -> None:
        """Send a message in this moment, beside its cycle."""
        message = self.codec.messages[name]
        count = self.counter[name]
        data = message.encode(self.values[name], count, self.session)
        self.counter[name] = count + 1 & 255
        if self.spoil is not None and name in self.spoiled:
            data = self.spoil(message, data)
        self.port.send(message.can_id, data)
        self.sent_ms[name] = self.port.now_ms()
        if self.prover is not None and name == self.prover.signed:
            self.prover.sent(data)

    # -- time

    def run(self, ms: int) -> None:
        """Go on for so long."""
        self.until(lambda: False, ms)

    def until(self, holds: Callable[[], bool], limit_ms: int) -> bool:
        """Go on until the condition holds (asked every 10 ms and with every frame); False when it did not in time."""
        port = self.port
        end = port.now_ms() + limit_ms
        while True:
            if holds():
                return True
            now = port.now_ms()
            if now >= end:
                return False
            frames = port.receive(min(end, now + STEP_MS))
            for seen in frames:
                self._hear(seen)
            if frames and self.each is not None:
                self.each()
            self._send_due(port.now_ms())

    def _send_due(self, now: int) -> None:
        """Send what is due."""
        prover = self.prover
        if prover is not None:
            prover.step(now)
        for name, due in self._due.items():
            if due <= now:
                self._due[name] = due + self.codec.messages[name].cycle_ms
                if self._due[name] <= now:  # the port was asleep: no burst of what was missed
                    self._due[name] = now + self.codec.messages[name].cycle_ms
                if name not in self.muted:
                    self.send_now(name)
                elif prover is not None and name == prover.signed:
                    self.counter[name] = self.counter[name] + 1 & 255  # its number runs with the clock

    def _hear(self, seen: Seen) -> None:
        message = self._own.get(seen.can_id) if seen.extended and not seen.remote else None
        good = message is not None and link_e2e.is_right(seen.data, message.data_id)
        values = message.decode(seen.data) if message is not None and good else None
        one = Heard(seen, message, values)
        self.heard.append(one)
        if message is not None and good:
            self.last[message.name] = one
            if self.prover is not None:
                self.prover.hear(one)

    # -- what it has heard

    def word(self, message: str, signal: str) -> str:
        """Return the peer's newest word or number of a signal; "" while there is none."""
        one = self.last.get(message)
        return one.word(signal) if one is not None else ""

    def since(self, t_ms: int, message: str) -> list[Heard]:
        """Return the readable frames of a message from a time on."""
        found = []
        for one in reversed(self.heard):
            if one.seen.t_us < t_ms * US:
                break
            if one.message is not None and one.values is not None and one.message.name == message:
                found.append(one)
        return found[::-1]

    def silent(self, *names: str) -> None:
        """Mute these messages."""
        self.muted |= set(names)

    def speak(self) -> None:
        """Send everything again, unspoiled."""
        self.muted.clear()
        if self.spoil is not None:
            for name in self.spoiled:
                self._recount(name, self.spoil.after(name, self.counter[name]))
        self.spoil = None
        self.spoiled.clear()

    def _recount(self, name: str, counter: int) -> None:
        """Go on with a counter; that of a tagged message never runs behind the clock."""
        behind = counter - self.counter[name] & 255 > 127
        if self.prover is None or name != self.prover.signed or not behind:
            self.counter[name] = counter
