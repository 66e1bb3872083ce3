"""`cryofill export`: every format gives the same frames back, to the microsecond; the table says what a frame means."""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
from pathlib import Path

import can
import cantools.database
import pytest

from host_tools import candump, cli, export_command, link_e2e

ROOT = Path(__file__).resolve().parents[2]
# Frames of a recorded fill; one with a flipped bit, one with codes instead of values, then foreign ones.
RECORDED = """\
(0.010276) link 08FF11D1#507E0000F0FFF7FD
(0.010560) link 0CFF21A1#0C9C0000000120E0
(508.410538) link 0CFF21A1#C2B6DC8B072828E0
(508.420276) link 0CFF10D1#FBE1DC8B080155FD
(508.420546) link 10FF22A1#75FCDC8B8E8E74B0
(508.520546) link 10FF22A1#75FCDC8B8E8E74B1
(508.600001) link 10FF22A1#{codes}
(508.600002) link 18FF77D1#0102
(508.600003) link 7FF#
(999999.999999) link 10FF22A1#00
"""
# T_MEAS with tank_pressure_mbar ERROR (bits 0-14 of the payload), tank_mass_g ERROR (15-28), measure_ok NA
PAYLOAD = 0x7FFE | 0x3FFE << 15 | 3 << 29
CODES = link_e2e.protected(bytes(3) + b"\x8b" + PAYLOAD.to_bytes(4, "little"), 41250, 221)
TEXT = RECORDED.format(codes=CODES.hex().upper())
FRAMES = [frame for line in TEXT.splitlines() if (frame := candump.parse(line))]
MF4 = pytest.param(".mf4", marks=pytest.mark.skipif(
    importlib.util.find_spec("asammdf") is None, reason="needs pip install 'cryofill[mf4]'"))  # fmt: skip


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a trace folder's log; the test runs in the folder above."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "t" / "link.log"
    path.parent.mkdir()
    path.write_text(TEXT, encoding="ascii")
    return path


