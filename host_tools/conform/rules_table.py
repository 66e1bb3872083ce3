"""The rules that the kit holds a peer against: id, whose they are, what is asked. Literal only.

The letters of an id: F every frame, T times, S session, H handshake, Q sequence, L silence, W wrong frames, C command,
A abort, K keys. WHO: tank, dispenser, or both. Texts of the rules: docs/protocol.md and the comments in the database.
"""

# fmt: off
RULES = (
    # RULE           WHO          WHAT IS ASKED
    ("F-EXTENDED",   "both",      "every frame is a data frame with a 29-bit identifier"),
    ("F-LENGTH",     "both",      "every frame has 8 bytes"),
    ("F-SOURCE",     "both",      "only the peer's own messages, under its own source address"),
    ("F-CRC",        "both",      "the CRC fits the message's data id"),
    ("F-COUNTER",    "both",      "the counter goes up by one with every frame of a message"),
    ("F-UNUSED",     "both",      "bits that no signal uses are ones"),
    ("F-RANGE",      "both",      "every signal is in its range, not available or error"),
    ("T-ALL",        "both",      "every cyclic message is sent"),
    ("T-CYCLE",      "both",      "each at its cycle time: 10 % in the mean, no gap of more than 1.5 cycles"),
    ("T-LOAD",       "both",      "the peer takes no more of the bus than its cyclic messages need"),
    ("S-NONE",       "both",      "session 0 while there is none"),
    ("A-SILENT",     "both",      "no abort frame without a cause"),

    ("S-ADOPT",      "tank",      "adopts the session of CONNECT within a second, in all its messages"),
    ("S-KEEP",       "tank",      "keeps it when another session is heard"),
    ("S-FORGET",     "tank",      "forgets it when the nozzle is off"),
    ("H-READY",      "tank",      "says tank_ready and permit_contact once coupled and in a session"),
    ("H-STATIC",     "tank",      "says every limit and its identity with a value"),
    ("H-CONSTANT",   "tank",      "and the same values throughout the session"),
    ("H-VERSION",    "tank",      "not ready, and no valve opened, for a version that it cannot speak"),
    ("Q-PURGE",      "tank",      "in PURGE and LEAKTEST: Stat, all valves shut"),
    ("Q-COOL",       "tank",      "in PRECOOL: Dyna and the crossover open within 3 s, XV201 shut"),
    ("Q-PERMIT",     "tank",      "in FILL without fill_permit = yes XV201 stays shut: no, error, not available"),
    ("Q-FILL",       "tank",      "in FILL with it: Dyna and XV201 open within 3 s"),
    ("Q-WAY",        "tank",      "XV208 shuts only when XV201 is open: the hose always has a way out"),
    ("Q-HOLD",       "tank",      "in HOLD and DRAIN XV201 stays open"),
    ("Q-CLOSE",      "tank",      "in VENT all three shut within 3 s, the permit contact stays closed"),
    ("Q-SKIP",       "tank",      "does not open for FILL straight after PURGE"),
    ("Q-VALUE",      "tank",      "takes no step for a dispenser_state out of range, error or not available"),
    ("L-HALT",       "tank",      "says Halt once D_STATUS and D_PERMIT are late by their hold time"),
    ("L-PERMIT",     "tank",      "the same when D_PERMIT alone is late"),
    ("L-KEEP",       "tank",      "keeps XV201 open meanwhile"),
    ("L-RESUME",     "tank",      "says Dyna again after a silence of less than a second"),
    ("L-THIRD",      "tank",      "but not before the third good frame"),
    ("L-STOP",       "tank",      "after a silence of more than a second says Dyna no more in that session"),
    ("L-ALONE",      "tank",      "left alone, shuts XV201 within 65 s"),
    ("A-HEED",       "tank",      "shuts XV201 within 3 s of one good D_ABORT"),
    ("A-CRC",        "tank",      "ignores a D_ABORT with a wrong CRC"),
    ("A-OWN",        "tank",      "its own stop: Abort in T_STATUS and T_ABORT within 500 ms, tank_ready no"),
    ("A-PERIOD",     "tank",      "T_ABORT at its cycle time while the cause lasts"),

    ("S-DRAWN",      "dispenser", "from CONNECT on a session of 1 to 253, the same in all its messages"),
    ("H-WAIT",       "dispenser", "no PURGE before the tank is ready and has said every limit"),
    ("H-VERSION",    "dispenser", "no PURGE with a tank whose version it cannot speak"),
    ("H-MASS",       "dispenser", "no PURGE with a tank whose maximum mass breaks the 98 % rule"),
    ("H-TARGET",     "dispenser", "no PURGE for a target that is reached already"),
    ("Q-PERMIT",     "dispenser", "fill_permit in FILL and DRAIN only, return_permit in PRECOOL to DRAIN only"),
    ("Q-COOL",       "dispenser", "stays in PRECOOL without liquid until the crossover is open"),
    ("Q-FILL",       "dispenser", "goes to FILL once the truck's precool is done"),
    ("Q-TARGET",     "dispenser", "ends the fill at the target: DRAIN, then VENT"),
    ("L-HOLD",       "dispenser", "HOLD once T_STATUS and T_MEAS are late by their hold time"),
    ("L-MEASURE",    "dispenser", "the same when T_MEAS alone is late"),
    ("L-RESUME",     "dispenser", "goes on after a silence of less than a second"),
    ("L-THIRD",      "dispenser", "but not before the third good frame"),
    ("L-STOP",       "dispenser", "a silence of more than a second is a terminal stop: SAFE_STOP, and no way back"),
    ("C-HALT",       "dispenser", "Halt, and a command that is error or not available: HOLD; on again with Dyna"),
    ("C-ABORT",      "dispenser", "Abort in T_STATUS: terminal stop"),
    ("A-HEED",       "dispenser", "one good T_ABORT: terminal stop"),
    ("A-CRC",        "dispenser", "ignores a T_ABORT with a wrong CRC"),
    ("A-OWN",        "dispenser", "D_ABORT within 500 ms of its own terminal stop"),
    ("A-PERIOD",     "dispenser", "D_ABORT at its cycle time while the cause lasts"),

    ("W-CRC",        "both",      "frames with a wrong CRC count as missing"),
    ("W-REPEAT",     "both",      "frames that repeat their counter count as missing"),
    ("W-JUMP",       "both",      "frames whose counter jumps too far count as missing"),
    ("W-BEHIND",     "both",      "frames whose counter stands behind the newest count as missing"),
    ("W-SESSION",    "both",      "frames of another session count as missing"),
    ("W-LENGTH",     "both",      "frames of another length count as missing"),

    ("K-ASK",        "both",      "asks with the three pieces of a nonce, in turn"),
    ("K-PROVE",      "both",      "answers our nonce rightly"),
    ("K-WAIT",       "both",      "does not begin (tank: ready; dispenser: PURGE) before our answer was right"),
    ("K-TAG",        "both",      "a right tag behind every frame of its tagged message, with the frame's counter"),
    ("K-MISSING",    "both",      "frames without a tag count as missing"),
    ("K-FORGED",     "both",      "frames with a wrong tag count as missing"),
    ("K-TEN",        "both",      "ten wrong tags end the session"),
)

# What somebody has to do at the peer; a bench does it in simulated time.
DEEDS = {
    "tank": {
        "fresh":   "switch the truck's controller off and on, nozzle off, brake set, ignition off",
        "couple":  "seat the nozzle on the truck (brake set, ignition off)",
        "release": "take the nozzle off the truck",
        "trip":    "switch the ignition on",
    },
    "dispenser": {
        "fresh":   "switch the dispenser off and on; nozzle in its holster, earth clamp off",
        "couple":  "clamp the earth, seat the nozzle on the truck, close the vehicle loop and press start",
    },
}
# fmt: on
