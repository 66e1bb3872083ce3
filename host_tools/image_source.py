"""What goes into a node's image: the modules that its main program imports, told for one board.

Edits keep every line where it is, so that a traceback from a board names the lines of the tree.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from sim import tables

ROOTS: Final = ("main", "core.build_table", "core.rows")  # the last one for the tables that `image_tables` makes text
LISTS: Final = {"AI": 1, "DI": 2, "DO": 1, "AO": 1, "CI": 1}  # of the I/O list -> the column with the pin


def edit(source: str, changes: Iterable[tuple[ast.expr | ast.stmt | ast.arg, str]]) -> str:
    """Return the source with some expressions or statements replaced; each takes as many lines as before."""
    lines = source.encode().split(b"\n")
    places = sorted(changes, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True)
    for node, text in places:
        assert node.end_lineno is not None and node.end_col_offset is not None
        first, last = node.lineno - 1, node.end_lineno - 1
        tail = lines[last][node.end_col_offset :]
        head = lines[first][: node.col_offset]
        lines[first : last + 1] = [head + text.encode(), *[b""] * (last - first)]
        lines[last] += tail
    return b"\n".join(lines).decode()


def module_of(path: str) -> str:
    """Return the name by which a file below the firmware's folder is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree: ast.AST, present: Collection[str]) -> set[str]:
    """Return the firmware's modules and packages that a module imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            found.update(".".join(parts[: i + 1]) for i in range(len(parts)))
    return found.intersection(present)


def modules(node: str, firmware: Path = tables.FIRMWARE) -> dict[str, str]:
    """Return {path below the firmware's folder: source} of what the node's main program can come to import.

    The other node's package is left out, though `main` names it. Raises OSError.
    """
    present: dict[str, Path] = {}
    for path in sorted(firmware.rglob("*.py")):
        parts = path.relative_to(firmware).with_suffix("").parts
        if parts[0] not in tables.NODES or parts[0] == node:
            present[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found: dict[str, str] = {}
    waiting = sorted(set(ROOTS) & present.keys())
    seen = set(waiting)
    while waiting:
        path = present[waiting.pop()]
        source = path.read_text(encoding="utf-8")
        found[path.relative_to(firmware).as_posix()] = source
        new = imports(ast.parse(source), present) - seen
        seen |= new
        waiting += sorted(new)
    return dict(sorted(found.items()))


def board_of(name: str) -> dict[str, Any]:
    """Return the row of a board; KeyError for one that is not in the table."""
    for row in tables.boards().BOARDS:
        if row["ID"] == name:
            return dict(row)
    raise KeyError(name)


def wires(node: str, board: str) -> dict[str, str | None]:
    """Return {tag: pin} of what is wired to the MCU itself on that board; None: left out."""
    table = tables.boards()
    io = tables.io(node)
    here: dict[str, str | None] = {
        row[0]: row[column]
        for name, column in LISTS.items()
        for row in getattr(io, name)
        if name != "DI" or row[1] == "pin"
    }
    if board == table.REFERENCE:
        return here
    column = 1 + [row["ID"] for row in table.BOARDS if row["ID"] != table.REFERENCE].index(board)
    given = {row[0]: row[column] for row in table.WIRES[node]}
    return {tag: given[tag] for tag in here}


def for_board(sources: Mapping[str, str], node: str, board: str, build: Mapping[str, str]) -> dict[str, str]:
    """Return the sources with that board's pins and peripherals and with the words of the build."""
    row = board_of(board)
    made = dict(sources)
    numbers = {name: repr(row[name]) for name in ("CAN_ID", "SPI_ID", "UART_ID")}
    made["board/wiring_table.py"] = assign(made["board/wiring_table.py"], numbers)
    made["core/build_table.py"] = assign(made["core/build_table.py"], {k: repr(v) for k, v in build.items()})
    path = f"{node}/io_table.py"
    made[path] = assign(_pins(made[path], wires(node, board)), {"FRAM_CS": repr(row["FRAM_CS"])})
    return made


def assign(source: str, values: Mapping[str, str]) -> str:
    """Return a literal table with other values of some of its names."""
    changes = [
        (stmt.value, values[stmt.targets[0].id])
        for stmt in ast.parse(source).body
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name) and stmt.targets[0].id in values
    ]
    return edit(source, changes)


def rows_of(source: str) -> SimpleNamespace:
    """Return the rows of a literal table's tuples as syntax: {name: [row]} of tuples of tuples."""
    found: dict[str, list[ast.Tuple]] = {}
    for stmt in ast.parse(source).body:
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name) and isinstance(stmt.value, ast.Tuple):
            rows = [one for one in stmt.value.elts if isinstance(one, ast.Tuple)]
            if len(rows) == len(stmt.value.elts):
                found[stmt.targets[0].id] = rows
    return SimpleNamespace(**found)


def _pins(source: str, pins: Mapping[str, str | None]) -> str:
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    found = rows_of(source)
    for name, column in LISTS.items():
        for row in getattr(found, name, []):
            tag = ast.literal_eval(row.elts[0])
            if tag in pins:
                changes.append((row.elts[column], repr(pins[tag])))
    return edit(source, changes)
