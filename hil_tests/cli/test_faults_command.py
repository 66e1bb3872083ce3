"""`cryofill faults`: everything that can be broken is listed once, readably; a filter narrows it; a typo is refused."""

from __future__ import annotations

import json

import pytest

from host_tools import cli
from sim import fault_table


def output(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, which must succeed with nothing on stderr, and return what it printed."""
    assert cli.main(["faults", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_json_has_one_row_for_each_target_and_kind(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(output(capsys, "--json"))["faults"]
    assert rows == fault_table.vocabulary()
    assert {(row["target"], row["kind"]) for row in rows} == {
        (target, kind) for target in fault_table.targets() for kind in fault_table.kinds_of(target)
    }
    passing = next(row for row in rows if (row["target"], row["kind"]) == ("XV103", "passing"))
    assert passing == {
        "family": "valves", "target": "XV103", "kind": "passing", "value": "required", "unit": "%", "low": 0.01,
        "high": 100.0, "default": None, "words": "leaks this share of its full opening when closed", "lasts": True,
        "available": True,
    }  # fmt: skip


def test_the_table_names_every_target_and_kind_and_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    out = output(capsys)
    lines = out.splitlines()
    assert len(lines) < 120
    assert max(len(line) for line in lines) <= 118
    words = out.split()
    for target in fault_table.targets():
        assert words.count(target) == 1 or (target.islower() and target in words), target
        assert set(fault_table.kinds_of(target)) <= set(words)


@pytest.mark.parametrize(
    ("what", "has", "has_not"),
    [
        ("PT102", ["-25 to 25 bar/s", "[0 to 25 bar]"], ["PT101", "stuck_open"]),
        ("XV203", ["passing", "when closed"], ["XV204"]),
        ("HT205", ["[0 to 100 %]"], ["LK108"]),
        ("can.link", ["[1 to 5000 frames/s] 3000", "mute_tank"], ["XV101"]),
        ("contacts", ["HS101A", "ZC209", "[0 or 1]"], ["PT101", "offset"]),
        ("nodes", ["dispenser tank", "freeze"], ["leak_cabinet"]),
    ],
)
def test_a_target_or_family_alone(
    what: str, has: list[str], has_not: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = " ".join(output(capsys, what).split())
    assert all(word in out for word in has)
    assert not any(word in out for word in has_not)


def test_several_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(output(capsys, "XV103", "pulses", "--json"))["faults"]
    assert {row["target"] for row in rows} == {"XV103", "FQ101"}


@pytest.mark.parametrize(
    ("what", "hint"),
    [("XV133", "did you mean XV103?"), ("valve", "did you mean valves?"), ("zz", "families are world")],
)
def test_an_unknown_name_is_refused_with_a_hint(what: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["faults", what]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"cryofill faults: {what}: ")
    assert hint in err
