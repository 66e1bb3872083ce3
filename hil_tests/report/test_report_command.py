"""`cryofill report` and `cryofill fill --report` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hil_tests import spawn
from hil_tests.spawn import cryofill
from host_tools import cli
from sim import versions

pytestmark = pytest.mark.usefixtures("spawner")

# Up to the first helium: as short as a run can be that has states.
SHORT = 'name = "short <b>run</b>"\nseed = 5\nlimit_s = {}\n'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Run a short fill with --json, --trace and --report; return how it ended and the folder it ran in."""
    folder = tmp_path_factory.mktemp("fill")
    (folder / "short.toml").write_text(SHORT.format("12.0"), encoding="utf-8")
    return cryofill("fill", "short.toml", "--json", "--trace", "t", "--report", "fill.html", cwd=folder), folder


class TestFillReport:
    """The page of a run that has just ended is the page of its trace."""

    def test_streams_and_exit_code(self, run: tuple[Any, Path]) -> None:
        ended, _ = run
        assert ended.returncode == cli.EXIT_NOT_COMPLETE
        assert json.loads(ended.stdout)["scenario"]["name"] == "short <b>run</b>"
        assert "report:  fill.html" in ended.stderr.splitlines()

    def test_the_page_of_the_trace_is_the_same(self, run: tuple[Any, Path]) -> None:
        _, folder = run
        again = cryofill("report", "t", "-o", "again.html", cwd=folder)
        assert (again.returncode, again.stdout, again.stderr) == (cli.EXIT_DONE, "report:  again.html\n", "")
        assert (folder / "again.html").read_bytes() == (folder / "fill.html").read_bytes()
        assert "short &lt;b&gt;run&lt;/b&gt;" in (folder / "fill.html").read_text(encoding="utf-8")

    def test_without_a_trace_nothing_else_is_left(self, tmp_path: Path) -> None:
        (tmp_path / "short.toml").write_text(SHORT.format("1.0"), encoding="utf-8")
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        words = ("-m", "host_tools", "fill", "short.toml", "--no-picture", "--report", "r.html")
        ended = spawn.run(*words, cwd=tmp_path, env={**spawn.environment(), "TMPDIR": str(scratch)})
        assert ended.stdout.splitlines()[-1] == "report:  r.html"
        assert "</html>" in (tmp_path / "r.html").read_text(encoding="utf-8")
        assert {path.name for path in tmp_path.iterdir()} == {"short.toml", "r.html", "scratch"}
        assert [path.name for path in scratch.iterdir() if path.name.startswith("cryofill-")] == []

    def test_the_result_says_what_it_was_made_with(self, run: tuple[Any, Path]) -> None:
        result = json.loads(run[0].stdout)
        assert result["versions"] == versions.of_run()
        assert result["scenario"]["truck"]["target_kg"] == 85.0
        assert result["scenario"]["hard_chain"] is True
        assert result["bus"]["bitrate"] == 500_000


# fmt: off
REFUSED = (
    # WORDS                                                       ONE LINE
    (("fill", "--report", "r.pdf"),                               "fill: --report r.pdf: the name must end in .html"),
    (("fill", "--report", "no/r.html"),                           "fill: --report no/r.html: no folder no"),
    (("report", "t", "-o", "r.txt"),                              "report: -o r.txt: the name must end in .html"),
    (("report", "nowhere", "-o", "r.html"),                       "report: nowhere: no such folder; `cryofill fill"),
    (("report", "t"),                                             "report: the following arguments are required: -o"),
)
# fmt: on


@pytest.mark.parametrize(("words", "line"), REFUSED)
def test_bad_use_is_refused_in_one_line(
    words: tuple[str, ...],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == cli.EXIT_USAGE
    said = capsys.readouterr()
    assert said.err.startswith(f"cryofill {line}")
    assert (said.err.count("\n"), said.out) == (1, "")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_trace_leaves_the_old_page_alone(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.html").write_text("old")
    for path in recorded.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "events.jsonl").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", ".", "-o", "r.html"]) == cli.EXIT_USAGE
    assert capsys.readouterr().err == "cryofill report: events.jsonl:1: t_ms: is missing\n"
    assert (tmp_path / "r.html").read_text() == "old"


def test_the_firmware_is_told_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "sub").mkdir()
    before = versions.firmware_hash(tmp_path)
    assert len(before) == versions.HASH_CHARS and set(before) <= set("0123456789abcdef")
    (tmp_path / "notes.txt").write_text("no firmware")
    assert versions.firmware_hash(tmp_path) == before
    (tmp_path / "sub" / "b.py").write_text("")
    moved = versions.firmware_hash(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert len({before, moved, versions.firmware_hash(tmp_path)}) == 3


def test_another_vm_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(versions.VM_BINARY, "/opt/x/micropython-own")
    assert versions.of_run()["micropython"] == "micropython-own of CRYOFILL_MICROPYTHON"
