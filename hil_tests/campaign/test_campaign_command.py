"""`cryofill campaign` as a user runs it, in a copy of the checkout: on another machine, and with a broken firmware."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hil_tests import spawn
from hil_tests.conftest import running
from hil_tests.invariants.broken_firmware import broken_copy
from host_tools import campaign_command, cli
from sim import campaign, random_scenario

pytestmark = pytest.mark.usefixtures("spawner")

ROOT = Path(__file__).resolve().parents[2]
SEED = "3"
SHORT = ("--limit-s", "10")  # the nozzle is seated at 8 s

# The tank releases traction with the nozzle on: in its state and past the gate that would refuse it.
BROKEN = (
    ("tank/interlock_table.py", '("IM211", "unseated",', '("IM211", "",'),
    ("tank/state_table.py", '"REFUEL_READY", "- - - - - - - - O - -",', '"REFUEL_READY", "- - - - - - - - O O -",'),
)  # fmt: skip


class Checkout:
    """A copy of what runs, elsewhere, and the command in it."""

    def __init__(self, folder: Path, *edits: tuple[str, str, str]) -> None:
        self.folder = folder
        for name in ("sim", "host_tools"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        broken_copy(folder, *edits)

    def cryofill(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `cryofill words` here and return how it ended."""
        return spawn.cryofill(*words, cwd=self.folder, root=self.folder)

    def campaign(self, *words: str, seed: str = SEED, runs: int = 2) -> subprocess.CompletedProcess[str]:
        """Run a short campaign with --json."""
        return self.cryofill("campaign", "--runs", str(runs), "--seed", seed, *SHORT, "--json", *words)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout whose firmware breaks I9 as soon as a nozzle is seated."""
    return Checkout(tmp_path_factory.mktemp("broken"), *BROKEN)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout as it is."""
    return Checkout(tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="module")
