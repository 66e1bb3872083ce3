"""CAN messages: identifiers, pack and unpack. GENERATED from dbc/cryofill.dbc: do not edit.

Change the DBC, then run `cryofill dbc generate`; `cryofill dbc check` fails when this file is stale.
DBC sha256: 47eb1930c3ae5f432fa5db7fc5fe3836fc523214d0d779621bca9598d652655f

pack_x(buf, session, ...) writes bytes 3-7 of `buf` (8 bytes); bytes 0-2 are e2e.protect's. Arguments are
physical integers in the unit of their name, NA or ERR; a value between two steps is rounded down. Returns 0;
else nothing is written and the result is the 1-based index of the first argument out of range, or
SESSION_REFUSED.
unpack_x(buf, out) fills the list `out` (X_FIELDS long): session, then the signals by their index constants;
NA = not available, ERR = error or a value that the DBC does not allow. Opaque messages (bytes of cryptography) have
neither: their bytes are copied as they are.
Neither allocates, raises or needs more than 31 bits.
"""

from micropython import const

# fmt: off
NA = const(-1)
ERR = const(-2)
SESSION = const(0)  # index of the session number in every unpacked list
SESSION_MAX = const(253)
SESSION_REFUSED = const(-1)
PROTOCOL_VERSION = const(1)
ACCEPTS_OLDER = const(0)  # versions before ours that we speak as well
BITRATE = const(500000)
DISPENSER_ADDRESS = const(0xD1)
TANK_ADDRESS = const(0xA1)

# Values of states and commands
DISPENSER_STATE_BOOT = const(0)
DISPENSER_STATE_SELFTEST = const(1)
DISPENSER_STATE_IDLE = const(2)
DISPENSER_STATE_CONNECT = const(3)
DISPENSER_STATE_PURGE = const(4)
DISPENSER_STATE_LEAKTEST = const(5)
DISPENSER_STATE_PRECOOL = const(6)
DISPENSER_STATE_COLDTEST = const(7)
DISPENSER_STATE_FILL = const(8)
DISPENSER_STATE_HOLD = const(9)
DISPENSER_STATE_DRAIN = const(10)
DISPENSER_STATE_VENT = const(11)
DISPENSER_STATE_WARM = const(12)
DISPENSER_STATE_DISCONNECT = const(13)
DISPENSER_STATE_COMPLETE = const(14)
DISPENSER_STATE_SAFE_STOP = const(15)
DISPENSER_STATE_ESD = const(16)
DISPENSER_STATE_LOCKOUT = const(17)
DISPENSER_STATE_MAINTENANCE = const(18)
TANK_STATE_BOOT = const(0)
TANK_STATE_SELFTEST = const(1)
TANK_STATE_PARK = const(2)
TANK_STATE_DRIVE = const(3)
TANK_STATE_REFUEL_READY = const(4)
TANK_STATE_PURGE = const(5)
TANK_STATE_COOLDOWN = const(6)
TANK_STATE_FILL = const(7)
TANK_STATE_ISOLATE = const(8)
TANK_STATE_RELIEVE = const(9)
TANK_STATE_FAULT = const(10)
FUELLING_COMMAND_DYNA = const(0)
FUELLING_COMMAND_STAT = const(1)
FUELLING_COMMAND_HALT = const(2)
FUELLING_COMMAND_ABORT = const(3)
VESSEL_TYPE_NONE = const(0)

# D_ABORT: from the dispenser every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_ABORT_ID = const(0x00FF00D1)
D_ABORT_DATA_ID = const(0xD100)
D_ABORT_CYCLE_MS = const(100)
D_ABORT_HOLD_MS = const(0)
D_ABORT_STOP_MS = const(0)
D_ABORT_ABORT_ACTIVE = const(1)
D_ABORT_ABORT_CAUSE = const(2)
D_ABORT_FIELDS = const(3)

# D_STATUS: from the dispenser every 100 ms; hold after 300 ms, stop after 1000 ms (0 = not watched)
D_STATUS_ID = const(0x0CFF10D1)
D_STATUS_DATA_ID = const(0xD110)
D_STATUS_CYCLE_MS = const(100)
D_STATUS_HOLD_MS = const(300)
D_STATUS_STOP_MS = const(1000)
D_STATUS_DISPENSER_STATE = const(1)
D_STATUS_PROTOCOL_VERSION = const(2)
D_STATUS_NOZZLE_SEATED = const(3)
D_STATUS_NOZZLE_LOCKED = const(4)
D_STATUS_EARTHED = const(5)
D_STATUS_PURGED = const(6)
D_STATUS_VALVES_POWERED = const(7)
D_STATUS_ACCEPTS_OLDER = const(8)
D_STATUS_FIELDS = const(9)

# D_PERMIT: from the dispenser every 100 ms; hold after 300 ms, stop after 1000 ms (0 = not watched)
D_PERMIT_ID = const(0x08FF11D1)
D_PERMIT_DATA_ID = const(0xD111)
D_PERMIT_CYCLE_MS = const(100)
D_PERMIT_HOLD_MS = const(300)
D_PERMIT_STOP_MS = const(1000)
D_PERMIT_FILL_PERMIT = const(1)
D_PERMIT_RETURN_PERMIT = const(2)
D_PERMIT_TARGET_MASS_G = const(3)
D_PERMIT_MAX_FLOW_G_S = const(4)
D_PERMIT_FIELDS = const(5)

# D_LINE: from the dispenser every 200 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_LINE_ID = const(0x18FF12D1)
D_LINE_DATA_ID = const(0xD112)
D_LINE_CYCLE_MS = const(200)
D_LINE_HOLD_MS = const(0)
D_LINE_STOP_MS = const(0)
D_LINE_HOSE_PRESSURE_MBAR = const(1)
D_LINE_NOZZLE_TEMP_CK = const(2)
D_LINE_FIELDS = const(3)

