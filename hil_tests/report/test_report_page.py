"""The page: it has every part, escapes what it shows, asks for nothing from outside, and is the same each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hil_tests.report import trace_folder
from host_tools import pages, picture, report_page
from sim import tables

SECTIONS = ("figures", "ticket", "invariants", "plots", "story", "faults", "bus", "boards", "limits")
PLOTS = ("pressure", "temperature", "flow", "mass", "bus")
SIZE_MAX_B = 1_500_000
VOID = ("meta", "link", "br", "img", "input", "hr")


class Tree(HTMLParser):
    """What a page is made of: start tags with attributes, text by the tag it stands in; refuses what does not close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self._open[-1] if self._open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def tree(page: str) -> Tree:
    return Tree(page)


def page_of(folder: Path, result: dict[str, Any]) -> str:
    """Return the page of the shared trace with another result object."""
    return report_page.render(report_page.read(trace_folder.write(folder, result)))


def words(page: str) -> str:
    """Return the text of a page's body without tags, in one line."""
    body = page.partition("<main>")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


class TestWhole:
    """One file with everything in it."""

    def test_every_section_has_its_heading(self, tree: Tree) -> None:
        sections = tree.all("section")
        assert [one["id"] for one in sections] == list(SECTIONS)
        headings = {one.get("id") for one in tree.all("h2")}
        assert all(one["aria-labelledby"] in headings for one in sections)

    def test_ids_are_unique_and_links_lead_somewhere(self, tree: Tree) -> None:
        ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
        assert len(set(ids)) == len(ids)
        assert {one["href"][1:] for one in tree.all("a")} <= set(ids)

    def test_it_is_small(self, page: str) -> None:
        assert len(page.encode()) < SIZE_MAX_B

    def test_nothing_is_loaded(self, page: str, tree: Tree) -> None:
        assert re.findall(r"https?:|//[a-z]|url\(|@import|src\s*=", page.replace("// ", "")) == []
        assert [one["href"] for one in tree.all("link")] == ["data:,"]

    def test_the_policy_allows_its_own_script_alone(self, page: str, tree: Tree) -> None:
        policy = next(one["content"] for one in tree.all("meta") if one.get("http-equiv"))
        assert policy.startswith("default-src 'none';")
        script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
        assert script is not None
        digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}';" in policy

    def test_the_same_trace_gives_the_same_page(self, recorded: Path, page: str) -> None:
        assert report_page.render(report_page.read(recorded)) == page

    def test_every_plot_says_in_words_what_it_shows(self, page: str, tree: Tree) -> None:
        labels = [one["aria-label"] for one in tree.all("svg") if one.get("role") == "img"]
        assert len(labels) == len(PLOTS)
        assert "Flow in g/s over time. liquid FT101: from 0.0 to 900.0." in labels[2]
        assert all(one.get("role") == "img" or one.get("aria-hidden") for one in tree.all("svg"))
        assert [one for one in PLOTS if f'data-panel="{one}"' not in page] == []

    def test_every_table_has_a_caption_and_headers(self, page: str) -> None:
        for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
            assert "<caption>" in table
            assert 'scope="col"' in table or 'scope="row"' in table

    def test_the_cursor_knows_every_curve(self, page: str) -> None:
        found = re.search(r'id="samples">(.*?)</script>', page, re.DOTALL)
        assert found is not None
        data = json.loads(found.group(1))
        assert data["end_s"] == 120.0
        assert {name: len(curves) for name, curves in data["panels"].items()} == {
            "pressure": 4, "temperature": 4, "flow": 2, "mass": 2, "bus": 1}  # fmt: skip
        assert data["panels"]["mass"][0][-1] == 46.0

    def test_every_curve_has_a_colour_of_the_style_sheet(self) -> None:
        style = (pages.TEMPLATES / "report.css").read_text()
        plots = (pages.TEMPLATES / "plots.html.j2").read_text()
        named = dict(re.findall(r'"(#\w{6})": "(\w+)"', plots))
        curves = (*picture.PRESSURES, *picture.TEMPERATURES, *picture.FLOWS)
        assert {one.colour for one in curves} <= set(named)
        assert [one for one in named.values() if f"--{one}:" not in style] == []


