"""A recorded refuelling, run again: the same on every VM; what a changed build does otherwise is said in words.

The one recording is made once for this file, which therefore holds every test that needs it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.fills.runs import PATH
from hil_tests.invariants.broken_firmware import broken_copy
from hil_tests.replay.recordings import replay, replay_json, restarts, short_fill
from sim import exchange, wire

TICK = "self.truck.receive(now)"  # in the dispenser's control tick, each of them


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a recorded refuelling."""
    finished = short_fill(tmp_path_factory.mktemp("short"))
    assert tuple(finished.result["phases"]) == PATH[: PATH.index("WARM") + 1]
    assert finished.result["invariants"]["broken"] == []
    return finished.folder


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a recording in which both boards restart."""
    return restarts(tmp_path_factory.mktemp("restarts")).folder


@pytest.mark.parametrize("vm", ["micropython", "wasm32"])
def test_the_same_firmware_does_the_same(short: Path, vm: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On the 32-bit VM too: no integer beyond 31 bits and no allocation in any tick of either board."""
    code, nodes = replay_json(capsys, short, "--vm", vm)
    for name, node in nodes.items():
        assert (node["first"], node["files"], node["differences"]) == (None, [], 0), name
        (start,) = exchange.read(short / f"{name}.exchange", wire.Layout(name))
        recorded = [one for one in start.records if one.kind == exchange.FROM_NODE]
        assert node["packets"] + node["not_compared"] == len(recorded)
        assert node["ticks"] == sum(1 for one in recorded if one.type == wire.OUTPUT) > 11000
        assert node["locked_ticks"] == node["ticks"]
        assert 50_000 < node["heap_peak_b"] < 512_000
        assert node["speed"]["sim_s"] == pytest.approx(node["ticks"] / 100, abs=0.05)
    assert (code, set(nodes)) == (0, {"dispenser", "tank"})


def test_only_32_bits_see_an_integer_of_31(
    boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """now + 2**30 - 300 is an ordinary small integer on a 64-bit VM; on a board it allocates, 300 ms after a start."""
    firmware = broken_copy(tmp_path, ("dispenser/node.py", TICK, f"{TICK}; now + 0x3FFFFED4"))
    code, nodes = replay_json(capsys, boards, "--node", "dispenser", "--firmware", firmware)
    assert (code, nodes["dispenser"]["same"]) == (0, True)

    code, out, _ = replay(capsys, boards, "--node", "dispenser", "--firmware", firmware, "--vm", "wasm32")
    assert code == 3
    assert "at 0.30 s" in out
    assert "MemoryError: memory allocation failed, heap is locked" in out
    assert 'File "/main/dispenser/node.py"' in out


def test_an_allocation_in_the_tick_is_caught_by_32_bits(
    short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = "def inputs_primed(self):"  # asked only in some states
    firmware = broken_copy(tmp_path, ("dispenser/sequence.py", guard, f"{guard}\n        self.scratch = [0]"))
    code, nodes = replay_json(
        capsys, short, "--node", "dispenser", "--firmware", firmware, "--vm", "wasm32"
    )
    first = nodes["dispenser"]["first"]
    assert (code, nodes["dispenser"]["ticks"]) == (3, first["tick"] - 1)
    assert first["lines"][0]["replayed"] == "dispenser: its program ended with exit code 1"
    assert "MemoryError" in first["lines"][-1]["replayed"]


def test_a_changed_limit_is_shown_where_it_first_acts(
    short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HOSE_PRESSURE trips in the first pressurising of PURGE: valves by tag, frame by name, event in words.

    The journal has the trip before that tick has ended, and --all goes on from there to the end of the recording.
    """
    row = '("HOSE_PRESSURE", "PT102_G", "above", 5300,'
    firmware = broken_copy(tmp_path, ("dispenser/trip_table.py", row, row.replace("5300", "1500")))
    code, out, _ = replay(capsys, short, "--node", "dispenser", "--firmware", firmware)
    assert code == 3
    assert "dispenser: DIFFERENT" in out
    assert "in state PURGE (PURGE_PRESS)" in out
    shown = [" ".join(line.split()) for line in out.splitlines()]
    assert "XV105 recorded energised | replayed de-energised" in shown  # the hose vent, which fails open
    assert any(line.startswith("frame recorded - | replayed D_ABORT ") for line in shown)
    assert any(line.startswith("serial recorded - | replayed TRIP: HOSE_PRESSURE, value ") for line in shown)
    assert any(line.startswith("memory recorded - | replayed FRAM write of ") for line in shown)

    code, nodes = replay_json(capsys, short, "--node", "dispenser", "--firmware", firmware, "--all")
    node = nodes["dispenser"]
    assert code == 3
    assert node["differences"] > 1000
    assert node["ticks"] > 11000
    assert f"at {node['first']['at_s']:.2f} s" in out


def test_a_changed_output_is_shown_by_its_tag(
    short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No beacon in COOL: nothing else follows from it, so the replay can go on to the end."""
    row = '"O   C   O   O   -   -   -   -   -   O   O", 400000'
    firmware = broken_copy(tmp_path, ("dispenser/state_table.py", row, row.replace("O   O\"", "-   O\"")))
    code, out, _ = replay(capsys, short, "--node", "dispenser", "--firmware", firmware)
    assert code == 3
    assert "in state PRECOOL (COOL_OPEN)" in out  # the state that the tick began in
    assert "BL109 recorded energised | replayed de-energised" in [" ".join(line.split()) for line in out.splitlines()]

    code, nodes = replay_json(capsys, short, "--node", "dispenser", "--firmware", firmware, "--all")
    assert code == 3
    assert nodes["dispenser"]["differences"] > 1000  # and it went on to the end
    assert nodes["dispenser"]["ticks"] > 11000
    assert f"at {nodes['dispenser']['first']['at_s']:.2f} s" in out


@pytest.mark.parametrize("vm", ["micropython", "cpython", "wasm32"])
def test_a_board_that_restarts_is_started_again(
    vm: str, boards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each start has its own random bytes and its own clock."""
    code, nodes = replay_json(capsys, boards, "--vm", vm)
    assert code == 0
    assert {name: node["starts"] for name, node in nodes.items()} == {"dispenser": 2, "tank": 2}
    assert all(node["ticks"] > 450 for node in nodes.values())


def test_another_seed_is_another_session(tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The random bytes are the recording's: with others the session number in the frames is another."""
    data = bytearray((short / "dispenser.exchange").read_bytes())
    (start,) = exchange.read(short / "dispenser.exchange", wire.Layout("dispenser"))
    hello = start.records[0]
    at = hello.offset + exchange.RECORD.size
    data[at : at + len(hello.packet)] = wire.hello(start.seed ^ 0xFF)
    (tmp_path / "dispenser.exchange").write_bytes(data)
    code, nodes = replay_json(capsys, tmp_path, "--node", "dispenser")
    assert code == 3
    assert {line["what"].partition(".")[2] for line in nodes["dispenser"]["first"]["lines"]} >= {"Session"}
