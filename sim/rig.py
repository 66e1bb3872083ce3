"""The rig: owns time and drives two node VMs, the plant, the instruments and the CAN bus in lockstep.

One `tick` is 10 ms of simulated time: take what the nodes decided, let the world move on, show them the result. The
parts are handed in; the rig knows their interfaces, not their contents. Nothing measured in host time influences the
simulation, so one seed gives one trace.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from sim import cores, events, serial_line, tables, wire
from sim.can_bus import CanBus
from sim.events import BOOT as BOOT
from sim.events import CLEAR as CLEAR
from sim.events import INFO as INFO
from sim.events import LINK as LINK
from sim.events import PORT as PORT
from sim.events import STATE as STATE
from sim.events import STATS as STATS
from sim.events import TICKET as TICKET
from sim.events import TRIP as TRIP
from sim.events import WARN as WARN
from sim.events import Event as Event
from sim.memory import ANY_WRITE, Memory
from sim.node_failure import NodeFailure
from sim.nodes import STALL_S, NodeProcess
from sim.slot import NodeSlot, apply_outputs, overrun
from sim.vm_command import HEAP_DEFAULT

TICK_MS: Final = 10
TICK_S: Final = TICK_MS / 1000
WATCHDOG_MS: Final = 500
BOOT_MS: Final = 300  # from reset to the firmware's first tick; outputs are dead
PRINT_CHECK_TICKS: Final = 100
UART_LINE_MAX: Final = 256
RESET_COMMAND: Final = re.compile(rb"#\d+ reset\*")  # an operator clears the dispenser's trips


class Plant(Protocol):
    """The physical world: see sim.plant."""

    energised: dict[str, float]
    truth: dict[str, float]
    world: Any

    def step(self, dt_s: float) -> None: ...


class Instruments(Protocol):
    """What the boards' terminals carry: counts (read_u16), contact bits (`wire.Layout.contact_bit`), pulse totals.

    The lists of counts and pulses stay the same objects; `sample` fills them.
    """

    def sample(self, t_s: float, truth: dict[str, float]) -> None: ...
    def counts(self, node: str) -> Sequence[int]: ...
    def contacts(self, node: str) -> int: ...
    def pulses(self, node: str) -> Sequence[int]: ...


class Rig:
    """Two nodes, a plant and a bus in lockstep. Use as a context manager: leaving it ends the node processes.

    plant, instruments, operator, faults, invariants: objects with the interfaces above (operator.step(t_s, rig),
    faults.step(t_s, rig), invariants.check(t_s, rig)); any but the plant may be None (no instruments: every input
    reads 0). observers may have on_tick(rig), on_frame(t_us, can_id, data), on_event(event),
    on_exchange(t_ms, node, to_node, packet) and on_line(node, text), each optional. main: the firmware's main file
    for all nodes, or one per node name. memory: flash and FRAM by node name (default: of a board fresh from
    commissioning); they outlive every restart of the run, and the rig.

    Public: t_ms, t_s, plant, bus, slots, memory, state ({node: public state name}), `command`, `reset`, `power_cut`,
    `cut_at`, `freeze`.
    """

    def __init__(
        self,
        plant: Plant,
        instruments: Instruments | None = None,
        *,
        operator: Any = None,
        faults: Any = None,
        invariants: Any = None,
        observers: Sequence[Any] = (),
        seed: int = 1,
        vm: str = "micropython",
        main: Path | dict[str, Path] | None = None,
        heap: str = HEAP_DEFAULT,
        bitrate: int = 500_000,
        stall_s: float = STALL_S,
        names: Sequence[str] = tables.NODES,
        memory: Mapping[str, Memory] | None = None,
    ) -> None:
        self.plant: Any = plant
        self.instruments = instruments
        self.operator = operator
        self.faults = faults
        self.invariants = invariants
        self.seed = seed
        self.vm = vm
        self.t_ms = 0
        self.t_s = 0.0
        self.state: dict[str, str] = dict.fromkeys(names, "BOOT")
        self.state_rows: dict[str, int] = dict.fromkeys(names, 0)
        self.replies: dict[str, list[str]] = {name: [] for name in names}
        self.cost_s: dict[str, float] | None = None  # host time by part, when `account` was called
        self.bus = CanBus(tuple(names), bitrate=bitrate, seed=seed)
        given = memory or {}
        self.memory = {name: given.get(name) or Memory.commissioned(name, seed=seed) for name in names}
        self.slots = {
            name: NodeSlot(
                NodeProcess(
                    name,
                    vm=vm,
                    main=main.get(name) if isinstance(main, dict) else main,
                    heap=heap,
                    stall_s=stall_s,
                    bitrate=bitrate,
                ),
                self.bus.controllers[name],
                self.memory[name],
            )
            for name in names
        }
        self._slots = list(self.slots.values())
        for slot in self._slots:
            slot.memory.settle()
            slot.process.on_memory = functools.partial(self._serve, slot)
            plant.energised.update(dict.fromkeys((*slot.layout.do_tags, *slot.layout.ao_tags), 0.0))
        self._seq = 0
        self._affinity: tuple[set[int], int] | None = None
        self._started = False
        self._print_check = PRINT_CHECK_TICKS
        if instruments is not None:
            for slot in self._slots:
                slot.counts, slot.pulses = instruments.counts(slot.name), instruments.pulses(slot.name)
        self._on_tick: list[Callable[..., None]] = []
        self._on_event: list[Callable[..., None]] = []
        self._on_frame: list[Callable[..., None]] = []
        self._on_exchange: list[Callable[..., None]] = []
        self._on_line: list[Callable[..., None]] = []
        self.observe(*observers)

    def observe(self, *observers: Any) -> None:
        """Add observers; each is called in the order they came."""
        for name in ("on_tick", "on_event", "on_frame", "on_exchange", "on_line"):
            getattr(self, "_" + name).extend(getattr(x, name) for x in observers if hasattr(x, name))
        self.bus.on_frame = self._frame_seen if self._on_frame else None
        self.bus.on_event = self._link_event if self._on_event else None

    # -- life

    def __enter__(self) -> Rig:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> Rig:
        """Pin to one core, start the nodes and show them the inputs of t = 0."""
        if self._started:
            return self
        self._started = True
        self._affinity = cores.pin_to_core()
        try:
            self._show()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End the node processes, whatever state they are in. Safe to call twice."""
        for slot in self._slots:
            slot.process.close()
        cores.unpin(self._affinity)
        self._affinity = None

    def account(self) -> dict[str, float]:
        """Switch on the account of host seconds by part; return the dict that grows."""
        self.cost_s = dict.fromkeys(
            ("wait", "link", "apply", "operator", "faults", "plant", "bus", "instruments", "invariants", "observers"),
            0.0,
        )
        return self.cost_s

    # -- time

    def run(self, ticks: int) -> None:
        """Do `ticks` ticks of 10 ms."""
        for _ in range(ticks):
            self.tick()

    def tick(self) -> None:
        """Advance simulated time by 10 ms. Raises NodeFailure when a node ends, stalls or prints a traceback."""
        cost = self.cost_s
        mark = time.perf_counter() if cost is not None else 0.0
        for slot in self._slots:
            if slot.due:
                self._collect(slot)
        if cost is not None:
            mark = _charge(cost, "link", mark)
        energised = self.plant.energised
        for slot in self._slots:
            if slot.said is not slot.applied:
                apply_outputs(slot, energised)
        if cost is not None:
            mark = _charge(cost, "apply", mark)
        t_s = self.t_s
        if self.operator is not None:
            self.operator.step(t_s, self)
        if cost is not None:
            mark = _charge(cost, "operator", mark)
        if self.faults is not None:
            self.faults.step(t_s, self)
        if cost is not None:
            mark = _charge(cost, "faults", mark)
        self.plant.step(TICK_S)
        if cost is not None:
            mark = _charge(cost, "plant", mark)
        self.t_ms += TICK_MS
        self.t_s = self.t_ms / 1000
        self.bus.step(self.t_ms * 1000)
        if cost is not None:
            mark = _charge(cost, "bus", mark)
        self._show(cost)
        if cost is not None:
            mark = time.perf_counter()
        if self.invariants is not None:
            self.invariants.check(self.t_s, self)
        if cost is not None:
            mark = _charge(cost, "invariants", mark)
        for hook in self._on_tick:
            hook(self)
        if cost is not None:
            _charge(cost, "observers", mark)
        self._print_check -= 1
        if self._print_check <= 0:
            self._print_check = PRINT_CHECK_TICKS
            for slot in self._slots:
                slot.process.check_prints()

    def _collect(self, slot: NodeSlot) -> None:
        """Take the OUTPUT that answers the last INPUT."""
        cost = self.cost_s
        mark = time.perf_counter() if cost is not None else 0.0
        received = slot.process.receive()
        if cost is not None:
            waited = _charge(cost, "wait", mark) - mark
            cost["link"] -= waited
        slot.due = False
        if received is None:  # its supply went in the middle of a write
            self._off(slot.name, slot.cut_off_ms + BOOT_MS, wire.RESET_POWER_ON)
            return
        (_, _, _, wake_ms, fed, locked, tick_us, slack_us, heap_b), said, more, packet = received
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, False, wire.without_host_time(packet))
        slot.said = said
        wake_ms += slot.boot_ms
        slot.wake_ms = wake_ms if wake_ms > slot.stall_ms else slot.stall_ms
        if fed:
            slot.armed = True
            slot.fed_ms = self.t_ms
            slot.ticks += 1
            if locked:
                slot.locked_ticks += 1
            if slot.booting:  # the first tick began at power-on, not at the end of a sleep
                slot.booting = False
            else:
                slot.tick_us.append(tick_us)
                slot.slack_us.append(slack_us)
        if heap_b > slot.heap_peak_b:
            slot.heap_peak_b = heap_b
        flags = said.can_flags
        if flags != slot.can_flags:
            if flags & (wire.HARD_RESET | wire.SOFT_RESET):
                slot.memory.settle()  # its program came to the reset only once its writes were done
                self.reset(slot.name, wire.RESET_PIN if flags & wire.HARD_RESET else wire.RESET_SOFT)
                return
            self.bus.power(slot.name, flags & wire.CAN_ON != 0, silent=flags & wire.CAN_SILENT != 0)
            if flags & wire.CAN_RESTART:
                self.bus.restart(slot.name)
                slot.freed = 0
            slot.can_flags = flags & ~wire.CAN_RESTART
        if more is not None:
            frames, uart = more
            for mailbox, can_id, frame_flags, data in frames:
                if frame_flags & wire.FLAG_CANCEL:
                    self.bus.cancel(slot.name, mailbox)
                else:
                    self.bus.submit(slot.name, mailbox, can_id, frame_flags, data)
            if uart:
                self._serial(slot, uart)

    def _serve(self, slot: NodeSlot, packet: bytes, ask: wire.MemoryRequest) -> bool:
        """Do a memory operation of a node and answer it; False when its supply went during it: no answer then."""
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, False, packet)
        data = slot.memory.serve(ask, self.t_ms, self.state[slot.name])
        if data is None:
            return False
        slot.stall_ms = -(-slot.memory.ready_us // 1000)
        answer = wire.packet(wire.MEMORY_REPLY, slot.process.next_seq(), data)
        slot.process.send(answer)
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, True, answer)
        return True

    def _show(self, cost: dict[str, float] | None = None) -> None:
        """Sample the instruments and send INPUT to every node that is awake."""
        mark = time.perf_counter() if cost is not None else 0.0
        instruments = self.instruments
        if instruments is not None:
            instruments.sample(self.t_s, self.plant.truth)
        if cost is not None:
            mark = _charge(cost, "instruments", mark)
        now = self.t_ms
        for slot in self._slots:
            if slot.start_at_ms is not None:
                if now < slot.start_at_ms:
                    continue
                self._boot(slot)
            elif slot.armed and now - slot.fed_ms >= WATCHDOG_MS:
                self.reset(slot.name, wire.RESET_WATCHDOG)
                continue
            controller = slot.controller
            if controller.freed or controller.received:
                freed, frames = controller.take()
                slot.freed |= freed
                slot.frames += frames
            if slot.frozen:
                overrun(slot)
                continue
            if now < slot.wake_ms:
                if now < slot.stall_ms:
                    overrun(slot)
                continue
            name = slot.name
            boot_ms = slot.boot_ms
            frames = slot.frames
            if frames:
                if len(frames) > wire.FRAMES_MAX:
                    del frames[wire.FRAMES_MAX :]
                if boot_ms:
                    shift = boot_ms * 1000
                    frames = [((f[0] - shift) & 0xFFFFFFFF, *f[1:]) for f in frames]
                slot.frames = []
            uart = slot.uart_in
            if uart:
                slot.uart_in = uart[wire.UART_PER_TICK :]
                uart = uart[: wire.UART_PER_TICK]
            process = slot.process
            packet = slot.layout.pack_input(
                process.next_seq(),
                now - boot_ms,
                slot.cause,
                (*controller.status(), slot.freed),
                slot.counts,
                instruments.contacts(name) if instruments is not None else 0,
                slot.pulses,
                frames,
                uart,
            )
            slot.freed = 0
            process.send(packet)
            slot.due = True
            for hook in self._on_exchange:
                hook(now, name, True, packet)
        if cost is not None:
            _charge(cost, "link", mark)

    # -- boards

    def _boot(self, slot: NodeSlot) -> None:
        slot.start_at_ms = None
        slot.boot_ms = slot.wake_ms = self.t_ms
        slot.armed = False
        slot.booting = True
        self._seq += 1
        slot.starts += 1
        # Each start of each board draws its own random bytes, all from the run's seed.
        index = self._slots.index(slot)
        seed = (self.seed * 1_000_003 + index * 7919 + slot.starts * 104_729) & 0xFFFFFFFF
        hello = slot.process.start(seed)
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, True, hello)

    def _kill(self, slot: NodeSlot) -> None:
        """End the process; its outputs are dead from now."""
        slot.process.stop(check=True)
        slot.due = False
        slot.frozen = False
        slot.armed = False
        slot.said = slot.layout.silence
        slot.can_flags = 0
        slot.freed = 0
        slot.frames = []
        slot.uart_in = slot.line = b""
        self.bus.power(slot.name, False)
        self.state[slot.name] = "BOOT"
        self.state_rows[slot.name] = 0
        apply_outputs(slot, self.plant.energised)

    def reset(self, node: str, cause: int = wire.RESET_PIN) -> None:
        """Reset a board: outputs dead at once, its firmware runs again 300 ms later and finds `cause`."""
        self._off(node, BOOT_MS, cause)

    def power_cut(self, node: str, for_s: float) -> None:
        """Take a board's supply away for `for_s` seconds; it then boots with the power-on cause."""
        self._off(node, round(for_s * 1000) + BOOT_MS, wire.RESET_POWER_ON)

    def cut_at(
        self, node: str, nth: int, off_s: float = 1.0, ops: Collection[int] = ANY_WRITE
    ) -> None:
        """Take a board's supply away in the middle of the nth write to its memory from now (1: the next; 0: never).

        ops: which writes count (sim.memory: FLASH_WRITES, FRAM_WRITES, ANY_WRITE). The write is torn, the board dead
        for `off_s` seconds; it then boots with the power-on cause. `memory[node].cuts` tells whether it came to it.
        """
        slot = self.slots[node]
        slot.memory.cut_at(nth, ops)
        slot.cut_off_ms = round(off_s * 1000)

    def _off(self, node: str, ms: int, cause: int) -> None:
        slot = self.slots[node]
        self._kill(slot)
        slot.memory.halt(self.t_ms, supply_lost=cause == wire.RESET_POWER_ON)
        slot.stall_ms = 0
        slot.cause = cause
        slot.start_at_ms = self.t_ms + ms
        slot.resets += 1

    def freeze(self, node: str, frozen: bool = True) -> None:
        """Stop (or let go on) a board's processor: outputs held, controller and watchdog run on."""
        self.slots[node].frozen = frozen

    def alive(self, node: str) -> bool:
        """Tell whether the board's firmware runs."""
        slot = self.slots[node]
        return slot.start_at_ms is None and not slot.frozen

    # -- serial ports

    def command(self, node: str, text: str) -> int:
        """Send a console command such as "set target_g 45000"; return its sequence number."""
        self._seq += 1
        self.type_in(node, serial_line.command(self._seq, text) + b"\n")
        return self._seq

    def type_in(self, node: str, data: bytes) -> None:
        """Send raw bytes to a board's serial port (a person at the console)."""
        self.slots[node].uart_in += data
        if node == "dispenser" and RESET_COMMAND.search(data) and hasattr(self.invariants, "note_reset"):
            self.invariants.note_reset(self.t_s)

    def _serial(self, slot: NodeSlot, data: bytes) -> None:
        lines = (slot.line + data).split(b"\n")
        slot.line = lines.pop()[-UART_LINE_MAX:]
        for line in lines:
            text = line.decode("ascii", "replace").rstrip("\r")
            if text[:1] in ("!", "="):
                body = serial_line.body_of(text)
                if body is None:
                    raise NodeFailure(
                        slot.name, f"serial line with a wrong CRC: {text!r}", slot.process.printed()
                    )
                if text.startswith("!EV,"):
                    self._event(slot, body)
                elif text[0] == "=":
                    self.replies[slot.name].append(body)
            for hook in self._on_line:
                hook(slot.name, text)

    def _event(self, slot: NodeSlot, body: str) -> None:
        try:
            event = events.parse(slot.name, body, slot.boot_ms)
        except ValueError as exc:
            raise NodeFailure(
                slot.name, f"event line {body!r} is not six integers", slot.process.printed()
            ) from exc
        if event["kind"] == STATS:
            # The firmware's counts, heap among them, differ between VMs: figures of the node, not of the trace.
            slot.stats[event["id"]] = event["value"]
            return
        if event["kind"] == STATE:
            row = event["to"]
            self.state_rows[slot.name] = row
            self.state[slot.name] = events.state_name(slot.name, row)
        for hook in self._on_event:
            hook(event)

    def _link_event(self, t_us: int, node: str, kind: int, ident: int, source: int, target: int, value: int) -> None:
        for hook in self._on_event:
            hook({"t_ms": t_us // 1000, "node": node, "kind": kind, "id": ident, "from": source, "to": target,
                  "value": value})  # fmt: skip

    def _frame_seen(self, t_us: int, can_id: int, flags: int, data: bytes) -> None:
        for hook in self._on_frame:
            hook(t_us, can_id, data)


def _charge(cost: dict[str, float], part: str, since: float) -> float:
    now = time.perf_counter()
    cost[part] += now - since
    return now