# D_METER: from the dispenser every 200 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_METER_ID = const(0x18FF13D1)
D_METER_DATA_ID = const(0xD113)
D_METER_CYCLE_MS = const(200)
D_METER_HOLD_MS = const(0)
D_METER_STOP_MS = const(0)
D_METER_DELIVERED_G = const(1)
D_METER_FLOW_MG_S = const(2)
D_METER_FIELDS = const(3)

# D_AUTH: from the dispenser every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_AUTH_ID = const(0x08FF14D1)
D_AUTH_DATA_ID = const(0xD114)
D_AUTH_CYCLE_MS = const(100)
D_AUTH_HOLD_MS = const(0)
D_AUTH_STOP_MS = const(0)

# D_CHALLENGE: from the dispenser every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_CHALLENGE_ID = const(0x18FF15D1)
D_CHALLENGE_DATA_ID = const(0xD115)
D_CHALLENGE_CYCLE_MS = const(100)
D_CHALLENGE_HOLD_MS = const(0)
D_CHALLENGE_STOP_MS = const(0)

# D_RESPONSE: from the dispenser every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
D_RESPONSE_ID = const(0x18FF16D1)
D_RESPONSE_DATA_ID = const(0xD116)
D_RESPONSE_CYCLE_MS = const(100)
D_RESPONSE_HOLD_MS = const(0)
D_RESPONSE_STOP_MS = const(0)

# T_ABORT: from the tank every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
T_ABORT_ID = const(0x00FF20A1)
T_ABORT_DATA_ID = const(0xA120)
T_ABORT_CYCLE_MS = const(100)
T_ABORT_HOLD_MS = const(0)
T_ABORT_STOP_MS = const(0)
T_ABORT_ABORT_ACTIVE = const(1)
T_ABORT_ABORT_CAUSE = const(2)
T_ABORT_FIELDS = const(3)

# T_STATUS: from the tank every 100 ms; hold after 300 ms, stop after 1000 ms (0 = not watched)
T_STATUS_ID = const(0x0CFF21A1)
T_STATUS_DATA_ID = const(0xA121)
T_STATUS_CYCLE_MS = const(100)
T_STATUS_HOLD_MS = const(300)
T_STATUS_STOP_MS = const(1000)
T_STATUS_TANK_STATE = const(1)
T_STATUS_FUELLING_COMMAND = const(2)
T_STATUS_PERMIT_CONTACT = const(3)
T_STATUS_XV201_OPEN = const(4)
T_STATUS_XV202_OPEN = const(5)
T_STATUS_XV208_OPEN = const(6)
T_STATUS_TANK_READY = const(7)
T_STATUS_PROTOCOL_VERSION = const(8)
T_STATUS_ACCEPTS_OLDER = const(9)
T_STATUS_FIELDS = const(10)

# T_MEAS: from the tank every 100 ms; hold after 300 ms, stop after 1000 ms (0 = not watched)
T_MEAS_ID = const(0x10FF22A1)
T_MEAS_DATA_ID = const(0xA122)
T_MEAS_CYCLE_MS = const(100)
T_MEAS_HOLD_MS = const(300)
T_MEAS_STOP_MS = const(1000)
T_MEAS_TANK_PRESSURE_MBAR = const(1)
T_MEAS_TANK_MASS_G = const(2)
T_MEAS_MEASURE_OK = const(3)
T_MEAS_FIELDS = const(4)

# T_TEMP: from the tank every 200 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
T_TEMP_ID = const(0x18FF23A1)
T_TEMP_DATA_ID = const(0xA123)
T_TEMP_CYCLE_MS = const(200)
T_TEMP_HOLD_MS = const(0)
T_TEMP_STOP_MS = const(0)
T_TEMP_LIQUID_TEMP_CK = const(1)
T_TEMP_VAPOUR_TEMP_CK = const(2)
T_TEMP_LEVEL_PCT = const(3)
T_TEMP_FIELDS = const(4)

# T_LIMIT: from the tank every 1000 ms; hold after 0 ms, stop after 5000 ms (0 = not watched)
T_LIMIT_ID = const(0x18FF24A1)
T_LIMIT_DATA_ID = const(0xA124)
T_LIMIT_CYCLE_MS = const(1000)
T_LIMIT_HOLD_MS = const(0)
T_LIMIT_STOP_MS = const(5000)
T_LIMIT_VOLUME_L = const(1)
T_LIMIT_RELIEF_MBARG = const(2)
T_LIMIT_FIELDS = const(3)

# T_FILL: from the tank every 1000 ms; hold after 0 ms, stop after 5000 ms (0 = not watched)
T_FILL_ID = const(0x18FF25A1)
T_FILL_DATA_ID = const(0xA125)
T_FILL_CYCLE_MS = const(1000)
T_FILL_HOLD_MS = const(0)
T_FILL_STOP_MS = const(5000)
T_FILL_MAX_MASS_G = const(1)
T_FILL_MAX_PRESSURE_MBAR = const(2)
T_FILL_FIELDS = const(3)

# T_FLOW: from the tank every 1000 ms; hold after 0 ms, stop after 5000 ms (0 = not watched)
T_FLOW_ID = const(0x18FF26A1)
T_FLOW_DATA_ID = const(0xA126)
T_FLOW_CYCLE_MS = const(1000)
T_FLOW_HOLD_MS = const(0)
T_FLOW_STOP_MS = const(5000)
T_FLOW_MAX_FLOW_G_S = const(1)
T_FLOW_TARGET_MASS_G = const(2)
T_FLOW_FIELDS = const(3)

