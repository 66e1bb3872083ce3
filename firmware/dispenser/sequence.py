"""The guards of the dispenser's state table: each method says whether its row's condition holds now.

Guards read the process image, the truck and their own counters; what they need measured over time is kept
up to date by `update()`. Nothing here moves an output: states do, through the gate.
"""

from micropython import const

from core import trips
from dispenser.handshake import GO, Handshake
from dispenser.signals import COLD_LEAK, LEAK, PT102_G, PT103_G
from generated import dispenser_params as p
from generated import dispenser_tags as t
from generated import messages as m

SCAN_MS = const(50)
EARTH_MAX_MOHM = const(10000)  # loop clamp - vehicle - bond (EJ, after GB 50516 10.3.1D)
VENTED_FOR_MS = const(2000)
WARM_FOR_MS = const(3000)
TEST_PRESSED_FOR_MS = const(3000)
TEST_BAND_MBAR = const(60)
STUB_DRAIN_MS = const(4000)
HOSE_DRAINED_CK = const(4500)  # nozzle this warm in the drain: no liquid left in it
VALVE_SHUT_CPCT = const(200)
RISE_TEST_MS = const(10000)
NO_LIQUID_CK = const(9000)  # metal of a hose without liquid, standing by: 100 K and more
RESET_HOLD_MS = const(3000)