@pytest.mark.parametrize("suffix", [".blf", ".asc", ".log", MF4])
@pytest.mark.filterwarnings("default")  # of asammdf's own libraries
def test_a_tool_reads_the_same_frames(log: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", "t", "-o", f"x{suffix}"]) == cli.EXIT_DONE
    assert capsys.readouterr().out == f"export:  x{suffix}, 10 frames, 1000000.0 s\n"
    with can.LogReader(f"x{suffix}", **({"relative_timestamp": False} if suffix == ".asc" else {})) as reader:
        found = list(reader)
    # MF4 needs a date: its times count from the moment of the export
    zero_s = found[0].timestamp - FRAMES[0].t_us / 1e6 if suffix == ".mf4" else 0.0
    assert [(round((one.timestamp - zero_s) * 1e6), one.arbitration_id, one.is_extended_id, bytes(one.data))
            for one in found] == [(one.t_us, one.can_id, one.extended, one.data) for one in FRAMES]  # fmt: skip


def test_candump_to_candump_is_the_same_file(log: Path) -> None:
    assert cli.main(["export", "t/link.log", "-o", "x.log"]) == cli.EXIT_DONE
    assert Path("x.log").read_bytes() == log.read_bytes()


def test_a_log_of_python_can_is_read(log: Path) -> None:
    with can.CanutilsLogWriter("own.log") as writer:
        for one in FRAMES:
            writer(can.Message(timestamp=one.t_us / 1e6, arbitration_id=one.can_id, data=one.data,
                               is_extended_id=one.extended, channel=one.channel))  # fmt: skip
    assert Path("own.log").read_text().endswith(" R\n")
    assert cli.main(["export", "own.log", "-o", "x.log"]) == cli.EXIT_DONE
    assert Path("x.log").read_bytes() == log.read_bytes()


def test_unix_times_stay_what_they_are(log: Path) -> None:
    log.write_text("(1763800000.000001) can0 0CFF10D1#FBE1DC8B080155FD\n(1763800000.250002) can0 7FF#01\n")
    for suffix in (".blf", ".asc"):
        assert cli.main(["export", "t", "-o", f"x{suffix}"]) == cli.EXIT_DONE
        with can.LogReader(f"x{suffix}", **({"relative_timestamp": False} if suffix == ".asc" else {})) as reader:
            first, second = list(reader)
        # the writers keep whole milliseconds of the start and count from there
        assert first.timestamp == pytest.approx(1763800000.000001, abs=2e-6)
        assert second.timestamp - first.timestamp == pytest.approx(0.250001, abs=1.5e-6)


class TestSignals:
    """The table of decoded signals."""

    def table(self, name: str = "t") -> list[dict[str, str]]:
        """Return its rows by column, of what the command wrote."""
        assert cli.main(["export", name, "-o", "x.csv"]) == cli.EXIT_DONE
        with Path("x.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def test_every_value_is_what_cantools_decodes(self, log: Path) -> None:
        database = cantools.database.load_file(ROOT / "dbc" / "cryofill.dbc")
        rows = self.table()
        seen = 0
        for row, frame in zip(rows[:6], FRAMES, strict=False):
            message = database.get_message_by_frame_id(frame.can_id)
            assert row["message"] == message.name
            for name, value in message.decode(frame.data).items():
                if name.startswith("E2E") or name == "Session":
                    continue
                unit = message.get_signal_by_name(name).unit
                assert row[f"{message.name}.{name}" + (f" [{unit}]" if unit else "")] == str(value)
                seen += 1
        assert seen > 25

    def test_the_words_of_codes_and_the_empty_cells(self, log: Path) -> None:
        rows = self.table()
        codes = rows[6]
        filled = {name: value for name, value in codes.items() if value}
        assert filled == {
            "t_s": "508.600001", "id": "10FF22A1", "message": "T_MEAS", "data": CODES.hex().upper(), "crc": "ok",
            "counter": "221", "session": "139", "T_MEAS.tank_pressure_mbar [mbar]": "ERROR",
            "T_MEAS.tank_mass_g [g]": "ERROR", "T_MEAS.measure_ok": "NA",
        }  # fmt: skip
        assert (rows[2]["T_STATUS.tank_state"], rows[2]["T_STATUS.fuelling_command"]) == ("FILL", "DYNA")
        assert [row["crc"] for row in rows] == ["ok"] * 5 + ["wrong", "ok", "", "", "length"]
        unknown = {name: value for name, value in rows[8].items() if value}
        assert unknown == {"t_s": "508.600003", "id": "7FF"}
        assert rows[9]["T_MEAS.tank_mass_g [g]"] == ""

    def test_a_raw_value_between_maximum_and_error_code_is_an_error(self, log: Path) -> None:
        for state, word in ((18, "MAINTENANCE"), (19, "ERROR"), (255, "NA")):
            frame = link_e2e.protected(bytes((0, 0, 0, 1, state, 1, 0, 0)), 53520, 0)
            log.write_text(f"(1.000000) link 0CFF10D1#{frame.hex().upper()}\n")
            assert self.table()[0]["D_STATUS.dispenser_state"] == word


# fmt: off
REFUSED = (
    # LOG                                          WORDS                 ONE LINE
    (TEXT,                                         "nowhere -o x.csv",   "nowhere: no such file"),
    (TEXT,                                         "t -o x.txt",         "-o x.txt: the name must end in one of .log"),
    (TEXT,                                         "t -o no/x.csv",      "-o no/x.csv: no folder no"),
    (TEXT,                                         "t -o t/link.log",    "-o t/link.log: is the log itself"),
    ("",                                           "t -o x.blf",         "t/link.log: holds no frame"),
    (TEXT + "(1000000.0) link 123#00\n",           "t -o x.blf",         "t/link.log:11: '(1000000.0) link"),
    (TEXT + "(1000000.000000) link 20000080#00\n", "t -o x.asc",         "t/link.log:11: "),
    (TEXT + "(1000000.000000) link 123#R\n",       "t -o x.asc",         "t/link.log:11: "),
    (TEXT + "(999999.999998) link 123#00\n",       "t -o x.csv",         "t/link.log:11: its time lies before"),
    ("\x00\xff\n",                                 "t -o x.log",         "t/link.log:1: "),
)
# fmt: on


@pytest.mark.parametrize(("text", "words", "line"), REFUSED)
def test_bad_use_is_refused_in_one_line_and_changes_nothing(
    text: str, words: str, line: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(text, encoding="latin-1")
    name = Path(words.split()[-1])
    if not name.exists() and name.parent.is_dir():
        name.write_text("old")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert cli.main(["export", *words.split()]) == cli.EXIT_USAGE
    said = capsys.readouterr()
    assert said.err.startswith(f"cryofill export: {line}")
    assert (said.err.count("\n"), said.out) == (1, "")
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_without_asammdf_a_line_says_what_to_install(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "asammdf", None)
    monkeypatch.setattr(export_command.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["export", "t", "-o", "x.mf4"]) == cli.EXIT_USAGE
    assert capsys.readouterr().err == "cryofill export: -o FILE.mf4: needs pip install 'cryofill[mf4]'\n"
    assert [path.name for path in Path().iterdir()] == ["t"]


def test_the_log_of_a_killed_run_loses_its_torn_line_alone(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(TEXT + "(1000000.000000) link 123#0011")
    assert cli.main(["export", "t", "-o", "x.log"]) == cli.EXIT_DONE
    assert capsys.readouterr().err == "cryofill export: t/link.log:11: the line does not end and is left out\n"
    assert Path("x.log").read_text() == TEXT


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_progress_comes_after_a_second_and_goes_again(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = candump.line(0, 0x0CFF10D1, bytes(8))
    log.write_text(line * 2000)
    clock = iter(range(100))  # a second passes with every look
    monkeypatch.setattr(export_command.time, "monotonic", lambda: next(clock))
    out = Terminal()
    assert export_command.export(export_command.Log(log), Path("x.log"), out) == (2000, 0)
    assert out.getvalue().startswith("\r 25%  500 frames, 0.0 s\x1b[K\r 50%  1000 frames")
    assert out.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr(export_command.time, "monotonic", lambda: 0.0)
    quick = Terminal()
    export_command.export(export_command.Log(log), Path("x.log"), quick)
    assert quick.getvalue() == ""
