"""The dispenser's hazards: one row each, with what is done about it. Literal only.

SIGNAL is a tag or a computed signal of `dispenser.signals`. COMPARE: above, below (of LIMIT, in the
signal's unit), open, closed (a contact). DEBOUNCE and DEADLINE in ms: DEADLINE is from the cause at the input to liquid
valves commanded closed. REACTION: warn, hold (shut, may resume), stop (end safely by itself), esd (nothing
energised until reset). WHERE: a group of public states. ON_BAD: trip or skip when the signal is bad.
HAZARD: row of docs/hazards.md. SOURCE: GB 50156-2021 clause, or EJ (our engineering judgement). New rows go to the
end: their places are D_ABORT's abort_cause, and so the protocol's.
"""

WHERE = {
    "ALWAYS": (
        "SELFTEST", "IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT",
        "WARM", "DISCONNECT", "COMPLETE", "SAFE_STOP", "ESD", "MAINTENANCE",
    ),
    "COUPLED": ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT", "WARM"),
    "BEFORE_WARM": ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT"),
    "LIQUID": ("PRECOOL", "COLDTEST", "FILL", "HOLD"),
    "TALKING": ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD"),
    "FLOW": ("PRECOOL", "COLDTEST", "FILL"),
    "BEFORE_FILL": ("PURGE", "LEAKTEST", "PRECOOL", "COLDTEST"),
    "FILLING": ("FILL",),
    "HELIUM": ("PURGE", "LEAKTEST"),
    "LEAKTEST": ("LEAKTEST",),
    "COLDTEST": ("COLDTEST",),
}  # fmt: skip

