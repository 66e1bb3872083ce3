"""One node's CAN controller as the bus sees it: mailboxes, what it received, error counters and the state they mean.

Error rules: ISO 11898-1.
"""

from typing import Final

from sim.can_frame import arbitration_key, frame_bits

FLAG_OVERRUN: Final = 0x80  # wire.FLAG_OVERRUN: see Controller.take

STOPPED, ACTIVE, WARNING, PASSIVE, BUS_OFF = range(5)  # machine.CAN.STATE_*
WARNING_LIMIT: Final = 96
PASSIVE_LIMIT: Final = 128
BUS_OFF_LIMIT: Final = 256

Frame = tuple[int, int, int, int, bytes]  # time_us at end of frame, id, flags, dlc, 8 data bytes


class Pending:
    """A frame in a mailbox."""

    __slots__ = ("key", "can_id", "flags", "data", "bits", "owner", "mailbox")

    def __init__(self, owner: "Controller", mailbox: int, can_id: int, flags: int, data: bytes) -> None:
        self.key = arbitration_key(can_id, flags)
        self.can_id = can_id
        self.flags = flags
        self.data = data
        self.bits = frame_bits(can_id, flags, data)
        self.owner = owner
        self.mailbox = mailbox


class Controller:
    """One node's CAN controller as the bus sees it. `received` and `freed` are for the rig to take each tick."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.on = False  # initialised by its firmware
        self.silent = False  # listens without acknowledging or sending
        self.connected = True
        self.tec = 0
        self.rec = 0
        self.bus_off = False
        self.rejoin_bit = 0  # leaves bus-off at this bit time (0: not asked for)
        self.mailboxes: list[Pending | None] = [None, None, None]
        self.freed = 0
        self.received: list[Frame] = []
        self.sent = 0

    @property
    def state(self) -> int:
        """STOPPED, ACTIVE, WARNING, PASSIVE or BUS_OFF."""
        if not self.on:
            return STOPPED
        if self.bus_off:
            return BUS_OFF
        worst = self.tec if self.tec > self.rec else self.rec
        if worst < WARNING_LIMIT:
            return ACTIVE
        return WARNING if worst < PASSIVE_LIMIT else PASSIVE

    def status(self) -> tuple[int, int, int]:
        """Return (state, TEC, REC), the counters as registers of eight bits show them."""
        if self.on and not (self.tec or self.rec or self.bus_off):
            return _WELL
        return self.state, min(self.tec, 255), min(self.rec, 255)

    def take(self) -> tuple[int, list[Frame]]:
        """Return (mailboxes freed since the last call, frames received since) and forget them."""
        freed, self.freed = self.freed, 0
        if not self.received:
            return freed, _NO_FRAMES
        frames, self.received = self.received, []
        return freed, frames


_NO_FRAMES: list[Frame] = []
_WELL = (ACTIVE, 0, 0)
