"""The dispenser as the truck knows it: what its live, valid frames say."""

from micropython import const

from core import version
from core.link import Link
from generated import messages as m

YES = const(1)
STATUS, PERMIT, LINE, METER, ABORTED = range(5)  # rows of rx(); the authentication's follow
ABORT_MS = const(1000)  # an abort frame counts for so long

RX_ROWS = const(5)  # without those of the authentication


def rx(guard):
    """Return what the link receives: made when it is asked for, because at the top it would take heap for ever."""
    asked = guard.challenge
    return (
        # id             data id             unpack             values             session
        (m.D_STATUS_ID, m.D_STATUS_DATA_ID, m.unpack_d_status, m.D_STATUS_FIELDS, True, m.D_STATUS_HOLD_MS),
        (m.D_PERMIT_ID, m.D_PERMIT_DATA_ID, m.unpack_d_permit, m.D_PERMIT_FIELDS, True, m.D_PERMIT_HOLD_MS),
        (m.D_LINE_ID, m.D_LINE_DATA_ID, m.unpack_d_line, m.D_LINE_FIELDS, True, 0),
        (m.D_METER_ID, m.D_METER_DATA_ID, m.unpack_d_meter, m.D_METER_FIELDS, True, 0),
        (m.D_ABORT_ID, m.D_ABORT_DATA_ID, m.unpack_d_abort, m.D_ABORT_FIELDS, False, 0),
        (m.D_AUTH_ID, m.D_AUTH_DATA_ID, guard.verifier.offer_tag, 0, False, 0),
        (m.D_CHALLENGE_ID, m.D_CHALLENGE_DATA_ID, asked.take_challenge, 0, True, 0),
        (m.D_RESPONSE_ID, m.D_RESPONSE_DATA_ID, asked.take_response, 0, True, 0),
    )  # fmt: skip


class Station:
    """Latest values of the dispenser, its session, and how old they are."""

    def __init__(self, port, tx, guard):
        self.link = Link(port, rx(guard), tx)
        self.guard = guard
        self.session = 0

    def adopt(self, authenticated):
        """Adopt the session of a dispenser in CONNECT and accept no other from here on."""
        values = self.link.values[STATUS]
        if values[m.D_STATUS_DISPENSER_STATE] == m.DISPENSER_STATE_CONNECT and values[0] > 0:
            self.session = self.link.session = values[0]
            self.guard.begin(self.session, authenticated)

    def forget(self):
        """End the session: any dispenser may begin one."""
        self.session = self.link.session = 0
        self.guard.end()
        self.link.forget()

    def aborts(self, now):
        """Return True while the dispenser says by its abort frame that it has ended or refused."""
        link = self.link
        return link.values[ABORTED][m.D_ABORT_ABORT_ACTIVE] == YES and link.receivers[ABORTED].age_ms(now) < ABORT_MS

    def version(self):
        """Return the protocol version that both sides speak; 0 none, -1 when the dispenser has not told its own."""
        v = self.link.values[STATUS]
        if v[m.SESSION] < 0:
            return -1
        theirs, older = v[m.D_STATUS_PROTOCOL_VERSION], v[m.D_STATUS_ACCEPTS_OLDER]
        return version.common(m.PROTOCOL_VERSION, m.ACCEPTS_OLDER, theirs, older)

    def target_g(self):
        """Return the mass in the tank at which the dispenser means to end; negative while it has not said."""
        return self.link.values[PERMIT][m.D_PERMIT_TARGET_MASS_G]

    def state(self):
        """Return the dispenser's public state number, -1 unknown."""
        return self.link.values[STATUS][m.D_STATUS_DISPENSER_STATE]

    def nozzle_on(self, now):
        """Return True while the dispenser says, live, that its nozzle is seated on this truck."""
        if self.link.values[STATUS][m.D_STATUS_NOZZLE_SEATED] != YES:
            return False
        return self.link.live(STATUS, now, m.D_STATUS_STOP_MS)

    def permits(self):
        """Return True while the dispenser grants the fill permit."""
        return self.link.values[PERMIT][m.D_PERMIT_FILL_PERMIT] == YES

    def takes_gas(self):
        """Return True while the dispenser takes return gas."""
        return self.link.values[PERMIT][m.D_PERMIT_RETURN_PERMIT] == YES

    def live(self, now, limit_ms):
        """Return True while status and permit are qualified and younger than limit_ms."""
        link = self.link
        return link.live(STATUS, now, limit_ms) and link.live(PERMIT, now, limit_ms)

    def silent(self, now, limit_ms):
        """Return True once no good status or no good permit has come for limit_ms, qualified or not."""
        link = self.link
        return link.age_ms(STATUS, now) >= limit_ms or link.age_ms(PERMIT, now) >= limit_ms
