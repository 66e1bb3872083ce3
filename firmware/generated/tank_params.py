"""Places of the tank's parameters in core.params.Params. GENERATED: do not edit.

Change firmware/tank/param_table.py, then run `cryofill dbc generate`; `cryofill dbc check`
fails when this file is stale.
"""

from micropython import const

# fmt: off
VOLUME_L = const(0)  # l, 100 to 4000
RELIEF_MBARG = const(1)  # mbarg, 2000 to 11000
MAWP_MBARG = const(2)  # mbarg, 2000 to 11000
TANK_ID = const(3)  # 1, 1 to 16000000
VESSEL_TYPE = const(4)  # 1, 0 to 253
CERT_YEAR = const(5)  # year, 2000 to 2253
CERT_MONTH = const(6)  # month, 1 to 12
TARGET_G = const(7)  # g, 0 to 163800
AUTH = const(8)  # 1, 0 to 1
MAX_FLOW_G_S = const(9)  # g/s, 10 to 250
MAX_FILL_CPCT = const(10)  # cpct, 5000 to 9400
RETURN_OPEN_MBAR = const(11)  # mbar, 1500 to 9000
RETURN_SHUT_MBAR = const(12)  # mbar, 1300 to 9000
VENT_OPEN_CPCT = const(13)  # cpct, 9000 to 9900
VENT_SHUT_CPCT = const(14)  # cpct, 5000 to 9700
