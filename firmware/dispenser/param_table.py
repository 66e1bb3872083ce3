"""The dispenser's parameters: limits and set points a commissioning engineer may change. Literal only.

STATUS: where the default comes from (GB: read in the standard; EJ: our engineering judgement; assumed: the
real value is not public).
"""

# fmt: off
PARAMS = (
    # NAME                 DEFAULT  MIN     MAX      UNIT     STATUS     WHAT
    ("target_g",           0,       0,      200000,  "g",     "entry",   "mass asked for in the tank; 0: the truck's own wish"),
    ("pump_mbar",          0,       0,      10000,   "mbar",  "entry",   "what the transfer pump delivers; 0: no pump, the dewar's own pressure"),
    ("date_month",         0,       0,      225312,  "yyyymm","entry",  "today's year and month, to see whether certificates are valid; 0: not set"),
    ("hose_relief_mbarg",  6000,    1000,   11000,   "mbarg", "assumed", "set pressure of PSV101 and PSV102: no truck of a lower MAWP"),
    ("auth",               1,       0,      1,       "1",     "entry",   "1: truck and permits have to be authenticated; 0: for benches only"),
    ("purge_cycles",       4,       3,      10,      "1",     "EJ",      "helium cycles on both bores"),
    ("purge_high_mbar",    5000,    3000,   6000,    "mbar",  "EJ",      "pressure that a purge cycle reaches"),
    ("purge_low_mbarg",    250,     100,    1000,    "mbarg", "EJ",      "gauge pressure that a purge cycle falls to"),
    ("leak_max_mbarg",     4950,    1900,   5100,    "mbarg", "EJ",      "ceiling of the leak-test pressure, below HOSE_PRESSURE's trip"),
    ("leak_settle_ms",     10000,   5000,   18000,   "ms",    "EJ",      "settling before the hold"),
    ("leak_hold_ms",       20000,   10000,  28000,   "ms",    "EJ",      "length of the hold"),
    ("leak_decay_ppm",     5000,    1000,   20000,   "ppm",   "EJ",      "decay allowed in the hold, of the test pressure"),
    ("cool_flow_mg_s",     15000,   5000,   30000,   "mg/s",  "EJ",      "trickle in precool and cold test"),
    ("cool_temp_ck",       2800,    2200,   3000,    "cK",    "EJ",      "nozzle is cold below this"),
    ("cool_hold_ms",       5000,    2000,   20000,   "ms",    "EJ",      "and has to stay so for this long"),
    ("cold_test_ms",       10000,   5000,   25000,   "ms",    "EJ",      "length of the cold leak test"),
    ("cold_balance_mg_s",  12000,   2000,   20000,   "mg/s",  "EJ",      "mean of FT101 - FT103 allowed in the cold test, or in a second one after it"),
    ("slow_flow_mg_s",     40000,   10000,  100000,  "mg/s",  "EJ",      "flow at the start of a fill"),
    ("slow_ms",            10000,   2000,   60000,   "ms",    "EJ",      "length of the slow start"),
    ("fast_flow_mg_s",     125000,  20000,  160000,  "mg/s",  "EJ",      "full flow (450 kg/h)"),
    ("top_flow_mg_s",      40000,   10000,  100000,  "mg/s",  "EJ",      "flow in topping"),
    ("top_g",              2500,    500,    10000,   "g",     "EJ",      "topping starts this far from the end"),
    ("end_lead_g",         150,     0,      1000,    "g",     "EJ",      "what still reaches the tank after the end: hose and stub"),
    ("drain_helium_ms",    8000,    1000,   12000,   "ms",    "EJ",      "XV106 open in the drain: at most 10 g of helium"),
    ("hose_liquid_g",      70,      0,      1000,    "g",     "assumed", "hydrogen in stub and hoses when the cold test begins: a trickle, not full"),
    ("hose_kept_g",        42,      0,      1000,    "g",     "assumed", "and when the drain is over: stub and return hose"),
    ("warm_temp_ck",       15000,   13000,  28000,   "cK",    "EJ",      "nozzle and return are warmed to this"),
    ("unlock_temp_ck",     12500,   12100,  28000,   "cK",    "EJ",      "and must still be above this at unlock"),
    ("vented_mbarg",       150,     60,     190,     "mbarg", "EJ",      "depressurised is below this"),
    ("warm_rounds",        5,      1,       20,      "1",     "EJ",      "times the hose is warmed and tested for a rise before LOCKOUT"),
    ("holds_max",          10,     0,       20,      "1",     "EJ",      "times a fill may resume from HOLD"),
    ("rise_max_mbar",      60,      20,     200,     "mbar",  "EJ",      "rise allowed in the 10 s blocked-in test"),
)
# fmt: on
