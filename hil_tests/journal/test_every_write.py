"""The supply goes in every write to the dispenser's memory during one real fill, from the first boot to COMPLETE.

All cuts go on from copies of one fill. Still minutes, so it runs only when asked for, and tells where it is:

    pytest -m sweep -s hil_tests/journal/test_every_write.py

CRYOFILL_SWEEP_EVERY=10 takes every tenth write.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from hil_tests.faults.short_fill import TRUCK
from hil_tests.journal.restarts import OFF_S, Play, Restart, Step, judge, play
from sim import fill, fork
from sim.memory import NAMES, Operation
from sim.quick import SETTINGS, STEPS
from sim.scenario import Scenario

LIMIT_S: Final = 500.0
BOOT_MS: Final = 400  # writes up to here belong to the first boot, of which there is no copy
AHEAD_MS: Final = 30  # a copy is made so long before the first of its writes
SHARE_MS: Final = 1000  # and serves those of so long
CUT: Final = Step("BOOT", "cut", 0.0)


def arm(nth: int) -> Callable[[Any], None]:
    """Return what makes the dispenser's supply go in its nth write."""
    return lambda rig: rig.cut_at("dispenser", nth, OFF_S)


def cut_at_boot(write: Operation) -> None:
    """Cut a write of the first boot."""
    _, rig = play(CUT, limit_s=LIMIT_S, prepare=arm(write.n))
    assert rig.memory["dispenser"].cuts == 1


def go_on_with_a_cut(what: tuple[Any, Play], nth: int) -> None:
    """In a copy: cut the nth write from here, and see the board through."""
    rig, played = what
    played.steps = []
    played.restarts.append(Restart(rig.state["dispenser"], "cut", rig.t_s))
    rig.cut_at("dispenser", nth, OFF_S)
    ends_s = rig.t_s + LIMIT_S
    while not played.done and rig.t_s < ends_s:
        rig.tick()
    rig.invariants.finish(rig.t_s, rig)
    judge(played, rig, [CUT])
    assert rig.memory["dispenser"].cuts == 1


class Sweep:
    """Counts, tells how far it is, and gathers the failures."""

    def __init__(self, writes: Sequence[Operation]) -> None:
        self._writes = writes
        self._done = 0
        self._began_s = time.monotonic()
        self.failures: list[str] = []

    def one(self, write: Operation, cut: Callable[[], None]) -> None:
        """Do one cut."""
        name = f"write {write.n}, {NAMES[write.op]} in {write.state}"
        try:
            cut()
        except (AssertionError, fork.BranchFailure) as error:
            self.failures.append(f"{name}: {error}")
        self._done += 1
        left_s = (time.monotonic() - self._began_s) / self._done * (len(self._writes) - self._done)
        print(f"{name}: {self._done} of {len(self._writes)} done, {len(self.failures)} failed, "
              f"{left_s / 60:.0f} min left", file=sys.stderr, flush=True)  # fmt: skip


@pytest.mark.sweep
@pytest.mark.timeout(0)
def test_a_cut_in_every_write_of_a_real_fill() -> None:
    _, rig = play(Step("COMPLETE", after_s=3.0), limit_s=LIMIT_S)
    log = rig.memory["dispenser"].log
    assert len(log) > 150
    writes = log[:: int(os.environ.get("CRYOFILL_SWEEP_EVERY", "1"))]
    sweep = Sweep(writes)
    left = list(writes)
    while left and left[0].t_ms <= BOOT_MS:
        write = left.pop(0)
        sweep.one(write, lambda: cut_at_boot(write))  # noqa: B023
    scenario = Scenario(stem="restarts", name="restarts", seed=7, limit_s=LIMIT_S, truck=TRUCK)
    played = Play([Step("COMPLETE", after_s=3.0)])
    rig = fork.forkable(fill.build(scenario, fill.Options(settings=SETTINGS, steps=STEPS), [played]))
    with rig:
        fill.commission(rig, scenario, SETTINGS)
        while left:
            while rig.t_ms < left[0].t_ms - AHEAD_MS:
                rig.tick()
            so_far = len(rig.memory["dispenser"].log)
            with fork.Snapshot(rig, (rig, played)) as copy:
                last_ms = rig.t_ms + SHARE_MS
                while left and left[0].t_ms <= last_ms:
                    write = left.pop(0)
                    sweep.one(write, lambda: copy.run(go_on_with_a_cut, write.n - so_far))  # noqa: B023
    assert sweep.failures == []
