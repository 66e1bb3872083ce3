"""One seed gives one trace; another seed another one. A few seconds are enough: noise and random bytes are in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.fills.runs import Finished, run
from sim.fill import Options
from sim.quick import SETTINGS, STEPS
from sim.scenario import Scenario

SHORT = Scenario(stem="short", name="short", seed=5, limit_s=40.0)  # to the first liquid
OPTIONS = Options(settings=SETTINGS, steps=STEPS)
FILES = {"link.log", "events.jsonl", "signals.csv", "dispenser.exchange", "tank.exchange"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return the short scenario as run first."""
    return run(SHORT, tmp_path_factory.mktemp("first"), OPTIONS)


def test_it_is_long_enough_to_tell(first: Finished) -> None:
    assert set(first.files()) == FILES
    assert first.result["phases"]["PRECOOL"] > 2.0
    assert first.plant.ledger["supplied_kg"] > 0.02


def test_the_same_seed_gives_the_same_trace(first: Finished, tmp_path: Path) -> None:
    again = run(SHORT, tmp_path, OPTIONS)
    assert again.simulated() == first.simulated()
    files = again.files()
    assert [name for name, data in first.files().items() if files[name] != data] == []


def test_another_seed_gives_another_trace(first: Finished, tmp_path: Path) -> None:
    other = run(SHORT.replaced(seed=6), tmp_path, OPTIONS)
    files = other.files()
    same = {name for name, data in first.files().items() if files[name] == data}
    assert same <= {"events.jsonl"}  # states may well change in the same ticks
