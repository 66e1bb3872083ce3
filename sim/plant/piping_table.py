"""The piping in figures: nodes, valves, reliefs and which link joins what. All sizes are assumed. Data only."""

from __future__ import annotations

from typing import Final

from . import links as lk
from .places import HELIUM, HOSE, NOZZLE, RCPT, RECOVERY, RETURN, STACK, STUB, SUPPLY, TANK, ULLAGE

# fmt: off
# 10 kg of cold steel. Masses are judged from the build (EJ), with 7900 kg/m3: a
# hose is 25 mm of corrugated tube, 0.3 mm thick and half as long again stretched (1.4 kg), one braid (0.2 kg/m) and two
# ends; stub and coupling halves are 1.5 mm on the wetted area and the inner parts of their valves (stub: two, and the
# meter's tubes). Jackets, bonnets and handles stay warm.
NODES: Final = (
    # NAME      LITRES  METAL kg  WETTED m2  JACKET m2
    ("STUB",    0.30,   2.0,      0.06,      0.08),
    ("HOSE",    2.45,   3.0,      0.40,      0.45),
    ("NOZZLE",  0.40,   1.2,      0.08,      0.06),
    ("RCPT",    0.40,   0.8,      0.05,      0.04),
    ("RETURN",  2.45,   3.0,      0.40,      0.45),
)
HOSE_M: Final = 5.0
SUPPLY_LINE_M: Final = 10.0  # station dewar to dispenser
BORE_M: Final = 0.025
# Conducted by spacers and end fittings, which no vacuum stops: W at 268 K difference, in the order of NODES.
FITTINGS_W: Final = (0.5, 3.0, 0.5, 0.5, 3.0)

VALVES: Final = (
    # TAG      STROKE s  FAILS OPEN
    ("XV101",  0.35,     False),
    ("XV103",  0.35,     False),
    ("XV104",  0.30,     False),
    ("XV105",  0.30,     True),
    ("XV106",  0.10,     False),
    ("XV107",  0.10,     False),
    ("XV110",  0.30,     True),
    ("XV201",  0.35,     False),
    ("XV202",  0.30,     False),
    ("XV203",  0.35,     False),
    ("XV204",  0.30,     False),
    ("XV206",  0.30,     False),
    ("XV208",  0.30,     False),
    ("XV209",  0.30,     False),
)
FCV_STROKE_S: Final = 0.40

PSV101_BARG: Final = 6.0  # not above a truck's MAWP

RELIEFS: Final = (
    # TAG       SET barg      NODE    COEFFICIENT AT FULL LIFT
    ("PSV101",  PSV101_BARG,  HOSE,   lk.K_PSV_HOSE),
    ("PSV102",  PSV101_BARG,  RETURN, lk.K_PSV_HOSE),
    ("PSV103",  10.0,         STUB,   lk.K_PSV_STUB),
)
STUB_RATING_BARG: Final = 12.0  # pipework; PSV103 is set below

# Between neighbours of the chain of nodes, in its order.
INNER: Final = ("XV103", "HOSE", "XV208", "RETURN")
EDGE: Final = (
    # TAG      ONE WAY  NODE    FAR SIDE
    ("XV101",  False,   STUB,   SUPPLY),
    ("PSV103", True,    STUB,   STACK),
    ("XV106",  False,   HOSE,   HELIUM),
    ("PSV101", True,    HOSE,   STACK),
    ("XV105",  True,    NOZZLE, STACK),
    ("XV201",  True,    NOZZLE, TANK),
    ("XV202",  False,   RCPT,   ULLAGE),
    ("XV110",  True,    RCPT,   STACK),
    ("XV107",  False,   RETURN, HELIUM),
    ("XV104",  True,    RETURN, RECOVERY),
    ("PSV102", True,    RETURN, STACK),
)
VENTS: Final = (("XV105", NOZZLE, lk.K_XV105), ("XV110", RCPT, lk.K_XV110))
# fmt: on

SWITCHED: Final = tuple(row[0] for row in VALVES) + ("LK108", "BL109", "PMP111", "VP207", "ES210", "IM211")
OUTPUTS: Final = (*SWITCHED, "FCV102", "HT205")