# T_IDENT: from the tank every 1000 ms; hold after 0 ms, stop after 5000 ms (0 = not watched)
T_IDENT_ID = const(0x18FF27A1)
T_IDENT_DATA_ID = const(0xA127)
T_IDENT_CYCLE_MS = const(1000)
T_IDENT_HOLD_MS = const(0)
T_IDENT_STOP_MS = const(5000)
T_IDENT_TANK_ID = const(1)
T_IDENT_VESSEL_TYPE = const(2)
T_IDENT_FIELDS = const(3)

# T_PLATE: from the tank every 1000 ms; hold after 0 ms, stop after 5000 ms (0 = not watched)
T_PLATE_ID = const(0x18FF28A1)
T_PLATE_DATA_ID = const(0xA128)
T_PLATE_CYCLE_MS = const(1000)
T_PLATE_HOLD_MS = const(0)
T_PLATE_STOP_MS = const(5000)
T_PLATE_CERT_YEAR = const(1)
T_PLATE_CERT_MONTH = const(2)
T_PLATE_MAWP_MBARG = const(3)
T_PLATE_FIELDS = const(4)

# T_AUTH: from the tank every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
T_AUTH_ID = const(0x0CFF29A1)
T_AUTH_DATA_ID = const(0xA129)
T_AUTH_CYCLE_MS = const(100)
T_AUTH_HOLD_MS = const(0)
T_AUTH_STOP_MS = const(0)

# T_CHALLENGE: from the tank every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
T_CHALLENGE_ID = const(0x18FF2AA1)
T_CHALLENGE_DATA_ID = const(0xA12A)
T_CHALLENGE_CYCLE_MS = const(100)
T_CHALLENGE_HOLD_MS = const(0)
T_CHALLENGE_STOP_MS = const(0)

# T_RESPONSE: from the tank every 100 ms; hold after 0 ms, stop after 0 ms (0 = not watched)
T_RESPONSE_ID = const(0x18FF2BA1)
T_RESPONSE_DATA_ID = const(0xA12B)
T_RESPONSE_CYCLE_MS = const(100)
T_RESPONSE_HOLD_MS = const(0)
T_RESPONSE_STOP_MS = const(0)

# NAME, ID, DATA_ID, CYCLE_MS, HOLD_MS, STOP_MS, SENDER
MESSAGES = (
    ("D_ABORT", 0x00FF00D1, 0xD100, 100, 0, 0, "dispenser"),
    ("D_STATUS", 0x0CFF10D1, 0xD110, 100, 300, 1000, "dispenser"),
    ("D_PERMIT", 0x08FF11D1, 0xD111, 100, 300, 1000, "dispenser"),
    ("D_LINE", 0x18FF12D1, 0xD112, 200, 0, 0, "dispenser"),
    ("D_METER", 0x18FF13D1, 0xD113, 200, 0, 0, "dispenser"),
    ("D_AUTH", 0x08FF14D1, 0xD114, 100, 0, 0, "dispenser"),
    ("D_CHALLENGE", 0x18FF15D1, 0xD115, 100, 0, 0, "dispenser"),
    ("D_RESPONSE", 0x18FF16D1, 0xD116, 100, 0, 0, "dispenser"),
    ("T_ABORT", 0x00FF20A1, 0xA120, 100, 0, 0, "tank"),
    ("T_STATUS", 0x0CFF21A1, 0xA121, 100, 300, 1000, "tank"),
    ("T_MEAS", 0x10FF22A1, 0xA122, 100, 300, 1000, "tank"),
    ("T_TEMP", 0x18FF23A1, 0xA123, 200, 0, 0, "tank"),
    ("T_LIMIT", 0x18FF24A1, 0xA124, 1000, 0, 5000, "tank"),
    ("T_FILL", 0x18FF25A1, 0xA125, 1000, 0, 5000, "tank"),
    ("T_FLOW", 0x18FF26A1, 0xA126, 1000, 0, 5000, "tank"),
    ("T_IDENT", 0x18FF27A1, 0xA127, 1000, 0, 5000, "tank"),
    ("T_PLATE", 0x18FF28A1, 0xA128, 1000, 0, 5000, "tank"),
    ("T_AUTH", 0x0CFF29A1, 0xA129, 100, 0, 0, "tank"),
    ("T_CHALLENGE", 0x18FF2AA1, 0xA12A, 100, 0, 0, "tank"),
    ("T_RESPONSE", 0x18FF2BA1, 0xA12B, 100, 0, 0, "tank"),
)
DISPENSER_TX = MESSAGES[0:8]  # the other node's RX
TANK_TX = MESSAGES[8:20]  # the other node's RX


def pack_d_abort(buf, session, abort_active, abort_cause):
    """D_ABORT:
    abort_active 0-1
    abort_cause 0-253
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if abort_active < 0 or abort_active > 1:
        if abort_active == NA:
            abort_active = 0x3
        elif abort_active == ERR:
            abort_active = 0x2
        else:
            return 1
    if abort_cause < 0 or abort_cause > 253:
        if abort_cause == NA:
            abort_cause = 0xFF
        elif abort_cause == ERR:
            abort_cause = 0xFE
        else:
            return 2
    buf[3] = session
    buf[4] = abort_active | ((abort_cause & 0x3F) << 2)
    buf[5] = (abort_cause >> 6) | 0xFC
    buf[6] = 0xFF
    buf[7] = 0xFF
    return 0


def unpack_d_abort(buf, out):
    """D_ABORT: session
    abort_active 0-1
    abort_cause 0-253
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] & 0x3
    if raw <= 0x1:
        out[1] = raw
    else:
        out[1] = NA if raw == 0x3 else ERR
    raw = (buf[4] >> 2) | ((buf[5] & 0x3) << 6)
    if raw <= 0xFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0xFF else ERR


