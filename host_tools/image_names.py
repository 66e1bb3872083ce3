"""Lets an image make do with fewer names: every other name takes a board's heap, in the table of names and in modules.

Private attributes of every class share `_a`, `_b` ..., parameters share `a`, `b` ... Functions, classes and public
attributes keep their names: tracebacks and the tables say them.
"""

from __future__ import annotations

import ast
import itertools
import re
import string
from collections.abc import Iterator, Mapping, Set
from typing import Final

from host_tools.image_source import edit

Change = tuple[ast.expr | ast.stmt | ast.arg, str]
_WORD: Final = re.compile(r"\w+")


def shorten(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules with shorter names; every line stays where it is."""
    trees = {path: ast.parse(text) for path, text in texts.items()}
    said = set().union(*(_said(tree) for tree in trees.values()))
    return {
        path: edit(texts[path], [*_attributes(tree, said), *_parameters(tree, said)]) for path, tree in trees.items()
    }


def _said(tree: ast.Module) -> Set[str]:
    """Return the names that have to stay: of keywords, words in strings, attributes of other objects than self."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Attribute) and not _is_own(node):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            found.update(_WORD.findall(text))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
        elif isinstance(node, ast.ClassDef) and node.bases:  # what it inherits
            found.update(one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute))
    return found


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _short(taken: Set[str], prefix: str) -> Iterator[str]:
    """Yield short names that are not taken, always in the same order, so that classes and functions share them."""
    for n in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=n):
            name = prefix + "".join(letters)
            if name not in taken and name not in ("as", "if", "in", "is", "or"):
                yield name


def _attributes(tree: ast.Module, said: Set[str]) -> Iterator[Change]:
    """Yield what private attributes of classes without a base become."""
    for cls in tree.body:
        if not isinstance(cls, ast.ClassDef) or cls.bases:
            continue
        uses = [node for node in ast.walk(cls) if isinstance(node, ast.Attribute) and _is_own(node)]
        methods = {node.name for node in ast.walk(cls) if isinstance(node, ast.FunctionDef)}
        words = {node.id for node in ast.walk(cls) if isinstance(node, ast.Name)}
        names = _short(methods | words | {node.attr for node in uses}, "_")
        new: dict[str, str] = {}
        for node in sorted(uses, key=lambda one: (one.lineno, one.col_offset)):
            old = node.attr
            if old.startswith("_") and not old.startswith("__") and old not in methods and old not in said:
                if old not in new:
                    new[old] = next(names)
                yield node, "self." + new[old]


def _functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module and the methods of its classes; what stands in them belongs to them."""
    for stmt in body:
        if isinstance(stmt, ast.FunctionDef):
            yield stmt
        elif isinstance(stmt, ast.ClassDef):
            yield from _functions(stmt.body)


def _parameters(tree: ast.Module, said: Set[str]) -> Iterator[Change]:
    """Yield what parameters become; those of a function within a function stay."""
    for function in _functions(tree.body):
        inner = [node for node in ast.walk(function) if isinstance(node, ast.arg)]
        names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        taken = names | {node.arg for node in inner}
        short = _short(taken, "")
        new = {
            node.arg: next(short)
            for node in function.args.args
            if node.arg != "self" and node.arg not in said and sum(one.arg == node.arg for one in inner) == 1
        }
        for node in ast.walk(function):
            if isinstance(node, ast.arg) and node.arg in new:
                yield node, new[node.arg]
            elif isinstance(node, ast.Name) and node.id in new:
                yield node, new[node.id]
