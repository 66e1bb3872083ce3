"""Flash and FRAM in a replay: answered from the recording, every request compared; without littlefs, the files are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hil_tests.replay.recordings import HERE, replay, replay_json, store
from sim import exchange, wire
from sim.replay import PipePlayer

LAYOUT = wire.Layout("dispenser")
FIRMWARE = HERE / "fw_store"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the recording of a board that starts three times, the second time cut off in a write."""
    folder = tmp_path_factory.mktemp("stored")
    said = [line for line in store(folder)["dispenser"] if line.startswith("start")]
    assert said == [
        "start 0 fram 0 files ['at_0', 'empty', 'starts']",
        "start 1 fram 1 files ['at_0', 'at_1', 'empty', 'starts']",
    ]
    return folder


def changed(folder: Path, text: str, other: str) -> Path:
    """Return a copy of the firmware with one text replaced."""
    copy = folder / "firmware"
    shutil.copytree(FIRMWARE, copy)
    source = (copy / "main.py").read_text()
    assert source.count(text) == 1
    (copy / "main.py").write_text(source.replace(text, other))
    return copy


@pytest.mark.parametrize("vm", ["micropython", "cpython", "wasm32"])
def test_what_was_stored_is_found_again(stored: Path, vm: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, nodes = replay_json(capsys, stored, "--node", "dispenser", "--firmware", FIRMWARE, "--vm", vm)
    node = nodes["dispenser"]
    assert (code, node["first"], node["files"], node["starts"]) == (0, None, [], 3)
    assert (node["not_compared"] > 100) == (vm == "wasm32")


def test_another_content_is_another_request(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, "as recorded", "as replayed")
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware)
    assert code == 3
    assert "memory  recorded flash program of " in out


def test_another_content_is_another_file_on_32_bits(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, "as recorded", "as replayed")
    code, out, _ = replay(
        capsys, stored, "--node", "dispenser", "--firmware", firmware, "--vm", "wasm32"
    )
    assert code == 3
    assert "start 1: /flash/starts: from byte 7 on recorded b'corded', replayed b'played'" in out


@pytest.mark.parametrize("vm", ["micropython", "wasm32"])
def test_fram_is_compared_everywhere(
    vm: str, stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, "cell[0] += 1", "cell[0] += 2")
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware, "--vm", vm)
    assert code == 3
    assert "recorded FRAM write of 4 bytes at 0x0064: 01 00 00 00  |  replayed FRAM write of 4 bytes" in out


MORE = ("    tick += 1\n", "    tick += 1\n    fram.write(0, cell)\n")


@pytest.mark.parametrize("vm", ["micropython", "cpython"])
def test_a_request_too_many_is_answered(
    vm: str, stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, *MORE)
    words = ("--node", "dispenser", "--firmware", firmware, "--vm", vm, "--all")
    code, nodes = replay_json(capsys, stored, *words)
    node = nodes["dispenser"]
    assert code == 3
    assert [tuple(line.values()) for line in node["first"]["lines"]] == [
        ("memory", "-", "FRAM write of 4 bytes at 0x0000: 01 00 00 00")
    ]
    assert node["differences"] == node["ticks"] > 100  # every tick of the two starts that were not cut off


def test_a_request_too_many_ends_the_32_bit_vm(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It plays a file, in which no answer to it stands."""
    firmware = changed(tmp_path, *MORE)
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware, "--vm", "wasm32")
    shown = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 3
    assert shown[3] == "memory recorded - | replayed FRAM write of 4 bytes at 0x0000: 01 00 00 00"
    assert "asks its memory for something else than recorded: this VM plays a file" in shown[2]


def test_a_request_that_no_chip_knows(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure of the program, as in the rig, and what it asked for."""
    erase = "import _link\n_link.memory_erase(1, 9)\n"
    firmware = changed(tmp_path, "fram.write(100, cell)\n", erase)
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware)
    assert code == 3
    assert "0x0064: 01 00 00 00  |  replayed flash erase of 9 bytes at 0x0001" in out
    assert "memory operation 3 of 9 bytes at 1: an erase takes one whole block" in out


def test_a_tick_that_only_asks(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sim.replay.REQUESTS_MAX", 500)
    firmware = changed(tmp_path, "    tick += 1\n", "    tick += 1\n    while True: fram.write(0, cell)\n")
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware)
    assert code == 3
    assert "499 requests to its memory in one tick" in out


@pytest.mark.parametrize("vm", ["micropython", "wasm32"])
def test_a_request_that_is_missing(
    vm: str, stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, "fram.write(100, cell)", "pass")
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware, "--vm", vm)
    assert code == 3
    assert "memory  recorded FRAM write of 4 bytes at 0x0064: 01 00 00 00  |  replayed -" in out


def test_another_read_is_answered_from_the_boards_own_memory(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the recording shows at that start, with its own writes since: 1 of the start before, then its own 7."""
    more = (
        "wide = bytearray(8)\nfram.read_into(96, wide)\nuart.write('found %d\\n' % wide[4])\n"
        "cell[0] = 7\nfram.write(100, cell)\nfram.read_into(100, cell)\nuart.write('wrote %d\\n' % cell[0])\n"
    )
    firmware = changed(tmp_path, "cell[0] += 1\nfram.write(100, cell)\n", more)
    said = []
    player = PipePlayer("dispenser", "micropython", firmware / "main.py")
    try:
        for start in exchange.read(stored / "dispenser.exchange", LAYOUT):
            sent = [tick[-1] for tick in player.play(start) if tick[-1][1] == wire.OUTPUT]
            outputs = [LAYOUT.parse_output(one, wire.HEADER.unpack_from(one)[2]) for one in sent]
            said.append(b"".join(one.uart for one in outputs))
    finally:
        player.close()
    assert b"found 0\nwrote 7\n" in said[0]
    assert b"found 1\nwrote 7\n" in said[2]  # the second start was cut off

    code, nodes = replay_json(capsys, stored, "--node", "dispenser", "--firmware", firmware)
    lines = [tuple(line.values()) for line in nodes["dispenser"]["first"]["lines"]]
    assert code == 3
    assert lines == [
        ("serial", "tick 0", "found 0"),
        ("memory", "FRAM write of 4 bytes at 0x0064: 01 00 00 00", "FRAM read of 8 bytes at 0x0060"),
        ("memory", "-", "FRAM write of 4 bytes at 0x0064: 07 00 00 00"),
        ("memory", "-", "FRAM read of 4 bytes at 0x0064"),
    ]
