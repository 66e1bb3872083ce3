"""What each tank output needs before it may leave its safe position. Literal only; rules as the dispenser's."""

PERMISSIVES = (
    # name        holds while
    "seated",     # nozzle seated
    "unseated",   # no nozzle, cap or air
    "secured",    # parking brake set and ignition off
    "no_stop",    # no trip with reaction stop or esd latched
    "no_esd",     # no trip with reaction esd latched
    "below_max",  # mass below the 98 %-rule mass and pressure below its stop limit
)  # fmt: skip

# fmt: off
INTERLOCKS = (
    # OUTPUT    NEEDS                             OR_NEEDS  WHY
    ("XV201",  "seated no_stop below_max",        "",       "liquid only from a seated nozzle into a tank with room"),
    ("XV202",  "seated no_stop",                  "",       "return gas only into a seated nozzle"),
    ("XV208",  "seated no_esd",                   "",       "crossover only with a nozzle on"),
    ("ES210",  "seated secured no_esd",           "",       "loop closed only on a secured truck"),
    ("IM211",  "unseated",                        "",       "I9: no traction with a nozzle on"),
)
# fmt: on
