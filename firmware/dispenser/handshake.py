"""Is this the truck that it says it is, and what does its fuelling command mean now: guards of CONNECT and of liquid.

What a truck declares in a session is held against the type table, its own figures and the station's. A truck that
does not fit is refused before any valve moves; the reasons stand in `dispenser.refusal_table`, what a command means
in `dispenser.command_table`.
"""

from micropython import const

from core import bus_watch, report
from dispenser import command_table, refusal_table, state_table
from dispenser.signals import LINK_BAD, LINK_MS, SEA_LEVEL_MBAR, max_mass_g
from dispenser.type_table import TYPES
from generated import dispenser_params as p
from generated import dispenser_tags as t
from generated import messages as m

DECLARED_MASS_PPT = const(1005)  # a truck may declare at most 0.5 % more than the 98 % rule gives

# Places in refusal_table.REFUSALS, from 1
(
    VERSION, ABORTED, CHANGED, TYPE, VOLUME, RELIEF, MAWP, FLOW, EXPIRED, MAX_MASS, PRESSURE, TARGET, NOT_PROVED,
) = range(1, 14)  # fmt: skip

PROOF_MS = const(5000)  # a truck that has told everything else has to have proved its key by then

# Actions of command_table
ACTIONS = ("none", "go", "wait", "hold", "stop", "refuse", "end")
GO, HOLD = const(1), const(3)
_COMMANDS = const(5)


def meanings():
    """Return the action per state and command, as bytes of _COMMANDS for each row of STATES (start-up only)."""
    rows = {row[0]: bytes([ACTIONS.index(word) for word in row[1:]]) for row in command_table.MEANING}
    return b"".join([rows.get(row[0]) or rows[row[1]] for row in state_table.STATES])


class Handshake:
    """What the dispenser's sequence asks of the truck. `machine` is set before the first guard is asked."""

    def __init__(self, image, truck, signals, params):
        self._image = image
        self._truck = truck
        self._signals = signals
        self._params = params
        self.machine = None
        self.events = None  # set by the node, as the machine is
        self.target_g = 0
        self.fits = False  # all that the truck declared in this session has been looked at, and is in order
        self.refusal = 0  # why this session's truck was refused: row of refusal_table, from 1; 0 not refused
        self._meaning = meanings()

    def link_good(self):
        """Return True while the truck's permit messages are qualified and younger than their hold limit."""
        value = self._signals.value
        return not value[LINK_BAD] and value[LINK_MS] < m.T_STATUS_HOLD_MS

    # -- the fuelling command ------------------------------------------------------------------------------

    def _means(self, action):
        return self._meaning[self.machine.state * _COMMANDS + self._truck.command()] == action

    def truck_halts(self):
        return self._means(HOLD)

    # -- connect -------------------------------------------------------------------------------------------

    def truck_ready(self):
        truck = self._truck
        di = self._image.di
        if not (self.link_good() and self.fits and self._means(GO)):
            return False
        ready = truck.says(m.T_STATUS_TANK_READY) and truck.says(m.T_STATUS_PERMIT_CONTACT)
        return ready and di[t.ZS105] and di[t.ES102] and di[t.PS104]

    def refused_version(self):
        return self.refusal == VERSION

    def refused_abort(self):
        return self.refusal == ABORTED

    def refused_changed(self):
        return self.refusal == CHANGED

    def refused_type(self):
        return self.refusal == TYPE

    def refused_volume(self):
        return self.refusal == VOLUME

    def refused_relief(self):
        return self.refusal == RELIEF

    def refused_mawp(self):
        return self.refusal == MAWP

    def refused_flow(self):
        return self.refusal == FLOW

    def refused_expired(self):
        return self.refusal == EXPIRED

    def refused_max_mass(self):
        return self.refusal == MAX_MASS

    def refused_pressure(self):
        return self.refusal == PRESSURE

    def refused_target(self):
        return self.refusal == TARGET

    def refused_proof(self):
        return self.refusal == NOT_PROVED

    def refusal_code(self):
        """Return the abort_cause of the refusal; 0: none."""
        return refusal_table.FIRST_CODE + self.refusal - 1 if self.refusal else 0

    def judge(self):
        """Look at what the truck has declared so far: set `refusal`, the first reason found, or `fits`, or neither."""
        truck = self._truck
        self.fits = False
        self.refusal = 0
        if truck.version() == 0:
            self.refusal = VERSION
        elif truck.aborts:
            self.refusal = ABORTED
        elif truck.changed:
            self.refusal = CHANGED
        elif truck.introduced() and truck.mass_g >= 0:
            self.refusal = self._judge_type() or self._judge_limits() or self._judge_proof()
            self.fits = not self.refusal and truck.guard.passes()

    def _judge_type(self):
        truck = self._truck
        for row in TYPES:
            if row[0] != truck.vessel_type:
                continue
            if _beside(truck.volume_l, row[2], row[3]):
                return VOLUME
            if _beside(truck.relief_mbarg, row[4], row[5]):
                return RELIEF
            mawp = truck.mawp_mbarg
            if _beside(mawp, row[6], row[7]) or mawp < truck.relief_mbarg:
                return MAWP
            if mawp < self._params.get(p.HOSE_RELIEF_MBARG):
                return MAWP
            return FLOW if truck.max_flow_g_s > row[8] else 0
        return TYPE

    def _judge_proof(self):
        guard = self._truck.guard
        if guard.passes():
            return 0
        return NOT_PROVED if guard.refuses() or self.machine.state_ms >= PROOF_MS else 0

    def _judge_limits(self):
        truck = self._truck
        date = self._params.get(p.DATE_MONTH)
        if date > truck.cert_month:  # a date that was never set is 0
            return EXPIRED
        rule_g = max_mass_g(truck.volume_l, truck.relief_mbarg)
        if truck.max_mass_g > rule_g // 1000 * DECLARED_MASS_PPT:
            return MAX_MASS
        relief = truck.relief_mbarg + SEA_LEVEL_MBAR
        if truck.max_pressure_mbar >= relief or truck.pressure_mbar >= self._supply_mbar():
            return PRESSURE
        self.target_g = self._params.get(p.TARGET_G) or truck.target_g
        if self.target_g > truck.max_mass_g or self.target_g <= truck.mass_g:
            return TARGET
        return 0

    def accept(self):
        """The truck is accepted: from here on nothing that it declared may change."""
        self._truck.accepted = True
        self.events.put(report.LINK, bus_watch.VERSION, 0, 0, self._truck.version())
        if not self._params.get(p.DATE_MONTH):
            self.events.put(report.LINK, bus_watch.DATE_UNSET, 0, 0, 0)

    def _supply_mbar(self):
        """Return what the station will press with: a pump stands still until liquid is wanted, and PT101 with it."""
        now = self._image.ai.value[t.PT101]
        pumped = self._params.get(p.PUMP_MBAR)
        return pumped if pumped > now else now


def _beside(value, nominal, tolerance):
    return value < nominal - tolerance or value > nominal + tolerance
