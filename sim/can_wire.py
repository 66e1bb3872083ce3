"""What happens on the wire of a CAN bus between two moments: who sends, when a frame ends, who sees which error.

`sim.can_bus` is what nodes, faults and the rig call. Frame format and error rules: ISO 11898-1 (CAN 2.0A and B).
"""

import math
from collections.abc import Callable
from typing import Final

from sim.can_controller import ACTIVE, BUS_OFF_LIMIT, PASSIVE_LIMIT, WARNING, Controller, Pending
from sim.can_faults import BITRATE, SKEW, LinkFaults
from sim.can_frame import EOF_AND_ACK_BITS, FLAG_EXT, FLAG_RTR, INTERFRAME_BITS
from sim.events import CAN_STATE

# Bits of an error frame from the bit behind the error: flag, delimiter. All nodes flag at once, or, where one saw the
# error before the others, the flags of those follow his.
ERROR_BITS: Final = 6 + 8
ERROR_BITS_ANSWERED: Final = 12 + 8
MISREAD_BITS: Final = 20  # of a frame, until a node at another bit rate has seen six equal bits and flags an error
SUSPEND_BITS: Final = 8  # an error-passive sender waits before it may send again
SEQUENCE_BITS: Final = 11  # recessive bits; after 128 times so many a controller rejoins from bus-off
BABBLE_ID: Final = 0


