"""The truck as the dispenser knows it: what its live, valid frames of this session say, and nothing else."""

from micropython import const

from core import version
from core.e2e import AGE_MAX_MS
from core.link import Link
from generated import messages as m

DYNA, STAT, HALT, ABORT, NONE = const(0), const(1), const(2), const(3), const(4)
YES = const(1)
ABORT_MS = const(1000)  # an abort frame counts for so long

STATUS = const(0)
MEAS = const(1)
TEMP, LIMIT, FILL, FLOW, IDENT, PLATE, ABORTED = range(2, 9)  # rows of rx(); those of the authentication follow
STATIC = (LIMIT, FILL, FLOW, IDENT, PLATE)  # the same throughout a session
_STATIC_BITS = const(0xF8)  # of STATIC in Link.fresh

RX_ROWS = const(9)  # without those of the authentication


def rx(guard):
    """Return what the link receives: made when it is asked for, because at the top it would take heap for ever."""
    asked = guard.challenge
    return (
        # id             data id             unpack             values             session
        (m.T_STATUS_ID, m.T_STATUS_DATA_ID, m.unpack_t_status, m.T_STATUS_FIELDS, True, m.T_STATUS_HOLD_MS),
        (m.T_MEAS_ID, m.T_MEAS_DATA_ID, m.unpack_t_meas, m.T_MEAS_FIELDS, True, m.T_MEAS_HOLD_MS),
        (m.T_TEMP_ID, m.T_TEMP_DATA_ID, m.unpack_t_temp, m.T_TEMP_FIELDS, True, 0),
        (m.T_LIMIT_ID, m.T_LIMIT_DATA_ID, m.unpack_t_limit, m.T_LIMIT_FIELDS, True, 0),
        (m.T_FILL_ID, m.T_FILL_DATA_ID, m.unpack_t_fill, m.T_FILL_FIELDS, True, 0),
        (m.T_FLOW_ID, m.T_FLOW_DATA_ID, m.unpack_t_flow, m.T_FLOW_FIELDS, True, 0),
        (m.T_IDENT_ID, m.T_IDENT_DATA_ID, m.unpack_t_ident, m.T_IDENT_FIELDS, True, 0),
        (m.T_PLATE_ID, m.T_PLATE_DATA_ID, m.unpack_t_plate, m.T_PLATE_FIELDS, True, 0),
        (m.T_ABORT_ID, m.T_ABORT_DATA_ID, m.unpack_t_abort, m.T_ABORT_FIELDS, False, 0),
        (m.T_AUTH_ID, m.T_AUTH_DATA_ID, guard.verifier.offer_tag, 0, False, 0),
        (m.T_CHALLENGE_ID, m.T_CHALLENGE_DATA_ID, asked.take_challenge, 0, True, 0),
        (m.T_RESPONSE_ID, m.T_RESPONSE_DATA_ID, asked.take_response, 0, True, 0),
    )  # fmt: skip


