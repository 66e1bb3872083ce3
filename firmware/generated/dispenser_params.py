"""Places of the dispenser's parameters in core.params.Params. GENERATED: do not edit.

Change firmware/dispenser/param_table.py, then run `cryofill dbc generate`; `cryofill dbc check`
fails when this file is stale.
"""

from micropython import const

# fmt: off
TARGET_G = const(0)  # g, 0 to 200000
PUMP_MBAR = const(1)  # mbar, 0 to 10000
DATE_MONTH = const(2)  # yyyymm, 0 to 225312
HOSE_RELIEF_MBARG = const(3)  # mbarg, 1000 to 11000
AUTH = const(4)  # 1, 0 to 1
PURGE_CYCLES = const(5)  # 1, 3 to 10
PURGE_HIGH_MBAR = const(6)  # mbar, 3000 to 6000
PURGE_LOW_MBARG = const(7)  # mbarg, 100 to 1000
LEAK_MAX_MBARG = const(8)  # mbarg, 1900 to 5100
LEAK_SETTLE_MS = const(9)  # ms, 5000 to 18000
LEAK_HOLD_MS = const(10)  # ms, 10000 to 28000
LEAK_DECAY_PPM = const(11)  # ppm, 1000 to 20000
COOL_FLOW_MG_S = const(12)  # mg/s, 5000 to 30000
COOL_TEMP_CK = const(13)  # cK, 2200 to 3000
COOL_HOLD_MS = const(14)  # ms, 2000 to 20000
COLD_TEST_MS = const(15)  # ms, 5000 to 25000
COLD_BALANCE_MG_S = const(16)  # mg/s, 2000 to 20000
SLOW_FLOW_MG_S = const(17)  # mg/s, 10000 to 100000
SLOW_MS = const(18)  # ms, 2000 to 60000
FAST_FLOW_MG_S = const(19)  # mg/s, 20000 to 160000
TOP_FLOW_MG_S = const(20)  # mg/s, 10000 to 100000
TOP_G = const(21)  # g, 500 to 10000
END_LEAD_G = const(22)  # g, 0 to 1000
DRAIN_HELIUM_MS = const(23)  # ms, 1000 to 12000
HOSE_LIQUID_G = const(24)  # g, 0 to 1000
HOSE_KEPT_G = const(25)  # g, 0 to 1000
WARM_TEMP_CK = const(26)  # cK, 13000 to 28000
UNLOCK_TEMP_CK = const(27)  # cK, 12100 to 28000
VENTED_MBARG = const(28)  # mbarg, 60 to 190
WARM_ROUNDS = const(29)  # 1, 1 to 20
HOLDS_MAX = const(30)  # 1, 0 to 20
RISE_MAX_MBAR = const(31)  # mbar, 20 to 200