class Sequence(Handshake):
    """Guards and their memory. `update()` every fifth tick before the machine steps."""

    def __init__(self, image, truck, signals, meter, params, trip_engine):
        super().__init__(image, truck, signals, params)
        self._v, self._good = image.ai.value, image.ai.ok
        self._meter = meter
        self._trips = trip_engine
        self.tickets = None
        self.next_session = 0  # a random number drawn in the slack
        self.session = 0
        self.cycles = 0
        self.is_purged = False
        self.is_leak_tight = False
        self.no_liquid = False
        self.untouched = False  # before the first session nobody knows what a hose has been through
        self.stop_why = 0
        self.leak_mbar = 0  # pressure the leak test aims at
        self.reset_asked = False
        self.pause_asked = False
        self._seat_on_earth = False
        self._was_seated = True
        self._start_seen_up = False  # start must have been let go since boot and since the last customer
        self._vented_ms = 0
        self._warm_ms = 0
        self._coldest_ck = 0
        self._cold_ms = 0
        self._pressed_ms = 0
        self._reset_ms = 0
        self._hold_in_fill = False
        self._holds = 0
        self._rounds = 0
        self._start_102 = self._start_103 = 0
        self._balance = 0  # FT101 - FT103 over a window of the cold test, mg/s / 16 added up
        self._balance_ticks = 0
        self._filled = 0  # the same of a window before it
        self._tested = False  # verdict of the test that the present state makes
        self._closed = 0  # permissives that are contacts, as of the image's `moves`
        self._moves = -1

    # -- what has to be followed over time ----------------------------------------------------------------

    def update(self):
        """Follow conditions that must hold for a time: every fifth tick (SCAN_MS) is often enough for them."""
        image = self._image
        di = image.di
        seated = di[t.ZS101]
        if not seated:
            self._seat_on_earth = False
        elif not self._was_seated:
            self._seat_on_earth = self.earthed()
        self._was_seated = seated
        if not di[t.PB101]:
            self._start_seen_up = True
        params = self._params
        limit = params.get(p.VENTED_MBARG)
        signals = self._signals
        if (
            signals.ok[PT102_G]
            and signals.ok[PT103_G]
            and signals.value[PT102_G] <= limit
            and signals.value[PT103_G] <= limit
        ):
            if self._vented_ms < VENTED_FOR_MS:
                self._vented_ms += SCAN_MS
        else:
            self._vented_ms = 0
        v, ok = image.ai.value, image.ai.ok
        a, b = v[t.TT102], v[t.TT102B]
        both = ok[t.TT102] and ok[t.TT102B]
        if both and (a if a > b else b) <= params.get(p.COOL_TEMP_CK):
            if self._cold_ms < 60000:
                self._cold_ms += SCAN_MS
        else:
            self._cold_ms = 0
        coldest = a if a < b else b
        if v[t.TT103] < coldest:
            coldest = v[t.TT103]
        self._coldest_ck = coldest if both and ok[t.TT103] else 0
        if self._coldest_ck >= params.get(p.UNLOCK_TEMP_CK):
            if self._warm_ms < WARM_FOR_MS:
                self._warm_ms += SCAN_MS
        else:
            self._warm_ms = 0
        if di[t.PB102] and di[t.KS101]:
            if self._reset_ms < RESET_HOLD_MS:
                self._reset_ms += SCAN_MS
        else:
            self._reset_ms = 0
        name = self.machine.state
        if name == self._s_leak_press:
            self._follow_pressing(v)
        elif name == self._s_coldtest:
            self._balance += (v[t.FT101] - v[t.FT103]) // 16
            self._balance_ticks += 1
        elif name == self._s_talk:
            self.judge()
        self._judge_tests(name, v)

    def bind(self, machine):
        """Learn the machine's state numbers once it exists."""
        self.machine = machine
        self._s_leak_press = machine.index("LEAK_PRESS")
        self._s_leak_hold = machine.index("LEAK_HOLD")
        self._s_coldtest = machine.index("COLDTEST")
        self._s_talk = machine.index("TALK")

    def _follow_pressing(self, v):
        low = self.leak_mbar - TEST_BAND_MBAR
        if v[t.PT102] >= low and v[t.PT103] >= low:
            self._pressed_ms += SCAN_MS
        else:
            self._pressed_ms = 0

    def _judge_tests(self, state, v):
        value = self._signals.value
        ms = self.machine.state_ms
        value[LEAK] = value[COLD_LEAK] = 0
        if state == self._s_leak_hold and ms >= self._params.get(p.LEAK_HOLD_MS):
            allowed = self.leak_mbar * (self._params.get(p.LEAK_DECAY_PPM) // 100) // 10000
            lost_102 = self._start_102 - v[t.PT102]
            lost_103 = self._start_103 - v[t.PT103]
            value[LEAK] = 1 if lost_102 > allowed or lost_103 > allowed else 0
            self._tested = not value[LEAK]
        elif state == self._s_coldtest and self._balance_ticks * SCAN_MS >= self._params.get(p.COLD_TEST_MS):
            leaks = self._balance // self._balance_ticks * 16 > self._params.get(p.COLD_BALANCE_MG_S)
            if leaks and not self._filled:
                # A hose that fills takes in more than it gives back, too: only a second window tells it from a leak.
                self._filled = self._balance
                self._balance = 0
                self._balance_ticks = 0
                return
            value[COLD_LEAK] = 1 if leaks else 0
            self._tested = not leaks

    # -- permissives (interlock_table.PERMISSIVES, in its order) -------------------------------------------

    def permissives(self):
        """Return the permissive bits of this tick."""
        image = self._image
        if image.moves != self._moves:
            self._moves = image.moves
            self._closed = self._contacts(image.di)
        bits = self._closed
        if self.earthed():
            bits |= 2
        if self.link_good():
            bits |= 32
        if self.is_purged:
            bits |= 64
        if self.is_leak_tight:
            bits |= 128
        if self._trips.reaction < trips.HOLD:
            bits |= 256
        if self._warm_ms >= WARM_FOR_MS:
            bits |= 1024
        if self._vented_ms >= VENTED_FOR_MS:
            bits |= 2048
        if self.no_liquid:
            bits |= 4096
        if self.untouched:
            bits |= 8192
        return bits

    @staticmethod
    def _contacts(di):
        """Return the permissive bits that are contacts: they seldom move."""
        return di[t.ES102] | di[t.ZS101] << 2 | di[t.ZS102] << 3 | di[t.ZS105] << 4 | di[t.ZC101] << 9

    # -- trips and operator --------------------------------------------------------------------------------

    def esd_tripped(self):
        return self._trips.reaction == trips.ESD

    def stop_tripped(self):
        return self._trips.reaction == trips.STOP

    def hold_tripped(self):
        return self._trips.reaction == trips.HOLD

    def operator_stops(self):
        return self._image.di[t.PB102]

    def esd_reset(self):
        return self._reset_asked() and self._image.di[t.ES102] and self._trips.reset()

    def lockout_reset(self):
        return self._reset_asked() and self._unlockable() and self._trips.reset()

    def _unlockable(self):
        return self._image.di[t.KS101] and not self._image.di[t.ZS101]

    def _reset_asked(self):
        """Return whether a reset is asked for now: one that cannot be done at once is forgotten, never kept."""
        asked = self.reset_asked or self._reset_ms >= RESET_HOLD_MS
        self.reset_asked = False
        return asked

    def trip_reset(self):
        return self._reset_asked() and self._trips.first >= 0 and self._trips.reset()

    def unresettable(self):
        """Return what a reset lacks besides causes that are gone, "" for nothing."""
        public = self.machine.public
        if public == m.DISPENSER_STATE_ESD and not self._image.di[t.ES102]:
            return "valves have no power: safety relay ES102 is open"
        if public == m.DISPENSER_STATE_LOCKOUT and not self._unlockable():
            return "needs the maintenance key, and the nozzle off"
        return ""

    def key_on(self):
        return self._image.di[t.KS101]

    def key_off(self):
        return not self._image.di[t.KS101]

    # -- connect -------------------------------------------------------------------------------------------

    def inputs_primed(self):
        return self.machine.state_ms >= 200

    def hose_in_use(self):
        return self.machine.state_ms >= 200 and self._image.di[t.ZS101]

    def locked_out_before(self):
        return self.tickets.locked_out

    def unfinished_before(self):
        return self.machine.state_ms >= 200 and self.tickets.unfinished

    def healthy(self):
        if self.machine.state_ms < 500 or not self.tickets.usable or not self._hose_safe():
            return False
        ok = self._image.ai.ok
        for i in range(t.N_AI):
            if not ok[i]:
                return False
        di = self._image.di
        shut = di[t.ZC101] and di[t.ZC103] and di[t.ZC104] and di[t.ZC106] and di[t.ZC107]
        return shut and di[t.ZO105] and di[t.ZO110]

    def _hose_safe(self):
        """Return True when both bores are depressurised by either transmitter, and too warm for liquid."""
        signals = self._signals
        v = self._image.ai.value
        limit = self._params.get(p.VENTED_MBARG)
        high = v[t.PT105] + limit
        shown = signals.value[PT102_G] <= limit and signals.value[PT103_G] <= limit
        return shown and v[t.PT106] <= high and v[t.PT107] <= high and self._coldest_ck >= NO_LIQUID_CK

    def start_pressed(self):
        may = self._trips.first < 0 and self.next_session and self.tickets.ready
        return may and self._image.di[t.PB101] and self._start_seen_up

    def enter_earth(self):
        """A new session: nothing of the last truck counts."""
        self.session = self.next_session
        self.next_session = 0
        self._truck.forget()
        self._truck.link.session = self.session
        self._truck.guard.begin(self.session, self._params.get(p.AUTH))
        self.is_purged = self.is_leak_tight = self.no_liquid = False
        self.untouched = True
        self.cycles = self._holds = 0
        self.target_g = self.refusal = 0
        self.fits = self.pause_asked = False
        self.stop_why = 0

    def earthed(self):
        return self._image.di[t.ES103] and self._good[t.GT101] and self._v[t.GT101] <= EARTH_MAX_MOHM

    def seated_on_earth(self):
        return self._image.di[t.ZS101] and self._seat_on_earth

    def locked(self):
        return self._image.di[t.ZS102]

    # -- purge and leak test -------------------------------------------------------------------------------

    def enter_purge_press(self):
        self.untouched = False
        if self.cycles == 0:
            self.accept()
            aim = self._supply_mbar() + 100
            ceiling = self._image.ai.value[t.PT105] + self._params.get(p.LEAK_MAX_MBARG)
            self.leak_mbar = aim if aim < ceiling else ceiling

    def purge_pressed(self):
        v = self._image.ai.value
        high = self._params.get(p.PURGE_HIGH_MBAR)
        return v[t.PT102] >= high and v[t.PT103] >= high

    def enter_purge_vent(self):
        self.cycles += 1

    def _purge_low(self):
        value = self._signals.value
        low = self._params.get(p.PURGE_LOW_MBARG)
        return value[PT102_G] <= low and value[PT103_G] <= low

    def purge_again(self):
        return self._purge_low() and self.cycles < self._params.get(p.PURGE_CYCLES)

    def purged(self):
        return self._purge_low() and self.cycles >= self._params.get(p.PURGE_CYCLES)

    def enter_leak_press(self):
        self.is_purged = True
        self._pressed_ms = 0

    def test_pressed(self):
        return self._pressed_ms >= TEST_PRESSED_FOR_MS

    def leak_settled(self):
        return self.machine.state_ms >= self._params.get(p.LEAK_SETTLE_MS)

    def enter_leak_hold(self):
        self._tested = False
        v = self._image.ai.value
        self._start_102 = v[t.PT102]
        self._start_103 = v[t.PT103]

    def leak_tight(self):
        return self._tested

    def enter_leak_vent(self):
        self.is_leak_tight = True

    def test_vented(self):
        return self._purge_low()

    # -- precool -------------------------------------------------------------------------------------------

    def enter_cool_open(self):
        self.no_liquid = False

    def crossover_open(self):
        return self._image.di[t.ZO104] and self._truck.says(m.T_STATUS_XV208_OPEN) and self._means(GO)

    def enter_cool(self):
        self._hold_in_fill = False

    def nozzle_cold(self):
        return self._cold_ms >= self._params.get(p.COOL_HOLD_MS)

    def enter_coldtest(self):
        self._tested = False
        self._balance = 0
        self._balance_ticks = 0
        self._filled = 0

    def cold_tight(self):
        return self._tested

    # -- fill ----------------------------------------------------------------------------------------------

    def enter_fill_open(self):
        self._hold_in_fill = True
        gain_g = (self._filled + self._balance) * (16 * SCAN_MS // 100) // 10000  # of mg/s * 50 ms / 16
        self._meter.start(self._truck.mass_g, self._truck.guard.verifier.required, gain_g)

    def truck_open(self):
        return self._truck.says(m.T_STATUS_XV201_OPEN) and self._means(GO)

    def flow_settled(self):
        return self.machine.state_ms >= self._params.get(p.SLOW_MS)

    def remaining_g(self):
        """Return what the tank still takes, in g, counting what the hose will give it after the end."""
        truck = self._truck
        return self.target_g - truck.mass_g - self._params.get(p.END_LEAD_G)

    def nearly_full(self):
        return self._truck.mass_g >= 0 and self.remaining_g() <= self._params.get(p.TOP_G)

    def target_reached(self):
        return self._truck.mass_g >= 0 and self.remaining_g() <= 0

    def mass_limit(self):
        truck = self._truck
        return truck.mass_g >= 0 and truck.mass_g + self._params.get(p.END_LEAD_G) >= truck.max_mass_g

    def pressure_limit(self):
        truck = self._truck
        return truck.pressure_mbar >= truck.max_pressure_mbar

    def operator_pauses(self):
        return self.pause_asked

    def enter_held(self):
        self._holds += 1
        self.pause_asked = False

    def enter_pause(self):
        self._holds += 1

    def resume_cool(self):
        return not self._hold_in_fill and self._may_resume()

    def resume_fill(self):
        return self._hold_in_fill and self._may_resume()

    def _may_resume(self):
        # Three good frames have requalified the link; a gap of a second has latched LINK_LOST instead.
        # A cause that comes and goes may not keep a fill going for ever: each resumption starts a new deadline.
        if self.pause_asked or self._holds > self._params.get(p.HOLDS_MAX):
            return False
        return self._trips.reaction < trips.HOLD and self.link_good() and self._means(GO)

    # -- drain, vent, warm ---------------------------------------------------------------------------------

    def enter_drain_shut(self):
        self.stop_why = self.machine.why

    def supply_shut(self):
        image = self._image
        return image.di[t.ZC101] and image.ai.value[t.ZT102] <= VALVE_SHUT_CPCT

    def truck_closed(self):
        return not (self.link_good() and self._truck.says(m.T_STATUS_XV201_OPEN))

    def stub_drained(self):
        return self.machine.state_ms >= STUB_DRAIN_MS

    def hose_drained(self):
        v = self._image.ai.value
        warm = v[t.TT102] >= HOSE_DRAINED_CK and v[t.TT102B] >= HOSE_DRAINED_CK
        if warm or self.machine.state_ms >= self._params.get(p.DRAIN_HELIUM_MS):
            self._meter.drained = True
            return True
        return False

    def enter_vent(self):
        self._meter.stop()
        self._rounds = 0

    def enter_safe_stop(self):
        self.tickets.unfinished = False
        self._meter.run_out()
        self._rounds = 0
        self.stop_why = self.machine.why

    def enter_esd(self):
        self.reset_asked = False  # a reset counts from here on, not one that was asked before the trip
        self._meter.run_out()
        self.stop_why = self.machine.why

    def enter_lockout(self):
        self.reset_asked = False
        self._meter.run_out()
        self.tickets.unfinished = self.tickets.locked_out = False

    def vented(self):
        return self._vented_ms >= VENTED_FOR_MS

    def hose_dry(self):
        # Where no liquid boils, nothing keeps the pressure up: helium has to follow before the gas is below ambient.
        signals = self._signals
        down = signals.ok[PT102_G] and signals.value[PT102_G] <= self._params.get(p.VENTED_MBARG)
        return down and not self._cold_ms

    def stop_vented(self):
        powered = self._image.di[t.ES102]
        return powered and self.vented() and self.machine.state_ms >= 3000

    def warmed(self):
        return self._coldest_ck >= self._params.get(p.WARM_TEMP_CK) and self._warm_ms >= WARM_FOR_MS

    def rise_vented(self):
        return self.vented() and self.machine.state_ms >= VENTED_FOR_MS

    def enter_rise_hold(self):
        self._rounds += 1
        v = self._image.ai.value
        self._start_102 = v[t.PT106]
        self._start_103 = v[t.PT107]

    def rise_again(self):
        return self._rounds < self._params.get(p.WARM_ROUNDS) and self.rise_seen()

    def rise_seen(self):
        image = self._image
        limit = self._params.get(p.RISE_MAX_MBAR)
        v, ok = image.ai.value, image.ai.ok
        if not (ok[t.PT106] and ok[t.PT107]):
            return True
        return v[t.PT106] - self._start_102 > limit or v[t.PT107] - self._start_103 > limit

    def rise_passed(self):
        return self.machine.state_ms >= RISE_TEST_MS

    # -- disconnect ----------------------------------------------------------------------------------------

    def enter_release(self):
        self.no_liquid = True

    def may_unlock(self):
        return self.vented() and self._warm_ms >= WARM_FOR_MS and self.no_liquid

    def enter_unlock(self):
        if self.untouched:
            self.stop_why = self.machine.why

    def nozzle_off(self):
        return not self._image.di[t.ZS101]

    def stowed(self):
        return self._image.di[t.ZS104]

    def enter_complete(self):
        self.reset_asked = False

    def enter_idle(self):
        self._start_seen_up = not self._image.di[t.PB101]
        self.session = self.target_g = self.refusal = 0
        self._truck.link.session = 0
        self._truck.guard.end()

    def customer_gone(self):
        return self.machine.state_ms >= 5000 and not self.earthed() and self._trips.first < 0
