"""The drawings show the whole table, are the same each time, and a stale one is found."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest

from host_tools import cli, sequence_command, sequence_layout, sequence_mermaid, sequence_svg
from sim import sequence_model, tables

SVG = "{http://www.w3.org/2000/svg}"
SMALLEST_PX = 10.0


@pytest.fixture(params=tables.NODES)
def model(request: pytest.FixtureRequest) -> sequence_model.Model:
    return sequence_model.build(request.param)


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]


class TestSvg:
    def test_every_state_and_every_reason_is_written(self, model: sequence_model.Model) -> None:
        written = texts(sequence_svg.draw(model))
        whole = " ".join(written)
        for state in model.states.values():
            assert state.name in written and state.what in written
            for row in state.rows:
                assert set(row.words.split()) <= set(whole.split()), row.words

    def test_it_needs_no_network_and_no_script(self, model: sequence_model.Model) -> None:
        svg = sequence_svg.draw(model)
        assert "<script" not in svg and "<image" not in svg
        assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]

    def test_boxes_neither_overlap_nor_leave_the_page(self, model: sequence_model.Model) -> None:
        layout = sequence_layout.lay_out(model)
        boxes = list(layout.boxes.values())
        for i, a in enumerate(boxes):
            assert a.x >= 0 and a.x + a.w <= layout.width and a.y >= 0 and a.y + a.h <= layout.height
            for b in boxes[:i]:
                assert a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y, (a.name, b.name)

    def test_lanes_of_one_side_never_share_a_place(self, model: sequence_model.Model) -> None:
        layout = sequence_layout.lay_out(model)
        spans = []
        for bundle in layout.bundles:
            ys = [layout.boxes[name].port(bundle) for name in (*bundle.sources, bundle.target)]
            spans.append((layout.lane_x(bundle), min(ys), max(ys)))
        for i, (x, low, high) in enumerate(spans):
            for other_x, other_low, other_high in spans[:i]:
                assert x != other_x or high < other_low or low > other_high

    def test_every_step_of_the_table_is_a_line(self, model: sequence_model.Model) -> None:
        layout = sequence_layout.lay_out(model)
        drawn = {(a, b) for a, b, _ in layout.straight}
        drawn |= {(name, bundle.target) for bundle in layout.bundles for name in bundle.sources}
        assert drawn == {(s.name, row.target) for s in model.states.values() for row in s.exits}

    def test_no_text_is_too_small_to_read(self, model: sequence_model.Model) -> None:
        sizes = [float(one.attrib["font-size"]) for one in ET.fromstring(sequence_svg.draw(model)).iter(f"{SVG}text")]
        assert min(sizes) >= SMALLEST_PX


class TestMermaid:
    def test_every_state_and_every_step_is_there(self, model: sequence_model.Model) -> None:
        text = sequence_mermaid.draw(model)
        assert text.startswith("stateDiagram-v2\n    [*] --> BOOT\n")
        inside: dict[str, str] = {}
        composite = ""
        for line in text.splitlines():
            if found := re.match(r'    state ".*" as (\w+) {', line):
                composite = found.group(1)
            elif found := re.match(r"\s+(\w+): \1<br/>", line):
                inside[found.group(1)] = composite if line.startswith(" " * 8) else ""
        assert sorted(inside) == sorted(model.names)
        arrows = re.findall(r"^    (\w+) --> (\w+): (.*)$", text, re.M)
        for state in model.states.values():
            for row in state.rows:
                words = row.words.replace(":", ",").replace(";", ",")
                assert any(
                    source in (state.name, inside[state.name])
                    and (target == row.target and words in label.split("<br/>"))
                    for source, target, label in arrows
                ), row
        assert not [label for _, _, label in arrows if ":" in label or ";" in label]


class TestCommand:
    def test_json_is_the_whole_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["sequence", "dispenser", "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        table = tables.states("dispenser")
        assert [state["name"] for state in told["states"]] == [row[0] for row in table.STATES]
        cool = next(state for state in told["states"] if state["name"] == "COOL")
        assert (cool["public"], cool["word"], cool["deadline_ms"]) == ("PRECOOL", "precool", 400000)
        assert cool["outputs"]["XV101"] == "O" and cool["outputs"]["FCV102"] == "C" and cool["outputs"]["XV105"] == "-"
        assert cool["exits"][-1] == {"row": len(table.TRANSITIONS) + told["states"].index(cool), "guard": None,
                                     "to": "SAFE_STOP", "why": "COOL took longer than 400 s"}  # fmt: skip

    def test_the_file_ending_chooses_the_form(self, tmp_path: Path) -> None:
        path = tmp_path / "tank.svg"
        assert cli.main(["sequence", "tank", "-o", str(path)]) == 0
        assert path.read_text() == (sequence_command.ROOT / "docs/sequence-tank.svg").read_text()

    def test_an_unwritable_file_is_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["sequence", "tank", "-o", str(tmp_path / "no" / "x.svg")]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "x.svg: cannot be written" in error

    def test_a_form_does_not_go_with_check(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["sequence", "generate", "--format", "svg"]) == 2
        assert "go with dispenser or tank" in capsys.readouterr().err


class TestFreshness:
    def test_the_documents_are_what_the_tables_give(self) -> None:
        assert sequence_command.stale(sequence_command.ROOT) == []

    def test_a_changed_or_missing_document_is_stale(self, tmp_path: Path) -> None:
        (tmp_path / "docs").mkdir()
        for name, text in sequence_command.documents().items():
            (tmp_path / name).write_text(text)
        assert sequence_command.stale(tmp_path) == []
        (tmp_path / "docs/sequence-tank.svg").write_text("old")
        (tmp_path / "docs/sequence.md").unlink()
        assert sequence_command.stale(tmp_path) == ["docs/sequence-tank.svg", "docs/sequence.md"]

    def test_a_changed_table_changes_every_form(self) -> None:
        table = tables.states("tank")
        rows = tuple((s, g, t, "another reason" if g == "parked" else w) for s, g, t, w in table.TRANSITIONS)
        changed = sequence_model.build("tank", SimpleNamespace(**{**vars(table), "TRANSITIONS": rows}))
        for form in ("svg", "mermaid", "json"):
            assert "another reason" in sequence_command.render(changed, form)
