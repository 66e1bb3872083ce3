"""A scenario run to its end with its whole trace recorded, and what a complete fill must show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from host_tools.record import Recorder
from sim import fill, scenario
from sim.scenario import Scenario
from sim.sequence_trace import Follower

TARGET_SHARE: Final = 0.005
RELIEF_SHARE: Final = 0.90
TICKET_SHARE: Final = 0.01
# Hydrogen of a fill that does not stay in the tank, kg (calculated: docs/plant.md).
LOSSES_KG: Final = {"hose": (0.16, 0.30), "chill": (0.2, 1.2), "displaced": (0.0, 10.2)}
CLOSURE: Final = 1e-3  # of what went through the plant
BOIL_J_KG: Final = 446e3  # latent heat of parahydrogen at 1.013 bar: the yardstick of the energy balance

# A new dispenser erases a block of flash for its tickets (45 ms) before its first tick.
FIRST_ERASE_TICKS: Final = 4

PATH: Final = (
    "BOOT", "SELFTEST", "IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "DRAIN", "VENT", "WARM",
    "DISCONNECT", "COMPLETE",
)  # fmt: skip
NOZZLE_TO_NOZZLE: Final = PATH[3:-1]  # from start pressed to the nozzle back in its holster
# Of a result, what may differ between two runs of one seed.
OF_THE_HOST: Final = ("vm", "speed", "nodes")


def losses_outside(result: dict[str, Any]) -> dict[str, float]:
    """Return what a fill lost outside the published ranges, kg."""
    lost = result["losses_kg"]
    return {name: lost[name] for name, (low, high) in LOSSES_KG.items() if not low <= lost[name] <= high}


@dataclass
class Finished:
    """A run that has ended: its result object, its trace folder, and the plant as it was left."""

    result: dict[str, Any]
    folder: Path
    plant: Any = None
    follower: Follower | None = None

    def files(self) -> dict[str, bytes]:
        """Return every file of the trace."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def simulated(self) -> dict[str, Any]:
        """Return the result without what belongs to the host."""
        return {key: value for key, value in self.result.items() if key not in OF_THE_HOST}


class _Keep:
    """An observer that keeps the plant."""

    plant: Any = None

    def on_tick(self, rig: Any) -> None:
        self.plant = rig.plant


def run(what: Scenario | str, folder: Path, options: fill.Options | None = None) -> Finished:
    """Run a scenario (or the one of that name) and record its trace in `folder`."""
    keep, recorder, follower = _Keep(), Recorder(folder), Follower()
    try:
        loaded = scenario.load(what) if isinstance(what, str) else what
        result = fill.run(loaded, options, [keep, recorder, follower])
    finally:
        recorder.close()
    return Finished(result, folder, keep.plant, follower)


class CompleteFill:
    """What both scenarios must show; a subclass gives the fixture `fill`."""

    def test_it_completes(self, fill: Finished) -> None:
        assert (fill.result["outcome"], fill.result["expect"]["unmet"]) == ("complete", [])

    def test_every_phase_is_gone_through_and_no_other(self, fill: Finished) -> None:
        assert tuple(fill.result["phases"]) == PATH
        assert all(seconds > 0.0 for seconds in fill.result["phases"].values())

    def test_every_step_is_one_of_the_tables(self, fill: Finished) -> None:
        assert fill.follower is not None and fill.follower.wrong == []
        assert fill.follower.steps > 30
        assert [one.restarts for one in fill.follower.references.values()] == [0, 0]
        from_disk = Follower()
        from_disk.read(fill.folder)
        assert (from_disk.wrong, from_disk.steps) == ([], fill.follower.steps)

    def test_no_invariant_is_broken(self, fill: Finished) -> None:
        assert len(fill.result["invariants"]["checked"]) == 12
        assert fill.result["invariants"]["broken"] == []

    def test_the_target_is_met(self, fill: Finished) -> None:
        tank = fill.result["tank"]
        assert abs(tank["end_kg"] - tank["target_kg"]) <= TARGET_SHARE * tank["target_kg"]

    def test_the_tank_stays_well_below_its_relief(self, fill: Finished) -> None:
        tank = fill.result["tank"]
        assert tank["peak_bar"] <= RELIEF_SHARE * tank["relief_bar"]

    def test_the_losses_lie_in_the_published_ranges(self, fill: Finished) -> None:
        assert losses_outside(fill.result) == {}

    def test_the_ticket_agrees_with_the_tank(self, fill: Finished) -> None:
        delivered, metered = fill.result["delivered_kg"], fill.result["metered_kg"]
        assert abs(metered - delivered) <= TICKET_SHARE * delivered

    def test_every_tick_ran_with_the_heap_locked(self, fill: Finished) -> None:
        for name, node in fill.result["nodes"].items():
            late = FIRST_ERASE_TICKS if name == "dispenser" else 0
            assert node["ticks"] == round(fill.result["speed"]["sim_s"] * 100) - late, name
            assert node["locked_ticks"] == node["ticks"], name
            assert node["overruns"] == 0, name

    def test_no_frame_is_lost(self, fill: Finished) -> None:
        assert fill.result["bus"]["frames"] > 50 * fill.result["speed"]["sim_s"]
        assert fill.result["bus"]["lost"] == 0

    def test_mass_closes(self, fill: Finished) -> None:
        supplied = fill.plant.ledger["supplied_kg"]
        assert supplied >= fill.result["delivered_kg"]
        assert abs(fill.plant.mass_balance_kg()) <= CLOSURE * supplied

    def test_energy_closes(self, fill: Finished) -> None:
        supplied = fill.plant.ledger["supplied_kg"]
        assert abs(fill.plant.energy_balance_j()) <= CLOSURE * supplied * BOIL_J_KG
