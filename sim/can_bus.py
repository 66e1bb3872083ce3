"""The CAN bus of the truck link: arbitration, bit-exact frame times, ACK, error counters, bus-off, link faults.

Time is counted in whole bit times from t = 0, so nothing drifts. Controllers have three mailboxes; of all frames that
wait the one with the lowest identifier goes first. Frame format and error rules: ISO 11898-1 (CAN 2.0A and B);
what is left out: overload frames, resynchronisation, bit errors other than a destroyed frame.
"""

import math
import random
from collections import deque
from collections.abc import Callable
from typing import Final

from sim.can_controller import BUS_OFF_LIMIT, PASSIVE_LIMIT, Controller, Frame, Pending
from sim.can_frame import EOF_AND_ACK_BITS, INTERFRAME_BITS

ERROR_FRAME_BITS: Final = 6 + 6 + 8  # flag, at most six more bits of the other nodes' flags, delimiter
SUSPEND_BITS: Final = 8  # an error-passive sender waits before it may send again
RECOVERY_BITS: Final = 128 * 11  # recessive bits before a controller rejoins from bus-off

# Faults and their default value. Shares are in percent of the frames.
FAULTS: Final = {
    "drop": 100.0,  # %: acknowledged on the wire, but does not reach the receiver
    "corrupt": 100.0,  # %: one payload bit flips and the bus CRC does not see it
    "duplicate": 100.0,  # %: delivered twice
    "delay": 0.05,  # s: delivered this much later
    "replay": 1.0,  # s: the content of this long ago instead of the present one
    "masquerade": 100.0,  # %: carries the payload of its sender's previous other message
    "bus_off": 1.0,  # index of the node that is put into bus-off again and again
    "babble": 3000.0,  # frames/s of a third sender at the highest priority
    "disconnect": 0.0,  # no node hears another
    "mute_dispenser": 0.0,  # acknowledged on the wire, but nothing that this node sends reaches another
    "mute_tank": 0.0,
    "error": 100.0,  # %: destroyed on the wire: error frame, counters, repeat
}
BABBLE_ID: Final = 0
HISTORY: Final = 40_000  # frames kept for replay: ten minutes of normal traffic



