"""Makes one module of an image's modules: on a board every module takes heap for itself and for the names in it.

What a module defines is named `package.module.name` from here on, as no source could name it: `host_tools.image_names`
gives it a short name. A module that is handed on as a value, as the tables are, becomes a class of its names. Two stay
apart: the I/O list, which whoever is around the board reads as well, and what its rows are made of.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from host_tools.image_source import edit, imports, module_of

MAIN: Final = "main"
# What is called from outside: by the boot stage, and where the heap is measured.
ROOTS: Final = ("main.main", "main.build", "core.executive.run")
APART: Final = ("io_table", "rows")  # as they are called in an image
NATIVE: Final = "native:"  # before the name of what MicroPython itself offers
_OWN_SCOPE: Final = (
    ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip

Node = TypeVar("Node", bound=ast.AST)
Place = tuple[str, str]  # a module and a name in it; "": the module itself


def apart(path: str) -> str | None:
    """Return the path in the image of a module that stays apart; None for all others."""
    name = path.rpartition("/")[2]
    return name if name.removesuffix(".py") in APART else None


def alone(text: str) -> str:
    """Return a module that stays apart as it is in an image."""
    changes: list[tuple[ast.expr | ast.stmt | ast.arg, str]] = []
    for stmt in ast.parse(text).body:
        if isinstance(stmt, ast.ImportFrom) and stmt.module and _as_apart(stmt.module) != stmt.module:
            changes.append((stmt, ast.unparse(ast.ImportFrom(_as_apart(stmt.module), stmt.names, 0))))
    return edit(text, changes)


def link(texts: Mapping[str, str]) -> ast.Module:
    """Return the modules of an image that do not stay apart, {path: source}, as one.

    Each node has a `path`, beside the line that it had there, and each function a `title`. Names within functions stay
    as they are; names at the top are dotted, those of MicroPython's own begin with NATIVE; a class's names, where they
    stand alone in its body, have `is_attribute`.
    """
    present = {module_of(path) for path in texts if not apart(path)}
    modules = {module_of(path): _Module(path, text, present) for path, text in texts.items() if not apart(path)}
    values: set[str] = set()
    for module in modules.values():
        _Resolver(modules, module, values).visit(copy.deepcopy(module.tree))
    for name in values:
        modules[name].become_class()
    body: list[ast.stmt] = []
    for name in _order(MAIN, modules, {}):
        body += _Resolver(modules, modules[name], values).visit(modules[name].tree).body
    native = sorted({what for module in modules.values() for home, what in module.lent.values() if home == NATIVE})
    made = ast.Module([*(_native_import(what) for what in native), *body], [])
    for node in ast.walk(made):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
            node.body = [one for one in node.body if not _is_idle(one)] or [at(node, ast.Pass())]
    return made


def _as_apart(home: str) -> str:
    """Return how a module is called in an image, should it stay apart."""
    name = home.rpartition(".")[2]
    return name if name in APART else home


def _native_import(what: str) -> ast.stmt:
    """Return the statement that fetches `module` or `module.name` of MicroPython, under that name with NATIVE."""
    home, _, name = what.rpartition(".")
    alias = ast.alias(name, NATIVE + what)
    made = ast.ImportFrom(home, [alias], 0) if home else ast.Import([alias])
    for node in ast.walk(made):
        node.path, node.lineno = "", 0  # type: ignore[attr-defined]  # stands nowhere
    return made


def _is_idle(stmt: ast.stmt) -> bool:
    return isinstance(stmt, ast.Pass) or (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant))


def _order(name: str, modules: Mapping[str, _Module], done: dict[str, None]) -> dict[str, None]:
    """Return the modules in the order in which their bodies run: what one imports comes before it."""
    for other in modules[name].imports:
        if other not in done:
            _order(other, modules, done)
    done[name] = None
    return done


class _Module:
    """A module of its own. `own`: what it defines at its top; `lent`: {name: Place} of what it imports."""

    def __init__(self, path: str, text: str, present: Iterable[str]) -> None:
        self.name = module_of(path)
        self.tree = ast.parse(text)
        self.imports = sorted(imports(self.tree, set(present)) - {self.name})
        for node in ast.walk(self.tree):
            node.path = path  # type: ignore[attr-defined]
        taken = _Imports(set(present))
        self.tree = taken.visit(self.tree)
        self.lent = taken.lent
        self.own = _bound(self.tree)
        self.cls: ast.ClassDef | None = None

    def become_class(self) -> None:
        """Hold the module's names in a class that has the module's name."""
        body = [stmt for stmt in self.tree.body if not _is_idle(stmt)]
        cls = ast.ClassDef(self.name, [], [], body or [ast.Pass()], [])
        cls.lineno, cls.path = 1, self.tree.path  # type: ignore[attr-defined]
        self.tree.body = [cls]
        self.own = set()
        self.cls = cls


class _Imports(ast.NodeTransformer):
    """Takes a module's imports out: those of the image wherever they stand, MicroPython's outside of functions."""

    def __init__(self, present: set[str]) -> None:
        self._present = present
        self._depth = 0
        self.lent: dict[str, Place] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._depth += 1
        made = self.generic_visit(node)
        self._depth -= 1
        return made

    def visit_Import(self, node: ast.Import) -> ast.AST:
        if self._depth:
            return node
        return self._taken(node, {one.asname or one.name: (NATIVE, one.name) for one in node.names})

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        home = str(node.module)
        places: dict[str, Place] = {}
        for one in node.names:
            if f"{home}.{one.name}" in self._present:
                place = (f"{home}.{one.name}", "")
            elif home in self._present:
                place = (home, one.name)
            elif self._depth:
                return node
            elif one.name in APART:
                place = (NATIVE, one.name)
            else:
                place = (NATIVE, f"{_as_apart(home)}.{one.name}")
            places[one.asname or one.name] = place
        return self._taken(node, places)

    def _taken(self, node: ast.stmt, places: Mapping[str, Place]) -> ast.AST:
        self.lent.update(places)
        return at(node, ast.Pass())


def _bound(scope: ast.AST) -> set[str]:
    """Return the names that a module, class, function or comprehension itself gives a meaning."""
    found: set[str] = set()
    outer: set[str] = set()

    def look(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                found.add(child.name)
            elif isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
                found.add(child.id)
            elif isinstance(child, ast.arg):
                found.add(child.arg)
            elif isinstance(child, ast.alias):
                found.add(child.asname or child.name)
            elif isinstance(child, ast.ExceptHandler) and child.name:
                found.add(child.name)
            elif isinstance(child, (ast.Global, ast.Nonlocal)):
                outer.update(child.names)
            if not isinstance(child, _OWN_SCOPE):
                look(child)

    look(scope)
    return found - outer


class _Resolver(ast.NodeTransformer):
    """Writes what a module's names mean as the one module has it. Notes in `values` which modules are handed on."""

    def __init__(self, modules: Mapping[str, _Module], home: _Module, values: set[str]) -> None:
        self._modules = modules
        self._home = home
        self._values = values
        self._scopes: list[tuple[ast.AST, set[str]]] = []  # innermost last

    def _place(self, name: str) -> Place | None:
        """Return what a name stands for; None: a name of a function or a class, or built in."""
        for depth, (scope, names) in enumerate(reversed(self._scopes)):
            if name in names and (depth == 0 or not isinstance(scope, ast.ClassDef)):
                return None
        if name in self._home.lent:
            return self._home.lent[name]
        return (self._home.name, name) if name in self._home.own else None

    def _written(self, place: Place, ctx: ast.expr_context) -> ast.expr:
        home, name = place
        if home == NATIVE:
            return ast.Name(NATIVE + name, ctx)
        if not name:
            self._values.add(home)
            return ast.Name(home, ctx)
        if name in self._modules[home].lent:
            return self._written(self._modules[home].lent[name], ctx)
        if home in self._values:
            return ast.Attribute(ast.Name(home, ast.Load()), name, ctx)
        return ast.Name(f"{home}.{name}", ctx)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        place = self._place(node.id)
        if place is not None:
            return at(node, self._written(place, node.ctx))
        if self._scopes and isinstance(self._scopes[-1][0], ast.ClassDef) and node.id in self._scopes[-1][1]:
            node.is_attribute = True  # type: ignore[attr-defined]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            place = self._place(node.value.id)
            if place is not None and place[0] != NATIVE and not place[1]:
                return at(node, self._written((place[0], node.attr), node.ctx))
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [f"{self._home.name}.{name}" for name in node.names]
        return node

    def _visit_scope(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FunctionDef):
            around = [one.name for one, _ in self._scopes if isinstance(one, (ast.FunctionDef, ast.ClassDef))]
            node.title = ".".join([*(name.rpartition(".")[2] for name in around), node.name])  # type: ignore[attr-defined]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not self._scopes and node is not self._home.cls:
            node.name = f"{self._home.name}.{node.name}"
        self._scopes.append((node, _bound(node)))
        made = self.generic_visit(node)
        self._scopes.pop()
        return made

    visit_FunctionDef = visit_ClassDef = visit_Lambda = _visit_scope
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_scope


def at(old: ast.AST, new: Node) -> Node:
    """Return what is new, standing where the old one stood."""
    for node in ast.walk(new):
        ast.copy_location(node, old)
        node.path = old.path  # type: ignore[attr-defined]
    return new
