"""`cryofill rig`: time, control socket, serial ports, and an end that leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from binascii import crc_hqx
from pathlib import Path
from typing import Any

import pytest

from hil_tests import spawn
from hil_tests.live.conftest import LiveRig

pytestmark = pytest.mark.usefixtures("spawner")


class TestTime:
    def test_time_stands_until_it_is_asked_for(self, rig: LiveRig) -> None:
        before_s = rig.get("t_s")
        time.sleep(0.3)
        assert rig.get("t_s") == before_s

    def test_run_until_a_time(self, rig: LiveRig) -> None:
        goal_s = round(rig.get("t_s") + 1.5, 2)
        answer = rig.ask(run_until={"t_s": goal_s}, id=7)
        assert (answer["ok"], answer["t_s"], answer["id"]) == (True, goal_s, 7)

    def test_a_state_that_does_not_come_ends_at_the_limit(self, rig: LiveRig) -> None:
        limit_s = round(rig.get("t_s") + 0.5, 2)
        answer = rig.ask(run_until={"state": "FILL", "limit_s": limit_s})
        assert not answer["ok"] and "limit_s" in answer["error"] and answer["t_s"] == limit_s

    def test_requests_behind_a_run_until_wait_for_it(self, rig: LiveRig) -> None:
        goal_s = round(rig.get("t_s") + 0.5, 2)
        rig._socket.sendall(b'{"run_until": {"t_s": %.2f}}\n{"get": "t_s"}\n' % goal_s)
        assert json.loads(rig._lines.readline())["ok"]
        assert json.loads(rig._lines.readline())["values"]["t_s"] == goal_s


class TestControl:
    def test_measured_commanded_and_true(self, rig: LiveRig) -> None:
        values = rig.ask(get=["PT105", "PT105.true", "XV103.cmd", "state.tank", "ZS104", "world.brake"])[
            "values"
        ]
        assert abs(values["PT105"] - values["PT105.true"]) < 0.01
        assert values["XV103.cmd"] == 0.0 and values["state.tank"] == "PARK"
        assert values["ZS104"] == 1 and values["world.brake"] is True

    def test_set_changes_what_the_board_sees(self, rig: LiveRig) -> None:
        assert rig.ask(set={"in_holster": False})["ok"]
        rig.run_for(0.1)
        assert rig.get("ZS104") == 0
        assert rig.ask(set={"in_holster": True})["ok"]

    def test_a_button_springs_back(self, rig: LiveRig) -> None:
        assert rig.ask(press="PB102")["ok"]
        rig.run_for(0.1)
        assert rig.get("PB102") == 1
        rig.run_for(0.5)
        assert rig.get("PB102") == 0

    def test_a_fault_begins_now_and_ends(self, rig: LiveRig) -> None:
        assert rig.ask(fault={"target": "PT101", "kind": "off", "for_s": 0.5})["ok"]
        rig.run_for(0.1)
        assert rig.get("PT101") is None
        rig.run_for(0.6)
        assert rig.get("PT101") is not None

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("nonsense", "not a JSON object"),
            ("[1]", "not a JSON object"),
            ("{}", "one of get, set, fault, press, run_until"),
            ('{"get": "t_s", "set": {}}', "one of get, set"),
            ('{"open": "XV103"}', "one of get, set"),
            ('{"get": "PT1022"}', "did you mean PT102"),
            ('{"get": 5}', "a name or a list"),
            ('{"set": {"brakes": true}}', "did you mean brake"),
            ('{"set": {"brake": 1}}', "must be true or false"),
            ('{"set": {"helium_bar": NaN}}', "must be a number"),
            ('{"set": {"brake": false, "helium_bar": -1}}', "outside"),
            ('{"press": "PB103"}', "PB101, PB102, HS101"),
            ('{"fault": {"target": "PT102", "kind": "of"}}', "did you mean off"),
            ('{"fault": {"target": "PT102", "kind": "offset"}}', "value"),
            ('{"run_until": {"state": "FIL"}}', "did you mean FILL"),
            ('{"run_until": {"t_s": 0}}', "outside"),
            ('{"run_until": {}}', "write"),
        ],
    )
    def test_a_wrong_request_is_refused_and_changes_nothing(
        self, rig: LiveRig, line: str, words: str
    ) -> None:
        before = rig.ask(get=["t_s", "world.brake", "world.helium_bar"])["values"]
        answer = rig.send(line)
        assert not answer["ok"] and words in answer["error"] and "\n" not in answer["error"]
        assert rig.ask(get=["t_s", "world.brake", "world.helium_bar"])["values"] == before


class TestSerialPort:
    def test_a_command_typed_into_the_terminal_is_answered_there(self, rig: LiveRig) -> None:
        terminal = os.open(rig.ports["console"]["tank"], os.O_RDWR | os.O_NOCTTY)
        try:
            rig.run_for(0.1)  # the rig sees that the port is open
            os.write(terminal, b"#77 get target_g*%04X\n" % crc_hqx(b"77 get target_g", 0xFFFF))
            time.sleep(0.1)
            rig.run_for(1.0)
            said = os.read(terminal, 4096)
        finally:
            os.close(terminal)
        assert b"=77 OK target_g 85000 0 163800 0 g entry*" in said

    def test_a_port_that_nobody_reads_stops_nothing(self, rig: LiveRig) -> None:
        rig.run_for(5.0)
        assert rig.get("state.dispenser") == "IDLE"


def consoled(path: str) -> list[dict[str, Any]]:
    """Return what `cryofill console` at that terminal answers, logged in with the published key."""
    run = subprocess.run(
        [sys.executable, "-m", "host_tools", "console", path, "--batch", "--role", "technician"],
        input="whoami\nversions\n", capture_output=True, text=True, env=spawn.environment(), check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_in_real_time_it_keeps_pace_and_leaves_nothing_behind() -> None:
    live = LiveRig("--realtime")
    try:
        pids = live.children()
        assert len(pids) == 2
        start_s, began_s = live.get("t_s"), time.perf_counter()
        time.sleep(2.0)
        passed_s, wall_s = live.get("t_s") - start_s, time.perf_counter() - began_s
        assert passed_s <= wall_s + 0.05
        values = live.ask(get=["t_s", "lateness"])["values"]
        assert values["lateness"]["ticks"] == round((values["t_s"] - 0.02) * 100)
        said = [consoled(live.ports["console"][node]) for node in ("dispenser", "tank")]
        code, words = live.stop()
    finally:
        live.kill()
    for node, answers in zip(("dispenser", "tank"), said, strict=True):
        assert [one["ok"] for one in answers] == [True, True], answers
        assert answers[0]["words"] == "technician proved" and answers[1]["values"]["node"] == node
    assert code == 0 and "lateness of" in words and "% of one core" in words
    assert re.search(r"link: \d+ frames, 0 error frames, load \d.\d\d %, busiest second", words), words
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not Path(live.ports["console"]["tank"]).exists()


def test_an_output_is_moved_by_hand_on_a_rig_in_maintenance() -> None:
    live = LiveRig("--maintenance")
    try:
        live.run_for(12.0)
        assert live.get("state.dispenser") == "MAINTENANCE" and live.get("XV104.cmd") == 0
        console = subprocess.Popen(
            [sys.executable, "-m", "host_tools", "console", live.ports["console"]["dispenser"], "--batch",
             "--role", "technician"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=spawn.environment(),
        )  # fmt: skip
        assert console.stdin is not None and console.stdout is not None
        console.stdin.write("arm move XV104 open 60\nconfirm\n")
        console.stdin.close()
        while console.poll() is None:
            live.run_for(0.2)
        said = [json.loads(line) for line in console.stdout]
        console.stdout.close()
        assert [one["ok"] for one in said] == [True, True], said
        live.run_for(1.0)  # its stroke
        assert live.get("XV104.cmd") == 1 and live.get("XV104.true") == 1.0
    finally:
        live.kill()


def test_a_terminated_rig_ends_as_after_ctrl_c() -> None:
    live = LiveRig()
    pids: list[int] = []
    try:
        pids = live.children()
        code, words = live.stop(signal.SIGTERM)
    finally:
        live.kill()
    assert code == 0 and "stopped at" in words
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--can-port", "70000"], "70000"),
        (["no_such_scenario"], "no such scenario"),
    ],
)
def test_bad_usage_is_one_line(words: list[str], reason: str) -> None:
    run = spawn.cryofill("rig", *words)
    assert run.returncode == 2 and run.stdout == ""
    assert reason in run.stderr and run.stderr.count("\n") == 1


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = spawn.cryofill("rig", "--can-port", str(port))
    assert run.returncode == 2 and f"--can-port {port}" in run.stderr and run.stdout == ""
