"""A dispenser reduced to its tickets: the real journal, ticket files, meter and trip latches on a RAM memory."""

import vfs
from memory import Flash, Fram, Supply

from core import report
from core.trips import Trips
from dispenser import state_table, trip_table
from dispenser.meter import Meter
from dispenser.tickets import Tickets
from generated import dispenser_params as p
from generated import dispenser_tags as t

NAMES = [row[0] for row in state_table.STATES]
GRAMS = 100  # that pass the meter between two saves
PARAMS = {p.HOSE_KEPT_G: 42, p.HOSE_LIQUID_G: 70}
SESSION = 77
FOLDER = "/flash/tickets"
# A fill's states up to its end; the meter starts at FILL_OPEN and stops at VENT.
BEFORE = ("EARTH", "SEAT", "LOCK", "TALK", "PURGE_PRESS", "LEAK_HOLD", "COOL", "COLDTEST", "FILL_OPEN")
AFTER = ("DRAIN_SHUT", "DRAIN_PUSH", "VENT", "WARM_FLOW", "RELEASE", "UNLOCK", "STOW", "COMPLETE")
RESTARTED = ("SAFE_STOP", "WARM_FLOW", "RELEASE", "UNLOCK", "STOW", "COMPLETE", "IDLE")


class PowerCut(Exception):
    """The supply ended: what the board does from here on does not happen."""


class _Ai:
    ok = [1] * t.N_AI
    value = [0] * t.N_AI


class _Image:
    def __init__(self):
        self.ai = _Ai()
        self.di = []
        self.count = [0] * 1


class _Sequence:
    session = SESSION
    target_g = 85000
    stop_why = 7


class _Machine:
    state = 0
    public = 0

    def enter(self, name):
        self.state = NAMES.index(name)
        self.public = state_table.PUBLIC.index(state_table.STATES[self.state][1])


class _Port:
    """The serial port: takes lines while there is power, keeps events."""

    def __init__(self, supply):
        self._supply = supply
        self.events = []

    def write(self, data):
        if not self._supply.dead:
            self.events.append(tuple(int(x) for x in data[4:-6].split(b",")))
        return len(data)

    def idle(self):
        return True


class Station:
    """One boot over `memory`; `told` gathers {ticket number: [its values, ...]} over all boots."""

    def __init__(self, memory, told, supply=None):
        self.supply = supply or Supply()
        self.memory = memory
        self.told = told
        self.port = _Port(self.supply)
        self.events = report.Events()
        self.image = _Image()
        self.machine = _Machine()
        self.meter = Meter(self.image, PARAMS)
        watched = {row[1]: (([0], [1]), 0) for row in trip_table.TRIPS}
        self.trips = Trips(trip_table, watched, self.image, state_table.PUBLIC, self.events, 10)
        self.metered_g = 0  # of this boot's fill
        self.tick = 0
        self._ticket = {}
        self._seen = 0
        vfs_ = None
        try:
            vfs_ = vfs.VfsLfs2(Flash(memory.flash, self.supply))
            vfs.mount(vfs_, "/flash")
        except OSError:
            pass
        self.mounted = vfs_ is not None
        self.tickets = Tickets(
            Fram(memory.fram, self.supply), FOLDER, self.trips, self.meter, _Sequence, self.machine, self.events
        )
        self.tickets.recover(0)

    def off(self):
        """End this boot."""
        if self.mounted:
            vfs.umount("/flash")
            self.mounted = False

    def alive(self):
        """Raise PowerCut once the supply has ended."""
        if self.supply.dead:
            raise PowerCut

    def slack(self, times=1, ticks=1):
        """Run the slack `times` times, each `ticks` ticks after the last; note tickets that came out of the port."""
        for _ in range(times):
            if self.supply.dead:
                break
            self.tick += ticks
            self.events.flush(self.port)
            self.tickets.slack(self.tick)
        self._listen()
        self.alive()

    def _listen(self):
        """Take the tickets that came out of the port."""
        for _, kind, ident, _, _, value in self.port.events[self._seen :]:
            if kind != report.TICKET:
                continue
            if ident != 8:
                self._ticket[ident] = value
                continue
            values = tuple(self._ticket[i] for i in range(10) if i != 8)
            self._ticket = {}
            self.told.setdefault(values[8], []).append(values)
        self._seen = len(self.port.events)

    def go(self, name, slacks=2):
        """Enter a state and let the slack see it."""
        self.machine.enter(name)
        self.slack(slacks)

    def notes(self):
        """Return the (kind, id) of the events of this boot that tell of the journal, so far."""
        while not self.events.sent():
            self.events.flush(self.port)
        return [(e[1], e[2]) for e in self.port.events if e[1] in (report.BOOT, report.INFO)]

    def start_up(self):
        """BOOT to IDLE, as after a start with no truck."""
        self.go("SELFTEST", 12)
        self.go("IDLE")

    def fill(self, totals):
        """Fill once: `totals` times GRAMS through the meter, then everything to COMPLETE and IDLE."""
        for name in BEFORE:
            if name == "FILL_OPEN":
                self.meter.start(40000)
            self.go(name, 1)
        self.machine.enter("FILL_FAST")
        for _ in range(totals):
            self.metered_g += GRAMS
            self.image.count[0] = self.metered_g
            self.meter.sample()
            self.slack(1, 20)
        for name in AFTER:
            if name == "VENT":
                self.meter.drained = True
                self.meter.stop()
            self.go(name, 1)
        self.slack(20)
        self.go("IDLE")

    def recover_and_end(self):
        """What follows a restart in a fill: stopped, warmed, unlocked, idle again. Nothing is metered."""
        self.go("SELFTEST", 12)
        for name in RESTARTED:
            self.go(name)
