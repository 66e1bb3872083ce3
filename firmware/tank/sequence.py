"""The guards of the tank's state table: each method says whether its row's condition holds now."""

from core import bus_watch, report, trips
from generated import messages as m
from generated import tank_params as p
from generated import tank_tags as t


class Sequence:
    """Guards and permissives. `update(now)` each tick before the machine steps."""

    def __init__(self, image, station, inventory, params, trip_engine):
        self._image = image
        self._station = station
        self._inventory = inventory
        self._params = params
        self._trips = trip_engine
        self.machine = None
        self.events = None  # set by the node, as the machine is
        self.now = 0
        self.reset_asked = False
        self._contacts = 0  # permissives that are contacts, as of the image's `moves`
        self._moves = -1

    def update(self, now):
        """Take over this tick's time; adopt a session while waiting for one."""
        self.now = now
        if self.machine.public == m.TANK_STATE_REFUEL_READY and not self._station.session:
            self._station.adopt(self._params.get(p.AUTH))
            if self._station.session:
                self.events.put(report.LINK, bus_watch.VERSION, 0, 0, self._station.version())

    def permissives(self):
        """Return the permissive bits of this tick, in the order of interlock_table.PERMISSIVES."""
        image, inventory = self._image, self._inventory
        if image.moves != self._moves:
            self._moves = image.moves
            self._contacts = (1 if image.di[t.ZS201] else 0) | (4 if self._secured() else 0)
        bits = self._contacts
        if not bits & 1 and self.uncoupled():
            bits |= 2
        reaction = self._trips.reaction
        if reaction < trips.STOP:
            bits |= 8 | 16
        elif reaction < trips.ESD:
            bits |= 16
        if inventory.pressure_cpct < 9500 and inventory.mass_g < inventory.max_mass_g + 400:
            bits |= 32
        return bits

    def _secured(self):
        di = self._image.di
        return di[t.ZS203] and not di[t.ZS204]

    def esd_tripped(self):
        return self._trips.reaction == trips.ESD

    def stop_tripped(self):
        return self._trips.reaction == trips.STOP

    def dispenser_ended(self):
        station = self._station
        state = station.state()
        if state >= m.DISPENSER_STATE_VENT or (0 <= state < m.DISPENSER_STATE_CONNECT):
            return True
        return station.aborts(self.now)

    def inputs_primed(self):
        return self.machine.state_ms >= 200

    def nozzle_on(self):
        return self.machine.state_ms >= 200 and self._image.di[t.ZS201]

    def healthy(self):
        if self.machine.state_ms < 500:
            return False
        ok = self._image.ai.ok
        for i in range(t.N_AI):
            if not ok[i]:
                return False
        di = self._image.di
        return di[t.ZC201] and di[t.ZC202] and di[t.ZC208] and di[t.ZC209]

    def coupled(self):
        return self._image.di[t.ZS201] and self._secured() and self._trips.first < 0

    def uncoupled(self):
        """No nozzle by the receptacle's contact, nor by what the dispenser says: one failed contact frees no truck."""
        return not self._image.di[t.ZS201] and not self._station.nozzle_on(self.now)

    def driving(self):
        di = self._image.di
        return di[t.ZS204] and not di[t.ZS203] and not di[t.ZS201]

    def parked(self):
        return self._image.di[t.ZS203]

    def pressure_high(self):
        return self._inventory.pressure_ok and self._inventory.pressure_cpct >= self._params.get(p.VENT_OPEN_CPCT)

    def pressure_fallen(self):
        return not self._inventory.pressure_ok or self._inventory.pressure_cpct <= self._params.get(p.VENT_SHUT_CPCT)

    def station_purges(self):
        station = self._station
        state = station.state()
        purging = state == m.DISPENSER_STATE_PURGE or state == m.DISPENSER_STATE_LEAKTEST
        return station.session and purging and self.station_fits() and station.live(self.now, m.D_STATUS_HOLD_MS)

    def station_fits(self):
        """Return True while the dispenser has proved itself, speaks our version, and fills no more than may be held."""
        station = self._station
        known = station.guard.passes() and station.version() > 0
        return known and station.target_g() <= self._inventory.max_mass_g

    def station_cools(self):
        # The permit as well: D_STATUS alone could be anyone's.
        station = self._station
        cooling = station.state() == m.DISPENSER_STATE_PRECOOL and station.takes_gas()
        return cooling and station.live(self.now, m.D_STATUS_HOLD_MS)

    def station_fills(self):
        station = self._station
        filling = station.state() == m.DISPENSER_STATE_FILL and station.permits()
        return filling and station.live(self.now, m.D_PERMIT_HOLD_MS)

    def link_lost(self):
        return self._station.silent(self.now, m.D_STATUS_STOP_MS)

    def fill_valve_open(self):
        return self._image.di[t.ZO201]

    def fault_reset(self):
        return self._reset_asked() and self._trips.reset()

    def trip_reset(self):
        return self._reset_asked() and self._trips.first >= 0 and self._trips.reset()

    def _reset_asked(self):
        """Return whether a reset is asked for now: one that cannot be done at once is forgotten, never kept."""
        asked = self.reset_asked
        self.reset_asked = False
        return asked

    def unresettable(self):
        """Return what a reset lacks besides causes that are gone: nothing here."""
        return ""

    def enter_fault(self):
        self.reset_asked = False  # a reset counts from here on, not one that was asked before the trip

    def enter_park(self):
        """The nozzle is off: the session is over."""
        self.reset_asked = False
        self._station.forget()
