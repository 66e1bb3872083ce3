"""The guards of the dispenser's state table: each method says whether its row's condition holds now.

Guards read the process image, the truck and what `dispenser.conditions` follows over time. Nothing here moves an
output: states do, through the gate.
"""

from micropython import const

from core import trips
from dispenser.conditions import RESET_HOLD_MS, SCAN_MS, VENTED_FOR_MS, WARM_FOR_MS, Conditions
from dispenser.handshake import GO
from dispenser.signals import PT102_G, PT103_G
from generated import dispenser_params as p
from generated import dispenser_tags as t
from generated import messages as m

TEST_PRESSED_FOR_MS = const(3000)
STUB_DRAIN_MS = const(4000)
HOSE_DRAINED_CK = const(4500)  # nozzle this warm in the drain: no liquid left in it
PUSHED_MBAR = const(100)  # a hose that helium pushes into the tank is at most this far below it
VALVE_SHUT_CPCT = const(200)
RISE_TEST_MS = const(10000)
NO_LIQUID_CK = const(9000)  # metal of a hose without liquid, standing by: 100 K and more


class Sequence(Conditions):
    """Guards, and what is done on entering a state."""

    def __init__(self, image, truck, signals, meter, params, trip_engine):
        super().__init__(image, truck, signals, params, trip_engine)
        self._meter = meter
        self.tickets = None
        self.next_session = 0  # a random number drawn in the slack
        self.session = 0
        self.cycles = 0
        self.stop_why = 0
        self.reset_asked = False
        self.pause_asked = False
        self._hold_in_fill = False
        self._holds = 0
        self._rounds = 0

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
            # A cold hose that is still below the tank was not pushed: its liquid goes to the stack, and is not billed.
            self._meter.drained = warm or v[t.PT102] + PUSHED_MBAR >= self._truck.pressure_mbar
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
