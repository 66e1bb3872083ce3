"""The control tick allocates nothing, and a firmware whose tick does is caught: that the lock locks is shown here."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.fills.runs import FIRST_ERASE_TICKS
from hil_tests.invariants.broken_firmware import broken_copy
from sim import fill
from sim.node_failure import NodeFailure
from sim.scenario import Scenario

SECOND = Scenario(seed=5, limit_s=1.0)

ALLOCATES = "self.scratch = [0]"

# fmt: off
# Each tick of a board, and one guard that is asked only in some states.
CASES = (
    # BOARD       FILE                     BEFORE                            GLUE
    ("dispenser", "dispenser/node.py",     "self.truck.receive(now)",        "; "),
    ("tank",      "tank/node.py",          "self.station.link.receive(now)", "; "),
    ("dispenser", "dispenser/sequence.py", "def inputs_primed(self):",       "\n        "),
)
# fmt: on


@pytest.mark.parametrize(("board", "file", "before", "glue"), CASES, ids=["dispenser", "tank", "guard"])
def test_an_allocation_in_the_tick_ends_the_run(
    board: str, file: str, before: str, glue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node dies of a MemoryError, and the run says which node and shows what it printed."""
    monkeypatch.setenv("CRYOFILL_EMIT", "bytecode")  # what a board runs, and it names the lines
    firmware = broken_copy(tmp_path, (file, before, before + glue + ALLOCATES))
    with pytest.raises(NodeFailure) as caught:
        fill.run(SECOND, fill.Options(firmware=firmware))
    assert caught.value.node == board
    assert "its process ended with exit code 1" in caught.value.reason
    assert "MemoryError: memory allocation failed, heap is locked" in caught.value.output
    assert file in caught.value.output  # the traceback names the file
    assert str(caught.value).startswith(f"{board}: ")


def test_the_real_firmware_is_counted_as_locked() -> None:
    """What the fills are judged by: each tick counted once, and every one of them ran locked."""
    result = fill.run(SECOND)
    for name, node in result["nodes"].items():
        ticks = 100 - (FIRST_ERASE_TICKS if name == "dispenser" else 0)
        assert (node["ticks"], node["locked_ticks"]) == (ticks, ticks)
