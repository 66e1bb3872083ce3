"""Types of vessel that this station may fill, entered at commissioning from their type approvals. Literal only.

TYPE is what a truck declares in T_IDENT.vessel_type (1 to 253). A truck whose declared values do not lie within the
tolerances of its row is refused: a swapped or wrongly set tank controller. All figures of track1000 are assumed: the
real ones are not public.
"""

# fmt: off
TYPES = (
    # TYPE NAME         VOLUME  +-    RELIEF  +-     MAWP    +-     MAX FLOW
    #                   l       l     mbarg   mbar   mbarg   mbar   g/s
    (1,   "track1000",  1700,   17,   6000,   60,    6300,   60,    125),
)
# fmt: on
