"""Generated files are what their sources give, and a stale or hand-edited one is noticed."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from host_tools import dbc
from sim.tables import NODES

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "dbc/cryofill.dbc", "firmware/dispenser/io_table.py", "firmware/tank/io_table.py",
    *(f"firmware/{node}/{name}_table.py" for node in NODES for name in ("state", "command", "trip", "param")),
    "firmware/dispenser/refusal_table.py", "firmware/core/serial_table.py",
    "firmware/core/serial_note_table.py",
)  # fmt: skip
GENERATED = [
    f"firmware/generated/{name}.py"
    for name in ("messages", "dispenser_tags", "tank_tags", "parahydrogen", "dispenser_serial", "tank_serial",
                 "dispenser_params", "tank_params")
]  # fmt: skip
DOCUMENTS = ["docs/protocol.md", "docs/conformance.md", "docs/serial.md", "docs/link-gap.svg"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the sources and the generated files."""
    for name in (*SOURCES, *GENERATED, *DOCUMENTS):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def stale(name: str) -> str:
    return f"{name}: stale; run `cryofill dbc generate`"


def test_files_are_fresh() -> None:
    assert dbc.check(ROOT) == []


def test_a_change_of_the_dbc_makes_codec_and_page_stale(checkout: Path) -> None:
    edit(checkout / SOURCES[0], "tank_mass_g : 47|14@1+ (10,0) [0|163810]", "tank_mass_g : 47|14@1+ (5,0) [0|81905]")
    assert dbc.check(checkout) == [stale(GENERATED[0]), stale(DOCUMENTS[0])]
    assert dbc.generate(checkout) == [checkout / GENERATED[0], checkout / DOCUMENTS[0]]
    assert dbc.check(checkout) == []
    assert dbc.generate(checkout) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hand_edit_of_a_document_is_noticed(checkout: Path, name: str) -> None:
    edit(checkout / name, " ms", " us")
    assert dbc.check(checkout) == [stale(name)]


@pytest.mark.parametrize(("table", "old", "new", "message", "words"), [
    ("dispenser/trip", '("FLAME",', '("FIRE",', "D_ABORT", '11 "FIRE"'),
    ("tank/trip", '    ("OVERFILL",', '    ("NEW", "OVER_G", "above", 9, 0, "stop", 9, "FILLING"),\n    ("OVERFILL",',
     "T_ABORT", '11 "NEW" 12 "OVERFILL"'),
    ("dispenser/refusal", '("EXPIRED",', '("OUTDATED",', "D_ABORT", '208 "REFUSED_OUTDATED"'),
], ids=["renamed", "inserted", "refusal"])  # fmt: skip
def test_a_cause_without_its_label_is_told_with_the_line_to_write(
    checkout: Path, table: str, old: str, new: str, message: str, words: str
) -> None:
    edit(checkout / f"firmware/{table}_table.py", old, new)
    (problem,) = dbc.check(checkout)
    assert problem.startswith(f"{SOURCES[0]}: {message}.abort_cause: value table is not the ")
    line = problem.partition("write: ")[2]
    assert words in line
    text = (checkout / SOURCES[0]).read_text(encoding="utf-8")
    before = next(x for x in text.splitlines() if x.startswith(" ".join(line.split()[:3])))
    edit(checkout / SOURCES[0], before, line)
    dbc.generate(checkout)
    assert dbc.check(checkout) == []


@pytest.mark.parametrize("name", GENERATED)
def test_a_hand_edit_or_a_lost_file_is_noticed(checkout: Path, name: str) -> None:
    edit(checkout / name, "# fmt: off", "# fmt:off")
    assert dbc.check(checkout) == [stale(name)]
    (checkout / name).unlink()
    assert dbc.check(checkout) == [stale(name)]


def test_a_new_row_in_the_io_list_makes_its_tags_stale(checkout: Path) -> None:
    edit(checkout / SOURCES[2], '    ("LSHH202",', '    ("ZS299", "pin", 9, "a new contact"),\n    ("LSHH202",')
    assert dbc.check(checkout) == [stale(GENERATED[2])]
    dbc.generate(checkout)
    assert "ZS299 = const(0)  # 1: a new contact\nLSHH202 = const(1)" in (checkout / GENERATED[2]).read_text()


def test_a_tag_that_stands_twice_is_refused(checkout: Path) -> None:
    edit(checkout / SOURCES[1], '("PT102",', '("PT101",')
    assert dbc.check(checkout) == ["firmware/dispenser/io_table.py: tag PT101 stands twice"]


def test_a_new_parameter_makes_the_places_stale(checkout: Path) -> None:
    table = checkout / "firmware" / "tank" / "param_table.py"
    edit(table, '    ("volume_l",', '    ("first_g", 0, 0, 9, "g", "EJ", "a new one"),\n    ("volume_l",')
    assert dbc.check(checkout) == [stale(GENERATED[7])]
    dbc.generate(checkout)
    assert "FIRST_G = const(0)  # g, 0 to 9\nVOLUME_L = const(1)" in (checkout / GENERATED[7]).read_text()


def test_a_parameter_that_stands_twice_is_refused(checkout: Path) -> None:
    edit(checkout / "firmware" / "tank" / "param_table.py", '("mawp_mbarg",', '("volume_l",')
    assert dbc.check(checkout) == ["firmware/tank/param_table.py: parameter volume_l stands twice"]


def test_a_dbc_that_cannot_be_read_is_named(checkout: Path) -> None:
    edit(checkout / SOURCES[0], "BO_ ", "BO ")
    assert [problem.split(": ")[:2] for problem in dbc.check(checkout)] == [["dbc/cryofill.dbc", "cannot be read"]]
    with pytest.raises(ValueError, match="cannot be read"):
        dbc.generate(checkout)


def test_command(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dbc, "ROOT", checkout)
    assert dbc.main(argparse.Namespace(action="check")) == 0
    edit(checkout / GENERATED[0], "const(", "const( ")
    assert dbc.main(argparse.Namespace(action="check")) == 2
    assert capsys.readouterr().err == f"cryofill dbc: {stale(GENERATED[0])}\n"
    assert dbc.main(argparse.Namespace(action="generate")) == 0
    assert capsys.readouterr().out == f"wrote {GENERATED[0]}\n"
    assert dbc.main(argparse.Namespace(action="check")) == 0
    (checkout / SOURCES[0]).unlink()
    assert dbc.main(argparse.Namespace(action="generate")) == 2
