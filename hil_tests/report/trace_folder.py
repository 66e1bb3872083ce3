"""A trace folder without a run: written by the recorder from a rig that is only data, two minutes long.

A fill with a stuck transmitter, a fault without effect, one that never began, a link loss and an E-stop: everything
that the report has words for. `RESULT` is its result object; tests change copies of it.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any, Final

from hil_tests.cli import fakes
from host_tools.record import SignalRecorder
from sim import tables
from sim.events import CLEAR, STATE, TICKET, TRIP, WARN

END_S: Final = 120.0
STUCK_S, STUCK_FOR_S, ESTOP_S = 60.0, 20.0, 100.0
GAP_S: Final = (70.0, 70.8)  # the tank is silent

# fmt: off
PATH: Final = (
    # PUBLIC     ENTERED AT, s
    ("SELFTEST", 0.2), ("IDLE", 0.7), ("CONNECT", 5.0), ("PURGE", 10.0), ("LEAKTEST", 18.0), ("PRECOOL", 30.0),
    ("COLDTEST", 45.0), ("FILL", 50.0), ("HOLD", 70.3), ("FILL", 71.0), ("ESD", 100.02),
)
# fmt: on
MESSAGES: Final = ((0x8FF11D1, 100), (0xCFF10D1, 100), (0xCFF21A1, 100), (0x18FF12D1, 200))
TANK_ID: Final = 0xCFF21A1

RESULT: Final[dict[str, Any]] = {
    "outcome": "esd", "reason": "ESTOP_A (dispenser), measured 0", "seed": 7, "vm": "micropython",
    "phases": {"BOOT": 0.2, "PURGE": 8.0, "PRECOOL": 15.0, "FILL": 49.3, "ESD": 20.0},
    "delivered_kg": 5.9, "metered_kg": 6.0, "returned_kg": 0.4, "vented_kg": 0.05,
    "tank": {"start_kg": 40.0, "end_kg": 45.9, "target_kg": 85.0, "peak_bar": 4.2, "end_bar": 4.0, "relief_bar": 7.013},
    "peak_flow_kg_h": 452.0,
    "invariants": {"checked": [f"I{number}" for number in range(1, 13)], "broken": []},
    "reactions": [{"trip": "ESTOP_A", "cause_s": 100.0, "command_s": 100.01, "closed_s": 100.34}],
    "faults": [
        {"target": "PT201A", "kind": "stuck", "at_s": 60.0, "effect": "reading differs"},
        {"target": "XV106", "kind": "stuck_closed", "at_s": 62.0, "effect": "none"},
        {"target": "can.link", "kind": "drop", "at_s": None, "effect": "none"},
        {"target": "world", "kind": "estop", "at_s": 100.0, "effect": "HS101A 1 -> 0"},
    ],
    "expect": {"outcome": "esd", "trip": None, "unmet": []},
    "speed": {"sim_s": 120.05, "wall_s": 4.0, "factor": 30.0},
    "nodes": {name: {"ticks": 12005, "locked_ticks": 12005, "tick_us_p50": 70, "tick_us_p99": 130, "tick_us_max": 500,
                     "heap_peak_b": 250000, "overruns": 0} for name in tables.NODES},
    "bus": {"frames": 4200, "load_pct": 0.9, "lost": 8, "bitrate": 500000},
    "scenario": {
        "stem": "mixed", "name": "a mixed bag", "limit_s": 3600.0, "hard_chain": True,
        "station": {"supply": "dewar", "supply_bar": 6.0},
        "truck": {"profile": "track1000", "mass_kg": 40.0},
        "profile": {"volume_m3": 1.7, "relief_barg": 6.0},
        "faults": [{"for_s": 20.0, "value": None}, {"for_s": None, "value": None}, {"for_s": 0.6, "value": None},
                   {"for_s": None, "value": None}],
    },
    "versions": {"cryofill": "0.1.0", "micropython": "1.28", "coolprop": "8.0", "python": "3.11",
                 "firmware": "0123456789ab"},
}  # fmt: skip


def result(**changes: Any) -> dict[str, Any]:
    """Return a copy of RESULT that may be changed, with `changes` at its top."""
    return {**copy.deepcopy(RESULT), **changes}


def _truth(truth: dict[str, float], t_s: float) -> None:
    """Give the plant's truth the shape of a fill; one surge of a sample in FT101."""
    cold = min(1.0, max(0.0, (t_s - 30.0) / 15.0))
    flowing = 50.0 <= t_s < ESTOP_S and not 70.3 <= t_s < 71.0
    truth.update({
        "PT102": 1.1 + 3.0 * cold, "PT103": 1.2, "PT201A": 4.0 + 0.2 * math.sin(t_s / 20.0),
        "TT102": 150.0 - 128.0 * cold, "TT103": 160.0 - 135.0 * cold, "TT201": 25.0, "TT202": 26.0,
        "FT101": 900.0 if round(t_s * 10) == 305 else 125.0 * flowing, "FT103": 8.0 * cold,
    })  # fmt: skip
    truth["tank_kg"] = 40.0 + 0.12 * max(0.0, min(t_s, ESTOP_S) - 50.0)
    truth["FQ101"] = 1000.0 * (truth["tank_kg"] - 40.0) * 1.01


def write(folder: Path, of_run: dict[str, Any] | None = None) -> Path:
    """Write the trace; `of_run`: its result object, None leaves result.json out as a run that was cut short does."""
    recorder = SignalRecorder(folder)
    rig = fakes.rig()
    for tenth in range(1, round(END_S * 10) + 1):
        rig.t_ms = tenth * 100
        _truth(rig.plant.truth, tenth / 10)
        recorder.on_tick(rig)
    rows = [row[1] for row in tables.states("dispenser").STATES]
    here = 0
    for state, at_s in PATH:
        there = rows.index(state)
        recorder.on_event(fakes.event(STATE, round(at_s * 1000), source=here, to=there, value=5))
        here = there
    trips = [row[0] for row in tables.trips("dispenser").TRIPS]
    recorder.on_event(fakes.event(WARN, 70_300, id=trips.index("LINK_AGE"), value=300))
    recorder.on_event(fakes.event(CLEAR, 70_900, id=trips.index("LINK_AGE")))
    recorder.on_event(fakes.event(TRIP, 100_020, id=trips.index("ESTOP_A"), value=0))
    for number, value in enumerate((17, 6000, 6100, 60, 40, 1, 85000, 0, 0)):
        recorder.on_event(fakes.event(TICKET, 100_100, id=number, value=value))
    frames = [(t_ms, can_id) for can_id, cycle in MESSAGES for t_ms in range(cycle, round(END_S * 1000), cycle)
              if can_id != TANK_ID or not GAP_S[0] * 1000 < t_ms < GAP_S[1] * 1000]  # fmt: skip
    for t_ms, can_id in sorted(frames):
        recorder.on_frame(t_ms * 1000 + 250, can_id, bytes((t_ms >> shift) & 255 for shift in range(0, 32, 4)))
    if of_run is not None:
        recorder.result(of_run)
    recorder.close()
    return folder
