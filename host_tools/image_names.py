"""Gives what is in an image short names, as few different ones as can be: every name takes a board's heap.

What cannot meet may share a name: attributes of classes that have nothing to do with each other, and whatever stands at
the top of the one module that `host_tools.image_link` makes. Names that texts say stay, as guards of the state table
do, and so do those that MicroPython knows: `host_tools.image_map` tells people what the others were.
"""

from __future__ import annotations

import array
import ast
import binascii
import builtins
import functools
import gc
import hashlib
import io
import itertools
import json
import os
import string
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final, NamedTuple

from host_tools.image_link import NATIVE, ROOTS
from host_tools.image_trim import PUT_TOGETHER, said
from sim.tables import SHIMS

# What else than ours an attribute can be of, on any MicroPython; what its ports add, the virtual board's modules offer.
_KNOWN: Final[tuple[Any, ...]] = (
    builtins, int, str, bytes, bytearray, memoryview, tuple, list, dict, set, range, Exception, array.array,
    io.StringIO, io.BytesIO, hashlib.sha256(), binascii, gc, json, os, struct, sys, time,
)  # fmt: skip


@functools.cache
def native_names() -> frozenset[str]:
    """Return the names of attributes that something of MicroPython's has, or may have."""
    offered = (_offered(ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(SHIMS.glob("*.py")))
    return frozenset().union(*offered, *(dir(one) for one in _KNOWN))


def _offered(tree: ast.Module) -> Iterator[str]:
    """Yield the names of functions, classes and of what classes hold."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield node.attr
        if isinstance(node, ast.ClassDef):
            yield from (one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def rename(tree: ast.Module, beside: Set[str] = frozenset()) -> dict[str, str]:
    """Give the names of a linked image short ones, in place; return {what stood at the top: its new name}.

    beside: attributes that keep their names, since modules beside it have them.
    """
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    for function in _functions(tree.body):
        _rename_parameters(function, keywords)
    present = set(words(tree))
    names = list(itertools.islice(_short(present), 2000))
    top = _top_names(tree, names)
    attributes = _attribute_names(tree, names, beside | native_names(), top)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = attributes.get(node.id, node.id) if hasattr(node, "is_attribute") else top.get(node.id, node.id)
        elif isinstance(node, ast.Attribute):
            node.attr = attributes.get(node.attr, node.attr)
        elif isinstance(node, ast.Global):
            node.names = [top.get(name, name) for name in node.names]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.name = top.get(node.name) or attributes.get(node.name, node.name)
        elif isinstance(node, ast.alias) and node.asname:
            name = top.get(node.asname, node.asname)
            node.asname = name if name != node.name else None
    return top


def words(tree: ast.Module) -> Iterator[str]:
    """Yield every name in a tree."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(word := getattr(node, field, None), str):
                yield word


def _short(taken: Set[str]) -> Iterator[str]:
    """Yield short names that are not taken. They begin with a capital: no name within a function does."""
    for n in itertools.count():
        for letters in itertools.product(string.ascii_letters, repeat=n):
            for first in string.ascii_uppercase:
                if (name := first + "".join(letters)) not in taken and name not in ("None", "True", "False"):
                    yield name


def _top_names(tree: ast.Module, names: list[str]) -> dict[str, str]:
    """Return {what stands at the top: its name}."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        word = getattr(node, "name", None) or getattr(node, "id", None) or getattr(node, "asname", None)
        if isinstance(word, str) and ("." in word or word.startswith(NATIVE)):
            found[word] = None
    kept = {name: name.rpartition(".")[2] for name in ROOTS}
    given = {getattr(node, "id", getattr(node, "arg", None)) for node in ast.walk(tree)}
    for word in found:
        name = word.removeprefix(NATIVE).rpartition(".")[2]
        if word.startswith(NATIVE) and name not in given:  # else something within a function is called so
            kept[word] = name
            given.add(name)
    return kept | dict(zip((word for word in found if word not in kept), names, strict=False))


class _Family(NamedTuple):
    """A class and its relatives: their attributes, and the names that their bodies ask for outside of functions."""

    members: set[str]
    asked: set[str]


def _attribute_names(tree: ast.Module, names: list[str], fixed: Set[str], top: Mapping[str, str]) -> dict[str, str]:
    """Return {attribute: its name} of those not fixed: the first that none has which may stand in the same object."""
    families, anywhere = _families(tree)
    ours = anywhere.union(*(family.members for family in families))
    free = {one for one in ours - fixed - said(tree) if not one.startswith(PUT_TOGETHER)}
    # A class's own names hide in its body what stands at the top.
    taken = [{top[word] for word in family.asked if word in top} for family in families]
    made: dict[str, str] = {}
    homes = {one: [i for i, family in enumerate(families) if one in anywhere or one in family.members] for one in free}
    for one in sorted(free, key=lambda one: (-len(homes[one]), one)):
        made[one] = next(name for name in names if not any(name in taken[i] for i in homes[one]))
        for i in homes[one]:
            taken[i].add(made[one])
    return made


def _families(tree: ast.Module) -> tuple[list[_Family], set[str]]:
    """Return the families of classes, and the attributes that are set from outside: of any object."""
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    home = {name: name for name in classes}
    for name, cls in classes.items():
        for base in cls.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                old, new = home[name], home[base.id]
                home = {one: new if at == old else at for one, at in home.items()}
    families = {name: _Family(set(), set()) for name in home.values()}
    for name, cls in classes.items():
        family = families[home[name]]
        family.asked.update(_asked_in_body(cls))
        family.members.update(one.name for one in cls.body if isinstance(one, ast.FunctionDef))
        for node in ast.walk(cls):
            if isinstance(node, ast.Name) and hasattr(node, "is_attribute"):
                family.members.add(node.id)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _is_self(node.value):
                family.members.add(node.attr)
    anywhere = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and not _is_self(node.value)
    }
    return list(families.values()), anywhere


def _asked_in_body(cls: ast.ClassDef) -> Iterator[str]:
    """Yield the names that a class's body itself loads: what its functions do is not of it, but their defaults are."""
    waiting: list[ast.AST] = [cls]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            yield node.id
        inside = node.body if isinstance(node, ast.FunctionDef) else ()
        waiting += [child for child in ast.iter_child_nodes(node) if child not in inside]


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module and the methods of its classes; what stands in them belongs to them."""
    for stmt in body:
        if isinstance(stmt, ast.FunctionDef):
            yield stmt
        elif isinstance(stmt, ast.ClassDef):
            yield from _functions(stmt.body)


def _rename_parameters(function: ast.FunctionDef, keywords: Set[str | None]) -> None:
    """Name a function's parameters a, b ...; those of a function within it stay."""
    inner = [node for node in ast.walk(function) if isinstance(node, ast.arg)]
    taken = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} | {node.arg for node in inner}
    short = (name for name in string.ascii_lowercase if name not in taken)
    new = {
        node.arg: next(short)
        for node in function.args.args
        if node.arg != "self" and node.arg not in keywords and sum(one.arg == node.arg for one in inner) == 1
    }
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.arg = new.get(node.arg, node.arg)
        elif isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
