"""The onboard tank: its tables put together, and the five steps of its control tick."""

from board import can, nv
from core import auth, interlock, params, report, serial_port, states, trips
from core.bus_watch import BusWatch
from core.executive import TICK_MS
from core.guard import Guard
from core.process_image import ProcessImage
from generated import messages as m
from generated import tank_params as p
from generated import tank_serial
from generated import tank_tags as t
from tank import command_table, interlock_table, io_table, param_table, state_table, trip_table
from tank.control import Control
from tank.inventory import Inventory
from tank.sequence import Sequence
from tank.signals import NAMES, Signals
from tank.station import PERMIT, RX_ROWS, Station
from tank.station import STATUS as STATION_STATUS

SCAN_TICKS = 5
LOOK_MASK = 255  # ticks between two looks at what times out at the serial port, 2.56 s
STATUS_SLOT, AUTH_SLOT = 1, 2  # among the sent messages
CAUSE_OTHER = 253  # abort_cause without a row: a step took too long
COMMANDS = ("DYNA", "STAT", "HALT", "ABORT")  # as m.FUELLING_COMMAND_*
SLOW_TICKS = 20


class Tank:
    """One tank board. `core.executive.run` calls the steps in order, every 10 ms, with the heap locked."""

    def __init__(self, bitrate):
        self.image = ProcessImage(io_table)
        self.image.de_energise()
        self.events = report.Events()
        fram = nv.Fram(io_table.FRAM_CS, io_table.FRAM_BYTES)
        self.params = params.Params(param_table, fram)
        self.guard = Guard(
            auth.TANK, fram, self.events, m.T_STATUS_ID, m.D_PERMIT_ID, m.D_PERMIT_CYCLE_MS, m.D_PERMIT_HOLD_MS
        )
        asked = self.guard.challenge
        tx = (
            (m.T_ABORT_ID, m.T_ABORT_DATA_ID, m.T_ABORT_CYCLE_MS, self._fill_abort),
            (m.T_STATUS_ID, m.T_STATUS_DATA_ID, m.T_STATUS_CYCLE_MS, self._fill_status),
            (m.T_AUTH_ID, m.T_AUTH_DATA_ID, m.T_AUTH_CYCLE_MS, self.guard.signer.fill),
            (m.T_MEAS_ID, m.T_MEAS_DATA_ID, m.T_MEAS_CYCLE_MS, self._fill_meas),
            (m.T_TEMP_ID, m.T_TEMP_DATA_ID, m.T_TEMP_CYCLE_MS, self._fill_temp),
            (m.T_LIMIT_ID, m.T_LIMIT_DATA_ID, m.T_LIMIT_CYCLE_MS, self._fill_limit),
            (m.T_FILL_ID, m.T_FILL_DATA_ID, m.T_FILL_CYCLE_MS, self._fill_fill),
            (m.T_FLOW_ID, m.T_FLOW_DATA_ID, m.T_FLOW_CYCLE_MS, self._fill_flow),
            (m.T_IDENT_ID, m.T_IDENT_DATA_ID, m.T_IDENT_CYCLE_MS, self._fill_ident),
            (m.T_PLATE_ID, m.T_PLATE_DATA_ID, m.T_PLATE_CYCLE_MS, self._fill_plate),
            (m.T_CHALLENGE_ID, m.T_CHALLENGE_DATA_ID, m.T_CHALLENGE_CYCLE_MS, asked.fill_challenge),
            (m.T_RESPONSE_ID, m.T_RESPONSE_DATA_ID, m.T_RESPONSE_CYCLE_MS, asked.fill_response),
        )
        port = can.Port(m.DISPENSER_ADDRESS, bitrate)
        self.watch = BusWatch(port, self.events)
        self.station = Station(port, tx, self.guard)
        self.station.link.authenticate(PERMIT, self.guard.verifier, STATUS_SLOT, AUTH_SLOT, self.guard.signer)
        self.inventory = Inventory(self.image, self.params)
        self.signals = Signals(self.image, self.inventory, self.station)
        self.gate = interlock.Gate(io_table, interlock_table)
        watched = trips.sources(io_table, self.image, NAMES, self.signals)
        self.trips = trips.Trips(
            trip_table, watched, self.image, state_table.PUBLIC, self.events, TICK_MS
        )
        self.sequence = Sequence(self.image, self.station, self.inventory, self.params, self.trips)
        self.machine = states.Machine(state_table, self.sequence, self.events)
        self.sequence.machine = self.machine
        self.sequence.events = self.events
        self._cool_alone = self.machine.index("COOL_ALONE")
        self._fill_alone = self.machine.index("FILL_ALONE")
        rows = {row[0]: row for row in command_table.COMMANDS}
        self._heard = bytes([COMMANDS.index(rows[public][1]) for public in state_table.PUBLIC])
        self._unheard = bytes([COMMANDS.index(rows[public][2]) for public in state_table.PUBLIC])
        self._max_pressure_mbar = 0
        self.control = Control(self.gate, self.station, self.inventory, self.params)
        tables = io_table, state_table, trip_table, param_table
        self.roles, self.console = serial_port.open_port(
            self, fram, tank_serial, tables, NAMES, self.station.link, RX_ROWS
        )
        self.guard.load()
        serial_port.greet(self)
        self.image.prime()
        self.inventory.update()
        self.inventory.update_mass()
        self.inventory.update_slow()
        self._tick = 0
        self._aborting = 0
        # What every tick calls, looked up once: a method is found only behind all the attributes of its object.
        self._sample_image, self._update_inventory = self.image.sample, self.inventory.update
        self._update_signals, self._update_sequence = self.signals.update, self.sequence.update
        self._evaluate_trips, self._step = self.trips.evaluate, self.machine.step
        self._update_control, self._apply_gate = self.control.update, self.gate.apply
        self._permissives, self._transmit = self.sequence.permissives, self.station.link.transmit

    # -- the control tick ----------------------------------------------------------------------------------

    def sample(self, tick):
        """Read every input of this tick."""
        self._tick = tick
        self._sample_image(tick)

    def supervise(self, now):
        """Judge the link, compute inventory and signals, evaluate trips."""
        self.station.link.receive(now)
        tick = self._tick
        self._update_inventory()
        if tick % SCAN_TICKS == 0:
            self.inventory.update_mass()
            if tick % SLOW_TICKS == 0:
                self.inventory.update_slow()
        self._update_signals(tick)
        self._update_sequence(now)
        self._evaluate_trips(tick, self.machine.public)

    def decide(self, tick):
        """Take at most one step of the sequence and set what is wanted."""
        look = tick % SCAN_TICKS == 0 or self.trips.reaction >= trips.HOLD
        if self._step(TICK_MS, look) and self._abort_cause() != self._aborting:
            self.station.link.hurry(0)
            self.station.link.hurry(1)
        self._update_control(tick, self.machine.state)

    def drive(self):
        """Pass the gate and drive the pins."""
        dead = self.trips.reaction == trips.ESD and self.machine.public != m.TANK_STATE_FAULT
        image = self.image
        if self._apply_gate(self._permissives(), dead, image.do, image.ao):
            image.drive()

    def report(self, tick):
        """Send what is due on the link."""
        self._transmit()

    def slack(self):
        """Serial port: what may allocate."""
        if self.events.waiting:
            self.events.flush(self.console.port)
        if self.guard.awake:
            self.guard.slack(self.params.get(p.TANK_ID))
        tick, console = self._tick, self.console
        if tick & 3 and not console.busy:
            return  # the serial buffer holds four ticks of input
        console.poll()
        if tick & 3:
            return
        if not tick & LOOK_MASK:
            self.roles.look()
        self.watch.look(self.events.now_ms)

    # -- frames --------------------------------------------------------------------------------------------

    def _abort_cause(self):
        if self.trips.reaction >= trips.STOP:
            return self.trips.first + 1 if self.trips.first >= 0 else CAUSE_OTHER
        return 0

    def _fill_abort(self, buf):
        cause = self._abort_cause()
        self._aborting = cause
        if not cause:
            return 1
        return m.pack_t_abort(buf, self.station.session, 1, cause)

    def _command(self):
        if self._abort_cause():
            return m.FUELLING_COMMAND_ABORT
        state = self.machine.state
        heard = self.station.live(self.sequence.now, m.D_STATUS_HOLD_MS)
        if state == self._cool_alone or state == self._fill_alone:
            heard = False  # a second's silence has ended the session: no more liquid, whoever is back
        return (self._heard if heard else self._unheard)[self.machine.public]

    def _fill_status(self, buf):
        image = self.image
        ready = self.machine.public >= m.TANK_STATE_REFUEL_READY and self.machine.public <= m.TANK_STATE_FILL
        return m.pack_t_status(
            buf,
            self.station.session,
            self.machine.public,
            self._command(),
            image.do[t.ES210],
            image.di[t.ZO201],
            image.di[t.ZO202],
            image.di[t.ZO208],
            1 if ready and not self._abort_cause() and self.sequence.station_fits() else 0,
            m.PROTOCOL_VERSION,
            m.ACCEPTS_OLDER,
        )

    def _fill_meas(self, buf):
        inventory = self.inventory
        good = inventory.pressure_ok and inventory.mass_ok
        pressure = inventory.pressure_mbar if inventory.pressure_ok and inventory.pressure_mbar >= 0 else m.ERR
        mass = inventory.mass_g if inventory.mass_ok else m.ERR
        return m.pack_t_meas(buf, self.station.session, pressure, mass, 1 if good else 0)

    def _fill_temp(self, buf):
        ai = self.image.ai
        liquid = ai.value[t.TT201] if ai.ok[t.TT201] else m.ERR
        vapour = ai.value[t.TT202] if ai.ok[t.TT202] else m.ERR
        return m.pack_t_temp(buf, self.station.session, liquid, vapour, self.inventory.level_cpct // 100)

    def _fill_limit(self, buf):
        params = self.params
        return m.pack_t_limit(buf, self.station.session, params.get(p.VOLUME_L), params.get(p.RELIEF_MBARG))

    def _fill_fill(self, buf):
        session = self.station.session
        if not session:  # within one it stays what it was: the dispenser takes another value for another truck
            params = self.params
            ai = self.image.ai
            ambient = ai.value[t.PT204] if ai.ok[t.PT204] else 700
            relief_mbar = params.get(p.RELIEF_MBARG) + ambient
            self._max_pressure_mbar = relief_mbar * (params.get(p.MAX_FILL_CPCT) // 10) // 1000
        return m.pack_t_fill(buf, session, self.inventory.max_mass_g, self._max_pressure_mbar)

    def _fill_flow(self, buf):
        params = self.params
        return m.pack_t_flow(buf, self.station.session, params.get(p.MAX_FLOW_G_S), params.get(p.TARGET_G) or m.NA)

    def _fill_ident(self, buf):
        params = self.params
        return m.pack_t_ident(buf, self.station.session, params.get(p.TANK_ID), params.get(p.VESSEL_TYPE))

    def _fill_plate(self, buf):
        params = self.params
        year, month, mawp = params.get(p.CERT_YEAR), params.get(p.CERT_MONTH), params.get(p.MAWP_MBARG)
        return m.pack_t_plate(buf, self.station.session, year, month, mawp)

    # -- serial commands -----------------------------------------------------------------------------------

    def status_words(self):
        """Return what `status` tells besides the tags."""
        station, inventory = self.station, self.inventory
        return [
            "session=%d tank_mbar=%d tank_g=%d max_g=%d level_cpct=%d link_ms=%d" % (
                station.session, inventory.pressure_mbar, inventory.mass_g, inventory.max_mass_g,
                inventory.level_cpct, station.link.age_ms(STATION_STATUS, self.sequence.now),
            )
        ]  # fmt: skip

    def unwell(self):
        """Yield what else would fail a self-test."""
        return ()

    def journal_words(self):
        """Yield what is kept of the last fill: a truck keeps nothing."""
        return ()
