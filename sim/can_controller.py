"""One node's CAN controller as the bus sees it: mailboxes, what it received, error counters and the state they mean.

Error rules: ISO 11898-1.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from sim.can_frame import FLAG_EXT, arbitration_key, frame_bits
from sim.can_timing import APART_MAX_PPM

FLAG_OVERRUN: Final = 0x80  # frames were lost behind this one: wire.FLAG_OVERRUN

STOPPED, ACTIVE, WARNING, PASSIVE, BUS_OFF = range(5)  # machine.CAN.STATE_*
STATE_NAMES: Final = ("STOPPED", "ACTIVE", "WARNING", "PASSIVE", "BUS_OFF")
WARNING_LIMIT: Final = 96
PASSIVE_LIMIT: Final = 128
BUS_OFF_LIMIT: Final = 256
REC_MAX: Final = 255  # a register of eight bits that does not wrap

Frame = tuple[int, int, int, int, bytes]  # time_us at end of frame, id, flags, dlc, 8 data bytes


class Profile(NamedTuple):
    """What a controller's hardware holds: mailboxes to send from, and the depth of each receive FIFO."""

    mailboxes: int
    rx_fifos: tuple[int, ...]


PROFILES: Final = {
    "bxcan": Profile(3, (3, 3)),  # STM32F4; the FDCAN of a G4 holds as much
    "flexcan": Profile(16, (6,)),  # Teensy 4.1: more buffers than these 16 could be given to sending
}


class Pending:
    """A frame in a mailbox. `twin`: the same frame of another sender, that goes over the wire at the same time."""

    __slots__ = ("key", "can_id", "flags", "data", "bits", "owner", "mailbox", "twin")

    def __init__(self, owner: "Controller", mailbox: int, can_id: int, flags: int, data: bytes) -> None:
        self.key = arbitration_key(can_id, flags)
        self.can_id = can_id
        self.flags = flags
        self.data = data
        self.bits = frame_bits(can_id, flags, data)
        self.owner = owner
        self.mailbox = mailbox
        self.twin: Pending | None = None


class Controller:
    """One node's CAN controller as the bus sees it. `received` and `freed` are for the rig to take each tick.

    Counters since the start of the run: sent, rx_overruns (frames lost because nobody read them), times[state] (how
    often it came into WARNING, PASSIVE and BUS_OFF).
    """

    def __init__(self, name: str, bitrate: int = 500_000, profile: Profile = PROFILES["bxcan"]) -> None:
        self.name = name
        self.profile = profile
        self.on = False  # initialised by its firmware
        self.silent = False  # listens without acknowledging or sending
        self.connected = True
        self.bitrate = bitrate
        self.ppm = 0  # its clock runs this much too fast
        self.own_clock = False  # stamps by that clock; a board's clock is the rig's
        self.tec = 0
        self.rec = 0
        self.bus_off = False
        self.recovery = 0  # sequences of 11 recessive bits until it leaves bus-off; 0: restart not asked for
        self.suspended_to = 0  # error passive: does not start a frame before this bit
        self.mailboxes: list[Pending | None] = [None] * profile.mailboxes
        self.waiting = 0  # of them hold a frame
        self.freed = 0  # bits of mailboxes
        self.received: list[Frame] = []
        self.on_sent: Callable[[Pending, int], None] | None = None  # (frame, time_us); may submit the next one
        self.last: Pending | None = None  # that it sent
        self.before: Pending | None = None  # its latest with another identifier
        self.sent = 0
        self.rx_overruns = 0
        self.times = [0] * len(STATE_NAMES)
        self.known_state = ACTIVE  # that the bus has told last

    @property
    def passive(self) -> bool:
        """Tell whether it is error passive: its error flags disturb nobody."""
        return self.tec >= PASSIVE_LIMIT or self.rec >= PASSIVE_LIMIT

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

    @property
    def bit_hz(self) -> float:
        """The bits that it sends in a second of true time."""
        return self.bitrate * (1.0 + self.ppm * 1e-6)

    def reads(self, other: "Controller") -> bool:
        """Tell whether its bit timing can follow the other's: same bit rate, and clocks that are close enough."""
        mean_hz = (self.bit_hz + other.bit_hz) / 2
        return abs(self.bit_hz - other.bit_hz) <= APART_MAX_PPM * 1e-6 * mean_hz

    def saw_error(self, points: int) -> None:
        """Count an error as a receiver: 1, or 9 for the one whose flag the others only answer."""
        self.rec = min(self.rec + points, REC_MAX)

    def stamp_us(self, t_us: int) -> int:
        """Return the time that a frame gets here, 32 bits: by the own clock of an adapter, else the rig's."""
        if self.own_clock and self.ppm:
            t_us += round(t_us * self.ppm / 1e6)
        return t_us & 0xFFFFFFFF

    def take(self) -> tuple[int, list[Frame]]:
        """Return (mailboxes freed since the last call, frames received since) and forget them."""
        freed, self.freed = self.freed, 0
        if not self.received:
            return freed, _NO_FRAMES
        frames, self.received = self.received, []
        return freed, frames

    def unread(self, frames: list[Frame]) -> None:
        """Drop from `frames`, oldest first, what the FIFOs do not hold while the processor stands still.

        Filters that accept everything put standard identifiers into the first FIFO and extended ones into the last.
        A frame behind which others were lost is marked FLAG_OVERRUN, once; they are counted.
        """
        depths = self.profile.rx_fifos
        held = [0] * len(depths)
        last = [-1] * len(depths)
        kept: list[Frame] = []
        for frame in frames:
            fifo = -1 if frame[2] & FLAG_EXT else 0
            if held[fifo] < depths[fifo]:
                held[fifo] += 1
                last[fifo] = len(kept)
                kept.append(frame)
                continue
            self.rx_overruns += 1
            t_us, can_id, flags, dlc, data = kept[last[fifo]]
            kept[last[fifo]] = (t_us, can_id, flags | FLAG_OVERRUN, dlc, data)
        frames[:] = kept


_NO_FRAMES: list[Frame] = []
_WELL = (ACTIVE, 0, 0)
