"""The link cut at random moments: XV103 is closed within the design's 1.3 s of the last permit (issue's long run:
`cryofill cuts --cuts 1000`)."""

from __future__ import annotations

import json
from pathlib import Path

import cantools
import pytest

from hil_tests.invariants.broken_firmware import broken_copy
from host_tools import cli
from sim import link_cuts


def test_the_permit_is_the_truck_s_status() -> None:
    root = Path(link_cuts.__file__).parents[1]
    database = cantools.database.load_file(root / "dbc" / "cryofill.dbc")
    message = database.get_message_by_frame_id(link_cuts.PERMIT_ID)
    assert message.name == "T_STATUS"


def test_the_valve_is_closed_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cuts", "--cuts", "8", "--seed", "4", "--json"]) == cli.EXIT_DONE
    result = json.loads(capsys.readouterr().out)
    assert result["cuts"] == 8
    assert result["states"] == {"COLDTEST": 2, "FILL": 4, "PRECOOL": 2}
    assert 0.3 < result["best_s"] <= result["worst"]["closed_s"] <= 1.3
    assert sum(count for _, count in result["histogram"]) == 8


def test_a_firmware_that_waits_too_long_is_told(tmp_path: Path) -> None:
    """The row that holds at 300 ms waits 700 ms here, and so does the gate."""
    late = broken_copy(
        tmp_path,
        ("dispenser/trip_table.py", '"LINK_MS", "above", 299,', '"LINK_MS", "above", 700,'),
        ("generated/messages.py", "T_STATUS_HOLD_MS = const(300)", "T_STATUS_HOLD_MS = const(700)"),
        ("generated/messages.py", "T_MEAS_HOLD_MS = const(300)", "T_MEAS_HOLD_MS = const(700)"),
    )
    cut = next(link_cuts.measure(1, seed=4, firmware=late))
    assert cut.closed_s > 0.9
