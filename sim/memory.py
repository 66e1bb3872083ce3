"""Non-volatile memory of one board: NOR flash and FRAM, owned by the rig, so that it outlives the node's process.

The node asks over the link (`wire.MEMORY`); every operation takes simulated time and every write can be cut short.
What a cut leaves behind follows from the seed alone: a write keeps a prefix of its bytes; an erase clears a prefix of
its block and leaves noise in the rest.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim import link_keys, tables, wire
from sim.wire import FLASH_ERASE, FLASH_PROG, FLASH_READ, FRAM_READ, FRAM_WRITE

PAGE_BYTES: Final = 256  # a flash chip programs at most one page at a time
ERASED: Final = 0xFF
FLASH_WRITES: Final = (FLASH_PROG, FLASH_ERASE)
FRAM_WRITES: Final = (FRAM_WRITE,)
ANY_WRITE: Final = (*FLASH_WRITES, *FRAM_WRITES)
NAMES: Final = {FLASH_PROG: "flash program", FLASH_ERASE: "flash erase", FRAM_WRITE: "FRAM write"}


@dataclass(frozen=True)
class Timing:
    """What an operation takes. Flash reads are mapped into the processor's memory and take no time here."""

    erase_us: int = 45_000  # a 4 KiB sector
    page_us: int = 400  # a page of 256 bytes; a part of one takes its share
    fram_hz: int = 4_000_000  # the SPI clock: the chip itself never waits


TYPICAL: Final = Timing()
WORST: Final = Timing(erase_us=400_000, page_us=3_000)


class Operation(NamedTuple):
    """One write as the chip saw it: n counts from 1 over the board's life in this run; torn: a cut fell into it."""

    n: int
    op: int
    address: int
    length: int
    t_ms: int
    state: str
    torn: bool


class _Pending(NamedTuple):
    """A write that may still be under way, with what stood there before."""

    start_us: int
    end_us: int
    op: int
    address: int
    before: bytes


class MemoryImageError(Exception):
    """An image that does not fit its chip: names the file and both sizes."""


