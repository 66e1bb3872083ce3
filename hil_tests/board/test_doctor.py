"""`cryofill doctor`: what is there is named, what is not is told with what to do."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from hil_tests import spawn
from host_tools import board_port, cli, doctor_command
from sim.board_vm import VirtualBoard

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_a_host_with_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    fine = {one["what"] for one in told["found"] if one["ok"]}
    assert told["ok"] and {"Python", "mpremote", "MicroPython VM"} <= fine


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name in ("mpremote", "ruff"):
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor_command.metadata, "version", version)
    monkeypatch.setenv("CRYOFILL_MICROPYTHON", "/nowhere/micropython")
    assert cli.main(["doctor", "socket://127.0.0.1:1"]) == 3
    out = capsys.readouterr().out
    assert "MISSING mpremote: not installed: no cryofill build and flash" in out
    assert "without ruff" in out
    assert "MISSING MicroPython VM: CRYOFILL_MICROPYTHON=/nowhere/micropython is no program" in out
    assert "MISSING board: socket://127.0.0.1:1" in out and "3 missing" in out


def test_a_board_without_firmware_is_told_from_one_that_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with VirtualBoard("tank") as board:
        assert cli.main(["doctor", board.url]) == 3
    assert "MISSING board: at MicroPython's prompt, no firmware runs: cryofill flash" in capsys.readouterr().out


def test_every_package_that_is_needed_is_looked_for() -> None:
    found = tomllib.loads((spawn.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {re.split(r"[=<>;\[ ]", one)[0] for one in found["project"]["dependencies"]}
    assert named - {"tomli"} == set(doctor_command.PACKAGES)


@pytest.mark.parametrize(("state", "code"), [("FILL FILLING liquid", 0), ("IDLE IDLE ready", 3)])
def test_a_hose_under_pressure_is_no_defect_of_a_board_that_fills(
    state: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        "versions": ["node=dispenser image=unreleased"],
        "state": [state, "lines=1"],
        "selftest": ["a hose is not depressurised", "failed=1", "lines=2"],
        "whoami": ["view"],
    }
    board = SimpleNamespace(who=lambda: board_port.FIRMWARE, ask=said.__getitem__)
    monkeypatch.setattr(doctor_command, "Port", lambda url: contextlib.nullcontext(board))
    assert cli.main(["doctor", "socket://127.0.0.1:1"]) == code
    out = capsys.readouterr().out
    assert ("without self-test: a hose is not depressurised" in out) == (code == 0)
    assert "without firmware: node=dispenser image=unreleased, not a release image" in out
