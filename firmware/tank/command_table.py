"""The fuelling command that the tank sends in each public state. Literal only.

HEARD: while the dispenser's status and permit are live. UNHEARD: once either is late by its hold time, and for the rest
of the session once either was late by its stop time; if the tank is still heard itself, no more liquid comes. A latched trip with reaction stop or esd sends Abort in every state.
"""

# fmt: off
COMMANDS = (
    # STATE          HEARD    UNHEARD
    ("BOOT",         "STAT",  "STAT"),
    ("SELFTEST",     "STAT",  "STAT"),
    ("PARK",         "STAT",  "STAT"),
    ("DRIVE",        "STAT",  "STAT"),
    ("REFUEL_READY", "STAT",  "STAT"),
    ("PURGE",        "STAT",  "HALT"),
    ("COOLDOWN",     "DYNA",  "HALT"),
    ("FILL",         "DYNA",  "HALT"),
    ("ISOLATE",      "HALT",  "HALT"),
    ("RELIEVE",      "STAT",  "STAT"),
    ("FAULT",        "ABORT", "ABORT"),
)
# fmt: on
