"""The truck link on loopback in the socketcand protocol: python-can, SavvyCAN and their tools join it unchanged.

One gateway controller stands on the bus for all clients, as one CAN adapter would. It only listens until a client
sends; from then on it also acknowledges. Protocol: socketcand's doc/protocol.md; raw mode, the one that tools use.
Nothing here blocks: `step` is called between two ticks.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections import deque
from typing import Final

from sim.can_bus import CanBus
from sim.can_controller import Frame
from sim.can_frame import FLAG_EXT

BUS: Final = "link"
GATEWAY: Final = "socketcand"
MAILBOXES: Final = 3
QUEUE_MAX: Final = 512  # frames that wait for the bus, of all clients
BACKLOG_MAX: Final = 1 << 18  # bytes that a client may be behind before it is dropped
LINE_MAX: Final = 256
# python-can takes whatever comes with the answer to rawmode for a wrong answer: frames are held back this long.
HOLD_BACK_S: Final = 0.02

_SendRequest = tuple["Client", int, int, bytes]  # who sent it, id, flags, data


class Refused(Exception):
    """A command of a client that cannot be done; the text goes back to it."""


class Client:
    """One connection: what it has said so far, what it has not been told yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.pending_in = ""
        self.pending_out = b""
        self.opened = False
        self.raw_from_s: float | None = None  # host time from which it gets frames

    def wants_frames(self) -> bool:
        """Tell whether frames may be sent to it now."""
        return self.raw_from_s is not None and time.monotonic() >= self.raw_from_s


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on this machine only; 0 takes any free port. Raises OSError when it is taken."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.setblocking(False)
    return listener


