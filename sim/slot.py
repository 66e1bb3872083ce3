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

    @property
    def runs(self) -> bool:
        """Tell whether its firmware runs."""
        return self.start_at_ms is None and not self.frozen

    def boot(self, t_ms: int, seed: int) -> bytes:
        """Start its firmware; return the HELLO that it was sent."""
        self.start_at_ms = None
        self.boot_ms = self.wake_ms = t_ms
        self.armed = False
        self.booting = True
        self.starts += 1
        return self.process.start(seed)

    def off(self, t_ms: int, for_ms: int, cause: int) -> None:
        """End its program; it boots again `for_ms` later and finds `cause`. Its outputs are dead from now.

        Raises NodeFailure when the program had printed a traceback.
        """
        self.process.stop(check=True)
        self.due = False
        self.frozen = False
        self.armed = False
        self.said = self.layout.silence
        self.can_flags = 0
        self.freed = 0
        self.frames = []
        self.uart_in = self.line = b""
        self.memory.halt(t_ms, supply_lost=cause == wire.RESET_POWER_ON)
        self.stall_ms = 0
        self.cause = cause
        self.start_at_ms = t_ms + for_ms
        self.resets += 1

    def answered(self, fields: tuple[int, ...], said: wire.Said, t_ms: int) -> None:
        """Note an OUTPUT (`wire.Layout.open_output`): what it does to the world, until when it sleeps, its figures."""
        (_, _, _, wake_ms, fed, locked, tick_us, slack_us, heap_b) = fields
        self.due = False
        self.said = said
        wake_ms += self.boot_ms
        self.wake_ms = wake_ms if wake_ms > self.stall_ms else self.stall_ms
        if fed:
            self.armed = True
            self.fed_ms = t_ms
            self.ticks += 1
            if locked:
                self.locked_ticks += 1
            if self.booting:  # the first tick began at power-on, not at the end of a sleep
                self.booting = False
            else:
                self.tick_us.append(tick_us)
                self.slack_us.append(slack_us)
        if heap_b > self.heap_peak_b:
            self.heap_peak_b = heap_b

    def apply(self, energised: dict[str, float]) -> None:
        """Put its outputs on the plant's terminals, where they changed."""
        said, applied = self.said, self.applied
        self.applied = said
        changed = said.do_bits ^ applied.do_bits
        if changed:
            for i, tag in enumerate(self.layout.do_tags):
                if changed >> i & 1:
                    energised[tag] = 1.0 if said.do_bits >> i & 1 else 0.0
        if said.duties != applied.duties:
            for tag, duty in zip(self.layout.ao_tags, said.duties, strict=True):
                energised[tag] = duty / 65535

    def wakes(self, t_ms: int) -> bool:
        """Take what its controller has received; tell whether its firmware looks at its inputs now."""
        controller = self.controller
        if controller.freed or controller.received:
            freed, frames = controller.take()
            self.freed |= freed
            self.frames += frames
        if not self.frozen and t_ms >= self.wake_ms:
            return True
        # A processor that stands still does not drain its controller: what does not fit is lost, and it is told so
        # later. One that sleeps is woken by it.
        if self.frames and (self.frozen or t_ms < self.stall_ms):
            controller.unread(self.frames)
        return False

    def show(self, t_ms: int, contacts: int) -> bytes:
        """Send its firmware what there is at `t_ms`, `contacts` at its terminals; return the INPUT. NodeFailure."""
        boot_ms = self.boot_ms
        frames = self.frames
        if frames:
            if len(frames) > wire.FRAMES_MAX:
                del frames[wire.FRAMES_MAX :]
            if boot_ms:
                shift = boot_ms * 1000
                frames = [((f[0] - shift) & 0xFFFFFFFF, *f[1:]) for f in frames]
            self.frames = []
        uart = self.uart_in
        if uart:
            self.uart_in = uart[wire.UART_PER_TICK :]
            uart = uart[: wire.UART_PER_TICK]
        process = self.process
        packet = self.layout.pack_input(
            process.next_seq(),
            t_ms - boot_ms,
            self.cause,
            (*self.controller.status(), self.freed),
            self.counts,
            contacts,
            self.pulses,
            frames,
            uart,
        )
        self.freed = 0
        process.send(packet)
        self.due = True
        return packet

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