# fmt: off
TRIPS = (
    # ID                SIGNAL        COMPARE   LIMIT   DEB   REACT   DEADLINE WHERE          ON_BAD  HAZARD SOURCE
    ("ESTOP_A",        "HS101A",     "open",   0,      0,    "esd",  20,      "ALWAYS",      "trip", 32, "GB 50156 10.5.2(7); EJ time"),
    ("ESTOP_B",        "HS101B",     "open",   0,      0,    "esd",  20,      "ALWAYS",      "trip", 32, "GB 50156 10.5.2(7); EJ time"),
    ("STATION_ESD",    "ES101",      "open",   0,      0,    "esd",  20,      "ALWAYS",      "trip", 33, "GB 50156 10.5.2(5); EJ time"),
    ("BREAKAWAY",      "ZS103",      "open",   0,      0,    "esd",  20,      "ALWAYS",      "trip", 2,  "GB 50156 10.5.2(10); EJ time"),
    ("EARTH_RELAY",    "ES103",      "open",   0,      0,    "esd",  20,      "COUPLED",     "trip", 16, "EJ"),
    ("EARTH_LOOP",     "GT101",      "above",  10000,  50,   "esd",  100,     "COUPLED",     "trip", 16, "EJ after GB 50516 10.3.1D"),
    ("VEHICLE_LOOP",   "ZS105",      "open",   0,      0,    "esd",  20,      "COUPLED",     "trip", 27, "EJ"),
    ("NOZZLE_UNSEATED","ZS101",      "open",   0,      20,   "esd",  100,     "COUPLED",     "trip", 1,  "EJ"),
    ("NOZZLE_UNLOCKED","ZS102",      "open",   0,      20,   "esd",  100,     "COUPLED",     "trip", 15, "EJ"),
    ("RELAY_OPEN",     "ES102",      "open",   0,      50,   "esd",  100,     "COUPLED",     "trip", 30, "EJ"),
    ("FLAME",          "FS101",      "open",   0,      500,  "esd",  1000,    "ALWAYS",      "trip", 33, "EJ"),
    ("CABINET_H2",     "AT101",      "above",  10000,  0,    "esd",  500,     "ALWAYS",      "trip", 17, "GB 50156 10.5.2(8)"),
    ("CABINET_H2_HIGH","AT101",      "above",  4000,   500,  "warn", 1000,    "ALWAYS",      "skip", 17, "GB 50156 10.5.2(8)"),
    ("FORECOURT_H2",   "AT102",      "above",  10000,  0,    "esd",  500,     "ALWAYS",      "trip", 1,  "EJ"),
    ("HOSE_PRESSURE",  "PT102_G",    "above",  5300,   100,  "stop", 300,     "BEFORE_WARM", "trip", 5,  "EJ: 0.9 x PSV101"),
    ("RETURN_PRESSURE","PT103_G",    "above",  5300,   100,  "stop", 300,     "BEFORE_WARM", "trip", 5,  "EJ: 0.9 x PSV102"),
    ("LINK_AGE",       "LINK_MS",    "above",  299,    0,    "hold", 20,      "FLOW",        "trip", 27, "EJ"),
    ("LINK_LOST",      "LINK_MS",    "above",  999,    0,    "stop", 20,      "TALKING",     "trip", 27, "EJ"),
    ("LINK_REFUSED",   "LINK_BAD",   "closed", 0,      0,    "hold", 20,      "FLOW",        "trip", 28, "EJ: 2 bad frames in 10"),
    ("TRUCK_ABORT",    "TRUCK_ABORT","closed", 0,      0,    "stop", 100,     "TALKING",     "skip", 29, "EJ"),
    ("TANK_PRESSURE",  "TANK_P_CPCT","above",  9500,   100,  "stop", 300,     "FILLING",     "trip", 5,  "EJ: 95 % of relief"),
    ("TANK_OVERFILL",  "OVERFILL_G", "above",  0,      200,  "stop", 1000,    "FILLING",     "trip", 4,  "98 % rule + EJ margin"),
    ("MASS_BALANCE",   "BALANCE_G",  "above",  3000,   500,  "stop", 1000,    "FILLING",     "skip", 25, "EJ"),
    ("XV101_POSITION", "XV101_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 20, "EJ"),
    ("XV103_POSITION", "XV103_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 20, "EJ"),
    ("XV104_POSITION", "XV104_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 21, "EJ"),
    ("XV105_POSITION", "XV105_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 21, "EJ"),
    ("XV106_POSITION", "XV106_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 20, "EJ"),
    ("XV107_POSITION", "XV107_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 20, "EJ"),
    ("XV110_POSITION", "XV110_MS",   "above",  1500,   0,    "stop", 2000,    "COUPLED",     "trip", 21, "EJ"),
    ("NOZZLE_TEMP",    "TT102_DIFF", "above",  1500,   3000, "stop", 4000,    "LIQUID",      "trip", 24, "EJ"),
    ("HOSE_PT_BAD",    "PT102",      "below",  0,      0,    "stop", 100,     "COUPLED",     "trip", 23, "EJ: 500 ms"),
    ("RETURN_PT_BAD",  "PT103",      "below",  0,      0,    "stop", 100,     "COUPLED",     "trip", 23, "EJ: 500 ms"),
    ("SUPPLY_PT_BAD",  "PT101",      "below",  0,      0,    "stop", 100,     "LIQUID",      "trip", 23, "EJ: 500 ms"),
    ("METER_BAD",      "FT101",      "below",  -5000,  100,  "stop", 500,     "LIQUID",      "trip", 26, "EJ"),
    ("HOSE_VACUUM",    "VT101",      "above",  13000,  1000, "stop", 5000,    "LIQUID",      "trip", 10, "EJ"),
    ("HOSE_VACUUM_LOW","VT101",      "above",  1000,   1000, "warn", 5000,    "ALWAYS",      "skip", 10, "EJ"),
    ("HELIUM_LOST",    "PS104",      "open",   0,      1000, "stop", 2000,    "HELIUM",      "trip", 11, "EJ"),
    ("LEAK_FOUND",     "LEAK",       "closed", 0,      0,    "stop", 100,     "LEAKTEST",    "trip", 1,  "EJ: 0.5 % in 20 s"),
    ("COLD_LEAK",      "COLD_LEAK",  "closed", 0,      0,    "stop", 100,     "COLDTEST",    "trip", 1,  "EJ"),
    ("SUPPLY_LOW",     "PT101",      "below",  1400,   100,  "stop", 300,     "FLOW",        "skip", 11, "EJ: no suction from the dewar"),
    ("STOP_PRESSED",   "PB102",      "closed", 0,      30,   "stop", 100,     "BEFORE_FILL",    "skip", 32, "operator"),
    ("TRUCK_CHANGED",  "TRUCK_OTHER","closed", 0,      0,    "stop", 100,     "TALKING",     "skip", 29, "EJ: static values of a session"),
    ("TRUCK_UNKNOWN",  "STATIC_MS",  "above",  4999,   0,    "stop", 300,     "TALKING",     "trip", 29, "EJ: five cycles"),
)
# fmt: on
