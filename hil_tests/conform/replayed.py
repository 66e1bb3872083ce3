"""A peer that has been recorded once and is played back: wrong peers are made of it without running it again.

The kit's own frames go nowhere, so a played peer does what it did; `Tamper` (host_tools.conform.simulated) sees both
directions and changes what the peer seems to say.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from host_tools.conform.codec import codec
from host_tools.conform.kit import Kit, Trial
from host_tools.conform.port import Hands, Port, Seen
from host_tools.conform.report import Report, Verdict
from host_tools.conform.simulated import SimulatedPeer, Tamper
from sim import link_keys

KEYED: Final = ("prove", "tags")  # tests of the authentication; in all others it is off


class Take(NamedTuple):
    """One answer of the port: when it began and ended, ms, and the frames in it."""

    begin_ms: int
    end_ms: int
    frames: tuple[Seen, ...]


class Recording(NamedTuple):
    """One test of a peer: every answer of its port, every deed with its times, and what the kit found."""

    takes: tuple[Take, ...]
    deeds: tuple[tuple[str, int, int], ...]
    report: Report


class RecordedPeer:
    """A simulated peer that keeps what it gives."""

    def __init__(self, peer: SimulatedPeer) -> None:
        self._peer = peer
        self.takes: list[Take] = []
        self.deeds: list[tuple[str, int, int]] = []

    def now_ms(self) -> int:
        """Return the time."""
        return self._peer.now_ms()

    def send(self, can_id: int, data: bytes, *, extended: bool = True) -> None:
        """Send a frame."""
        self._peer.send(can_id, data, extended=extended)

    def receive(self, until_ms: int) -> list[Seen]:
        """Pass on what the peer says."""
        begin = self.now_ms()
        found = self._peer.receive(until_ms)
        self.takes.append(Take(begin, self.now_ms(), tuple(found)))
        return found

    def close(self) -> None:
        """End the peer."""
        self._peer.close()

    def do(self, deed: str) -> bool:
        """Do a deed."""
        begin = self.now_ms()
        done = self._peer.do(deed)
        self.deeds.append((deed, begin, self.now_ms()))
        return done


class PlayedPeer:
    """Plays a recording to the kit through a tamper; what comes behind the recording's end is silence."""

    def __init__(self, recording: Recording, tamper: Tamper) -> None:
        self._tamper = tamper
        self._frames = [(take.end_ms, seen) for take in recording.takes for seen in take.frames]
        self._deeds = list(recording.deeds)
        self._now_ms = 0
        self._next = 0

    def now_ms(self) -> int:
        """Return the time."""
        return self._now_ms

    def send(self, can_id: int, data: bytes, *, extended: bool = True) -> None:
        """Show the frame to the tamper."""
        list(self._tamper.to_peer(self._now_ms, can_id, data))

    def receive(self, until_ms: int) -> list[Seen]:
        """Go on to the next frames, or to the time given."""
        if self._next >= len(self._frames) or self._frames[self._next][0] > until_ms:
            self._now_ms = max(self._now_ms, until_ms)
            return []
        at_ms = self._frames[self._next][0]
        found: list[Seen] = []
        while self._next < len(self._frames) and self._frames[self._next][0] == at_ms:
            found += self._tamper.from_peer(self._frames[self._next][1])
            self._next += 1
        self._now_ms = max(self._now_ms, at_ms)
        return found

    def close(self) -> None:
        """Nothing to end."""

    def do(self, deed: str) -> bool:
        """Take the time that the deed took; False when the recorded test had no such deed here."""
        if not self._deeds or self._deeds[0][0] != deed:
            return False
        _, begin, end = self._deeds.pop(0)
        self._now_ms += end - begin
        return True


class FirstFailure(Exception):
    """The first rule that was broken."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class StrictReport(Report):
    """Ends the test at the first failure: what follows may only be its consequence."""

    def check(self, rule: str, good: bool, detail: str, frame: object = "") -> bool:
        """Note one look at a rule. Raises FirstFailure."""
        super().check(rule, good, detail, frame)
        if not good:
            raise FirstFailure(next(one for one in self.verdicts() if one.rule == rule))
        return good


def record(peer: str, test: Trial) -> Recording:
    """Run one test against our own board."""
    port = RecordedPeer(SimulatedPeer(peer, auth=test.name in KEYED))
    try:
        report = run(peer, port, port, test)
    finally:
        port.close()
    return Recording(tuple(port.takes), tuple(port.deeds), report)


def run(peer: str, port: Port, hands: Hands, test: Trial) -> Report:
    """Run one test and return what the kit found."""
    return _kit(peer, port, hands, test).run([test])


def _kit(peer: str, port: Port, hands: Hands, test: Trial) -> Kit:
    """Return a kit with the key if the test needs it; its nonces are the same in every playing."""
    key = link_keys.key_of("tank") if test.name in KEYED else None
    return Kit(peer, port, hands, codec(), key, random.Random(1).randbytes)


def first_failure(peer: str, recording: Recording, test: Trial, tamper: Tamper) -> Verdict | None:
    """Play a recording through a tamper; return the first rule that breaks, None when all hold."""
    port = PlayedPeer(recording, tamper)
    kit = _kit(peer, port, port, test)
    kit.report = StrictReport(peer)
    try:
        kit.run([test])
    except FirstFailure as failure:
        return failure.verdict
    return None
