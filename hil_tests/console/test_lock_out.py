"""Wrong proofs at the serial port: lock-outs, and that no restart gives anybody a try more."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import pytest

from hil_tests.auth.test_link_key import Fram
from hil_tests.console.bench import SERVICE_KEY, Bench
from host_tools.console.session import proof, role_key
from sim.memory import FRAM_WRITES

NAMES: Final = ("view", "operator", "technician", "commissioning")
RECORD: Final = slice(-192, -188)
WRONG: Final = "00" * 16
LONGEST_S: Final = 1920
BOOT_TICKS: Final = 150


class SupplyLostError(Exception):
    """The supply went in the middle of a write."""


class CutFram(Fram):
    """A FRAM in whose nth write from now the supply goes after `keeps` bytes; `writes` are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self._cut_in = self._keeps = 0

    def cut(self, nth: int, keeps: int) -> None:
        self._cut_in, self._keeps = nth, keeps

    def write(self, address: int, buf: bytes) -> None:
        """As board.nv.Fram."""
        self.writes += 1
        self._cut_in -= 1
        if self._cut_in == 0:
            super().write(address, buf[: self._keeps])
            raise SupplyLostError
        super().write(address, buf)


class Board:
    """Roles of a board with a service key, under CPython; `start` is a restart."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self.fram = CutFram()
        core.link_key.write(self.fram, SERVICE_KEY, core.link_key.SERVICE)
        self.told: list[tuple[int, int]] = []  # (note, value)
        self.start()

    def start(self) -> None:
        self.events = SimpleNamespace(now_ms=0, put=lambda kind, note, role, to, value: self.told.append((note, value)))
        self.roles = self._core.roles.Roles(self.fram, self.events, NAMES)
        self.roles.load()

    def wait(self, s: float) -> None:
        self.events.now_ms += round(s * 1000)
        self.roles.look()

    def locked_s(self) -> int:
        """Return for how long nobody can log in, as the board says, 0: it gives a nonce."""
        answer = self.roles.do_login(["operator"])
        return 0 if isinstance(answer, list) else int(answer.removeprefix("locked out for ").removesuffix(" s"))

    def prove(self, *, right: bool) -> Any:
        nonce = bytes.fromhex(self.roles.do_login(["operator"])[0].partition("=")[2])
        return self.roles.do_proof([proof(role_key(SERVICE_KEY, "operator"), nonce) if right else WRONG])

    def counted(self) -> tuple[int, int]:
        """Return (lock-outs, wrong proofs) that a restart finds."""
        return self.roles._locks, self.roles._wrong

    def reach(self, locks: int, wrong: int) -> None:
        """Give wrong proofs until so many stand."""
        while self.counted() != (locks, wrong):
            assert self.prove(right=False) == "wrong proof"
            if self.locked_s() and (locks, wrong) != self.counted():
                self.wait(self.locked_s())


@pytest.fixture
def board(core: Any) -> Board:
    return Board(core)


class TestCounts:
    def test_each_lock_out_is_twice_as_long_up_to_32_minutes(self, board: Board) -> None:
        told = []
        for _ in range(7):
            for _ in range(3):
                assert board.prove(right=False) == "wrong proof"
            told.append(board.locked_s() - 1)
            board.start()  # it begins anew, for its full time
            assert board.locked_s() - 1 == told[-1]
            board.wait(told[-1] - 0.001)
            assert board.locked_s() == 1
            board.wait(0.001)
            assert board.locked_s() == 0
            board.start()  # and once it is over it stays over
            assert board.locked_s() == 0
        assert told == [60, 120, 240, 480, 960, LONGEST_S, LONGEST_S]

    def test_a_lock_out_that_a_restart_finds_is_told(self, board: Board, core: Any) -> None:
        board.reach(2, 3)
        board.told.clear()
        board.start()
        assert board.told == [(core.roles.LOCKED_OUT, 120)]

    def test_a_right_proof_clears_them_for_good(self, board: Board) -> None:
        board.reach(3, 2)
        assert board.prove(right=True) == ["operator"]
        board.start()
        assert board.counted() == (0, 0)

    def test_a_try_costs_one_write_and_a_right_one_two(self, board: Board) -> None:
        for right, writes in ((False, 1), (True, 2)):
            before = board.fram.writes
            board.prove(right=right)
            assert board.fram.writes - before == writes
        for _ in range(3):
            board.prove(right=False)
        before = board.fram.writes
        for _ in range(100):
            assert board.locked_s() and board.roles.do_proof([WRONG]) == "login first"
        assert board.fram.writes == before

    def test_a_new_service_key_ends_a_lock_out(self, board: Board) -> None:
        board.reach(1, 3)
        assert board.roles.do_service_key([bytes(range(1, 33)).hex()]) == ""
        assert board.locked_s() == 0
        board.start()
        assert board.locked_s() == 0

    @pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"\xa5"])
    def test_a_new_board_is_not_locked_out_whatever_its_memory_holds(self, core: Any, fill: bytes) -> None:
        board = Board(core)
        board.fram.data[:] = fill * len(board.fram.data)
        board.told.clear()
        board.start()
        assert core.roles.LOCKED_OUT not in [note for note, _ in board.told]
        assert board.roles.may("service_key", 3)
        assert board.roles.do_service_key([SERVICE_KEY.hex()]) == ""
        assert board.locked_s() == 0 and board.counted() == (0, 0)

    @pytest.mark.parametrize("fill", [b"\x00", b"\xff"])
    def test_a_board_that_never_counted_is_not_locked_out(self, board: Board, fill: bytes) -> None:
        board.fram.data[RECORD] = fill * 4
        board.start()
        assert board.locked_s() == 0

    def test_any_damage_is_the_longest_lock_out_or_one_that_stands(self, board: Board) -> None:
        board.reach(1, 2)
        good = bytes(board.fram.data[RECORD])
        for at in range(4):
            for byte in range(256):
                board.fram.data[RECORD] = good
                board.fram.data[RECORD.start + at] = byte
                board.start()
                whole = bytes(board.fram.data[RECORD]) == good
                assert board.locked_s() == (0 if whole else LONGEST_S + 1), (at, byte)


class TestCuts:
    @pytest.mark.parametrize("keeps", range(5))
    def test_a_wrong_proof_cut_in_its_write_is_no_try_more(self, core: Any, keeps: int) -> None:
        for locks in range(7):
            for wrong in range(3):
                board = Board(core)
                board.reach(locks, wrong)
                board.fram.cut(1, keeps)
                with pytest.raises(SupplyLostError):
                    board.prove(right=False)
                board.start()
                # Nobody has judged it: where not a byte of it changed what stood, it stands; else it counts, or more.
                assert board.counted() in ((locks, wrong), (locks + (wrong == 2), wrong + 1), (6, 3))
                assert keeps < 4 or board.counted() == (min(locks + (wrong == 2), 6), wrong + 1)
                assert keeps in (0, 1, 4) or board.counted() != (locks, wrong)

    @pytest.mark.parametrize("keeps", range(5))
    def test_a_right_proof_cut_in_either_write_is_never_less_than_what_stood(self, core: Any, keeps: int) -> None:
        for nth in (1, 2):
            board = Board(core)
            board.reach(2, 1)
            board.fram.cut(nth, keeps)
            with pytest.raises(SupplyLostError):
                board.prove(right=True)
            board.start()
            assert board.counted() in ((2, 1), (2, 2), (6, 3), *([(0, 0)] if (nth, keeps) == (2, 4) else []))

    @pytest.mark.parametrize("keeps", range(5))
    def test_the_end_of_a_lock_out_cut_is_a_lock_out(self, board: Board, keeps: int) -> None:
        board.reach(1, 3)
        board.fram.cut(1, keeps)
        with pytest.raises(SupplyLostError):
            board.wait(60)
        board.start()
        assert board.locked_s() == {0: 61, 1: 61, 4: 0}.get(keeps, LONGEST_S + 1)


# -- the real firmware ----------------------------------------------------------------------------------------


def wrong_proofs(bench: Bench, times: int, after: Callable[[], None] = lambda: None) -> int:
    """Ask for a role and prove it wrong so often, do `after` each; return how many were judged."""
    rng = random.Random(3)
    judged = 0
    for _ in range(times):
        if "nonce=" in bench.ask("login technician", ticks=4):
            judged += bench.ask(f"proof {rng.randbytes(16).hex()}", ticks=4) == "ERR wrong proof"
            after()
    return judged


def pull_the_plug(bench: Bench) -> None:
    bench.rig.power_cut("dispenser", 0.01)
    bench.rig.run(BOOT_TICKS)
    assert bench.rig.state["dispenser"] == "IDLE"


def test_brute_force_is_locked_out_and_the_plug_does_not_help() -> None:
    with Bench() as bench:
        assert wrong_proofs(bench, 20) == 3
        assert bench.events("locked_out") == [[2, 0, 60]]
        bench.rig.run(500)
        pull_the_plug(bench)
        assert bench.events("locked_out") == [[2, 0, 60], [0, 0, 60]]
        bench.rig.run(5500)  # anew, for its full time
        assert bench.ask("login technician").startswith("ERR locked out for ")
        bench.rig.run(800)
        bench.rig.reset("dispenser")
        bench.rig.run(BOOT_TICKS)
        assert len(bench.events("locked_out")) == 2
        assert bench.login("technician") == "OK technician"
        pull_the_plug(bench)
        assert wrong_proofs(bench, 1) == 1
        assert bench.events("wrong_proof")[-1] == [2, 0, 1]


def test_brute_force_with_a_power_cut_after_each_answer() -> None:
    with Bench() as bench:
        assert wrong_proofs(bench, 6, lambda: pull_the_plug(bench)) == 3
        assert bench.ask("login technician").startswith("ERR locked out for ")


def test_a_power_cut_between_the_try_and_its_answer() -> None:
    """The supply goes in the write that counts: nothing has been answered, and what the cut left is never clean."""
    with Bench() as bench:
        assert wrong_proofs(bench, 1) == 1
        memory = bench.memory["dispenser"]
        before = bytes(memory.fram)
        kept: set[str] = set()
        for seed in range(8):
            if len(kept) == 3:
                break
            memory.fram[RECORD] = before[RECORD]
            bench.rig.reset("dispenser")
            bench.rig.run(BOOT_TICKS)
            assert "nonce=" in bench.ask("login technician")
            memory.seed = seed
            bench.rig.cut_at("dispenser", 1, 0.01, FRAM_WRITES)
            seq = str(bench.rig.command("dispenser", f"proof {WRONG}"))
            bench.rig.run(BOOT_TICKS + 50)
            torn = [one.address for one in memory.log if one.torn]
            assert torn == [len(memory.fram) + RECORD.start] * (seed + 1)
            assert not [one for one in bench.rig.replies["dispenser"] if one.startswith(f"{seq} ")]
            answer = bench.ask("login technician")
            record = bytes(memory.fram[RECORD])
            if record == before[RECORD]:
                kept.add("as it was")
                assert "nonce=" in answer
            elif answer.startswith("ERR"):
                kept.add("torn")
                assert bench.events("locked_out")[-1] == [0, 0, LONGEST_S]
            else:
                kept.add("whole")
                assert bench.ask(f"proof {WRONG}") == "ERR wrong proof"
                assert bench.ask("login technician").startswith("ERR locked out for ")
        assert kept == {"as it was", "torn", "whole"}
