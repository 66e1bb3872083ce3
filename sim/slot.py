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
        self.output = wire.Output(duties=(0,) * len(process.layout.ao_tags))
        self.applied_bits = 0  # what was last put on the plant's terminals
        self.applied_duties: Sequence[int] = ()
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
    output = slot.output
    bits = output.do_bits
    changed = bits ^ slot.applied_bits
    if changed:
        slot.applied_bits = bits
        for i, tag in enumerate(slot.layout.do_tags):
            if changed >> i & 1:
                energised[tag] = 1.0 if bits >> i & 1 else 0.0
    if output.duties != slot.applied_duties:
        slot.applied_duties = output.duties
        for tag, duty in zip(slot.layout.ao_tags, output.duties, strict=True):
            energised[tag] = duty / 65535


def overrun(slot: NodeSlot) -> None:
    """A frozen processor does not drain its controller: what does not fit is lost, and it is told so later."""
    if slot.frames:
        slot.controller.unread(slot.frames)