class Server:
    """Serves one bus on a listening socket, which it owns from now on.

    `address`: (host, port). Call `step(now_us)` between ticks; `selector` tells when there is input.
    """

    def __init__(self, bus: CanBus, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        self._bus = bus
        self._selector = selector
        self._gateway = bus.attach(GATEWAY)
        self._queue: deque[_SendRequest] = deque()
        self._in_mailbox: list[_SendRequest | None] = [None] * MAILBOXES
        self.clients: list[Client] = []
        self.refused = 0  # frames of clients that found the queue full
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)
        selector.register(listener, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Drop the clients and stop listening."""
        for client in self.clients[:]:
            self._drop(client)
        self._selector.unregister(self._listener)
        self._listener.close()

    # -- between the ticks

    def step(self, now_us: int) -> None:
        """Pass the bus's frames of this tick to the clients and theirs to the bus. now_us: simulated time."""
        if (
            self._gateway.bus_off and not self._gateway.recovery
        ):  # an adapter of this kind rejoins by itself
            self._bus.restart(GATEWAY)
            self._in_mailbox = [None] * MAILBOXES
        freed, frames = self._gateway.take()
        if frames:
            self._tell(None, [_frame_line(frame, now_us) for frame in frames])
        if freed:
            for mailbox in range(MAILBOXES):
                done = self._in_mailbox[mailbox] if freed >> mailbox & 1 else None
                if done is not None:
                    self._in_mailbox[mailbox] = None
                    sender, can_id, flags, data = done
                    frame = (now_us & 0xFFFFFFFF, can_id, flags, len(data), data.ljust(8, b"\0"))
                    self._tell(sender, [_frame_line(frame, now_us)])
        for mailbox in range(MAILBOXES):
            if self._queue and self._in_mailbox[mailbox] is None:
                request = self._in_mailbox[mailbox] = self._queue.popleft()
                self._bus.submit(GATEWAY, mailbox, request[1], request[2], request[3])
        for client in self.clients[:]:
            if client.pending_out:
                self._flush(client)

    def _tell(self, sender: Client | None, lines: list[str]) -> None:
        """Send lines to every client in raw mode but the sender, which hears no echo of itself."""
        data = "".join(lines).encode()
        for client in self.clients:
            if client is not sender and client.wants_frames():
                client.pending_out += data

    # -- clients

    def _accept(self, _: object) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _address = self._listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = Client(connection)
            self.clients.append(client)
            self._selector.register(connection, selectors.EVENT_READ, lambda _: self._read(client))
            self._answer(client, "hi")

    def _drop(self, client: Client) -> None:
        self.clients.remove(client)
        self._selector.unregister(client.socket)
        client.socket.close()

    def _answer(self, client: Client, text: str) -> None:
        client.pending_out += f"< {text} >".encode()
        self._flush(client)

    def _flush(self, client: Client) -> None:
        """Send what the client will take; one that stops reading is dropped before it fills the memory."""
        try:
            sent = client.socket.send(client.pending_out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(client)
            return
        client.pending_out = client.pending_out[sent:]
        if len(client.pending_out) > BACKLOG_MAX:
            self._drop(client)

    def _read(self, client: Client) -> None:
        try:
            data = client.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        client.pending_in += data.decode("ascii", "replace")
        while client in self.clients:
            start, end = client.pending_in.find("<"), client.pending_in.find(">")
            if start < 0 or (end < 0 and len(client.pending_in) - start > LINE_MAX):
                client.pending_in = ""
                return
            if end < 0:
                return
            command = client.pending_in[start + 1 : end].split()
            client.pending_in = client.pending_in[end + 1 :]
            if end < start or not command:
                continue
            try:
                self._do(client, command)
            except Refused as why:
                self._answer(client, f"error {why}")

    def _do(self, client: Client, command: list[str]) -> None:
        word, arguments = command[0], command[1:]
        if word == "open":
            if arguments != [BUS]:
                raise Refused(f"could not open bus {' '.join(arguments)}: there is only {BUS}")
            client.opened = True
            self._answer(client, "ok")
        elif word == "echo":
            self._answer(client, "echo")
        elif not client.opened:
            raise Refused(f"{word}: open a bus first")
        elif word == "rawmode":
            client.raw_from_s = time.monotonic() + HOLD_BACK_S
            self._answer(client, "ok")
        elif word == "send":
            self._send(client, arguments)
        else:
            raise Refused(f"{word}: not supported, this server speaks raw mode")

    def _send(self, client: Client, arguments: list[str]) -> None:
        can_id, flags, data = _parse_send(arguments)
        if len(self._queue) >= QUEUE_MAX:
            self.refused += 1
            raise Refused(f"send: {QUEUE_MAX} frames wait for the bus already")
        if not self._gateway.on or self._gateway.silent:
            self._bus.power(GATEWAY, True)
        self._queue.append((client, can_id, flags, data))


def _frame_line(frame: Frame, now_us: int) -> str:
    t_us, can_id, flags, dlc, data = frame
    t_us = now_us - (now_us - t_us & 0xFFFFFFFF)  # the bus counts 32 bits
    name = f"{can_id:08X}" if flags & FLAG_EXT else f"{can_id:03X}"
    # A frame without data has two blanks at its end, else python-can raises.
    return f"< frame {name} {t_us // 1_000_000}.{t_us % 1_000_000:06d} {data[:dlc].hex().upper()} >"


def _parse_send(arguments: list[str]) -> tuple[int, int, bytes]:
    """Return (id, flags, data) of `send ID DLC b b ..`; an id of more than three digits is an extended one."""
    try:
        can_id, dlc = int(arguments[0], 16), int(arguments[1])
        data = bytes(int(byte, 16) for byte in arguments[2:])
    except (ValueError, IndexError):
        raise Refused("send: write ID DLC and the bytes, in hexadecimal") from None
    extended = len(arguments[0]) > 3
    if not 0 <= can_id <= (0x1FFFFFFF if extended else 0x7FF):
        raise Refused(f"send: id {arguments[0]} is out of range")
    if dlc != len(data) or dlc > 8:
        raise Refused(f"send: DLC {arguments[1]} with {len(data)} bytes; 0 to 8, and as many bytes")
    return can_id, FLAG_EXT if extended else 0, data
