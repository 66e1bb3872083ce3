"""The onboard tank's sequence: every state, what it holds its outputs at, and every step. Literal only.

Columns and rules as in the dispenser's table: O open (contact: closed, traction: released), - closed or
off, C moved by `tank.control`. Guards are methods of `tank.sequence`; the first row that holds wins.
"""

PUBLIC = (
    "BOOT", "SELFTEST", "PARK", "DRIVE", "REFUEL_READY", "PURGE", "COOLDOWN", "FILL", "ISOLATE", "RELIEVE", "FAULT",
)  # fmt: skip

OUTPUTS = ("XV201", "XV202", "XV203", "XV204", "XV206", "XV208", "XV209", "VP207", "ES210", "IM211", "HT205")

# fmt: off
STATES = (
    # NAME          PUBLIC          XV  XV  XV  XV  XV  XV  XV  VP  ES  IM  HT    DEADLINE LATE       WHAT
    #                               201 202 203 204 206 208 209 207 210 211 205   ms
    ("BOOT",        "BOOT",         "-   -   -   -   -   -   -   -   -   -   -",  0,       "",        "outputs safe, inputs primed"),
    ("SELFTEST",    "SELFTEST",     "-   -   -   -   -   -   -   -   -   -   -",  10000,   "FAULT",   "transmitters and limit switches agree"),
    ("PARK",        "PARK",         "-   -   -   -   -   -   -   -   -   O   -",  0,       "",        "tank shut, pressure watched"),
    ("DRIVE",       "DRIVE",        "-   -   -   -   -   -   -   -   -   O   -",  0,       "",        "on the road (draw control comes with the fuel cell)"),
    ("RELIEVE",     "RELIEVE",      "-   -   -   -   -   -   O   -   -   O   -",  0,       "",        "tank vent open: pressure near relief"),
    ("READY",       "REFUEL_READY", "-   -   -   -   -   -   -   -   O   -   -",  0,       "",        "nozzle seated, brake set: loop closed, limits sent"),
    ("PURGE",       "PURGE",        "-   -   -   -   -   -   -   -   O   -   -",  600000,  "ISOLATE", "station purges and tests the coupling"),
    ("COOL",        "COOLDOWN",     "-   -   -   -   -   O   -   -   O   -   -",  600000,  "ISOLATE", "crossover open, fill valve shut"),
    ("COOL_ALONE",  "COOLDOWN",     "-   -   -   -   -   O   -   -   O   -   -",  60000,   "ISOLATE", "link lost: hose stays open to the return"),
    ("FILL_OPEN",   "FILL",         "O   -   -   -   -   O   -   -   O   -   -",  3000,    "ISOLATE", "fill valve opens before the crossover shuts"),
    ("FILLING",     "FILL",         "O   C   -   -   -   -   C   -   O   -   -",  3600000, "ISOLATE", "liquid into the tank, gas back as needed"),
    ("FILL_ALONE",  "FILL",         "O   -   -   -   -   -   C   -   O   -   -",  60000,   "ISOLATE", "link lost: hose stays open to the tank"),
    ("ISOLATE",     "ISOLATE",      "-   -   -   -   -   -   C   -   O   -   -",  0,       "",        "tank shut, nozzle still on"),
    ("FAULT",       "FAULT",        "-   -   -   -   -   -   C   -   -   -   -",  0,       "",        "loop open, tank shut until reset"),
)

GROUPS = {
    "ALIVE": ("SELFTEST", "PARK", "DRIVE", "RELIEVE", "REFUEL_READY", "PURGE", "COOLDOWN", "FILL", "ISOLATE"),
    "COUPLED": ("REFUEL_READY", "PURGE", "COOLDOWN", "FILL"),
    "FUELLING": ("PURGE", "COOLDOWN", "FILL"),
}

TRANSITIONS = (
    # FROM          GUARD                  TO            WHY
    ("ALIVE",       "esd_tripped",         "FAULT",      "a trip with reaction ESD: loop opened"),
    ("COUPLED",     "stop_tripped",        "ISOLATE",    "a trip with reaction STOP"),
    ("FUELLING",    "dispenser_ended",     "ISOLATE",    "dispenser vents, stops or aborts"),

    ("BOOT",        "inputs_primed",       "SELFTEST",   "inputs primed"),
    ("SELFTEST",    "nozzle_on",           "ISOLATE",    "restarted with a nozzle on: never resume"),
    ("SELFTEST",    "healthy",             "PARK",       "self-test passed"),
    ("PARK",        "coupled",             "READY",      "nozzle seated, brake set, ignition off"),
    ("PARK",        "trip_reset",          "SELFTEST",   "latched trip reset with the cause gone"),
    ("PARK",        "driving",             "DRIVE",      "ignition on, brake off"),
    ("DRIVE",       "parked",              "PARK",       "brake set"),
    ("PARK",        "pressure_high",       "RELIEVE",    "near relief"),
    ("RELIEVE",     "pressure_fallen",     "PARK",       "well below relief"),

    ("READY",       "uncoupled",           "PARK",       "nozzle off"),
    ("READY",       "station_purges",      "PURGE",      "dispenser in PURGE, session adopted"),
    ("PURGE",       "station_cools",       "COOL",       "dispenser in PRECOOL"),
    ("PURGE",       "link_lost",           "ISOLATE",    "link lost before any liquid"),
    ("COOLDOWN",    "station_fills",       "FILL_OPEN",  "dispenser in FILL with permit"),
    ("COOL",        "link_lost",           "COOL_ALONE", "link lost"),
    ("FILL_OPEN",   "fill_valve_open",     "FILLING",    "fill valve proved open"),
    ("FILLING",     "link_lost",           "FILL_ALONE", "link lost"),
    ("ISOLATE",     "uncoupled",           "PARK",       "nozzle off"),
    ("FAULT",       "fault_reset",         "SELFTEST",   "reset with the cause gone"),
)
# fmt: on
