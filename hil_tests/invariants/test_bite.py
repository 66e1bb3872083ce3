"""Each invariant bites: a firmware deliberately broken in one place makes the rig report exactly that invariant.

Every row of BITES is a short real run on two MicroPython VMs against the plant: a copy of the firmware with its edits
made, and the scenario's fault as the cause where the invariant needs one. The firmware as it is must survive the same
run, so that it is the edit that is caught. Where two edits are needed, a second barrier stands behind the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hil_tests.invariants.broken_firmware import Edit, broken_copy, watch
from sim.invariants import RULES
from sim.scenario import Fault, Scenario, Station, Truck

TOPUP = Truck(mass_kg=40.0, tank_bar=4.0, wall_k=26.0, target_kg=46.0)


@dataclass(frozen=True)
class Bite:
    """One invariant, how the firmware is broken, and the run that shows it; `words`: part of the detail."""

    rule: str
    why: str
    edits: tuple[Edit, ...]
    words: str
    until_s: float
    faults: tuple[Fault, ...] = ()
    station: Station = field(default_factory=Station)
    truck: Truck = TOPUP
    options: dict[str, Any] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """Return the run's scenario."""
        return Scenario(stem=self.rule, seed=7, station=self.station, truck=self.truck, faults=self.faults)


BITES = (
    Bite(
        "I1",
        "the tank's vent never opens near relief, while its vacuum is lost at high pressure",
        (("tank/control.py", "self._venting = 1", "self._venting = 0"),),
        words="relief opens at 7.01 bar",
        faults=(Fault("world", "vacuum_loss_tank", state="FILL", after_s=0.5),),
        station=Station(supply_bar=6.3),
        truck=Truck(mass_kg=80.0, tank_bar=6.25, wall_k=28.5, target_kg=86.0),
        until_s=115.0,
    ),
    Bite(
        "I2",
        "the leak test is skipped: no hold between pressing and venting",
        (
            (
                "dispenser/state_table.py",
                '("LEAK_PRESS", "test_pressed", "LEAK_SETTLE",',
                '("LEAK_PRESS", "test_pressed", "LEAK_VENT",',
            ),
        ),
        words="not leak-tested",
        until_s=25.0,
    ),
    Bite(
        "I3",
        "the sequence unlocks after pressing, and the lock's row in the gate asks for nothing (either alone is held)",
        (
            (
                "dispenser/state_table.py",
                '("LEAK_PRESS", "test_pressed", "LEAK_SETTLE",',
                '("LEAK_PRESS", "test_pressed", "UNLOCK",',
            ),
            (
                "dispenser/interlock_table.py",
                '("LK108", "warm vented no_liquid supply_shut", "vented untouched",',
                '("LK108", "", "",',
            ),
        ),
        words="barg at PT102",
        until_s=20.0,
    ),
    Bite(
        "I4",
        "a safe stop leaves the vents shut, and trapped liquid is not released (either alone is held)",
        (
            (
                "dispenser/state_table.py",
                '("SAFE_STOP", "SAFE_STOP", "- - - - O - - O - O -",',
                '("SAFE_STOP", "SAFE_STOP", "- - - - - - - - - O -",',
            ),
            ("dispenser/control.py", "self._release_trapped(want)", "pass"),
        ),
        words="of liquid blocked in the",
        faults=(Fault("PT201A", "off", state="COLDTEST", after_s=1.0),),
        until_s=68.0,
    ),
    Bite(
        "I5",
        "half a second of debounce on the station's ESD, hard chain off",
        (
            (
                "dispenser/trip_table.py",
                '("STATION_ESD", "ES101", "open", 0, 0,',
                '("STATION_ESD", "ES101", "open", 0, 500,',
            ),
        ),
        words="station ESD (ES101)",
        faults=(Fault("world", "station_esd", state="PRECOOL", after_s=10.0),),
        options={"hard_chain": False},
        until_s=45.0,
    ),
    Bite(
        "I6",
        "the tank weighs a tenth too little, and its independent level switch only warns (either alone is held)",
        (
            (
                "tank/inventory.py",
                "self.mass_g = mass if mass > 0 else 0",
                "self.mass_g = mass * 9 // 10",
            ),
            (
                "tank/trip_table.py",
                '("LEVEL_HH", "LSHH202", "open", 0, 100, "esd",',
                '("LEVEL_HH", "LSHH202", "open", 0, 100, "warn",',
            ),
        ),
        words="in a tank for 94.32 kg",
        truck=Truck(mass_kg=93.2, tank_bar=4.0, wall_k=26.0, target_kg=94.2),
        until_s=90.0,
    ),
    Bite(
        "I7",
        "trips latch and report but the reaction stays none: sequence and gate go on",
        (("core/trips.py", "self.reaction = reaction", "self.reaction = NONE"),),
        words="after trip HOSE_PT_BAD without a reset",
        faults=(Fault("PT102", "off", state="PRECOOL", after_s=8.0),),
        until_s=56.0,
    ),
    Bite(
        "I8",
        "the meter loses every other pulse",
        (
            (
                "dispenser/meter.py",
                "self.meter_g = image.count[t.FQ101] - self._from & 0x3FFFFFFF",
                "self.meter_g = image.count[t.FQ101] - self._from >> 1",
            ),
        ),
        words="g passed FT101 since FILL, tickets say",
        faults=(Fault("world", "estop", state="FILL", after_s=15.0),),
        options={"until_ticket": True},
        until_s=90.0,
    ),
    Bite(
        "I9",
        "the gate lets the tank release traction with the nozzle on, and the driver leaves as it is put on",
        (("tank/interlock_table.py", '("IM211", "unseated",', '("IM211", "",'),),
        words="released traction",
        faults=(Fault("world", "drive_away", at_s=1.0),),
        until_s=5.0,
    ),
    Bite(
        "I10",
        "1 % vol in the cabinet only warns",
        (
            (
                "dispenser/trip_table.py",
                '("CABINET_H2", "AT101", "above", 10000, 0, "esd",',
                '("CABINET_H2", "AT101", "above", 10000, 0, "warn",',
            ),
        ),
        words="% vol on AT101",
        faults=(Fault("world", "leak_cabinet", state="PRECOOL", after_s=1.0),),
        until_s=45.0,
    ),
    Bite(
        "I12",
        "the ticket's factor of the meter is 5 % too high",
        (
            (
                "dispenser/meter.py",
                "return self.meter_g - self.returned_g - self.hose_loss_g()",
                "return self.meter_g * 105 // 100 - self.returned_g - self.hose_loss_g()",
            ),
        ),
        words="billed",
        faults=(Fault("world", "estop", state="VENT", after_s=1.0),),
        options={"until_ticket": True},
        until_s=200.0,
    ),
)


