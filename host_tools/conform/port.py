"""The kit's way to a bus and to time: an interface, and a real bus through python-can."""

from __future__ import annotations

import time
from typing import Any, Final, NamedTuple, Protocol

from host_tools import candump

US: Final = 1000  # microseconds in a millisecond
WAKE_ID: Final = 0x7FF  # the last identifier there is: in nobody's way, and no message of the protocol


class Seen(NamedTuple):
    """One frame that the peer sent; `t_us`: its time on the port's clock."""

    t_us: int
    can_id: int
    extended: bool
    remote: bool
    data: bytes

    def __str__(self) -> str:
        return candump.line(self.t_us, self.can_id, self.data, extended=self.extended).rstrip()


class BusError(Exception):
    """The bus is not there or has gone; the message is one line."""


class Port(Protocol):
    """A bus with a clock. Times in ms count from the port's start."""

    def now_ms(self) -> int:
        """Return the time."""

    def send(self, can_id: int, data: bytes, *, extended: bool = True) -> None:
        """Hand a frame to the controller. Raises BusError."""

    def receive(self, until_ms: int) -> list[Seen]:
        """Let time pass, to `until_ms` at the most, and return the peer's frames, at once when one is there."""

    def close(self) -> None:
        """Leave the bus."""


class Hands(Protocol):
    """Whoever couples the peer, presses its buttons and restarts it."""

    def do(self, deed: str) -> bool:
        """Do one of the deeds of `rules_table.DEEDS`; False when nobody can."""


def open_bus(text: str, bitrate: int) -> Any:
    """Return the python-can bus of `INTERFACE:CHANNEL` or `socketcand:HOST:PORT:CHANNEL`. Raises BusError."""
    import can

    interface, _, rest = text.partition(":")
    options: dict[str, Any] = {"interface": interface, "channel": rest or None, "bitrate": bitrate}
    if interface == "socketcand":
        parts = rest.split(":")
        if len(parts) != 3 or not parts[1].isdigit():
            raise BusError(f"{text}: write socketcand:HOST:PORT:CHANNEL")
        _reachable(text, parts[0], int(parts[1]))
        options = {"interface": interface, "host": parts[0], "port": int(parts[1]), "channel": parts[2]}
    try:
        return can.Bus(**options)
    except Exception as error:  # every driver has exceptions of its own; each means that the bus is not there
        raise BusError(f"{text}: no such bus: {' '.join(str(error).split())[:120]}") from None


def _reachable(text: str, host: str, port: int) -> None:
    """python-can's client tries a closed port for ten seconds in a busy loop: ask once before."""
    import socket

    try:
        socket.create_connection((host, port), timeout=2.0).close()
    except OSError as error:
        raise BusError(f"{text}: no such bus: {error.strerror or error}") from None


class RealPort:
    """A python-can bus and the wall clock."""

    def __init__(self, bus: Any) -> None:
        import can

        self._can = can
        self._bus = bus
        self._start_s = time.monotonic()
        # An adapter may do nothing but listen until it is used; a peer that nobody acknowledges cannot send.
        self.send(WAKE_ID, bytes(1), extended=False)

    def now_ms(self) -> int:
        """Return the time since the start."""
        return int((time.monotonic() - self._start_s) * 1000)

    def send(self, can_id: int, data: bytes, *, extended: bool = True) -> None:
        """Send a frame."""
        try:
            self._bus.send(self._can.Message(arbitration_id=can_id, data=data, is_extended_id=extended), timeout=0.1)
        except (self._can.CanError, OSError) as error:
            raise BusError(f"cannot send: {error}") from None

    def receive(self, until_ms: int) -> list[Seen]:
        """Wait for frames; their times are those of their arrival here."""
        found: list[Seen] = []
        while True:
            left_s = 0.0 if found else max(0.0, (until_ms - self.now_ms()) / 1000)
            try:
                message = self._bus.recv(timeout=left_s)
            except (self._can.CanError, OSError) as error:
                raise BusError(f"cannot receive: {error}") from None
            if message is None:
                return found
            if not message.is_error_frame:
                t_us = int((time.monotonic() - self._start_s) * 1e6)
                found.append(Seen(t_us, message.arbitration_id, message.is_extended_id, message.is_remote_frame,
                                  bytes(message.data)))  # fmt: skip

    def close(self) -> None:
        """Leave the bus."""
        self._bus.shutdown()
