"""The geometry of the plots and the order of the story."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from host_tools import report_bus, report_page, report_plot, report_story
from host_tools.report_read import Seen, Trace
from host_tools.report_story import Row
from host_tools.sampling import Event, Span


@pytest.fixture(scope="module")
def trace(recorded: Path) -> Trace:
    return report_page.read(recorded)


def points(path: str) -> list[tuple[int, int]]:
    """Return the points of an SVG path."""
    return [(int(x), int(y)) for x, y in re.findall(r"[ML](-?\d+) (-?\d+)", path)]


class TestPath:
    """Curves keep what matters of them."""

    @pytest.mark.parametrize("count", [2, 3, 700, 1399, 1400, 5000])
    def test_the_ends_and_the_only_peak_are_kept(self, count: int) -> None:
        for peak in range(count // 3, min(count // 3 + 9, count)):  # anywhere in a bucket
            values = [0.0] * count
            values[peak] = 5.0
            found = points(report_plot._path([float(i) for i in range(count)], values, count - 1.0, 0.0, 10.0))
            assert found[0][0] == 0
            assert found[-1][0] >= report_plot.WIDTH - 4 * report_plot.WIDTH / count - 1
            assert min(y for _, y in found) == report_plot.HEIGHT // 2
            assert len(found) <= 6

    def test_a_bad_stretch_is_a_gap(self) -> None:
        path = report_plot._path([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 2.0, None, 3.0, 1.0], 4.0, 0.0, 4.0)
        assert path == "M0 750L1000 500M3000 250L4000 750"

    def test_a_level_stretch_is_one_line(self) -> None:
        assert report_plot._path([0.0, 1.0, 2.0, 3.0], [1.0] * 4, 3.0, 0.0, 2.0) == "M0 500L4000 500"

    def test_beyond_the_scale_is_cut_outside_the_panel(self) -> None:
        ys = [y for _, y in points(report_plot._path([0.0, 1.0], [-9e9, 9e9], 1.0, 0.0, 1.0))]
        assert ys == [1100, -100]


class TestAxes:
    """Ticks are round numbers, and everything lies between them."""

    @pytest.mark.parametrize(
        ("end_s", "last", "unit"), [(0.2, "0", "s"), (14.0, "14", "s"), (120.0, "120", "s"), (240.0, "4", "min"),
                                    (751.0, "12", "min"), (3600.0, "60", "min"), (86400.0, "1440", "min")],
    )  # fmt: skip
    def test_time(self, end_s: float, last: str, unit: str) -> None:
        ticks, found = report_plot.x_ticks(end_s)
        assert (ticks[0].at_pct, ticks[-1].text, found) == (0.0, last, unit)
        assert 1 <= len(ticks) <= report_plot.X_TICKS_MAX + 1
        assert ticks[-1].at_pct <= 100.0

    @pytest.mark.parametrize("low_high", [(0.0, 0.0), (0.0, 7.013), (40.0, 85.04), (-32.0, 200.0), (3.999, 4.001)])
    def test_values(self, low_high: tuple[float, float]) -> None:
        source = report_plot._Source("x", "#000000", "-", low_high)
        panel = report_plot._panel("x", "X", "bar", (0.0, 1.0), 1.0, [source])
        assert 2 <= len(panel.y_ticks) <= report_plot.Y_TICKS_MAX + 1
        assert (panel.y_ticks[0].at_pct, panel.y_ticks[-1].at_pct) == (100.0, 0.0)
        assert float(panel.y_ticks[0].text) <= low_high[0]
        assert float(panel.y_ticks[-1].text) >= low_high[1]

    def test_relief_is_inside_and_where_its_value_is(self, trace: Trace) -> None:
        panel = report_plot.panels(trace)[0]
        top = float(panel.y_ticks[-1].text)
        assert panel.rules[0].words == "tank relief 7.01"
        assert panel.rules[0].at_pct == pytest.approx(100.0 * (top - 7.013) / top, abs=0.01)

    def test_a_surge_does_not_flatten_the_flow(self, trace: Trace) -> None:
        panel = report_plot.panels(trace)[2]
        assert float(panel.y_ticks[-1].text) == 200.0
        assert (panel.curves[0].high, panel.note != "") == ("900.0", True)

    def test_only_a_transmitter_that_was_made_to_lie_is_shown_twice(self, trace: Trace) -> None:
        labels = [[one.label for one in panel.curves] for panel in report_plot.panels(trace)]
        assert labels[0][3:] == ["PT201A as the board saw it"]
        assert not any("board" in label for panel in labels[1:] for label in panel)


class TestBands:
    """States and words over the time axis."""

    def test_words_group_neighbouring_states(self) -> None:
        spans = [Span("IDLE", 0.0, 10.0), Span("CONNECT", 10.0, 12.0), Span("PURGE", 12.0, 20.0),
                 Span("FILL", 20.0, 60.0), Span("HOLD", 60.0, 62.0), Span("ESD", 62.0, 80.0)]  # fmt: skip
        blocks = report_plot.word_blocks(spans, 80.0)
        assert [(one.name, one.left_pct, one.width_pct) for one in blocks] == [
            ("connect", 12.5, 12.5), ("fill", 25.0, 52.5)]  # fmt: skip

    def test_the_band_has_no_holes(self, trace: Trace) -> None:
        blocks = report_plot.state_blocks(trace.history.spans, 120.0)
        edges = [0.0, *(round(one.left_pct + one.width_pct, 3) for one in blocks)]
        assert [one.left_pct for one in blocks] == edges[:-1]
        assert edges[-1] == 100.0


class TestBus:
    """Load and messages from the log alone."""

    def test_load_of_each_second(self) -> None:
        frames = [Seen(500_000, 1, 5000), Seen(700_000, 1, 5000), Seen(1_500_000, 1, 25_000), Seen(9_000_000, 1, 1)]
        middles, percent = report_bus.load(frames, 2.5, 500_000)
        assert (middles, percent) == ([0.5, 1.5], [2.0, 5.0])

    def test_an_unknown_identifier_is_shown_as_such(self) -> None:
        rows = {one.can_id: one for one in report_bus.by_message([Seen(10, 0x123, 130)], 1.0, 500_000)}
        odd = rows["00000123"]
        assert (odd.name, odd.frames, odd.longest_ms, odd.late) == ("not in the database", 1, None, False)
        assert odd.load_pct == pytest.approx(0.026)
        assert rows["0CFF21A1"].frames == 0

    def test_gaps(self) -> None:
        frames = [Seen(t_ms * 1000, 0xCFF21A1, 130) for t_ms in (100, 200, 300, 601, 701)]
        row = next(one for one in report_bus.by_message(frames, 1.0, 500_000) if one.can_id == "0CFF21A1")
        assert (row.typical_ms, row.longest_ms, row.gap_at_s, row.late) == (100.0, 301.0, 0.3, True)


class TestStory:
    """In order, numbered, and no more than can be read."""

    def test_cause_before_reaction_before_state(self, trace: Trace) -> None:
        rows = [row for row in report_story.rows(trace) if 100.0 <= row.t_s < 100.4]
        assert [(row.kind, row.what) for row in rows] == [
            ("fault", "world estop"), ("reaction", "liquid valves commanded closed"), ("trip", "ESTOP_A"),
            ("state", "ESD"), ("reaction", "flow past XV103 ended")]  # fmt: skip
        assert [row.number for row in rows] == [4, 5, 6, 0, 7]

    def test_marks_never_touch_in_a_lane(self, trace: Trace) -> None:
        rows = [Row(float(i), "trip", "tank", "X", "", i) for i in range(1, 30)]
        marks = report_story.marks(rows, 100.0)
        for lane in range(report_story.LANES_MAX - 1):
            places = [one.at_pct for one in marks if one.lane == lane]
            assert all(b - a >= report_story.LANE_GAP_PCT for a, b in zip(places, places[1:], strict=False))
        assert max(one.lane for one in marks) == report_story.LANES_MAX - 1

    def test_a_fault_lasts_as_long_as_it_did(self, trace: Trace) -> None:
        marks = report_story.marks(report_story.rows(trace), 120.0)
        assert (marks[0].row.what, marks[0].at_pct, marks[0].width_pct) == ("PT201A stuck", 50.0, 16.667)
        assert marks[1].width_pct == 0.0

    def test_a_storm_of_warnings_is_cut_and_said(self, trace: Trace) -> None:
        storm = [Event(t_ms, "dispenser", "WARN", "HOSE_VACUUM_LOW", "", "", 1) for t_ms in range(1000, 51_000, 100)]
        flooded = dataclasses.replace(trace, events=storm)
        found = report_page.context(flooded)
        assert len(found["marks"]) == report_story.MARKS_MAX
        assert len(found["story"]) == report_story.ROWS_MAX
        page = report_page.render(flooded)
        assert f"And {found['story_left_out']} more, in <code>events.jsonl</code>" in page
        assert f"{found['marks_left_out']} later ones have no number" in page
