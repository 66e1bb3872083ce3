"""The dispenser's sequence: every state, what it holds its outputs at, and every step. Literal only.

connect -> precool -> fill -> vent -> disconnect, read from top to bottom. The firmware runs this table,
hosts draw and check it. Positions: O open (lock: released, beacon and pump: on), - closed or off,
C moved by `dispenser.control` (flow, helium pressure). A step is taken when its guard, a method of
`dispenser.sequence`, holds; the first row that holds wins, so the safety rows come first.
"""

PUBLIC = (
    "BOOT", "SELFTEST", "IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD",
    "DRAIN", "VENT", "WARM", "DISCONNECT", "COMPLETE", "SAFE_STOP", "ESD", "LOCKOUT", "MAINTENANCE",
)  # fmt: skip

WORDS = {
    "CONNECT": "connect", "PURGE": "connect", "LEAKTEST": "connect",
    "PRECOOL": "precool", "COLDTEST": "precool",
    "FILL": "fill", "HOLD": "fill",
    "DRAIN": "vent", "VENT": "vent", "WARM": "vent",
    "DISCONNECT": "disconnect", "COMPLETE": "disconnect",
}  # fmt: skip

OUTPUTS = ("XV101", "FCV102", "XV103", "XV104", "XV105", "XV106", "XV107", "XV110", "LK108", "BL109", "PMP111")