def pack_d_status(buf, session, dispenser_state, protocol_version, nozzle_seated, nozzle_locked, earthed,
                  purged, valves_powered, accepts_older):
    """D_STATUS:
    dispenser_state 0-18
    protocol_version 0-253
    nozzle_seated 0-1
    nozzle_locked 0-1
    earthed 0-1
    purged 0-1
    valves_powered 0-1
    accepts_older 0-5
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if dispenser_state < 0 or dispenser_state > 18:
        if dispenser_state == NA:
            dispenser_state = 0xFF
        elif dispenser_state == ERR:
            dispenser_state = 0xFE
        else:
            return 1
    if protocol_version < 0 or protocol_version > 253:
        if protocol_version == NA:
            protocol_version = 0xFF
        elif protocol_version == ERR:
            protocol_version = 0xFE
        else:
            return 2
    if nozzle_seated < 0 or nozzle_seated > 1:
        if nozzle_seated == NA:
            nozzle_seated = 0x3
        elif nozzle_seated == ERR:
            nozzle_seated = 0x2
        else:
            return 3
    if nozzle_locked < 0 or nozzle_locked > 1:
        if nozzle_locked == NA:
            nozzle_locked = 0x3
        elif nozzle_locked == ERR:
            nozzle_locked = 0x2
        else:
            return 4
    if earthed < 0 or earthed > 1:
        if earthed == NA:
            earthed = 0x3
        elif earthed == ERR:
            earthed = 0x2
        else:
            return 5
    if purged < 0 or purged > 1:
        if purged == NA:
            purged = 0x3
        elif purged == ERR:
            purged = 0x2
        else:
            return 6
    if valves_powered < 0 or valves_powered > 1:
        if valves_powered == NA:
            valves_powered = 0x3
        elif valves_powered == ERR:
            valves_powered = 0x2
        else:
            return 7
    if accepts_older < 0 or accepts_older > 5:
        if accepts_older == NA:
            accepts_older = 0x7
        elif accepts_older == ERR:
            accepts_older = 0x6
        else:
            return 8
    buf[3] = session
    buf[4] = dispenser_state
    buf[5] = protocol_version
    buf[6] = nozzle_seated | (nozzle_locked << 2) | (earthed << 4) | (purged << 6)
    buf[7] = valves_powered | (accepts_older << 2) | 0xE0
    return 0


def unpack_d_status(buf, out):
    """D_STATUS: session
    dispenser_state 0-18
    protocol_version 0-253
    nozzle_seated 0-1
    nozzle_locked 0-1
    earthed 0-1
    purged 0-1
    valves_powered 0-1
    accepts_older 0-5
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4]
    if raw <= 0x12:
        out[1] = raw
    else:
        out[1] = NA if raw == 0xFF else ERR
    raw = buf[5]
    if raw <= 0xFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0xFF else ERR
    raw = buf[6] & 0x3
    if raw <= 0x1:
        out[3] = raw
    else:
        out[3] = NA if raw == 0x3 else ERR
    raw = (buf[6] >> 2) & 0x3
    if raw <= 0x1:
        out[4] = raw
    else:
        out[4] = NA if raw == 0x3 else ERR
    raw = (buf[6] >> 4) & 0x3
    if raw <= 0x1:
        out[5] = raw
    else:
        out[5] = NA if raw == 0x3 else ERR
    raw = buf[6] >> 6
    if raw <= 0x1:
        out[6] = raw
    else:
        out[6] = NA if raw == 0x3 else ERR
    raw = buf[7] & 0x3
    if raw <= 0x1:
        out[7] = raw
    else:
        out[7] = NA if raw == 0x3 else ERR
    raw = (buf[7] >> 2) & 0x7
    if raw <= 0x5:
        out[8] = raw
    else:
        out[8] = NA if raw == 0x7 else ERR


def pack_d_permit(buf, session, fill_permit, return_permit, target_mass_g, max_flow_g_s):
    """D_PERMIT:
    fill_permit 0-1
    return_permit 0-1
    target_mass_g 0-163810 g step 10
    max_flow_g_s 0-253 g/s
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if fill_permit < 0 or fill_permit > 1:
        if fill_permit == NA:
            fill_permit = 0x3
        elif fill_permit == ERR:
            fill_permit = 0x2
        else:
            return 1
    if return_permit < 0 or return_permit > 1:
        if return_permit == NA:
            return_permit = 0x3
        elif return_permit == ERR:
            return_permit = 0x2
        else:
            return 2
    if target_mass_g < 0 or target_mass_g > 163810:
        if target_mass_g == NA:
            target_mass_g = 0x3FFF
        elif target_mass_g == ERR:
            target_mass_g = 0x3FFE
        else:
            return 3
    else:
        target_mass_g = target_mass_g // 10
    if max_flow_g_s < 0 or max_flow_g_s > 253:
        if max_flow_g_s == NA:
            max_flow_g_s = 0xFF
        elif max_flow_g_s == ERR:
            max_flow_g_s = 0xFE
        else:
            return 4
    buf[3] = session
    buf[4] = fill_permit | (return_permit << 2) | ((target_mass_g & 0xF) << 4)
    buf[5] = (target_mass_g >> 4) & 0xFF
    buf[6] = (target_mass_g >> 12) | ((max_flow_g_s & 0x3F) << 2)
    buf[7] = (max_flow_g_s >> 6) | 0xFC
    return 0


def unpack_d_permit(buf, out):
    """D_PERMIT: session
    fill_permit 0-1
    return_permit 0-1
    target_mass_g 0-163810 g step 10
    max_flow_g_s 0-253 g/s
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] & 0x3
    if raw <= 0x1:
        out[1] = raw
    else:
        out[1] = NA if raw == 0x3 else ERR
    raw = (buf[4] >> 2) & 0x3
    if raw <= 0x1:
        out[2] = raw
    else:
        out[2] = NA if raw == 0x3 else ERR
    raw = (buf[4] >> 4) | (buf[5] << 4) | ((buf[6] & 0x3) << 12)
    if raw <= 0x3FFD:
        out[3] = raw * 10
    else:
        out[3] = NA if raw == 0x3FFF else ERR
    raw = (buf[6] >> 2) | ((buf[7] & 0x3) << 6)
    if raw <= 0xFD:
        out[4] = raw
    else:
        out[4] = NA if raw == 0xFF else ERR


