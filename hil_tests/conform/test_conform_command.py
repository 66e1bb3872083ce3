"""`cryofill conform` as a user runs it: exit codes, table, JSON, a real bus in real time, and a person at the peer."""

from __future__ import annotations

import io
import json
import threading
import time
from functools import cache
from typing import Any

import can
import pytest

from hil_tests.conform import mutants as m
from hil_tests.conform.replayed import PlayedPeer, Recording, record
from host_tools import cli, conform_command, link_e2e
from host_tools.conform import kit, tank_tests
from host_tools.conform.codec import codec
from host_tools.conform.player import Player
from host_tools.conform.port import BusError, RealPort, open_bus
from host_tools.conform.rules_table import DEEDS, RULES
from host_tools.conform.simulated import Tamper

LISTEN = next(test for test in tank_tests.TESTS if test.name == "listen")


@cache
def recording() -> Recording:
    """Return our tank, alone on the bus, for six seconds."""
    return record("tank", LISTEN)


def played(monkeypatch: pytest.MonkeyPatch, tamper: Tamper) -> None:
    """Let the command find the recorded tank, seen through a tamper."""
    peer = PlayedPeer(recording(), tamper)
    monkeypatch.setattr(conform_command, "_parties", lambda arguments: (peer, peer))


def test_a_peer_that_keeps_the_rules(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    played(monkeypatch, Tamper())
    assert cli.main(["conform", "--peer", "tank", "sim", "--test", "listen"]) == cli.EXIT_DONE
    out, err = capsys.readouterr()
    assert "pass F-CRC       the CRC fits the message's data id" in out.splitlines()
    assert out.splitlines()[-1].startswith("tank: 12 rules passed, 0 failed, ")
    assert "H-READY" not in out, "not asked for"
    assert err == "     0.0 s  listen\n"


def test_one_that_breaks_a_rule_is_shown_with_the_frame(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played(monkeypatch, m.Says("T_TEMP", m.set_to(level_pct=200)))
    assert cli.main(["conform", "--peer", "tank", "sim", "--test", "listen"]) == cli.EXIT_NOT_COMPLETE
    lines = capsys.readouterr().out.splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("FAIL F-RANGE"))
    assert lines[at + 1].strip() == "T_TEMP.level_pct: raw 200, highest 125"
    assert " link 18FF23A1#" in lines[at + 2] and lines[at + 2].endswith("C8")
    played(monkeypatch, m.Says("T_TEMP", m.set_to(level_pct=200)))
    assert cli.main(["conform", "--peer", "tank", "sim", "--test", "listen", "--json"]) == cli.EXIT_NOT_COMPLETE
    found = json.loads(capsys.readouterr().out)
    broken = [one for one in found["rules"] if one["verdict"] == "fail"]
    assert (found["peer"], found["failed"], [one["rule"] for one in broken]) == ("tank", 1, ["F-RANGE"])
    assert found["passed"] + found["failed"] + found["not_tested"] == len(found["rules"])


def test_our_own_board_through_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conform", "--peer", "tank", "sim", "--test", "own abort"]) == cli.EXIT_DONE
    assert "pass A-PERIOD" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("socketcand:127.0.0.1:1:link", "socketcand:127.0.0.1:1:link: no such bus: Connection refused"),
        ("socketcand:127.0.0.1", "socketcand:127.0.0.1: write socketcand:HOST:PORT:CHANNEL"),
        ("nothing:can0", 'nothing:can0: no such bus: Unknown interface type "nothing"'),
        ("sim --test tea", "--test tea: a tank has listen, session, "),
    ],
)
def test_bad_use_is_refused_in_one_line(words: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conform", "--peer", "tank", *words.split()]) == cli.EXIT_USAGE
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"cryofill conform: {line}")


