"""The CAN bus of the truck link: arbitration, bit-exact frame times, ACK, error counters, bus-off, link faults.

Time is counted in whole bit times from t = 0, so nothing drifts. Of all frames that wait the one with the lowest
identifier goes first. Frame format and error rules: ISO 11898-1 (CAN 2.0A and B). What it leaves out stands in
docs/can_bus.md.
"""

from collections.abc import Callable
from typing import Final

from sim.can_controller import ACTIVE, BUS_OFF_LIMIT, PROFILES, STATE_NAMES, Controller, Pending
from sim.can_faults import BITRATE, FAULTS, SKEW
from sim.can_frame import INTERFRAME_BITS
from sim.can_wire import ERROR_BITS_ANSWERED, Wire
from sim.events import CAN_STATE, LINK_FAULT

__all__ = ["CAN_STATE", "FAULTS", "LINK_FAULT", "CanBus"]

RECOVERY_SEQUENCES: Final = 128  # of 11 recessive bits before a controller rejoins from bus-off


class CanBus(Wire):
    """One bus. Call `submit` and `cancel` between steps, then `step` to a later time.

    bitrate: 500_000 or 250_000. on_frame(t_us, can_id, flags, data) is called for every frame that ended well on the
    wire, in order; on_event(t_us, node, kind, id, from, to, value) for faults and changes of a controller's state.
    Counters: those of Wire; fault_hits (kind -> how often it did something).
    """

    def __init__(
        self,
        names: tuple[str, ...] = ("dispenser", "tank"),
        *,
        bitrate: int = 500_000,
        seed: int = 0,
        on_frame: Callable[[int, int, int, bytes], None] | None = None,
    ) -> None:
        if bitrate not in (500_000, 250_000):
            raise ValueError(f"bitrate {bitrate}: the link runs at 500000 or 250000 bit/s")
        super().__init__(names, bitrate, seed)
        self.on_frame = on_frame
        self.busy_by_second: list[int] = []  # bit times that the bus was busy, of every whole second
        self._second_end = bitrate
        self._second_busy = 0  # busy_bits when the present second began

    def attach(self, name: str, *, profile: str = "bxcan", ppm: int = 0) -> Controller:
        """Add a controller that only listens (a tool's adapter); `power(name, True)` lets it send and acknowledge.

        ppm: how much too fast its clock runs, which its time stamps show.
        """
        node = self.controllers[name] = Controller(name, self.bitrate, PROFILES[profile])
        node.on = node.silent = node.own_clock = True
        node.connected = "disconnect" not in self.faults
        node.ppm = ppm
        self._odd = self._odd or ppm != 0
        self._nodes.append(node)
        return node

    # -- what nodes ask for

    def submit(self, name: str, mailbox: int, can_id: int, flags: int, data: bytes) -> None:
        """Put a frame into a controller's mailbox; it replaces what was there (the node's shim never does that)."""
        node = self.controllers[name]
        if not node.on:
            return
        if node.mailboxes[mailbox] is None:
            self._waiting += 1
            node.waiting += 1
        node.mailboxes[mailbox] = Pending(node, mailbox, can_id, flags & 3, data)

    def cancel(self, name: str, mailbox: int) -> None:
        """Drop a waiting frame unless it is on the wire already."""
        node = self.controllers[name]
        pending = node.mailboxes[mailbox]
        if pending is not None and not self._on_wire(pending):
            self._drop(node, mailbox)
            node.freed |= 1 << mailbox

    def _on_wire(self, pending: Pending) -> bool:
        flight = self._flight
        return flight is not None and (pending is flight or pending is flight.twin)

    def power(self, name: str, on: bool, *, silent: bool = False) -> None:
        """Switch a controller on or off (off: reset of its node). Counters and mailboxes start empty."""
        node = self.controllers[name]
        if on and node.on:
            node.silent = silent
            return
        self._clear(node)
        node.on = on
        node.silent = silent
        self._recovering -= node.recovery > 0
        node.bus_off = False
        node.recovery = 0
        node.known_state = ACTIVE
        node.received = []
        node.freed = 0

    def restart(self, name: str) -> None:
        """machine.CAN.restart(): counters and mailboxes cleared, off the bus until 128 x 11 recessive bits have passed.

        Counted are 11 after every frame and every error frame, and each 11 of an idle bus, at the end of a step.
        """
        node = self.controllers[name]
        self._clear(node)
        node.freed = 0
        self._recovering += node.bus_off - (node.recovery > 0)
        node.recovery = RECOVERY_SEQUENCES if node.bus_off else 0
        self._idle_bits = 0
        self._tell_state(node, self.now_bit)

    def _clear(self, node: Controller) -> None:
        if self._flight is not None and self._flight.owner is node:
            self._cut_off()
        for i in range(len(node.mailboxes)):
            self._drop(node, i)
        node.tec = node.rec = node.suspended_to = 0

    def _cut_off(self) -> None:
        """End the frame on the wire in the middle: the others see an error frame, the bus is free again soon."""
        self._flight = None
        free_bit = self.now_bit + ERROR_BITS_ANSWERED + INTERFRAME_BITS
        self.busy_bits += free_bit - self._free_bit
        self._free_bit = free_bit
        self.errors += 1

    # -- faults

    def set_fault(self, kind: str, value: float | None = None) -> None:
        """Start a link fault: a kind of FAULTS, with its default if no value is given. ValueError if unknown."""
        if kind not in FAULTS:
            raise ValueError(f"can.link fault {kind!r}: not one of {', '.join(FAULTS)}")
        self.faults[kind] = FAULTS[kind] if value is None else value
        if kind == "disconnect":
            for node in self._nodes:
                node.connected = False
            if self._flight is not None and self._flight.owner is not self._intruder:
                self._cut_off()
        elif kind == "babble":
            self._babble_due = float(self.now_bit)
        self._retime()
        self._tell_fault(kind, 0, 1)

    def clear_fault(self, kind: str) -> None:
        """End a link fault; bus-off stays until the node restarts its controller."""
        if self.faults.pop(kind, None) is None:
            return
        if kind == "disconnect":
            for node in self._nodes:
                node.connected = True
        elif kind == "babble":
            self._intruder.mailboxes[0] = None
        self._retime()
        self._tell_fault(kind, 1, 0)

    def _retime(self) -> None:
        """Set the controllers' bit rates and clocks to what the faults say."""
        for node in self._nodes:
            if node.own_clock:
                continue
            rate = self.faults.get(BITRATE + node.name)
            node.bitrate = self.bitrate if rate is None else round(rate * 1000)
            node.ppm = round(self.faults.get(SKEW + node.name, 0.0))
        self._odd = any(node.ppm or node.bitrate != self.bitrate for node in self._nodes)

    def in_step(self) -> bool:
        """Tell whether all its nodes can read each other's bits (adapters apart)."""
        boards = [node for node in self._nodes if not node.own_clock]
        return all(one.reads(other) for one in boards for other in boards)

    def _tell_fault(self, kind: str, before: int, after: int) -> None:
        if self.on_event is not None:
            place, hits = list(FAULTS).index(kind), self.fault_hits[kind]
            self.on_event(self.now_bit * self.us_per_bit, "link", LINK_FAULT, place, before, after, hits)

    # -- time

    def step(self, until_us: int) -> None:
        """Let the bus run until `until_us` (a whole number of bit times)."""
        until = until_us // self.us_per_bit
        if self.faults and "bus_off" in self.faults:
            node = self._nodes[int(self.faults["bus_off"]) % len(self._nodes)]
            if node.on and not node.bus_off:
                self.fault_hits["bus_off"] += 1
                node.tec = BUS_OFF_LIMIT
                self._check_bus_off(node, self.now_bit)
        if self._recovering:
            ended, busy_bits, free_bit = self.frames + self.errors, self.busy_bits, self._free_bit
            self.run(until)
            self._recover(self.frames + self.errors - ended, self.busy_bits - busy_bits, free_bit, until)
        elif self._waiting or self._flight is not None or self.faults or self._link.late:
            self.run(until)
        self.now_bit = until
        if until >= self._second_end:
            busy_bits = self.busy_bits - max(0, self._free_bit - until)  # the frame on the wire: its part so far
            self.busy_by_second.append(busy_bits - self._second_busy)
            self._second_busy = busy_bits
            self._second_end += self.bitrate

    def load_pct(self) -> float:
        """Return the share of time that the bus was busy since t = 0, in percent."""
        return 100.0 * self.busy_bits / self.now_bit if self.now_bit else 0.0

    def load_by_second_pct(self) -> list[float]:
        """Return the load of every whole second since t = 0, in percent."""
        return [100.0 * bits / self.bitrate for bits in self.busy_by_second]

    def peak_load_pct(self) -> float:
        """Return the load of the busiest whole second, in percent; before the first is over, that of the time so far.
        """
        return max(self.load_by_second_pct(), default=self.load_pct())

    def figures(self) -> dict[str, object]:
        """Return what the bus has done so far, for people: counters, load and each controller's state and counters."""
        return {
            "frames": self.frames,
            "lost": self.lost,
            "errors": self.errors,
            "load_pct": round(self.load_pct(), 3),
            "load_by_second_pct": [round(load, 3) for load in self.load_by_second_pct()],
            "controllers": {
                node.name: {
                    "state": STATE_NAMES[node.state],
                    "tec": node.tec,
                    "rec": node.rec,
                    "sent": node.sent,
                    "rx_overruns": node.rx_overruns,
                }
                for node in self._nodes
            },
        }
