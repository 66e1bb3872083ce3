"""`cryofill validate`: the plant's models held against published numbers, or against a test of one's own.

Exit code 3 when a row leaves its band, 2 for a bad case file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from host_tools import cli
from sim.validation.case_file import CaseError
from sim.validation.case_file import run as run_case
from sim.validation.rows import Row

HEAD = f"{'CASE':9} {'WHAT':46} {'OURS':>9} {'PUBLISHED':>9} {'UNIT':6} {'RATIO':>6} {'BAND':>11}        SOURCE"


PAGE_HEAD = """\
# Validation

Written by `cryofill validate --page docs/validation.md`; a test holds every row fresh. What the columns mean, what the
model is and where not to trust it: [plant](plant.md). Ours and published are in the same unit; `code` is another
program's result, `calculated` an equilibrium or a nozzle computed with CoolProp.

V8 (sLH2: 80 kg in 12 min, 16 bar, about 26 K, 0.05 kWh/kg) has no row of its own, because its source names neither the
volume nor what was in it: the rows `sLH2` fill at its rate to its pressure a vessel whose start is given. Its energy is
what the plant's pump is given.

| case | what | ours | published | ratio | band | | source |
|---|---|---|---|---|---|---|---|"""


def rows() -> Iterator[Row]:
    """Yield every row of the tank and of the lines."""
    from sim.validation import line_rows, tank_rows  # CoolProp: seconds

    for group in (*tank_rows.GROUPS, *line_rows.GROUPS):
        yield from group()


def line(row: Row) -> str:
    """Return a row for people."""
    band = f"{row.band[0]:.2f}-{row.band[1]:.2f}" if row.band else "-"
    return (
        f"{row.case:9} {row.what:46} {row.value:9.4g} {row.reference:9.4g} {row.unit:6} {row.ratio:6.3f} "
        f"{band:>11} {row.verdict:>6} {row.source} ({row.level})"
    )


def page_line(row: Row) -> str:
    """Return a row of docs/validation.md."""
    band = f"{row.band[0]:.2f}-{row.band[1]:.2f}" if row.band else ""
    return (
        f"| {row.case} | {row.what} | {row.value:.3g} | {row.reference:.4g} {row.unit} | {row.ratio:.2f} | {band} | "
        f"{row.verdict} | {row.source} ({row.level}) |"
    )


def page(found: Sequence[Row]) -> str:
    """Return docs/validation.md."""
    lines = [PAGE_HEAD, *(page_line(row) for row in found), "", _summary(found)]
    return "\n".join(lines) + "\n"


def _summary(found: Sequence[Row]) -> str:
    missed = sum(row.verdict == "MISS" for row in found)
    return f"{len(found)} rows, {missed} outside their band."


def _table(as_json: bool, to: str | None) -> int:
    found = []
    if not as_json:
        print(HEAD)
    for row in rows():
        found.append(row)
        if not as_json:
            print(line(row), flush=True)
    if as_json:
        missed = sum(row.verdict == "MISS" for row in found)
        print(json.dumps({"rows": [row.as_object() for row in found], "missed": missed}, indent=2))
    else:
        print(_summary(found))
    if to is not None:
        try:
            Path(to).write_text(page(found), encoding="utf-8")
        except OSError as error:
            raise cli.UserError(f"{to}: cannot be written: {error.strerror}") from None
    return cli.EXIT_NOT_COMPLETE if any(row.verdict == "MISS" for row in found) else cli.EXIT_DONE


def run(arguments: argparse.Namespace) -> int:
    """Run the case file or every row; returns the exit code. Raises UserError for a bad file."""
    if arguments.case is None:
        return _table(arguments.json, arguments.page)
    try:
        got = run_case(arguments.case)
    except CaseError as error:
        raise cli.UserError(str(error)) from None
    values = got._asdict()
    if arguments.json:
        print(json.dumps(values))
    else:
        for key, value in values.items():
            print(f"{key:24} {value:.6g}")
    return cli.EXIT_DONE