class TestRealBus:
    """A python-can bus and the wall clock."""

    def test_a_tank_that_speaks_in_real_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kit, "LISTEN_MS", 2500)
        tank = can.Bus(interface="virtual", channel="conform")
        began = time.monotonic()

        def speak() -> None:
            for take in recording().takes:
                for seen in take.frames:
                    time.sleep(max(0.0, began + seen.t_us / 1e6 - 0.4 - time.monotonic()))
                    tank.send(can.Message(arbitration_id=seen.can_id, data=seen.data))

        speaker = threading.Thread(target=speak, daemon=True)
        port = RealPort(open_bus("virtual:conform", 500_000))
        speaker.start()
        nobody = conform_command.Person("tank", io.StringIO())
        found = {one.rule: one for one in kit.Kit("tank", port, nobody, codec()).run([LISTEN]).verdicts()}
        port.close()
        speaker.join()
        tank.shutdown()
        assert found.pop("T-CYCLE").verdict != "not tested"  # on a loaded machine this speaker is late itself
        assert [one for one in found.values() if one.verdict == "fail"] == []
        assert all(found[rule].verdict == "pass" for rule in ("F-CRC", *LISTEN.rules) if rule in found)

    def test_the_kit_speaks_on_time_and_with_right_headers(self) -> None:
        ear = can.Bus(interface="virtual", channel="kit")
        port = RealPort(open_bus("virtual:kit", 500_000))
        Player(port, codec(), "dispenser").run(450)
        port.close()
        found: list[Any] = []
        while (message := ear.recv(timeout=0)) is not None:
            found.append(message)
        ear.shutdown()
        assert not found.pop(0).is_extended_id, "wakes an adapter that only listens until it is used"
        status = [one for one in found if codec().by_id[one.arbitration_id].name == "D_STATUS"]
        assert 4 <= len(status) <= 5
        for one in found:
            assert link_e2e.is_right(bytes(one.data), codec().by_id[one.arbitration_id].data_id)
        assert [one.data[2] for one in status] == list(range(len(status)))

    def test_a_bus_that_goes_away_ends_the_command(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Gone:
            def send(self, message: Any, timeout: float) -> None:
                """Still there."""

            def recv(self, timeout: float) -> None:
                raise can.CanError("the adapter has gone")

            def shutdown(self) -> None:
                """Nothing left to do."""

        monkeypatch.setattr(conform_command, "open_bus", lambda text, bitrate: Gone())
        assert cli.main(["conform", "--peer", "tank", "x:y", "--test", "listen"]) == cli.EXIT_USAGE
        assert capsys.readouterr().err.splitlines()[-1] == (
            "cryofill conform: x:y: cannot receive: the adapter has gone"
        )

    def test_a_frame_that_cannot_be_sent_is_told(self) -> None:
        class Deaf:
            def send(self, message: Any, timeout: float) -> None:
                raise BrokenPipeError("gone")

        with pytest.raises(BusError, match="cannot send: gone"):
            RealPort(Deaf())


class TestPerson:
    """Somebody at the peer, or nobody."""

    def test_without_a_terminal_nobody_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
        out = io.StringIO()
        assert conform_command.Person("tank", out).do("couple") is False
        assert out.getvalue() == ""

    def test_with_one_they_are_told_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr("sys.stdin", Terminal("\n"))
        out = io.StringIO()
        person = conform_command.Person("tank", out)
        assert person.do("couple") is True
        assert out.getvalue() == "now seat the nozzle on the truck (brake set, ignition off), then press Enter: "
        assert person.do("release") is False, "the terminal has closed"

    def test_what_nobody_does_is_not_tested_and_says_why(self) -> None:
        peer = PlayedPeer(Recording((), (), recording().report), Tamper())
        session = next(test for test in tank_tests.TESTS if test.name == "session")
        found = {one.rule: one for one in kit.Kit("tank", peer, peer, codec()).run([session]).verdicts()}
        assert found["S-ADOPT"].verdict == "not tested"
        assert found["S-ADOPT"].detail == "session: nobody to do this at the peer: fresh"


def test_every_rule_is_decided_by_a_test_or_by_every_frame() -> None:
    for peer, tests in conform_command.TESTS.items():
        decided = {rule for test in tests for rule in test.rules}
        rules = {rule for rule, who, _ in RULES if who in (peer, "both")}
        assert decided <= rules
        assert {rule for rule in rules if not rule.startswith("F-")} == decided
        assert set(DEEDS[peer]) >= {"fresh", "couple"}
