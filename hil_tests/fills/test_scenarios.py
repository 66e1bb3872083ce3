"""The scenarios that come with the command: what each is there to show, on the MicroPython VM.

The first fill of the day runs whole. Hot and cold days are cut short where the everyday fill shows nothing else: a
kilogram less of liquid, and an end when the warming begins; a pump's station likewise.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hil_tests.fills.runs import CompleteFill, Finished, losses_outside, run
from sim import fill as sim_fill
from sim import scenario
from sim.scenario import Fault, Scenario

pytestmark = pytest.mark.timeout(900)  # a minute of machine time each, on a machine that is not always quiet

TO_WARM = sim_fill.Options(stays_s={**sim_fill.STAYS_S, "WARM": 0.1})
ADDED_KG = 2.0


@pytest.fixture(scope="module")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return first_of_day as run on the MicroPython VM."""
    return run("first_of_day", tmp_path_factory.mktemp("first_of_day"))


class TestFirstOfDay(CompleteFill):
    """A warm hose and a dry tank at 90 K, to 85 kg."""

    def test_precool_takes_longer_than_with_a_hose_on_standby(self, fill: Finished) -> None:
        assert 35.0 < fill.result["phases"]["PRECOOL"] < 200.0

    def test_the_warm_wall_raises_the_tank_s_pressure_but_not_to_its_limit(self, fill: Finished) -> None:
        tank = fill.result["tank"]
        assert tank["peak_bar"] > tank["end_bar"] + 0.3
        assert tank["peak_bar"] < 0.8 * tank["relief_bar"]


@pytest.mark.sweep
class TestTwoTanks(CompleteFill):
    """A dry vessel at 80 K beside a cold one, to 85 kg in both."""

    @pytest.fixture(scope="class")
    def fill(self, tmp_path_factory: pytest.TempPathFactory) -> Finished:
        """Return two_tanks as run on the MicroPython VM."""
        return run("two_tanks", tmp_path_factory.mktemp("two_tanks"))

    def test_both_are_filled_and_neither_to_its_limit(self, fill: Finished) -> None:
        tank = fill.result["tank"]
        kgs = [vessel["end_kg"] for vessel in tank["vessels"]]
        assert sum(kgs) == pytest.approx(tank["end_kg"], abs=1e-3)
        assert abs(kgs[0] - kgs[1]) < 5.0
        assert max(kgs) < 45.9  # where LSHH202 opens


def shortened(name: str, **station: Any) -> Scenario:
    """Return a scenario with an order of ADDED_KG."""
    what = scenario.load(name)
    truck = dataclasses.replace(what.truck, target_kg=what.truck.mass_kg + ADDED_KG)
    return what.replaced(truck=truck, station=dataclasses.replace(what.station, **station))


HELD = (Fault("can.link", "drop", state="FILL", after_s=8.0, for_s=0.6),)

# fmt: off
SHORT = (
    # NAME            STATION                                  FAULTS
    ("hot_day_4500m", {},                                      ()),
    ("cold_day",      {},                                      ()),
    # The pump stands still until liquid is wanted, and again while the fill is held.
    ("warm_topup",    {"supply": "pump", "supply_bar": 5.5},   HELD),
)
# fmt: on


@pytest.mark.parametrize(("name", "station", "faults"), SHORT, ids=["hot", "cold", "pump"])
def test_a_short_order_is_filled(name: str, station: dict[str, Any], faults: tuple[Fault, ...]) -> None:
    result = sim_fill.run(shortened(name, **station).replaced(faults=faults), TO_WARM)
    assert result["invariants"]["broken"] == []
    assert result["reason"] == "WARM: target mass"
    assert losses_outside(result) == {}
    assert abs(result["tank"]["end_kg"] - result["tank"]["target_kg"]) < 0.2
    assert ("HOLD" in result["phases"]) == bool(faults)


# What each scenario with a fault expects of itself.
@pytest.mark.parametrize("name", ["earth_lost", "estop", "link_lost"])
def test_a_faulty_one_ends_as_it_expects(name: str) -> None:
    result = sim_fill.run(scenario.load(name), TO_WARM)
    assert result["expect"]["unmet"] == []
    assert result["invariants"]["broken"] == []
    assert [one["effect"] != "none" for one in result["faults"]] == [True]
