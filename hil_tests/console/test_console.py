"""`cryofill console` as a user has it: typed into a terminal, in batch, and with the cable coming out."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.urlhandler import protocol_socket

from hil_tests import spawn
from hil_tests.console.bench import SERVICE_KEY, Bench, Cable, free_run
from hil_tests.console.typist import Typist
from host_tools.console import screen
from host_tools.console.session import Session, role_key

PULLS = 200
ANSWER_S = 0.05


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    """The dispenser of a running bench at the end of a cable."""
    with Bench() as bench, free_run(bench) as line:
        yield line


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "technician.key"
    path.write_text(role_key(SERVICE_KEY, "technician").hex() + "\n")
    return str(path)


class TestByHand:
    def test_a_session_key_by_key(self, cable: Cable, key_file: str, tmp_path: Path) -> None:
        log = tmp_path / "session.log"
        commissioning = tmp_path / "c"
        commissioning.write_text(role_key(SERVICE_KEY, "commissioning").hex() + "\n")
        with Typist(cable.url, "--role", "technician", "--key-file", key_file, "--log", str(log)) as me:
            me.see("dispenser IDLE")
            me.see("PT102 1.0")
            me.see("technician")
            assert all(len(line) <= 80 for line in me.screen.lines())
            me.type("tags PT10\r")
            me.see("PT107")
            assert re.search(r"PT102 +1\.01\d bar +raw +138\d\d", me.everything())
            me.type("whoa\t")
            me.see("> whoami")
            me.type("\r")
            me.see("technician proved")
            me.type("set target_g 47000\r")
            me.see("done")
            me.type("set leak_hold_ms 12000\r")
            me.see("refused: leak_hold_ms needs the role commissioning")
            me.type("help arm\r")
            me.see("say what is to move: answers with a code")
            me.type("trend TT102B\r")  # which is not on the live line
            me.see("TT102B: looked at every second from now on")
            me.type("trend TT999\r")
            me.see("no trend of TT999")
            me.wait(2.5)  # a trend has two samples, which come a second apart
            me.type("trend PT102 TT102B\r")
            me.see("PT102 bar, the last")
            me.see("TT102B K, the last")
            me.type("login commissioning\r")  # the board is not asked: a wrong proof more would count
            me.see("refused: the key given is the technician's: login commissioning <key file>")
            me.type(f"login commissioning {commissioning}\r")
            me.see("logged in as commissioning")
            me.type("alarms\r")
            me.see("no trip is active or latched")
            cable.bench.loops.closed["dispenser"].discard("FS101")
            me.see("ALARM FLAME: flame detected")
            me.see("do:    evacuate")
            assert "\x1b[1;31m" in me.raw.decode()
            cable.bench.loops.closed["dispenser"].add("FS101")
            me.type("state\r")
            me.see("ESD ESD nothing energised until reset")
            me.type("half a line\x03")
            me.type("quit\r")
            assert me.ended() == 0
        kept = log.read_text()
        assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} > set target_g 47000$", kept, re.M)

    def test_without_colour_and_by_ctrl_d(self, cable: Cable) -> None:
        with Typist(cable.url, colour=False) as me:
            me.see("view")
            me.type("reset\r")
            me.see("refused: needs the role operator: login")
            assert not re.search(rb"\x1b\[[\d;]*3[0-7]m|\x1b\[[\d;]*38;", me.raw)
            me.type("\x04")
            assert me.ended() == 0

    def test_on_a_terminal_without_a_cursor(self, cable: Cable) -> None:
        with Typist(cable.url, term="dumb") as me:
            me.see("Enter alone shows the")
            me.wait(2.5)
            me.type("tags PT10\r")
            me.see("PT105")
            rows = [line for line in me.screen.lines() if line.lstrip("> ").startswith("PT10")]
            assert len(rows) == 6 and all(line.startswith("PT10") for line in rows)  # the prompt comes behind them
            me.type("\r")
            me.see("PT102 1.0")
            assert b"\x1b[" not in me.raw
            me.type("quit\r")
            assert me.ended() == 0

    def test_ctrl_d_while_an_answer_is_waited_for_ends_it_after_that(self, cable: Cable) -> None:
        with Typist(cable.url) as me:
            me.see("view")
            cable.held = True
            me.type("trips\r")
            me.wait(0.5)
            me.type("\x04")
            cable.held = False
            assert me.ended() == 0

    def test_line_mode_is_never_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In it a Ctrl-D, pressed just when a line is written above the prompt, would be lost."""
        master, slave = os.openpty()
        with os.fdopen(slave) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            keys = screen.keyboard()
            with screen.keys_kept(), keys.raw_mode(), keys.cooked_mode():
                assert not termios.tcgetattr(stdin)[3] & termios.ICANON
            assert termios.tcgetattr(stdin)[3] & termios.ICANON
        os.close(master)

    def test_a_cable_that_comes_out_is_told_and_comes_back(self, cable: Cable) -> None:
        with Typist(cable.url) as me:
            me.see("dispenser")
            cable.pull_after(0)
            me.see("-- line lost:")
            me.see("-- line back after")
            me.type("whoami\r")
            me.see("view")
            me.type("\x03")
            assert me.ended() == 0


