"""Wrong peers, each wrong in one thing: what it seems to say instead of what a right one says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from host_tools import link_e2e
from host_tools.conform.codec import SESSION, Message, codec
from host_tools.conform.port import US, Seen
from host_tools.conform.simulated import Tamper

Change = Callable[[dict[str, int]], Mapping[str, int]]


class Says(Tamper):
    """Values of one message (or of all, "") changed, with a right CRC: `change` gets the raw values.

    `only`: the change is made in frames for which this holds. Counters stay.
    """

    def __init__(self, name: str, change: Change, only: Callable[[dict[str, int]], bool] = lambda values: True) -> None:
        self._name = name
        self._change = change
        self._only = only

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return the changed frame."""
        message = codec().by_id[seen.can_id]
        values = message.decode(seen.data)
        if self._name not in ("", message.name) or not self._only(values):
            return (seen,)
        return (seen._replace(data=packed(message, values | self._change(values))),)


def packed(message: Message, values: Mapping[str, int]) -> bytes:
    """Return a frame of raw values, session and counter among them."""
    return message.encode(values, values["E2E_Counter"], values.get(SESSION, 0))


class Frames(Tamper):
    """One message's frames replaced by what `change` makes of each; `every`: of each nth frame only."""

    def __init__(self, name: str, change: Callable[[Seen], Iterable[Seen]], every: int = 1) -> None:
        self._name = name
        self._change = change
        self._every = every
        self._count = 0

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what is seen instead."""
        if codec().by_id[seen.can_id].name != self._name:
            return (seen,)
        self._count += 1
        return (seen,) if self._count % self._every else self._change(seen)


class Recounted(Tamper):
    """Leaves frames out or sends them twice, and counts what is left rightly."""

    def __init__(self, name: str, copies: Callable[[int], int]) -> None:
        self._name = name
        self._copies = copies
        self._taken = 0
        self._sent = 0

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return as many copies as wanted of the nth frame."""
        message = codec().by_id[seen.can_id]
        if message.name != self._name:
            return (seen,)
        found = []
        for _ in range(self._copies(self._taken)):
            found.append(seen._replace(data=link_e2e.protected(seen.data, message.data_id, self._sent & 255)))
            self._sent += 1
        self._taken += 1
        return found


