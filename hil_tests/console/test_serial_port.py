"""The serial port of the real firmware: lines, numbers, roles, moves, memory."""

from __future__ import annotations

import importlib
import random
from binascii import crc_hqx
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.auth.test_link_key import Fram
from hil_tests.console.bench import Bench
from host_tools.console.session import proof, role_key
from sim import tables

LINES = 100_000


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """A bench whose boards have a service key."""
    with Bench() as one:
        yield one


@pytest.fixture(autouse=True)
def _nobody_logged_in(bench: Bench) -> Iterator[None]:
    yield
    bench.key_on(False)
    bench.ask("logout")


def framed(text: str) -> bytes:
    body = text.encode()
    return b"#%s*%04X\n" % (body, crc_hqx(body, 0xFFFF))


class TestLines:
    def test_a_person_may_leave_out_number_and_crc_to_look(self, bench: Bench) -> None:
        assert bench.type("whoami").startswith("OK view")

    def test_not_to_change_anything(self, bench: Bench) -> None:
        assert bench.type("set target_g 5").startswith("ERR needs number and CRC")

    @pytest.mark.parametrize(
        "noise", [b"\xff\x00\x80~~", b"#12 set target", b"=5 OK*1234", b"\x03\x03\x04", b"x" * 500, b"#*#*#"]
    )
    def test_noise_before_a_line_does_no_harm(self, bench: Bench, noise: bytes) -> None:
        bench.rig.type_in("dispenser", noise + framed("990001 whoami"))
        assert bench.answer("990001", "dispenser", 20).startswith("OK view")
        bench.rig.replies["dispenser"].clear()

    @pytest.mark.parametrize(
        "line",
        [framed("991001 whoami")[:-4] + b"0000\n", b"#991001 whoami\n", b"991001 whoami*1234\n", b"#x whoami*0000\n"],
    )
    def test_a_bad_line_is_counted_and_nothing_else(self, bench: Bench, line: bytes) -> None:
        before = int(bench.ask("stats").partition("rejected=")[2].split()[0])
        heard = len(bench.rig.replies["dispenser"])
        bench.rig.type_in("dispenser", line)
        bench.rig.run(12)
        assert len(bench.rig.replies["dispenser"]) == heard
        assert int(bench.ask("stats").partition("rejected=")[2].split()[0]) == before + 1

    def test_the_same_command_again_is_answered_not_done(self, bench: Bench) -> None:
        assert bench.login("technician").startswith("OK")
        for _ in range(3):
            bench.rig.type_in("dispenser", framed("992001 set target_g 4711"))
            bench.rig.run(12)
        answers = [one for one in bench.rig.replies["dispenser"] if one.startswith("992001 ")]
        assert answers == ["992001 OK"] * 3
        assert journal(bench).count("set target_g 4711") == 1

    def test_every_command_of_the_table_is_there(self, bench: Bench) -> None:
        for node, letter in (("dispenser", "D"), ("tank", "T")):
            listed = []
            seq = str(bench.rig.command(node, "help"))
            bench.answer(seq, node, 60)
            listed = [one.split()[2] for one in bench.rig.replies[node] if one.startswith(f"{seq} + ")]
            assert listed == [row[0] for row in tables.serial().COMMANDS if letter in row[5]]
            for name in listed:
                assert "not on this board" not in bench.ask(name, node) or name in ("move", "stroke")

    def test_all_tags_with_raw_counts(self, bench: Bench) -> None:
        seq = str(bench.rig.command("dispenser", "tags"))
        assert bench.answer(seq, "dispenser", 100) == "OK lines=59"
        rows = [one.split()[2:] for one in bench.rig.replies["dispenser"] if one.startswith(f"{seq} + ")]
        io = tables.io("dispenser")
        assert [row[0] for row in rows] == [x[0] for x in (*io.AI, *io.DI, *io.DO, *io.AO, *io.CI)]
        found = next(row for row in rows if row[0] == "PT102")
        assert abs(int(found[1]) - 1015) < 10 and found[2:4] == ["mbar", "ok"]
        assert abs(int(found[4]) - 13850) < 25


