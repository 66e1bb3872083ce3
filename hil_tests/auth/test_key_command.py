"""`cryofill key` as a user runs it: files, rights, refusals; what it makes is what the boards derive."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.auth.test_auth import reference
from host_tools import cli, link_auth


def test_a_station_key_and_a_trucks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station, truck = tmp_path / "station.key", tmp_path / "truck.key"
    assert cli.main(["key", "new", str(station)]) == cli.EXIT_DONE
    assert cli.main(["key", "truck", str(station), "--tank-id", "4711", "-o", str(truck)]) == cli.EXIT_DONE
    key = link_auth.read_key(station)
    assert link_auth.read_key(truck) == reference(key, b"cryofill truck key" + (4711).to_bytes(3, "little"))
    assert (station.stat().st_mode | truck.stat().st_mode) & 0o077 == 0
    said = capsys.readouterr()
    assert key.hex() not in said.out + said.err
    assert truck.read_text().strip() not in said.out + said.err
    assert cli.main(["key", "new", str(tmp_path / "other.key")]) == cli.EXIT_DONE
    assert link_auth.read_key(tmp_path / "other.key") != key


def test_refusals_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station = tmp_path / "station.key"
    station.write_text("00" * 32)
    short = tmp_path / "short.key"
    short.write_text("00" * 31)
    for words, why in (
        (["new", str(station)], "is there already"),
        (["new", str(tmp_path / "none" / "station.key")], "No such file"),
        (["truck", str(short), "--tank-id", "1", "-o", str(tmp_path / "t")], "short.key: not a key"),
        (["truck", str(tmp_path / "no.key"), "--tank-id", "1", "-o", str(tmp_path / "t")], "No such file"),
        (["truck", str(station), "--tank-id", "0", "-o", str(tmp_path / "t")], "--tank-id 0: 1 to 16777215"),
        (["truck", str(station), "--tank-id", "16777216", "-o", str(tmp_path / "t")], "--tank-id 16777216"),
    ):
        assert cli.main(["key", *words]) == cli.EXIT_USAGE
        said = capsys.readouterr()
        assert why in said.err and said.out == "" and said.err.count("\n") == 1
    assert station.read_text() == "00" * 32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["short.key", "station.key"]


def test_what_a_conforming_peer_is_asked_with_comes_from_such_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("zz" * 32)
    assert cli.main(["conform", "--peer", "tank", "sim", "--key", str(wrong)]) == cli.EXIT_USAGE
    assert "--key" in capsys.readouterr().err