class Memory:
    """Flash and FRAM of a board, sizes from its I/O list; both erased (a board as the factory makes it).

    Public: flash, fram (bytearrays), timing, seed, log (list of Operation), overwrites (programs that found bits
    already cleared: a fault of the file system), cuts (operations cut), ready_us (rig time at which the last operation
    ends).
    """

    def __init__(self, node: str, *, seed: int = 1, timing: Timing = TYPICAL) -> None:
        io = tables.io(node)
        self.node = node
        self.seed = seed
        self.timing = timing
        self.block_bytes: int = io.FLASH_BLOCK_BYTES
        self.flash = bytearray([ERASED]) * (io.FLASH_BLOCKS * self.block_bytes)
        self.fram = bytearray(io.FRAM_BYTES)
        self.log: list[Operation] = []
        self.overwrites = 0
        self.cuts = 0
        self.ready_us = 0
        self._pending: list[_Pending] = []
        self._cut_in = 0  # operations until the armed cut, 0: none armed
        self._cut_ops: Collection[int] = ANY_WRITE

    # -- images

    @classmethod
    def commissioned(cls, node: str, *, seed: int = 1, timing: Timing = TYPICAL) -> Memory:
        """Return the memory of a board that has left commissioning: an empty file system, a FRAM with the test key."""
        made = cls(node, seed=seed, timing=timing)
        made.flash[:] = _formatted(made.block_bytes, len(made.flash) // made.block_bytes)
        link_keys.provision(made.fram, link_keys.key_of(node))
        return made

    @classmethod
    def load(cls, node: str, folder: Path, *, seed: int = 1, timing: Timing = TYPICAL) -> Memory:
        """Read `NODE.flash` and `NODE.fram`. Raises MemoryImageError for a wrong size, OSError for a missing file."""
        made = cls(node, seed=seed, timing=timing)
        for kind, chip in (("flash", made.flash), ("fram", made.fram)):
            path = folder / f"{node}.{kind}"
            data = path.read_bytes()
            if len(data) != len(chip):
                raise MemoryImageError(f"{path}: {len(data)} bytes, the {kind} of the {node} has {len(chip)}")
            chip[:] = data
        return made

    def save(self, folder: Path) -> None:
        """Write `NODE.flash` and `NODE.fram`; the folder must exist."""
        (folder / f"{self.node}.flash").write_bytes(self.flash)
        (folder / f"{self.node}.fram").write_bytes(self.fram)

    # -- operations

    def serve(self, ask: wire.MemoryRequest, t_ms: int, state: str) -> bytes | None:
        """Do what a node asks at rig time `t_ms`; return the data read (empty for writes), None when cut.

        Raises WireError for an operation that the chip does not have.
        """
        op, address, length, data = ask
        now_us = max(t_ms * 1000, self.ready_us)
        if op in (FRAM_READ, FRAM_WRITE):
            clocked = 3 + length + (op == FRAM_WRITE)  # opcode, two bytes of address; before a write, WREN
            cost_us = -(-clocked * 8 * 1_000_000 // self.timing.fram_hz)
        elif op == FLASH_PROG:
            cost_us = -(-self.timing.page_us * length // PAGE_BYTES)
        else:
            cost_us = self.timing.erase_us if op == FLASH_ERASE else 0
        self._refuse_impossible(op, address, length, data)
        if op not in ANY_WRITE:
            self.ready_us = now_us + cost_us
            return self._read(op, address, length)
        if self._pending and self._pending[-1].end_us <= t_ms * 1000:
            self._pending.clear()
        torn = self._falls(op)
        before = self._read(op, address, length)
        if torn:
            self._tear(op, address, before, data)
            self._pending.clear()
            self.ready_us = 0
            self.cuts += 1
        else:
            self._write(op, address, length, data)
            self.ready_us = now_us + cost_us
            self._pending.append(_Pending(now_us, self.ready_us, op, address, before))
        self.log.append(Operation(len(self.log) + 1, op, address, length, t_ms, state, torn))
        return None if torn else b""

    def settle(self) -> None:
        """Forget the time: what was under way is done. For a memory that goes from one rig to another."""
        self._pending.clear()
        self.ready_us = 0

    def cut_at(self, nth: int, ops: Collection[int] = ANY_WRITE) -> None:
        """Cut the supply at the nth of `ops` from now (1: the next); 0 disarms."""
        self._cut_in = nth
        self._cut_ops = ops

    def halt(self, t_ms: int, *, supply_lost: bool) -> None:
        """The board stops at `t_ms`. Writes not begun by then never happen; one under way is torn.

        A flash chip that keeps its supply ends by itself what it has begun.
        """
        t_us = t_ms * 1000
        while self._pending and self._pending[-1].end_us > t_us:
            start_us, end_us, op, address, before = self._pending.pop()
            done = self.log.pop()
            if start_us >= t_us:
                self._put(op, address, before)
                self.ready_us = t_us
            elif supply_lost or op == FRAM_WRITE:
                after = self._read(op, address, len(before))
                self._put(op, address, before)
                self._tear(op, address, before, after)
                self.log.append(done._replace(torn=True))
                self.cuts += 1
                break
            else:
                self.log.append(done)
                self.ready_us = end_us
                break
        self._pending.clear()
        if supply_lost:
            self.ready_us = 0

    # -- the chips

    def _refuse_impossible(self, op: int, address: int, length: int, data: bytes) -> None:
        """Raise WireError for what no driver may ask of these chips."""
        name = f"{self.node}: memory operation {op} of {length} bytes at {address}"
        if op not in (FLASH_READ, FRAM_READ, *ANY_WRITE):
            raise wire.WireError(f"{name}: no such operation")
        if len(data) != (length if op in (FLASH_PROG, FRAM_WRITE) else 0):
            raise wire.WireError(f"{name}: came with {len(data)} bytes")
        if op in (FRAM_READ, FRAM_WRITE):
            if length > len(self.fram):
                raise wire.WireError(f"{name}: the chip has {len(self.fram)}")
        elif address + length > len(self.flash):
            raise wire.WireError(f"{name}: the chip has {len(self.flash)}")
        elif op == FLASH_PROG and address // PAGE_BYTES != (address + length - 1) // PAGE_BYTES:
            raise wire.WireError(f"{name}: a program stays within one page")
        elif op == FLASH_ERASE and (address % self.block_bytes or length != self.block_bytes):
            raise wire.WireError(f"{name}: an erase takes one whole block")

    def _read(self, op: int, address: int, length: int) -> bytes:
        if op not in (FRAM_READ, FRAM_WRITE):
            return bytes(self.flash[address : address + length])
        size = len(self.fram)  # an address beyond the end starts again at 0
        address %= size
        return bytes(self.fram[address : address + length] + self.fram[: max(0, address + length - size)])

    def _put(self, op: int, address: int, data: bytes) -> None:
        """Set bytes as they are to stand in the chip."""
        if op != FRAM_WRITE:
            self.flash[address : address + len(data)] = data
            return
        size = len(self.fram)
        address %= size
        first = data[: size - address]
        self.fram[address : address + len(first)] = first
        self.fram[: len(data) - len(first)] = data[len(first) :]

    def _write(self, op: int, address: int, length: int, data: bytes) -> None:
        if op == FLASH_ERASE:
            self._put(op, address, bytes([ERASED]) * length)
        elif op == FLASH_PROG:
            before = self._read(op, address, length)
            after = bytes(a & b for a, b in zip(before, data, strict=True))
            self.overwrites += after != data
            self._put(op, address, after)
        else:
            self._put(op, address, data)

    def _tear(self, op: int, address: int, before: bytes, data: bytes) -> None:
        """Do part of a write: a prefix of it, and in a block being erased noise behind that."""
        rng = random.Random(f"{self.seed} {self.node} {len(self.log)}")
        done = rng.randrange(len(before) + 1)
        if op == FLASH_ERASE:
            self._put(op, address, bytes([ERASED]) * done + rng.randbytes(len(before) - done))
        elif done:
            self._write(op, address, done, data[:done])

    def _falls(self, op: int) -> bool:
        """Count an armed cut down; tell whether this operation is the one."""
        if not self._cut_in or op not in self._cut_ops:
            return False
        self._cut_in -= 1
        return self._cut_in == 0


@functools.cache
def _formatted(block_bytes: int, blocks: int) -> bytes:
    """Return the image that `VfsLfs2.mkfs` leaves on an erased chip."""
    from littlefs import LittleFS, UserContext

    context = UserContext(block_bytes * blocks)
    filesystem = LittleFS(
        context=context, mount=False, block_size=block_bytes, block_count=blocks, **tables.littlefs()
    )
    filesystem.format()
    return bytes(context.buffer)


def open_image(image: bytes, block_bytes: int) -> Any:
    """Return a littlefs.LittleFS on a copy of a flash image. Raises littlefs.LittleFSError when it holds none."""
    from littlefs import LittleFS, UserContext

    context = UserContext(len(image))
    context.buffer[:] = image
    return LittleFS(
        context=context, block_size=block_bytes, block_count=len(image) // block_bytes, **tables.littlefs()
    )
