"""The truck link on loopback in the socketcand protocol: python-can, SavvyCAN and their tools join it unchanged.

One gateway controller stands on the bus for all clients, as one CAN adapter would: it only listens until a client
sends; from then on it also acknowledges. Each client that sends has a mailbox of it, so that the clients' frames take
part in arbitration, each client's own in the order in which they came. Protocol: socketcand's doc/protocol.md; raw
mode, the one that tools use. Nothing here blocks: `step` is called between two ticks.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from sim.can_bus import CanBus
from sim.can_controller import Frame, Pending
from sim.can_frame import FLAG_EXT, FLAG_RTR
from sim.lines_server import LinesServer, Peer, listen

__all__ = ["BUS", "Client", "Server", "listen"]

BUS: Final = "link"
GATEWAY: Final = "socketcand"
QUEUE_MAX: Final = 512  # frames of a client that wait for the bus; with so many it is not read from any more
QUEUE_LOW: Final = 256  # and with so many it is again
LINE_MAX: Final = 256
# python-can takes whatever comes with the answer to rawmode for a wrong answer: frames wait this long behind it.
HOLD_BACK_S: Final = 0.02
_COMMAND = re.compile(rb"<([^<>]*)>")


class Refused(Exception):
    """A command of a client that cannot be done; the text goes back to it."""


class Client(Peer):
    """One connection. `queue`: its frames that wait for the bus; `mailbox`: of the gateway, once it has sent."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.opened = False
        self.raw = False  # gets frames
        self.hold_back_to_s = 0.0  # host time until which nothing is sent to it
        self.queue: deque[tuple[int, int, bytes]] = deque()  # id, flags, data
        self.mailbox: int | None = None

    def may_send(self) -> bool:
        """Tell whether the answer to rawmode is far enough back."""
        if self.hold_back_to_s and time.monotonic() >= self.hold_back_to_s:
            self.hold_back_to_s = 0.0
        return not self.hold_back_to_s


