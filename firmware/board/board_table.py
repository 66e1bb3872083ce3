"""The boards that carry the firmware: what each has, what its pins can do, and which wire goes where. Literal only.

Read by hosts alone (build, flash, docs); no board loads it. The reference board's wires stand in the I/O lists; an image
for another board gets the pins from here. A wire with pin None is left out on that board: its transmitter reads as a
broken loop (bad), its contact as open, and its output is not driven.
Pins are named as the board's MicroPython names them.
"""

REFERENCE = "teensy41"

# fmt: off
BOARDS = (
    # ID, NAME, MACHINE (sys.implementation._machine begins with it), PORT; CAN_ID, SPI_ID, UART_ID of `machine`;
    # HEAP_B after MicroPython's start; FS: kind and bytes of the file system at /flash; ROMFS_B: bytes of the partition
    # that code runs from without being copied to the heap, 0: none; SLOTS: images that fit at once; CANS: controllers
    {"ID": "teensy41", "NAME": "Teensy 4.1", "MACHINE": "Teensy 4.1", "PORT": "mimxrt",
     "CAN_ID": 3, "SPI_ID": 0, "UART_ID": 1, "HEAP_B": 720896, "FS": "littlefs", "FS_B": 7335936, "ROMFS_B": 262144,
     "SLOTS": 2, "CANS": 3, "FRAM_CS": "D10",
     "NOTE": "reference board, full I/O; three outputs on the pads of the unfitted memory chip under the board"},
    {"ID": "pybv11", "NAME": "Pyboard v1.1", "MACHINE": "PYBv1.1", "PORT": "stm32",
     "CAN_ID": 1, "SPI_ID": 2, "UART_ID": 6, "HEAP_B": 102400, "FS": "FAT", "FS_B": 114688, "ROMFS_B": 0,
     "SLOTS": 1, "CANS": 2, "FRAM_CS": "Y5",
     "NOTE": "protocol and heap target: not every wire, no pulse counter"},
    {"ID": "nucleo_g474re", "NAME": "NUCLEO-G474RE", "MACHINE": "NUCLEO_G474RE", "PORT": "stm32",
     "CAN_ID": 1, "SPI_ID": 1, "UART_ID": 1, "HEAP_B": 98304, "FS": "FAT", "FS_B": 163840, "ROMFS_B": 0,
     "SLOTS": 1, "CANS": 1, "FRAM_CS": "PB6",
     "NOTE": "protocol and heap target: not every wire, no pulse counter, needs a CAN transceiver; stock MicroPython "
             "lacks hashlib and binascii there: build it with MICROPY_PY_HASHLIB and MICROPY_PY_BINASCII"},
)

# What the pins can do. ADC, PWM, COUNTER: those that may carry such a signal. CAN, SPI, UART: taken by the peripheral of
# that id. RESERVED: taken by the board itself (its USB, debugger, switches).
PINS = {
    "teensy41": {
        "ALIAS": {"A0": "D14", "A1": "D15", "A2": "D16", "A3": "D17", "A4": "D18", "A5": "D19", "A6": "D20", "A7": "D21",
                  "A8": "D22", "A9": "D23", "A10": "D24", "A11": "D25", "A12": "D26", "A13": "D27"},
        "GPIO": "D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 D16 D17 D18 D19 D20 D21 D22 D23 D24 D25 D26 D27 "
                "D28 D29 D30 D31 D32 D33 D34 D35 D36 D37 D38 D39 D40 D41 D48 D49 D50 D51 D52 D53 D54",
        "ADC": "D14 D15 D16 D17 D18 D19 D20 D21 D22 D23 D24 D25 D26 D27 D38 D39 D40 D41",
        "PWM": "D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 D18 D19 D22 D23 D24 D25 D28 D29 D33 D36 D37",
        "COUNTER": "D0 D1 D2 D3 D4 D5 D7 D8 D30 D31 D32 D33 D36 D37",
        "CAN": {1: "D22 D23", 2: "D0 D1", 3: "D30 D31"},
        "SPI": {0: "D11 D12 D13", 1: "D1 D26 D27"},
        "UART": {1: "D0 D1", 2: "D7 D8", 3: "D14 D15", 4: "D16 D17", 5: "D20 D21", 6: "D24 D25", 7: "D28 D29",
                 8: "D34 D35"},
        "RESERVED": "",
    },
    "pybv11": {
        "ALIAS": {},
        "GPIO": "X1 X2 X3 X4 X5 X6 X7 X8 X9 X10 X11 X12 X17 X18 X19 X20 X21 X22 Y1 Y2 Y3 Y4 Y5 Y6 Y7 Y8 Y9 Y10 Y11 Y12",
        "ADC": "X1 X2 X3 X4 X5 X6 X7 X8 X11 X12 X19 X20 X21 X22 Y11 Y12",
        "PWM": "X1 X2 X3 X4 X6 X7 X8 X9 X10 Y1 Y2 Y3 Y4 Y7 Y8 Y9 Y10 Y11 Y12",
        "COUNTER": "",
        "CAN": {1: "Y3 Y4", 2: "Y5 Y6"},
        "SPI": {1: "X6 X7 X8", 2: "Y6 Y7 Y8"},
        "UART": {1: "X9 X10", 2: "X3 X4", 3: "Y9 Y10", 4: "X1 X2", 6: "Y1 Y2"},
        "RESERVED": "X17",
    },
    "nucleo_g474re": {
        "ALIAS": {},
        "GPIO": "PA0 PA1 PA2 PA3 PA4 PA5 PA6 PA7 PA8 PA9 PA10 PA11 PA12 PA13 PA14 PA15 PB0 PB1 PB2 PB3 PB4 PB5 PB6 PB7 "
                "PB8 PB9 PB10 PB11 PB12 PB13 PB14 PB15 PC0 PC1 PC2 PC3 PC4 PC5 PC6 PC7 PC8 PC9 PC10 PC11 PC12 PC13 PD2",
        "ADC": "PA0 PA1 PA2 PA3 PA4 PA5 PA6 PA7 PB0 PB1 PB2 PB11 PC0 PC1 PC2 PC3 PC4 PC5",
        "PWM": "PA0 PA1 PA5 PA6 PA7 PA8 PA9 PA10 PB0 PB1 PB4 PB5 PB6 PB7 PB10 PB11 PC6 PC7 PC8 PC9",
        "COUNTER": "",
        "CAN": {1: "PA11 PA12"},
        "SPI": {1: "PA5 PA6 PA7"},
        "UART": {1: "PC4 PC5", 3: "PB10 PB11"},
        "RESERVED": "PA2 PA3 PA13 PA14 PB8 PC13",
    },
}

