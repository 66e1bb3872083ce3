"""One board in the rig: its process, its controller, its memory, and where it stands in simulated time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from sim import wire
from sim.can_controller import Controller, Frame
from sim.memory import Memory
from sim.nodes import NodeProcess


class NodeSlot:
    """One board in the rig: its process, its clock, its reset and watchdog, its serial port, its figures."""

    # Read and written in every tick: past thirty attributes an instance's dictionary is no longer the cheaper one.
    __slots__ = (
        "process", "controller", "memory", "name", "layout", "boot_ms", "start_at_ms", "cause", "frozen", "due",
        "wake_ms", "stall_ms", "cut_off_ms", "armed", "fed_ms", "said", "applied", "can_flags", "freed", "counts",
        "pulses", "frames", "uart_in", "line", "starts", "booting", "ticks", "locked_ticks", "heap_peak_b", "tick_us",
        "slack_us", "stats", "resets",
    )  # fmt: skip

    def __init__(self, process: NodeProcess, controller: Controller, memory: Memory) -> None:
        self.process = process
        self.controller = controller
        self.memory = memory
        self.name = process.name
        self.layout = process.layout
        self.boot_ms = 0  # rig time at which this board's clock read 0
        self.start_at_ms: int | None = 0  # when the process is to start; None: it runs
        self.cause = wire.RESET_POWER_ON
        self.frozen = False
        self.due = False  # an INPUT is out, its OUTPUT not yet in
        self.wake_ms = 0
        self.stall_ms = 0  # until when its memory keeps it from its work; it hears no interrupt meanwhile
        self.cut_off_ms = 0  # how long the supply stays away when an armed cut falls
        self.armed = False
        self.fed_ms = 0
        self.said = process.layout.silence  # what its firmware does to the world
        self.applied = wire.Said()  # what of it was last put on the plant's terminals
        self.can_flags = 0
        self.freed = 0
        self.counts: Sequence[int] = [0] * len(process.layout.ai_tags)  # at its terminals
        self.pulses: Sequence[int] = [0] * len(process.layout.ci_tags)
        self.frames: list[Frame] = []
        self.uart_in = b""
        self.line = b""
        self.starts = 0
        self.booting = True
        # Figures of the whole run.
        self.ticks = 0
        self.locked_ticks = 0
        self.heap_peak_b = 0
        self.tick_us = array("H")
        self.slack_us = array("H")
        self.stats: dict[int, int] = {}  # STATS events: the firmware's own counts
        self.resets = 0

    def figures(self) -> dict[str, int]:
        """Return this node's entry of the result: ticks, tick cost in host microseconds, heap, overruns."""
        cost = sorted(self.tick_us)
        n = len(cost)
        return {
            "ticks": self.ticks,
            "locked_ticks": self.locked_ticks,
            "tick_us_p50": cost[n // 2] if n else 0,
            "tick_us_p99": cost[n * 99 // 100] if n else 0,
            "tick_us_max": cost[-1] if n else 0,
            "heap_peak_b": self.heap_peak_b,
            "overruns": self.stats.get(2, 0),
        }


def apply_outputs(slot: NodeSlot, energised: dict[str, float]) -> None:
    """Put a board's outputs on the plant's terminals, where they changed."""
    said, applied = slot.said, slot.applied
    slot.applied = said
    changed = said.do_bits ^ applied.do_bits
    if changed:
        for i, tag in enumerate(slot.layout.do_tags):
            if changed >> i & 1:
                energised[tag] = 1.0 if said.do_bits >> i & 1 else 0.0
    if said.duties != applied.duties:
        for tag, duty in zip(slot.layout.ao_tags, said.duties, strict=True):
            energised[tag] = duty / 65535


def overrun(slot: NodeSlot) -> None:
    """A frozen processor does not drain its controller: what does not fit is lost, and it is told so later."""
    if slot.frames:
        slot.controller.unread(slot.frames)