class TestShown:
    """What a reader comes for is there, in words."""

    @pytest.mark.parametrize(
        "shown",
        [
            "5.90 kg 40.0 to 45.9 kg",
            "6.00 kg target 85 kg in the tank",
            "60 % of relief, 7.01 bar",
            "Dispensing ticket not billable",
            "NET 6.00 kg NOT BILLABLE",
            "session 17 seed 7",
            "PT201A stuck none given 1:00.0 1:20.0 reading differs",
            "XV106 stuck_closed - 1:02.0 lasted to the end no effect on anything observable",
            "can.link drop 100 % (default) never - never began: its moment did not come",
            "world estop - 1:40.0 lasted to the end HS101A 1 -&gt; 0",
            "ESTOP_A 1:40.0 after 10 ms after 340 ms 20 ms",
            "LINK_AGE dispenser 1:10.3 hold LINK_MS above 299 300 1:10.9 27 EJ",
            "ESTOP_A dispenser 1:40.0 esd HS101A open 0 - 32",
            "I12 the ticket agrees with the tank&#39;s gain held",
            "D_PERMIT 08FF11D1 dispenser 1199 100 100.0 100.0",
            "dispenser 12005 all 250 70 130 500 0",
            "firmware 0123456789ab",
            "This is not a certified safety system",
            "relief set pressure 6.0 barg",
            "PT201A as the board saw it",
            "Surges of single samples go beyond the scale.",
        ],
    )
    def test_words(self, page: str, shown: str) -> None:
        assert shown in words(page)

    def test_a_gap_that_makes_the_receiver_hold_stands_out(self, page: str) -> None:
        assert '<b>800.0</b> <span class="soft">at 1:10.0</span>' in page
        assert page.count('<span class="soft">at ') == 1

    def test_the_head_says_what_and_how(self, page: str) -> None:
        head = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main>")[0].partition("<body>")[2]))
        for shown in ("a mixed bag", "emergency shut-down", "ESTOP_A (dispenser), measured 0", "seed 7",
                      "cryofill 0.1.0", "firmware 0123456789ab", "on MicroPython 1.28", "in place"):  # fmt: skip
            assert shown in head

    def test_the_assumed_values_are_those_of_the_document(self) -> None:
        assert [value for value, _ in report_page.assumed_values()] == [
            "tank volume", "relief set pressure", "MAWP", "certificate", "heat leak", "transfer pump",
            "standby hose"]  # fmt: skip

    def test_every_public_state_has_its_word_or_none(self, page: str) -> None:
        five = re.findall(r'<span style="left:[\d.]+%;width:[\d.]+%" title="(\w+), ', page)
        assert five == ["connect", "precool", "fill"]
        assert set(five) <= set(tables.states("dispenser").WORDS.values())

    @pytest.mark.parametrize(
        ("change", "shown"),
        [
            ({"outcome": "complete", "reason": "COMPLETE: target mass"}, 'class="badge good">complete<'),
            ({"outcome": "esd"}, 'class="badge fair">emergency shut-down<'),
            ({"expect": {"unmet": ["a 'b'"]}}, "<b>Not as expected:</b> a &#39;b&#39;"),
            ({"faults": [], "reactions": []}, "No fault was asked for in this run."),
            ({"vm": "cpython"}, "<b>CPython 3.11</b>"),
            ({"outcome": "unheard"}, 'class="badge fair">unheard<'),
        ],
    )
    def test_other_results(self, tmp_path: Path, change: dict[str, Any], shown: str) -> None:
        assert shown in page_of(tmp_path, trace_folder.result(**change))

    def test_a_broken_invariant_is_said_first_and_marked(self, tmp_path: Path) -> None:
        broken = {"checked": ["I1", "I2"], "broken": [{"id": "I2", "at_s": 61.5, "detail": "flow with LK108 open"}]}
        page = page_of(tmp_path, trace_folder.result(invariants=broken))
        assert "<b>Invariant I2 broken</b> at 1:01.5: flow with LK108 open" in page.partition("<main>")[0]
        assert '<span class="tag bad">broken</span>' in page
        assert (page.count(">held</span>"), page.count(">not checked</span>")) == (1, 10)
        assert page.count('class="mark k-broken"') == 2

    def test_a_fault_set_while_the_run_went_on_has_no_asked_value(self, tmp_path: Path) -> None:
        result = trace_folder.result()
        result["scenario"]["faults"] = []
        assert "PT201A stuck none given 1:00.0 lasted to the end" in words(page_of(tmp_path, result))


class TestEscaped:
    """No text of a trace becomes markup."""

    EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onload='x"

    def test_scenario_reason_and_details(self, tmp_path: Path) -> None:
        result = trace_folder.result(reason=self.EVIL, outcome=self.EVIL)
        result["scenario"] |= {"name": self.EVIL, "stem": self.EVIL}
        result["scenario"]["station"]["supply"] = self.EVIL
        result["invariants"]["broken"] = [{"id": self.EVIL, "at_s": 5.0, "detail": self.EVIL}]
        result["faults"][0] |= {"target": self.EVIL, "kind": self.EVIL, "effect": self.EVIL}
        result["reactions"][0]["trip"] = self.EVIL
        result["expect"]["unmet"] = [self.EVIL]
        result["versions"]["firmware"] = self.EVIL
        page = page_of(tmp_path, result)
        tree = Tree(page)
        assert len(tree.all("script")) == 2
        assert tree.all("img") == []
        assert [name for _, attributes in tree.tags for name in attributes if name.startswith("on")] == []
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(1)") > 10

    def test_events(self, tmp_path: Path) -> None:
        folder = trace_folder.write(tmp_path, trace_folder.result())
        path = folder / "events.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines[2] |= {"id": self.EVIL, "to": self.EVIL}
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        tree = Tree(report_page.render(report_page.read(folder)))
        assert len(tree.all("script")) == 2
        assert tree.all("img") == []
