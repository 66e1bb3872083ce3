"""`cryofill doctor`: what is there is named, what is not is told with what to do."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from host_tools import cli, doctor_command
from sim.board_vm import VirtualBoard


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
    assert "without ruff" in out and "MISSING MicroPython VM: /nowhere/micropython" in out
    assert "MISSING board: socket://127.0.0.1:1" in out and "3 missing" in out


def test_a_board_without_firmware_is_told_from_one_that_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with VirtualBoard("tank") as board:
        assert cli.main(["doctor", board.url]) == 3
    assert "MISSING board: at MicroPython's prompt, no firmware runs: cryofill flash" in capsys.readouterr().out
