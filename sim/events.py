"""Events: what boards report on their serial ports and what the bus reports, in numbers and in the words for them.

An event of a board is a line `!EV,<t_ms>,<kind>,<id>,<from>,<to>,<value>*<CRC>` (firmware/core/report.py). What its
numbers point at is in the tables of the board that sent it; this module looks it up.
"""

from __future__ import annotations

from typing import Any, Final

from sim import tables

Event = dict[str, Any]  # t_ms of the run, node, and kind, id, from, to, value as integers

# Kinds by their number. STATS, the firmware's own counts, are figures of the node and never passed on.
STATE, TRIP, CLEAR, TICKET, STATS, WARN, BOOT, INFO, LINK, PORT = range(1, 11)
LINK_FAULT: Final = 32  # id: place in the bus's faults; from, to: 0 off, 1 on; value: hits so far
CAN_STATE: Final = 33  # from, to: state of a node's controller; value: the larger one of its error counters
BOARD_KINDS: Final = ("STATE", "TRIP", "CLEAR", "TICKET", "STATS", "WARN", "BOOT", "INFO", "LINK", "PORT")
KINDS: Final = {**dict(enumerate(BOARD_KINDS, 1)), LINK_FAULT: "LINK_FAULT", CAN_STATE: "CAN_STATE"}

# Fields of a ticket by the id of their TICKET event; "end" has no value and says that the ticket is whole.
TICKET_FIELDS: Final = (
    "session", "metered_g", "meter_g", "returned_g", "hose_loss_g", "status", "target_g", "stop_cause", "end",
    "number",
)  # fmt: skip
TICKET_END: Final = TICKET_FIELDS.index("end")

NUMBERS: Final = ("kind", "id", "from", "to", "value")


def parse(node: str, body: str, boot_ms: int) -> Event:
    """Return the event of a node's line; boot_ms: the run's time at which its clock read 0. body: without ! and CRC.

    Raises ValueError when it is not six integers.
    """
    _, t_ms, *numbers = body.split(",")
    event: Event = {"t_ms": int(t_ms) + boot_ms, "node": node}
    event.update(zip(NUMBERS, map(int, numbers), strict=True))
    return event


def state_name(node: str, row: int) -> str:
    """Return the public name of a state's number, `#row` when the table has no such row."""
    rows = tables.states(node).STATES
    return str(rows[row][1]) if 0 <= row < len(rows) else f"#{row}"


def why_words(node: str, why: int) -> str:
    """Return the words of a WHY index: a row of TRANSITIONS, or that many rows + the state that took too long."""
    table = tables.states(node)
    rows = len(table.TRANSITIONS)
    if 0 <= why < rows:
        return str(table.TRANSITIONS[why][3])
    if rows <= why < rows + len(table.STATES):
        return f"{table.STATES[why - rows][0]} took too long"
    return f"row {why}"


def trip_name(node: str, ident: int) -> str:
    """Return the id of the trip that an event's id means, `#ident` when the table has no such row."""
    row = trip_row(node, ident)
    return f"#{ident}" if row is None else str(row[0])


def trip_row(node: str, ident: int) -> Any:
    """Return the row of the node's trip table that an event's id means, None when there is no such row."""
    rows = tables.trips(node).TRIPS
    return rows[ident] if 0 <= ident < len(rows) else None
