"""What the tests of the bus share: two nodes on a bus, frames of them, and what was seen."""

from __future__ import annotations

from sim.can_bus import CanBus
from sim.can_controller import Controller
from sim.can_frame import FLAG_EXT, frame_bits

D, T = 0x18FF10D1, 0x18FF21A1
DATA = bytes(range(8))
BITS = frame_bits(D, FLAG_EXT, DATA)
STEP_BITS = 5000  # bit times of 10 ms at 500 kbit/s

Event = tuple[int, str, int, int, int, int, int]


class Script:
    """A bus with dispenser and tank, both on. `log`: frames that ended well; `events`: what the bus reported."""

    def __init__(self, *more: str) -> None:
        self.log: list[tuple[int, int, int, bytes]] = []
        self.events: list[Event] = []
        self.bus = CanBus(("dispenser", "tank", *more), on_frame=lambda *frame: self.log.append(frame))
        self.bus.on_event = lambda *event: self.events.append(event)
        for name in self.bus.controllers:
            self.bus.power(name, True)
        self.dispenser, self.tank = self.bus.controllers["dispenser"], self.bus.controllers["tank"]
        self.t_us = 0

    def node(self, name: str) -> Controller:
        """Return a controller."""
        return self.bus.controllers[name]

    def send(
        self, node: str = "dispenser", can_id: int = D, data: bytes = DATA, mailbox: int = 0, flags: int = FLAG_EXT
    ) -> None:
        """Put a frame into a mailbox."""
        self.bus.submit(node, mailbox, can_id, flags, data)

    def run(self, ms: int = 10) -> None:
        """Let the bus run, 10 ms a step."""
        for _ in range(ms // 10):
            self.t_us += 10_000
            self.bus.step(self.t_us)

    def ends(self) -> list[int]:
        """Return the bit times at which the frames of the log ended."""
        return [t_us // 2 for t_us, *_ in self.log]

    def heard(self, node: str) -> list[bytes]:
        """Return the payloads that a node has received since the last call."""
        return [frame[4] for frame in self.node(node).take()[1]]