def pack_d_line(buf, session, hose_pressure_mbar, nozzle_temp_ck):
    """D_LINE:
    hose_pressure_mbar 0-32765 mbar
    nozzle_temp_ck 0-40930 cK step 10
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if hose_pressure_mbar < 0 or hose_pressure_mbar > 32765:
        if hose_pressure_mbar == NA:
            hose_pressure_mbar = 0x7FFF
        elif hose_pressure_mbar == ERR:
            hose_pressure_mbar = 0x7FFE
        else:
            return 1
    if nozzle_temp_ck < 0 or nozzle_temp_ck > 40930:
        if nozzle_temp_ck == NA:
            nozzle_temp_ck = 0xFFF
        elif nozzle_temp_ck == ERR:
            nozzle_temp_ck = 0xFFE
        else:
            return 2
    else:
        nozzle_temp_ck = nozzle_temp_ck // 10
    buf[3] = session
    buf[4] = hose_pressure_mbar & 0xFF
    buf[5] = (hose_pressure_mbar >> 8) | ((nozzle_temp_ck & 0x1) << 7)
    buf[6] = (nozzle_temp_ck >> 1) & 0xFF
    buf[7] = (nozzle_temp_ck >> 9) | 0xF8
    return 0


def unpack_d_line(buf, out):
    """D_LINE: session
    hose_pressure_mbar 0-32765 mbar
    nozzle_temp_ck 0-40930 cK step 10
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | ((buf[5] & 0x7F) << 8)
    if raw <= 0x7FFD:
        out[1] = raw
    else:
        out[1] = NA if raw == 0x7FFF else ERR
    raw = (buf[5] >> 7) | (buf[6] << 1) | ((buf[7] & 0x7) << 9)
    if raw <= 0xFFD:
        out[2] = raw * 10
    else:
        out[2] = NA if raw == 0xFFF else ERR


def pack_d_meter(buf, session, delivered_g, flow_mg_s):
    """D_METER:
    delivered_g 0-655330 g step 10
    flow_mg_s 0-409300 mg/s step 100
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if delivered_g < 0 or delivered_g > 655330:
        if delivered_g == NA:
            delivered_g = 0xFFFF
        elif delivered_g == ERR:
            delivered_g = 0xFFFE
        else:
            return 1
    else:
        delivered_g = delivered_g // 10
    if flow_mg_s < 0 or flow_mg_s > 409300:
        if flow_mg_s == NA:
            flow_mg_s = 0xFFF
        elif flow_mg_s == ERR:
            flow_mg_s = 0xFFE
        else:
            return 2
    else:
        flow_mg_s = flow_mg_s // 100
    buf[3] = session
    buf[4] = delivered_g & 0xFF
    buf[5] = delivered_g >> 8
    buf[6] = flow_mg_s & 0xFF
    buf[7] = (flow_mg_s >> 8) | 0xF0
    return 0


def unpack_d_meter(buf, out):
    """D_METER: session
    delivered_g 0-655330 g step 10
    flow_mg_s 0-409300 mg/s step 100
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | (buf[5] << 8)
    if raw <= 0xFFFD:
        out[1] = raw * 10
    else:
        out[1] = NA if raw == 0xFFFF else ERR
    raw = buf[6] | ((buf[7] & 0xF) << 8)
    if raw <= 0xFFD:
        out[2] = raw * 100
    else:
        out[2] = NA if raw == 0xFFF else ERR


def pack_t_abort(buf, session, abort_active, abort_cause):
    """T_ABORT:
    abort_active 0-1
    abort_cause 0-253
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if abort_active < 0 or abort_active > 1:
        if abort_active == NA:
            abort_active = 0x3
        elif abort_active == ERR:
            abort_active = 0x2
        else:
            return 1
    if abort_cause < 0 or abort_cause > 253:
        if abort_cause == NA:
            abort_cause = 0xFF
        elif abort_cause == ERR:
            abort_cause = 0xFE
        else:
            return 2
    buf[3] = session
    buf[4] = abort_active | ((abort_cause & 0x3F) << 2)
    buf[5] = (abort_cause >> 6) | 0xFC
    buf[6] = 0xFF
    buf[7] = 0xFF
    return 0


def unpack_t_abort(buf, out):
    """T_ABORT: session
    abort_active 0-1
    abort_cause 0-253
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] & 0x3
    if raw <= 0x1:
        out[1] = raw
    else:
        out[1] = NA if raw == 0x3 else ERR
    raw = (buf[4] >> 2) | ((buf[5] & 0x3) << 6)
    if raw <= 0xFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0xFF else ERR


