"""The onboard tank's parameters. Literal only. STATUS `assumed`: Track 1000's real value is not public."""

# fmt: off
PARAMS = (
    # NAME                DEFAULT  MIN    MAX      UNIT     STATUS     WHAT
    ("volume_l",          1700,    100,   4000,    "l",     "assumed", "geometric volume of the inner vessel"),
    ("relief_mbarg",      6000,    2000,  11000,   "mbarg", "assumed", "PSV201 set pressure"),
    ("mawp_mbarg",        6300,    2000,  11000,   "mbarg", "assumed", "maximum allowable working pressure, type plate"),
    ("tank_id",           1000,    1,     16000000,"1",     "assumed", "serial number, type plate"),
    ("vessel_type",       1,       0,     253,     "1",     "assumed", "row of the stations' type tables; 0: none"),
    ("cert_year",         2030,    2000,  2253,    "year",  "assumed", "year in which the certificate ends, type plate"),
    ("cert_month",        12,      1,     12,      "month", "assumed", "last month of it"),
    ("target_g",          0,       0,     163800,  "g",     "entry",   "what the driver wants in the tank; 0: no wish"),
    ("auth",              1,       0,     1,       "1",     "entry",   "1: dispenser and commands have to be authenticated; 0: for benches only"),
    ("max_flow_g_s",      125,     10,    250,     "g/s",   "assumed", "most that the tank takes"),
    ("max_fill_cpct",     9200,    5000,  9400,    "cpct",  "EJ",      "fill ends at this part of the relief pressure"),
    ("return_open_mbar",  4800,    1500,  9000,    "mbar",  "EJ",      "return gas above this in a fill"),
    ("return_shut_mbar",  4500,    1300,  9000,    "mbar",  "EJ",      "and down to this"),
    ("vent_open_cpct",    9700,    9000,  9900,    "cpct",  "EJ",      "tank vent opens at this part of the relief pressure"),
    ("vent_shut_cpct",    9300,    5000,  9700,    "cpct",  "EJ",      "and shuts at this"),
)
# fmt: on
