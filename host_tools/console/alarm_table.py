"""Every trip of both boards for the person who has to deal with it: what it says, the usual cause, what to do. Literal only.

A row for each row of the trip tables, by its id; a test holds the two against each other. WHAT, CAUSE and ACTION are
shown by the console and stand in docs/serial.md.
"""

# fmt: off
DISPENSER = (
    # ID                WHAT                                        USUAL CAUSE                                          WHAT TO DO
    ("ESTOP_A",         "emergency stop, channel A open",           "button pressed, or channel A's wire broken",        "look for the reason; release the button; reset with the key"),
    ("ESTOP_B",         "emergency stop, channel B open",           "button pressed, or channel B's wire broken",        "look for the reason; release the button; reset with the key"),
    ("STATION_ESD",     "station's emergency shut-down",            "another part of the station has tripped",           "ask the station's control room; reset there first"),
    ("BREAKAWAY",       "breakaway coupling has parted",            "the truck moved, or the coupling's switch failed",  "stay away from the hose; check truck and hose; fit a new coupling"),
    ("EARTH_RELAY",     "earth-monitor relay open",                 "clamp off, painted surface, broken wire",           "clamp on bare metal; check clamp and wire; reset"),
    ("EARTH_LOOP",      "earth loop above 10 ohm",                  "dirty clamp or a bad bond of the truck",            "clean the clamping point; measure GT101; reset"),
    ("VEHICLE_LOOP",    "vehicle loop open",                        "the truck opened its contact, or the plug is loose","read the truck's trips; check the plug; reset both boards"),
    ("NOZZLE_UNSEATED", "nozzle not seated",                        "nozzle pulled, or ZS101 out of place",              "do not touch the nozzle while it is cold; check ZS101"),
    ("NOZZLE_UNLOCKED", "nozzle lock not in",                       "lock did not spring in, or ZS102 out of place",     "check lock and ZS102 with the nozzle warm"),
    ("RELAY_OPEN",      "safety relay open: valves without power",  "hard-wired chain open somewhere",                   "go along the chain: HS101, ES101, ZS103, ES103, ZS105"),
    ("FLAME",           "flame detected",                           "hydrogen burns invisibly; or sun in the detector",  "evacuate; call the fire brigade; never look for the flame by hand"),
    ("CABINET_H2",      "hydrogen in the cabinet at 1 % vol or more","leak at a fitting in the cabinet",                 "let it ventilate; leak-test the cabinet before the reset"),
    ("CABINET_H2_HIGH", "hydrogen in the cabinet above 0.4 % vol",  "small leak, or AT101 drifting",                     "look for the leak soon; check AT101 with test gas"),
    ("FORECOURT_H2",    "hydrogen on the forecourt at 1 % vol or more","leak at hose, nozzle or truck",                  "keep people away; let the hose vent; look from upwind"),
    ("HOSE_PRESSURE",   "hose pressure above 5.3 barg",             "truck's valve shut early, or supply too high",      "let it vent; check PT102 against PT106, then the supply"),
    ("RETURN_PRESSURE", "return hose pressure above 5.3 barg",      "XV104 or the recovery line blocked",                "check XV104 and the recovery line"),
    ("LINK_AGE",        "no frame of the truck for 300 ms",         "plug loose, bus disturbed",                         "nothing if it resumes; else see link all"),
    ("LINK_LOST",       "truck silent for a second",                "plug out, truck's board without power",             "check the plug and the truck; see link all; reset"),
    ("LINK_REFUSED",    "truck's frames fail their check",          "disturbed bus, or somebody else is sending",        "see link all: crc and wrong_sequence; check shield and ends"),
    ("TRUCK_ABORT",     "the truck says Abort",                     "a trip on the truck",                               "read the trips of the truck's board"),
    ("TANK_PRESSURE",   "tank at 95 % of its relief",               "warm liquid or the truck's vent shut",              "let it end; see the truck's PT201A and PT201B"),
    ("TANK_OVERFILL",   "tank above its maximum mass",              "LT201 wrong, or a wrong type plate",                "do not fill again before LT201 and volume_l are checked"),
    ("MASS_BALANCE",    "meter and tank differ by 3 kg",            "FT101 or LT201 wrong, or a leak",                   "leak-test; compare FT101's total with the truck's mass"),
    ("XV101_POSITION",  "XV101 not where it is energised to",       "no air, stuck valve, limit switch",                 "stroke XV101 is not possible without a truck: check ZO101, ZC101"),
    ("XV103_POSITION",  "XV103 not where it is energised to",       "no air, stuck valve, limit switch",                 "in maintenance: stroke XV103"),
    ("XV104_POSITION",  "XV104 not where it is energised to",       "no air, stuck valve, limit switch",                 "in maintenance: stroke XV104"),
    ("XV105_POSITION",  "XV105 not where it is energised to",       "no air, stuck valve, limit switch",                 "in maintenance: stroke XV105"),
    ("XV106_POSITION",  "XV106 not where it is energised to",       "no air, stuck valve, limit switch",                 "check ZO106, ZC106; it moves only with the nozzle locked"),
    ("XV107_POSITION",  "XV107 not where it is energised to",       "no air, stuck valve, limit switch",                 "check ZO107, ZC107; it moves only with the nozzle locked"),
    ("XV110_POSITION",  "XV110 not where it is energised to",       "no air, stuck valve, limit switch",                 "in maintenance: stroke XV110"),
    ("NOZZLE_TEMP",     "TT102 and TT102B differ by 15 K",          "one of the two sensors has failed or come loose",   "compare both warm; replace the one that is off"),
    ("HOSE_PT_BAD",     "PT102 reads bad",                          "loop broken or shorted, transmitter failed",        "measure the loop: 4 to 20 mA"),
    ("RETURN_PT_BAD",   "PT103 reads bad",                          "loop broken or shorted, transmitter failed",        "measure the loop: 4 to 20 mA"),
    ("SUPPLY_PT_BAD",   "PT101 reads bad",                          "loop broken or shorted, transmitter failed",        "measure the loop: 4 to 20 mA"),
    ("METER_BAD",       "FT101 reads bad or far below zero",        "loop broken, meter without power, zero lost",       "check the meter's own alarm; zero it at no flow"),
    ("HOSE_VACUUM",     "hose jacket vacuum lost",                  "jacket leaks",                                      "take the hose out of service"),
    ("HOSE_VACUUM_LOW", "hose jacket vacuum poor",                  "jacket slowly leaks",                               "plan to pump the jacket down"),
    ("HELIUM_LOST",     "helium pressure lost",                     "cylinder empty or shut",                            "change the cylinder; check the regulator"),
    ("LEAK_FOUND",      "leak test failed",                         "coupling not tight, dirt on the seal",              "clean nozzle and receptacle, look at the seal, try again"),
    ("COLD_LEAK",       "more goes in than comes back while cold",  "leak that opens when cold, or a flow meter wrong",  "leak-test with the hose cold; check FT101 and FT103"),
    ("SUPPLY_LOW",      "supply below 1.4 bar",                     "dewar empty or its valve shut",                     "fill the dewar; build up pressure"),
    ("STOP_PRESSED",    "stop pressed before the fill",             "an operator",                                       "reset when ready"),
    ("TRUCK_CHANGED",   "the truck's type plate changed on the way","another truck, or a fault of its board",            "uncouple; read params of the truck's board"),
    ("TRUCK_UNKNOWN",   "no type plate of the truck for 5 s",       "truck's board busy or the bus overloaded",          "see link all and the load of the bus"),
)

