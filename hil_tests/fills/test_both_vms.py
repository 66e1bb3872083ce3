"""One seed, one trace, whichever VM runs the firmware: a whole refuelling with a small order, through every state.

`make test` gives a file to one worker (--dist loadfile), so each VM runs it once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.faults.short_fill import TRUCK
from hil_tests.fills.runs import PATH, Finished, run
from sim import fill as sim_fill
from sim.quick import SETTINGS, STEPS
from sim.scenario import Scenario

pytestmark = pytest.mark.timeout(600)

SMALL = Scenario(stem="small", name="small order", seed=5, truck=TRUCK)


def refuelled(vm: str, folder: Path) -> Finished:
    """Return the small order as run on that VM."""
    return run(SMALL, folder, sim_fill.Options(vm=vm, settings=SETTINGS, steps=STEPS))


@pytest.fixture(scope="module")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return the run on the MicroPython VM."""
    return refuelled("micropython", tmp_path_factory.mktemp("micropython"))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return the run on CPython."""
    return refuelled("cpython", tmp_path_factory.mktemp("cpython"))


def test_it_goes_through_every_state(fill: Finished) -> None:
    assert fill.result["outcome"] == "complete"
    assert tuple(fill.result["phases"]) == PATH


@pytest.mark.parametrize("name", ["link.log", "events.jsonl", "signals.csv", "dispenser.exchange", "tank.exchange"])
def test_the_trace_is_the_same_byte_for_byte(fill: Finished, second: Finished, name: str) -> None:
    ours, theirs = (one.folder / name for one in (fill, second))
    assert ours.stat().st_size > 5_000
    assert _first_difference(ours, theirs) == ""


def test_the_result_is_the_same(fill: Finished, second: Finished) -> None:
    assert (fill.result["vm"], second.result["vm"]) == ("micropython", "cpython")
    assert fill.simulated() == second.simulated()


def test_as_many_ticks(fill: Finished, second: Finished) -> None:
    for name, node in second.result["nodes"].items():
        assert node["ticks"] == fill.result["nodes"][name]["ticks"]
        assert node["locked_ticks"] == node["ticks"]


def _first_difference(ours: Path, theirs: Path) -> str:
    """Return where two files differ first, in words a person can use; '' when they are equal."""
    mine, other = ours.read_bytes(), theirs.read_bytes()
    if mine == other:
        return ""
    lines = zip(mine.split(b"\n"), other.split(b"\n"), strict=False)
    number, a, b = next(((i + 1, a, b) for i, (a, b) in enumerate(lines) if a != b), (0, b"", b""))
    return f"line {number}: {a[:200]!r} != {b[:200]!r}, {len(mine)} and {len(other)} bytes"
