"""Flash and FRAM of a board as its recording shows them, and the answers that a replayed board gets from them."""

from __future__ import annotations

from collections.abc import Iterator

from sim import wire
from sim.exchange import Record, Start, Tick
from sim.memory import ANY_WRITE, Memory


class RecordedMemory:
    """The memory of one node as its recording goes by. Call `at_start` and `after` for every start, in order.

    memory: that of a commissioned board, corrected by everything that the recorded node read from it before writing
    there, with the recorded writes done on it. What a cut left behind is thus known as far as the node looked at it.
    """

    def __init__(self, node: str) -> None:
        self.memory = Memory.commissioned(node)

    def at_start(self, start: Start) -> None:
        """Correct the memory by what this start read, to what stood there before its first write."""
        flash, fram = self.memory.flash, self.memory.fram
        written: set[tuple[bool, int]] = set()
        for one, answer in zip(start.records, start.records[1:], strict=False):
            if one.type != wire.MEMORY:
                continue
            op, address, length, _ = request(one.packet)
            in_fram = op in (wire.FRAM_READ, wire.FRAM_WRITE)
            chip = fram if in_fram else flash
            places = [(address + i) % len(chip) for i in range(length)]
            if op in ANY_WRITE:
                written.update((in_fram, place) for place in places)
            elif answer.type == wire.MEMORY_REPLY:
                for place, byte in zip(places, payload(answer.packet), strict=True):
                    if (in_fram, place) not in written:
                        chip[place] = byte

    def after(self, start: Start) -> None:
        """Do this start's writes."""
        for one in start.records:
            if one.type == wire.MEMORY and one.packet[wire.HEADER.size] in ANY_WRITE:
                self.memory.serve(request(one.packet), one.t_ms, "")


class Answers:
    """Answers the requests of a replayed node. Call `begin` for every start and `due` for every tick, in order.

    Until the first request of a start that is not the recorded one, the answer is the recorded one. From then on it
    comes from this board's own memory: what the recording shows at that start, with the node's own writes on it.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._recorded = RecordedMemory(node)
        self._start: Start | None = None
        self._own = Memory(node)
        self._due: Iterator[tuple[Record, Record]] = iter(())
        self._t_ms = 0
        self._as_recorded = True

    def begin(self, start: Start) -> None:
        """Take the memory that the recorded board found at this start."""
        if self._start is not None:
            self._recorded.after(self._start)
        self._start = start
        self._recorded.at_start(start)
        self._own = Memory(self._node)
        self._own.flash[:] = self._recorded.memory.flash
        self._own.fram[:] = self._recorded.memory.fram
        self._due = iter(())
        self._as_recorded = True

    def due(self, tick: Tick) -> None:
        """Go on to the next tick."""
        if next(self._due, None) is not None:  # the node left out a request in the last one
            self._as_recorded = False
        asked = tick.records[1:]
        self._due = zip(asked[::2], asked[1::2], strict=False)
        self._t_ms = tick.records[0].t_ms

    def answer(self, packet: bytes) -> bytes:
        """Return the payload of the answer to a MEMORY packet. Raises WireError for a request that no chip knows."""
        mine = self._own.serve(request(packet), self._t_ms, "")
        assert mine is not None  # no cut is armed
        if self._as_recorded:
            ask, reply = next(self._due, (None, None))
            if ask is not None and reply is not None and payload(ask.packet) == payload(packet):
                return payload(reply.packet)
            self._as_recorded = False
        return mine


def payload(packet: bytes) -> bytes:
    """Return what a packet carries."""
    return packet[wire.HEADER.size : -wire.CRC.size]


def request(packet: bytes) -> wire.MemoryRequest:
    """Return what a MEMORY packet asks, whatever its sequence number. Raises WireError."""
    return wire.memory_request("replay", packet, wire.HEADER.unpack_from(packet)[2])
