"""`cryofill faults`: what can be broken: targets x kinds, with value, unit, range and default.

For people targets that take the same kinds stand together; `--json` prints one row for each target and kind.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence

from host_tools import cli
from sim import fault_table
from sim.fault_table import Kind
from sim.scenario_words import suggest

WIDTH = 118
MANY = 3  # groups of one family: beyond, its kinds are told once and the ranges of its targets apart


def chosen(names: Sequence[str]) -> list[str]:
    """Return the targets that the names (targets or families) mean, in table order; UserError for an unknown name."""
    families = [family for family, _ in fault_table.FAMILIES]
    targets = fault_table.targets()
    for name in names:
        if name not in families and name not in targets:
            hint = suggest(name, [*targets, *families]) or f"; families are {', '.join(families)}"
            raise cli.UserError(f"{name}: no such fault target or family{hint}")
    return [one for one in targets if not names or one in names or fault_table.family_of(one) in names]


def value_words(kind: Kind) -> str:
    """Return what value a kind takes: its range and unit, and what holds when it is left out."""
    if kind.value == fault_table.NONE:
        return "-"
    if kind.unit == fault_table.TAG_UNIT:
        reach = "its span" + ("/s" if kind.name == "drift" else "")
        span = "its range" if kind.name == "stuck" else f"up to {reach}" + (", + or -" if kind.low < 0.0 else "")
    elif kind.unit == "0|1":
        span = "0 or 1"
    else:
        span = f"{kind.low:g} to {kind.high:g} {kind.unit}"
    if kind.value == fault_table.REQUIRED:
        return span
    return f"[{span}]" if kind.default is None else f"[{span}] {kind.default:g}"


def _table(kinds: Sequence[Kind]) -> Iterator[str]:
    for kind in kinds:
        head = f"    {kind.name:17} {value_words(kind):28} "
        yield from textwrap.wrap(kind.words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _names(targets: Sequence[str], head: str = "  ") -> list[str]:
    return textwrap.wrap(" ".join(targets), WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _family(name: str, words: str, targets: Sequence[str]) -> Iterator[str]:
    """Yield the lines of one family: groups of targets with the same kinds."""
    yield f"{name}: {words}"
    groups: dict[tuple[Kind, ...], list[str]] = {}
    for target in targets:
        groups.setdefault(tuple(fault_table.kinds_of(target).values()), []).append(target)
    if len(groups) <= MANY:
        for kinds, members in groups.items():
            yield from _names(members)
            yield from _table(kinds)
        return
    for kinds, members in groups.items():
        span = next(kind for kind in kinds if kind.name == "stuck")
        yield from _names(members, f"  {f'{span.low:g} to {span.high:g} {span.unit}':16}")
    yield from _table(fault_table.SIGNALS)


def render(targets: Sequence[str]) -> str:
    """Return the vocabulary of these targets for people."""
    lines = [f"    {'KIND':17} {'VALUE':28} WHAT IT DOES", ""]
    for name, words in fault_table.FAMILIES:
        members = [target for target in targets if fault_table.family_of(target) == name]
        if members:
            lines += [*_family(name, words, members), ""]
    pairs = sum(len(fault_table.kinds_of(target)) for target in targets)
    lines.append(f"{len(targets)} targets, {pairs} faults.")
    lines.append("VALUE: range and unit, in [ ] when it may be left out, then the default if there is one; - none.")
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Print the vocabulary, or the part that was asked for; returns 0. Raises UserError for an unknown name."""
    targets = chosen(arguments.what)
    if arguments.json:
        rows = [row for row in fault_table.vocabulary() if row["target"] in targets]
        print(json.dumps({"faults": rows}, indent=2))
    else:
        print(render(targets))
    return cli.EXIT_DONE
