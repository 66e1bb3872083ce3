"""`cryofill dbc generate|check`: write what is generated from the DBC, code and documents, or say what is wrong with
the DBC and them.

Exit codes: 0 done or all fresh, 2 the DBC or an I/O list is wrong or a generated file is stale (one line
each).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from host_tools.generate import (
    causes,
    conformance,
    database,
    messages,
    parahydrogen,
    params,
    protocol,
    protocol_timing,
    serial_page,
    serial_port,
    tags,
)
from sim.tables import NODES, ROOT


def _targets(root: Path) -> dict[Path, Callable[[], str]]:
    """Return every generated file and what renders it."""
    folder = root / "firmware" / "generated"
    targets: dict[Path, Callable[[], str]] = {folder / "messages.py": lambda: messages.render(root)}
    for node in NODES:
        targets[folder / f"{node}_tags.py"] = lambda node=node: tags.render(root, node)  # type: ignore[misc]
        targets[folder / f"{node}_params.py"] = lambda node=node: params.render(root, node)  # type: ignore[misc]
        targets[folder / f"{node}_serial.py"] = lambda node=node: serial_port.render(root, node)  # type: ignore[misc]
    targets[folder / "parahydrogen.py"] = parahydrogen.render
    targets[root / protocol.PAGE] = lambda: protocol.render(root)
    targets[root / conformance.PAGE] = conformance.render
    targets[root / serial_page.PAGE] = lambda: serial_page.render(root)
    targets[root / protocol.DRAWING] = lambda: protocol_timing.render(root)
    return targets


def _source_problems(root: Path) -> list[str]:
    """Return what is wrong with the DBC itself."""
    path = root / database.DBC_PATH
    try:
        loaded = database.load(path)
    except Exception as error:  # cantools raises several unrelated classes; each means "cannot be read"
        return [f"{database.DBC_PATH}: cannot be read: {' '.join(str(error).split())}"]
    found = database.problems(loaded) or causes.problems(root, loaded)
    return [f"{database.DBC_PATH}: {problem}" for problem in found]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def generate(root: Path) -> list[Path]:
    """Write every generated file that differs and return those. Raises ValueError on a wrong source."""
    problems = _source_problems(root)
    if problems:
        raise ValueError("; ".join(problems))
    changed: list[Path] = []
    for path, render in _targets(root).items():
        text = render()
        if _read(path) != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def check(root: Path) -> list[str]:
    """Return one line per problem: a wrong DBC or I/O list, a generated file that is not what they give."""
    problems = _source_problems(root)
    if problems:
        return problems  # nothing can be rendered from a wrong DBC
    for path, render in _targets(root).items():
        try:
            if _read(path) != render():
                problems.append(f"{path.relative_to(root)}: stale; run `cryofill dbc generate`")
        except ValueError as error:
            problems.append(str(error))
    return problems


def main(args: argparse.Namespace) -> int:
    """Run `args.action` ("generate" or "check") on this checkout and return the exit code."""
    if args.action == "generate":
        try:
            changed = generate(ROOT)
        except ValueError as error:
            print(f"cryofill dbc: {error}", file=sys.stderr)
            return 2
        for path in changed:
            print(f"wrote {path.relative_to(ROOT)}")
        return 0
    problems = check(ROOT)
    for problem in problems:
        print(f"cryofill dbc: {problem}", file=sys.stderr)
    return 2 if problems else 0
