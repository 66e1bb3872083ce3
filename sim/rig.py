"""The rig: owns time and drives two node VMs, the plant, the instruments and the CAN bus in lockstep.

One `tick` is 10 ms of simulated time: take what the nodes decided, let the world move on, show them the result. The
parts are handed in; the rig knows their interfaces, not their contents. Nothing measured in host time influences the
simulation, so one seed gives one trace.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sim import cores, serial_line, tables, wire
from sim.can_bus import CanBus
from sim.events import BOOT, CLEAR, INFO, LINK, PORT, STATE, STATS, TICKET, TRIP, WARN, Event
from sim.interfaces import TICK_MS, TICK_S, Hand, Hooks, Instruments, Plant
from sim.memory import ANY_WRITE, Memory
from sim.nodes import STALL_S, NodeProcess
from sim.serial_ports import SerialPorts
from sim.slot import NodeSlot
from sim.vm_command import HEAP_DEFAULT

__all__ = ["BOOT", "BOOT_MS", "CLEAR", "INFO", "LINK", "PORT", "STATE", "STATS", "TICKET", "TICK_MS", "TICK_S", "TRIP",
           "WARN", "WATCHDOG_MS", "Event", "Instruments", "Plant", "Rig"]  # fmt: skip

WATCHDOG_MS: Final = 500
BOOT_MS: Final = 300  # from reset to the firmware's first tick; outputs are dead
PRINT_CHECK_TICKS: Final = 100
PARTS: Final = (  # of a tick, as `account` has them
    "wait", "link", "apply", "operator", "faults", "plant", "bus", "instruments", "invariants", "observers",
)  # fmt: skip
RESET_COMMAND: Final = re.compile(rb"#\d+ reset\*")  # an operator clears the dispenser's trips


class Rig:
    """Two nodes, a plant and a bus in lockstep. Use as a context manager: leaving it ends the node processes.

    plant, instruments, operator, faults, observers: see sim.interfaces; invariants.check(t_s, rig) ends a tick. Any but
    the plant may be None (no instruments: every input reads 0). main: the firmware's main file for all nodes, or one
    per node name. memory: flash and FRAM by node name (default: of a board fresh from commissioning); they outlive
    every restart of the run, and the rig.

    Public: t_ms, t_s, plant, bus, slots, memory, state ({node: public state name}), state_rows, replies, `observe`,
    `command`, `type_in`, `reset`, `power_cut`, `cut_at`, `freeze`, `alive`.
    """

    def __init__(
        self,
        plant: Plant,
        instruments: Instruments | None = None,
        *,
        operator: Hand | None = None,
        faults: Hand | None = None,
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
        self.faults: Any = faults
        self.invariants = invariants
        self.seed = seed
        self.vm = vm
        self.t_ms = 0
        self.t_s = 0.0
        self._hooks = Hooks()
        self._on_tick, self._on_exchange = self._hooks.on_tick, self._hooks.on_exchange  # looked at in every tick
        self._ports = SerialPorts(names, self._hooks)
        self.state, self.state_rows, self.replies = self._ports.state, self._ports.state_rows, self._ports.replies
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
        self.observe(*observers)

    def observe(self, *observers: Any) -> None:
        """Add observers; each is called in the order they came."""
        for one in observers:
            self._hooks.add(one)
        self.bus.on_frame = self._frame_seen if self._hooks.on_frame else None
        self.bus.on_event = self._link_event if self._hooks.on_event else None

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
            if self.instruments is not None:
                self.instruments.sample(self.t_s, self.plant.truth)
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
        """Switch on the account of host seconds by part of a tick; return the dict that grows.

        "wait" is the part of "link" in which the nodes compute.
        """
        self.cost_s = dict.fromkeys(PARTS, 0.0)
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
                self._take(slot)
        if cost is not None:
            mark = _charge(cost, "link", mark)
        energised = self.plant.energised
        for slot in self._slots:
            if slot.said is not slot.applied:
                slot.apply(energised)
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
        if self.instruments is not None:
            self.instruments.sample(self.t_s, self.plant.truth)
        if cost is not None:
            mark = _charge(cost, "instruments", mark)
        self._show()
        if cost is not None:
            mark = _charge(cost, "link", mark)
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

    # -- link

    def _show(self) -> None:
        """Start the boards that are to start, reset those whose watchdog starved, show those awake their inputs."""
        now = self.t_ms
        instruments = self.instruments
        for slot in self._slots:
            if slot.start_at_ms is not None:
                if now < slot.start_at_ms:
                    continue
                self._boot(slot)
            elif slot.armed and now - slot.fed_ms >= WATCHDOG_MS:
                self.reset(slot.name, wire.RESET_WATCHDOG)
                continue
            if slot.wakes(now):
                packet = slot.show(now, instruments.contacts(slot.name) if instruments is not None else 0)
                for hook in self._on_exchange:
                    hook(now, slot.name, True, packet)

    def _take(self, slot: NodeSlot) -> None:
        """Take the OUTPUT that answers the last INPUT."""
        mark = time.perf_counter() if self.cost_s is not None else 0.0
        received = slot.process.receive()
        if self.cost_s is not None:
            self.cost_s["link"] -= _charge(self.cost_s, "wait", mark) - mark
        if received is None:  # its supply went in the middle of a write
            self._off(slot.name, slot.cut_off_ms + BOOT_MS, wire.RESET_POWER_ON)
            return
        fields, said, more, packet = received
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, False, wire.without_host_time(packet))
        slot.answered(fields, said, self.t_ms)
        if said.can_flags != slot.can_flags and self._flagged(slot, said.can_flags):
            return
        if more is not None:
            frames, uart = more
            for mailbox, can_id, frame_flags, data in frames:
                if frame_flags & wire.FLAG_CANCEL:
                    self.bus.cancel(slot.name, mailbox)
                else:
                    self.bus.submit(slot.name, mailbox, can_id, frame_flags, data)
            if uart:
                self._ports.hear(slot, uart)

    def _flagged(self, slot: NodeSlot, flags: int) -> bool:
        """Do what new flags of an OUTPUT say of a board's controller; True when it reset itself instead."""
        if flags & (wire.HARD_RESET | wire.SOFT_RESET):
            slot.memory.settle()  # its program came to the reset only once its writes were done
            self.reset(slot.name, wire.RESET_PIN if flags & wire.HARD_RESET else wire.RESET_SOFT)
            return True
        self.bus.power(slot.name, flags & wire.CAN_ON != 0, silent=flags & wire.CAN_SILENT != 0)
        if flags & wire.CAN_RESTART:
            self.bus.restart(slot.name)
            slot.freed = 0
        slot.can_flags = flags & ~wire.CAN_RESTART
        return False

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

    # -- boards

    def _boot(self, slot: NodeSlot) -> None:
        self._seq += 1
        # Each start of each board draws its own random bytes, all from the run's seed.
        index = self._slots.index(slot)
        seed = (self.seed * 1_000_003 + index * 7919 + (slot.starts + 1) * 104_729) & 0xFFFFFFFF
        hello = slot.boot(self.t_ms, seed)
        for hook in self._on_exchange:
            hook(self.t_ms, slot.name, True, hello)

    def _off(self, node: str, for_ms: int, cause: int) -> None:
        slot = self.slots[node]
        slot.off(self.t_ms, for_ms, cause)
        self.bus.power(node, False)
        self._ports.restart(node)
        slot.apply(self.plant.energised)

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

    def freeze(self, node: str, frozen: bool = True) -> None:
        """Stop (or let go on) a board's processor: outputs held, controller and watchdog run on."""
        self.slots[node].frozen = frozen

    def alive(self, node: str) -> bool:
        """Tell whether the board's firmware runs."""
        return self.slots[node].runs

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

    def _link_event(self, t_us: int, node: str, kind: int, ident: int, source: int, target: int, value: int) -> None:
        for hook in self._hooks.on_event:
            hook({"t_ms": t_us // 1000, "node": node, "kind": kind, "id": ident, "from": source, "to": target,
                  "value": value})  # fmt: skip

    def _frame_seen(self, t_us: int, can_id: int, flags: int, data: bytes) -> None:
        for hook in self._hooks.on_frame:
            hook(t_us, can_id, data)


def _charge(cost: dict[str, float], part: str, since: float) -> float:
    now = time.perf_counter()
    cost[part] += now - since
    return now