def pack_t_status(buf, session, tank_state, fuelling_command, permit_contact, xv201_open, xv202_open,
                  xv208_open, tank_ready, protocol_version, accepts_older):
    """T_STATUS:
    tank_state 0-10
    fuelling_command 0-3
    permit_contact 0-1
    xv201_open 0-1
    xv202_open 0-1
    xv208_open 0-1
    tank_ready 0-1
    protocol_version 0-253
    accepts_older 0-5
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if tank_state < 0 or tank_state > 10:
        if tank_state == NA:
            tank_state = 0xFF
        elif tank_state == ERR:
            tank_state = 0xFE
        else:
            return 1
    if fuelling_command < 0 or fuelling_command > 3:
        if fuelling_command == NA:
            fuelling_command = 0x7
        elif fuelling_command == ERR:
            fuelling_command = 0x6
        else:
            return 2
    if permit_contact < 0 or permit_contact > 1:
        if permit_contact == NA:
            permit_contact = 0x3
        elif permit_contact == ERR:
            permit_contact = 0x2
        else:
            return 3
    if xv201_open < 0 or xv201_open > 1:
        if xv201_open == NA:
            xv201_open = 0x3
        elif xv201_open == ERR:
            xv201_open = 0x2
        else:
            return 4
    if xv202_open < 0 or xv202_open > 1:
        if xv202_open == NA:
            xv202_open = 0x3
        elif xv202_open == ERR:
            xv202_open = 0x2
        else:
            return 5
    if xv208_open < 0 or xv208_open > 1:
        if xv208_open == NA:
            xv208_open = 0x3
        elif xv208_open == ERR:
            xv208_open = 0x2
        else:
            return 6
    if tank_ready < 0 or tank_ready > 1:
        if tank_ready == NA:
            tank_ready = 0x3
        elif tank_ready == ERR:
            tank_ready = 0x2
        else:
            return 7
    if protocol_version < 0 or protocol_version > 253:
        if protocol_version == NA:
            protocol_version = 0xFF
        elif protocol_version == ERR:
            protocol_version = 0xFE
        else:
            return 8
    if accepts_older < 0 or accepts_older > 5:
        if accepts_older == NA:
            accepts_older = 0x7
        elif accepts_older == ERR:
            accepts_older = 0x6
        else:
            return 9
    buf[3] = session
    buf[4] = tank_state
    buf[5] = fuelling_command | (permit_contact << 3) | (xv201_open << 5) | ((xv202_open & 0x1) << 7)
    buf[6] = (xv202_open >> 1) | (xv208_open << 1) | (tank_ready << 3) | ((protocol_version & 0x7) << 5)
    buf[7] = (protocol_version >> 3) | (accepts_older << 5)
    return 0


def unpack_t_status(buf, out):
    """T_STATUS: session
    tank_state 0-10
    fuelling_command 0-3
    permit_contact 0-1
    xv201_open 0-1
    xv202_open 0-1
    xv208_open 0-1
    tank_ready 0-1
    protocol_version 0-253
    accepts_older 0-5
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4]
    if raw <= 0xA:
        out[1] = raw
    else:
        out[1] = NA if raw == 0xFF else ERR
    raw = buf[5] & 0x7
    if raw <= 0x3:
        out[2] = raw
    else:
        out[2] = NA if raw == 0x7 else ERR
    raw = (buf[5] >> 3) & 0x3
    if raw <= 0x1:
        out[3] = raw
    else:
        out[3] = NA if raw == 0x3 else ERR
    raw = (buf[5] >> 5) & 0x3
    if raw <= 0x1:
        out[4] = raw
    else:
        out[4] = NA if raw == 0x3 else ERR
    raw = (buf[5] >> 7) | ((buf[6] & 0x1) << 1)
    if raw <= 0x1:
        out[5] = raw
    else:
        out[5] = NA if raw == 0x3 else ERR
    raw = (buf[6] >> 1) & 0x3
    if raw <= 0x1:
        out[6] = raw
    else:
        out[6] = NA if raw == 0x3 else ERR
    raw = (buf[6] >> 3) & 0x3
    if raw <= 0x1:
        out[7] = raw
    else:
        out[7] = NA if raw == 0x3 else ERR
    raw = (buf[6] >> 5) | ((buf[7] & 0x1F) << 3)
    if raw <= 0xFD:
        out[8] = raw
    else:
        out[8] = NA if raw == 0xFF else ERR
    raw = buf[7] >> 5
    if raw <= 0x5:
        out[9] = raw
    else:
        out[9] = NA if raw == 0x7 else ERR


def pack_t_meas(buf, session, tank_pressure_mbar, tank_mass_g, measure_ok):
    """T_MEAS:
    tank_pressure_mbar 0-32765 mbar
    tank_mass_g 0-163810 g step 10
    measure_ok 0-1
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if tank_pressure_mbar < 0 or tank_pressure_mbar > 32765:
        if tank_pressure_mbar == NA:
            tank_pressure_mbar = 0x7FFF
        elif tank_pressure_mbar == ERR:
            tank_pressure_mbar = 0x7FFE
        else:
            return 1
    if tank_mass_g < 0 or tank_mass_g > 163810:
        if tank_mass_g == NA:
            tank_mass_g = 0x3FFF
        elif tank_mass_g == ERR:
            tank_mass_g = 0x3FFE
        else:
            return 2
    else:
        tank_mass_g = tank_mass_g // 10
    if measure_ok < 0 or measure_ok > 1:
        if measure_ok == NA:
            measure_ok = 0x3
        elif measure_ok == ERR:
            measure_ok = 0x2
        else:
            return 3
    buf[3] = session
    buf[4] = tank_pressure_mbar & 0xFF
    buf[5] = (tank_pressure_mbar >> 8) | ((tank_mass_g & 0x1) << 7)
    buf[6] = (tank_mass_g >> 1) & 0xFF
    buf[7] = (tank_mass_g >> 9) | (measure_ok << 5) | 0x80
    return 0


def unpack_t_meas(buf, out):
    """T_MEAS: session
    tank_pressure_mbar 0-32765 mbar
    tank_mass_g 0-163810 g step 10
    measure_ok 0-1
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | ((buf[5] & 0x7F) << 8)
    if raw <= 0x7FFD:
        out[1] = raw
    else:
        out[1] = NA if raw == 0x7FFF else ERR
    raw = (buf[5] >> 7) | (buf[6] << 1) | ((buf[7] & 0x1F) << 9)
    if raw <= 0x3FFD:
        out[2] = raw * 10
    else:
        out[2] = NA if raw == 0x3FFF else ERR
    raw = (buf[7] >> 5) & 0x3
    if raw <= 0x1:
        out[3] = raw
    else:
        out[3] = NA if raw == 0x3 else ERR


