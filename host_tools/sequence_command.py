"""`cryofill sequence`: draw the state table that a board runs, and keep the drawings in docs/ fresh.

`dispenser` and `tank` draw one table; `generate` writes the drawings of docs/. `check` explores both tables, prints one
line per property and each counterexample as a scenario, and says which drawings are stale; with a trace folder, `check`
follows its events instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from host_tools import cli, sequence_mermaid, sequence_svg
from sim import sequence_check, sequence_model, sequence_scenario, sequence_trace, tables
from sim.sequence_model import Model
from sim.tables import ROOT

PAGE = "docs/sequence.md"
SHOWN = 3  # counterexamples printed per property

HEAD = """\
# The sequence

Generated from the state tables by `cryofill sequence generate`; `make check` fails when it is stale. The tables
themselves are `firmware/dispenser/state_table.py` and `firmware/tank/state_table.py`: the boards run them, the
drawings below and the checks of `cryofill sequence check` read them. `cryofill sequence dispenser --format json`
prints a table for other programs.
"""

SECTION = """
## {title}

[![Sequence of the {node}](sequence-{node}.svg)](sequence-{node}.svg)

The same as a diagram that can be edited:

```mermaid
{mermaid}```
"""


def render(model: Model, form: str) -> str:
    """Return the sequence in one of the forms: mermaid, svg or json."""
    if form == "svg":
        return sequence_svg.draw(model)
    if form == "json":
        return json.dumps(sequence_model.as_object(model), indent=2) + "\n"
    return sequence_mermaid.draw(model)


def documents() -> dict[str, str]:
    """Return every generated document: path from the top of the repository -> text."""
    models = {node: sequence_model.build(node) for node in tables.NODES}
    found = {f"docs/sequence-{node}.svg": sequence_svg.draw(model) for node, model in models.items()}
    page = HEAD
    for node, model in models.items():
        page += SECTION.format(title=node.capitalize(), node=node, mermaid=sequence_mermaid.draw(model))
    return {**found, PAGE: page}


def stale(root: Path) -> list[str]:
    """Return the documents under `root` that are not what the tables give."""
    return [name for name, text in documents().items() if not _is(root / name, text)]


def _is(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code: 0 done, 2 stale drawings or bad usage, 4 a property does not hold."""
    if arguments.trace:
        if arguments.what != "check":
            raise cli.UserError(f"--trace goes with check, not with {arguments.what}")
        return _follow(Path(arguments.trace))
    if arguments.what in tables.NODES:
        return _draw(arguments.what, arguments.format, arguments.output)
    if arguments.output or arguments.format:
        raise cli.UserError(f"--format and -o go with dispenser or tank, not with {arguments.what}")
    if arguments.what == "generate":
        for name in stale(ROOT):
            (ROOT / name).write_text(documents()[name], encoding="utf-8", newline="\n")
            print(f"wrote {name}")
        return cli.EXIT_DONE
    holds = [show(sequence_model.build(node)) for node in tables.NODES]
    for name in (late := stale(ROOT)):
        print(f"cryofill sequence: {name}: stale; run `cryofill sequence generate`", file=sys.stderr)
    if not all(holds):
        return cli.EXIT_INVARIANT
    return cli.EXIT_USAGE if late else cli.EXIT_DONE


def show(model: Model) -> bool:
    """Print the verdict on every property of a model, counterexamples as scenarios; return whether all hold."""
    holds = True
    for verdict in sequence_check.check(model):
        words = f"{model.node:<10} {verdict.name:<10} {verdict.words}"
        if not verdict.wrong:
            print(f"holds  {words} ({verdict.looked_at})")
            continue
        holds = False
        print(f"FAILS  {words}")
        for wrong in verdict.wrong[:SHOWN]:
            print("\n" + sequence_scenario.text(model, verdict, wrong))
        if len(verdict.wrong) > SHOWN:
            print(f"... and {len(verdict.wrong) - SHOWN} more\n")
    return holds


def _follow(folder: Path) -> int:
    """Follow the events of a trace with the reference machines; print each wrong step."""
    try:
        follower = sequence_trace.Follower()
        follower.read(folder)
    except ImportError:
        raise cli.UserError("--trace needs the package transitions: pip install -e '.[dev]'") from None
    except OSError as error:
        raise cli.UserError(f"{folder}/events.jsonl: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise cli.UserError(f"{folder}/{error}") from None
    for line in follower.wrong:
        print(line)
    print(f"{follower.steps} steps followed, {len(follower.wrong)} wrong")
    return cli.EXIT_INVARIANT if follower.wrong else cli.EXIT_DONE


def _draw(node: str, form: str | None, output: str | None) -> int:
    path = Path(output) if output else None
    form = form or ({".svg": "svg", ".json": "json"}.get(path.suffix, "mermaid") if path else "mermaid")
    text = render(sequence_model.build(node), form)
    if path is None:
        sys.stdout.write(text)
        return cli.EXIT_DONE
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise cli.UserError(f"{output}: cannot be written: {error.strerror}") from None
    return cli.EXIT_DONE
