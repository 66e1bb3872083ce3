"""Text protocols on loopback for a rig that must not wait: connections that are accepted, read and written in passing.

A server of one protocol is a subclass: it says what a connection is, and what to do with text that has come. Nothing
here blocks. What a connection does not read is kept for it up to a bound; one that falls further behind is dropped,
counted and told of. One whose requests cannot be done yet can be held: nothing more is read from it, so that the
other end has to wait, not the rig.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Generic, TypeVar

BACKLOG_MAX: Final = 1 << 18  # bytes that a connection may be behind before it is dropped
READ_MAX: Final = 1 << 16
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: the other end gets an error instead of an end of file

# A client that does not set TCP_NODELAY (python-can) keeps its next bytes until its last ones are acknowledged, and
# loses them when it ends before that with frames unread: acknowledge at once, where the system can (Linux).
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class Peer:
    """One connection: what it has said and nobody has used yet, and what it has not been sent yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        host, port = connection.getpeername()[:2]
        self.name = f"{host}:{port}"
        self.pending_in = b""
        self.pending_out = b""
        self.held = False
        self.open = True
        self.deaf = False  # it does not take anything any more

    def may_send(self) -> bool:
        """Tell whether it may be sent something now."""
        return True


P = TypeVar("P", bound=Peer)


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on this machine only; 0 takes any free port. Raises OSError when it is taken."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.setblocking(False)
    return listener


class LinesServer(ABC, Generic[P]):
    """Serves connections on a listening socket, which it owns from now on. `address`: (host, port).

    what: its name in messages; say: takes a line for people; resets: connections end with a reset, also when this
    process is killed, for clients that take an end of file for silence. dropped: peers that fell too far behind.
    """

    def __init__(
        self,
        what: str,
        selector: selectors.BaseSelector,
        listener: socket.socket,
        *,
        say: Callable[[str], None] = lambda line: None,
        resets: bool = False,
    ) -> None:
        self._what = what
        self._selector = selector
        self._listener = listener
        self._say = say
        self._resets = resets
        self.peers: list[P] = []
        self.dropped = 0
        host, port = listener.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)
        selector.register(listener, selectors.EVENT_READ, self._accept)

    @abstractmethod
    def opened(self, connection: socket.socket) -> P:
        """Return the peer of a new connection."""

    @abstractmethod
    def heard(self, peer: P) -> None:
        """Use what is in `peer.pending_in`; called when there is more of it, and when a held peer is let go on."""

    def greet(self, peer: P) -> None:
        """Say what a new peer is told first."""

    def left(self, peer: P) -> None:
        """Forget what is only about this peer; it has gone."""

    def close(self) -> None:
        """Drop the connections and stop listening."""
        for peer in self.peers[:]:
            self.flush(peer)
            self.drop(peer)
        self._selector.unregister(self._listener)
        self._listener.close()

    def tell(self, peer: P, data: bytes) -> None:
        """Send `data`, now as far as the other end takes it."""
        peer.pending_out += data
        self.flush(peer)

    def flush(self, peer: P) -> None:
        """Send what the other end takes of what waits for it."""
        if peer.deaf or not peer.open:
            peer.pending_out = b""
        if not peer.pending_out:
            return
        if peer.may_send():
            try:
                sent = peer.socket.send(peer.pending_out)
            except BlockingIOError:
                sent = 0
            except OSError:  # it has gone; what it said before that has still to be read
                peer.deaf = True
                sent = len(peer.pending_out)
            peer.pending_out = peer.pending_out[sent:]
        if len(peer.pending_out) > BACKLOG_MAX:
            self.dropped += 1
            self._say(f"{self._what}: {peer.name} dropped, it is {len(peer.pending_out)} bytes behind")
            self.drop(peer)

    def flush_all(self) -> None:
        """Send what waits for anybody."""
        for peer in self.peers[:]:
            self.flush(peer)

    def hold(self, peer: P, held: bool) -> None:
        """Stop reading from a peer, or go on with it."""
        if peer.held == held or not peer.open:
            return
        peer.held = held
        if held:
            self._selector.unregister(peer.socket)
        else:
            self._watch(peer)

    def drop(self, peer: P) -> None:
        """End a connection. May be called again."""
        if not peer.open:
            return
        peer.open = False
        self.peers.remove(peer)
        if not peer.held:
            self._selector.unregister(peer.socket)
        peer.socket.close()
        self.left(peer)

    def _watch(self, peer: P) -> None:
        self._selector.register(peer.socket, selectors.EVENT_READ, lambda _: self._read(peer))

    def _accept(self, _: object) -> None:
        with contextlib.suppress(OSError):  # it may have gone again already
            connection, _address = self._listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _QUICK_ACK is not None:
                connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BACKLOG_MAX)
            if self._resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            peer = self.opened(connection)
            self.peers.append(peer)
            self._watch(peer)
            self.greet(peer)

    def _read(self, peer: P) -> None:
        if not peer.open or peer.held:  # by what another peer did in the same round
            return
        try:
            data = peer.socket.recv(READ_MAX)
            if _QUICK_ACK is not None:
                peer.socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(peer)
            return
        peer.pending_in += data
        self.heard(peer)
