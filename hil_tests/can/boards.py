"""Firmware modules under CPython, with a CAN controller of three mailboxes that the test moves by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PACKAGES = ("board", "core", "dispenser", "tank", "generated")


class Can:
    """machine.CAN with three mailboxes and a receive queue; `sent` are the frames that went over the wire."""

    FLAG_RTR, FLAG_EXT_ID = 1, 2
    RECV_ERR_FULL, RECV_ERR_OVERRUN = 1, 2
    IRQ_TX, IRQ_RX, IRQ_TX_FAILED = 1, 2, 4
    IRQ_TX_IDX_SHIFT, IRQ_TX_IDX_MASK = 16, 255

    def __init__(self, controller: int, bitrate: int) -> None:
        self.bitrate = bitrate
        self.boxes: list[tuple[int, bytes] | None] = [None, None, None]
        self.cancelled = [False, False, False]
        self.sent: list[tuple[int, bytes]] = []
        self.received: list[tuple[int, bytes, int, int]] = []
        self.off = False
        self.restarts = 0
        self.status = 1
        self.tec = 0
        self._events: list[int] = []

    def irq(self, handler: Any, trigger: int, hard: bool) -> Any:
        self._handler = handler
        return SimpleNamespace(flags=lambda: self._events.pop(0) if self._events else 0)

    def set_filters(self, filters: list[tuple[int, int, int]]) -> None:
        self.filters = filters

    def takes(self, can_id: int, flags: int) -> int:
        """Return the FIFO that takes a frame by the filters, -1 if none does."""
        for i, (match, mask, kind) in enumerate(self.filters):
            if flags & 2 == kind and can_id & mask == match & mask:
                return i & 1
        return -1

    def send(self, can_id: int, data: bytes, flags: int) -> int | None:
        if self.off:
            raise OSError(100)
        free = [i for i in range(3) if self.boxes[i] is None]
        if not free or any(box is not None and box[0] == can_id for box in self.boxes):
            return None
        self.boxes[free[0]] = (can_id, bytes(data))
        return free[0]

    def cancel_send(self, index: int) -> bool:
        if self.boxes[index] is None or self.cancelled[index]:
            return False
        self.cancelled[index] = True
        return True

    def recv(self, slot: list[Any]) -> list[Any] | None:
        if not self.received:
            return None
        can_id, data, flags, errors = self.received.pop(0)
        slot[0], slot[1], slot[2], slot[3] = can_id, memoryview(bytearray(data)), flags, errors
        return slot

    def state(self) -> int:
        return 4 if self.off else self.status

    def get_counters(self, counts: list[int]) -> list[int]:
        counts[0] = self.tec
        counts[5] = sum(box is not None for box in self.boxes)
        return counts

    def restart(self) -> None:
        self.boxes, self.cancelled, self.off = [None] * 3, [False] * 3, False
        self.restarts += 1

    # -- what the wire does

    def frame_ends(self) -> None:
        """The waiting frame of the highest priority goes over the wire, even one whose cancelling comes too late."""
        waiting = [(box[0], i) for i, box in enumerate(self.boxes) if box is not None]
        if waiting:
            i = min(waiting)[1]
            box = self.boxes[i]
            assert box is not None
            self.sent.append(box)
            self._empty(i, 0)

    def settle(self) -> None:
        """Cancelled frames leave their mailboxes."""
        for i in range(3):
            if self.cancelled[i]:
                self._empty(i, self.IRQ_TX_FAILED)

    def _empty(self, i: int, failed: int) -> None:
        self.boxes[i] = None
        self.cancelled[i] = False
        self._events.append(self.IRQ_TX | failed | i << self.IRQ_TX_IDX_SHIFT)
        self._handler(self)

    def get(self, can_id: int, data: bytes, flags: int = 2, errors: int = 0) -> None:
        """A frame comes in."""
        self.received.append((can_id, data, flags, errors))
        self._handler(self)


@contextmanager
def firmware() -> Iterator[SimpleNamespace]:
    """Import firmware modules as on a board: `load(name)` returns one, `now_ms` is its clock."""
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules)
              if name.split(".")[0] in (*PACKAGES, "machine", "micropython")}  # fmt: skip
    world = SimpleNamespace(now_ms=0)
    clock = SimpleNamespace(ticks_ms=lambda: world.now_ms, ticks_us=lambda: 1000 * world.now_ms)
    sys.modules["micropython"] = SimpleNamespace(const=lambda value: value)  # type: ignore[assignment]
    sys.modules["machine"] = SimpleNamespace(CAN=Can)  # type: ignore[assignment]
    sys.path.insert(0, str(FIRMWARE))
    try:
        board = __import__("board")
        board.clock = sys.modules["board.clock"] = clock  # type: ignore[assignment]

        def load(name: str) -> Any:
            __import__(name)
            return sys.modules[name]

        world.load = load
        yield world
    finally:
        sys.path.remove(str(FIRMWARE))
        for name in [name for name in sys.modules if name.split(".")[0] in (*PACKAGES, "machine", "micropython")]:
            del sys.modules[name]
        sys.modules.update(hidden)
