"""The CAN controller of the truck link: a receive ring filled by interrupt, and a bare send.

machine.CAN has no software queue: three received frames wait in hardware and the fourth is lost, so the
handler drains the controller at once into a ring that is allocated here. It receives nothing before
`set_filters`. Nothing in this module allocates after construction.
"""

from machine import CAN
from micropython import const

from board import clock

CONTROLLER = 3
BITRATE = 500_000
RING = const(32)  # frames; 32 frames at full bus load of 8-byte frames are 8 ms short of a tick's worth


class Port:
    """Receive ring and send of one controller.

    `count` frames wait; frame i is `ids[i]`, `bytes[i]` (bytearray(8)) and `at_ms[i]` (ticks of the bus).
    """

    def __init__(self):
        self.ids = [0] * RING
        self.data = [bytearray(8) for _ in range(RING)]
        self.at_ms = [0] * RING
        self.count = 0
        self.lost = 0  # frames that came while the ring was full
        self.refused = 0  # sends that found no free mailbox or the same id pending
        self._slot = [0, memoryview(bytearray(8)), 0, 0]  # type: list  # recv resizes the view: 8 bytes behind it
        self._can = CAN(CONTROLLER, BITRATE)
        self._can.irq(self._received, CAN.IRQ_RX, False)
        self._can.set_filters(None)

    def _received(self, can):
        slot = self._slot
        while can.recv(slot) is not None:
            i = self.count
            if slot[3]:
                self.lost += 1
            if i >= RING or len(slot[1]) != 8 or not slot[2] & CAN.FLAG_EXT_ID:
                self.lost += 1  # every frame of the protocol is extended with DLC 8
                continue
            self.ids[i] = slot[0]
            data = self.data[i]
            view = slot[1]
            for k in range(8):
                data[k] = view[k]
            self.at_ms[i] = clock.ticks_ms()
            self.count = i + 1

    def send(self, can_id, data):
        """Hand one frame to the controller; return True if it took it (it then owns a copy)."""
        try:
            index = self._can.send(can_id, data, CAN.FLAG_EXT_ID)
        except OSError:  # bus-off
            self.refused += 1
            return False
        if index is None:
            self.refused += 1
            return False
        return True

    def bus_off(self):
        """Return True while the controller has left the bus."""
        return self._can.state() == CAN.STATE_BUS_OFF

    def restart(self):
        """Rejoin the bus after bus-off; clears counters and pending frames."""
        self._can.restart()
