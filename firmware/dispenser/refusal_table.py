"""Why the dispenser refuses a truck in CONNECT, before any valve moves. Literal only.

Each row is a guard of the state table and, as FIRST_CODE + its place, a value of D_ABORT.abort_cause (label
REFUSED_ + NAME). Checked in this order; the first that holds is the one told. New rows go to the end: the codes
are the protocol's.
"""

FIRST_CODE = 200

# fmt: off
REFUSALS = (
    # NAME        GUARD                WHAT IS WRONG
    ("VERSION",   "refused_version",   "no protocol version that both sides speak"),
    ("ABORTED",   "refused_abort",     "the truck itself says Abort"),
    ("CHANGED",   "refused_changed",   "identity or limits changed since the session began: not the same truck"),
    ("TYPE",      "refused_type",      "vessel type not in the station's type table"),
    ("VOLUME",    "refused_volume",    "volume is not its type's"),
    ("RELIEF",    "refused_relief",    "relief set pressure is not its type's"),
    ("MAWP",      "refused_mawp",      "MAWP is not its type's, or below its own relief or the hose's"),
    ("FLOW",      "refused_flow",      "flow above its type's"),
    ("EXPIRED",   "refused_expired",   "certificate expired"),
    ("MAX_MASS",  "refused_max_mass",  "maximum mass above the 98 % rule"),
    ("PRESSURE",  "refused_pressure",  "fill pressure not below relief, or tank not below the supply's pressure"),
    ("TARGET",    "refused_target",    "target above what the tank may hold, or reached already"),
    ("NOT_PROVED","refused_proof",     "the truck does not prove its key, or this board has none"),
)
# fmt: on
