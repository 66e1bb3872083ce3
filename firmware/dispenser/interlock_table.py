"""What each dispenser output needs before it may leave its safe position. Literal only.

The gate (core.interlock) applies these rows last, whatever asked for the output. An output may move when
every permissive of NEEDS holds, or every one of OR_NEEDS.
"""

PERMISSIVES = (
    # name          holds while
    "powered",      # safety relay closed: the hard-wired chain allows valves
    "earthed",      # earth loop and fast relay good
    "seated",       # nozzle seated
    "locked",       # nozzle lock feedback
    "loop",         # vehicle loop closed by the truck's permit contact
    "link",         # truck's frames live, valid, of this session
    "purged",       # enough helium cycles, last purge gas helium
    "leak_tight",   # leak test passed in this session
    "no_stop",      # no trip with reaction stop or esd latched, none with hold active
    "supply_shut",  # XV101 proved shut by its limit switch
    "warm",         # both nozzle temperatures and the return above the unlock limit
    "vented",       # both hoses depressurised
    "no_liquid",    # 10 s pressure-rise test passed since the last cold
    "untouched",    # no valve of a hose has moved in this session
)  # fmt: skip

# fmt: off
INTERLOCKS = (
    # OUTPUT    NEEDS                                   OR_NEEDS                WHY
    ("XV101",  "powered earthed seated locked loop link purged leak_tight no_stop", "",            "I2: liquid only into a proved connection"),
    ("FCV102", "powered earthed seated locked loop link purged leak_tight no_stop", "supply_shut", "I2; or draining with the supply proved shut"),
    ("XV103",  "powered earthed seated locked loop link purged leak_tight no_stop", "supply_shut", "I2; or draining with the supply proved shut"),
    ("PMP111", "powered earthed seated locked loop link purged leak_tight no_stop", "",            "no pump without a path"),
    ("XV106",  "powered seated locked",                 "",                     "helium only into a closed coupling"),
    ("XV107",  "powered seated locked",                 "",                     "helium only into a closed coupling"),
    ("LK108",  "warm vented no_liquid supply_shut",     "vented untouched",     "I3: never unlocked cold, pressurised or wet"),
)
# fmt: on
