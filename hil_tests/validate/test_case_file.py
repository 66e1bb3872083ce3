"""`cryofill validate --case`: anyone's own test, its exact answer, and one line for all that is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_tools import cli

RISE = """\
kind = "self_pressurization"
[vessel]
volume_m3 = 4.89
area_m2 = 14.0
wall_kg = 149
wall_material = "aluminium"
[heat]
flux_w_m2 = 3.5
[start]
liquid_fraction = 0.83
pressure_kpa = 186
[end]
pressure_kpa = 200
"""
FILL = """\
kind = "no_vent_fill"
[vessel]
volume_m3 = 0.636
area_m2 = 3.575
wall_kg = 213
wall_material = "steel"
[start]
liquid_fraction = 0.5
pressure_kpa = 245.5
[source]
pressure_kpa = 413.7
temperature_k = 14.0
flow_kg_s = 0.0129
inlet = "bottom"
[end]
minutes = 15
"""


def answer(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, float]:
    """Run the case, which must succeed with nothing but one object on stdout, and return it."""
    file = tmp_path / "case.toml"
    file.write_text(text)
    assert cli.main(["validate", "--case", str(file), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return dict(json.loads(out))


def refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> str:
    """Run the case, which must be refused in one line that names the file, and return the line."""
    file = tmp_path / "case.toml"
    file.write_text(text)
    assert cli.main(["validate", "--case", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(file) in err
    return err


def test_a_closed_vessel_answers_rates_and_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = answer(tmp_path, capsys, RISE)
    assert set(got) == {"rate_kpa_h", "homogeneous_rate_kpa_h", "hours"}
    assert got["rate_kpa_h"] == pytest.approx(8.14, rel=0.25)
    assert got["homogeneous_rate_kpa_h"] == pytest.approx(2.63, rel=0.06)
    assert got["hours"] * got["rate_kpa_h"] == pytest.approx(14.0, rel=1e-6)


def test_watts_are_flux_times_area(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_flux = answer(tmp_path, capsys, RISE)
    assert answer(tmp_path, capsys, RISE.replace("flux_w_m2 = 3.5", "total_w = 49.0")) == pytest.approx(by_flux)


def test_a_fill_answers_what_the_vessel_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = answer(tmp_path, capsys, FILL)
    assert set(got) == {"liquid_fraction", "pressure_kpa", "vapour_k", "liquid_k"}
    assert got["liquid_fraction"] == pytest.approx(0.739, rel=0.05)
    assert got["pressure_kpa"] == pytest.approx(412.0, rel=0.05)


def test_liquid_from_above_takes_the_pressure_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = answer(tmp_path, capsys, FILL.replace('"bottom"', '"top"').replace("minutes = 15", "minutes = 5"))
    assert got["pressure_kpa"] < 245.0


def test_flow_and_inlet_may_stand_at_the_top(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FILL.replace("flow_kg_s = 0.0129\n", "").replace('inlet = "bottom"\n', "").replace("= 15", "= 1")
    at_top = 'flow_kg_s = 0.0129\ninlet = "bottom"\n' + text
    assert answer(tmp_path, capsys, at_top) == answer(tmp_path, capsys, FILL.replace("= 15", "= 1"))


@pytest.mark.parametrize(
    ("text", "old", "new", "names"),
    [
        (RISE, "self_pressurization", "self_presurization", ["kind", "did you mean self_pressurization"]),
        (RISE, 'kind = "self_pressurization"\n', "", ["kind", "missing"]),
        (RISE, "volume_m3", "volume", ["[vessel]", "volume:", "did you mean volume_m3"]),
        (RISE, "wall_kg = 149\n", "", ["[vessel]", "wall_kg", "missing"]),
        (RISE, '"aluminium"', '"cheese"', ["wall_material", "cheese", "steel"]),
        (RISE, "wall_kg = 149", 'wall_kg = "149"', ["wall_kg", "must be a number"]),
        (RISE, "wall_kg = 149", "wall_kg = true", ["wall_kg", "must be a number"]),
        (RISE, "wall_kg = 149", "wall_kg = nan", ["wall_kg", "must be a number"]),
        (RISE, "liquid_fraction = 0.83", "liquid_fraction = 1.2", ["liquid_fraction", "within 0.01 to 0.99"]),
        (RISE, "area_m2 = 14.0", "area_m2 = 9.0", ["area_m2", "sphere"]),
        (RISE, "flux_w_m2 = 3.5\n", "", ["[heat]", "missing"]),
        (RISE, "flux_w_m2 = 3.5", "flux_w_m2 = 3.5\ntotal_w = 49", ["[heat]", "both"]),
        (RISE, "[end]\npressure_kpa = 200", "[end]\npressure_kpa = 180", ["[end]", "must be above"]),
        (RISE, "[end]\npressure_kpa = 200\n", "", ["[end]", "missing"]),
        (RISE, "[heat]", "[leak]\nw = 1\n[heat]", ["leak", "unknown"]),
        (RISE, "[heat]\nflux_w_m2 = 3.5\n", "", ["[heat]", "missing"]),
        (RISE, "[vessel]", "vessel = 1\n[vessels]", ["vessel"]),
        (RISE, "= 14.0", "= = 14.0", ["not valid TOML"]),
        (FILL, '"bottom"', '"side"', ["inlet", "side", "top, bottom"]),
        (FILL, "temperature_k = 14.0", "temperature_k = 30", ["temperature_k", "not liquid"]),
        (FILL, "flow_kg_s = 0.0129\n", "", ["flow_kg_s", "missing"]),
        (FILL, "minutes = 15", "minutes = 15\nhours = 1", ["[end]", "hours", "unknown"]),
        (FILL, "minutes = 15", "minutes = 0", ["minutes", "within"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, old: str, new: str, names: list[str]
) -> None:
    assert old in text
    line = refusal(tmp_path, capsys, text.replace(old, new, 1))
    for name in names:
        assert name in line


def test_a_file_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "--case", "no/such.toml"]) == 2
    assert "no/such.toml" in capsys.readouterr().err
