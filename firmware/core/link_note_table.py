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
    ("auth_no_key",    "3 damaged",     "no key for the link: nobody can be served"),
    ("auth_test_key",  "",              "the key of the link is the published test key: it protects nothing"),
    ("auth_off",       "session",       "link not authenticated in this session: switched off by a parameter"),
    ("auth_proved",    "tank id",       "both sides have proved their keys: permits and commands need tags from here on"),
    ("auth_refused",   "tank id",       "the other side does not prove its key"),
    ("auth_forged",    "wrong tags",    "a frame with a wrong tag: somebody else may be sending; at 10 nothing counts"),
)
# fmt: on
