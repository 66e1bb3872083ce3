"""What every test of the kit works with: the peer, the player against it, and the looks that need no test of their own.

A test is a function of the kit. It raises NotReached where its rest makes no sense any more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from host_tools import link_e2e
from host_tools.conform.codec import SESSION, Codec, Message
from host_tools.conform.player import Heard, Player
from host_tools.conform.port import US, Hands, Port
from host_tools.conform.prover import NONE, PIECES, RIGHT, WRONG, WRONG_MAX, Prover, one_in_three
from host_tools.conform.report import NotReached, Report

MARGIN_MS: Final = 60  # scan, bus and scheduling of a peer, beside the times of the protocol
SPOIL_MS: Final = 700  # for which frames are spoiled: longer than hold and a cycle, shorter than stop
RECOVER_MS: Final = 600
LISTEN_MS: Final = 4500
GAP_CYCLES_MAX: Final = 1.5
MEAN_SHARE: Final = 0.10
HEADER: Final = 3
IDENT: Final = "T_IDENT"


class Trial(NamedTuple):
    """One test of a peer: its name, the rules that it decides, and how."""

    name: str
    rules: tuple[str, ...]
    run: Callable[[Kit], None]


class Kit:
    """The tests' workbench: plays the other side of `peer` ("tank" or "dispenser") on `port`.

    key: the truck's key of the link (32 bytes); None: the peer's authentication is off. draw: makes nonces.
    """

    def __init__(
        self, peer: str, port: Port, hands: Hands, codec: Codec, key: bytes | None = None,
        draw: Callable[[int], bytes] = os.urandom,
    ) -> None:  # fmt: skip
        self.peer = peer
        self.port = port
        self.hands = hands
        self.codec = codec
        self.report = Report(peer)
        self.role = "dispenser" if peer == "tank" else "tank"
        self.key = key
        self._draw = draw
        self.player = self._new_player()

    # -- staging

    def deed(self, deed: str) -> None:
        """Have something done at the peer. Raises NotReached when nobody can."""
        if not self.hands.do(deed):
            raise NotReached(f"nobody to do this at the peer: {deed}")

    def fresh(self, needed: bool = True) -> Player:
        """Begin with a peer that has just been switched on, and nobody speaking to it; its frames so far are judged.

        Raises NotReached when nobody can switch it and it is `needed`.
        """
        self.judge_frames()
        if not self.hands.do("fresh") and needed:
            raise NotReached("nobody to do this at the peer: fresh")
        self.player = self._new_player()
        return self.player

    def _new_player(self) -> Player:
        player = Player(self.port, self.codec, self.role)
        if self.key is not None:
            player.prover = Prover(player, self.key, lambda: self._tank_id(player), self._draw)
        return player

    def _tank_id(self, player: Player) -> int | None:
        """Return the identity that the tank says, ours or the peer's; None while it has not."""
        said: dict[str, int] | None = player.values.get(IDENT)
        if self.peer == "tank":
            one = player.last.get(IDENT)
            said = one.values if one is not None else None
        return said.get("tank_id") if said is not None else None

    def prover(self) -> Prover:
        """Return the player's half of the authentication. Raises NotReached without a key."""
        if self.player.prover is None:
            raise NotReached("no key (--key)")
        return self.player.prover

    def reach(self, what: str, holds: Callable[[], bool], limit_ms: int) -> None:
        """Wait for a condition. Raises NotReached."""
        if not self.player.until(holds, limit_ms):
            raise NotReached(f"within {limit_ms / 1000:g} s not reached: {what}")

    def check(self, rule: str, good: bool, detail: str, one: Heard | None = None) -> bool:
        """Note one look at a rule."""
        return self.report.check(rule, good, detail, one.seen if one is not None else "")

    def run(self, tests: Sequence[Trial], told: Callable[[str], None] = lambda name: None) -> Report:
        """Do the tests in order; `told` hears each one's name."""
        for test in tests:
            told(test.name)
            try:
                test.run(self)
            except NotReached as why:
                self.report.open(test.rules, f"{test.name}: {why}")
        self.judge_frames()
        return self.report

    # -- every frame

    def judge_frames(self) -> None:
        """Hold every frame of the present player against the rules of all frames."""
        counters: dict[str, int] = {}
        own = {message.can_id: message for message in self.codec.of(self.peer)}
        for one in self.player.heard:
            seen = one.seen
            self.check("F-EXTENDED", seen.extended and not seen.remote, "a standard or remote frame", one)
            if not seen.extended or seen.remote:
                continue
            message = own.get(seen.can_id)
            if not self.check("F-SOURCE", message is not None, "not a message of the peer", one):
                continue
            assert message is not None
            if self.check("F-LENGTH", len(seen.data) == 8, f"{len(seen.data)} bytes", one):
                self._judge_data(message, one, counters)

    def _judge_data(self, message: Message, one: Heard, counters: dict[str, int]) -> None:
        data = one.seen.data
        right = link_e2e.crc(data, message.data_id)
        self.check("F-CRC", link_e2e.is_right(data, message.data_id), f"{message.name}: 0x{right:04X} would fit", one)
        before = counters.get(message.name)
        counters[message.name] = data[2]
        if before is not None:
            step = data[2] - before & 255
            self.check("F-COUNTER", step == 1, f"{message.name}: {before}, then {data[2]}", one)
        word = int.from_bytes(data, "little")
        self.check("F-UNUSED", word & message.free == message.free, f"{message.name}: a 0 among them", one)
        for name, signal in message.signals.items():
            raw = word >> signal.start & signal.na
            good = raw <= signal.high or raw >= signal.error or signal.start < 8 * HEADER
            self.check("F-RANGE", good, f"{message.name}.{name}: raw {raw}, highest {signal.high}", one)

    # -- tests of both peers

    def listen(self, first_ms: int) -> None:
        """Listen to a peer without a session, from `first_ms` after it was switched on: times, load, session, abort."""
        player = self.fresh(needed=False)
        silent = set(player.values)
        player.silent(*silent)
        player.run(first_ms)
        start = len(player.heard)
        player.run(LISTEN_MS)
        window = player.heard[start:]
        expected = 0.0
        for message in self.codec.of(self.peer):
            frames = [one for one in window if one.seen.can_id == message.can_id]
            if not message.cyclic:
                self.check("A-SILENT", not frames, f"{message.name} without a cause", frames[0] if frames else None)
                continue
            expected += LISTEN_MS / message.cycle_ms
            self.check("T-ALL", bool(frames), f"no {message.name} in {LISTEN_MS / 1000:g} s")
            self._judge_cycle(message, frames)
            for one in frames:
                if one.values is not None and message.has_session:
                    self.check("S-NONE", one.values[SESSION] == 0, f"session {one.values[SESSION]}", one)
        most = expected * (1 + MEAN_SHARE) + 3
        self.check("T-LOAD", len(window) <= most, f"{len(window)} frames in {LISTEN_MS / 1000:g} s, {most:.0f} at most")

    def _judge_cycle(self, message: Message, frames: list[Heard], rule: str = "T-CYCLE") -> None:
        gaps = [(b.seen.t_us - a.seen.t_us, b) for a, b in zip(frames, frames[1:], strict=False)]
        if not gaps:
            return
        longest, late = max(gaps, key=lambda gap: gap[0])
        limit = GAP_CYCLES_MAX * message.cycle_ms * US
        self.check(rule, longest <= limit, f"{message.name}: a gap of {longest / US:.0f} ms", late)
        mean = sum(gap for gap, _ in gaps) / len(gaps) / US
        off = abs(mean - message.cycle_ms) / message.cycle_ms
        self.check(rule, off <= MEAN_SHARE, f"{message.name}: every {mean:.0f} ms in the mean", late)

    def judge_proof(self) -> None:
        """Hold what the peer has asked and answered at connect against the rules."""
        prover = self.prover()
        numbers = [number for number, _ in prover.pieces]
        first = prover.pieces[0][1] if prover.pieces else None
        turn = len(numbers) >= PIECES and all(b == (a + 1) % PIECES for a, b in zip(numbers, numbers[1:], strict=False))
        self.check("K-ASK", turn, f"pieces {', '.join(map(str, numbers[:9])) or 'none'}", first)
        self.check("K-PROVE", prover.peer_proved, "no right response")

    def judge_tags(self) -> None:
        """Hold every tag of the peer so far against the rules."""
        prover = self.prover()
        self.check("K-TAG", bool(prover.tags), "no tag at all")
        for one, good in prover.tags:
            self.check("K-TAG", good, "the tag of no frame of the session", one)
        for one in prover.untagged:
            self.check("K-TAG", False, "no tag before the next frame", one)

    def spoil_tags(self, missed: Callable[[str], None], resumed: Callable[[str], None]) -> None:
        """Leave our tags out, make them wrong, then ten wrong in all, never two in a row.

        `missed(rule)` looks for what a silence brings while they are, `resumed(rule)` waits until it is over.
        """
        prover = self.prover()
        for rule, how in (("K-MISSING", NONE), ("K-FORGED", WRONG)):
            prover.tag_as(lambda n, how=how: how)  # type: ignore[misc]
            missed(rule)
            prover.tag_as(lambda n: RIGHT)
            resumed(rule)
        self.judge_tags()
        prover.tag_as(one_in_three)
        self.player.until(lambda: prover.wrong >= WRONG_MAX, 10_000)
        prover.tag_as(lambda n: RIGHT)

    def judge_period(self, rule: str, name: str, t_ms: int) -> None:
        """Hold the frames of a message from `t_ms` on against its cycle time."""
        frames = self.player.since(t_ms, name)
        if self.check(rule, len(frames) > 2, f"{len(frames)} frames of {name}", frames[-1] if frames else None):
            self._judge_cycle(self.codec.messages[name], frames[1:], rule)


