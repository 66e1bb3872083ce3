"""The commands of the serial port: name, arguments, who may, in which states, and what it does. Literal only.

`cryofill dbc generate` makes of it what each board carries (firmware/generated/*_serial.py) and the reference
docs/serial.md; the console completes and explains from it. ROLE: the lowest that may give the command; `view` needs no
login and may be typed without number and CRC. ARM: 1 when it moves an output, and has to be armed and confirmed.
WHERE: public states in which it is taken. NODES: D the dispenser, T the onboard tank. HELP has at most 48 characters.
"""

ROLES = ("view", "operator", "technician", "commissioning")

WHERE = {
    "any": (),
    "waiting": ("BOOT", "SELFTEST", "IDLE", "PARK"),
    "idle": ("IDLE", "PARK"),
    "start": ("IDLE",),
    "filling": ("FILL",),
    "paused": ("FILL", "HOLD"),
    "reset": ("ESD", "LOCKOUT", "COMPLETE", "PARK", "FAULT"),
    "maintenance": ("MAINTENANCE",),
}  # fmt: skip

# What `status` tells of each node, in this order, before what the node computes.
STATUS = {
    "dispenser": ("PT101", "PT102", "PT103", "TT101", "TT102", "TT103", "FT101"),
    "tank": ("PT201A", "PT201B", "TT201", "TT202", "LT201"),
}  # fmt: skip

# fmt: off
COMMANDS = (
    # NAME         ARGS                     ROLE            ARM WHERE           NODES HELP
    ("help",        "[command]",             "view",          0,  "any",          "DT", "the commands, or one of them"),
    ("status",      "",                      "view",          0,  "any",          "DT", "state and main values in a line, for programs"),
    ("state",       "",                      "view",          0,  "any",          "DT", "state, time in it, and what it waits for"),
    ("tags",        "[tag]",                 "view",          0,  "any",          "DT", "tags that begin so: value, unit, quality, raw"),
    ("link",        "[message|all]",         "view",          0,  "any",          "DT", "CAN controller; age and verdicts of messages"),
    ("trips",       "[all]",                 "view",          0,  "any",          "DT", "trips active or latched, or every row"),
    ("params",      "[name|diff]",           "view",          0,  "any",          "DT", "parameters that begin so; those not at default"),
    ("get",         "<parameter>",           "view",          0,  "any",          "DT", "a parameter's value, limits and default"),
    ("selftest",    "",                      "view",          0,  "any",          "DT", "what would fail a self-test now"),
    ("journal",     "",                      "view",          0,  "any",          "DT", "the record in FRAM, and who did what here"),
    ("tickets",     "",                      "view",          0,  "any",          "D",  "the last tickets, newest first; not in a fill"),
    ("ticket",      "<number>",              "view",          0,  "any",          "D",  "tell a ticket again, as events"),
    ("versions",    "",                      "view",          0,  "any",          "DT", "protocol, MicroPython, and the image's hash"),
    ("stats",       "",                      "view",          0,  "any",          "DT", "cost of the tick, heap, and what the port lost"),
    ("whoami",      "",                      "view",          0,  "any",          "DT", "the role of this session"),
    ("login",       "<role>",                "view",          0,  "any",          "DT", "ask for a role: answers with a nonce"),
    ("proof",       "<hex>",                 "view",          0,  "any",          "DT", "prove the role's key over that nonce"),
    ("logout",      "",                      "view",          0,  "any",          "DT", "give the role back"),
    ("start",       "",                      "operator",      0,  "start",        "D",  "press the start button for half a second"),
    ("pause",       "",                      "operator",      0,  "filling",      "D",  "shut the liquid for up to two minutes"),
    ("resume",      "",                      "operator",      0,  "paused",       "D",  "end a pause"),
    ("stop",        "",                      "operator",      0,  "any",          "D",  "press the stop button for half a second"),
    ("reset",       "",                      "operator",      0,  "reset",        "DT", "clear latched trips whose cause is gone"),
    ("ticket_read", "<number>",              "operator",      0,  "any",          "D",  "every ticket up to this one has been read"),
    ("set",         "<parameter> <value>",   "technician",    0,  "waiting",      "DT", "set an entry; with commissioning any parameter"),
    ("move",        "<tag> <where> [s]",     "technician",    1,  "maintenance",  "D",  "to open, shut, on, off, 0..100 %, for 10 s or s"),
    ("stroke",      "<tag>",                 "technician",    1,  "maintenance",  "D",  "open and shut a valve and time both"),
    ("release",     "",                      "technician",    0,  "maintenance",  "D",  "end a move or a stroke now"),
    ("arm",         "<command> ...",         "technician",    0,  "maintenance",  "D",  "say what is to move: answers with a code"),
    ("confirm",     "<code>",                "technician",    0,  "maintenance",  "D",  "do what was armed, within 10 s"),
    ("loader",      "",                      "technician",    0,  "idle",         "DT", "restart into the loader, for flashing"),
    ("key",         "<hex|erase>",           "commissioning", 0,  "waiting",      "DT", "the key of the link"),
    ("service_key", "<hex|erase>",           "commissioning", 0,  "waiting",      "DT", "what the roles' keys are made of"),
)
# fmt: on
