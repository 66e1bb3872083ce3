"""Literal tables of the firmware and the shims, loaded by path: hosts read them, never import either.

A table is a module of assignments whose values are literals (or names assigned above in the same file). Anything
else in it is refused, so that reading a table can never run firmware code.
"""

import ast
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent  # of this repository
FIRMWARE = ROOT / "firmware"
SHIMS = Path(__file__).resolve().parent / "shims"  # what stands in for a board's modules
NODES = ("dispenser", "tank")


class TableError(ValueError):
    """A table cannot be read; the message names the file, the line and what was wrong."""


def load_table(path: Path | str) -> SimpleNamespace:
    """Return the names assigned in a literal-only module as a namespace (cached by path: treat it as read-only).

    Raises TableError if the file is missing or holds anything but literals.
    """
    return _load(str(Path(path).resolve()))


@cache
def _load(path: str) -> SimpleNamespace:
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"), path)
    except OSError as exc:
        raise TableError(f"{path}: cannot read the table: {exc.strerror}") from exc
    except SyntaxError as exc:
        raise TableError(f"{path}:{exc.lineno}: {exc.msg}") from exc
    names: dict[str, Any] = {}
    for stmt in tree.body:
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant):
            continue  # docstring
        if isinstance(stmt, ast.Assign) and all(isinstance(t, ast.Name) for t in stmt.targets):
            value = _literal(stmt.value, names, path)
            for target in stmt.targets:
                assert isinstance(target, ast.Name)
                names[target.id] = value
            continue
        raise TableError(f"{path}:{stmt.lineno}: a table holds assignments of literals only")
    return SimpleNamespace(**names)


def _literal(node: ast.expr, names: dict[str, Any], path: str) -> Any:
    """Return the value of a literal expression; names assigned earlier in the same file count as literals."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.Tuple):
        return tuple(_literal(x, names, path) for x in node.elts)
    if isinstance(node, ast.List):
        return [_literal(x, names, path) for x in node.elts]
    if isinstance(node, ast.Dict) and all(k is not None for k in node.keys):
        return {
            _literal(k, names, path): _literal(v, names, path)
            for k, v in zip(node.keys, node.values, strict=True)
            if k is not None
        }
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_literal(node.operand, names, path)
    raise TableError(f"{path}:{node.lineno}: not a literal: {ast.unparse(node)}")


def io(node: str) -> SimpleNamespace:
    """Return the I/O list (AI, DI, DO, AO, CI, SPI_DI_BYTES) of "dispenser" or "tank"."""
    return load_table(FIRMWARE / node / "io_table.py")


def states(node: str) -> SimpleNamespace:
    """Return the state table (STATES, TRANSITIONS) of a node."""
    return load_table(FIRMWARE / node / "state_table.py")


def trips(node: str) -> SimpleNamespace:
    """Return the trip table (TRIPS) of a node."""
    return load_table(FIRMWARE / node / "trip_table.py")


def notes(node: str) -> SimpleNamespace:
    """Return what a node says about its journal (FOUND, NOTES). Raises TableError for a node that has none."""
    return load_table(FIRMWARE / node / "note_table.py")


def link_notes() -> SimpleNamespace:
    """Return what either node says about its CAN controller and the protocol (NOTES)."""
    return load_table(FIRMWARE / "core" / "link_note_table.py")


def port_notes() -> SimpleNamespace:
    """Return what either node says about its serial port (NOTES)."""
    return load_table(FIRMWARE / "core" / "serial_note_table.py")


def serial() -> SimpleNamespace:
    """Return the serial commands (ROLES, WHERE, STATUS, COMMANDS)."""
    return load_table(FIRMWARE / "core" / "serial_table.py")


def netlist() -> SimpleNamespace:
    """Return the piping (NODES, ELEMENTS)."""
    return load_table(FIRMWARE / "dispenser" / "netlist.py")


def boards() -> SimpleNamespace:
    """Return the boards (REFERENCE, BOARDS, PINS, WIRES)."""
    return load_table(FIRMWARE / "board" / "board_table.py")


def littlefs() -> dict[str, Any]:
    """Return the settings of the nodes' file system, by littlefs's names."""
    settings: dict[str, Any] = load_table(SHIMS / "littlefs_table.py").LITTLEFS
    return settings
