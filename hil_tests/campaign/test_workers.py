"""The pool: a worker that dies or stands still costs its own run and nothing else, and none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

import pytest

from sim import campaign, workers

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the stand-in for a run reaches the workers by fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def stand_in(text: str, options: Any) -> dict[str, Any]:
    """Do what the text says instead of running it."""
    if text == "die":
        os._exit(3)
    if text == "stand":
        time.sleep(60.0)
    return {"status": "ended", "text": text, "core": os.environ["CRYOFILL_CORE"]}


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "run_one", stand_in)
    monkeypatch.setattr(workers, "GRACE_S", 0.5)


def answers(pool: workers.Workers, *texts: str) -> dict[int, dict[str, Any]]:
    """Run the texts and return each one's answer."""
    return dict(pool.run(enumerate(texts), {"timeout_s": 0.5}))


def test_all_are_answered_each_worker_on_its_own_core() -> None:
    with workers.Pool(2) as pool:
        found = answers(pool, *"abcdefgh")
    assert [found[i]["text"] for i in range(8)] == list("abcdefgh")
    assert {one["core"] for one in found.values()} <= {"0", "1"}
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_is_replaced() -> None:
    with workers.Pool(1) as pool:
        found = answers(pool, "a", "die", "b")
    assert (found[0]["text"], found[2]["text"]) == ("a", "b")
    assert (found[1]["status"], found[1]["reason"]) == ("internal", "worker: its process ended with exit code 3")


def test_a_worker_that_stands_still_is_ended_and_replaced() -> None:
    with workers.Pool(1) as pool:
        found = answers(pool, "stand", "b")
    assert (found[0]["status"], found[0]["reason"]) == ("timeout", "worker: no answer for 1 s")
    assert found[1]["text"] == "b"
    assert multiprocessing.active_children() == []


def test_leaving_it_early_leaves_no_process() -> None:
    with workers.Pool(2) as pool:
        for _ in pool.run(enumerate(["a", "stand", "stand"]), {"timeout_s": 60.0}):
            break
    assert multiprocessing.active_children() == []


def test_one_that_is_ended_while_it_starts_ends_by_itself() -> None:
    """A forked worker has our handlers until it has its own: with those it would go on in our place."""

    def ours(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ours)
    codes = set()
    try:
        for _ in range(10):
            with workers.Pool(2) as pool:
                processes = [worker.process for worker in pool._workers]
            codes |= {process.exitcode for process in processes}
    finally:
        signal.signal(signal.SIGTERM, before)
    assert codes == {0}