class Truck:
    """Latest values of the truck: -1 while unknown. `receive()` copies them from the link.

    Each tick's `receive()` says of the two messages that a permit rests on (status and measurements): `age_ms`, that of
    the older one, and `qualified`, that both are (3 good, not 2 bad in 10); and `aborts` while the truck says Abort, in
    its status or by its abort frame.
    """

    def __init__(self, port, tx, guard):
        self.link = Link(port, rx(guard), tx)
        self.guard = guard
        self._declared = tuple(map(list, self.link.values[LIMIT : PLATE + 1]))  # STATIC ones, first of this session
        self._meas = self.link.receivers[MEAS]
        self._link_receive = self.link.receive
        self.age_ms = AGE_MAX_MS
        self.qualified = False
        self.forget()

    def forget(self):
        """Drop what the last truck said; called when a session starts."""
        self.link.forget()
        for values in self._declared:
            for i in range(len(values)):
                values[i] = -1
        self.aborts = self._abort_status = self._abort_frame = False
        self.pressure_mbar = self.mass_g = -1
        self.relief_mbarg = self.max_mass_g = self.max_pressure_mbar = -1
        self.max_flow_g_s = self.target_g = self.volume_l = -1
        self.vessel_type = self.mawp_mbarg = self.cert_month = -1
        self.accepted = False  # set when the session's first gas flows: from then on nothing may be added either
        self.changed = False  # a static value is no longer what it was first

    def receive(self, now):
        """Take in the frames since the last tick."""
        link = self.link
        came = self._link_receive(now)
        ages_ms = link.ages_ms
        status_ms, meas_ms = ages_ms[STATUS], ages_ms[MEAS]
        self.age_ms = status_ms if status_ms > meas_ms else meas_ms
        self.qualified = self._meas.qualified and link.qualified(STATUS)
        if came:
            self._take(link.values)
            if link.fresh & _STATIC_BITS:
                self._introduce(link.fresh)
        self.aborts = self._abort_status or (
            self._abort_frame and link.receivers[ABORTED].age_ms(now) < ABORT_MS
        )

    def _take(self, values):
        """Copy what changes with every frame."""
        self._abort_status = values[STATUS][m.T_STATUS_FUELLING_COMMAND] == ABORT
        self._abort_frame = values[ABORTED][m.T_ABORT_ABORT_ACTIVE] == YES
        v = values[MEAS]
        measured = v[m.T_MEAS_MEASURE_OK] == YES
        self.pressure_mbar = v[m.T_MEAS_TANK_PRESSURE_MBAR] if measured else -1
        self.mass_g = v[m.T_MEAS_TANK_MASS_G] if measured else -1

    def _introduce(self, fresh):
        """Compare static values that have just come with the first ones of this session, or keep them as those."""
        values = self.link.values
        for i in STATIC:
            if not fresh >> i & 1:
                continue
            new, first = values[i], self._declared[i - LIMIT]
            for k in range(1, len(new)):  # from behind the session number
                if new[k] == first[k]:
                    continue
                if first[k] >= 0 or self.accepted:
                    self.changed = True
                else:
                    first[k] = new[k]
        declared = self._declared
        v = declared[0]
        self.volume_l = v[m.T_LIMIT_VOLUME_L]
        self.relief_mbarg = v[m.T_LIMIT_RELIEF_MBARG]
        v = declared[FILL - LIMIT]
        self.max_mass_g = v[m.T_FILL_MAX_MASS_G]
        self.max_pressure_mbar = v[m.T_FILL_MAX_PRESSURE_MBAR]
        v = declared[FLOW - LIMIT]
        self.max_flow_g_s = v[m.T_FLOW_MAX_FLOW_G_S]
        self.target_g = v[m.T_FLOW_TARGET_MASS_G]
        self.vessel_type = declared[IDENT - LIMIT][m.T_IDENT_VESSEL_TYPE]
        v = declared[PLATE - LIMIT]
        self.mawp_mbarg = v[m.T_PLATE_MAWP_MBARG]
        year, month = v[m.T_PLATE_CERT_YEAR], v[m.T_PLATE_CERT_MONTH]
        self.cert_month = year * 100 + month if year > 0 and month > 0 else -1

    def static_age_ms(self, now):
        """Return the age in ms of the oldest of the static messages."""
        oldest = 0
        receivers = self.link.receivers
        for i in STATIC:
            age_ms = receivers[i].age_ms(now)
            if age_ms > oldest:
                oldest = age_ms
        return oldest

    def tank_id(self):
        """Return the truck's identity, -1 while unknown."""
        return self._declared[IDENT - LIMIT][m.T_IDENT_TANK_ID]

    def version(self):
        """Return the protocol version that both sides speak; 0 none, -1 when the truck has not told its own."""
        v = self.link.values[STATUS]
        if v[m.SESSION] < 0:
            return -1
        theirs, older = v[m.T_STATUS_PROTOCOL_VERSION], v[m.T_STATUS_ACCEPTS_OLDER]
        return version.common(m.PROTOCOL_VERSION, m.ACCEPTS_OLDER, theirs, older)

    def command(self):
        """Return the fuelling command DYNA, STAT, HALT or ABORT; NONE for anything else."""
        command = self.link.values[STATUS][m.T_STATUS_FUELLING_COMMAND]
        return command if command >= 0 else NONE

    def says(self, index):
        """Return True when flag `index` of T_STATUS is yes."""
        return self.link.values[STATUS][index] == YES

    def takes_liquid(self):
        """Return True when the truck says that a way out of the hose is open at its end."""
        return self.says(m.T_STATUS_XV201_OPEN) or self.says(m.T_STATUS_XV208_OPEN)

    def introduced(self):
        """Return True when identity and every limit have come."""
        return (
            self.volume_l > 0
            and self.relief_mbarg > 0
            and self.max_mass_g > 0
            and self.max_pressure_mbar > 0
            and self.max_flow_g_s > 0
            and self.vessel_type >= 0
            and self.mawp_mbarg > 0
            and self.cert_month > 0
            and self.tank_id() > 0
        )
