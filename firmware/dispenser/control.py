"""What moves inside a state: flow control by FCV102, helium pressure by XV106 and XV107, and venting of
trapped liquid. Positions are wanted here; the gate has the last word.
"""

from micropython import const

from core.rows import column
from dispenser import io_table, param_table, state_table
from dispenser.signals import TANK_P_CPCT
from generated import dispenser_params as p
from generated import dispenser_tags as t

MOVED = const(2)  # a cell that leaves the output to this module
SCAN_TICKS = const(5)
SCAN_MS = const(50)
FCV_MAX_CPCT = const(10000)
RAMP_MG_S = const(1500)  # set point moves at most this much a step: 30 g/s per second
DEAD_MG_S = const(500)  # an error below this leaves the valve alone: it would only follow the meter's noise
# Flow loop, PI in velocity form, in 1/256 cpct so that small errors still add up: 0.016 cpct per mg/s of
# change and 0.0025 per mg/s and step of error.
FINE = const(8)
GAIN_P_SHIFT = const(2)
GAIN_I = const(5)
GAIN_I_SHIFT = const(3)
STEP_MAX_CPCT = const(600)  # 6 % a step: full stroke in 0.8 s
STEP_SHUT_CPCT = const(1250)  # 0.4 s full stroke: no surge
HALF_FLOW_CPCT = const(9000)  # of relief: halve the flow above 90 %
# Helium is shut off ahead of its aim by what still comes in while XV106 (XV107) closes: the present rise over LEAD
# scans; and let in again only BAND below the aim, so that the valves end their strokes.
HELIUM_LEAD_SCANS = const(4)  # 200 ms: one scan and half a stroke
HELIUM_BAND_MBAR = const(30)  # half of the leak test's own band
TRAPPED_CK = const(9000)
TRAPPED_FOR_MS = const(1000)


class Control:
    """Fills the gate's wants from the state's row and moves what the row leaves to control (C)."""

    def __init__(self, image, gate, truck, signals, sequence, params):
        self._image = image
        self._gate = gate
        self._truck = truck
        self._signals = signals
        self._sequence = sequence
        self._params = params
        # The cells of each state, one state behind the other: wants in DO order (0, 1, MOVED), then FCV102's.
        places = list(map(state_table.OUTPUTS.index, column(io_table.DO, 0) + ["FCV102"]))
        self._cells = bytearray()
        for row in state_table.STATES:
            cells = row[2].split()
            for place in places:
                self._cells.append("-OC".index(cells[place]))
        names, parameters = column(state_table.STATES, 0), column(param_table.PARAMS, 0)
        self._flow = bytearray(len(names))  # parameter of the set point, per state
        for state, parameter in state_table.SET_POINTS:
            self._flow[names.index(state)] = parameters.index(parameter)
        self._purge = names.index("PURGE_PRESS")
        self._maintenance = names.index("MAINTENANCE")
        self.hand = None  # set by the node
        self._state = -1
        self._position = 0  # 1/256 cpct
        self._set_mg_s = 0
        self._last_error = 0
        self._trapped_ms = 0
        self._trapped_return_ms = 0
        self._last_102 = 0
        self._last_103 = 0

    def update(self, tick, state):
        """Set every want: at once in a new state, every 50 ms within one (FCV102 takes 400 ms for its stroke)."""
        if state == self._state and tick % SCAN_TICKS:
            return
        want = self._gate.want
        cells, row = self._cells, (t.N_DO + 1) * state
        if state != self._state:
            self._state = state
            for i in range(len(want)):
                want[i] = cells[row + i]
            v = self._image.ai.value
            self._last_102 = v[t.PT102]
            self._last_103 = v[t.PT103]
        if cells[row + t.XV106] == MOVED:
            self._helium(state, want)
        kind = cells[row + t.N_DO]
        if kind == MOVED:
            self._control_flow(self._flow[state])
        else:
            aim = FCV_MAX_CPCT if kind else 0
            self._move((aim << FINE) - self._position, STEP_SHUT_CPCT)
            self._set_mg_s = 0
            self._last_error = 0
        self._gate.want_ao[0] = self._position >> FINE
        want[t.XV105] = cells[row + t.XV105]
        want[t.XV110] = cells[row + t.XV110]
        if state == self._maintenance:
            self.hand.apply(want, self._gate.want_ao)
        self._release_trapped(want)

    def _helium(self, state, want):
        v = self._image.ai.value
        if state == self._purge:
            aim = self._params.get(p.PURGE_HIGH_MBAR) + 50
        else:
            aim = self._sequence.leak_mbar
        now = v[t.PT102]
        want[t.XV106] = _lets_in(want[t.XV106], now, now - self._last_102, aim)
        self._last_102 = now
        now = v[t.PT103]
        want[t.XV107] = _lets_in(want[t.XV107], now, now - self._last_103, aim)
        self._last_103 = now

    def _set_point(self, parameter):
        aim = self._params.get(parameter)
        truck_max = self._truck.max_flow_g_s * 1000
        if 0 < truck_max < aim:
            aim = truck_max
        signals = self._signals
        if signals.ok[TANK_P_CPCT] and signals.value[TANK_P_CPCT] > HALF_FLOW_CPCT:
            aim //= 2
        return aim

    def _control_flow(self, parameter):
        image = self._image
        aim = self._set_point(parameter)
        step = aim - self._set_mg_s
        if step > RAMP_MG_S:
            step = RAMP_MG_S
        elif step < -RAMP_MG_S:
            step = -RAMP_MG_S
        self._set_mg_s += step
        if not image.ai.ok[t.FT101] or not image.di[t.ZO103]:
            return
        error = self._set_mg_s - image.ai.value[t.FT101]
        before = self._last_error
        self._last_error = error
        if not step and -DEAD_MG_S < error < DEAD_MG_S:
            return
        change = (error - before << GAIN_P_SHIFT) + (error * GAIN_I >> GAIN_I_SHIFT)
        self._move(change, STEP_MAX_CPCT)

    def _move(self, change, limit_cpct):
        limit = limit_cpct << FINE
        if change > limit:
            change = limit
        elif change < -limit:
            change = -limit
        position = self._position + change
        top = FCV_MAX_CPCT << FINE
        self._position = 0 if position < 0 else top if position > top else position

    def _release_trapped(self, want):
        # A cold hose shut at both ends is vented, whatever the state says (I4).
        image = self._image
        v = image.ai.value
        truck = self._truck
        open_at_truck = self._sequence.link_good() and truck.takes_liquid()
        if want[t.XV103] or v[t.TT102] > TRAPPED_CK or open_at_truck or want[t.XV105]:
            self._trapped_ms = 0
        elif self._trapped_ms < TRAPPED_FOR_MS:
            self._trapped_ms += SCAN_MS
        else:
            want[t.XV105] = 1
        if want[t.XV104] or v[t.TT103] > TRAPPED_CK or want[t.XV110]:
            self._trapped_return_ms = 0
        elif self._trapped_return_ms < TRAPPED_FOR_MS:
            self._trapped_return_ms += SCAN_MS
        else:
            want[t.XV110] = 1


def _lets_in(is_open, mbar, rise_mbar, aim_mbar):
    """Return whether helium is to flow: until the aim is in reach, then again from BAND below it."""
    if is_open:
        return 1 if mbar + rise_mbar * HELIUM_LEAD_SCANS < aim_mbar else 0
    return 1 if mbar < aim_mbar - HELIUM_BAND_MBAR else 0
