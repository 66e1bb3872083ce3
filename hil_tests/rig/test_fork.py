"""A copy of a rig that stands still goes on as the rig itself would have, to the byte, and leaves no process behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hil_tests.conftest import child_processes, running
from hil_tests.faults.short_fill import STAYS_S, TRUCK, Going, finish, going
from sim import fork
from sim.scenario import Fault

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="forks, and finds processes in /proc")

# One fault that acts on the world, and one that starts a board anew: a process that was not copied.
FAULTS = (
    Fault("dispenser", "reset", state="PURGE", after_s=0.5),
    Fault("world", "estop", state="SAFE_STOP", after_s=0.3),
)


class Digest:
    """An observer: all that went over the link, the boards' pipes and their serial ports, as one figure."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        self._sum.update(b"%d %x %s" % (t_us, can_id, data.hex().encode()))

    def on_exchange(self, t_ms: int, node: str, to_node: bool, packet: bytes) -> None:
        self._sum.update(b"%d %s %d" % (t_ms, node.encode(), to_node) + packet)

    def on_line(self, node: str, text: str) -> None:
        self._sum.update(f"{node} {text}".encode())

    def text(self) -> str:
        return self._sum.hexdigest()


def simulated(what: tuple[Going, Digest]) -> tuple[str, Any, str]:
    """Run to the end with FAULTS; return all of the result that is not of the host, the states, and the digest."""
    one, digest = what
    run = finish(one, FAULTS, 6.0, None, STAYS_S, True)
    of_the_host = ("speed", "nodes")
    result = {key: value for key, value in run.result.items() if key not in of_the_host}
    return json.dumps(result), run.watch.states, digest.text()


def raises(what: object) -> None:
    raise ValueError("no such thing")


def begun(forkable: bool) -> tuple[Going, Digest]:
    """Return a fill that has come to PURGE."""
    one, digest = going(TRUCK, forkable=forkable), Digest()
    one.fill.rig.observe(digest)
    one.fill.begin()
    one.fill.go_on(lambda: one.fill.rig.state["dispenser"] == "PURGE")
    return one, digest


@pytest.fixture(scope="module")
def snapshot() -> Iterator[fork.Snapshot]:
    """Return the fill as it stood at PURGE, long after the original has gone on and ended."""
    one, digest = begun(forkable=True)
    with fork.Snapshot(one.fill.rig, (one, digest)) as taken:
        with one.fill:
            one.fill.rig.run(50)
        yield taken


@pytest.fixture(scope="module")
def straight() -> tuple[str, Any, str]:
    """Return what a run shows that was never interrupted."""
    one, digest = begun(forkable=False)
    with one.fill:
        return simulated((one, digest))


def test_it_goes_on_as_if_never_interrupted(snapshot: fork.Snapshot, straight: tuple[str, Any, str]) -> None:
    states = [state.name for state in straight[1] if state.node == "dispenser"]
    assert states[-3:] == ["SELFTEST", "SAFE_STOP", "ESD"]
    assert snapshot.run(simulated) == straight


def test_as_often_as_wanted_and_after_a_failure(snapshot: fork.Snapshot, straight: tuple[str, Any, str]) -> None:
    with pytest.raises(fork.BranchFailure, match=r'(?s)in raises.*ValueError: no such thing'):
        snapshot.run(raises)
    assert snapshot.run(simulated) == straight


def boards(what: tuple[Going, Digest]) -> list[int]:
    """Return the processes of this copy: its own and its boards'."""
    processes = (slot.process.process for slot in what[0].fill.rig.slots.values())
    return [os.getpid(), *(one.pid for one in processes if one is not None)]


def frozen(what: tuple[Going, Digest]) -> str:
    """Stop a copied board's process; return how the rig tells it."""
    rig = what[0].fill.rig
    node = rig.slots["tank"].process
    node.stall_s = 0.2
    node._begin_watch(node.process)  # of the shorter time
    os.kill(boards(what)[2], signal.SIGSTOP)
    with pytest.raises(Exception, match="tank: stalled: no answer for 0.2 s") as caught:
        rig.run(100)
    return type(caught.value).__name__


def test_each_copy_has_boards_of_its_own_and_none_is_left(snapshot: fork.Snapshot) -> None:
    ours = child_processes()
    first, second = snapshot.run(boards), snapshot.run(boards)
    assert len(set(first + second)) == 6
    for _ in range(50):  # a copy answers just before it ends
        if not running({*first, *second}):
            break
        time.sleep(0.1)
    assert running({*first, *second}) == set()
    assert child_processes() == ours


def test_a_copied_board_that_stalls_is_told(snapshot: fork.Snapshot) -> None:
    assert snapshot.run(frozen) == "NodeFailure"


def test_closed_it_is_gone() -> None:
    before = child_processes()
    one, digest = begun(forkable=True)
    with one.fill:
        taken = fork.Snapshot(one.fill.rig, (one, digest))
    assert len(child_processes() - before) == 1
    taken.close()
    taken.close()
    assert child_processes() == before
    with pytest.raises(RuntimeError, match="closed"):
        taken.run(boards)


def test_cpython_is_refused() -> None:
    with pytest.raises(ValueError, match="only the packaged MicroPython"), going(TRUCK, vm="cpython").fill as one:
        fork.forkable(one.rig)
