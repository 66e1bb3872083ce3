"""Which element joins which: the piping of dispenser, hoses and truck in one table. Literal only.

Plant, invariants and docs read it. FROM and TO are node names; an element passes flow between them.
"""

# fmt: off
# node        what                                            inside is liquid hydrogen in service
NODES = (
    ("SUPPLY",   "station dewar",                             True),
    ("STUB",     "XV101 - FCV102 - XV103",                    True),
    ("HOSE",     "liquid hose",                               True),
    ("NOZZLE",   "nozzle, coupling and receptacle, liquid bore", True),
    ("TANK",     "onboard tank",                              True),
    ("RCPT",     "coupling and receptacle, return bore",      True),
    ("RETURN",   "return hose",                               True),
    ("RECOVERY", "station return-gas system",                 False),
    ("STACK",    "station vent stack",                        False),
    ("TSTACK",   "truck vent stack",                          False),
    ("VAPORISER", "truck vaporiser",                          False),
    ("BUFFER",   "truck supply buffer, warm gas",             False),
    ("CELL",     "fuel cell",                                 False),
    ("HELIUM",   "helium header, regulated",                  False),
    ("AMBIENT",  "ambient air",                               False),
)

ELEMENTS = (
    # TAG       FROM        TO          KIND        WHAT
    ("XV101",  "SUPPLY",   "STUB",     "valve",    "supply shut-off (FT101 and PT101/TT101 sit before it)"),
    ("FCV102", "STUB",     "STUB",     "control",  "flow control, in series inside the stub"),
    ("XV103",  "STUB",     "HOSE",     "valve",    "second shut-off before the hose"),
    ("HOSE",   "HOSE",     "NOZZLE",   "pipe",     "vacuum-jacketed liquid hose"),
    ("XV105",  "NOZZLE",   "STACK",    "valve",    "liquid-hose vent, restricted"),
    ("XV106",  "HELIUM",   "HOSE",     "valve",    "helium to the liquid bore"),
    ("XV201",  "NOZZLE",   "TANK",     "valve",    "fill, with the receptacle check valve"),
    ("XV208",  "NOZZLE",   "RCPT",     "valve",    "receptacle crossover"),
    ("XV202",  "TANK",     "RCPT",     "valve",    "return gas from the vapour space"),
    ("RETURN", "RCPT",     "RETURN",   "pipe",     "vacuum-jacketed return hose"),
    ("XV110",  "RCPT",     "STACK",    "valve",    "return-hose vent, restricted"),
    ("XV107",  "HELIUM",   "RETURN",   "valve",    "helium to the return bore"),
    ("XV104",  "RETURN",   "RECOVERY", "valve",    "return gas (FT103 sits before it)"),
    ("XV209",  "TANK",     "TSTACK",   "valve",    "tank vent to the truck's stack"),
    ("XV203",  "TANK",     "VAPORISER", "valve",   "liquid draw"),
    ("XV204",  "TANK",     "VAPORISER", "valve",   "vapour draw (economiser)"),
    ("VAP",    "VAPORISER", "BUFFER",  "pipe",     "with a check valve"),
    ("XV206",  "BUFFER",   "CELL",     "valve",    "fuel-cell supply"),
    ("PSV101", "HOSE",     "STACK",    "relief",   "liquid hose relief"),
    ("PSV102", "RETURN",   "STACK",    "relief",   "return hose relief"),
    ("PSV103", "STUB",     "STACK",    "relief",   "thermal relief of the stub"),
    ("PSV201", "TANK",     "TSTACK",   "relief",   "tank relief"),
)
# fmt: on