def pack_t_temp(buf, session, liquid_temp_ck, vapour_temp_ck, level_pct):
    """T_TEMP:
    liquid_temp_ck 0-40930 cK step 10
    vapour_temp_ck 0-40930 cK step 10
    level_pct 0-125 %
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if liquid_temp_ck < 0 or liquid_temp_ck > 40930:
        if liquid_temp_ck == NA:
            liquid_temp_ck = 0xFFF
        elif liquid_temp_ck == ERR:
            liquid_temp_ck = 0xFFE
        else:
            return 1
    else:
        liquid_temp_ck = liquid_temp_ck // 10
    if vapour_temp_ck < 0 or vapour_temp_ck > 40930:
        if vapour_temp_ck == NA:
            vapour_temp_ck = 0xFFF
        elif vapour_temp_ck == ERR:
            vapour_temp_ck = 0xFFE
        else:
            return 2
    else:
        vapour_temp_ck = vapour_temp_ck // 10
    if level_pct < 0 or level_pct > 125:
        if level_pct == NA:
            level_pct = 0xFF
        elif level_pct == ERR:
            level_pct = 0xFE
        else:
            return 3
    buf[3] = session
    buf[4] = liquid_temp_ck & 0xFF
    buf[5] = (liquid_temp_ck >> 8) | ((vapour_temp_ck & 0xF) << 4)
    buf[6] = vapour_temp_ck >> 4
    buf[7] = level_pct
    return 0


def unpack_t_temp(buf, out):
    """T_TEMP: session
    liquid_temp_ck 0-40930 cK step 10
    vapour_temp_ck 0-40930 cK step 10
    level_pct 0-125 %
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | ((buf[5] & 0xF) << 8)
    if raw <= 0xFFD:
        out[1] = raw * 10
    else:
        out[1] = NA if raw == 0xFFF else ERR
    raw = (buf[5] >> 4) | (buf[6] << 4)
    if raw <= 0xFFD:
        out[2] = raw * 10
    else:
        out[2] = NA if raw == 0xFFF else ERR
    raw = buf[7]
    if raw <= 0x7D:
        out[3] = raw
    else:
        out[3] = NA if raw == 0xFF else ERR


def pack_t_limit(buf, session, volume_l, relief_mbarg):
    """T_LIMIT:
    volume_l 0-4093 l
    relief_mbarg 0-32765 mbar
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if volume_l < 0 or volume_l > 4093:
        if volume_l == NA:
            volume_l = 0xFFF
        elif volume_l == ERR:
            volume_l = 0xFFE
        else:
            return 1
    if relief_mbarg < 0 or relief_mbarg > 32765:
        if relief_mbarg == NA:
            relief_mbarg = 0x7FFF
        elif relief_mbarg == ERR:
            relief_mbarg = 0x7FFE
        else:
            return 2
    buf[3] = session
    buf[4] = volume_l & 0xFF
    buf[5] = (volume_l >> 8) | ((relief_mbarg & 0xF) << 4)
    buf[6] = (relief_mbarg >> 4) & 0xFF
    buf[7] = (relief_mbarg >> 12) | 0xF8
    return 0


def unpack_t_limit(buf, out):
    """T_LIMIT: session
    volume_l 0-4093 l
    relief_mbarg 0-32765 mbar
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | ((buf[5] & 0xF) << 8)
    if raw <= 0xFFD:
        out[1] = raw
    else:
        out[1] = NA if raw == 0xFFF else ERR
    raw = (buf[5] >> 4) | (buf[6] << 4) | ((buf[7] & 0x7) << 12)
    if raw <= 0x7FFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0x7FFF else ERR


def pack_t_fill(buf, session, max_mass_g, max_pressure_mbar):
    """T_FILL:
    max_mass_g 0-163810 g step 10
    max_pressure_mbar 0-32765 mbar
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if max_mass_g < 0 or max_mass_g > 163810:
        if max_mass_g == NA:
            max_mass_g = 0x3FFF
        elif max_mass_g == ERR:
            max_mass_g = 0x3FFE
        else:
            return 1
    else:
        max_mass_g = max_mass_g // 10
    if max_pressure_mbar < 0 or max_pressure_mbar > 32765:
        if max_pressure_mbar == NA:
            max_pressure_mbar = 0x7FFF
        elif max_pressure_mbar == ERR:
            max_pressure_mbar = 0x7FFE
        else:
            return 2
    buf[3] = session
    buf[4] = max_mass_g & 0xFF
    buf[5] = (max_mass_g >> 8) | ((max_pressure_mbar & 0x3) << 6)
    buf[6] = (max_pressure_mbar >> 2) & 0xFF
    buf[7] = (max_pressure_mbar >> 10) | 0xE0
    return 0


def unpack_t_fill(buf, out):
    """T_FILL: session
    max_mass_g 0-163810 g step 10
    max_pressure_mbar 0-32765 mbar
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | ((buf[5] & 0x3F) << 8)
    if raw <= 0x3FFD:
        out[1] = raw * 10
    else:
        out[1] = NA if raw == 0x3FFF else ERR
    raw = (buf[5] >> 6) | (buf[6] << 2) | ((buf[7] & 0x1F) << 10)
    if raw <= 0x7FFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0x7FFF else ERR


