"""Dispenser I/O list: every wire of the board, one row each. Literal only: hosts load this file by path.

Units: a row's LO and HI are integers in the firmware's unit (UNIT); SHOWN is the unit people use and
DIV the number of firmware units in one of it (25000 mbar / 1000 = 25 bar). Pressures are absolute.
Pins are those of the reference board (Teensy 4.1), named as its MicroPython names them; `board/board_table.py` has the
other boards' pins and what a pin can do. The link is CAN3 (D30, D31), so that all 18 analog pins stay free for the
transmitters; A10 to A13 are D24 to D27, and D38 to D41 have no analog name. Three outputs are on pads of the unfitted
memory chip under the board (D48 to D50): nothing else is left.
"""

NODE = "dispenser"

# fmt: off
# 4-20 mA transmitters. ACC: accuracy, ppm of span. NOISE: rms, ppm of span. LAG: first order, ms. SCAN: how often
# the firmware samples, ms. RATE: fastest believable change, firmware units per SCAN (0: not checked).
# STUCK: a reading that has not moved by more than the ADC's own noise for this many seconds is bad (0: not checked).
AI = (
    # TAG       PIN    LO      HI      UNIT     SHOWN    DIV    ACC   NOISE  LAG   SCAN  RATE   STUCK
    ("PT101",  "A0",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   10,   0,     60),
    ("PT102",  "A1",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   10,   0,     60),
    ("PT103",  "A2",   0,      25000,  "mbar",  "bar",   1000,  500,  40,    20,   10,   0,     60),
    ("PT106",  "A3",   0,      2500,   "mbar",  "bar",   1000,  500,  40,    20,   50,   0,     0),
    ("PT107",  "A4",   0,      2500,   "mbar",  "bar",   1000,  500,  40,    20,   50,   0,     0),
    ("PT105",  "A5",   500,    1100,   "mbar",  "bar",   1000,  1000, 40,    100,  50,   0,     0),
    ("TT101",  "A6",   1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("TT102",  "A7",   1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     60),
    ("TT102B", "A10",  1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     60),
    ("TT103",  "A11",  1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("TT105",  "A12",  1300,   33000,  "ck",    "K",     100,   1000, 40,    500,  50,   0,     0),
    ("FT101",  "A13",  0,      200000, "mg_s",  "g/s",   1000,  1000, 200,   50,   10,   0,     0),
    ("FT103",  "D38",  0,      50000,  "mg_s",  "g/s",   1000,  2000, 200,   50,   10,   0,     0),
    ("AT101",  "D39",  0,      40000,  "ppm",   "% vol", 10000, 5000, 100,   13000, 50,  0,     0),
    ("AT102",  "D40",  0,      40000,  "ppm",   "% vol", 10000, 5000, 100,   13000, 50,  0,     0),
    ("GT101",  "D41",  0,      200000, "mohm",  "ohm",   1000,  1000, 40,    10,   10,   0,     0),
    ("VT101",  "A9",   0,      100000, "mpa",   "Pa",    1000,  5000, 40,    200,  50,   0,     0),
    ("ZT102",  "A8",   0,      10000,  "cpct",  "%",     100,   2000, 100,   20,   50,   0,     0),
)

# Contacts. WIRE: "pin" straight to the MCU (fast), "spi" bit of the input expander. ON: what a closed contact (1) says.
# Chain contacts are closed when healthy, so that a cut wire reads as the fault.
DI = (
    # TAG        WIRE   AT    ON
    ("HS101A",  "pin",  "D2", "E-stop loop channel A healthy"),
    ("HS101B",  "pin",  "D3", "E-stop loop channel B healthy"),
    ("ES101",   "pin",  "D4", "station ESD healthy"),
    ("ES102",   "pin",  "D5", "safety relay closed: valves have power"),
    ("ES103",   "pin",  "D6", "earth-monitor relay: loop below 10 ohm"),
    ("ZS103",   "pin",  "D7", "breakaway intact"),
    ("ZS105",   "pin",  "D8", "vehicle loop closed"),
    ("ZS101",   "spi",  0,    "nozzle seated"),
    ("ZS102",   "spi",  1,    "nozzle locked"),
    ("ZS104",   "spi",  2,    "nozzle in holster"),
    ("FS101",   "spi",  3,    "no flame"),
    ("PS104",   "spi",  4,    "helium available"),
    ("PB101",   "spi",  5,    "start pressed"),
    ("PB102",   "spi",  6,    "stop pressed"),
    ("KS101",   "spi",  7,    "maintenance key on"),
    ("ZO101",   "spi",  8,    "XV101 open"),
    ("ZC101",   "spi",  9,    "XV101 closed"),
    ("ZO103",   "spi",  10,   "XV103 open"),
    ("ZC103",   "spi",  11,   "XV103 closed"),
    ("ZO104",   "spi",  12,   "XV104 open"),
    ("ZC104",   "spi",  13,   "XV104 closed"),
    ("ZO105",   "spi",  14,   "XV105 open"),
    ("ZC105",   "spi",  15,   "XV105 closed"),
    ("ZO106",   "spi",  16,   "XV106 open"),
    ("ZC106",   "spi",  17,   "XV106 closed"),
    ("ZO107",   "spi",  18,   "XV107 open"),
    ("ZC107",   "spi",  19,   "XV107 closed"),
    ("ZO110",   "spi",  20,   "XV110 open"),
    ("ZC110",   "spi",  21,   "XV110 closed"),
)

# Digital outputs, 1 = energised. SAFE: what the device does without power (0 = what every output is at reset).
DO = (
    # TAG      PIN    SAFE       WHAT
    ("XV101",  "D9",  "closed",  "supply shut-off"),
    ("XV103",  "D34", "closed",  "second shut-off before the hose"),
    ("XV104",  "D28", "closed",  "return gas to recovery or stack"),
    ("XV105",  "D29", "open",    "liquid-hose vent to the stack"),
    ("XV106",  "D32", "closed",  "helium to the liquid bore"),
    ("XV107",  "D33", "closed",  "helium to the return bore"),
    ("XV110",  "D35", "open",    "return-hose vent to the stack"),
    ("LK108",  "D48", "locked",  "nozzle lock, energise to release"),
    ("BL109",  "D49", "off",     "beacon"),
    ("PMP111", "D50", "off",     "transfer-pump permit"),
)

# Analog outputs by PWM duty, 0-10000 cpct; no power closes.
AO = (
    # TAG      PIN    SAFE       WHAT
    ("FCV102", "D36", "closed",  "flow control valve"),
)

# Pulse inputs (counter peripheral).
CI = (
    # TAG      PIN    GRAMS_PER_PULSE
    ("FQ101",  "D37", 1),
)

SPI_DI_BYTES = 3

# Non-volatile memory: a file system on the flash at /flash, and an FM25 FRAM on the SPI bus. Its chip select is active
# low and takes the expander off the bus.
FLASH_BLOCKS = 64
FLASH_BLOCK_BYTES = 4096
FRAM_CS = "D10"
FRAM_BYTES = 8192
# fmt: on
