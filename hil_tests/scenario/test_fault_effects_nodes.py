"""Every fault of a board, on real VMs with a tiny firmware: what the board then does, and the verdict.

One run for all: each board is frozen, reset and cut off, and in between hit where it is dead already.
"""

from __future__ import annotations

from typing import Any

import pytest

from hil_tests.rig import stub
from hil_tests.scenario.fault_bench import rows
from sim.faults import Faults, took_effect
from sim.rig import BOOT_MS
from sim.scenario import Fault

ELSEWHERE = {"flash_cut", "fram_cut"}  # need a firmware that writes: hil_tests/rig
FREEZE_S, RESET_S, CUT_S, CUT_FOR_S = 0.2, 0.5, 1.0, 0.2
DEAD_S = RESET_S + 0.1  # booting after its reset
OUTPUT = {"dispenser": "FCV102", "tank": "HT205"}  # echoes the first analog input

# fmt: off
PLAN = (
    # KIND         AT_S           VALUE      FOR_S  EFFECT
    ("freeze",     FREEZE_S,      None,      0.1,   "processor stood still"),
    ("reset",      RESET_S,       None,      None,  "restarted"),
    ("reset",      DEAD_S,        None,      None,  "none"),
    ("freeze",     DEAD_S,        None,      0.05,  "none"),
    ("power_cut",  CUT_S,         CUT_FOR_S, None,  "restarted"),
    ("reset",      CUT_S + 0.05,  None,      None,  "none"),  # does not bring the supply back
    ("power_cut",  9.0,           None,      None,  "none"),  # its moment never comes
)
# fmt: on


class Story:
    """What was seen of the boards, tick by tick: whether their firmware ran and what they drove."""

    def __init__(self) -> None:
        self.alive: dict[str, list[bool]] = {"dispenser": [], "tank": []}
        self.driven: dict[str, list[float]] = {"dispenser": [], "tank": []}
        self.report: list[dict[str, object]] = []
        self.starts: dict[str, int] = {}

    def on_tick(self, rig: Any) -> None:
        for node in self.alive:
            self.alive[node].append(rig.alive(node))
            self.driven[node].append(rig.plant.energised[OUTPUT[node]])

    def between(self, what: dict[str, list[Any]], node: str, begin_s: float, end_s: float) -> list[Any]:
        """Return what was seen after the ticks from begin_s to end_s, both themselves left out."""
        return what[node][round(begin_s * 100) + 1 : round(end_s * 100) - 1]


@pytest.fixture(scope="module")
def story() -> Story:
    """Run the plan on both boards."""
    told = Story()
    terminals = stub.Terminals()
    faults = Faults(
        [Fault(node, kind, at_s=at, value=value, for_s=for_s) for node in OUTPUT for kind, at, value, for_s, _ in PLAN]
    )
    with stub.make("micropython", "echo", terminals=terminals, recorder=told, faults=faults) as rig:
        for tick in range(180):
            for node in OUTPUT:
                terminals.count[node][0] = 1000 + tick
            rig.tick()
        told.report = faults.report()
        told.starts = {name: slot.starts for name, slot in rig.slots.items()}
    return told


@pytest.mark.parametrize(("target", "kind"), [row for row in rows("nodes") if row[1] not in ELSEWHERE])
class TestBoards:
    """Each kind on each board."""

    def test_effect(self, story: Story, target: str, kind: str) -> None:
        moving = len(set(story.between(story.driven, target, 0.05, FREEZE_S)))
        assert moving > 10  # it echoes a moving input
        if kind == "freeze":
            assert set(story.between(story.alive, target, FREEZE_S, FREEZE_S + 0.1)) == {False}
            held = story.between(story.driven, target, FREEZE_S, FREEZE_S + 0.1)
            assert len(set(held)) == 1  # outputs stay as they were
            assert held[0] > 0.0
            assert story.alive[target][round((FREEZE_S + 0.1) * 100) + 2]
            return
        begin_s, dead_s = (RESET_S, 0.0) if kind == "reset" else (CUT_S, CUT_FOR_S)
        back_s = begin_s + dead_s + BOOT_MS / 1000
        assert set(story.between(story.alive, target, begin_s, back_s)) == {False}
        assert set(story.between(story.driven, target, begin_s, back_s)) == {0.0}  # outputs dead
        assert story.alive[target][round(back_s * 100) + 2]
        assert story.driven[target][round(back_s * 100) + 5] > 0.0

    def test_verdicts(self, story: Story, target: str, kind: str) -> None:
        found = [row for row in story.report if row["target"] == target]
        for row, (planned, at_s, _, _, effect) in zip(found, PLAN, strict=True):
            if planned == kind:
                assert row["effect"] == effect
                assert row["at_s"] == (None if at_s == 9.0 else at_s)
                assert took_effect(row) == (effect != "none")
        assert {row["effect"] != "none" for row in found if row["kind"] == kind} == {True, False}

    def test_a_dead_board_is_not_started_by_its_reset_button(self, story: Story, target: str, kind: str) -> None:
        assert story.starts[target] == 3  # power-on, reset, cut
