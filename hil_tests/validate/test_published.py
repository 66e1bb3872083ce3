"""The models against the published numbers, and how the command tells a miss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools import cli, validate_command
from sim.validation import line_rows, tank_rows
from sim.validation.rows import Row, within

GOOD = Row("A", "what", 1.02, 1.0, "bar", within(0.05), "measured", "a paper")


@pytest.mark.parametrize("group", [*tank_rows.GROUPS, *line_rows.GROUPS], ids=lambda group: str(group.__name__))
def test_every_row_lies_in_its_band(group: tank_rows.Group) -> None:
    rows = list(group())
    assert rows
    assert [row for row in rows if row.verdict != "ok"] == []
    page = (Path(__file__).parents[2] / "docs" / "validation.md").read_text().splitlines()
    assert [row for row in map(validate_command.page_line, rows) if row not in page] == []  # cryofill validate --page


def test_the_tank_is_held_against_every_row_of_the_k_site_table() -> None:
    rows = list(tank_rows.self_pressurisation())
    assert len(rows) == 14
    rates = [row.value for row in rows if row.case == "V1"]
    plain = [row.value for row in rows if row.case == "V1b"]
    assert all(rate > slow for rate, slow in zip(rates, plain, strict=True))  # a layer, not a mixed tank


def test_a_miss_is_printed_and_ends_with_three(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = GOOD._replace(case="B", value=1.2)

    def rows() -> Iterator[Row]:
        yield GOOD
        yield bad

    monkeypatch.setattr(validate_command, "rows", rows)
    assert cli.main(["validate"]) == cli.EXIT_NOT_COMPLETE
    lines = capsys.readouterr().out.splitlines()
    assert " ok " in lines[1]
    assert "MISS" in lines[2]
    assert "1 outside" in lines[3]
    assert cli.main(["validate", "--json"]) == cli.EXIT_NOT_COMPLETE
    found = json.loads(capsys.readouterr().out)
    assert [row["verdict"] for row in found["rows"]] == ["ok", "MISS"]
    assert found["missed"] == 1
