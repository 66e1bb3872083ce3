"""What a node says about its serial port. Literal only: hosts load it by path.

NOTES: id of a PORT event; its `from` is the role concerned (0 view, 1 operator, 2 technician, 3 commissioning); VALUE is
what its value means.
"""

# fmt: off
NOTES = (
    # NAME              VALUE               WORDS
    ("",               "",                 ""),
    ("open",           "",                 "no service key: whoever is at this port may do everything"),
    ("key_damaged",    "",                 "the service key is damaged: nobody can log in; set it anew"),
    ("login",          "",                 "somebody has proved a role"),
    ("logout",         "",                 "the role was given back"),
    ("timed_out",      "",                 "the role ended after ten minutes without a command"),
    ("wrong_proof",    "wrong in a row",   "a proof of a role was wrong"),
    ("locked_out",     "for seconds",      "too many wrong proofs: no login for so long; a restart begins it anew"),
    ("move",           "output",           "an output was moved by hand"),
    ("move_ended",     "output",           "it is back where the state wants it"),
    ("stroke_opened",  "ms, -1 never",     "stroke test: time from open to the limit switch"),
    ("stroke_shut",    "ms, -1 never",     "stroke test: time from shut to the limit switch"),
    ("params_damaged", "",                 "the stored parameters are damaged: defaults are in force"),
)
# fmt: on