# Wires of the boards beside the reference.
WIRES = {
    "dispenser": (
        # TAG       PYBV11  NUCLEO_G474RE
        ("PT101",  "X19",  "PA0"),
        ("PT102",  "X20",  "PA1"),
        ("PT103",  "X21",  "PA4"),
        ("PT106",  None,   None),
        ("PT107",  None,   None),
        ("PT105",  "X22",  "PB0"),
        ("TT101",  "X11",  "PB1"),
        ("TT102",  "X12",  "PB11"),
        ("TT102B", None,   None),
        ("TT103",  "X5",   "PC0"),
        ("TT105",  None,   None),
        ("FT101",  "X6",   "PC1"),
        ("FT103",  "X7",   "PC2"),
        ("AT101",  None,   "PB2"),
        ("AT102",  None,   None),
        ("GT101",  "X8",   "PC3"),
        ("VT101",  None,   None),
        ("ZT102",  None,   None),
        ("HS101A", "X1",   "PC7"),
        ("HS101B", None,   "PC11"),
        ("ES101",  None,   "PC12"),
        ("ES102",  "X2",   "PC8"),
        ("ES103",  "X3",   "PC9"),
        ("ZS103",  None,   "PD2"),
        ("ZS105",  "X4",   "PC10"),
        ("XV101",  "X10",  "PA8"),
        ("XV103",  "X18",  "PA9"),
        ("XV104",  "Y9",   "PA10"),
        ("XV105",  "Y10",  "PB3"),
        ("XV106",  None,   "PB7"),
        ("XV107",  None,   "PB10"),
        ("XV110",  "Y11",  "PB4"),
        ("LK108",  "Y12",  "PB5"),
        ("BL109",  None,   "PB12"),
        ("PMP111", None,   "PB14"),
        ("FCV102", "X9",   "PC6"),
        ("FQ101",  None,   None),
    ),
    "tank": (
        # TAG       PYBV11  NUCLEO_G474RE
        ("PT201A", "X19",  "PA0"),
        ("PT201B", "X20",  "PA1"),
        ("PT203",  "X21",  "PA4"),
        ("PT204",  "X22",  "PB0"),
        ("TT201",  "X11",  "PB1"),
        ("TT202",  "X12",  "PB11"),
        ("TT203",  None,   "PB2"),
        ("TT204",  None,   None),
        ("TT205",  None,   None),
        ("LT201",  "X5",   "PC0"),
        ("VT201",  "X8",   "PC1"),
        ("AT201",  "X6",   "PC2"),
        ("IT205",  "X7",   "PC3"),
        ("LSHH202","X1",   "PC7"),
        ("ZS201",  "X2",   "PC8"),
        ("ZS205",  "X3",   "PC9"),
        ("ZS202",  None,   "PC10"),
        ("ZS203",  "X4",   "PC11"),
        ("ZS204",  None,   "PC12"),
        ("FS207",  None,   "PD2"),
        ("XV201",  "X10",  "PA8"),
        ("XV202",  "X18",  "PA9"),
        ("XV203",  None,   "PA10"),
        ("XV204",  None,   "PB3"),
        ("XV206",  None,   "PB4"),
        ("XV208",  "Y9",   "PB5"),
        ("XV209",  "Y10",  "PB7"),
        ("VP207",  None,   "PB10"),
        ("ES210",  "Y11",  "PB12"),
        ("IM211",  "Y12",  "PB14"),
        ("HT205",  "X9",   "PC6"),
    ),
}
# fmt: on