def journal(bench: Bench, node: str = "dispenser") -> list[str]:
    """Return the words of the commands that are kept, newest first."""
    seq = str(bench.rig.command(node, "journal"))
    assert bench.answer(seq, node, 60).startswith("OK")
    lines = [one.split(" + ", 1)[1] for one in bench.rig.replies[node] if one.startswith(f"{seq} + ")]
    return [line.split(" ", 3)[3] for line in lines if "role=" in line]


class TestRoles:
    def test_a_proof_gives_the_role_and_no_more(self, bench: Bench) -> None:
        assert bench.ask("set target_g 1") == "ERR needs the role technician: login"
        assert bench.login("technician") == "OK technician"
        assert bench.ask("set target_g 1") == "OK"
        assert bench.ask("set leak_hold_ms 20001") == "ERR leak_hold_ms needs the role commissioning"
        assert bench.ask("key " + "5a" * 31 + "00") == "ERR needs the role commissioning: login"
        assert bench.ask("logout") == "OK"
        assert bench.ask("set target_g 2") == "ERR needs the role technician: login"

    def test_a_nonce_is_good_once(self, bench: Bench) -> None:
        nonce = bench.ask("login operator").partition("nonce=")[2]
        right = proof(role_key(bytes(range(32)), "operator"), bytes.fromhex(nonce))
        assert bench.ask(f"proof {right}") == "OK operator"
        assert bench.ask(f"proof {right}") == "ERR login first"

    def test_the_proof_of_one_role_is_not_that_of_another(self, bench: Bench) -> None:
        nonce = bench.ask("login commissioning").partition("nonce=")[2]
        assert bench.ask(f"proof {proof(role_key(bytes(range(32)), 'technician'), bytes.fromhex(nonce))}") == (
            "ERR wrong proof"
        )
        assert bench.login("technician") == "OK technician"

    def test_a_role_ends_by_itself(self, core: Any) -> None:
        told: list[int] = []
        events = SimpleNamespace(now_ms=5, put=lambda kind, note, *rest: told.append(note))
        fram = Fram()
        core.link_key.write(fram, bytes(range(32)), core.link_key.SERVICE)
        roles = core.roles.Roles(fram, events, ("view", "operator", "technician", "commissioning"))
        roles.load()
        nonce = bytes.fromhex(roles.do_login(["operator"])[0].partition("=")[2])
        assert roles.do_proof([proof(role_key(bytes(range(32)), "operator"), nonce)]) == ["operator"]
        for now_ms, level in ((599_000, 1), (600_004, 1), (600_006, 0)):
            events.now_ms = now_ms
            roles.look()
            assert roles.level() == level
        assert told == [core.roles.LOGIN, core.roles.TIMED_OUT]

    def test_a_nonce_grows_old(self, core: Any) -> None:
        events = SimpleNamespace(now_ms=0, put=lambda *event: None)
        fram = Fram()
        core.link_key.write(fram, bytes(range(32)), core.link_key.SERVICE)
        roles = core.roles.Roles(fram, events, ("view", "operator", "technician", "commissioning"))
        roles.load()
        nonce = bytes.fromhex(roles.do_login(["operator"])[0].partition("=")[2])
        events.now_ms = 15_000
        assert roles.do_proof([proof(role_key(bytes(range(32)), "operator"), nonce)]) == "login first"


