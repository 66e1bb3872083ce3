"""What the sequence check knows of guards and states beyond the state tables. Literal only; one block per node.

WORLD      fact that may be lost at any moment -> signals of the trip rows that notice its loss.
NEEDS      guard -> what must hold when it is true: facts, memory, "latched" (a trip with reaction stop or esd),
           "hold" (a trip with reaction hold is active); "!x": must not hold. A guard without a row is free.
FORCED     guards that are true whenever what they need holds; the others are false as they like.
IMPLIES    (guard, guard): the first is never true without the second.
RESETS     guards that clear the latched trips.
MEMORY     flag of the firmware, set on entering, cleared on entering. Also cleared by a restart.
TRUTHS     what must be true of the hose, the step that makes it true (state, guard), what ends it. A new session ends all.
LIQUID     outputs through which liquid may pass, the supply first; the gate's row of the supply says what they need.
GATED      output -> the least that its row of the gate (interlock_table) must ask for.
DRAINING   fact that is not needed while the supply is shut, and why.
SAFE       resting states: nothing can flow, and staying there harms nobody.
WAITING    state without a deadline -> who or what it waits for.
LOOPS      (from, guard, to, parameter whose maximum bounds the rounds, why). Without a parameter another board ends it.
HELD       (states, outputs and the one position that they must have, why).
NEW_FILL   a step that only a board fit for the next truck can take.
"""