def found(broken: Checkout) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Return how a campaign of two runs on the broken firmware ended, and its summary."""
    done = broken.campaign("--workers", "2", "--out", "out")
    return done, json.loads(done.stdout)


class TestBrokenInvariant:
    """What breaks is found, written down, and comes back from the command that is printed."""

    def test_it_exits_with_4_and_names_what_broke(self, found: tuple[Any, Any]) -> None:
        done, summary = found
        assert done.returncode == cli.EXIT_INVARIANT
        assert summary["failures"] == {"invariant": 2}
        assert summary["invariants"] == {"I9": 2}
        assert "run 1: INVARIANT BROKEN: I9 at " in done.stderr

    def test_the_printed_command_brings_it_back(self, broken: Checkout, found: tuple[Any, Any]) -> None:
        done, summary = found
        first = summary["failed"][0]
        assert f"    {first['command']}\n" in done.stderr
        assert first["command"] == "cryofill fill out/fail-000000.toml"
        again = broken.cryofill(*shlex.split(first["command"])[1:], "--json")
        assert again.returncode == cli.EXIT_INVARIANT
        told = [f"{one['id']} at {one['at_s']:.2f} s: {one['detail']}"
                for one in json.loads(again.stdout)["invariants"]["broken"]]  # fmt: skip
        assert "; ".join(told) == first["what"]

    def test_so_does_its_number_without_any_file(self, broken: Checkout, found: tuple[Any, Any]) -> None:
        words = argparse.Namespace(out=None, seed=3, limit_s=10.0, vm="micropython", no_hard_chain=False)
        command = campaign_command.reproduce(words, 1)
        assert command == "cryofill campaign --runs 1 --seed 3 --first 1 --limit-s 10"
        again = broken.cryofill(*shlex.split(command)[1:])
        assert again.returncode == cli.EXIT_INVARIANT
        assert found[1]["failed"][1]["what"] in again.stdout
        assert [path.name for path in broken.folder.glob("fail*")] == []

    @pytest.mark.parametrize(
        ("changed", "also"),
        [({"vm": "cpython"}, "--vm cpython"), ({"no_hard_chain": True}, "--no-hard-chain")],
        ids=["vm", "chain"],
    )
    def test_the_command_carries_what_else_decides_a_run(self, changed: dict[str, Any], also: str) -> None:
        given = {"out": "my out", "seed": 3, "limit_s": 1800.0, "vm": "micropython", "no_hard_chain": False}
        command = campaign_command.reproduce(argparse.Namespace(**{**given, **changed}), 12)
        assert command == f"cryofill fill 'my out/fail-000012.toml' {also}"


class TestFolder:
    """A folder is gone on with where it ends, and only by the campaign that it belongs to."""

    @pytest.fixture
    def folder(self, broken: Checkout, found: tuple[Any, Any], tmp_path: Path) -> Path:
        """Return a copy of the folder of the two runs."""
        return Path(shutil.copytree(broken.folder / "out", tmp_path / "out"))

    def test_what_is_done_is_not_done_again(self, broken: Checkout, folder: Path) -> None:
        before = (folder / "results.jsonl").read_text()
        done = broken.campaign("--out", str(folder))
        assert done.returncode == cli.EXIT_INVARIANT  # of the runs that are there already
        assert json.loads(done.stdout)["runs"] == 2
        assert (folder / "results.jsonl").read_text() == before

    def test_a_line_that_was_cut_off_is_run_again(self, broken: Checkout, folder: Path) -> None:
        lines = (folder / "results.jsonl").read_text().splitlines(keepends=True)
        (folder / "results.jsonl").write_text(lines[0] + lines[1][:40])
        done = broken.campaign("--out", str(folder))
        assert "1 of these runs are in" in done.stderr
        again = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
        first = [json.loads(line) for line in lines]
        for answer in again + first:
            del answer["wall_s"]
        assert again == first

    # fmt: off
    OTHERS = (
        # WORDS                     REASON
        (("--seed", "4"),           "holds a campaign with seed 3, not 4: --seed differs; name another folder"),
        (("--vm", "cpython"),       "holds a campaign with vm 'micropython', not 'cpython': --vm differs"),
        (("--limit-s", "11"),       "holds a campaign with limit_s 10.0, not 11.0: --limit-s differs"),
    )
    # fmt: on

    @pytest.mark.parametrize(("words", "reason"), OTHERS, ids=["seed", "vm", "limit"])
    def test_another_campaign_is_refused(
        self, words: tuple[str, ...], reason: str, broken: Checkout, folder: Path
    ) -> None:
        self.refused(broken.campaign("--out", str(folder), *words), folder, reason)

    def test_another_firmware_is_refused(self, healthy: Checkout, folder: Path) -> None:
        self.refused(healthy.campaign("--out", str(folder)), folder, "the firmware or the simulator")

    def test_a_folder_with_something_else_in_it_is_refused(self, healthy: Checkout, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("dear sir")
        self.refused(healthy.campaign("--out", str(tmp_path)), tmp_path, "not a campaign's folder")
        assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]

    @staticmethod
    def refused(done: subprocess.CompletedProcess[str], folder: Path, reason: str) -> None:
        """Assert a refusal in one line that names the folder."""
        assert done.returncode == cli.EXIT_USAGE
        assert done.stderr.startswith(f"cryofill campaign: --out {folder}: ")
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


CLUSTER = """
from distributed import LocalCluster

if __name__ == "__main__":
    # The worker in the scheduler's process, where the property library is loaded already; both speak TCP all the same.
    one = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "protocol": "tcp"}
    with LocalCluster(dashboard_address=None, **one) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""


@pytest.fixture(scope="module")
def scheduler(healthy: Checkout) -> Iterator[str]:
    """Yield the address of a cluster with one worker, which runs the healthy checkout."""
    (healthy.folder / "cluster.py").write_text(CLUSTER)
    environment = spawn.environment(healthy.folder)
    with spawn.Spawned("cluster.py", cwd=healthy.folder, env=environment, stdin=True) as process:
        yield process.stdout.readline().strip()
        process.communicate("\n", timeout=30)