# fmt: off
STATES = (
    # NAME           PUBLIC         XV  FCV XV  XV  XV  XV  XV  XV  LK  BL  PMP   DEADLINE LATE          WHAT
    #                               101 102 103 104 105 106 107 110 108 109 111   ms
    ("BOOT",         "BOOT",       "-   -   -   -   O   -   -   O   -   -   -",  0,       "",           "outputs safe, inputs primed"),
    ("SELFTEST",     "SELFTEST",   "-   -   -   -   O   -   -   O   -   -   -",  10000,   "LOCKOUT",    "transmitters and limit switches agree"),
    ("IDLE",         "IDLE",       "-   -   -   -   O   -   -   O   -   -   -",  0,       "",           "waiting for a truck; hose under its own vapour"),
    ("EARTH",        "CONNECT",    "-   -   -   -   O   -   -   O   -   O   -",  120000,  "UNLOCK",     "earth clamp first"),
    ("SEAT",         "CONNECT",    "-   -   -   -   O   -   -   O   -   O   -",  120000,  "UNLOCK",     "then the nozzle"),
    ("LOCK",         "CONNECT",    "-   -   -   -   O   -   -   O   -   O   -",  10000,   "UNLOCK",     "nozzle lock springs in"),
    ("TALK",         "CONNECT",    "-   -   -   -   O   -   -   O   -   O   -",  30000,   "UNLOCK",     "truck live, its limits known, loop closed"),
    ("PURGE_PRESS",  "PURGE",      "-   -   -   -   -   C   C   -   -   O   -",  30000,   "SAFE_STOP",  "helium into both bores"),
    ("PURGE_VENT",   "PURGE",      "-   -   -   -   O   -   -   O   -   O   -",  60000,   "SAFE_STOP",  "and out again"),
    ("LEAK_PRESS",   "LEAKTEST",   "-   -   -   -   -   C   C   -   -   O   -",  60000,   "SAFE_STOP",  "helium to test pressure"),
    ("LEAK_SETTLE",  "LEAKTEST",   "-   -   -   -   -   -   -   -   -   O   -",  20000,   "SAFE_STOP",  "blocked in, temperatures settle"),
    ("LEAK_HOLD",    "LEAKTEST",   "-   -   -   -   -   -   -   -   -   O   -",  30000,   "SAFE_STOP",  "blocked in, pressure decay measured"),
    ("LEAK_VENT",    "LEAKTEST",   "-   -   -   -   O   -   -   O   -   O   -",  60000,   "SAFE_STOP",  "test gas to the stack"),
    ("COOL_OPEN",    "PRECOOL",    "-   -   -   O   -   -   -   -   -   O   -",  10000,   "SAFE_STOP",  "return path open before liquid"),
    ("COOL",         "PRECOOL",    "O   C   O   O   -   -   -   -   -   O   O",  400000,  "SAFE_STOP",  "liquid trickles through the crossover"),
    ("COLDTEST",     "COLDTEST",   "O   C   O   O   -   -   -   -   -   O   O",  60000,   "SAFE_STOP",  "cold and tight: what goes in comes back"),
    ("FILL_OPEN",    "FILL",       "O   C   O   O   -   -   -   -   -   O   O",  15000,   "DRAIN_SHUT", "truck opens its fill valve, trickle goes on"),
    ("FILL_SLOW",    "FILL",       "O   C   O   O   -   -   -   -   -   O   O",  120000,  "DRAIN_SHUT", "slow until flow and tank are steady"),
    ("FILL_FAST",    "FILL",       "O   C   O   O   -   -   -   -   -   O   O",  2400000, "DRAIN_SHUT", "full flow"),
    ("FILL_TOP",     "FILL",       "O   C   O   O   -   -   -   -   -   O   O",  300000,  "DRAIN_SHUT", "topping: slow to the end"),
    ("HELD",         "HOLD",       "-   -   -   O   -   -   -   -   -   O   -",  5000,    "SAFE_STOP",  "liquid shut, truck's fill valve stays open"),
    ("PAUSE",        "HOLD",       "-   -   -   O   -   -   -   -   -   O   -",  120000,  "SAFE_STOP",  "as HELD, because an operator asked for it"),
    ("DRAIN_SHUT",   "DRAIN",      "-   -   O   O   -   -   -   -   -   O   -",  2500,    "SAFE_STOP",  "supply shut and proved shut"),
    ("DRAIN_STUB",   "DRAIN",      "-   O   O   O   -   -   -   -   -   O   -",  8000,    "VENT",       "the stub's liquid goes to the truck"),
    ("DRAIN_PUSH",   "DRAIN",      "-   O   O   O   -   O   -   -   -   O   -",  15000,   "VENT",       "helium pushes the hose's liquid to the truck"),
    ("VENT",         "VENT",       "-   O   O   -   O   -   -   O   -   O   -",  120000,  "SAFE_STOP",  "both bores to the stack"),
    ("WARM_FLOW",    "WARM",       "-   -   -   -   O   O   O   O   -   O   -",  300000,  "WARM_LATE",  "warm helium through both bores"),
    ("WARM_LATE",    "WARM",       "-   -   -   -   O   O   O   O   -   O   -",  1800000, "LOCKOUT",    "still cold: gas shut in now would shrink below ambient"),
    ("RISE_VENT",    "WARM",       "-   -   -   -   O   -   -   O   -   O   -",  60000,   "LOCKOUT",    "to the stack once more"),
    ("RISE_HOLD",    "WARM",       "-   -   -   -   -   -   -   -   -   O   -",  20000,   "LOCKOUT",    "blocked in: a rise would be liquid"),
    ("RELEASE",      "DISCONNECT", "-   -   -   -   O   -   -   O   -   O   -",  60000,   "LOCKOUT",    "depressurised"),
    ("UNLOCK",       "DISCONNECT", "-   -   -   -   O   -   -   O   O   O   -",  120000,  "LOCKOUT",    "lock released, nozzle comes off"),
    ("STOW",         "DISCONNECT", "-   -   -   -   O   -   -   O   -   O   -",  120000,  "LOCKOUT",    "nozzle in its holster"),
    ("COMPLETE",     "COMPLETE",   "-   -   -   -   O   -   -   O   -   -   -",  0,       "",           "ticket written"),
    ("SAFE_STOP",    "SAFE_STOP",  "-   -   -   -   O   -   -   O   -   O   -",  120000,  "LOCKOUT",    "liquid shut, hoses vented to the stack"),
    ("ESD",          "ESD",        "-   -   -   -   O   -   -   O   -   O   -",  0,       "",           "nothing energised until reset"),
    ("LOCKOUT",      "LOCKOUT",    "-   -   -   -   O   -   -   O   -   O   -",  0,       "",           "a person with a key must look"),
    ("MAINTENANCE",  "MAINTENANCE","-   -   -   -   O   -   -   O   -   O   -",  0,       "",           "key on, no truck"),
)