# fmt: off
FACTS = {
    "dispenser": {
        "WORLD": {
            "powered": ("ES102",),
            "earthed": ("ES103", "GT101"),
            "seated":  ("ZS101",),
            "locked":  ("ZS102",),
            "loop":    ("ZS105",),
            "link":    ("LINK_MS", "LINK_BAD"),
        },
        "NEEDS": {
            "hose_in_use":     "seated",
            "start_pressed":   "!latched",
            "earthed":         "earthed",
            "seated_on_earth": "seated",
            "locked":          "locked",
            "truck_ready":     "powered loop link",
            "resume_cool":     "link !hold !latched",
            "resume_fill":     "link !hold !latched",
            "stop_vented":     "powered",
            "may_unlock":      "no_liquid",
            "nozzle_off":      "!seated",
            "customer_gone":   "!earthed !latched",
            "esd_reset":       "powered",
            "lockout_reset":   "!seated",
            "trip_reset":      "latched",
        },
        "FORCED": ("nozzle_off",),
        "IMPLIES": (
            ("target_reached", "nearly_full"),
        ),
        "RESETS": ("esd_reset", "lockout_reset", "trip_reset"),
        "MEMORY": (
            # FLAG            SET ON ENTERING   CLEARED ON ENTERING
            ("is_purged",     ("LEAK_PRESS",),  ("EARTH",)),
            ("is_leak_tight", ("LEAK_VENT",),   ("EARTH",)),
            ("no_liquid",     ("RELEASE",),     ("EARTH", "COOL_OPEN")),
        ),
        "TRUTHS": (
            # TRUTH          MADE BY                           ENDED BY
            ("purged",       ("PURGE_VENT", "purged"),         ("seated",)),
            ("helium_last",  ("LEAK_PRESS", "test_pressed"),   ("seated",)),
            ("leak_tested",  ("LEAK_HOLD", "leak_tight"),      ("seated", "locked")),
        ),
        "LIQUID": ("XV101", "FCV102", "XV103"),
        "GATED": {
            "XV101":  "seated locked earthed link purged leak_tight powered loop no_stop",
            "FCV102": "seated locked earthed link purged leak_tight powered loop no_stop",
            "XV103":  "seated locked earthed link purged leak_tight powered loop no_stop",
        },
        "DRAINING": {"link": "the hose is emptied with the supply shut, whether the truck is heard or not"},
        "SAFE": ("IDLE", "COMPLETE", "SAFE_STOP", "ESD", "LOCKOUT", "MAINTENANCE"),
        "WAITING": {
            "BOOT": "left after 200 ms",
            "IDLE": "a customer",
            "COMPLETE": "the customer to go, or a reset",
            "ESD": "a reset",
            "LOCKOUT": "a person with the key",
            "MAINTENANCE": "the key",
        },
        "LOOPS": (
            # FROM          GUARD          TO             PARAMETER       WHY IT ENDS
            ("PURGE_VENT", "purge_again", "PURGE_PRESS", "purge_cycles", "cycles are counted"),
            ("HELD",       "resume_cool", "COOL",        "holds_max",    "holds are counted"),
            ("HELD",       "resume_fill", "FILL_SLOW",   "holds_max",    "holds are counted"),
            ("PAUSE",      "resume_fill", "FILL_SLOW",   "holds_max",    "pauses count as holds"),
            ("PAUSE",      "resume_cool", "COOL",        "holds_max",    "pauses count as holds"),
            ("RISE_HOLD",  "rise_again",  "WARM_FLOW",   "warm_rounds",  "rounds are counted"),
        ),
        "HELD": (
            # STATES                                      OUTPUTS                                           AT   WHY
            (("LEAK_SETTLE", "LEAK_HOLD", "RISE_HOLD"),   "XV101 FCV102 XV103 XV104 XV105 XV106 XV107 XV110", "-", "a hose is tested blocked in"),
            (("PURGE_PRESS", "LEAK_PRESS"),               "XV106 XV107",                                    "C", "helium goes into both bores"),
            (("PURGE_PRESS", "LEAK_PRESS"),               "XV101 FCV102 XV103 XV104 XV105 XV110",           "-", "helium goes into both bores and nowhere else"),
            (("PURGE_VENT", "LEAK_VENT", "SAFE_STOP", "ESD", "LOCKOUT", "IDLE", "COMPLETE", "MAINTENANCE", "BOOT", "SELFTEST", "RELEASE", "UNLOCK", "STOW"),
                                                          "XV105 XV110",                                    "O", "both hoses are open to the stack"),
            (("SAFE_STOP", "ESD", "LOCKOUT", "IDLE", "COMPLETE", "MAINTENANCE", "BOOT", "SELFTEST", "HELD", "PAUSE"),
                                                          "XV101 FCV102 XV103 XV106 XV107 LK108 PMP111",    "-", "nothing goes into a hose, and the nozzle stays locked"),
            (("COOL", "COLDTEST", "FILL_OPEN", "FILL_SLOW", "FILL_FAST", "FILL_TOP"), "XV104",              "O", "gas has a way back"),
            (("COOL", "COLDTEST", "FILL_OPEN", "FILL_SLOW", "FILL_FAST", "FILL_TOP"), "XV105 XV106 XV107 XV110 LK108", "-", "liquid goes to the truck only"),
        ),
        "NEW_FILL": ("IDLE", "start_pressed"),
    },
    "tank": {
        "WORLD": {
            "seated":    ("ZS201",),
            "braked":    ("ZS203",),
            "parked":    ("ZS204",),
            "below_max": ("OVER_G", "P_CPCT", "LSHH202"),
        },
        "NEEDS": {
            "nozzle_on":   "seated",
            "coupled":     "seated braked parked !latched",
            "uncoupled":   "!seated",
            "driving":     "!parked !braked !seated",
            "parked":      "braked",
            "trip_reset":  "latched",
        },
        "FORCED": ("uncoupled",),
        "IMPLIES": (),
        "RESETS": ("fault_reset", "trip_reset"),
        "MEMORY": (),
        "TRUTHS": (
            ("coupled",   ("PARK", "coupled"),         ("seated",)),
            ("purged",    ("PURGE", "station_cools"),  ("seated",)),
        ),
        "LIQUID": ("XV201", "XV208"),
        "GATED": {"XV201": "seated no_stop below_max", "XV208": "seated no_esd"},
        "DRAINING": {},
        "SAFE": ("PARK", "DRIVE", "RELIEVE", "READY", "ISOLATE", "FAULT"),
        "WAITING": {
            "BOOT": "left after 200 ms",
            "PARK": "a nozzle, the driver, the tank's pressure",
            "DRIVE": "the brake",
            "RELIEVE": "the tank's pressure",
            "READY": "the dispenser",
            "ISOLATE": "the nozzle to come off",
            "FAULT": "a reset",
        },
        "LOOPS": (),
        "HELD": (
            (("BOOT", "SELFTEST", "PARK", "DRIVE", "RELIEVE", "READY", "PURGE", "ISOLATE", "FAULT"), "XV201 XV202 XV208", "-", "the tank is shut"),
            (("READY", "PURGE", "COOL", "COOL_ALONE", "FILL_OPEN", "FILLING", "FILL_ALONE", "ISOLATE", "FAULT"), "IM211", "-", "no traction with a nozzle on"),
            (("FAULT", "BOOT", "SELFTEST", "PARK", "DRIVE", "RELIEVE"), "ES210", "-", "the vehicle loop is open"),
            (("COOL", "COOL_ALONE", "FILL_OPEN"), "XV208", "O", "the hose has a way out"),
            (("FILL_OPEN", "FILLING", "FILL_ALONE"), "XV201", "O", "the hose has a way out"),
        ),
        "NEW_FILL": ("PARK", "coupled"),
    },
}
# fmt: on
