"""Render firmware/generated/<node>_serial.py: the rows of the serial command table that a node carries, as one text.

One constant text instead of a tuple a row: on a board it stays in flash where the image is run from there, and is one
object of the heap elsewhere. A row is `name role arm where args<TAB>help`; where: hexadecimal, a bit per public state.
"""

from __future__ import annotations

from pathlib import Path

from sim.tables import load_table

LETTER = {"dispenser": "D", "tank": "T"}
HELP_MAX = 48  # characters, so that a line of help fits a terminal of 80


def render(root: Path, node: str) -> str:
    """Return the text of the module of `node` ("dispenser", "tank").

    Raises ValueError for a row that names a role, a group of states or a node that is none, or stands twice.
    """
    path = "firmware/core/serial_table.py"
    table = load_table(root / path)
    publics = load_table(root / "firmware" / node / "state_table.py").PUBLIC
    rows = []
    seen: set[str] = set()
    for name, args, role, arm, where, nodes, words in table.COMMANDS:
        if role not in table.ROLES or where not in table.WHERE or not set(nodes) <= set(LETTER.values()):
            raise ValueError(f"{path}: {name}: no such role, group of states or node")
        if name in seen or len(words) > HELP_MAX or "\t" in args + words:
            raise ValueError(f"{path}: {name}: stands twice, or its words are too long")
        seen.add(name)
        if LETTER[node] not in nodes:
            continue
        mask = sum(1 << publics.index(state) for state in table.WHERE[where] if state in publics)
        if table.WHERE[where] and not mask:
            raise ValueError(f"{path}: {name}: the {node} has none of these states")
        rows.append(f'    "\\n{name} {table.ROLES.index(role)} {arm} {mask:x} {args}\\t{words}"')
    lines = [
        f'"""The commands of the {node}\'s serial port. GENERATED: do not edit.',
        "",
        f"Change {path}, then run `cryofill dbc generate`; `cryofill dbc check` fails when this file is stale.",
        "A row is `name role arm where args<TAB>help`; where: hexadecimal, a bit per public state, 0 for any.",
        '"""',
        "",
        "# fmt: off",
        f"ROLES = {_tuple(table.ROLES)}",
        f"STATUS = {_tuple(table.STATUS[node])}",
        "COMMANDS = (",
        *rows,
        '    "\\n"',
        ")",
    ]
    return "\n".join(lines) + "\n"


def _tuple(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(f'"{word}"' for word in words) + ")"
