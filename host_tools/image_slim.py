"""Makes an image's modules smaller without changing what they do: every byte of code and data costs a board's heap.

Three things: constants of other modules become numbers where they are used, what no module of the image names is left
out, and so are table columns that only hosts and people read. Lines stay where they are.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from host_tools.image_source import edit

KEPT: Final = ("core/build_table.py",)  # read by the console and by hosts
# Words in tables that the firmware never looks at: {file: {tuple of rows: columns}}.
UNREAD: Final[dict[str, dict[str, tuple[int, ...]]]] = {
    "io_table.py": {"AI": (5,), "DI": (3,), "DO": (3,), "AO": (3,)},
    "trip_table.py": {"TRIPS": (9, 10)},
    "param_table.py": {"PARAMS": (6,)},
    "note_table.py": {"FOUND": (0, 1), "NOTES": (0, 1, 2)},  # the firmware counts the rows
}
_WORD: Final = re.compile(r"\w+")


def _top_int(stmt: ast.stmt) -> tuple[str, ast.expr] | None:
    """Return (name, value) of a top-level assignment of one name to a number or to const(a number)."""
    if not (isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name)):
        return None
    value = stmt.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const":
        value = value.args[0]
    return stmt.targets[0].id, value


def _number(value: ast.expr) -> int | None:
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return None
    return found if type(found) is int else None


def constants(tree: ast.Module) -> dict[str, int]:
    """Return the numbers that a module's names stand for: assigned once, at top level, and never again."""
    stores: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stores[node.id] = stores.get(node.id, 0) + 1
        elif isinstance(node, (ast.arg, ast.alias)):
            name = node.arg if isinstance(node, ast.arg) else node.asname or node.name
            stores[name] = stores.get(name, 0) + 2
    found = {}
    for stmt in tree.body:
        one = _top_int(stmt)
        if one is not None and stores[one[0]] == 1 and (number := _number(one[1])) is not None:
            found[one[0]] = number
    return found


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _inline(source: str, known: Mapping[str, Mapping[str, int]]) -> str:
    """Return a module with the constants of the modules that it imports as numbers."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}  # local name -> module
    values: dict[str, int] = {}  # local name -> number
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    local = constants_shadowed(tree)
    for stmt in ast.walk(tree):
        if not isinstance(stmt, ast.ImportFrom) or stmt.module is None:
            continue
        left = []
        for alias in stmt.names:
            name = alias.asname or alias.name
            if f"{stmt.module}.{alias.name}" in known:
                aliases[name] = f"{stmt.module}.{alias.name}"
            elif alias.name in known.get(stmt.module, {}) and name not in local:
                values[name] = known[stmt.module][alias.name]
                continue
            left.append(alias)
        if len(left) < len(stmt.names):
            shorter = ast.ImportFrom(stmt.module, left, 0)
            changes.append((stmt, ast.unparse(shorter) if left else "pass"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            number = known.get(aliases.get(node.value.id, ""), {}).get(node.attr)
            if number is not None and node.value.id not in local:
                changes.append((node, f"({number})" if number < 0 else str(number)))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in values:
            number = values[node.id]
            changes.append((node, f"({number})" if number < 0 else str(number)))
    return edit(source, changes)


def constants_shadowed(tree: ast.Module) -> set[str]:
    """Return the names that a module gives another meaning than its imports do: arguments, assignments."""
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _names_used(tree: ast.AST) -> Iterator[str]:
    """Yield every word by which something could be meant: names, attributes, imports, words in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _WORD.findall(node.value)


def _defined(stmt: ast.stmt) -> str | None:
    """Return the name of a top-level function, class or plain assignment that may be left out when nobody names it."""
    if isinstance(stmt, (ast.FunctionDef, ast.ClassDef)):
        return stmt.name
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        free = all(
            isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Name))
            or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const")
            for node in ast.walk(stmt.value)
        )
        return stmt.targets[0].id if free else None
    return None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body[0] = ast.Pass()
    return tree


@functools.cache
def _statements(text: str) -> list[frozenset[str]]:
    """Return the words of each top-level statement of a module, docstrings left out."""
    return [frozenset(_names_used(stmt)) for stmt in _without_docstrings(ast.parse(text)).body]


@functools.cache
def _definitions(text: str) -> list[str | None]:
    """Return for each top-level statement what `_defined` says."""
    return [_defined(stmt) for stmt in ast.parse(text).body]


def _drop_unnamed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules without the top-level things that nothing in the image names, however often it takes."""
    made = dict(texts)
    while True:
        # By statement, so that a function that names itself alone keeps nobody alive.
        used = Counter(word for text in made.values() for words in _statements(text) for word in words)
        dropped = False
        for path, text in made.items():
            if path in KEPT or path.endswith(("/io_table.py", "main.py")):
                continue  # the virtual board reads the I/O list whole
            gone = {
                i
                for i, name in enumerate(_definitions(text))
                if name is not None and used[name] == (name in _statements(text)[i])
            }
            if gone:
                body = ast.parse(text).body
                changes: list[tuple[ast.expr | ast.stmt, str]] = [(_whole(body[i]), "pass") for i in gone]
                made[path] = edit(text, changes)
                dropped = True
        if not dropped:
            return made


def _whole(stmt: ast.stmt) -> ast.stmt:
    """Return the statement, beginning at its first decorator."""
    for decorator in getattr(stmt, "decorator_list", [])[:1]:
        stmt.lineno, stmt.col_offset = decorator.lineno, 0
    return stmt


def _drop_columns(path: str, source: str) -> str:
    columns = UNREAD.get(path.rsplit("/", 1)[-1])
    if columns is None:
        return source
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    for stmt in ast.parse(source).body:
        one = _top_int(stmt)
        if one is not None and one[0] in columns and isinstance(one[1], ast.Tuple):
            for row in one[1].elts:
                if isinstance(row, ast.Tuple):
                    changes += [(row.elts[i], "None") for i in columns[one[0]]]
    return edit(source, changes)


def slim(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules of an image as they are compiled."""
    made = {path: _drop_columns(path, text) for path, text in texts.items()}
    known = {_module(path): constants(ast.parse(text)) for path, text in made.items() if path not in KEPT}
    made = {path: _inline(text, known) for path, text in made.items()}
    return _drop_unnamed(made)