TANK = (
    # ID                WHAT                                        USUAL CAUSE                                          WHAT TO DO
    ("CRASH",           "crash switch open",                        "accident, or its wire broken",                      "secure the truck; have the tank inspected before any reset"),
    ("UNSEATED",        "nozzle came off during fuelling",          "nozzle pulled, or ZS201 out of place",              "keep away from the receptacle; check ZS201"),
    ("BRAKE_OFF",       "parking brake released during fuelling",   "somebody in the cab, or its switch",                "set the brake; check ZS203; reset"),
    ("IGNITION_ON",     "ignition on during fuelling",              "somebody in the cab",                               "switch off; reset in PARK"),
    ("PRESSURE_HH",     "tank at 98 % of its relief",               "warm liquid, vent shut, supply too high",           "keep away from the stack; wait until it has fallen"),
    ("PRESSURE_H",      "tank at 95 % of its relief",               "warm liquid or return not taken",                   "let it end; check XV202 and the station's return"),
    ("PT201A_BAD",      "PT201A reads bad",                         "loop broken or shorted, transmitter failed",        "measure the loop: 4 to 20 mA"),
    ("PT201B_BAD",      "PT201B reads bad",                         "loop broken or shorted, transmitter failed",        "measure the loop: 4 to 20 mA"),
    ("PT201_DIFFER",    "PT201A and PT201B differ by 0.15 bar",     "one of the two has drifted",                        "compare with a gauge; replace the one that is off"),
    ("PRESSURE_LOW",    "tank below 1.15 bar",                      "boiled down, or gas drawn too fast",                "do not open anything: air would get in; build pressure"),
    ("OVERFILL",        "tank above its maximum mass",              "LT201 wrong, or target too high",                   "do not fill again before LT201 and volume_l are checked"),
    ("LEVEL_HH",        "high-level switch LSHH202",                "overfilled, or the switch failed",                  "vent to the stack; check LSHH202 against LT201"),
    ("LEVEL_BAD",       "LT201 reads bad",                          "loop broken, probe failed",                         "measure the loop: 4 to 20 mA"),
    ("VALVE_BOX_H2",    "hydrogen in the valve box at 2 % vol or more","leak at a valve's packing",                      "ventilate; leak-test the box before the reset"),
    ("VALVE_BOX_WARN",  "hydrogen in the valve box above 1 % vol",  "small leak, or AT201 drifting",                     "look for the leak soon; check AT201 with test gas"),
    ("TANK_VACUUM",     "tank jacket vacuum lost",                  "jacket leaks",                                      "do not fill; watch the pressure; call the tank's maker"),
    ("XV201_POSITION",  "XV201 not where it is energised to",       "no air, stuck valve, limit switch",                 "check ZO201, ZC201 and the valve's air"),
    ("XV202_POSITION",  "XV202 not where it is energised to",       "no air, stuck valve, limit switch",                 "check ZO202, ZC202 and the valve's air"),
    ("XV208_POSITION",  "XV208 not where it is energised to",       "no air, stuck valve, limit switch",                 "check ZO208, ZC208 and the valve's air"),
    ("STATION_TARGET",  "station wants more than the tank may hold","a wrong target at the station",                     "set target_g at the dispenser; compare type plates"),
)
# fmt: on
