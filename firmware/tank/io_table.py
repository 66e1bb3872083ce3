"""Onboard tank I/O list: every wire of the board, one row each. Literal only: hosts load this file by path.

Columns and units as in the dispenser's list.
"""

NODE = "tank"

# fmt: off
AI = (
    # TAG       PIN    LO      HI      UNIT     SHOWN    DIV    ACC   NOISE  LAG   SCAN  RATE   STUCK
    ("PT201A", "A0",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   10,   0,     60),
    ("PT201B", "A1",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   10,   0,     60),
    ("PT203",  "A2",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   50,   0,     0),
    ("PT204",  "A3",   500,    1100,   "mbar",  "bar",   1000,  1000, 40,    100,  50,   0,     0),
    ("TT201",  "A4",   1300,   33000,  "ck",    "K",     100,   300,  40,    500,  50,   0,     0),
    ("TT202",  "A5",   1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("TT203",  "A6",   1300,   40000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("TT204",  "A7",   20000,  35000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("TT205",  "A10",  20000,  40000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("LT201",  "A11",  0,      10000,  "cpct",  "%",     100,   1000, 100,   200,  50,   0,     0),
    ("VT201",  "A12",  0,      100000, "mpa",   "Pa",    1000,  5000, 40,    200,  50,   0,     0),
    ("AT201",  "A13",  0,      40000,  "ppm",   "% vol", 10000, 5000, 100,   13000, 50,  0,     0),
    ("IT205",  "D38",  0,      100000, "ma",    "A",     1000,  2000, 40,    50,   50,   0,     0),
)

DI = (
    # TAG        WIRE   AT    ON
    ("LSHH202", "pin",  "D2", "level below high-high"),
    ("ZS201",   "pin",  "D3", "receptacle seated"),
    ("ZS205",   "pin",  "D4", "no crash"),
    ("ZS202",   "pin",  "D5", "cap on"),
    ("ZS203",   "pin",  "D6", "parking brake set"),
    ("ZS204",   "pin",  "D7", "ignition on"),
    ("FS207",   "pin",  "D8", "coolant flowing"),
    ("ZO201",   "spi",  0,    "XV201 open"),
    ("ZC201",   "spi",  1,    "XV201 closed"),
    ("ZO202",   "spi",  2,    "XV202 open"),
    ("ZC202",   "spi",  3,    "XV202 closed"),
    ("ZO203",   "spi",  4,    "XV203 open"),
    ("ZC203",   "spi",  5,    "XV203 closed"),
    ("ZO204",   "spi",  6,    "XV204 open"),
    ("ZC204",   "spi",  7,    "XV204 closed"),
    ("ZO206",   "spi",  8,    "XV206 open"),
    ("ZC206",   "spi",  9,    "XV206 closed"),
    ("ZO208",   "spi",  10,   "XV208 open"),
    ("ZC208",   "spi",  11,   "XV208 closed"),
    ("ZO209",   "spi",  12,   "XV209 open"),
    ("ZC209",   "spi",  13,   "XV209 closed"),
)

DO = (
    # TAG      PIN    SAFE       WHAT
    ("XV201",  "D9",  "closed",  "fill"),
    ("XV202",  "D28", "closed",  "return gas"),
    ("XV203",  "D29", "closed",  "liquid draw"),
    ("XV204",  "D32", "closed",  "vapour draw (economiser)"),
    ("XV206",  "D33", "closed",  "fuel-cell supply"),
    ("XV208",  "D34", "closed",  "receptacle crossover"),
    ("XV209",  "D35", "closed",  "tank vent to the truck's stack"),
    ("VP207",  "D37", "off",     "vaporiser coolant permit"),
    ("ES210",  "D22", "open",    "permit contact in the vehicle loop"),
    ("IM211",  "D23", "inhibit", "traction inhibit, energise to release"),
)

AO = (
    # TAG      PIN    SAFE       WHAT
    ("HT205",  "D36", "off",     "pressure-build heater"),
)

CI = ()

SPI_DI_BYTES = 2

# Non-volatile memory: a file system on the flash at /flash, and an FM25 FRAM on the SPI bus. Its chip select is active
# low and takes the expander off the bus.
FLASH_BLOCKS = 64
FLASH_BLOCK_BYTES = 4096
FRAM_CS = "D10"
FRAM_BYTES = 8192
# fmt: on
