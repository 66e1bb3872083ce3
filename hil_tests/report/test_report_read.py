"""A trace folder read back: what is in it, what is refused and with which words, what a cut-short run may lack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hil_tests.report import trace_folder
from host_tools import report_page
from host_tools.cli import UserError
from host_tools.report_read import EVENTS, FRAMES, RESULT, SIGNALS


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    """Return a copy of the trace that may be damaged."""
    return Path(shutil.copytree(recorded, tmp_path / "trace"))


def line(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """Return a change of one line of a file (from 1)."""

    def changed(text: str) -> str:
        lines = text.split("\n")
        lines[number - 1] = change(lines[number - 1])
        return "\n".join(lines)

    return changed


def cell(number: int, column: str, value: str) -> Callable[[str], str]:
    """Return a change of one value of a CSV file."""

    def changed(text: str) -> str:
        place = text.split("\n", 1)[0].split(",").index(column)
        row = text.split("\n")[number - 1].split(",")
        row[place] = value
        return line(number, lambda _: ",".join(row))(text)

    return changed


def key(path: str, value: Any) -> Callable[[str], str]:
    """Return a change of one value of result.json; `path` with dots; ... takes the key out."""

    def changed(text: str) -> str:
        whole = json.loads(text)
        *parents, last = path.split(".")
        inner = whole
        for name in parents:
            inner = inner[int(name)] if isinstance(inner, list) else inner[name]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
        return json.dumps(whole)

    return changed


class TestWhole:
    """What was recorded is what is read."""

    def test_samples_states_and_frames(self, recorded: Path) -> None:
        trace = report_page.read(recorded)
        assert (len(trace.history.t_s), trace.history.t_s[-1]) == (1200, 120.0)
        assert max(trace.history.columns["FT101"]) == 900.0
        assert trace.measured["PT102"][5] == pytest.approx(12.5, abs=0.001)
        spans = trace.history.spans
        assert [one.state for one in spans] == ["BOOT", *(state for state, _ in trace_folder.PATH)]
        assert [one.start_s for one in spans[1:]] == [at_s for _, at_s in trace_folder.PATH]
        assert spans[-1].end_s == 120.0
        assert {one.can_id for one in trace.frames} == {can_id for can_id, _ in trace_folder.MESSAGES}
        assert trace.frames[0].t_us == 100_250
        assert trace.notes == []

    def test_a_bad_transmitter_has_no_value(self, folder: Path) -> None:
        path = folder / SIGNALS
        path.write_text(cell(7, "PT102", "")(path.read_text()))
        assert report_page.read(folder).measured["PT102"][4:7:2] == [pytest.approx(12.5, abs=0.001)] * 2
        assert report_page.read(folder).measured["PT102"][5] is None


# fmt: off
DAMAGE = (
    # FILE     CHANGE                                              REFUSAL, after the folder
    (SIGNALS,  None,                                               "signals.csv: no such file; is this a folder"),
    (EVENTS,   None,                                               "events.jsonl: no such file"),
    (FRAMES,   None,                                               "link.log: no such file"),
    (SIGNALS,  lambda text: "",                                    "signals.csv:1: no column t_s"),
    (SIGNALS,  line(1, lambda row: row.replace("tank_kg", "x")),   "signals.csv:1: no column tank_kg.true; record"),
    (SIGNALS,  lambda text: "\n".join(text.split("\n")[:2]) + "\n", "signals.csv: holds fewer than two samples"),
    (SIGNALS,  line(9, lambda row: row + ",1"),                    "signals.csv:9: "),
    (SIGNALS,  cell(9, "PT102.true", "x"),                         "signals.csv:9: PT102: 'x' is no number"),
    (SIGNALS,  cell(9, "PT102.true", ""),                          "signals.csv:9: PT102: '' is no number"),
    (SIGNALS,  cell(9, "PT102.true", "nan"),                       "signals.csv:9: PT102: 'nan' is no number"),
    (SIGNALS,  cell(9, "t_s", "0.7"),                              "signals.csv:9: t_s: 0.7 does not come after 0.7"),
    (SIGNALS,  lambda text: text[:-5],                             "signals.csv:1201: the line does not end"),
    (EVENTS,   line(3, lambda row: row[:-4]),                      "events.jsonl:3: not valid JSON"),
    (EVENTS,   line(3, lambda row: "[]"),                          "events.jsonl:3: not a JSON object"),
    (EVENTS,   line(3, lambda row: row.replace("t_ms", "t")),      "events.jsonl:3: t_ms: is missing"),
    (EVENTS,   line(3, lambda row: row.replace("5000", "true")),   "events.jsonl:3: t_ms: 'True' is not int"),
    (EVENTS,   line(3, lambda row: row.replace('r"', '"')),        "events.jsonl:3: node: 'dispense' is not one of"),
    (EVENTS,   line(3, lambda row: row.replace("STATE", "S")),     "events.jsonl:3: kind: 'S' is not known"),
    (FRAMES,   line(4, lambda row: row[:-1]),                      "link.log:4: "),
    (FRAMES,   line(4, lambda row: row.lower()),                   "link.log:4: "),
    (RESULT,   lambda text: "{\n  x",                              "result.json:2: not valid JSON"),
    (RESULT,   lambda text: "[]",                                  "result.json: not a JSON object"),
    (RESULT,   key("outcome", ...),                                "result.json: outcome: is missing"),
    (RESULT,   key("tank.peak_bar", "high"),                       "result.json: tank.peak_bar: 'high' is not int or"),
    (RESULT,   key("tank.peak_bar", float("inf")),                 "result.json: tank.peak_bar: 'inf' is not"),
    (RESULT,   key("seed", True),                                  "result.json: seed: 'True' is not int"),
    (RESULT,   key("faults.1.effect", None),                       "result.json: faults[1].effect: 'None' is not str"),
    (RESULT,   key("phases", []),                                  "result.json: phases: must be an object"),
    (RESULT,   key("reactions", {}),                               "result.json: reactions: must be a list"),
    (RESULT,   key("versions.cryofill", 1),                        "result.json: versions.cryofill: '1' is not str"),
)
# fmt: on


class TestRefused:
    """Damage is refused in one line with file and line."""

    @pytest.mark.parametrize(("name", "change", "words"), DAMAGE)
    def test_damage(self, folder: Path, name: str, change: Callable[[str], str] | None, words: str) -> None:
        path = folder / name
        if change is None:
            path.unlink()
        else:
            path.write_text(change(path.read_text()))
        with pytest.raises(UserError) as refusal:
            report_page.read(folder)
        assert str(refusal.value).startswith(f"{folder}/{words}")
        assert "\n" not in str(refusal.value)

    @pytest.mark.parametrize("name", [SIGNALS, RESULT])
    def test_bytes_that_are_no_text(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match=f"{name}: cannot be read: 'utf-8' codec"):
            report_page.read(folder)

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no such folder; `cryofill fill --trace DIR` writes one"):
            report_page.read(tmp_path / "nowhere")


class TestCutShort:
    """Without result.json the run was cut short: what is there is shown, what is not is said."""

    def test_said_and_shown(self, folder: Path) -> None:
        (folder / RESULT).unlink()
        page = report_page.render(report_page.read(folder))
        assert "No result.json: the run was cut short." in page
        assert page.count("not known</span>") == 12
        assert 'data-panel="mass"' in page
        assert "trip</b> ESTOP_A" in page

    @pytest.mark.parametrize("name", [SIGNALS, EVENTS, FRAMES])
    def test_half_a_last_line_is_left_out(self, folder: Path, name: str) -> None:
        (folder / RESULT).unlink()
        path = folder / name
        path.write_text(path.read_text()[:-9])
        assert f"{name} ends in the middle of a line, which is left out." in report_page.read(folder).notes

    def test_events_past_the_last_sample_have_no_mark(self, folder: Path) -> None:
        (folder / RESULT).unlink()
        path = folder / SIGNALS
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:901]))  # 90 s: before the trip
        page = report_page.render(report_page.read(folder))
        assert "trip</b> ESTOP_A" in page
        assert page.count('class="mark k-trip"') == 0
        assert page.count('class="mark k-warn"') == 2  # in the band and in the story
