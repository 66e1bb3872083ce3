"""Flash and FRAM in a replay: answered from the recording, every request compared; without littlefs, the files are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hil_tests.replay.recordings import HERE, replay, replay_json, store

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


@pytest.mark.parametrize("vm", ["micropython", "wasm32"])
def test_a_request_where_a_tick_should_end(
    vm: str, stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firmware = changed(tmp_path, "    tick += 1\n", "    tick += 1\n    fram.write(0, cell)\n")
    code, out, _ = replay(capsys, stored, "--node", "dispenser", "--firmware", firmware, "--vm", vm)
    assert code == 3
    assert "recorded end of a tick  |  replayed request to its memory: FRAM write of 4 bytes at 0x0000" in out
