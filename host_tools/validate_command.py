"""`cryofill validate`: the plant's models held against published numbers, or against a test of one's own.

Exit code 3 when a row leaves its band, 2 for a bad case file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence

from host_tools import cli
from sim.validation.case_file import CaseError
from sim.validation.case_file import run as run_case
from sim.validation.rows import Row

HEAD = f"{'CASE':9} {'WHAT':46} {'OURS':>9} {'PUBLISHED':>9} {'UNIT':6} {'RATIO':>6} {'BAND':>11}        SOURCE"


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


def _summary(found: Sequence[Row]) -> str:
    missed = sum(row.verdict == "MISS" for row in found)
    return f"{len(found)} rows, {missed} outside their band."


def _table(as_json: bool) -> int:
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
    return cli.EXIT_NOT_COMPLETE if any(row.verdict == "MISS" for row in found) else cli.EXIT_DONE


def run(arguments: argparse.Namespace) -> int:
    """Run the case file or every row; returns the exit code. Raises UserError for a bad file."""
    if arguments.case is None:
        return _table(arguments.json)
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
