"""The everyday fill, warm_topup, whole: its figures."""

from __future__ import annotations

import json

import pytest

from hil_tests.fills.runs import NOZZLE_TO_NOZZLE, CompleteFill, Finished, run

pytestmark = pytest.mark.timeout(900)  # a minute of machine time each, on a machine that is not always quiet

NOZZLE_TO_NOZZLE_S = 20 * 60.0
TANK_STATES = ["SELFTEST", "PARK", "REFUEL_READY", "PURGE", "COOLDOWN", "FILL", "ISOLATE", "PARK"]


@pytest.fixture(scope="module")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return warm_topup as run on the MicroPython VM."""
    return run("warm_topup", tmp_path_factory.mktemp("micropython"))


class TestWarmTopup(CompleteFill):
    """40 to 85 kg at 4 bar from a 6 bar dewar."""

    def test_it_takes_at_most_twenty_minutes(self, fill: Finished) -> None:
        assert sum(fill.result["phases"][state] for state in NOZZLE_TO_NOZZLE) <= NOZZLE_TO_NOZZLE_S

    def test_the_tank_goes_its_own_way_through_it(self, fill: Finished) -> None:
        lines = (fill.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        entered = [one["to"] for one in events if one["node"] == "tank" and one["kind"] == "STATE"]
        assert [state for i, state in enumerate(entered) if i == 0 or state != entered[i - 1]] == TANK_STATES
