"""The random scenarios: the same bytes for a seed and a number, all of them accepted, the whole vocabulary drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests import spawn
from sim import fault_table, random_scenario, scenario

RUNS = 300


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return the first runs of a campaign."""
    return [random_scenario.text(7, index) for index in range(RUNS)]


def test_every_one_is_accepted_from_a_file(texts: list[str], tmp_path: Path) -> None:
    for index, text in enumerate(texts):
        path = tmp_path / "run.toml"
        path.write_text(text, encoding="utf-8")
        one = scenario.load(str(path))
        assert (one.name, one.limit_s) == (f"campaign 7 run {index}", random_scenario.LIMIT_S)


def test_each_run_depends_on_seed_and_number_alone(texts: list[str]) -> None:
    assert random_scenario.text(7, 123) == texts[123]
    assert len(set(texts)) == RUNS
    assert random_scenario.text(8, 123).splitlines()[1:] != texts[123].splitlines()[1:]


@pytest.mark.usefixtures("spawner")
def test_another_process_draws_the_same_bytes(texts: list[str]) -> None:
    """Nothing of this process, such as the order of a set, is in the text."""
    program = "from sim.random_scenario import text; print(hash('a')); print(*[text(7, i) for i in range(40)], sep='')"
    done = spawn.run("-c", program, env=spawn.environment())
    assert done.returncode == 0, done.stderr
    order, _, drawn = done.stdout.partition("\n")
    assert int(order) != hash("a")
    assert drawn == "".join(texts[:40]) + "\n"


def test_the_limit_changes_its_line_and_drops_what_comes_after_it(texts: list[str]) -> None:
    for index in range(40):
        shorter = random_scenario.text(7, index, limit_s=20.0)
        one, whole = scenario.parse(shorter), scenario.parse(texts[index])
        early = tuple(fault for fault in whole.faults if (fault.at_s or fault.after_s) < 20.0)
        assert one == whole.replaced(limit_s=20.0, faults=early)


def test_trucks_stations_and_orders_of_every_kind_come(texts: list[str]) -> None:
    runs = [scenario.parse(text) for text in texts]
    assert {run.station.supply for run in runs} == {"dewar", "pump"}
    assert {run.station.hose for run in runs} == {"warm", "standby"}
    assert {run.station.returns for run in runs} == {"recovery", "stack"}
    assert min(run.station.ambient_k for run in runs) < 250.0
    assert max(run.station.ambient_k for run in runs) > 313.0
    assert min(run.station.ambient_kpa for run in runs) < 65.0
    assert any(run.truck.wall_k > 50.0 for run in runs)  # dry
    assert any(run.truck.target_kg - run.truck.mass_kg > 30.0 for run in runs)
    assert {len(run.faults) for run in runs} == {0, 1, 2, 3}


def test_every_target_and_kind_can_be_drawn() -> None:
    """But what needs a truck with two vessels: the drawn ones have one."""
    families = [row[0] for row in random_scenario.FAMILIES]
    drawn = {
        (target, kind.name)
        for family in families
        for target in random_scenario.targets_of(family)
        for kind in random_scenario.kinds_of(target)
    }
    rows = fault_table.vocabulary()
    assert drawn == {(row["target"], row["kind"]) for row in rows if row["kind"] not in fault_table.SECOND_TANK}


def test_each_value_drawn_is_in_its_range_small_and_large(texts: list[str]) -> None:
    """The scenario's own check judges the range; here, that it is used."""
    draw = random_scenario._Draw(1, 0)
    for target in ("PT102", "TT102", "can.link", "world", "XV101", "tank"):
        for kind in random_scenario.kinds_of(target):
            if kind.value == fault_table.NONE:
                continue
            values = [random_scenario._value(draw, kind) for _ in range(200)]
            assert all(kind.low <= value <= kind.high for value in values), kind
            assert min(abs(value) for value in values) < 0.1 * kind.high + max(kind.low, 0.0), kind
            assert max(values) > 0.3 * random_scenario.MOST.get(kind.unit, kind.high), kind
            assert kind.low >= 0.0 or min(values) < 0.3 * kind.low, kind


def test_faults_come_in_states_at_times_and_with_an_end(texts: list[str]) -> None:
    faults = [fault for text in texts for fault in scenario.parse(text).faults]
    states = {fault.state for fault in faults}
    assert states == {row[0] for row in random_scenario.STATES} | {None}
    assert 0.3 < sum(fault.for_s is not None for fault in faults) / len(faults) < 0.5


@pytest.mark.parametrize(("bar", "kelvin"), [(1.25, 20.95), (4.0, 26.0), (6.5, 28.2)])
def test_the_boiling_table_is_read_between_its_rows(bar: float, kelvin: float) -> None:
    assert random_scenario.boiling_k(bar) == pytest.approx(kelvin)
