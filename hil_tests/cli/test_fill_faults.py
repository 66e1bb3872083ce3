"""What `cryofill fill` tells of faults that came to nothing: a line each, and a picture without a mark for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hil_tests.cli import fakes
from host_tools import fill_command, picture
from host_tools.sampling import HistoryObserver
from sim import scenario

FAULTS: list[dict[str, Any]] = [
    {"target": "world", "kind": "estop", "at_s": 2.0, "effect": "HS101A 1 -> 0"},
    {"target": "XV101", "kind": "stuck_open", "at_s": 3.5, "effect": "none"},
    {"target": "tank", "kind": "reset", "at_s": None, "effect": "none"},
]
RESULT = {
    "outcome": "esd",
    "seed": 1,
    "faults": FAULTS,
    "tank": {"start_kg": 40.0, "end_kg": 40.0, "target_kg": 85.0, "relief_bar": 7.01},
}


def test_each_fault_without_effect_has_its_line() -> None:
    assert fill_command.without_effect(FAULTS) == [
        "FAULT WITHOUT EFFECT: XV101 stuck_open: from 3.50 s on nothing showed it",
        "FAULT WITHOUT EFFECT: tank reset: its moment never came",
    ]


def test_the_picture_marks_only_faults_that_came(tmp_path: Path) -> None:
    observer = HistoryObserver(picture.COLUMNS)
    rig = fakes.rig()
    for tenth in range(50):
        rig.t_ms = tenth * 100
        observer.on_tick(rig)
    path = tmp_path / "p.png"
    fill_command.draw_picture(path, scenario.Scenario(), RESULT, observer)
    assert path.stat().st_size > 10_000
    assert [(mark.t_s, mark.words) for mark in observer.history.marks] == [
        (2.0, "world estop"),
        (3.5, "XV101 stuck_open"),
    ]