class TestDask:
    """The same runs on a cluster; here a scheduler and a worker of this machine."""

    def test_the_cluster_gives_the_answers_of_this_process(
        self, healthy: Checkout, scheduler: str, tmp_path: Path
    ) -> None:
        done = healthy.campaign("--dask", scheduler, "--out", str(tmp_path / "out"))
        assert done.returncode == cli.EXIT_DONE, done.stderr
        answers = {}
        for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines():
            answer = json.loads(line)
            answers[answer.pop("index")] = answer
        for index in range(2):
            ours = campaign.run_one(random_scenario.text(3, index, 10.0), {})
            assert {**answers[index], "wall_s": 0} == {**ours, "wall_s": 0}
            assert ours["sim_s"] == 10.0

    def test_a_worker_with_other_code_is_refused(self, broken: Checkout, scheduler: str) -> None:
        done = broken.campaign("--dask", scheduler, runs=1)
        assert done.returncode == cli.EXIT_USAGE
        assert re.search(r"a worker runs other code \([0-9a-f]{16}, here [0-9a-f]{16}\)", done.stderr)

    def test_no_scheduler_is_one_line(self, healthy: Checkout) -> None:
        done = healthy.campaign("--dask", "nonsense://x", runs=1)
        assert done.returncode == cli.EXIT_USAGE
        assert done.stderr.startswith("cryofill campaign: --dask nonsense://x: no scheduler answers")
        assert done.stderr.count("\n") == 1

    def test_without_the_package_it_says_what_to_install(self, healthy: Checkout, tmp_path: Path) -> None:
        (tmp_path / "distributed.py").write_text("raise ImportError('not here')\n")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(healthy.folder)))}
        words = ("campaign", "--runs", "1", "--seed", "1", "--dask", "tcp://127.0.0.1:1")
        done = spawn.run("-m", "host_tools", *words, cwd=tmp_path, env=environment)
        assert done.returncode == cli.EXIT_USAGE
        assert "--dask needs the package distributed: pip install 'cryofill[dask]'" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the processes")
class TestInterrupted:
    """Ctrl-C ends every process and keeps what is done."""

    def test_it_leaves_no_process(self, healthy: Checkout, tmp_path: Path) -> None:
        words = ("campaign", "--runs", "9", "--seed", "1", "--workers", "2", "--out", str(tmp_path))
        environment = spawn.environment(healthy.folder)
        with spawn.Spawned("-m", "host_tools", *words, cwd=healthy.folder, env=environment) as process:
            below: set[int] = set()
            for _ in range(1200):
                below = descendants(process.pid)
                if len(below) >= 6:  # two workers with two boards each
                    break
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert len(below) >= 6
        assert process.returncode == cli.EXIT_INTERRUPTED
        assert err.strip() == "cryofill campaign: interrupted"
        assert f"0 of 9 runs are in {tmp_path}: the same command goes on there" in out
        for _ in range(50):
            if not running(below):
                break
            time.sleep(0.1)
        assert running(below) == set()


def descendants(pid: int) -> set[int]:
    """Return the processes below `pid`, as far as they can be seen now."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = {int(child) for child in path.read_text(encoding="ascii").split()}
        except OSError:
            continue
        found |= children.union(*(descendants(child) for child in children))
    return found


# fmt: off
USAGE = (
    # WORDS                                                        REASON
    (("--seed", "1"),                                              "--runs"),
    (("--runs", "5"),                                              "--seed"),
    (("--runs", "0", "--seed", "1"),                               "'0' is not an integer from 1"),
    (("--runs", "1", "--seed", "x"),                               "'x' is not an integer"),
    (("--runs", "1", "--seed", "1", "--limit-s", "0.5"),           "'0.5' is not a number of seconds"),
    (("--runs", "1", "--seed", "1", "--workers", "1", "--dask", "tcp://x"), "give one of them"),
)
# fmt: on


@pytest.mark.parametrize(("words", "reason"), USAGE)
def test_bad_usage_is_one_line(words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["campaign", *words]) == cli.EXIT_USAGE
    err = capsys.readouterr().err
    assert reason in err
    assert err.count("\n") == 1
