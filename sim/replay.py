"""Replay: a firmware build run on the recorded exchange of a node, tick by tick compared with what was recorded.

Open loop: the node is shown exactly what the recorded one was shown, so a difference has no consequences in the plant
and later ticks can still be compared. Its memory alone is its own once a request to it differs
(`sim.recorded_memory`). Each HELLO of the recording is a new process. What a node measures of its host is not compared.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sim import vm_command, wire
from sim.exchange import Record, Start, Tick
from sim.node_failure import NodeFailure
from sim.nodes import NodeProcess
from sim.recorded_memory import Answers, payload

VMS: Final = (*vm_command.VMS, "wasm32")
REQUESTS_MAX: Final = 10_000  # to the memory in one tick; a mount reads the whole flash in a few hundred

# Where an OUTPUT packet holds what a node measured of its host (tick, slack, heap), its heap figure and its lock.
HOST_BEGIN, HOST_END = wire.HEADER.size + 6, wire.HEADER.size + 14
HEAP_AT, LOCKED_AT, FED_AT = wire.HEADER.size + 10, wire.HEADER.size + 5, wire.HEADER.size + 4
_NO_HOST: Final = bytes(HOST_END - HOST_BEGIN)


class Player(Protocol):
    """Runs starts of a node, one after the other. `mismatches`: differences outside of the packets, a line each."""

    mismatches: list[str]

    def play(self, start: Start) -> Iterator[tuple[bytes, ...]]:
        """Start a fresh node, show it the start's ticks; yield the packets that it sends in each.

        Where a node ends within a tick, what it sent in it comes first, then NodeFailure is raised.
        """

    def compares(self, record: Record) -> bool:
        """Tell whether this recorded packet of the node can be asked of this VM."""

    def close(self) -> None:
        """End the node."""


@dataclass(frozen=True)
class Difference:
    """One tick that differs.

    start: number of the start, from 1; index: place of the tick's first record in it; tick: from 1 in this start; t_ms:
    rig time; recorded, replayed: the node's packets in this tick; ended: how the replayed node ended in it, empty when
    it did not.
    """

    start: int
    index: int
    tick: int
    t_ms: int
    recorded: tuple[bytes, ...]
    replayed: tuple[bytes, ...]
    ended: str = ""


@dataclass
class Report:
    """What the replay of one node showed."""

    node: str
    vm: str
    starts: int = 0
    ticks: int = 0
    locked_ticks: int = 0
    packets: int = 0
    differences: int = 0  # ticks
    first: Difference | None = None
    heap_peak_b: int = 0
    sim_s: float = 0.0
    wall_s: float = 0.0
    not_compared: int = 0  # packets that this VM cannot be asked for
    mismatches: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """True when nothing differed."""
        return not self.differences and not self.mismatches

    @property
    def factor(self) -> float:
        """How much faster than real time the replay ran."""
        return self.sim_s / self.wall_s if self.wall_s > 0.0 else 0.0


class PipePlayer:
    """Plays in a node process over pipes, in lockstep."""

    def __init__(self, node: str, vm: str, main: Path) -> None:
        self._process = NodeProcess(node, vm=vm, main=main)
        self._answers = Answers(node)
        self.mismatches: list[str] = []

    def play(self, start: Start) -> Iterator[tuple[bytes, ...]]:
        """See Player."""
        process = self._process
        process.stop()
        process.start(start.seed)
        self._answers.begin(start)
        for tick in start.ticks():
            sent: list[bytes] = []
            try:
                self._play_tick(tick, sent)
            except NodeFailure:
                yield tuple(sent)
                raise
            yield tuple(sent)
        process.check_prints()

    def _play_tick(self, tick: Tick, sent: list[bytes]) -> None:
        """Show one tick and append to `sent` what the node sends: requests to the memory, OUTPUT."""
        process = self._process
        self._answers.due(tick)
        shown = tick.records[0].packet
        seq = process.next_seq()
        if wire.HEADER.unpack_from(shown)[2] != seq:  # other answers than recorded went before it
            shown = wire.packet(wire.INPUT, seq, payload(shown))
        process.send(shown)
        last = len(tick.sent) if tick.cut_short else REQUESTS_MAX - 1
        while True:
            packet = process.receive_packet()
            sent.append(packet)
            if packet[1] != wire.MEMORY:
                return
            if len(sent) == last:
                break
            try:
                answer = self._answers.answer(packet)
            except wire.WireError as error:
                raise NodeFailure(process.name, str(error), process.printed()) from None
            process.send(wire.packet(wire.MEMORY_REPLY, process.next_seq(), answer))
        if not tick.cut_short:
            raise NodeFailure(process.name, f"{last} requests to its memory in one tick", process.printed())

    def compares(self, record: Record) -> bool:
        """Every packet can be compared."""
        return True

    def close(self) -> None:
        """See Player."""
        self._process.close()


def replay(
    starts: Sequence[Start],
    player: Player,
    report: Report,
    *,
    every: bool = False,
    tell: Callable[[Report], None] | None = None,
) -> Report:
    """Play the starts and compare; return the report, filled in.

    every: go on after the first tick that differs and count them all (a start in which the node ended is left at that
    point). tell: called now and then. Closes the player.
    """
    began = time.perf_counter()
    try:
        for number, start in enumerate(starts, 1):
            report.starts += 1
            begun_s = report.sim_s
            for difference in _compare(number, start, player, report):
                report.differences += 1
                if report.first is None:
                    report.first = difference
                if not every:
                    return report
            report.sim_s = begun_s + (start.records[-1].t_ms - start.t_ms) / 1000
            report.wall_s = time.perf_counter() - began
            if tell is not None:
                tell(report)
    finally:
        report.wall_s = time.perf_counter() - began
        report.mismatches = player.mismatches
        player.close()
    return report


def _compare(number: int, start: Start, player: Player, report: Report) -> Iterator[Difference]:
    """Yield every tick of one start that differs; counts into the report as it goes."""
    began_s = report.sim_s
    n = 0
    index, t_ms = 0, start.t_ms
    due: tuple[bytes, ...] = ()
    played = player.play(start)
    for tick in start.ticks():
        sent = tick.sent
        due = tuple(one.packet for one in sent if player.compares(one))
        report.not_compared += len(sent) - len(due)
        if not due:
            continue
        n += 1
        index, t_ms = tick.begin, sent[-1].t_ms
        got, ended = _next(played, len(due) if tick.cut_short else REQUESTS_MAX)
        if tick.cut_short:
            got = got[: len(due)]
        report.packets += len(got)
        if got and got[-1][1] == wire.OUTPUT:
            _count(got[-1], report)
        if ended or len(got) != len(due) or not all(map(same, due, got)):
            yield Difference(number, index, n, t_ms, due, got, ended)
            if ended:
                return
        report.sim_s = began_s + (t_ms - start.t_ms) / 1000
    try:
        for _ in played:  # nothing more is due: the player looks at how the node ended
            pass
    except NodeFailure as failure:
        if failure.node == "rig":  # no VM to run
            raise
        yield Difference(number, index, n, t_ms, due, due, str(failure))


def _next(played: Iterator[tuple[bytes, ...]], enough: int) -> tuple[tuple[bytes, ...], str]:
    """Return what the node sent in the next tick, and how it ended in it (empty: it came through).

    enough: after so many requests the tick is over without OUTPUT too. Raises NodeFailure when there is no VM to run.
    """
    got: tuple[bytes, ...] = ()
    try:
        got = next(played, ())
        if got and (got[-1][1] != wire.MEMORY or len(got) >= enough):
            return got, ""
        next(played, ())
    except NodeFailure as failure:
        if failure.node == "rig":
            raise
        return got, str(failure)
    return got, "its program ended"


def _count(packet: bytes, report: Report) -> None:
    """Take the figures of one replayed OUTPUT."""
    if packet[FED_AT]:
        report.ticks += 1
        report.locked_ticks += packet[LOCKED_AT]
    heap_b = int.from_bytes(packet[HEAP_AT : HEAP_AT + 4], "little")
    if heap_b > report.heap_peak_b:
        report.heap_peak_b = heap_b


def same(recorded: bytes, replayed: bytes) -> bool:
    """Tell whether two packets of a node say the same: type and payload, without sequence and host figures."""
    if recorded[1] != replayed[1]:
        return False
    if recorded[1] != wire.OUTPUT:
        return recorded[4:-4] == replayed[4:-4]
    return recorded[HOST_END:-4] == replayed[HOST_END:-4] and recorded[4:HOST_BEGIN] == replayed[4:HOST_BEGIN]


def board_ms(start: Start, index: int) -> int:
    """Return the board's own clock, ms since its start, when it sent the packet at `index`."""
    for one in reversed(start.records[:index]):
        if one.type == wire.INPUT:
            return int.from_bytes(one.packet[wire.HEADER.size : wire.HEADER.size + 4], "little")
    return 0


def serial_before(layout: wire.Layout, start: Start, index: int) -> bytes:
    """Return everything that the recorded node had written to its serial port before the packet at `index`."""
    said = []
    for one in itertools.islice(start.records, index):
        if one.type == wire.OUTPUT:
            said.append(layout.parse_output(one.packet, wire.HEADER.unpack_from(one.packet)[2]).uart)
    return b"".join(said)