# -- wrong frames


class Spoil:
    """Turns the frames that we send into wrong ones. `after`: the counter to go on with when that is over."""

    def __call__(self, message: Message, data: bytes) -> bytes:
        """Return what goes out instead."""
        raise NotImplementedError

    def after(self, name: str, counter: int) -> int:
        """Return the next counter of a message, which would be `counter`."""
        return counter


class WrongCrc(Spoil):
    """A bit of the CRC flipped."""

    def __call__(self, message: Message, data: bytes) -> bytes:
        return bytes((data[0] ^ 1,)) + data[1:]


class Shorter(Spoil):
    """The last byte left out."""

    def __call__(self, message: Message, data: bytes) -> bytes:
        return data[:7]


class OtherSession(Spoil):
    """Another session; everything else fits."""

    def __call__(self, message: Message, data: bytes) -> bytes:
        session = data[3] % 253 + 1
        return link_e2e.protected(data[:3] + bytes((session,)) + data[4:], message.data_id, data[2])


class Recount(Spoil):
    """Each frame with a counter `step` further than the last one that went out, or back; `step` 0: the same again."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._newest: dict[str, int] = {}  # as the receiver has it
        self._last: dict[str, int] = {}

    def __call__(self, message: Message, data: bytes) -> bytes:
        first = data[2] - 1 & 255
        counter = self._last.get(message.name, first) + self._step & 255
        self._last[message.name] = counter
        self._newest[message.name] = counter if self._step > 0 else self._newest.get(message.name, first)
        return link_e2e.protected(data, message.data_id, counter)

    def after(self, name: str, counter: int) -> int:
        return self._newest[name] + 1 & 255 if name in self._newest else counter


SPOILS: Final[dict[str, Callable[[], Spoil]]] = {
    "W-CRC": WrongCrc,
    "W-REPEAT": lambda: Recount(0),
    "W-JUMP": lambda: Recount(7),
    "W-BEHIND": lambda: Recount(-2),
    "W-SESSION": OtherSession,
    "W-LENGTH": Shorter,
}
