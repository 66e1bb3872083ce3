"""The labels of abort_cause in D_ABORT and T_ABORT: they must be the nodes' trip and refusal tables, in words.

The firmware sends the number of a row; the value table of the DBC lets a reader see its name. `problems` holds the
two against each other, so that neither can change alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.tables import load_table

SIGNAL = "abort_cause"
SENDERS = {"D_ABORT": "dispenser", "T_ABORT": "tank"}  # message -> node whose tables it tells
NONE, OTHER = 0, 253  # no cause; a cause without a row (a step took too long)


def labels(root: Path, node: str) -> dict[int, str]:
    """Return code -> label of abort_cause, without the NA and ERROR codes.

    Raises TableError for a table that cannot be read, ValueError when the trips run into the refusals.
    """
    folder = root / "firmware" / node
    found = {NONE: "NONE", OTHER: "OTHER"}
    for number, row in enumerate(load_table(folder / "trip_table.py").TRIPS, 1):
        found[number] = str(row[0])
    refusals = folder / "refusal_table.py"
    if refusals.exists():
        table = load_table(refusals)
        if max(code for code in found if code != OTHER) >= table.FIRST_CODE:
            raise ValueError(f"firmware/{node}/trip_table.py: more rows than abort codes below {table.FIRST_CODE}")
        for code, row in enumerate(table.REFUSALS, table.FIRST_CODE):
            found[code] = f"REFUSED_{row[0]}"
    return found


def problems(root: Path, database: Any) -> list[str]:
    """Return one line per message whose abort_cause labels are not its node's tables, with the line to write."""
    found = []
    for name, node in SENDERS.items():
        message = database.get_message_by_name(name)
        signal = message.get_signal_by_name(SIGNAL)
        wanted = labels(root, node) | {254: "ERROR", 255: "NA"}
        have = {int(code): str(label) for code, label in (signal.choices or {}).items()}
        if have != wanted:
            shown = " ".join(f'{code} "{wanted[code]}"' for code in sorted(wanted))
            line = f"VAL_ {message.frame_id | 1 << 31} {SIGNAL} {shown} ;"
            found.append(f"{name}.{SIGNAL}: value table is not the {node}'s trip and refusal tables; write: {line}")
    return found
