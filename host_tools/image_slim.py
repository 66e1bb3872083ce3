"""Makes an image's modules smaller without changing what they do: every byte of code and data costs a board's heap.

Four things: constants become numbers where they are used, what no module of the image names is left out, so are table
columns that only hosts and people read, and large tables become text that stays in ROM. Lines stay where they are.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import Final

from host_tools.image_source import edit, imports, module_of

KEPT: Final = ("core/build_table.py",)  # read by the console and by hosts
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
    "note_table.py": ("NOTES",),
    "messages.py": ("MESSAGES",),
    "parahydrogen.py": ("TSAT_CK", "RHO_VAPOUR_G_M3"),
}
_PLAIN: Final = (
    ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Name, ast.Subscript, ast.Slice,
)  # fmt: skip
_MADE_UP: Final = ("__", "do_", "enter_")  # methods whose names are put together where they are called
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


def _inline(source: str, known: Mapping[str, Mapping[str, int]], own: str) -> str:
    """Return a module with the constants of the modules that it imports as numbers, and its `own`, that module's."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}  # local name -> module
    values = dict(known.get(own, {}))  # local name -> number
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


def _one_by_one(source: str) -> str:
    """Return a module with `A = const(1); B = const(2)` for `A, B = const(1), const(2)` or `= range(1, 3)`."""
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    for stmt in ast.parse(source).body:
        if not (isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Tuple)):
            continue
        values = stmt.value.elts if isinstance(stmt.value, ast.Tuple) else None
        texts = [ast.unparse(one) for one in values] if values else _range(stmt.value)
        names = [ast.unparse(one) for one in stmt.targets[0].elts]
        if len(texts) == len(names):
            changes.append((stmt, "; ".join(f"{name} = {text}" for name, text in zip(names, texts, strict=True))))
    return edit(source, changes)


def _range(value: ast.expr) -> list[str]:
    """Return the numbers of a `range(...)` of numbers, as texts; none for anything else."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "range":
        ends = [_number(one) for one in value.args]
        if None not in ends:
            return [str(i) for i in range(*(one for one in ends if one is not None))]
    return []


def constants_shadowed(tree: ast.Module) -> set[str]:
    """Return the names that a module gives another meaning than its imports do: arguments, assignments."""
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _names_used(tree: ast.AST, in_texts: bool) -> Iterator[str]:
    """Yield every word by which something is meant: names, attributes, imports; `in_texts`: and words in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif in_texts and isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            yield from _WORD.findall(node.value if isinstance(node.value, str) else node.value.decode("latin-1"))


def _defined(stmt: ast.stmt) -> str | None:
    """Return the name of a top-level function, class or plain assignment that may be left out when nobody names it."""
    if isinstance(stmt, (ast.FunctionDef, ast.ClassDef)):
        return stmt.name
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        free = all(
            isinstance(node, _PLAIN)
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
def _statements(text: str, in_texts: bool) -> list[frozenset[str]]:
    """Return the words of each top-level statement of a module, docstrings left out."""
    return [frozenset(_names_used(stmt, in_texts)) for stmt in _without_docstrings(ast.parse(text)).body]


@functools.cache
def _definitions(text: str) -> list[tuple[str, bool] | None]:
    """Return for each top-level statement what `_defined` says, and whether it may be meant by a word in a string.

    Functions and classes may: tables name them. Numbers may not.
    """
    found: list[tuple[str, bool] | None] = []
    for stmt in ast.parse(text).body:
        name, one = _defined(stmt), _top_int(stmt)
        found.append(None if name is None else (name, one is None or _number(one[1]) is None))
    return found


@functools.cache
def _called(text: str) -> frozenset[str]:
    """Return the words by which a method could be called: attributes, and words in strings."""
    tree = _without_docstrings(ast.parse(text))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(named | set(_names_used(tree, True)))


@functools.cache
def _asked(text: str) -> frozenset[str]:
    """Return what a module asks other modules for, as `module.name`; more than that where it could be either."""
    asked: set[str] = set()
    homes: dict[str, str] = {}
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                homes[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                asked.add(f"{node.module}.{alias.name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in homes:
            asked.add(f"{homes[node.value.id]}.{node.attr}")
    return frozenset(asked)


def _unused_imports(text: str, lent: Set[str]) -> list[tuple[ast.expr | ast.stmt, str]]:
    """Return what becomes of a module's `from ... import` of what it does not name. lent: what others get from it."""
    tree = ast.parse(text)
    named = lent | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    for stmt in ast.walk(tree):
        if isinstance(stmt, ast.ImportFrom):
            left = [alias for alias in stmt.names if (alias.asname or alias.name) in named]
            if len(left) < len(stmt.names):
                changes.append((stmt, ast.unparse(ast.ImportFrom(stmt.module, left, 0)) if left else "pass"))
    return changes


def _drop_unnamed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules without the top-level things that nothing in the image names, however often it takes."""
    made = dict(texts)
    while True:
        # By statement, so that a function that names itself alone keeps nobody alive.
        used = {
            in_texts: Counter(word for text in made.values() for words in _statements(text, in_texts) for word in words)
            for in_texts in (False, True)
        }
        called = {word for text in made.values() for word in _called(text)}
        dropped = False
        asked = {one.rpartition(".") for text in made.values() for one in _asked(text)}
        for path, text in made.items():
            lent = {name for home, _, name in asked if home == module_of(path)}
            if unused := _unused_imports(text, lent):
                made[path] = edit(text, unused)
                dropped = True
        for path, text in made.items():
            if path in KEPT or path.endswith(("/io_table.py", "main.py")):
                continue  # the virtual board reads the I/O list whole
            gone = {
                i
                for i, one in enumerate(_definitions(text))
                if one is not None and used[one[1]][one[0]] == (one[0] in _statements(text, one[1])[i])
            }
            body = ast.parse(text).body
            changes: list[tuple[ast.expr | ast.stmt, str]] = [(_whole(body[i]), "pass") for i in gone]
            changes += [
                (_whole(method), "pass")
                for i, stmt in enumerate(body)
                if isinstance(stmt, ast.ClassDef) and i not in gone
                for method in stmt.body
                if isinstance(method, ast.FunctionDef)
                and not (method.name in called or method.name.startswith(_MADE_UP))
            ]
            if changes:
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


def _pack(path: str, source: str) -> str:
    """Return a module whose tables in PACKED are text; a name that is not a tuple or dictionary of rows stays."""
    names = PACKED.get(path.rsplit("/", 1)[-1], ())
    changes: list[tuple[ast.expr | ast.stmt, str]] = []
    for stmt in ast.parse(source).body:
        one = _top_int(stmt)
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


def slim(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules of an image as they are compiled."""
    made = {path: _one_by_one(_drop_columns(path, text)) for path, text in texts.items()}
    known = {module_of(path): constants(ast.parse(text)) for path, text in made.items() if path not in KEPT}
    made = {path: _inline(text, known, module_of(path)) for path, text in made.items()}
    return _drop_unimported(_drop_unnamed({path: _pack(path, text) for path, text in made.items()}))


def _drop_unimported(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules that are still imported: of some nothing was left but numbers. main and KEPT are never."""
    present = {module_of(path): path for path in texts}
    wanted = {path for path in texts if path in KEPT or path.endswith("main.py")}
    waiting = sorted(wanted)
    while waiting:
        new = {present[name] for name in imports(ast.parse(texts[waiting.pop()]), present)} - wanted
        wanted |= new
        waiting += sorted(new)
    return {path: text for path, text in texts.items() if path in wanted}
