"""Writes a linked image's source, and where each of its lines comes from."""

from __future__ import annotations

import ast

from host_tools.image_source import edit
from sim.line_map import LineMap


def write(tree: ast.Module) -> tuple[str, LineMap]:
    """Return the source of a tree that `image_link.link` made, and where its lines come from."""
    text = without_brackets(ast.unparse(tree) + "\n")
    paths: dict[str, int] = {}
    lines = [(0, 0)] * text.count("\n")
    functions: list[tuple[int, str]] = []
    for was, now in zip(ast.walk(tree), ast.walk(ast.parse(text)), strict=True):
        if isinstance(now, (ast.stmt, ast.expr)):
            path = str(getattr(was, "path", ""))
            lines[now.lineno - 1] = (paths.setdefault(path, len(paths)), getattr(was, "lineno", 0))
            if isinstance(now, ast.FunctionDef):
                functions.append((now.lineno, str(getattr(was, "title", now.name))))
    return text, LineMap(tuple(paths), tuple(lines), tuple(sorted(functions)))


def without_brackets(text: str) -> str:
    """Return a source with `a, b = c, d` for `a, b = (c, d)`: of the second MicroPython makes a tuple, on the heap.

    Without brackets about what is assigned to, too, as only some versions of Python write them: same bytes from all.
    """
    lines = text.encode().split(b"\n")
    changes: list[tuple[ast.expr | ast.stmt | ast.arg, str]] = []
    for node in ast.walk(ast.parse(text)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        sides = [one for one in targets if isinstance(one, ast.Tuple)]
        if sides and isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            sides.append(node.value)
        for side in sides:
            words = lines[side.lineno - 1][side.col_offset : side.end_col_offset].decode()
            if words.startswith("(") and side.lineno == side.end_lineno:
                changes.append((side, words[1:-1]))
    return edit(text, changes)
