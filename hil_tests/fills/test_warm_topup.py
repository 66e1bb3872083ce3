"""The everyday fill, warm_topup, whole, on both VMs: its figures, and that the two VMs leave the same trace.

`make test` gives a file to one worker (--dist loadfile), so each VM runs it once.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hil_tests.fills.runs import NOZZLE_TO_NOZZLE, CompleteFill, Finished, run
from sim import fill as sim_fill

pytestmark = pytest.mark.timeout(900)  # a minute of machine time each, on a machine that is not always quiet

NOZZLE_TO_NOZZLE_S = 20 * 60.0
TANK_STATES = ["SELFTEST", "PARK", "REFUEL_READY", "PURGE", "COOLDOWN", "FILL", "ISOLATE", "PARK"]


@pytest.fixture(scope="module")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return warm_topup as run on the MicroPython VM."""
    return run("warm_topup", tmp_path_factory.mktemp("micropython"))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return warm_topup as run on CPython."""
    return run("warm_topup", tmp_path_factory.mktemp("cpython"), sim_fill.Options(vm="cpython"))


class TestWarmTopup(CompleteFill):
    """40 to 85 kg at 4 bar from a 6 bar dewar."""

    def test_it_takes_at_most_twenty_minutes(self, fill: Finished) -> None:
        assert sum(fill.result["phases"][state] for state in NOZZLE_TO_NOZZLE) <= NOZZLE_TO_NOZZLE_S

    def test_the_tank_goes_its_own_way_through_it(self, fill: Finished) -> None:
        lines = (fill.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        entered = [one["to"] for one in events if one["node"] == "tank" and one["kind"] == "STATE"]
        assert [state for i, state in enumerate(entered) if i == 0 or state != entered[i - 1]] == TANK_STATES


class TestBothVms:
    """One seed, one trace, whichever VM runs the firmware."""

    @pytest.mark.parametrize(
        "name", ["link.log", "events.jsonl", "signals.csv", "dispenser.exchange", "tank.exchange"]
    )
    def test_the_trace_is_the_same_byte_for_byte(self, fill: Finished, second: Finished, name: str) -> None:
        ours, theirs = (one.folder / name for one in (fill, second))
        assert ours.stat().st_size > 5_000
        assert _first_difference(ours, theirs) == ""

    def test_the_result_is_the_same(self, fill: Finished, second: Finished) -> None:
        assert (fill.result["vm"], second.result["vm"]) == ("micropython", "cpython")
        assert fill.simulated() == second.simulated()

    def test_as_many_ticks(self, fill: Finished, second: Finished) -> None:
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
