"""Leaves out of a linked image what it does not need: constants become numbers where they are used, what nothing asks
for goes. Everything at the top has a name of its own there (`host_tools.image_link`), so that this is exact.
"""

from __future__ import annotations

import ast
import copy
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from host_tools.image_link import NATIVE, ROOTS, at

PUT_TOGETHER: Final = ("__", "do_", "enter_")  # so begin names that are put together where they are asked for
_CONST: Final = NATIVE + "micropython.const"
_ROWS: Final = NATIVE + "rows.Rows"
# What may go with the name that it is assigned to; calls that only make something.
_MAKERS: Final = (_CONST, _ROWS, NATIVE + "rows.Groups", NATIVE + "array.array")
_PLAIN: Final = (
    ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp, ast.unaryop, ast.operator, ast.expr_context,
    ast.Name, ast.Attribute, ast.Subscript, ast.Slice,
)  # fmt: skip
_FOLDED: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
}  # fmt: skip
_CELL: Final = re.compile(rb'"([a-z]\w*)"')  # of a table that is text


def trim(tree: ast.Module) -> None:
    """Leave out, in place, what a linked image does not need."""
    again = True
    while again:
        tree.body = [one for stmt in tree.body for one in _one_by_one(stmt)]
        folder = _Folder(_values(tree), _loads(tree))
        folder.visit(tree)
        again = _drop(tree) or folder.changed


def said(tree: ast.AST) -> set[str]:
    """Return the words that something may be asked for by: whole texts, cells of tables, and keywords."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            found.update(cell.decode() for cell in _CELL.findall(node.value))
    return found


def _number(node: ast.expr | None) -> int | None:
    """Return what a whole number says."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found = _number(node.operand)
        return None if found is None else -found
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _written(value: int) -> ast.expr:
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _one_by_one(stmt: ast.stmt) -> list[ast.stmt]:
    """Return `A = 1; B = 2` for `A, B = 1, 2` or `A, B = range(1, 3)`; what else it is, as it is."""
    if not (isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Tuple)):
        return [stmt]
    targets, value = stmt.targets[0].elts, stmt.value
    values: list[ast.expr] = value.elts if isinstance(value, ast.Tuple) else []
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "range":
        ends = [number for one in value.args if (number := _number(one)) is not None]
        values = [_written(i) for i in range(*ends)] if len(ends) == len(value.args) else []
    if len(values) != len(targets):
        return [stmt]
    return [at(stmt, ast.Assign([target], one)) for target, one in zip(targets, values, strict=True)]


def _loads(tree: ast.AST) -> Counter[str]:
    """Return how often each name is asked for."""
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _assigned(stmt: ast.stmt) -> str | None:
    """Return the name that a statement assigns something plain to."""
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id if _is_plain(stmt.value) else None
    return None


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        called = value.func.id if isinstance(value.func, ast.Name) else ""
        return called in _MAKERS and all(_is_plain(one) for one in value.args)
    return isinstance(value, _PLAIN) and all(
        _is_plain(child) for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)
    )


def _is_literal(value: ast.expr) -> bool:
    """Return whether it is the same object wherever it stands: a constant, or a tuple of such."""
    if isinstance(value, ast.Tuple):
        return all(_is_literal(one) for one in value.elts)
    return isinstance(value, ast.Constant) or _number(value) is not None


def _values(tree: ast.Module) -> dict[str, ast.expr]:
    """Return {name at the top: value} of those that are assigned once."""
    stores = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    found = {name: stmt.value for stmt in tree.body if isinstance(stmt, ast.Assign) and (name := _assigned(stmt))}
    return {name: value for name, value in found.items() if stores[name] == 1}


class _Folder(ast.NodeTransformer):
    """Writes numbers for what stands for them, other literals where they are used once, and works out what can be.

    `values`: as `_values` finds them; `loads`: how often each is used.
    """

    def __init__(self, values: Mapping[str, ast.expr], loads: Mapping[str, int]) -> None:
        self._values = values
        self._loads = loads
        self.changed = False

    def _new(self, old: ast.expr, new: ast.expr) -> ast.expr:
        self.changed = True
        return at(old, new)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._values.get(node.id)
        if value is None or not isinstance(node.ctx, ast.Load):
            return node
        if _number(value) is None and not (self._loads[node.id] == 1 and _is_literal(value)):
            return node
        return self._new(node, copy.deepcopy(value))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and _text(node.left) and _text(node.right):
            return self._new(node, ast.Constant(_text(node.left) + _text(node.right)))
        left, right = _number(node.left), _number(node.right)
        if left is None or right is None or type(node.op) not in _FOLDED:
            return node
        return self._new(node, _written(_FOLDED[type(node.op)](left, right)))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == _CONST:
            return self._new(node, node.args[0])
        if called == "len" and isinstance(node.args[0], ast.Tuple):
            return self._new(node, _written(len(node.args[0].elts)))
        return node


def _drop(tree: ast.Module) -> bool:
    """Leave out what nothing asks for; return whether there was anything."""
    loads = _loads(tree)
    asked = said(tree) | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    written = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}

    def is_needed(stmt: ast.stmt) -> bool:
        if isinstance(stmt, (ast.Import, ast.ImportFrom)):
            return any(loads[str(alias.asname)] for alias in stmt.names)
        if isinstance(stmt, (ast.FunctionDef, ast.ClassDef)):
            of_its_own = sum(isinstance(node, ast.Name) and node.id == stmt.name for node in ast.walk(stmt))
            return stmt.name in ROOTS or loads[stmt.name] > of_its_own
        name = _assigned(stmt)
        return name is None or loads[name] > 0 or name in written

    def is_asked(stmt: ast.stmt) -> bool:
        if isinstance(stmt, ast.FunctionDef):
            return stmt.name in asked or stmt.name.startswith(PUT_TOGETHER)
        name = _assigned(stmt)
        return name is None or name in asked or loads[name] > 0

    bodies = [(tree.body, is_needed), *((one.body, is_asked) for one in tree.body if isinstance(one, ast.ClassDef))]
    changed = False
    for body, is_kept in bodies:
        left = [stmt for stmt in body if is_kept(stmt)] or [at(body[0], ast.Pass())]
        changed |= len(left) < len(body)
        body[:] = left
    return changed
