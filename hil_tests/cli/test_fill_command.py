"""`cryofill fill` as a user runs it: what is on which stream, exit codes, files, and nothing left running."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hil_tests import spawn
from hil_tests.conftest import running
from host_tools import cli, fill_command

pytestmark = pytest.mark.usefixtures("spawner")

# Ends after a few seconds of the purge: a run as short as a run can be.
SHORT = """
name = "short"
seed = 5
limit_s = 14.0
"""

RESULT_KEYS = {
    "outcome", "reason", "seed", "vm", "phases", "delivered_kg", "metered_kg", "returned_kg", "vented_kg", "tank",
    "peak_flow_kg_h", "invariants", "reactions", "faults", "speed", "nodes", "bus",
}  # fmt: skip


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the short scenario."""
    path = tmp_path_factory.mktemp("scenarios") / "short.toml"
    path.write_text(SHORT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def json_run(short: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Run the short scenario once with --json and --trace; return how it ended and the folder it ran in."""
    folder = tmp_path_factory.mktemp("json")
    command = [sys.executable, "-m", "host_tools", "fill", str(short), "--json", "--trace", "trace", "--seed", "9"]
    # Here in full as a user starts it; elsewhere forked, without the seconds that the property library takes to load.
    done = subprocess.run(command, cwd=folder, env=spawn.environment(), capture_output=True, text=True, check=False)
    return done, folder


class TestJson:
    """With --json stdout is the object and nothing else."""

    def test_stdout_is_one_object_with_every_field(self, json_run: tuple[Any, Path]) -> None:
        result = json.loads(json_run[0].stdout)
        assert set(result) >= RESULT_KEYS
        assert result["seed"] == 9
        assert result["speed"]["sim_s"] == 14.0

    def test_progress_is_on_stderr(self, json_run: tuple[Any, Path]) -> None:
        assert "SELFTEST" in json_run[0].stderr
        assert "Traceback" not in json_run[0].stderr

    def test_an_unfinished_fill_exits_with_3(self, json_run: tuple[Any, Path]) -> None:
        assert json_run[0].returncode == cli.EXIT_NOT_COMPLETE

    def test_no_picture_is_drawn(self, json_run: tuple[Any, Path]) -> None:
        assert list(json_run[1].glob("*.png")) == []

    def test_every_file_of_the_trace_is_there(self, json_run: tuple[Any, Path]) -> None:
        folder = json_run[1] / "trace"
        names = {path.name for path in folder.iterdir()}
        exchanges = {"dispenser.exchange", "tank.exchange"}
        assert names == {"link.log", "events.jsonl", "signals.csv", "result.json"} | exchanges
        assert json.loads((folder / "result.json").read_text()) == json.loads(json_run[0].stdout)
        assert len((folder / "signals.csv").read_text().splitlines()) == 141  # header, then each 100 ms of 14 s
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        assert any(one["kind"] == "STATE" and one["to"] == "PURGE" for one in events)
        assert " link 0CFF10D1#" in (folder / "link.log").read_text()


def test_for_people_there_is_a_ticket_and_a_picture(short: Path, tmp_path: Path) -> None:
    run = spawn.cryofill("fill", str(short), cwd=tmp_path)
    assert run.returncode == cli.EXIT_NOT_COMPLETE
    assert "DISPENSING TICKET" in run.stdout
    assert "NOT BILLABLE" in run.stdout
    assert "picture: cryofill-fill-short.png" in run.stdout
    assert (tmp_path / "cryofill-fill-short.png").read_bytes()[:4] == b"\x89PNG"


def test_realtime_keeps_to_the_clock(short: Path, tmp_path: Path) -> None:
    path = tmp_path / "one_second.toml"
    path.write_text(SHORT.replace("14.0", "1.0"), encoding="utf-8")
    run = spawn.cryofill("fill", str(path), "--realtime", "--json", cwd=tmp_path)
    assert json.loads(run.stdout)["speed"]["factor"] <= 1.1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the node processes")
def test_interrupted_it_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    words = ("-m", "host_tools", "fill", "warm_topup", "--realtime", "--no-picture")
    with spawn.Spawned(*words, cwd=tmp_path, env=spawn.environment()) as process:
        process.stdout.readline()  # the first state has ended: both nodes run
        nodes = {int(pid) for path in Path(f"/proc/{process.pid}/task").glob("*/children")
                 for pid in path.read_text(encoding="ascii").split()}  # fmt: skip
        assert len(nodes) >= 2
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == cli.EXIT_INTERRUPTED
    assert err.strip() == "cryofill fill: interrupted"
    for _ in range(50):
        if not running(nodes):
            break
        time.sleep(0.1)
    assert running(nodes) == set()


class TestExitCode:
    """What a result means for the exit code."""

    # fmt: off
    CASES = (
        # OUTCOME     UNMET       BROKEN          CODE
        ("complete",  [],         [],             0),
        ("stopped",   [],         [],             3),
        ("esd",       [],         [],             3),
        ("refused",   [],         [],             3),
        ("complete",  ["x"],      [],             3),
        ("complete",  [],         [{"id": "I1"}], 4),
        ("esd",       ["x"],      [{"id": "I1"}], 4),
    )
    # fmt: on

    @pytest.mark.parametrize(("outcome", "unmet", "broken", "code"), CASES)
    def test_code(self, outcome: str, unmet: list[str], broken: list[Any], code: int) -> None:
        result = {"outcome": outcome, "expect": {"unmet": unmet}, "invariants": {"broken": broken}}
        assert fill_command.exit_code(result) == code
