"""The onboard tank's hazards: one row each. Literal only. Columns as in the dispenser's table; new
rows go to the end here too (T_ABORT's abort_cause).

Reaction stop: tank shut, loop stays closed, Abort on the link, so that the dispenser ends in order. Reaction
esd: everything off, the permit contact opens the vehicle loop and with it the dispenser's safety relay.
"""

WHERE = {
    "ALWAYS": (
        "SELFTEST", "PARK", "DRIVE", "RELIEVE", "REFUEL_READY", "PURGE", "COOLDOWN", "FILL", "ISOLATE",
    ),
    "COUPLED": ("REFUEL_READY", "PURGE", "COOLDOWN", "FILL"),
    "FUELLING": ("PURGE", "COOLDOWN", "FILL"),
    "FILLING": ("FILL",),
}  # fmt: skip

# fmt: off
TRIPS = (
    # ID                SIGNAL      COMPARE   LIMIT   DEB   REACT   DEADLINE WHERE       ON_BAD  HAZARD SOURCE
    ("CRASH",          "ZS205",    "open",   0,      0,    "esd",  20,      "ALWAYS",   "trip", 33, "EJ"),
    ("UNSEATED",       "ZS201",    "open",   0,      20,   "esd",  100,     "FUELLING", "trip", 3,  "EJ"),
    ("BRAKE_OFF",      "ZS203",    "open",   0,      50,   "esd",  100,     "FUELLING", "trip", 3,  "EJ"),
    ("IGNITION_ON",    "ZS204",    "closed", 0,      50,   "stop", 100,     "FUELLING", "trip", 3,  "EJ"),
    ("PRESSURE_HH",    "P_CPCT",   "above",  9800,   50,   "esd",  100,     "FUELLING", "trip", 5,  "EJ: 98 % of relief"),
    ("PRESSURE_H",     "P_CPCT",   "above",  9500,   100,  "stop", 300,     "FILLING",  "trip", 5,  "EJ: 95 % of relief"),
    ("PT201A_BAD",     "PT201A",   "below",  0,      0,    "stop", 100,     "COUPLED",  "trip", 23, "EJ: 500 ms"),
    ("PT201B_BAD",     "PT201B",   "below",  0,      0,    "stop", 100,     "COUPLED",  "trip", 23, "EJ: 500 ms"),
    ("PT201_DIFFER",   "PT_DIFF",  "above",  150,    300,  "stop", 500,     "COUPLED",  "skip", 23, "EJ"),
    ("PRESSURE_LOW",   "PT201A",   "below",  1150,   1000, "stop", 5000,    "FUELLING", "skip", 37, "EJ: no air into the tank"),
    ("OVERFILL",       "OVER_G",   "above",  0,      200,  "stop", 500,     "FILLING",  "trip", 4,  "98 % rule + EJ margin"),
    ("LEVEL_HH",       "LSHH202",  "open",   0,      100,  "esd",  300,     "FUELLING", "trip", 4,  "EJ: independent switch"),
    ("LEVEL_BAD",      "LT201",    "below",  -220,   100,  "stop", 500,     "COUPLED",  "trip", 25, "EJ"),
    ("VALVE_BOX_H2",   "AT201",    "above",  20000,  0,    "esd",  1000,    "ALWAYS",   "trip", 40, "EJ"),
    ("VALVE_BOX_WARN", "AT201",    "above",  10000,  0,    "warn", 1000,    "ALWAYS",   "skip", 40, "EJ"),
    ("TANK_VACUUM",    "VT201",    "above",  13000,  1000, "stop", 5000,    "COUPLED",  "trip", 9,  "EJ"),
    ("XV201_POSITION", "XV201_MS", "above",  1500,   0,    "stop", 2000,    "FUELLING", "trip", 20, "EJ"),
    ("XV202_POSITION", "XV202_MS", "above",  1500,   0,    "stop", 2000,    "FUELLING", "trip", 21, "EJ"),
    ("XV208_POSITION", "XV208_MS", "above",  1500,   0,    "stop", 2000,    "FUELLING", "trip", 21, "EJ"),
    ("STATION_TARGET", "TARGET_G", "above",  0,      0,    "stop", 300,     "FUELLING", "skip", 4,  "EJ: more than the 98 % rule"),
    ("XV209_POSITION", "XV209_MS", "above",  1500,   0,    "stop", 2000,    "FUELLING", "trip", 6,  "EJ: fuel goes to the stack"),
)
# fmt: on