# What FCV102 aims at in the states that leave it to control: a parameter each.
SET_POINTS = (
    ("COOL",         "cool_flow_mg_s"),
    ("COLDTEST",     "cool_flow_mg_s"),
    ("FILL_OPEN",    "cool_flow_mg_s"),
    ("FILL_SLOW",    "slow_flow_mg_s"),
    ("FILL_FAST",    "fast_flow_mg_s"),
    ("FILL_TOP",     "top_flow_mg_s"),
)

# Groups of states (public or not) that one row may leave from.
GROUPS = {
    "ALIVE": ("SELFTEST", "IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT",
              "WARM", "DISCONNECT", "COMPLETE", "SAFE_STOP", "MAINTENANCE"),
    "GASSED": ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT"),
    "LIQUID": ("PRECOOL", "COLDTEST", "FILL"),
    "FLOWING": ("FILL_SLOW", "FILL_FAST", "FILL_TOP"),
}

TRANSITIONS = (
    # FROM           GUARD               TO             WHY
    ("ALIVE",        "esd_tripped",      "ESD",         "a trip with reaction ESD"),
    ("GASSED",       "stop_tripped",     "SAFE_STOP",   "a trip with reaction STOP"),
    ("LIQUID",       "hold_tripped",     "HELD",        "a trip with reaction HOLD"),
    ("LIQUID",       "truck_halts",      "HELD",        "truck says Halt, Stat or nothing understood"),

    ("BOOT",         "inputs_primed",    "SELFTEST",    "inputs primed"),
    ("SELFTEST",     "locked_out_before","LOCKOUT",     "locked out before the restart, or its record is damaged"),
    ("SELFTEST",     "hose_in_use",      "SAFE_STOP",   "restarted with the nozzle on a truck: never resume"),
    ("SELFTEST",     "unfinished_before","LOCKOUT",     "restarted with a trip latched or a gassed hose, and the nozzle off"),
    ("SELFTEST",     "healthy",          "IDLE",        "self-test passed"),
    ("IDLE",         "key_on",           "MAINTENANCE", "maintenance key"),
    ("MAINTENANCE",  "key_off",          "SELFTEST",    "maintenance key off"),
    ("IDLE",         "start_pressed",    "EARTH",       "start pressed"),

    ("CONNECT",      "operator_stops",   "UNLOCK",      "stop pressed, before any gas"),
    ("EARTH",        "earthed",          "SEAT",        "earth loop below its limit"),
    ("SEAT",         "seated_on_earth",  "LOCK",        "nozzle seated after the earth was on"),
    ("LOCK",         "locked",           "TALK",        "lock feedback"),
    ("TALK",         "refused_version",  "UNLOCK",      "refused: no protocol version that both sides speak"),
    ("TALK",         "refused_abort",    "UNLOCK",      "refused: the truck itself says Abort"),
    ("TALK",         "refused_changed",  "UNLOCK",      "refused: the truck's identity or limits changed"),
    ("TALK",         "refused_type",     "UNLOCK",      "refused: vessel type not in the station's table"),
    ("TALK",         "refused_volume",   "UNLOCK",      "refused: volume is not its type's"),
    ("TALK",         "refused_relief",   "UNLOCK",      "refused: relief set pressure is not its type's"),
    ("TALK",         "refused_mawp",     "UNLOCK",      "refused: MAWP is not its type's, or below a relief"),
    ("TALK",         "refused_flow",     "UNLOCK",      "refused: flow above its type's"),
    ("TALK",         "refused_expired",  "UNLOCK",      "refused: certificate expired"),
    ("TALK",         "refused_max_mass", "UNLOCK",      "refused: maximum mass above the 98 % rule"),
    ("TALK",         "refused_pressure", "UNLOCK",      "refused: fill or tank pressure too high"),
    ("TALK",         "refused_target",   "UNLOCK",      "refused: target above the maximum, or reached already"),
    ("TALK",         "refused_proof",    "UNLOCK",      "refused: link not authenticated, wrong key or none"),
    ("TALK",         "truck_ready",      "PURGE_PRESS", "truck ready, vehicle loop closed, helium there"),

    ("PURGE_PRESS",  "purge_pressed",    "PURGE_VENT",  "both bores at purge pressure"),
    ("PURGE_VENT",   "purge_again",      "PURGE_PRESS", "next helium cycle"),
    ("PURGE_VENT",   "purged",           "LEAK_PRESS",  "enough helium cycles on both bores"),
    ("LEAK_PRESS",   "test_pressed",     "LEAK_SETTLE", "both bores at test pressure"),
    ("LEAK_SETTLE",  "leak_settled",     "LEAK_HOLD",   "settled"),
    ("LEAK_HOLD",    "leak_tight",       "LEAK_VENT",   "pressure held on both bores"),
    ("LEAK_VENT",    "test_vented",      "COOL_OPEN",   "test gas vented"),

    ("COOL_OPEN",    "crossover_open",   "COOL",        "return valve and truck's crossover open"),
    ("COOL",         "nozzle_cold",      "COLDTEST",    "both nozzle temperatures cold and holding"),
    ("COLDTEST",     "cold_tight",       "FILL_OPEN",   "flow balance, gas and vacuum good while cold"),

    ("FILL_OPEN",    "truck_open",       "FILL_SLOW",   "truck's fill valve open and Dyna"),
    ("FLOWING",      "target_reached",   "DRAIN_SHUT",  "target mass"),
    ("FLOWING",      "mass_limit",       "DRAIN_SHUT",  "truck's maximum mass (98 % rule)"),
    ("FLOWING",      "pressure_limit",   "DRAIN_SHUT",  "truck's maximum fill pressure"),
    ("FLOWING",      "operator_stops",   "DRAIN_SHUT",  "stop pressed"),
    ("FLOWING",      "operator_pauses",  "PAUSE",       "paused at the serial port"),
    ("FILL_SLOW",    "flow_settled",     "FILL_FAST",   "flow and tank steady"),
    ("FILL_FAST",    "nearly_full",      "FILL_TOP",    "last kilograms"),
    ("HOLD",         "operator_stops",   "SAFE_STOP",   "stop pressed"),
    ("HOLD",         "resume_cool",      "COOL",        "cause gone, held in precool"),
    ("HOLD",         "resume_fill",      "FILL_SLOW",   "cause gone, held in fill"),

    ("DRAIN_SHUT",   "supply_shut",      "DRAIN_STUB",  "XV101 and FCV102 proved shut"),
    ("DRAIN_STUB",   "truck_closed",     "VENT",        "truck takes no more"),
    ("DRAIN_STUB",   "stub_drained",     "DRAIN_PUSH",  "stub empty"),
    ("DRAIN_PUSH",   "truck_closed",     "VENT",        "truck takes no more"),
    ("DRAIN_PUSH",   "hose_drained",     "VENT",        "hose empty or helium allowance used"),
    ("VENT",         "vented",           "WARM_FLOW",       "both bores depressurised"),
    ("VENT",         "hose_dry",         "WARM_FLOW",       "liquid hose depressurised and dry: its gas would shrink on the metal"),
    ("SAFE_STOP",    "stop_vented",      "WARM_FLOW",       "both bores depressurised, valves have power"),
    ("WARM_FLOW",    "warmed",           "RISE_VENT",   "both bores warm"),
    ("WARM_LATE",    "warmed",           "LOCKOUT",     "both bores warm at last: a person must look why so late"),
    ("RISE_VENT",    "rise_vented",      "RISE_HOLD",   "both bores depressurised"),
    ("RISE_HOLD",    "rise_again",       "WARM_FLOW",       "pressure rises: liquid left"),
    ("RISE_HOLD",    "rise_seen",        "LOCKOUT",     "pressure still rises, or cannot be measured, after every round"),
    ("RISE_HOLD",    "rise_passed",      "RELEASE",     "no rise in 10 s"),
    ("RELEASE",      "may_unlock",       "UNLOCK",      "warm, depressurised, no liquid"),
    ("UNLOCK",       "nozzle_off",       "STOW",        "nozzle off"),
    ("STOW",         "stowed",           "COMPLETE",    "nozzle in its holster"),
    ("COMPLETE",     "customer_gone",    "IDLE",        "earth clamp off, no trip latched"),
    ("COMPLETE",     "trip_reset",       "SELFTEST",    "latched trip reset with the cause gone"),
    ("ESD",          "esd_reset",        "SAFE_STOP",   "reset with the cause gone and valves powered"),
    ("LOCKOUT",      "lockout_reset",    "SELFTEST",    "reset under the key, nozzle off"),
)
# fmt: on
