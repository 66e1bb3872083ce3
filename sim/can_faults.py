"""What a fault of the CAN link does to frames that ended well on the wire, and to the controllers' clocks.

Faults of the wire itself (error frames, who acknowledges whom) are in `sim.can_bus`, which owns one `LinkFaults`.
"""

import random
from collections import deque
from typing import Final

from sim.can_controller import Controller, Frame, Pending

# Faults and their default value. Shares are in percent of the frames. The order is that of the events' numbers.
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
    "bitrate_dispenser": 250.0,  # kbit/s at which this node's controller runs
    "bitrate_tank": 250.0,
    "skew_dispenser": 20_000.0,  # ppm: this node's clock runs so much too fast
    "skew_tank": 20_000.0,
}
BITRATE, SKEW = "bitrate_", "skew_"
HISTORY: Final = 40_000  # frames kept for replay: ten minutes of normal traffic


class LinkFaults:
    """The faults at work on one bus. `active`: kind -> value; `hits`: kind -> how often it did something."""

    def __init__(self, bitrate: int, seed: int) -> None:
        self.active: dict[str, float] = {}
        self.hits: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self.late: list[tuple[int, Controller, Frame]] = []  # delayed deliveries: (bit, to, frame)
        self._bitrate = bitrate
        self.history: deque[tuple[int, Pending]] = deque(maxlen=HISTORY)  # frames sent, for replay: end bit, frame
        self._rng = random.Random(f"can{seed}")

    def chance(self, kind: str) -> bool:
        """Draw whether a fault with a share hits this frame."""
        share = self.active.get(kind)
        if share is None or (share < 100.0 and self._rng.random() * 100.0 >= share):
            return False
        self.hits[kind] += 1
        return True

    def tampered(self, pending: Pending, end: int) -> bytes | None:
        """Return what the receivers get instead of the frame's data; None: nothing."""
        data = pending.data
        if not data:
            return data
        if "replay" in self.active:
            back = end - int(self.active["replay"] * self._bitrate)
            old = None
            for bit, sent in reversed(self.history):
                if bit <= back and sent.can_id == pending.can_id:
                    old = sent.data
                    break
            if old != data:
                self.hits["replay"] += 1
            if old is None:
                return None
            data = old
        if "masquerade" in self.active:
            other = pending.owner.last
            if other is not None and other.can_id == pending.can_id:
                other = pending.owner.before
            if other is not None and other.data != data and self.chance("masquerade"):
                data = other.data
        if self.chance("corrupt"):
            bit = self._rng.randrange(8 * len(data))
            changed = bytearray(data)
            changed[bit >> 3] ^= 1 << (bit & 7)
            data = bytes(changed)
        return data

    def copies(self, sender: Controller) -> int:
        """Return how often the receivers get a frame of `sender`."""
        mute = "mute_" + sender.name
        if mute in self.active:
            self.hits[mute] += 1
            return 0
        if self.chance("drop"):
            return 0
        return 2 if self.chance("duplicate") else 1

    def delay(self, end: int, to: Controller, frame: Frame) -> bool:
        """Keep a frame back if the link is slow; tell whether it was."""
        delay_s = self.active.get("delay")
        if delay_s is None:
            return False
        self.hits["delay"] += 1
        self.late.append((end + int(delay_s * self._bitrate), to, frame))
        return True

    def deliver_late(self, until: int, us_per_bit: int) -> None:
        """Hand over the frames whose delay has passed."""
        due = [x for x in self.late if x[0] <= until]
        self.late = [x for x in self.late if x[0] > until]
        for bit, node, (_, can_id, flags, dlc, data) in sorted(due, key=lambda x: x[0]):
            if node.on and not node.bus_off:
                node.received.append((node.stamp_us(bit * us_per_bit), can_id, flags, dlc, data))
        for node in {id(x[1]): x[1] for x in due}.values():
            node.received.sort(key=lambda f: f[0])
