"""Makes an image's tables small: no columns that only people read, and those that nobody reads in the tick as text.

Text stays in ROM, where a tuple takes a board's heap for every cell of it. Lines stay where they are.
"""

from __future__ import annotations

import ast
import json
import struct
from collections.abc import Mapping
from typing import Final

from host_tools.image_source import edit

# Words in tables that the firmware never looks at: {file: {tuple of rows: columns}}.
UNREAD: Final[dict[str, dict[str, tuple[int, ...]]]] = {
    "io_table.py": {"AI": (5,), "DI": (3,), "DO": (3,), "AO": (3,)},
    "trip_table.py": {"TRIPS": (9, 10)},
    "param_table.py": {"PARAMS": (6,)},
    "note_table.py": {"FOUND": (0, 1), "NOTES": (0, 1, 2)},  # the firmware counts the rows
}
# Tables that become text (firmware/core/rows.py), which nobody reads in the tick, or, if they are numbers, arrays of 16
# bits: {file: names}.
PACKED: Final[dict[str, tuple[str, ...]]] = {
    "io_table.py": ("AI", "DI", "DO", "AO", "CI"),
    "trip_table.py": ("TRIPS", "WHERE"),
    "param_table.py": ("PARAMS",),
    "state_table.py": ("STATES", "TRANSITIONS", "GROUPS", "SET_POINTS"),
    "interlock_table.py": ("INTERLOCKS",),
    "command_table.py": ("MEANING", "COMMANDS"),
    "messages.py": ("MESSAGES",),
    "parahydrogen.py": ("TSAT_CK", "RHO_VAPOUR_G_M3"),
}


def pack(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules of an image, {path: source}, with their tables as an image has them."""
    return {path: _packed(path, _without_columns(path, text)) for path, text in texts.items()}


def _assigned(stmt: ast.stmt) -> tuple[str, ast.expr] | None:
    """Return (name, value) of an assignment to one name."""
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id, stmt.value
    return None


def _without_columns(path: str, source: str) -> str:
    columns = UNREAD.get(path.rsplit("/", 1)[-1], {})
    changes: list[tuple[ast.expr | ast.stmt | ast.arg, str]] = []
    for stmt in ast.parse(source).body if columns else ():
        one = _assigned(stmt)
        if one is not None and one[0] in columns and isinstance(one[1], ast.Tuple):
            for row in one[1].elts:
                if isinstance(row, ast.Tuple):
                    changes += [(row.elts[i], "None") for i in columns[one[0]]]
    return edit(source, changes)


def _packed(path: str, source: str) -> str:
    """Return a module whose tables in PACKED are text; a name that is not a tuple or dictionary of rows stays."""
    names = PACKED.get(path.rsplit("/", 1)[-1], ())
    changes: list[tuple[ast.expr | ast.stmt | ast.arg, str]] = []
    for stmt in ast.parse(source).body if names else ():
        one = _assigned(stmt)
        if one is None or one[0] not in names:
            continue
        value = ast.literal_eval(one[1])
        if all(isinstance(cell, int) for cell in value):
            data = struct.pack(f"<{len(value)}H", *value)
            changes.append((stmt, f"from array import array; {one[0]} = array('H', {data!r})"))
            continue
        rows, kind = ([list(pair) for pair in value.items()], "Groups") if isinstance(value, dict) else (value, "Rows")
        if all(isinstance(row, (list, tuple)) for row in rows):
            text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()
            changes.append((stmt, f"from core.rows import {kind}; {one[0]} = {kind}({text!r})"))
    return edit(source, changes)
