"""What every test shares: one core per worker, fixed random examples, and no process left behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from hil_tests import spawn

SERVER = pytest.StashKey[spawn.Server]()

# Failed assertions of the shared checks show their values, as those in test files do. Here, because other folders use
# them too and whoever comes first imports them.
pytest.register_assert_rewrite(
    "hil_tests.faults.short_fill", "hil_tests.faults.reactions", "hil_tests.fills.runs", "hil_tests.replay.recordings"
)

# The same examples on every machine and every run; a slow shared machine is no failure.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Bind an xdist worker, and with it every rig and VM it starts, to one core: lockstep is fastest there."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker and getattr(config.option, "numprocesses", None):
        config.stash[SERVER] = spawn.Server()  # loads while the workers collect; they inherit its address
    if worker.startswith("gw") and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker[2:]) % len(cores)]})


# The files that take longest, longest first: what is left at the end is short, and no worker waits long for the other.
# (make test gives a file to one worker, in this order: --dist loadfile --no-loadscope-reorder.)
LONGEST = (
    "fills/test_scenarios.py",
    "invariants/test_bite.py",
    "board/test_flash.py",
    "fills/test_cold_fill.py",
    "fills/test_warm_topup.py",
    "faults/test_outcomes.py",
    "campaign/test_campaign_command.py",
    "fills/test_both_vms.py",
    "journal/test_restarts.py",
    "faults/test_reactions.py",
    "cli/test_fill_command.py",
    "replay/test_replay_fill.py",
    "fuzz/test_frames.py",
    "console/test_console.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others keep their order."""
    here = Path(__file__).parent
    gone = [name for name in LONGEST if not (here / name).exists()]
    if gone:
        raise pytest.UsageError(f"hil_tests/conftest.py: LONGEST names what is not there: {', '.join(gone)}")
    place = {here / name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the workers shared."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.close()


@pytest.fixture(scope="session")
def spawner(no_process_left: None) -> Iterator[None]:
    """Have hil_tests.spawn ready, here where no worker shares it."""
    with contextlib.ExitStack() as ends:
        if spawn.ADDRESS not in os.environ:
            ends.callback(spawn.Server().close)
        yield


def child_processes() -> set[int]:
    """Return the ids of this process's children; an empty set where /proc does not tell."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        found |= {int(word) for word in path.read_text(encoding="ascii").split()}
    return found


def running(pids: set[int]) -> set[int]:
    """Return those of the processes that still run (a zombie does not)."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """Fail the run when a test has left a process behind."""
    before = child_processes()
    yield
    left = child_processes() - before
    assert not left, f"processes left behind: {sorted(left)}"