class TestMoves:
    def test_armed_confirmed_and_back_by_itself(self, bench: Bench) -> None:
        bench.key_on()
        assert bench.login("technician") == "OK technician"
        rest = bench.outputs()
        assert bench.ask("move XV104 open") == "ERR moves an output: arm move ..., then confirm"
        code = bench.ask("arm move XV104 open 2").split()[1].removeprefix("code=")
        assert bench.outputs() == rest
        assert bench.ask(f"confirm {(int(code) + 1) % 10000:04d}") == "ERR wrong code: arm again"
        assert bench.ask(f"confirm {code}") == "ERR nothing is armed"
        code = bench.ask("arm move XV104 open 2").split()[1].removeprefix("code=")
        assert bench.ask(f"confirm {code}") == "OK move XV104 open 2"
        assert bench.outputs() == {**rest, "XV104": 1.0}
        bench.rig.run(210)
        assert bench.outputs() == rest
        assert f"confirm {code}" in journal(bench) and "arm move XV104 open 2" in journal(bench)

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ("move XV101 open", "interlock: XV101 needs"),
            ("move XV106 open", "interlock: XV106 needs seated locked"),
            ("move PT101 open", "no output of that name"),
            ("move XV104 ajar", "open or shut"),
            ("move XV104 open 61", "1..60 seconds"),
            ("move FCV102 101", "0..100 (%)"),
            ("stroke BL109", "no limit switches"),
            ("set target_g 1", "arm move <tag>"),
        ],
    )
    def test_what_is_refused_says_why_and_moves_nothing(self, bench: Bench, words: str, why: str) -> None:
        bench.key_on()
        bench.login("technician")
        rest = bench.outputs()
        assert bench.ask(f"arm {words}").startswith(f"ERR {why}")
        assert bench.outputs() == rest

    def test_not_without_the_key_and_not_once_it_is_turned(self, bench: Bench) -> None:
        bench.login("technician")
        assert bench.ask("arm move XV104 open") == "ERR only in MAINTENANCE"
        bench.key_on()
        rest = bench.outputs()
        code = bench.ask("arm move XV104 open 60").split()[1].removeprefix("code=")
        bench.ask(f"confirm {code}")
        assert bench.outputs() != rest
        bench.key_on(False)
        assert bench.outputs()["XV104"] == 0.0

    def test_a_stroke_is_timed_and_a_stuck_valve_found(self, bench: Bench) -> None:
        bench.key_on()
        bench.login("technician")
        for tag, stuck in (("XV103", False), ("XV104", True)):
            (bench.loops.stuck.add if stuck else bench.loops.stuck.discard)(tag)
            code = bench.ask(f"arm stroke {tag}").split()[1].removeprefix("code=")
            assert bench.ask(f"confirm {code}") == f"OK stroke {tag}"
            bench.rig.run(700)
        bench.loops.stuck.clear()
        opened = [event[2] for event in bench.events("stroke_opened")]
        assert 350 <= opened[0] <= 500 and opened[1] == -1
        assert 350 <= bench.events("stroke_shut")[0][2] <= 500


class TestReset:
    def test_a_reset_that_can_do_nothing_is_refused_and_not_kept(self) -> None:
        """Else the board would leave ESD by itself, valves moving, when the emergency stop is released."""
        with Bench(names=("dispenser",)) as bench:
            closed = bench.loops.closed["dispenser"]
            assert bench.login("operator") == "OK operator"
            closed -= {"HS101A", "ES102"}
            bench.rig.run(20)
            assert bench.rig.state["dispenser"] == "ESD"
            assert bench.ask("reset") == "ERR ESTOP_A still holds: end its cause first"
            closed.add("HS101A")
            bench.rig.run(20)
            assert bench.ask("reset") == "ERR valves have no power: safety relay ES102 is open"
            closed.add("ES102")
            bench.rig.run(200)
            assert bench.rig.state["dispenser"] == "ESD"
            assert bench.ask("reset") == "OK"
            bench.rig.run(200)
            assert bench.rig.state["dispenser"] != "ESD"

    @pytest.mark.parametrize(
        ("node", "guard", "lacking"),
        [("dispenser", "esd_reset", "ES102"), ("dispenser", "lockout_reset", "KS101"), ("tank", "trip_reset", "")],
    )
    def test_what_was_asked_is_forgotten_when_it_cannot_be_done(
        self, core: Any, node: str, guard: str, lacking: str
    ) -> None:
        sequence = importlib.import_module(f"{node}.sequence")
        tags = importlib.import_module(f"generated.{node}_tags")
        made = sequence.Sequence.__new__(sequence.Sequence)
        made.reset_asked, made._reset_ms = True, 0
        made._image = SimpleNamespace(di=[0] * 64)
        made._trips = SimpleNamespace(first=-1, reset=lambda: True)
        assert not getattr(made, guard)()
        if lacking:
            made._image.di[getattr(tags, lacking)] = 1
        made._trips.first = 3
        assert not getattr(made, guard)()
        made.reset_asked = True
        assert getattr(made, guard)()


