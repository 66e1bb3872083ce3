"""The truck as the dispenser knows it: what its live, valid frames of this session say, and nothing else."""

from micropython import const

from core.link import Link
from generated import messages as m

DYNA, STAT, HALT, ABORT = const(0), const(1), const(2), const(3)
YES = const(1)

STATUS, MEAS, TEMP, LIMIT, FILL, FLOW, IDENT, ABORTED = range(8)

RX = (
    # id             data id             unpack             values             session
    (m.T_STATUS_ID, m.T_STATUS_DATA_ID, m.unpack_t_status, m.T_STATUS_FIELDS, True, m.T_STATUS_HOLD_MS),
    (m.T_MEAS_ID, m.T_MEAS_DATA_ID, m.unpack_t_meas, m.T_MEAS_FIELDS, True, m.T_MEAS_HOLD_MS),
    (m.T_TEMP_ID, m.T_TEMP_DATA_ID, m.unpack_t_temp, m.T_TEMP_FIELDS, True, 0),
    (m.T_LIMIT_ID, m.T_LIMIT_DATA_ID, m.unpack_t_limit, m.T_LIMIT_FIELDS, True, 0),
    (m.T_FILL_ID, m.T_FILL_DATA_ID, m.unpack_t_fill, m.T_FILL_FIELDS, True, 0),
    (m.T_FLOW_ID, m.T_FLOW_DATA_ID, m.unpack_t_flow, m.T_FLOW_FIELDS, True, 0),
    (m.T_IDENT_ID, m.T_IDENT_DATA_ID, m.unpack_t_ident, m.T_IDENT_FIELDS, True, 0),
    (m.T_ABORT_ID, m.T_ABORT_DATA_ID, m.unpack_t_abort, m.T_ABORT_FIELDS, False, 0),
)  # fmt: skip


class Truck:
    """Latest values of the truck: -1 while unknown. `refresh()` copies them from the link each tick."""

    def __init__(self, port, tx):
        self.link = Link(port, RX, tx)
        self.forget()

    def forget(self):
        """Drop what the last truck said; called when a session starts."""
        for values in self.link.values:
            for i in range(len(values)):
                values[i] = -1
        self.pressure_mbar = self.mass_g = -1
        self.relief_mbarg = self.max_mass_g = self.max_pressure_mbar = -1
        self.max_flow_g_s = self.target_g = self.volume_l = -1

    def receive(self, now):
        """Take in the frames since the last tick."""
        link = self.link
        if not link.receive(now):
            return
        values = link.values
        v = values[MEAS]
        measured = v[m.T_MEAS_MEASURE_OK] == YES
        self.pressure_mbar = v[m.T_MEAS_TANK_PRESSURE_MBAR] if measured else -1
        self.mass_g = v[m.T_MEAS_TANK_MASS_G] if measured else -1
        v = values[LIMIT]
        self.volume_l = v[m.T_LIMIT_VOLUME_L]
        self.relief_mbarg = v[m.T_LIMIT_RELIEF_MBARG]
        v = values[FILL]
        self.max_mass_g = v[m.T_FILL_MAX_MASS_G]
        self.max_pressure_mbar = v[m.T_FILL_MAX_PRESSURE_MBAR]
        v = values[FLOW]
        self.max_flow_g_s = v[m.T_FLOW_MAX_FLOW_G_S]
        self.target_g = v[m.T_FLOW_TARGET_MASS_G]

    def age_ms(self):
        """Return the age in ms, in this tick, of the older of the two messages that a permit rests on."""
        ages_ms = self.link.ages_ms
        a, b = ages_ms[STATUS], ages_ms[MEAS]
        return a if a > b else b

    def qualified(self):
        """Return True while both messages are qualified (3 good, not 2 bad in 10)."""
        receivers = self.link.receivers
        return receivers[STATUS].qualified and receivers[MEAS].qualified

    def aborts(self, now):
        """Return True while the truck says Abort, in its status or by its abort frame."""
        link = self.link
        if link.values[STATUS][m.T_STATUS_FUELLING_COMMAND] == ABORT:
            return True
        return link.values[ABORTED][m.T_ABORT_ABORT_ACTIVE] == YES and link.receivers[ABORTED].age_ms(now) < 1000

    def command(self):
        """Return the fuelling command DYNA, STAT, HALT, ABORT or -1."""
        return self.link.values[STATUS][m.T_STATUS_FUELLING_COMMAND]

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
            and self.link.values[IDENT][m.T_IDENT_TANK_ID] > 0
        )
