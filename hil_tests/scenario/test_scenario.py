"""Scenario files: what is read, and where the limits lie. What is refused: test_bad_input."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sim import scenario
from sim.plant import PlantConfig
from sim.scenario import ScenarioError, Station, Truck
from sim.scenario_keys import STATION, TRUCK

MOST_KG = 94.3  # 98 % rule, 1.7 m3, relief 6.0 barg
HIGHEST_SUPPLY_BAR = 6.31  # 0.9 x (6.0 barg + 1.013 bar)


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


def test_the_default_top_up_is_the_plants_own() -> None:
    assert scenario.plant_config(scenario.Scenario()) == PlantConfig()


def test_a_file_may_say_all_of_both_sides_and_nothing_else() -> None:
    for section, keys in ((Station, STATION), (Truck, TRUCK)):
        assert {one.name for one in dataclasses.fields(section)} == set(keys)


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