def pack_t_flow(buf, session, max_flow_g_s, target_mass_g):
    """T_FLOW:
    max_flow_g_s 0-253 g/s
    target_mass_g 0-163810 g step 10
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if max_flow_g_s < 0 or max_flow_g_s > 253:
        if max_flow_g_s == NA:
            max_flow_g_s = 0xFF
        elif max_flow_g_s == ERR:
            max_flow_g_s = 0xFE
        else:
            return 1
    if target_mass_g < 0 or target_mass_g > 163810:
        if target_mass_g == NA:
            target_mass_g = 0x3FFF
        elif target_mass_g == ERR:
            target_mass_g = 0x3FFE
        else:
            return 2
    else:
        target_mass_g = target_mass_g // 10
    buf[3] = session
    buf[4] = max_flow_g_s
    buf[5] = target_mass_g & 0xFF
    buf[6] = (target_mass_g >> 8) | 0xC0
    buf[7] = 0xFF
    return 0


def unpack_t_flow(buf, out):
    """T_FLOW: session
    max_flow_g_s 0-253 g/s
    target_mass_g 0-163810 g step 10
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4]
    if raw <= 0xFD:
        out[1] = raw
    else:
        out[1] = NA if raw == 0xFF else ERR
    raw = buf[5] | ((buf[6] & 0x3F) << 8)
    if raw <= 0x3FFD:
        out[2] = raw * 10
    else:
        out[2] = NA if raw == 0x3FFF else ERR


def pack_t_ident(buf, session, tank_id, vessel_type):
    """T_IDENT:
    tank_id 0-16777213
    vessel_type 0-253
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if tank_id < 0 or tank_id > 16777213:
        if tank_id == NA:
            tank_id = 0xFFFFFF
        elif tank_id == ERR:
            tank_id = 0xFFFFFE
        else:
            return 1
    if vessel_type < 0 or vessel_type > 253:
        if vessel_type == NA:
            vessel_type = 0xFF
        elif vessel_type == ERR:
            vessel_type = 0xFE
        else:
            return 2
    buf[3] = session
    buf[4] = tank_id & 0xFF
    buf[5] = (tank_id >> 8) & 0xFF
    buf[6] = tank_id >> 16
    buf[7] = vessel_type
    return 0


def unpack_t_ident(buf, out):
    """T_IDENT: session
    tank_id 0-16777213
    vessel_type 0-253
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4] | (buf[5] << 8) | (buf[6] << 16)
    if raw <= 0xFFFFFD:
        out[1] = raw
    else:
        out[1] = NA if raw == 0xFFFFFF else ERR
    raw = buf[7]
    if raw <= 0xFD:
        out[2] = raw
    else:
        out[2] = NA if raw == 0xFF else ERR


def pack_t_plate(buf, session, cert_year, cert_month, mawp_mbarg):
    """T_PLATE:
    cert_year 2000-2253 a
    cert_month 1-12
    mawp_mbarg 0-32765 mbar
    """
    if session < 0 or session > 253:
        return SESSION_REFUSED
    if cert_year < 2000 or cert_year > 2253:
        if cert_year == NA:
            cert_year = 0xFF
        elif cert_year == ERR:
            cert_year = 0xFE
        else:
            return 1
    else:
        cert_year = cert_year - 2000
    if cert_month < 1 or cert_month > 12:
        if cert_month == NA:
            cert_month = 0xF
        elif cert_month == ERR:
            cert_month = 0xE
        else:
            return 2
    else:
        cert_month = cert_month - 1
    if mawp_mbarg < 0 or mawp_mbarg > 32765:
        if mawp_mbarg == NA:
            mawp_mbarg = 0x7FFF
        elif mawp_mbarg == ERR:
            mawp_mbarg = 0x7FFE
        else:
            return 3
    buf[3] = session
    buf[4] = cert_year
    buf[5] = cert_month | ((mawp_mbarg & 0xF) << 4)
    buf[6] = (mawp_mbarg >> 4) & 0xFF
    buf[7] = (mawp_mbarg >> 12) | 0xF8
    return 0


def unpack_t_plate(buf, out):
    """T_PLATE: session
    cert_year 2000-2253 a
    cert_month 1-12
    mawp_mbarg 0-32765 mbar
    """
    raw = buf[3]
    if raw <= 0xFD:
        out[0] = raw
    else:
        out[0] = NA if raw == 0xFF else ERR
    raw = buf[4]
    if raw <= 0xFD:
        out[1] = raw + 2000
    else:
        out[1] = NA if raw == 0xFF else ERR
    raw = buf[5] & 0xF
    if raw <= 0xB:
        out[2] = raw + 1
    else:
        out[2] = NA if raw == 0xF else ERR
    raw = (buf[5] >> 4) | (buf[6] << 4) | ((buf[7] & 0x7) << 12)
    if raw <= 0x7FFD:
        out[3] = raw
    else:
        out[3] = NA if raw == 0x7FFF else ERR