class Server(LinesServer[Client]):
    """Serves one bus on a listening socket. Call `step(now_us)` between ticks; `selector` tells when there is input.

    Counters: dropped (clients that did not read), sent (frames of clients that went over the bus).
    """

    def __init__(
        self,
        bus: CanBus,
        selector: selectors.BaseSelector,
        listener: socket.socket,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        super().__init__("socketcand", selector, listener, say=say, resets=True)
        self._bus = bus
        self._gateway = bus.attach(GATEWAY, profile="flexcan")
        self._gateway.on_sent = self._frame_sent
        self._senders: list[Client | None] = [None] * len(self._gateway.mailboxes)  # by mailbox
        self._own: list[tuple[int, Client | None, Pending]] = []  # sent in this tick: time_us, who, what
        self.sent = 0

    # -- between the ticks

    def step(self, now_us: int) -> None:
        """Pass the bus's frames of this tick to the clients and theirs to the bus. now_us: simulated time."""
        if self._gateway.bus_off and not self._gateway.recovery:
            self._bus.restart(GATEWAY)  # an adapter of this kind rejoins by itself; what it was sending is lost
        _, frames = self._gateway.take()
        if frames or self._own:
            self._share(frames, now_us)
        for mailbox, client in enumerate(self._senders):
            if client is not None:
                if self._gateway.mailboxes[mailbox] is None:
                    self._load(mailbox)
                if client.held and client.open and len(client.queue) <= QUEUE_LOW:
                    self.hold(client, False)
                    self.heard(client)
        self.flush_all()

    def _share(self, frames: list[Frame], now_us: int) -> None:
        """Send what was on the bus to every client in raw mode; its sender hears no echo of its own frame."""
        lines: list[tuple[int, Client | None, str]] = []
        for stamp_us, can_id, flags, dlc, data in frames:
            t_us = now_us - (now_us - stamp_us & 0xFFFFFFFF)  # the bus stamps with 32 bits
            lines.append((t_us, None, _line(t_us, can_id, flags, data[:dlc])))
        own, self._own = self._own, []
        if own:
            lines += [(t_us, client, _line(t_us, x.can_id, x.flags, x.data)) for t_us, client, x in own]
            lines.sort(key=lambda one: one[0])
        everything = "".join(line for _, _, line in lines).encode()
        senders = {client for _, client, _ in own}
        for client in self.peers:
            if not client.raw:
                continue
            if client in senders:
                client.pending_out += "".join(line for _, sender, line in lines if sender is not client).encode()
            else:
                client.pending_out += everything

    def _load(self, mailbox: int) -> None:
        """Put the next frame of a client into its mailbox."""
        client = self._senders[mailbox]
        if client is None:
            return
        if client.queue:
            can_id, flags, data = client.queue.popleft()
            self._bus.submit(GATEWAY, mailbox, can_id, flags, data)
        elif not client.open:
            self._senders[mailbox] = None  # it has gone, and all that it sent has gone out

    def _frame_sent(self, pending: Pending, t_us: int) -> None:
        self.sent += 1
        self._own.append((t_us, self._senders[pending.mailbox], pending))
        self._load(pending.mailbox)

    # -- clients

    def opened(self, connection: socket.socket) -> Client:
        """Return the client of a new connection."""
        return Client(connection)

    def greet(self, peer: Client) -> None:
        """Say hi, as socketcand does."""
        self._answer(peer, "hi")

    def _answer(self, client: Client, text: str) -> None:
        self.tell(client, f"< {text} >".encode())

    def heard(self, peer: Client) -> None:
        """Do the whole commands that have come, up to a full queue."""
        at = 0
        text = peer.pending_in
        while peer.open and not peer.held:
            match = _COMMAND.search(text, at)
            if match is None:
                if len(text) - at > LINE_MAX:  # no command is that long
                    at = len(text)
                break
            at = match.end()
            words = match[1].decode("ascii", "replace").split()
            if words:
                try:
                    self._do(peer, words)
                except Refused as why:
                    self._answer(peer, f"error {why}")
        peer.pending_in = text[at:]

    def _do(self, client: Client, words: list[str]) -> None:
        word, arguments = words[0], words[1:]
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
            self._answer(client, "ok")
            client.raw = True
            client.hold_back_to_s = time.monotonic() + HOLD_BACK_S
        elif word == "send":
            self._send(client, arguments)
        else:
            raise Refused(f"{word}: not supported, this server speaks raw mode")

    def _send(self, client: Client, arguments: list[str]) -> None:
        frame = _parse_send(arguments)
        if client.mailbox is None:
            if None not in self._senders:
                raise Refused(f"send: {len(self._senders)} clients send already")
            client.mailbox = self._senders.index(None)
            self._senders[client.mailbox] = client
        if not self._gateway.on or self._gateway.silent:
            self._bus.power(GATEWAY, True)
        client.queue.append(frame)
        if len(client.queue) >= QUEUE_MAX:
            self.hold(client, True)


def _line(t_us: int, can_id: int, flags: int, data: bytes) -> str:
    """Return a frame as it goes to a client. One without data has two blanks at its end, else python-can raises.

    The protocol has no remote frames: one goes out as a frame without data.
    """
    name = f"{can_id:08X}" if flags & FLAG_EXT else f"{can_id:03X}"
    payload = "" if flags & FLAG_RTR else data.hex().upper()
    return f"< frame {name} {t_us // 1_000_000}.{t_us % 1_000_000:06d} {payload} >"


def _parse_send(arguments: list[str]) -> tuple[int, int, bytes]:
    """Return (id, flags, data) of `send ID DLC b b ..`; an id of more than three digits is an extended one."""
    try:
        can_id, dlc = int(arguments[0], 16), int(arguments[1])
        data = bytes([int(byte, 16) for byte in arguments[2:]])
    except (ValueError, IndexError):
        raise Refused("send: write ID DLC and the bytes, in hexadecimal") from None
    extended = len(arguments[0]) > 3
    if not 0 <= can_id <= (0x1FFFFFFF if extended else 0x7FF):
        raise Refused(f"send: id {arguments[0]} is out of range")
    if dlc != len(data) or dlc > 8:
        raise Refused(f"send: DLC {arguments[1]} with {len(data)} bytes; 0 to 8, and as many bytes")
    return can_id, FLAG_EXT if extended else 0, data
