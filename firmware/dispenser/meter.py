"""The dispenser's meter: what went in, what came back, what the hose kept. Grams; the ticket's arithmetic.

From FILL to DRAIN: net = FT101 total - FT103 total (gas returned) - hose loss. The hose holds liquid when FILL
begins (precool metered it) and is pushed empty into the truck at the end, so its loss is negative: what
stays in it as gas, less that liquid. That liquid is a trickle when the cold test begins (EJ, as what stays) and
what the cold test metered into the hose and not out of it: subcooled liquid fills a hose that saturated liquid
leaves half empty.
"""

from micropython import const

from generated import dispenser_params as p
from generated import dispenser_tags as t

LOW_FLOW_CUT_MG_S = const(100)  # FT103 below this is its own zero error
MG_PER_G = const(1000)
UG_PER_G = const(1000000)
PULSES_APART_G, PULSES_APART_PCT = const(100), const(1)  # of FQ101's pulses and FT101's current: one of them is wrong
BILLABLE, NOT_BILLABLE, CUT_SHORT = const(0), const(1), const(2)
UNPROVED = const(4)  # added to any of these: the link was not authenticated
MIN_BILLED_G = const(5000)
RUN_OUT_TICKS = const(100)  # 1 s: what still flows while the valves of a stopped fill shut is metered too


class Meter:
    """Totals of one fill. `running` between `start()` and `stop()`; `sample()` each tick, no allocation."""

    def __init__(self, image, params):
        self._image = image
        self._params = params
        self.fills = -1  # counts the fills since boot
        self.start(0)
        self.running = False

    def start(self, truck_mass_g, authenticated=True, hose_gain_g=0):
        """Begin a fill: totals at zero; truck_mass_g is the truck's own mass now (for the balance).

        hose_gain_g: what the hose has gained in the cold test (below 0: lost).
        """
        self._hose_gain_g = hose_gain_g
        self.unproved = 0 if authenticated else UNPROVED
        self.running = True
        self.fills = self.fills + 1 & 0x3FFFFFFF
        self._left = 0
        self._from = self._image.count[t.FQ101]
        self.meter_g = 0
        self.returned_g = self._passed_g = 0
        self._returned_ug = self._passed_ug = 0
        self._truck_start_g = truck_mass_g
        self.suspect = False
        self.drained = False

    def sample(self):
        """Add this tick (10 ms) to the totals."""
        if not self.running:
            return
        image = self._image
        self.meter_g = image.count[t.FQ101] - self._from & 0x3FFFFFFF
        if self._left:
            self._left -= 1
            if not self._left:
                self.running = False
        ok = image.ai.ok
        if not (ok[t.FT101] and ok[t.FT103]):
            self.suspect = True
            return
        value = image.ai.value
        flow = value[t.FT103]
        if flow > LOW_FLOW_CUT_MG_S:
            self._returned_ug += flow * 10  # mg/s * 10 ms
            whole = self._returned_ug // UG_PER_G
            self.returned_g += whole
            self._returned_ug -= whole * UG_PER_G
        flow = value[t.FT101]
        if flow > LOW_FLOW_CUT_MG_S:
            self._passed_ug += flow * 10
            whole = self._passed_ug // UG_PER_G
            self._passed_g += whole
            self._passed_ug -= whole * UG_PER_G

    def stop(self):
        """End the fill; totals stay."""
        self.running = False

    def run_out(self):
        """End a fill that was stopped: totals stay after the second that its valves have to shut."""
        if self.running and not self._left:
            self._left = RUN_OUT_TICKS

    def hose_loss_g(self):
        """Return the computed hose loss in g (negative: the hose gave more than it kept)."""
        return self._params.get(p.HOSE_KEPT_G) - self._params.get(p.HOSE_LIQUID_G) - self._hose_gain_g

    def net_g(self):
        """Return the billable mass in g."""
        return self.meter_g - self.returned_g - self.hose_loss_g()

    def balance_g(self, truck_mass_g):
        """Return metered less returned less the truck's own gain, in g (0 before the fill or unknown)."""
        if not self.running or self._truck_start_g < 0 or truck_mass_g < 0:
            return 0
        return self.meter_g - self.returned_g - (truck_mass_g - self._truck_start_g)

    def pulses_fit(self):
        """Return True when the meter's pulses and its current tell the same mass: lost pulses are not billed short."""
        apart = self.meter_g - self._passed_g
        if apart < 0:
            apart = -apart
        return apart <= PULSES_APART_G + self._passed_g * PULSES_APART_PCT // 100

    def status(self):
        """Return BILLABLE, or NOT_BILLABLE: a meter was bad, the hose was not drained, or the fill too small.

        UNPROVED is added for a fill over a link without authentication.
        """
        bad = self.suspect or not self.drained or self.net_g() < MIN_BILLED_G or not self.pulses_fit()
        return (NOT_BILLABLE if bad else BILLABLE) | self.unproved