class Believes(Tamper):
    """Takes frames of the kit for good that it must not: for `for_ms` after each it says what it would say then.

    `wrong(message, data, newest)` tells which; newest: the newest counter of that message, -1 before the first.
    """

    def __init__(
        self,
        listens_to: str,
        wrong: Callable[[Message, bytes, int], bool],
        says: tuple[str, Change],
        for_ms: int = 300,
    ) -> None:
        self._listens_to = listens_to
        self._wrong = wrong
        self._name, self._change = says
        self._for_ms = for_ms
        self._until_us = 0
        self._newest = -1

    def to_peer(self, now_ms: int, can_id: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Look at a frame of the kit."""
        message = codec().by_id[can_id]
        if message.name == self._listens_to:
            if self._wrong(message, data, self._newest):
                self._until_us = (now_ms + self._for_ms) * US
            ahead = self._newest < 0 or (data[2] - self._newest & 255) < 128
            if ahead and link_e2e.is_right(data, message.data_id):
                self._newest = data[2]
        return ((can_id, data),)

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what such a peer says."""
        message = codec().by_id[seen.can_id]
        if message.name != self._name or seen.t_us > self._until_us:
            return (seen,)
        values = message.decode(seen.data)
        return (seen._replace(data=packed(message, values | self._change(values))),)


# What is wrong with a frame of the kit, each alone; the arguments are those of `Believes`.
def wrong_crc(message: Message, data: bytes, newest: int) -> bool:
    """Tell of a frame whose CRC does not fit."""
    return len(data) == 8 and not link_e2e.is_right(data, message.data_id)


def repeated(message: Message, data: bytes, newest: int) -> bool:
    """Tell of a counter that has not moved."""
    return link_e2e.is_right(data, message.data_id) and data[2] == newest


def jumped(message: Message, data: bytes, newest: int) -> bool:
    """Tell of a counter that has moved too far."""
    return link_e2e.is_right(data, message.data_id) and newest >= 0 and 2 < (data[2] - newest & 255) < 128


def behind(message: Message, data: bytes, newest: int) -> bool:
    """Tell of a counter that stands behind."""
    return link_e2e.is_right(data, message.data_id) and newest >= 0 and (data[2] - newest & 255) >= 128


def shorter(message: Message, data: bytes, newest: int) -> bool:
    """Tell of a frame of another length."""
    return len(data) != 8


def any_frame(message: Message, data: bytes, newest: int) -> bool:
    """Tell of any frame."""
    return True


class Session(Believes):
    """Does not look at the session: believes frames of another one than its own."""

    def __init__(self, listens_to: str, says: tuple[str, Change]) -> None:
        super().__init__(listens_to, self._other, says)
        self._own = 0

    def _other(self, message: Message, data: bytes, newest: int) -> bool:
        return bool(self._own) and len(data) == 8 and data[3] != self._own

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Learn the session and return what such a peer says."""
        self._own = seen.data[3]
        return super().from_peer(seen)


def set_to(**values: int) -> Change:
    """Return a change to these raw values."""
    return lambda _: values


class Steady(Tamper):
    """Asks no more of the link than that one message comes: says what it would then, from its fourth frame on."""

    def __init__(self, listens_to: str, says: tuple[str, Change]) -> None:
        self._listens_to = listens_to
        self._name, self._change = says
        self._last_ms = 0
        self._run = 0

    def to_peer(self, now_ms: int, can_id: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Count the frames without a gap."""
        if codec().by_id[can_id].name == self._listens_to:
            self._run = self._run + 1 if now_ms - self._last_ms < 250 else 1
            self._last_ms = now_ms
        return ((can_id, data),)

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what such a peer says."""
        message = codec().by_id[seen.can_id]
        late = seen.t_us // US - self._last_ms > 250
        if message.name != self._name or self._run < 4 or late:
            return (seen,)
        values = message.decode(seen.data)
        return (seen._replace(data=packed(message, values | self._change(values))),)


class Forgiving(Tamper):
    """Goes on after a silence that has ended the session: says from then on what it would without one."""

    def __init__(self, listens_to: str, says: tuple[str, Change]) -> None:
        self._listens_to = listens_to
        self._name, self._change = says
        self._last_ms = -1
        self._lost = False

    def to_peer(self, now_ms: int, can_id: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Look for a silence of a second."""
        if codec().by_id[can_id].name == self._listens_to:
            self._lost = self._lost or self._last_ms >= 0 and now_ms - self._last_ms > 1000
            self._last_ms = now_ms
        return ((can_id, data),)

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what such a peer says."""
        message = codec().by_id[seen.can_id]
        if message.name != self._name or not self._lost:
            return (seen,)
        values = message.decode(seen.data)
        return (seen._replace(data=packed(message, values | self._change(values))),)


class Latched(Tamper):
    """Once a signal has had a value, it keeps it for ever (in frames for which `only` holds)."""

    def __init__(self, name: str, signal: str, raw: int) -> None:
        self._name, self._signal, self._raw = name, signal, raw
        self._held = False

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return the frame with the value it stays at."""
        message = codec().by_id[seen.can_id]
        if message.name != self._name:
            return (seen,)
        values = message.decode(seen.data)
        self._held = self._held or values[self._signal] == self._raw
        if not self._held:
            return (seen,)
        return (seen._replace(data=packed(message, values | {self._signal: self._raw})),)


class AnySession(Tamper):
    """Takes over whatever session it hears."""

    def __init__(self) -> None:
        self._heard = 0

    def to_peer(self, now_ms: int, can_id: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Learn it."""
        self._heard = data[3]
        return ((can_id, data),)

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Say it."""
        message = codec().by_id[seen.can_id]
        return (seen._replace(data=packed(message, message.decode(seen.data) | {SESSION: self._heard})),)


class Impatient(Tamper):
    """Goes on when a signal has had one value for longer than a second."""

    def __init__(self, signal: str, raw: int, says: tuple[str, Change]) -> None:
        self._signal, self._raw = signal, raw
        self._name, self._change = says
        self._since_us = -1

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what such a peer says."""
        message = codec().by_id[seen.can_id]
        if message.name != self._name:
            return (seen,)
        values = message.decode(seen.data)
        if values[self._signal] != self._raw:
            self._since_us = -1
        elif self._since_us < 0:
            self._since_us = seen.t_us
        if self._since_us < 0 or seen.t_us - self._since_us <= 1000 * US:
            return (seen,)
        return (seen._replace(data=packed(message, values | self._change(values))),)
