"""The dispenser: its tables put together, and the five steps of its control tick."""

from board import can, nv, rng, watchdog
from core import auth, interlock, params, report, serial_port, states, trips
from core.bus_watch import BusWatch
from core.executive import TICK_MS
from core.guard import Guard
from core.process_image import ProcessImage
from dispenser import interlock_table, io_table, param_table, state_table, trip_table
from dispenser.control import Control
from dispenser.hand import Hand
from dispenser.meter import Meter
from dispenser.sequence import Sequence
from dispenser.signals import NAMES, Signals
from dispenser.tickets import Tickets
from dispenser.truck import RX_ROWS, STATUS, Truck
from generated import dispenser_params as p
from generated import dispenser_serial
from generated import dispenser_tags as t
from generated import messages as m

SCAN_TICKS = 5
LOOK_MASK = 255  # ticks between two looks at what times out at the serial port, 2.56 s
TARGET_MAX_G = 163810  # of D_PERMIT.target_mass_g
PERMIT_SLOT, AUTH_SLOT = 1, 2  # among the sent messages
CAUSE_OTHER = 253  # abort_cause without a row: a step took too long


class Dispenser:
    """One dispenser board. `core.executive.run` calls the steps in order, every 10 ms, with the heap locked."""

    def __init__(self, bitrate):
        self.image = ProcessImage(io_table)
        self.image.de_energise()
        self.events = report.Events()
        fram = nv.Fram(io_table.FRAM_CS, io_table.FRAM_BYTES)
        self.params = params.Params(param_table, fram)
        self.guard = Guard(
            auth.DISPENSER, fram, self.events, m.D_PERMIT_ID, m.T_STATUS_ID, m.T_STATUS_CYCLE_MS, m.T_STATUS_HOLD_MS
        )
        asked = self.guard.challenge
        tx = (
            (m.D_ABORT_ID, m.D_ABORT_DATA_ID, m.D_ABORT_CYCLE_MS, self._fill_abort),
            (m.D_PERMIT_ID, m.D_PERMIT_DATA_ID, m.D_PERMIT_CYCLE_MS, self._fill_permit),
            (m.D_AUTH_ID, m.D_AUTH_DATA_ID, m.D_AUTH_CYCLE_MS, self.guard.signer.fill),
            (m.D_STATUS_ID, m.D_STATUS_DATA_ID, m.D_STATUS_CYCLE_MS, self._fill_status),
            (m.D_LINE_ID, m.D_LINE_DATA_ID, m.D_LINE_CYCLE_MS, self._fill_line),
            (m.D_METER_ID, m.D_METER_DATA_ID, m.D_METER_CYCLE_MS, self._fill_meter),
            (m.D_CHALLENGE_ID, m.D_CHALLENGE_DATA_ID, m.D_CHALLENGE_CYCLE_MS, asked.fill_challenge),
            (m.D_RESPONSE_ID, m.D_RESPONSE_DATA_ID, m.D_RESPONSE_CYCLE_MS, asked.fill_response),
        )
        port = can.Port(m.TANK_ADDRESS, bitrate)
        self.watch = BusWatch(port, self.events)
        self.truck = Truck(port, tx, self.guard)
        self.truck.link.authenticate(STATUS, self.guard.verifier, PERMIT_SLOT, AUTH_SLOT, self.guard.signer)
        self.meter = Meter(self.image, self.params)
        self.signals = Signals(self.image, self.truck, self.meter)
        self.gate = interlock.Gate(io_table, interlock_table)
        watched = trips.sources(io_table, self.image, NAMES, self.signals)
        self.trips = trips.Trips(
            trip_table, watched, self.image, state_table.PUBLIC, self.events, TICK_MS
        )
        self.sequence = Sequence(self.image, self.truck, self.signals, self.meter, self.params, self.trips)
        self.machine = states.Machine(state_table, self.sequence, self.events)
        self.sequence.bind(self.machine)
        self.sequence.events = self.events
        folder = nv.FLASH + "/tickets"
        self.tickets = Tickets(
            fram, folder, self.trips, self.meter, self.sequence, self.machine, self.events
        )
        self.sequence.tickets = self.tickets
        self.control = Control(self.image, self.gate, self.truck, self.signals, self.sequence, self.params)
        self.hand = Hand(self.image, self.gate, self.sequence, self.trips, self.machine, self.events)
        self.control.hand = self.hand
        tables = io_table, state_table, trip_table, param_table
        self.roles, self.console = serial_port.open_port(
            self, fram, dispenser_serial, tables, NAMES, self.truck.link, RX_ROWS, (self.hand, self.tickets)
        )
        self.image.prime()
        self.guard.load()
        self.tickets.recover(watchdog.cause())
        serial_port.greet(self)
        self._tick = 0
        self._aborting = 0
        # What every tick calls, looked up once: a method is found only behind all the attributes of its object.
        self.sample = self.image.sample
        self._sample_meter = self.meter.sample
        self._update_signals, self._update_sequence = self.signals.update, self.sequence.update
        self._evaluate_trips, self._step = self.trips.evaluate, self.machine.step
        self._update_control, self._apply_gate = self.control.update, self.gate.apply
        self._permissives, self._transmit = self.sequence.permissives, self.truck.link.transmit

    # -- the control tick: `sample` is the image's own -----------------------------------------------------

    def supervise(self, now):
        """Judge the link, compute signals, evaluate trips."""
        self.truck.receive(now)
        tick = self._tick
        self._sample_meter()
        self._update_signals(tick, now)
        if tick % SCAN_TICKS == 0:
            self._update_sequence()
        self._evaluate_trips(tick, self.machine.public)

    def decide(self, tick):
        """Take at most one step of the sequence and set what is wanted."""
        self._tick = tick
        look = tick % SCAN_TICKS == 0 or self.trips.reaction >= trips.HOLD
        if self._step(TICK_MS, look) and self._abort_cause() != self._aborting:
            self.truck.link.hurry(0)
        self._update_control(tick, self.machine.state)

    def drive(self):
        """Pass the gate and drive the pins."""
        dead = self.trips.reaction == trips.ESD
        image = self.image
        if self._apply_gate(self._permissives(), dead, image.do, image.ao):
            image.drive()

    def report(self, tick):
        """Send what is due on the link."""
        self._transmit()

    def slack(self):
        """Serial port and random numbers: what may allocate."""
        if self.events.waiting:
            self.events.flush(self.console.port)
        self.tickets.slack(self._tick)
        if self.guard.awake:
            self.guard.slack(self.truck.tank_id())
        tick, console = self._tick, self.console
        if tick & 3 and not console.busy:
            return  # the serial buffer holds four ticks of input
        console.poll()
        if self.hand.awake:
            self.hand.slack()
            console.busy = True
        if tick & 3:
            return
        if not tick & LOOK_MASK:
            self.roles.look()
        if not self.sequence.next_session:
            self.sequence.next_session = rng.session_number()
        self.watch.look(self.events.now_ms)

    # -- frames --------------------------------------------------------------------------------------------

    def _abort_cause(self):
        public = self.machine.public
        if public >= m.DISPENSER_STATE_SAFE_STOP:
            return self.trips.first + 1 if self.trips.first >= 0 else CAUSE_OTHER
        return self.sequence.refusal_code()

    def _fill_abort(self, buf):
        cause = self._abort_cause()
        self._aborting = cause
        if not cause:
            return 1
        return m.pack_d_abort(buf, self.sequence.session, 1, cause)

    def _fill_status(self, buf):
        di = self.image.di
        s = self.sequence
        return m.pack_d_status(
            buf,
            s.session,
            self.machine.public,
            m.PROTOCOL_VERSION,
            di[t.ZS101],
            di[t.ZS102],
            1 if s.earthed() else 0,
            1 if s.is_purged else 0,
            di[t.ES102],
            m.ACCEPTS_OLDER,
        )

    def _fill_permit(self, buf):
        s = self.sequence
        public = self.machine.public
        fill = public == m.DISPENSER_STATE_FILL or public == m.DISPENSER_STATE_DRAIN
        back = m.DISPENSER_STATE_PRECOOL <= public <= m.DISPENSER_STATE_DRAIN
        flow = self.params.get(p.FAST_FLOW_MG_S) // 1000
        target = s.target_g if 0 < s.target_g <= TARGET_MAX_G else m.NA
        return m.pack_d_permit(buf, s.session, 1 if fill else 0, 1 if back else 0, target, flow)

    def _fill_line(self, buf):
        ai = self.image.ai
        mbar = ai.value[t.PT102] if ai.ok[t.PT102] and ai.value[t.PT102] >= 0 else m.ERR
        ck = ai.value[t.TT102] if ai.ok[t.TT102] and ai.value[t.TT102] >= 0 else m.ERR
        return m.pack_d_line(buf, self.sequence.session, mbar, ck)

    def _fill_meter(self, buf):
        ai = self.image.ai
        flow = ai.value[t.FT101] if ai.ok[t.FT101] else m.ERR
        if ai.ok[t.FT101] and flow < 0:
            flow = 0
        net = self.meter.meter_g - self.meter.returned_g
        return m.pack_d_meter(buf, self.sequence.session, net if net > 0 else 0, flow)

    # -- serial commands ------------------------------------------------------------------------

    def status_words(self):
        """Return what `status` tells besides the tags."""
        truck, meter = self.truck, self.meter
        return [
            "session=%d tank_mbar=%d tank_g=%d target_g=%d net_g=%d link_ms=%d" % (
                self.sequence.session, truck.pressure_mbar, truck.mass_g, self.sequence.target_g,
                meter.meter_g - meter.returned_g, truck.age_ms,
            )
        ]  # fmt: skip

    def unwell(self):
        """Yield what else would fail a self-test."""
        if not self.tickets.usable:
            yield "journal or tickets cannot be written"
        if not self.sequence.vented():
            yield "a hose is not depressurised"

    def journal_words(self):
        """Yield the record in FRAM."""
        r = self.tickets.journal.now
        yield "ticket=%d read=%d flags=%d session=%d phase=%d reaction=%d status=%d" % (
            r.number, r.read, r.flags, r.session, r.phase, r.reaction, r.status,
        )  # fmt: skip
        yield "metered_g=%d returned_g=%d loss_g=%d net_g=%d target_g=%d" % (
            r.meter_g, r.returned_g, r.loss_g, r.net_g, r.target_g,
        )  # fmt: skip
