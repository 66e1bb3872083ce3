"""What the dispenser's sequence has to follow over time, the verdicts of its two tests, and the permissives.

The guards of `dispenser.sequence` ask for it. Nothing here steps the machine or moves an output.
"""

from micropython import const

from core import trips
from dispenser.handshake import Handshake
from dispenser.signals import COLD_LEAK, LEAK, PT102_G, PT103_G
from generated import dispenser_params as p
from generated import dispenser_tags as t

SCAN_MS = const(50)
EARTH_MAX_MOHM = const(10000)  # loop clamp - vehicle - bond (EJ, after GB 50516 10.3.1D)
VENTED_FOR_MS = const(2000)
WARM_FOR_MS = const(3000)
TEST_BAND_MBAR = const(60)
RESET_HOLD_MS = const(3000)


class Conditions(Handshake):
    """Counters and their memory. `update()` every fifth tick before the machine steps."""

    def __init__(self, image, truck, signals, params, trip_engine):
        super().__init__(image, truck, signals, params)
        self._v, self._good = image.ai.value, image.ai.ok
        self._trips = trip_engine
        self.is_purged = False
        self.is_leak_tight = False
        self.no_liquid = False
        self.untouched = False  # before the first session nobody knows what a hose has been through
        self.leak_mbar = 0  # pressure the leak test aims at
        self._seat_on_earth = False
        self._was_seated = True
        self._start_seen_up = False  # start must have been let go since boot and since the last customer
        self._vented_ms = 0
        self._warm_ms = 0
        self._coldest_ck = 0
        self._cold_ms = 0
        self._pressed_ms = 0
        self._reset_ms = 0
        self._start_102 = self._start_103 = 0
        self._balance = 0  # FT101 - FT103 over a window of the cold test, mg/s / 16 added up
        self._balance_ticks = 0
        self._filled = 0  # the same of a window before it
        self._tested = False  # verdict of the test that the present state makes
        self._closed = 0  # permissives that are contacts, as of the image's `moves`
        self._moves = -1

    def bind(self, machine):
        """Learn the machine's state numbers once it exists."""
        self.machine = machine
        self._s_leak_press = machine.index("LEAK_PRESS")
        self._s_leak_hold = machine.index("LEAK_HOLD")
        self._s_coldtest = machine.index("COLDTEST")
        self._s_talk = machine.index("TALK")

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

    def earthed(self):
        return self._image.di[t.ES103] and self._good[t.GT101] and self._v[t.GT101] <= EARTH_MAX_MOHM

    def vented(self):
        return self._vented_ms >= VENTED_FOR_MS

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