def test_a_board_without_the_boot_stage_does_not_restart_for_the_loader(bench: Bench) -> None:
    """As those of `cryofill rig`: they would start again, and `cryofill flash` would wait for nothing."""
    assert bench.login("technician") == "OK technician"
    assert bench.ask("loader") == "ERR no boot stage here: this board cannot be flashed"
    bench.rig.run(50)
    assert bench.rig.slots["dispenser"].resets == 0


class TestMemory:
    def test_what_was_set_survives_a_reset(self, bench: Bench) -> None:
        bench.login("commissioning")
        assert bench.ask("set leak_hold_ms 12345") == "OK" and bench.ask("set target_g 45000") == "OK"
        bench.rig.reset("dispenser")
        bench.rig.run(200)
        assert bench.ask("get leak_hold_ms").split()[2] == "12345"
        assert bench.ask("get target_g").split()[2] == "45000"
        assert bench.ask("whoami").startswith("OK view")

    def test_a_save_that_was_cut_leaves_the_one_before(self) -> None:
        with Bench(service_key=None) as bench:
            assert bench.ask("set target_g 1000") == "OK"
            bench.rig.cut_at("dispenser", 1)
            bench.rig.command("dispenser", "set target_g 2000")
            bench.rig.run(300)
            assert bench.memory["dispenser"].cuts == 1
            assert bench.ask("get target_g").split()[2] in ("1000", "2000")
            assert bench.ask("set target_g 3000") == "OK"


def fuzzed(rng: random.Random, n: int, names: list[str]) -> bytes:
    """Return a line: right, without its frame, random, cut, with a wrong byte, or behind the end of another."""
    words = f"{n} {rng.choice(names)} {rng.choice(['XV104 open', 'target_g 5', 'all', '9' * 12, chr(7), '-1'])}"
    line = framed(words) if rng.random() < 0.7 else words.split(" ", 1)[1].encode() + b"\n"
    kind = rng.randrange(5)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 60)) + b"\n"
    if kind == 1:
        return line[: rng.randrange(len(line))]
    if kind == 2:
        at = rng.randrange(len(line))
        return line[:at] + bytes([rng.randrange(256)]) + line[at + 1 :]
    return line[rng.randrange(len(line)) :] + line if kind == 3 else line


def judged(bench: Bench) -> int:
    """Return how many lines the dispenser has answered or refused: all but those that it had no room for."""
    answered = sum(one.split(" ", 2)[1] in ("OK", "ERR") for one in bench.rig.replies["dispenser"])
    return answered + int(bench.ask("stats", ticks=300).partition("rejected=")[2].split()[0])


def test_fuzzed_lines_move_nothing_and_leave_nothing() -> None:
    """About as fast as the board takes them; at times faster, so that it has to drop some of a line."""
    rng = random.Random(5)
    names = [row[0] for row in tables.serial().COMMANDS]
    with Bench(names=("dispenser",)) as bench:
        bench.key_on()
        slot, rest = bench.rig.slots["dispenser"], bench.outputs()
        figures = []
        typed = 0
        while judged(bench) < LINES:
            for _ in range(LINES // 8):
                typed += 1
                bench.rig.type_in("dispenser", fuzzed(rng, typed, names))
                if typed % 4 == 0:
                    for _ in range(5):
                        bench.rig.tick()
                        assert bench.outputs() == rest
            figures.append(slot.heap_peak_b)
        assert bench.outputs() == rest and bench.rig.state["dispenser"] == "MAINTENANCE"
        assert slot.resets == 0 and bench.ask("whoami").startswith("OK")
        bench.rig.run(3100)  # the heap is measured every 3000 ticks
        assert slot.heap_peak_b - figures[0] < 4096, f"the heap grows: {figures}, {slot.heap_peak_b}"
