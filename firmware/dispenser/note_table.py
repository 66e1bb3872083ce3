"""What the dispenser says about its journal on the serial port. Literal only: hosts load this file by path.

FOUND: id of the BOOT event, sent once after every start. Its `from` is the cause of the reset (0 power on, 1 pin,
2 watchdog, 3 software), its `to` the state before it, its value the metered grams of a fill that was open.
NOTES: id of an INFO event; VALUE is what its value means.
"""

# fmt: off
FOUND = (
    # NAME        WORDS
    ("blank",    "journal never written: a new board"),
    ("closed",   "journal in order, no fill open"),
    ("open",     "a fill was under way"),
    ("damaged",  "journal damaged, both copies: what was before is unknown"),
)

NOTES = (
    # NAME               VALUE        WORDS
    ("",                 "",          ""),
    ("torn",             "",          "a write to the journal was cut; the save before it was taken"),
    ("other_tables",     "reaction",  "the journal is another firmware's: its trips have no rows here"),
    ("latched",          "trip row",  "a trip latched before the restart is latched again"),
    ("cut_short",        "ticket",    "the open fill became a ticket that is not billable"),
    ("ticket_saved",     "ticket",    "ticket in flash"),
    ("ticket_damaged",   "file",      "a ticket file cannot be believed"),
    ("ticket_missing",   "ticket",    "a ticket is not where it should be"),
    ("flash_failed",     "errno",     "tickets cannot be saved: no fill may begin"),
    ("tickets_unread",   "tickets",   "no room before tickets are read: no fill may begin"),
    ("journal_failed",   "errno",     "the journal's memory does not keep what is written: no fill may begin"),
)
# fmt: on