class Wire:
    """The wire and the controllers on it. `run(until)` lets it go on to a bit time.

    Counters: frames, lost (frames that a listening controller did not get, by a fault), errors (error frames).
    """

    def __init__(self, names: tuple[str, ...], bitrate: int, seed: int) -> None:
        self.bitrate = bitrate
        self.us_per_bit = 1_000_000 // bitrate
        self.controllers = {name: Controller(name, bitrate) for name in names}
        self.frames = 0
        self.lost = 0
        self.errors = 0
        self.busy_bits = 0
        self.now_bit = 0
        self.on_frame: Callable[[int, int, int, bytes], None] | None = None
        self.on_event: Callable[[int, str, int, int, int, int, int], None] | None = None
        self._nodes = list(self.controllers.values())
        self._intruder = Controller("intruder", bitrate)  # sends babbled frames; always acknowledged
        self._intruder.on = True
        self._free_bit = 0  # the bus is idle from here
        self._waiting = 0  # frames in mailboxes
        self._flight: Pending | None = None  # on the wire across the end of a step
        self._flight_end = 0
        self._babble_due = 0.0
        self._odd = False  # some controller does not run at the bus's bit rate and clock
        self._recovering = 0  # controllers on their way out of bus-off
        self._idle_bits = 0  # recessive bits that are no whole sequence yet
        self._link = LinkFaults(bitrate, seed)
        self.faults = self._link.active
        self.fault_hits = self._link.hits

    def _drop(self, node: Controller, mailbox: int) -> None:
        if node.mailboxes[mailbox] is not None:
            node.mailboxes[mailbox] = None
            if node is not self._intruder:
                self._waiting -= 1
                node.waiting -= 1

    def _tell_state(self, node: Controller, bit: int) -> None:
        """Report the state of a controller whose counters have changed, if it is another one."""
        state = node.state
        if state == node.known_state:
            return
        before, node.known_state = node.known_state, state
        if state >= WARNING and state > before:
            node.times[state] += 1
        if self.on_event is not None:
            worst = max(node.tec, node.rec)
            self.on_event(bit * self.us_per_bit, node.name, CAN_STATE, 0, before, state, worst)

    def _recover(self, ended: int, busy: int, free_bit: int, until: int) -> None:
        """Count the recessive sequences of a step for those who want to leave bus-off.

        One behind each of `ended` frames and error frames, and each 11 bits of an idle wire. busy: bits that the step
        added to busy_bits, the end of its last frame beyond the step included; free_bit: when the wire was free at its
        beginning.
        """
        busy += max(0, free_bit - self.now_bit) - max(0, self._free_bit - until)
        idle = max(0, until - self.now_bit - busy) + (0 if ended else self._idle_bits)
        self._idle_bits = idle % SEQUENCE_BITS
        for node in self._nodes:
            if node.recovery:
                node.recovery = max(0, node.recovery - ended - idle // SEQUENCE_BITS)
                if not node.recovery:
                    self._recovering -= 1
                    node.bus_off = False
                    self._tell_state(node, until)

    def run(self, until: int) -> None:
        """Let frames go over the wire until bit `until`; the last one may end later."""
        if self._flight is not None:
            if self._flight_end > until:
                return
            self._end_of_frame(self._flight)
        if self.faults and "disconnect" in self.faults:
            self._run_apart(until)
        now = max(self.now_bit, self._free_bit)
        while now < until:
            pending, rival = self._winner(now)
            if pending is None:
                if not (self._waiting or self.faults):
                    break
                now = self._next_start(now, until)
                continue
            now = self._send(pending, rival, now, until)
            if self._flight is not None:
                break
        if self._link.late:
            self._link.deliver_late(until, self.us_per_bit)

    def _winner(self, now: int) -> tuple[Pending | None, Pending | None]:
        """Return the waiting frame with the lowest arbitration field, of all controllers that may send.

        And that of another controller with the same one: neither notices the other before the data.
        """
        best = rival = None
        if self._waiting:
            for node in self._nodes:
                if not node.waiting or node.bus_off or node.silent or not node.connected or node.suspended_to > now:
                    continue
                for pending in node.mailboxes:
                    if pending is not None:
                        if best is None or pending.key < best.key:
                            best, rival = pending, None
                        elif pending.key == best.key and pending.owner is not best.owner:
                            rival = pending
        if self.faults and "babble" in self.faults:
            babble = self._intruder.mailboxes[0]
            if babble is None and self._babble_due <= now:
                babble = self._intruder.mailboxes[0] = Pending(self._intruder, 0, BABBLE_ID, 0, bytes(8))
                self._babble_due += self.bitrate / self.faults["babble"]
                self.fault_hits["babble"] += 1
            if babble is not None and (best is None or babble.key < best.key):
                best, rival = babble, None
        return best, rival

    def _next_start(self, now: int, until: int) -> int:
        """Return the bit at which somebody who may not send yet may."""
        starts = [until]
        for node in self._nodes:
            if node.waiting and node.suspended_to > now and not node.bus_off and not node.silent and node.connected:
                starts.append(node.suspended_to)
        if "babble" in self.faults and self._babble_due > now:
            starts.append(math.ceil(self._babble_due))
        return min(starts)

    def _send(self, pending: Pending, rival: Pending | None, now: int, until: int) -> int:
        """Let a frame begin at bit `now`; return when the wire is free again."""
        owner = pending.owner
        if rival is not None:
            if _content(pending) == _content(rival):
                pending.twin = rival
            else:
                survivor = self._collide(pending, rival, now)
                if survivor is None:
                    return self._free_bit
                pending, owner = survivor, survivor.owner
        bits = pending.bits
        if self._odd:
            bits = round(bits * self.bitrate / owner.bit_hz)
            if self._misread(owner, now):
                return self._destroyed(now, MISREAD_BITS + ERROR_BITS_ANSWERED, owner)
        if not self._acknowledged(pending):
            return self._alone(pending, bits, now, until, once=self._waiting > owner.waiting)
        if self.faults and owner is not self._intruder and self._link.chance("error"):
            # The disturbance hits the CRC delimiter: every node flags at the next bit.
            self._fail(owner, now)
            self._receivers_see(now, owner)
            return self._destroyed(now, bits - INTERFRAME_BITS - EOF_AND_ACK_BITS + 1 + ERROR_BITS, owner)
        self.busy_bits += bits
        self._free_bit = now + bits
        self._flight_end = now + bits - INTERFRAME_BITS
        self._flight = pending
        if self._flight_end <= until:
            self._end_of_frame(pending)
        return self._free_bit

    def _destroyed(self, now: int, bits: int, *senders: Controller) -> int:
        """Account for a frame that went to bit `bits`, its error frame included; return when the wire is free again."""
        self.errors += 1
        self.busy_bits += bits + INTERFRAME_BITS
        self._free_bit = now + bits + INTERFRAME_BITS
        for sender in senders:
            self._suspend(sender)
        return self._free_bit

    def _suspend(self, sender: Controller) -> None:
        if sender.passive:
            sender.suspended_to = self._free_bit + SUSPEND_BITS

    def _receivers_see(self, now: int, *senders: Controller) -> None:
        """Count an error frame at everyone who hears the senders and is none of them."""
        for node in self._nodes:
            if node not in senders and self._hears(node, senders[0]):
                node.saw_error(1)
                self._tell_state(node, now)

    def _hears(self, node: Controller, sender: Controller) -> bool:
        """Tell whether the level that `sender` puts on the wire reaches `node`."""
        return node.on and not node.bus_off and (node.connected or sender is self._intruder)

    def _acknowledged(self, pending: Pending) -> bool:
        sender = pending.owner
        if sender is self._intruder:
            return True
        for node in self._nodes:  # with the plug out nobody but the intruder sends on this wire
            if node.on and node is not sender and not node.silent and not node.bus_off:
                if self._odd and not node.reads(sender):
                    continue
                if pending.twin is None or pending.twin.owner is not node:
                    return True
        return False

    def _alone(self, pending: Pending, bits: int, now: int, until: int, *, once: bool) -> int:
        """Let a sender try that nobody acknowledges, once or until `until`; return when the wire is free again.

        The error is seen in the ACK slot. +8 a try up to error passive, where the counter stays for ever: never
        bus-off (ISO 11898-1).
        """
        owner = pending.owner
        senders = [owner] if pending.twin is None else [owner, pending.twin.owner]
        period = bits - EOF_AND_ACK_BITS + 2 + ERROR_BITS
        free_bit = now
        while now < until:
            tries = 1
            if owner.passive and not once:
                tries = -(-(until - now) // (period + SUSPEND_BITS))
            for sender in senders:
                if not sender.passive:
                    sender.tec += 8
                    self._tell_state(sender, now)
            pause = SUSPEND_BITS if owner.passive else 0
            now += tries * (period + pause)
            free_bit = now - pause
            self.errors += tries
            self.busy_bits += tries * period
            if once:
                break
        self._free_bit = free_bit
        for sender in senders:
            self._suspend(sender)
        return free_bit

    def _run_apart(self, until: int) -> None:
        """The plug is out: every node has a wire of its own, on which nobody acknowledges. Load: the first one's."""
        free_bit = self._free_bit
        for node in self._nodes:
            first = min((x for x in node.mailboxes if x is not None), key=lambda x: x.key, default=None)
            begin = max(self.now_bit, node.suspended_to)
            if first is None or node.connected or node.silent or node.bus_off or begin >= until:
                continue
            self.fault_hits["disconnect"] += 1
            busy_bits = self.busy_bits
            self._alone(first, first.bits, begin, until, once=False)
            if node is not self._nodes[0]:
                self.busy_bits = busy_bits
        self._free_bit = free_bit

    def _misread(self, sender: Controller, now: int) -> bool:
        """Let those see an error who cannot follow the sender's bits; tell whether their flags destroy its frame.

        9 points for each of them that flags: 1 for the error, 8 because its flag is the first.
        """
        blind = [
            node
            for node in self._nodes
            if node is not sender and not node.silent and self._hears(node, sender) and not node.reads(sender)
        ]
        if not blind:
            return False
        for kind in self.faults:
            if kind in [prefix + node.name for prefix in (BITRATE, SKEW) for node in (sender, *blind)]:
                self.fault_hits[kind] += 1
        flags = any(not node.passive for node in blind)
        for node in blind:
            node.saw_error(1 if node.passive else 9)
            self._tell_state(node, now)
        if flags:
            self._receivers_see(now, sender, *blind)
            self._fail(sender, now)
        return flags

    def _collide(self, pending: Pending, rival: Pending, now: int) -> Pending | None:
        """Two senders with one identifier and different content: return the frame that goes on, None when none does.

        Whoever sends recessive at the first difference sees a bit error. Its flag destroys the other's frame too,
        unless it is error passive.
        """
        loser, other = sorted((pending, rival), key=_content, reverse=True)
        goes_on = loser.owner.passive
        self._fail(loser.owner, now)
        if goes_on:
            loser.owner.suspended_to = now + other.bits + SUSPEND_BITS
            return other
        self._fail(other.owner, now)
        self._receivers_see(now, loser.owner, other.owner)
        self._destroyed(now, _first_difference(loser, other) + ERROR_BITS_ANSWERED, loser.owner, other.owner)
        return None

    def _fail(self, sender: Controller, now: int) -> None:
        """Count an error of a sender."""
        if sender is not self._intruder:
            sender.tec += 8
            self._check_bus_off(sender, now)

    def _check_bus_off(self, node: Controller, now: int) -> None:
        if node.tec >= BUS_OFF_LIMIT:
            node.bus_off = True
            self._recovering -= node.recovery > 0
            node.recovery = 0
        self._tell_state(node, now)

    def _sent(self, pending: Pending, end: int) -> None:
        """A sender has got its frame over: free its mailbox, heal its counter."""
        sender = pending.owner
        self._drop(sender, pending.mailbox)
        sender.freed |= 1 << pending.mailbox
        sender.sent += 1
        if sender.tec:
            sender.tec -= 1
        if sender.known_state != ACTIVE:
            self._tell_state(sender, end)
            self._suspend(sender)
        if sender.on_sent is not None:
            sender.on_sent(pending, end * self.us_per_bit)

    def _end_of_frame(self, pending: Pending) -> None:
        """The frame in flight has ended well: free its mailbox and hand it to everyone who listens."""
        self._flight = None
        sender, twin = pending.owner, pending.twin
        end = self._flight_end
        t_us = end * self.us_per_bit
        data = pending.data
        self.frames += 1
        copies = 1
        if self.faults and sender is not self._intruder:
            tampered = self._link.tampered(pending, end)
            copies = 0 if tampered is None else self._link.copies(sender)
            data = data if tampered is None else tampered
        if self.on_frame is not None:
            self.on_frame(t_us, pending.can_id, pending.flags, data)
        frame = (t_us & 0xFFFFFFFF, pending.can_id, pending.flags, len(data), data.ljust(8, b"\0"))
        for node in self._nodes:  # with the plug out only the intruder gets here
            if node is sender or not node.on or node.bus_off or (twin is not None and node is twin.owner):
                continue
            if self._odd:
                if not node.reads(sender):
                    continue
                frame = (node.stamp_us(t_us), *frame[1:])
            if node.rec:
                node.rec = node.rec - 1 if node.rec < PASSIVE_LIMIT else 119
                if node.known_state != ACTIVE:
                    self._tell_state(node, end)
            if not copies:
                self.lost += 1
            elif not self.faults or not self._link.delay(end, node, frame):
                node.received.append(frame)
                if copies > 1:
                    node.received.append(frame)
        if sender is self._intruder:
            sender.mailboxes[pending.mailbox] = None
            return
        last = sender.last
        if last is not None and last.can_id != pending.can_id:
            sender.before = last
        sender.last = pending
        self._link.history.append((end, pending))
        if twin is not None and twin.owner.mailboxes[twin.mailbox] is twin:
            self._sent(twin, end)
        self._sent(pending, end)


def _content(pending: Pending) -> tuple[int, bytes]:
    """Return what follows the arbitration field, in an order in which the dominant one comes first."""
    return len(pending.data), b"" if pending.flags & FLAG_RTR else pending.data


def _first_difference(one: Pending, other: Pending) -> int:
    """Return the bit (stuff bits not counted) at which two frames of one identifier differ, the first one being 1."""
    header = 39 if one.flags & FLAG_EXT else 19  # up to and with the data length code
    length = len(one.data) ^ len(other.data)
    if length:
        return header + 1 - length.bit_length()
    first = next(i for i, (a, b) in enumerate(zip(one.data, other.data, strict=True)) if a != b)
    return header + 8 * first + 9 - (one.data[first] ^ other.data[first]).bit_length()
