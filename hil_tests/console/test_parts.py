"""Parts of the serial port and of the console by themselves: stored parameters, a slow line, words, trend, terminal."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import serial
import serial.rfc2217

from hil_tests.auth.test_link_key import Fram as SmallFram
from host_tools.board_port import Port, PortError
from host_tools.console import port, trend, words
from host_tools.console.board import WATCHED_MAX, Board
from host_tools.console.screen import fold, wrapped
from host_tools.console.session import Answer
from host_tools.console.terminal import Terminal
from sim import tables

PARAMS = SimpleNamespace(
    PARAMS=(
        ("target_g", 0, 0, 200000, "g", "entry", ""),
        ("auth", 1, 0, 1, "1", "entry", ""),
        ("flow", 50, 10, 90, "g/s", "EJ", ""),
    )
)
FLOW = 2  # its place


class Fram(SmallFram):
    """An FM25 of 8 KiB whose next write is cut after `cut` bytes (-1: not)."""

    def __init__(self) -> None:
        super().__init__()
        self.n_bytes = 8192
        self.data = bytearray(8192)
        self.cut = -1

    def write(self, address: int, buf: bytes) -> None:
        """As board.nv.Fram, but for the cut."""
        super().write(address, buf if self.cut < 0 else buf[: self.cut])
        self.cut = -1


class TestStoredParameters:
    def test_a_cut_at_any_byte_leaves_the_value_before_or_after(self, core: Any) -> None:
        for cut in range(18):
            fram = Fram()
            for value in (11, 12, 13):
                assert core.params.Params(PARAMS, fram).set("flow", value) == ""
            fram.cut = cut
            params = core.params.Params(PARAMS, fram)
            params.set("flow", 14)
            after = core.params.Params(PARAMS, fram)
            assert after.get(FLOW) == (14 if cut > 11 else 13), cut
            assert not after.damaged
            assert after.set("flow", 15) == "" and core.params.Params(PARAMS, fram).get(FLOW) == 15

    def test_both_copies_damaged_means_defaults_and_says_so(self, core: Any) -> None:
        fram = Fram()
        for value in (11, 12):
            core.params.Params(PARAMS, fram).set("flow", value)
        for at in core.params.SLOTS:
            fram.data[at + 5] ^= 1
        params = core.params.Params(PARAMS, fram)
        assert params.damaged and params.get(FLOW) == 50

    def test_another_firmware_takes_what_it_knows_within_its_limits(self, core: Any) -> None:
        fram = Fram()
        params = core.params.Params(PARAMS, fram)
        params.set("flow", 80)
        params.set("target_g", 5000)
        rows = (("flow", 20, 10, 60, "", "", ""), PARAMS.PARAMS[0], ("new", 3, 0, 9, "", "", ""))
        other = SimpleNamespace(PARAMS=rows)
        found = core.params.Params(other, fram)
        assert found.values == [20, 5000, 3]

    def test_a_value_out_of_its_limits_changes_nothing(self, core: Any) -> None:
        fram = Fram()
        params = core.params.Params(PARAMS, fram)
        assert params.set("flow", 91) == "flow must be 10..90 g/s" and params.set("nope", 1) == "no parameter nope"
        assert not any(fram.data)


def test_who_did_what_is_kept_in_order_over_restarts_and_rounds(core: Any) -> None:
    fram = Fram()
    events = SimpleNamespace(now_ms=7000)
    for n in range(200):
        core.audit.Audit(fram, events).note(2, f"set target_g {n}")  # each after a restart
        kept = [line.split(" ", 3)[3] for line in core.audit.Audit(fram, events).lines()]
        assert kept == [f"set target_g {m}" for m in range(n, max(-1, n - 64), -1)]


@pytest.mark.parametrize("before", [0, 1, 63, 64, 65, 130])
def test_a_record_that_was_cut_is_left_out_and_written_over(core: Any, before: int) -> None:
    fram = Fram()
    events = SimpleNamespace(now_ms=0)
    for n in range(before):
        core.audit.Audit(fram, events).note(1, f"stop {n}")
    fram.cut = 9
    core.audit.Audit(fram, events).note(1, "lost")
    core.audit.Audit(fram, events).note(1, "reset")
    kept = [line.split(" ", 3)[3] for line in core.audit.Audit(fram, events).lines()]
    assert kept[:3] == ["reset", *(f"stop {n}" for n in range(before - 1, max(-1, before - 3), -1))]


class SlowPort:
    """A port that takes nothing while `shut`."""

    def __init__(self) -> None:
        self.shut = False
        self.given = b""
        self.taken: list[bytes] = []

    def read(self) -> bytes | None:
        given, self.given = self.given, b""
        return given or None

    def write(self, line: bytes) -> int:
        if self.shut:
            return 0
        self.taken.append(line)
        return len(line)


def test_a_line_that_takes_nothing_costs_an_answer_and_is_counted(core: Any) -> None:
    events = SimpleNamespace(now_ms=0)
    table = SimpleNamespace(ROLES=("view",), COMMANDS="\nlong 0 0 0 \tmany lines\nshort 0 0 0 \tone word\n")
    roles = SimpleNamespace(level=lambda: 0, may=lambda name, role: True, touch=lambda: None)
    slow = SlowPort()
    console = core.console.Console(slow, events, table, (), SimpleNamespace(public=0), roles, None)
    console.owners = (
        SimpleNamespace(do_long=lambda args: iter(["a", "b", "c"]), do_short=lambda args: ["word"]),
    )
    slow.shut = True
    slow.given = b"long\nshort\n"
    for tick in range(500):
        events.now_ms = tick * 10
        console.poll()
    assert console.dropped == 2 and not slow.taken
    slow.shut = False
    slow.given = b"short\n"
    for _ in range(3):
        console.poll()
    assert [line[:9] for line in slow.taken] == [b"=- OK wor"]


@pytest.mark.parametrize("node", ["dispenser", "tank"])
def test_every_trip_has_words_cause_and_remedy(node: str) -> None:
    for row in tables.trips(node).TRIPS:
        told = words.alarm(node, row[0])
        assert told.what and told.cause and told.action and told.reaction, row[0]
    assert set(words.ALARMS[node]) == {row[0] for row in tables.trips(node).TRIPS}


def test_a_trip_in_words() -> None:
    flame = [row[0] for row in tables.trips("dispenser").TRIPS].index("FLAME")
    lines = words.event_lines("dispenser", [1000, 2, flame, 0, 0, 0])
    assert lines[0].startswith("ALARM FLAME: flame detected (emergency shut-down)")
    assert lines[1].startswith("    cause:") and lines[2].startswith("    do:")
    assert words.event_lines("dispenser", [1000, 99, 99, 0, 0, 0]) != []  # of a firmware that we do not know


def test_events_name_signal_output_and_role() -> None:
    def told(node: str, kind: int, name: str, rows: Sequence[Sequence[object]], role: int, value: int) -> str:
        return words.event_lines(node, [1, kind, [row[0] for row in rows].index(name), role, 0, value])[0]

    trips, notes = tables.trips("dispenser").TRIPS, tables.port_notes().NOTES
    assert told("dispenser", 2, "SUPPLY_LOW", trips, 0, 1390).endswith("(stops the fill; PT101 1.39 bar)")
    assert told("dispenser", 2, "MASS_BALANCE", trips, 0, 3100).endswith("(stops the fill; BALANCE_G 3100)")
    assert told("dispenser", 2, "FLAME", trips, 0, 0).endswith("(emergency shut-down)")
    assert told("dispenser", 10, "move", notes, 2, 2) == "port: an output was moved by hand (output: XV104)"
    assert told("tank", 10, "login", notes, 2, 0) == "port: somebody has proved a role (technician)"


class TestTrend:
    RAMP = [(float(t), float(t)) for t in range(81)]

    def test_lowest_left_highest_right(self) -> None:
        lines = trend.draw("PT102", "bar", self.RAMP, 79, True)
        assert len(lines) == 9 and all(len(line) <= 79 for line in lines)
        assert lines[0].startswith("     80") and lines[7].lstrip().startswith("1")
        assert lines[0].rstrip().endswith("█") and lines[0].count("█") < lines[7].count("█")
        assert lines[8].endswith("PT102 bar, the last 80 s, now 80.0")

    def test_without_block_elements_and_without_change(self) -> None:
        lines = trend.draw("PT102", "bar", [(0.0, 5.0), (1.0, 5.0)], 79, False)
        assert "".join(lines).isascii() and "#" in lines[4] and "#" not in lines[3]
        assert trend.draw("PT102", "bar", [(0.0, 5.0)], 79, True) == ["PT102: no trend yet"]


def test_an_output_in_percent_and_an_input_are_shown_in_the_units_of_people() -> None:
    assert words.tag_row("dispenser", "FCV102 4550 cpct ok 4550") == {
        "tag": "FCV102", "value": 45.5, "unit": "%", "quality": "ok", "raw": 4550,
    }  # fmt: skip
    assert words.tag_row("tank", "PT201A 4010 mbar bad 19561")["value"] == 4.01  # type: ignore[index]


def test_events_before_the_node_is_known_are_told_in_its_own_words() -> None:
    told: list[str] = []
    board = Board("socket://127.0.0.1:1", told.append, lambda direction, text: None)
    crash = [row[0] for row in tables.trips("tank").TRIPS].index("CRASH")
    board._event([1000, 2, crash, 0, 0, 0])
    assert told == []
    board.session.ask = lambda command: Answer(command, True, "node=tank protocol=1")  # type: ignore[method-assign, assignment]
    assert board.introduce() and told[0].startswith("ALARM CRASH: crash switch open")


def test_the_oldest_watched_tag_makes_room() -> None:
    board = Board("socket://127.0.0.1:1", lambda line: None, lambda direction, text: None)
    board.node = "dispenser"
    assert not board.watch("PT201A")  # the truck's
    for tag in words.tags("dispenser")[: WATCHED_MAX + 1]:
        assert board.watch(tag)
    asked: list[str] = []
    board.session.ask = lambda command, tries: asked.append(command) or Answer(command, True, "")  # type: ignore
    for tag in board._watched:
        board._sample(tag)
    assert asked == [f"tags {tag}" for tag in words.tags("dispenser")[1 : WATCHED_MAX + 1]]


def test_a_long_line_breaks_between_words() -> None:
    assert wrapped("    cause: one two three", 18) == "    cause: one two\n        three"
    assert wrapped("short", 18) == "short"


def test_the_live_line_fits_its_terminal() -> None:
    assert fold(["aaaa", "bbbb", "cccc", "dddd"], 11, 2) == ["aaaa | bbbb", "cccc | dddd"]
    assert fold(["aaaa", "b" * 12, "cc"], 11, 2) == ["aaaa | cc"]


def test_the_terminal_keeps_what_a_real_one_shows() -> None:
    one = Terminal(10, 3)
    one.feed(b"abc\r\n\x1b[7mde\x1b[0mf\x1b[2D\x1b[Kx\x1b[6n")
    assert one.lines() == ["abc", "dx", ""] and one.answers == b"\x1b[2;3R"
    assert one.cells[1][0].reverse and not one.cells[1][1].reverse
    one.feed(b"\r\n1\r\n2\xe2\x96")
    one.feed(b"\x88\x1b[")
    one.feed(b"1mZ")
    assert one.lines() == ["dx", "1", "2█Z"] and one.scrolled == ["abc"] and one.cells[2][2].bold


class TestOpening:
    def test_dtr_and_rts_are_down_before_the_port_opens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[tuple[bool, bool, object]] = []

        class Watched(serial.Serial):  # type: ignore[misc]
            def open(self) -> None:
                seen.append((self.dtr, self.rts, self.exclusive))

        monkeypatch.setattr(serial, "serial_for_url", lambda url, do_not_open: Watched())
        port.open_port("/dev/ttyACM0")
        assert seen == [(False, False, True)]

    def test_a_port_that_another_program_has_is_refused_in_plain_words(self) -> None:
        master, slave = os.openpty()
        held = port.open_port(os.ttyname(slave))
        try:
            with pytest.raises(port.Away, match="busy: another program has the port"):
                port.open_port(os.ttyname(slave))
            with pytest.raises(PortError, match="busy: another program has the port"):
                Port(os.ttyname(slave))  # flash and doctor
        finally:
            held.close()
            os.close(slave)
            os.close(master)

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("socket://127.0.0.1", "socket://HOST:PORT is what it has to look like"),
            ("rfc2217://board", "rfc2217://HOST:PORT is what it has to look like"),
            ("/dev/null", "that is no serial port"),
            ("usb://x", "protocol 'usb' not known"),
        ],
    )
    def test_what_is_no_port_is_told_in_plain_words(self, url: str, says: str) -> None:
        with pytest.raises(port.Away, match=says):
            port.open_port(url)

    @pytest.mark.filterwarnings("ignore:set(Daemon|Name).. is deprecated:DeprecationWarning")
    def test_a_port_server_is_another_way_to_the_same_line(self) -> None:
        """rfc2217: a remote port server relays the line of a loop-back, and the console's lines come back whole."""
        import socket

        server = socket.create_server(("127.0.0.1", 0))
        loop = serial.serial_for_url("loop://", timeout=0.05)
        done = threading.Event()

        def serve() -> None:
            client, _ = server.accept()
            client.settimeout(0.05)
            sender = SimpleNamespace(write=client.sendall)
            manager = serial.rfc2217.PortManager(loop, sender)
            while not done.is_set():
                try:
                    data = client.recv(256)
                except TimeoutError:
                    data = b""
                loop.write(b"".join(manager.filter(data)))
                back = loop.read(loop.in_waiting or 1)
                if back:
                    client.sendall(b"".join(manager.escape(back)))
            client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        heard: list[str] = []
        line = port.Line(
            f"rfc2217://127.0.0.1:{server.getsockname()[1]}", heard.append, lambda here, why: None
        )
        try:
            line.start()
            line.send(b"#1 whoami*ABCD\r\n\xff\n")
            assert port.wait(lambda: len(heard) == 2, 10.0), heard
        finally:
            line.close()
            done.set()
            thread.join(5.0)
            server.close()
        assert heard[0] == "#1 whoami*ABCD"