class TestBatch:
    def batch(self, url: str, commands: str, *words: str) -> tuple[int, list[dict[str, object]], str]:
        run = subprocess.run(
            [sys.executable, "-m", "host_tools", "console", url, "--batch", *words],
            input=commands, capture_output=True, text=True, env=spawn.environment(), cwd=spawn.ROOT, check=False,
        )  # fmt: skip
        return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr

    def test_one_object_a_command(self, cable: Cable, key_file: str) -> None:
        commands = "# a comment\n\nwait ESD 20\ntags PT102\nget vented_mbarg\nset target_g 5\n"
        code, said, err = self.batch(cable.url, commands, "-", "--role", "technician", "--key-file", key_file)
        assert [one["command"] for one in said] == ["wait ESD 20", "tags PT102", "get vented_mbarg", "set target_g 5"]
        assert [one["ok"] for one in said] == [True, True, True, False] and code == 3 and err == ""
        (row,) = said[1]["rows"]  # type: ignore[misc]
        assert row["tag"] == "PT102" and abs(row["value"] - 1.015) < 0.01 and row["unit"] == "bar"
        assert said[2]["words"] == "vented_mbarg 150 60 190 150 mbarg EJ"
        assert said[3]["error"] == "only in BOOT, SELFTEST, IDLE"

    def test_what_cannot_be_meant_is_refused_at_once_and_no_key_is_shown(self, cable: Cable) -> None:
        commands = f"wait FILING\ntags {'x' * 100}\nhelp \u00e9\nservice_key {'5a' * 31}\n"
        code, said, _ = self.batch(cable.url, commands)
        assert code == 3 and [one["ok"] for one in said] == [False] * 4
        assert str(said[0]["error"]).startswith("no state FILING of this board: BOOT ")
        assert str(said[1]["error"]).startswith("too long by ") and "ASCII" in str(said[2]["error"])
        assert said[3]["command"] == "service_key ..." and "5a5a" not in json.dumps(said)
        assert said[3]["t_s"] < 2.0  # type: ignore[operator]

    def test_all_done_is_exit_code_0(self, cable: Cable) -> None:
        code, said, _ = self.batch(cable.url, "whoami\nsleep 0.1\n")
        assert code == 0 and [one["ok"] for one in said] == [True, True]

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (("socket://127.0.0.1:1", "--batch"), "socket://127.0.0.1:1"),
            (("/dev/does-not-exist", "--batch"), "No such file"),
            (("/dev/null", "--batch", "/no/such/file"), "/no/such/file"),
            (("--batch",), "URL is missing"),
            (("/dev/null", "--key-file", "x"), "x: No such file"),
            (("/dev/null",), "no terminal here"),
        ],
    )
    def test_bad_usage_is_one_line(self, words: tuple[str, ...], reason: str) -> None:
        run = subprocess.run(
            [sys.executable, "-m", "host_tools", "console", *words], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, env=spawn.environment(), cwd=spawn.ROOT, check=False,
        )  # fmt: skip
        assert run.returncode == 2 and run.stdout == ""
        assert reason in run.stderr and run.stderr.count("\n") == 1

    def test_new_keys_are_for_their_owner_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "keys"
        command = [sys.executable, "-m", "host_tools", "console", "--new-keys", str(folder)]
        first = subprocess.run(command, capture_output=True, text=True, env=spawn.environment(), check=False)
        again = subprocess.run(command, capture_output=True, text=True, env=spawn.environment(), check=False)
        assert first.returncode == 0 and again.returncode == 2
        keys = {path.stem: bytes.fromhex(path.read_text().strip()) for path in folder.iterdir()}
        assert keys["technician"] == role_key(keys["service"], "technician")
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def pull(pulls: int, seed: int) -> None:
    """Set a parameter again and again while the cable comes out at random bytes: each is done once, in order."""
    rng = random.Random(seed)
    with Bench() as bench, free_run(bench, pause_s=0.0) as cable:
        rest = bench.outputs()
        lost = threading.Event()
        session = Session(cable.url, on_change=lambda here, why: lost.set() if not here else None)
        session.start()
        try:
            assert session.login("technician", role_key(SERVICE_KEY, "technician")).ok
            done = 0
            while cable.pulled < pulls:
                done += 1
                cable.pull_after(rng.randrange(1, 60))
                answer = session.ask(f"set target_g {done}", answer_s=ANSWER_S, tries=40)
                assert answer.ok, answer
            cable.pull_after(-1)
            kept = [line.split(" ", 3)[3] for line in session.ask("journal").lines if "set target_g" in line]
            wanted = [f"set target_g {n}" for n in range(done, 0, -1)]
            assert kept == wanted[: len(kept)] and len(kept) >= min(done, 50)
            assert session.ask("get target_g").words.split()[1] == str(done)
        finally:
            session.close()
        assert lost.is_set() and bench.outputs() == rest


def test_a_pulled_cable_loses_doubles_and_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    in_no_time = SimpleNamespace(**{**vars(time), "sleep": lambda s: None})
    monkeypatch.setattr(protocol_socket, "time", in_no_time)  # pyserial sleeps 0.3 s when it closes a socket
    pull(PULLS, seed=PULLS)