def rows(*skip: str) -> Any:
    """Return BITES as parameters, named by their invariant."""
    return pytest.mark.parametrize("bite", [pytest.param(x, id=x.rule) for x in BITES if x.rule not in skip])


@rows()
def test_a_broken_firmware_is_caught(bite: Bite, tmp_path: Path) -> None:
    seen = watch(bite.scenario(), bite.until_s, broken_copy(tmp_path, *bite.edits), **bite.options)
    assert list(seen.broken) == [bite.rule], (bite.why, seen)
    assert bite.words in seen.broken[bite.rule]


# Without a fault it is the plain fill, of which hil_tests/fills shows that it breaks nothing.
@rows("I2", "I3")
def test_the_real_firmware_survives_the_same(bite: Bite) -> None:
    seen = watch(bite.scenario(), bite.until_s, **bite.options)
    assert seen.broken == {}


def test_i11_bites_when_the_plant_sucks() -> None:
    """No firmware can break I11 here: what is below ambient is out of its valves' reach.

    Both stacks' check valves reseat above ambient, recovery and dewar stand above it, XV201 and XV104 let nothing
    back. So it is the plant that is broken: a recovery compressor draws its header to 0.9 bar.
    """
    seen = watch(Scenario(seed=7, truck=TOPUP), 80.0, recovery_bar=0.9)
    assert list(seen.broken) == ["I11"]
    assert "return hose at" in seen.broken["I11"]


def test_every_invariant_is_here() -> None:
    assert {x.rule for x in BITES} | {"I11"} == {row[0] for row in RULES}


@pytest.mark.parametrize("text", ["no such text", "return"])
def test_an_edit_that_does_not_fit_is_refused(text: str, tmp_path: Path) -> None:
    """A text that has gone, or stands in several places, must not pass as a broken firmware."""
    with pytest.raises(AssertionError, match=r"dispenser/meter.py: .* found \d+ times"):
        broken_copy(tmp_path, ("dispenser/meter.py", text, "pass"))
