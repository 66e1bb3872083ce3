"""The CAN controller of the truck link: a receive ring filled by interrupt, and a send that knows priorities.

machine.CAN has no software queue: a FIFO holds three frames and the fourth is lost, so the handler drains the
controller at once into a ring that is allocated here. It receives nothing before `set_filters`; the filters let only
the peer's frames through, and there are two of them because each feeds a FIFO of its own. Nothing in this module
allocates after construction.
"""

from machine import CAN
from micropython import const

from board.clock import ticks_ms
from board.wiring_table import CAN_ID

BITRATES = (500_000, 250_000)
RING = const(40)  # a tick at full bus load of 8-byte extended frames at 500 kbit/s brings 38
MAILBOXES = const(3)
# Extended id: Proprietary B (PF 0xFF, data page 0) of the peer's source address; PS even to one FIFO, odd to the other.
_FILTER_ID = const(0x00FF0000)
_FILTER_MASK = const(0x03FF01FF)
_PS_ODD = const(0x100)
_EXTENDED, _OVERRUN, _SENT = CAN.FLAG_EXT_ID, CAN.RECV_ERR_OVERRUN, CAN.IRQ_TX  # as names of our own: found sooner


class Port:
    """Receive ring and send of one controller.

    peer: source address of the node that is listened to. bitrate: one of BITRATES.
    `count` frames wait; frame i is `ids[i]`, `data[i]` (memoryview of 8 bytes) and `at_ms[i]` (ticks of the bus).
    """

    def __init__(self, peer, bitrate):
        self.ids = [0] * RING
        self.data = [memoryview(bytearray(8)) for _ in range(RING)]
        self.at_ms = [0] * RING
        self.count = 0
        self.lost = 0  # times that frames came faster than controller or ring could take them
        self.strange = 0  # frames of the peer that no frame of the protocol looks like
        self.refused = 0  # sends that found no free mailbox or the same id pending
        self.unsent = 0  # bit per slot: a frame of it left its mailbox without having been sent
        self._owner = [-1] * MAILBOXES  # slot whose frame is in there, -1 none
        self._leaving = 0  # bit per mailbox whose frame was cancelled, until the controller says what became of it
        self._counters = [0] * 8
        self._slot = [0, memoryview(bytearray(8)), 0, 0]  # type: list  # recv resizes the view: 8 bytes behind it
        self._can = CAN(CAN_ID, bitrate)
        self._next_event = self._can.irq(self._interrupt, CAN.IRQ_RX | CAN.IRQ_TX, False).flags
        even = _FILTER_ID | peer
        self._can.set_filters(
            [(even, _FILTER_MASK, CAN.FLAG_EXT_ID), (even | _PS_ODD, _FILTER_MASK, CAN.FLAG_EXT_ID)]
        )

    def _interrupt(self, can):
        slot = self._slot
        while can.recv(slot) is not None:
            i = self.count
            if slot[3] & _OVERRUN:
                self.lost += 1
            view = slot[1]
            if len(view) != 8 or slot[2] != _EXTENDED:
                self.strange += 1  # every frame of the protocol is extended data with DLC 8
                continue
            if i >= RING:
                self.lost += 1
                continue
            self.ids[i] = slot[0]
            slot[1] = self.data[i]  # they change places: what came in is not copied
            self.data[i] = view
            self.at_ms[i] = ticks_ms()
            self.count = i + 1
        flags = self._next_event()
        while flags:
            if flags & _SENT:
                self._left(flags >> CAN.IRQ_TX_IDX_SHIFT & CAN.IRQ_TX_IDX_MASK, flags & CAN.IRQ_TX_FAILED)
            flags = self._next_event()

    def _left(self, box, failed):
        """A mailbox is empty again; `failed`: its frame was not sent."""
        slot = self._owner[box]
        self._owner[box] = -1
        self._leaving &= ~(1 << box)
        if failed and slot >= 0:
            self.unsent |= 1 << slot

    def send(self, slot, can_id, data):
        """Hand one frame to the controller; return True if it took it (it then owns a copy).

        slot: number of the message, 0 the most important one. After a refusal the controller is asked to give up what
        is in the way: an older value of this slot, or the least important of three that are all less important.
        `unsent` tells when it has; then there is room.
        """
        try:
            index = self._can.send(can_id, data, _EXTENDED)
        except OSError:  # bus-off
            self.refused += 1
            return False
        if index is None:
            self.refused += 1
            self._make_room(slot)
            return False
        self._owner[index] = slot
        return True

    def _make_room(self, slot):
        owner = self._owner
        worst = 0
        for i in range(MAILBOXES):
            if owner[i] == slot:
                worst = i
                break
            if owner[i] > owner[worst]:
                worst = i
        if owner[worst] < slot or self._leaving:
            return  # all are more important, or room is being made
        if self._can.cancel_send(worst):
            self._leaving |= 1 << worst
        else:
            owner[worst] = -1  # it was sent in this moment

    def state(self):
        """Return STATE_STOPPED, _ACTIVE, _WARNING, _PASSIVE or _BUS_OFF, 0 to 4."""
        return self._can.state()

    def counters(self):
        """Return [TEC, REC, warnings, passives, bus-offs, TX pending, RX pending, RX overruns] in one list."""
        return self._can.get_counters(self._counters)

    def restart(self):
        """Rejoin the bus after bus-off; clears counters and pending frames."""
        self._can.restart()
        for i in range(MAILBOXES):
            self._left(i, True)