class CanBus:
    """One bus. Call `submit` and `cancel` between steps, then `step` to a later time.

    bitrate: 500_000 or 250_000. on_frame(t_us, can_id, flags, data) is called for every frame that ended well on the
    wire, in order. Counters: frames, lost (frames that a listening controller did not get, by a fault), errors.
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
        self.bitrate = bitrate
        self.us_per_bit = 1_000_000 // bitrate
        self.controllers = {name: Controller(name) for name in names}
        self._nodes = list(self.controllers.values())
        self._intruder = Controller("intruder")  # sends babbled and replayed frames; always acknowledged
        self._intruder.on = True
        self.on_frame = on_frame
        self.frames = 0
        self.lost = 0
        self.errors = 0
        self.busy_bits = 0
        self.now_bit = 0
        self._free_bit = 0  # the bus is idle from here
        self._waiting = 0  # frames in mailboxes
        self._flight: Pending | None = None  # on the wire across the end of a step
        self._flight_end = 0
        self._late: list[tuple[int, Controller, Frame]] = []  # delayed deliveries: (bit, to, frame)
        self._history: deque[tuple[int, int, bytes]] = deque(maxlen=HISTORY)  # (bit, id, data), for replay
        self._last: dict[str, tuple[int, bytes]] = {}  # sender -> its latest (id, data)
        self._before: dict[str, tuple[int, bytes]] = {}  # sender -> its latest with another id
        self._babble_due = 0.0
        self._rng = random.Random(f"can{seed}")
        self.faults: dict[str, float] = {}
        self.fault_hits: dict[str, int] = dict.fromkeys(FAULTS, 0)

    def attach(self, name: str) -> Controller:
        """Add a controller that only listens (a tool's adapter); `power(name, True)` lets it send and acknowledge."""
        node = self.controllers[name] = Controller(name)
        node.on = node.silent = True
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
        node.mailboxes[mailbox] = Pending(node, mailbox, can_id, flags & 3, data)

    def cancel(self, name: str, mailbox: int) -> None:
        """Drop a waiting frame unless it is on the wire already."""
        node = self.controllers[name]
        pending = node.mailboxes[mailbox]
        if pending is not None and pending is not self._flight:
            self._drop(node, mailbox)
            node.freed |= 1 << mailbox

    def _drop(self, node: Controller, mailbox: int) -> None:
        if node.mailboxes[mailbox] is not None:
            node.mailboxes[mailbox] = None
            if node is not self._intruder:
                self._waiting -= 1

    def power(self, name: str, on: bool, *, silent: bool = False) -> None:
        """Switch a controller on or off (off: reset of its node). Counters and mailboxes start empty."""
        node = self.controllers[name]
        if on and node.on:
            node.silent = silent
            return
        self._clear(node)
        node.on = on
        node.silent = silent
        node.bus_off = False
        node.rejoin_bit = 0
        node.received = []
        node.freed = 0

    def restart(self, name: str) -> None:
        """machine.CAN.restart(): counters and mailboxes cleared, off the bus until 128 x 11 bits have passed."""
        node = self.controllers[name]
        was_off = node.bus_off
        self._clear(node)
        node.freed = 0
        node.rejoin_bit = self.now_bit + RECOVERY_BITS if was_off else 0

    def _clear(self, node: Controller) -> None:
        if self._flight is not None and self._flight.owner is node:
            self._flight = (
                None  # cut off in mid-frame: the others see an error frame, the bus is free again soon
            )
            self._free_bit = self.now_bit + ERROR_FRAME_BITS + INTERFRAME_BITS
            self.errors += 1
        for i in range(3):
            self._drop(node, i)
        node.tec = node.rec = 0

    # -- faults

    def set_fault(self, kind: str, value: float | None = None) -> None:
        """Start a link fault: a kind of FAULTS, with its default if no value is given. ValueError if unknown."""
        if kind not in FAULTS:
            raise ValueError(f"can.link fault {kind!r}: not one of {', '.join(FAULTS)}")
        self.faults[kind] = FAULTS[kind] if value is None else value
        if kind == "disconnect":
            for node in self._nodes:
                node.connected = False
        elif kind == "babble":
            self._babble_due = float(self.now_bit)

    def clear_fault(self, kind: str) -> None:
        """End a link fault; bus-off stays until the node restarts its controller."""
        self.faults.pop(kind, None)
        if kind == "disconnect":
            for node in self._nodes:
                node.connected = True
        elif kind == "babble":
            self._intruder.mailboxes[0] = None

    def _chance(self, kind: str) -> bool:
        share = self.faults.get(kind)
        if share is None or (share < 100.0 and self._rng.random() * 100.0 >= share):
            return False
        self.fault_hits[kind] += 1
        return True

    # -- time

    def step(self, until_us: int) -> None:
        """Let the bus run until `until_us` (a whole number of bit times)."""
        until = until_us // self.us_per_bit
        if self.faults and "bus_off" in self.faults:
            node = self._nodes[int(self.faults["bus_off"]) % len(self._nodes)]
            if node.on and not node.bus_off:
                self.fault_hits["bus_off"] += 1
                node.tec = BUS_OFF_LIMIT
                self._check_bus_off(node)
        if self._waiting or self._flight is not None or self.faults or self._late:
            self._run(until)
        self.now_bit = until
        for node in self._nodes:
            if node.rejoin_bit and node.rejoin_bit <= until:
                node.rejoin_bit = 0
                node.bus_off = False

    def _run(self, until: int) -> None:
        if self._flight is not None:
            if self._flight_end > until:
                return
            self._end_of_frame(self._flight)
        now = max(self.now_bit, self._free_bit)
        alone: list[Controller] = []  # has nobody to acknowledge: off the common wire for this step
        while now < until:
            pending = self._winner(now, alone)
            if pending is None:
                if "babble" in self.faults and now < self._babble_due < until:
                    now = math.ceil(self._babble_due)
                    continue
                break
            owner = pending.owner
            if not self._acknowledged(owner):
                # Alone it repeats for ever: +8 a try up to error passive, where the counter stays (ISO 11898-1).
                tries = max(1, (until - now) // (pending.bits + ERROR_FRAME_BITS - EOF_AND_ACK_BITS))
                self.errors += tries
                if owner.tec < PASSIVE_LIMIT:
                    owner.tec = min(PASSIVE_LIMIT + 7, owner.tec + 8 * tries) & ~7
                alone.append(owner)
                continue
            end = now + pending.bits - INTERFRAME_BITS
            self._free_bit = now + pending.bits
            self.busy_bits += pending.bits
            if self.faults and pending.owner is not self._intruder and self._chance("error"):
                self._error(owner)
                for node in self._nodes:
                    if node is not owner and self._hears(node, owner):
                        node.rec = min(node.rec + 1, 255)
                self._free_bit += ERROR_FRAME_BITS + (SUSPEND_BITS if owner.tec >= PASSIVE_LIMIT else 0)
                now = self._free_bit
                continue
            self._flight = pending
            self._flight_end = end
            if end > until:
                break
            self._end_of_frame(pending)
            now = self._free_bit
        if self._late:
            self._deliver_late(until)

    def _winner(self, now: int, alone: list[Controller]) -> Pending | None:
        """Return the waiting frame with the lowest arbitration field, of all controllers that may send."""
        best: Pending | None = None
        if self._waiting:
            for node in self._nodes:
                if node.bus_off or not node.on or node.silent or node in alone:
                    continue
                for pending in node.mailboxes:
                    if pending is not None and (best is None or pending.key < best.key):
                        best = pending
        if "babble" in self.faults:
            babble = self._intruder.mailboxes[0]
            if babble is None and self._babble_due <= now:
                babble = self._intruder.mailboxes[0] = Pending(self._intruder, 0, BABBLE_ID, 0, bytes(8))
                self._babble_due += self.bitrate / self.faults["babble"]
                self.fault_hits["babble"] += 1
            if babble is not None and (best is None or babble.key < best.key):
                best = babble
        return best

    def _hears(self, node: Controller, sender: Controller) -> bool:
        """Tell whether a frame of `sender` reaches `node`."""
        return (
            node.on
            and not node.bus_off
            and (sender is self._intruder or (node.connected and sender.connected))
        )

    def _acknowledged(self, sender: Controller) -> bool:
        if sender is self._intruder:
            return True
        for node in self._nodes:
            if node is not sender and not node.silent and self._hears(node, sender):
                return True
        if "disconnect" in self.faults:
            self.fault_hits["disconnect"] += 1
        return False

    def _error(self, sender: Controller) -> None:
        self.errors += 1
        if sender is self._intruder:
            return
        sender.tec += 8
        self._check_bus_off(sender)

    def _check_bus_off(self, node: Controller) -> None:
        if node.tec >= BUS_OFF_LIMIT:
            node.bus_off = True
            node.rejoin_bit = 0

    def _end_of_frame(self, pending: Pending) -> None:
        """The frame in flight has ended well: free its mailbox and hand it to everyone who listens."""
        self._flight = None
        sender = pending.owner
        if sender is self._intruder:
            sender.mailboxes[pending.mailbox] = None
        else:
            self._drop(sender, pending.mailbox)
            sender.freed |= 1 << pending.mailbox
            sender.sent += 1
            if sender.tec:
                sender.tec -= 1
        end = self._free_bit - INTERFRAME_BITS
        t_us = end * self.us_per_bit
        data = pending.data
        self.frames += 1
        if self.faults:
            tampered = self._tampered(pending, end)
            copies = 0 if tampered is None else self._copies(sender)
            data = data if tampered is None else tampered
            delay = self.faults.get("delay")
        else:
            copies, delay = 1, None
        if self.on_frame is not None:
            self.on_frame(t_us, pending.can_id, pending.flags, data)
        frame = (t_us & 0xFFFFFFFF, pending.can_id, pending.flags, len(data), data.ljust(8, b"\0"))
        for node in self._nodes:
            if node is sender or not self._hears(node, sender):
                continue
            if node.rec:
                node.rec = node.rec - 1 if node.rec < PASSIVE_LIMIT else 119
            if not copies:
                self.lost += 1
            elif delay is not None:
                self.fault_hits["delay"] += 1
                self._late.append((end + int(delay * self.bitrate), node, frame))
            else:
                node.received.append(frame)
                if copies > 1:
                    node.received.append(frame)
        if sender is not self._intruder:
            self._history.append((end, pending.can_id, pending.data))
            last = self._last.get(sender.name)
            if last is not None and last[0] != pending.can_id:
                self._before[sender.name] = last
            self._last[sender.name] = (pending.can_id, pending.data)

    def _tampered(self, pending: Pending, end: int) -> bytes | None:
        """Return what the receivers get instead of the frame's data; None: nothing."""
        data = pending.data
        if pending.owner is self._intruder or not data:
            return data
        if "replay" in self.faults:
            back = end - int(self.faults["replay"] * self.bitrate)
            old = None
            for bit, can_id, content in reversed(self._history):
                if bit <= back and can_id == pending.can_id:
                    old = content
                    break
            if old != data:
                self.fault_hits["replay"] += 1
            if old is None:
                return None
            data = old
        if "masquerade" in self.faults:
            last = self._last.get(pending.owner.name)
            if last is not None and last[0] == pending.can_id:
                last = self._before.get(pending.owner.name)
            if last is not None and last[1] != data and self._chance("masquerade"):
                data = last[1]
        if self._chance("corrupt"):
            bit = self._rng.randrange(8 * len(data))
            changed = bytearray(data)
            changed[bit >> 3] ^= 1 << (bit & 7)
            data = bytes(changed)
        return data

    def _copies(self, sender: Controller) -> int:
        """Return how often the receivers get a frame of `sender`."""
        mute = "mute_" + sender.name
        if mute in self.faults:
            self.fault_hits[mute] += 1
            return 0
        if self._chance("drop"):
            return 0
        return 2 if self._chance("duplicate") else 1

    def _deliver_late(self, until: int) -> None:
        due = [x for x in self._late if x[0] <= until]
        if due:
            self._late = [x for x in self._late if x[0] > until]
            for bit, node, (_, can_id, flags, dlc, data) in sorted(due, key=lambda x: x[0]):
                if node.on and not node.bus_off:
                    node.received.append((bit * self.us_per_bit & 0xFFFFFFFF, can_id, flags, dlc, data))
            for node in self._nodes:
                node.received.sort(key=lambda f: f[0])

    def load_pct(self) -> float:
        """Return the share of time that the bus was busy since t = 0, in percent."""
        return 100.0 * self.busy_bits / self.now_bit if self.now_bit else 0.0
