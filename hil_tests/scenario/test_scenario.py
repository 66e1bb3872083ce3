"""Scenario files: what is read, and every refusal with its file, section, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import scenario
from sim.scenario import ScenarioError

MOST_KG = 94.3  # 98 % rule, 1.7 m3, relief 6.0 barg
HIGHEST_SUPPLY_BAR = 6.31  # 0.9 x (6.0 barg + 1.013 bar)


def refusal(text: str) -> str:
    """Return the words with which `text` is refused."""
    with pytest.raises(ScenarioError) as caught:
        scenario.parse(text, "x.toml")
    words = str(caught.value)
    assert "\n" not in words
    return words


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_of_the_repository_is_valid(name: str) -> None:
    one = scenario.load(name)
    assert one.stem == name
    assert one.expect.outcome is not None


def test_the_two_fills_are_what_the_design_says() -> None:
    warm, cold = scenario.load(), scenario.load("cold_fill")
    assert (warm.truck.mass_kg, warm.truck.target_kg, warm.truck.tank_bar) == (40.0, 85.0, 4.0)
    assert (warm.station.supply_bar, warm.station.hose) == (6.0, "standby")
    assert (cold.truck.mass_kg, cold.truck.target_kg) == (10.0, 90.0)


def test_a_path_and_a_name_read_the_same() -> None:
    assert scenario.load(str(scenario.SCENARIOS / "warm_topup.toml")) == scenario.load("warm_topup")


def test_an_empty_file_is_the_default_top_up(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("")
    one = scenario.load(str(path))
    assert (one.name, one.truck.target_kg, one.faults) == ("empty", 85.0, ())


def test_faults_and_whole_numbers_are_read() -> None:
    one = scenario.parse(
        'limit_s = 100\n[[fault]]\ntarget = "PT201A"\nkind = "stuck"\nstate = "FILL"\n'
        "after_s = 20\nvalue = 5\nfor_s = 30\n"
        '[[fault]]\ntarget = "world"\nkind = "estop"\nat_s = 1.5\n'
    )
    assert one.limit_s == 100.0
    assert [(f.target, f.kind, f.state, f.after_s, f.at_s, f.value, f.for_s) for f in one.faults] == [
        ("PT201A", "stuck", "FILL", 20.0, None, 5.0, 30.0),
        ("world", "estop", None, 0.0, 1.5, None, None),
    ]


FAULT = '[[fault]]\ntarget = "PT201A"\n'
# fmt: off
# TOML, and how the refusal begins (after the file), then what it goes on to say.
REFUSALS = (
    ("seed = = 3", "not valid TOML", "line 1"),
    ("sed = 3", "sed: unknown key", "did you mean seed?"),
    ("[trukc]\nmass_kg = 3.0", "[trukc]: unknown section", "did you mean truck?"),
    ("truck = 3", "truck: is a section", "[truck]"),
    ("[station]\nsuply_bar = 5.0", "[station] suply_bar: unknown key", "supply_bar"),
    ('[truck]\nmass_kg = "40"', "[truck] mass_kg: must be a number", "'40'"),
    ("[truck]\nmass_kg = true", "[truck] mass_kg: must be a number", "True"),
    ("[truck]\nmass_kg = nan", "[truck] mass_kg:", "outside"),
    ("seed = 1.5", "seed: must be a whole number", "1.5"),
    ("seed = -1", "seed: -1 is outside", "0 to"),
    ("name = 3", "name: must be text", "3"),
    ('name = "a\\nb"', "name: must be one line", "80"),
    ("limit_s = 0.0", "limit_s: 0.0 is outside", "1 to 86400 s"),
    ('[station]\nhose = "cold"', "[station] hose: 'cold' is not known", "standby"),
    ('[truck]\nprofile = "track100"', "[truck] profile:", "did you mean track1000?"),
    ("[truck]\ntarget_kg = 94.39999999999999", "[truck] target_kg: 94.4 kg is above", "94.3 kg"),
    ("[truck]\ntarget_kg = 40.0", "[truck] target_kg: 40 kg is not above mass_kg", "40 kg"),
    ("[station]\nsupply_bar = 6.32", "[station] supply_bar: 6.32", "6.31"),
    ("[station]\nsupply_k = 28.5", "[station] supply_k: 28.5", "28.12"),
    ("[truck]\ntank_bar = 6.0", "[truck] tank_bar: 6 bar is not below supply_bar", "6 bar"),
    ("[truck]\ntank_bar = 1.0", "[truck] tank_bar: 1.0 is outside", "1.1 to"),
    ("[truck]\nwall_k = 60.0", "[truck] wall_k: 60.0", "40.0"),
    ("[truck]\nwall_k = 101.0\nmass_kg = 5.0", "[truck] wall_k: 101.0", "100 K"),
    ("[truck]\nwall_k = 20.0", "[truck] wall_k: 20.0", "26.0"),
    ("[truck]\nmass_kg = 1.0", "[truck] mass_kg: 1 kg at 4 bar is gas", "26 K"),
    (FAULT + "at_s = 1.0", "[[fault]] 1 kind: is missing", ""),
    ('[[fault]]\ntarget = "PT999"\nkind = "off"\nat_s = 1.0', "[[fault]] 1 target: 'PT999' is not known", ""),
    (FAULT + 'kind = "stuk"\nat_s = 1.0', "[[fault]] 1 kind: 'stuk' is not known for PT201A", "did you mean stuck?"),
    (FAULT + 'kind = "stuck_open"\nat_s = 1.0', "[[fault]] 1 kind: 'stuck_open' is not known for PT201A", "stuck"),
    (FAULT + 'kind = "off"', "[[fault]] 1 at_s: give either at_s, or state", ""),
    (FAULT + 'kind = "off"\nat_s = 1.0\nstate = "FILL"', "[[fault]] 1 at_s: give either at_s, or state", ""),
    (FAULT + 'kind = "off"\nat_s = 1.0\nafter_s = 1.0', "[[fault]] 1 after_s: counts from a state", ""),
    (FAULT + 'kind = "off"\nstate = "FILLING"', "[[fault]] 1 state: 'FILLING' is not known", "did you mean FILL?"),
    (FAULT + 'kind = "offset"\nat_s = 1.0', "[[fault]] 1 value: offset needs one, in bar", ""),
    (FAULT + 'kind = "off"\nat_s = 1.0\nvalue = 1.0', "[[fault]] 1 value: off takes none", ""),
    (FAULT + 'kind = "stuck"\nat_s = 1.0\nvalue = 25.1', "[[fault]] 1 value: 25.1 is outside 0 to 25 bar", ""),
    (FAULT + 'kind = "off"\nat_s = 1.0\nfor_s = 0.0', "[[fault]] 1 for_s: 0.0 is outside", ""),
    ('[[fault]]\ntarget = "tank"\nkind = "flash_cut"\nat_s = 1.0\nvalue = 0', "[[fault]] 1 value: 0 is outside", ""),
    (FAULT + 'kind = "off"\nat_s = 1.0\n' + FAULT + 'at_s = 2.0', "[[fault]] 2 kind: is missing", ""),
    ('[expect]\noutcome = "completed"', "[expect] outcome: 'completed' is not known", "did you mean complete?"),
    ('[expect]\ntrip = "ESTOP"', "[expect] trip: 'ESTOP' is not a trip", "did you mean ESTOP_"),
    ('[expect]\noutcome = "complete"\ntrip = "ESTOP_A"', "[expect] trip: a run that completes has no trip", ""),
)
# fmt: on


@pytest.mark.parametrize(("text", "start", "also"), REFUSALS, ids=[row[1][:40] for row in REFUSALS])
def test_a_bad_input_is_refused_with_file_key_and_reason(text: str, start: str, also: str) -> None:
    words = refusal(text)
    assert words.startswith("x.toml: " + start)
    assert also in words


def test_the_limits_themselves_are_accepted() -> None:
    scenario.parse(f"[truck]\ntarget_kg = {MOST_KG}")
    scenario.parse(f"[station]\nsupply_bar = {HIGHEST_SUPPLY_BAR}")
    scenario.parse("[truck]\nwall_k = 100.0\nmass_kg = 2.0\n")


def test_the_relief_is_gauge_but_the_filling_limit_is_not() -> None:
    high = scenario.parse("[station]\nambient_kpa = 70.1\nsupply_bar = 5.9\n[truck]\ntarget_kg = 94.3\n")
    assert high.relief_bar == pytest.approx(6.701)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        ScenarioError, match=r"warm_topupp: no such scenario; did you mean warm_topup\?.*cold_fill"
    ):
        scenario.load("warm_topupp")


def test_a_missing_path_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"nowhere/x\.toml: no such scenario file"):
        scenario.load("nowhere/x.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenario.load(str(path))
