"""The supply goes in every write to the dispenser's memory during one real fill, from the first boot to COMPLETE.

Takes a quarter of an hour and more, so it runs only when asked for, and tells how far it is:

    pytest -m sweep -s hil_tests/journal/test_every_write.py

CRYOFILL_SWEEP_EVERY=10 takes every tenth write.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from hil_tests.journal.restarts import Step, play
from sim.memory import NAMES

LIMIT_S = 500.0


def arm(nth: int) -> Callable[[Any], None]:
    """Return what makes the dispenser's supply go in its nth write."""
    return lambda rig: rig.cut_at("dispenser", nth, 0.5)


@pytest.mark.sweep
@pytest.mark.timeout(0)
def test_a_cut_in_every_write_of_a_real_fill() -> None:
    _, rig = play(Step("COMPLETE", after_s=3.0), limit_s=LIMIT_S)
    log = rig.memory["dispenser"].log
    assert len(log) > 150
    step = int(os.environ.get("CRYOFILL_SWEEP_EVERY", "1"))
    failures = []
    began = time.monotonic()
    for done, write in enumerate(log[::step]):
        try:
            _, cut = play(Step("BOOT", "cut", 0.0), limit_s=LIMIT_S, prepare=arm(write.n))
            assert cut.memory["dispenser"].cuts == 1
        except AssertionError as error:
            failures.append(f"write {write.n} ({NAMES[write.op]} in {write.state}): {error}")
        spent_s = time.monotonic() - began
        left_s = spent_s / (done + 1) * (len(log[::step]) - done - 1)
        print(
            f"write {write.n} of {len(log)}, {NAMES[write.op]} in {write.state}: {len(failures)} failed, "
            f"{left_s / 60:.0f} min left", file=sys.stderr, flush=True,
        )  # fmt: skip
    assert failures == []
