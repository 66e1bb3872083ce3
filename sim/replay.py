"""Replay: a firmware build run on the recorded exchange of a node, every packet of it compared with the recorded one.

Open loop: the node is shown exactly what the recorded one was shown, so a difference has no consequences in the plant
and later packets can still be compared. Each HELLO of the recording is a new process. What a node measures of its host
is not compared.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sim import nodes, wire
from sim.exchange import FROM_NODE, TO_NODE, Record, Start
from sim.nodes import NodeFailure

VMS: Final = (*nodes.VMS, "wasm32")
TOLD_EVERY: Final = 1000  # ticks between two calls of `tell`

# Where an OUTPUT packet holds what a node measured of its host (tick, slack, heap), its heap figure and its lock.
HOST_BEGIN, HOST_END = wire.HEADER.size + 6, wire.HEADER.size + 14
HEAP_AT, LOCKED_AT, FED_AT = wire.HEADER.size + 10, wire.HEADER.size + 5, wire.HEADER.size + 4
_NO_HOST: Final = bytes(HOST_END - HOST_BEGIN)


class Player(Protocol):
    """Runs starts of a node, one after the other. `mismatches`: differences outside of the packets, a line each."""

    mismatches: list[str]

    def play(self, start: Start) -> Iterator[bytes]:
        """Start a fresh node, feed it the start's packets; yield each packet that it sends. Raises NodeFailure."""

    def compares(self, record: Record) -> bool:
        """Tell whether this recorded packet of the node can be asked of this VM."""

    def close(self) -> None:
        """End the node."""


@dataclass(frozen=True)
class Difference:
    """One packet that differs. `replayed` is None when the node ended instead, of which `ended` tells.

    start: number of the start, from 1; index: the recorded packet's place in it; tick: from 1 in this start.
    """

    start: int
    index: int
    tick: int
    record: Record
    replayed: bytes | None
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
    differences: int = 0
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
        self._process = nodes.NodeProcess(node, vm=vm, main=main)
        self.mismatches: list[str] = []

    def play(self, start: Start) -> Iterator[bytes]:
        """See Player."""
        process = self._process
        process.stop()
        process.start(start.seed)
        for one in start.answered()[1:]:
            if one.kind == TO_NODE:
                process.send(one.packet)
            else:
                yield process.receive_packet()
        process.check_prints()

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

    every: go on after the first difference and count them all (a start in which the node ended, or asked for something
    else than recorded, is left at that point). tell: called now and then. Closes the player.
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
    """Yield every difference of one start; counts into the report as it goes."""
    began_s = report.sim_s
    tick = 1
    due = ((i, one) for i, one in enumerate(start.records) if one.kind == FROM_NODE)
    here = (0, start.records[0])
    packets = player.play(start)
    try:
        for i, one in due:
            if not player.compares(one):
                report.not_compared += 1
                continue
            here = (i, one)
            packet = next(packets)
            report.packets += 1
            if packet[1] == wire.OUTPUT:
                _count(packet, report)
            if not same(one.packet, packet):
                yield Difference(number, i, tick, one, packet)
                if packet[1] != one.packet[1]:
                    return  # it waits for an answer that was never recorded
            if one.type == wire.OUTPUT:
                tick += 1
                report.sim_s = began_s + (one.t_ms - start.t_ms) / 1000
        for _ in packets:  # nothing more is due: the player looks at how the node ended
            pass
    except NodeFailure as failure:
        if failure.node == "rig":  # no VM to run
            raise
        yield Difference(number, here[0], tick, here[1], None, str(failure))


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


