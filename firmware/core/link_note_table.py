"""What a node says about its CAN controller and the protocol on the serial port. Literal only: hosts load it by path.

NOTES: id of a LINK event; VALUE is what its value means.
"""

# fmt: off
NOTES = (
    # NAME              VALUE           WORDS
    ("active",         "TEC",           "controller in order again"),
    ("passive",        "TEC",           "controller error-passive: many frames fail"),
    ("alone",          "waiting",       "nobody acknowledges: no other node on the bus, or a broken line"),
    ("bus_off",        "wait in ms",    "controller has left the bus; rejoins after this wait"),
    ("overrun",        "times",         "frames came faster than they could be taken: every message has to qualify anew"),
    ("version",        "version",       "protocol version that both sides speak; 0: none"),
    ("date_unset",     "",              "no date set: a truck's certificate is not checked for expiry"),
)
# fmt: on
