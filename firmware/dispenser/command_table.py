"""What the truck's fuelling command means to the dispenser in each state. Literal only.

WHERE is a state or a public state; a state's own row comes before its public one's. NONE: not available, error or out
of range. What is done:
go      the command permits the step
wait    nothing liquid is begun; what moves gas goes on
hold    HOLD: XV101, FCV102 and XV103 ramp shut; back on Dyna, a stop after 5 s
stop    terminal stop (trip TRUCK_ABORT)
refuse  the nozzle is let go (refusal ABORTED)
end     not looked at: the fill is over, the hose is emptied whatever the truck says
none    no session
"""

COMMANDS = ("DYNA", "STAT", "HALT", "ABORT", "NONE")

# fmt: off
MEANING = (
    # WHERE          DYNA     STAT     HALT     ABORT      NONE
    ("BOOT",        "none",  "none",  "none",  "none",    "none"),
    ("SELFTEST",    "none",  "none",  "none",  "none",    "none"),
    ("IDLE",        "none",  "none",  "none",  "none",    "none"),
    ("CONNECT",     "go",    "go",    "wait",  "refuse",  "wait"),
    ("PURGE",       "go",    "go",    "wait",  "stop",    "wait"),
    ("LEAKTEST",    "go",    "go",    "wait",  "stop",    "wait"),
    ("COOL_OPEN",   "go",    "wait",  "wait",  "stop",    "wait"),
    ("PRECOOL",     "go",    "hold",  "hold",  "stop",    "hold"),
    ("COLDTEST",    "go",    "hold",  "hold",  "stop",    "hold"),
    ("FILL",        "go",    "hold",  "hold",  "stop",    "hold"),
    ("HOLD",        "go",    "wait",  "wait",  "stop",    "wait"),
    ("DRAIN",       "end",   "end",   "end",   "end",     "end"),
    ("VENT",        "end",   "end",   "end",   "end",     "end"),
    ("WARM",        "end",   "end",   "end",   "end",     "end"),
    ("DISCONNECT",  "end",   "end",   "end",   "end",     "end"),
    ("COMPLETE",    "end",   "end",   "end",   "end",     "end"),
    ("SAFE_STOP",   "end",   "end",   "end",   "end",     "end"),
    ("ESD",         "end",   "end",   "end",   "end",     "end"),
    ("LOCKOUT",     "end",   "end",   "end",   "end",     "end"),
    ("MAINTENANCE", "none",  "none",  "none",  "none",    "none"),
)
# fmt: on
