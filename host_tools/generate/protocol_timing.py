"""The rule of the gap as a drawing: what a silence does, from the times in the CAN database. One SVG, no script.

Two cases under each other: a silence that ends in time, and one that does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from host_tools.generate import database

MESSAGE: Final = "T_STATUS"  # whose times are drawn
QUALIFY: Final = 3  # good frames in a row
WIDTH, LEFT, RIGHT = 940.0, 150.0, 20.0
CASE_H, LANE_H, TOP = 262.0, 44.0, 58.0
LAST_MS: Final = 400  # of the last frame before the silence, from the left edge
SPAN_MS: Final = 2000
INK, QUIET, GOOD, HELD, ENDED = "#1A1A1A", "#555555", "#CFE2F3", "#FBF6C8", "#F3D3C4"
ALARM: Final = "#B22222"
FONT: Final = "font-family=\"'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\""


class Times(NamedTuple):
    """Of one message, in ms."""

    cycle: int
    hold: int
    stop: int


class Case(NamedTuple):
    """One silence: its words, how long it lasts (ms), and whether it ends before the stop limit."""

    words: str
    gap_ms: int
    ends_in_time: bool


def cases(times: Times) -> tuple[Case, Case]:
    """Return the two silences that are drawn: half-way between hold and stop, and beyond stop."""
    short = (times.hold + times.stop) // 2 // times.cycle * times.cycle
    return (
        Case(f"A silence of {short} ms: hold, and on by itself after {QUALIFY} good frames", short, True),
        Case(f"A silence of more than {times.stop} ms: terminal stop", times.stop + 2 * times.cycle, False),
    )


def frames_ms(case: Case, times: Times) -> list[int]:
    """Return when frames come, in ms from the left edge."""
    back = LAST_MS + case.gap_ms
    return [*range(LAST_MS % times.cycle, LAST_MS + 1, times.cycle), *range(back, SPAN_MS + 1, times.cycle)]


def states(case: Case, times: Times) -> list[tuple[int, str, str]]:
    """Return what the dispenser is in: (from ms, words, colour)."""
    found = [(0, "FILL", GOOD), (LAST_MS + times.hold, "HOLD", HELD)]
    if case.ends_in_time:
        found.append((LAST_MS + case.gap_ms + (QUALIFY - 1) * times.cycle, "FILL", GOOD))
    else:
        found.append((LAST_MS + times.stop, "SAFE_STOP, and no way back", ENDED))
    return found


def render(root: Path) -> str:
    """Return the SVG document."""
    loaded = database.load(root / database.DBC_PATH)
    message = loaded.get_message_by_name(MESSAGE)
    limits = message.dbc.attributes
    times = Times(message.cycle_time, limits["RxHoldMs"].value, limits["RxStopMs"].value)
    height = TOP + 2 * CASE_H
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" role="img" {FONT}>',
        "<title>What a silence of the truck does</title>",
        "<desc>Generated from dbc/cryofill.dbc by cryofill dbc generate; not edited.</desc>",
        '<rect width="100%" height="100%" fill="#FFFFFF"/>',
        _text(16, 34, f"What a silence of {MESSAGE} does (cycle {times.cycle} ms)", size=20, weight=700),
    ]
    for number, case in enumerate(cases(times)):
        parts += _case(case, times, TOP + number * CASE_H)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(t_ms: float) -> float:
    return LEFT + t_ms * (WIDTH - LEFT - RIGHT) / SPAN_MS


def _text(x: float, y: float, text: str, *, size: float = 12.5, colour: str = INK, anchor: str = "start",
          weight: int = 400) -> str:  # fmt: skip
    more = (f' font-weight="{weight}"' if weight != 400 else "") + (
        f' text-anchor="{anchor}"' if anchor != "start" else ""
    )
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{more}>{escape(text)}</text>'


def _path(d: str, colour: str, width: float = 1.4, dashes: str = "") -> str:
    more = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"{more}/>'


def _case(case: Case, times: Times, top: float) -> list[str]:
    """Return one case: frames, age of the newest good one, state, valves."""
    lanes = [top + 46 + LANE_H * lane for lane in range(4)]
    arrivals = frames_ms(case, times)
    found = [_text(16, top + 18, case.words, size=14.5, weight=700)]
    for y, words in zip(lanes, ("frames on the bus", "age of the newest", "dispenser", "XV101, XV103"), strict=True):
        found.append(_text(16, y + 24, words, colour=QUIET))
    found += [_path(f"M{_x(t):.1f} {lanes[0] + 8:.1f}V{lanes[0] + 32:.1f}", INK, 2.2) for t in arrivals]
    back = LAST_MS + case.gap_ms
    if case.ends_in_time:
        for count in range(QUALIFY):
            x = _x(back + count * times.cycle)
            found.append(_text(x, lanes[0] + 4, str(count + 1), size=11, anchor="middle"))
    found += _age(arrivals, times, lanes[1])
    found += _blocks(states(case, times), lanes[2])
    found += _valves(case, times, lanes[3])
    for limit, words in ((times.hold, f"{times.hold} ms"), (times.stop, f"{times.stop} ms")):
        x = _x(LAST_MS + limit)
        found.append(_path(f"M{x:.1f} {lanes[0]:.1f}V{lanes[3] + 38:.1f}", ALARM, 1.0, "4 3"))
        found.append(_text(x, lanes[3] + 52, words, size=12, colour=ALARM, anchor="middle"))
    x = _x(LAST_MS)
    found.append(_path(f"M{x:.1f} {lanes[0]:.1f}V{lanes[3] + 38:.1f}", QUIET, 0.8, "2 3"))
    found.append(_text(x, lanes[3] + 52, "last good frame", size=12, colour=QUIET, anchor="middle"))
    return found


def _age(arrivals: list[int], times: Times, y: float) -> list[str]:
    """Return the age as a saw: up with time, down with every frame; cut off a little above the stop limit."""
    full, high = 1.15 * times.stop, 32.0
    points = []
    last = arrivals[0]
    for t in [*arrivals[1:], SPAN_MS]:
        points.append(f"{_x(last):.1f} {y + 36:.1f}")
        points.append(f"{_x(t):.1f} {y + 36 - high * min(1.0, (t - last) / full):.1f}")
        last = t
    return [_path("M" + " L".join(points), INK)]


def _blocks(spans: list[tuple[int, str, str]], y: float) -> list[str]:
    ends = [start for start, _, _ in spans[1:]] + [SPAN_MS]
    found = []
    for (start, words, colour), end in zip(spans, ends, strict=True):
        found.append(f'<rect x="{_x(start):.1f}" y="{y + 6:.1f}" width="{_x(end) - _x(start):.1f}" height="28" '
                     f'fill="{colour}" stroke="{INK}" stroke-width="0.8"/>')  # fmt: skip
        found.append(_text((_x(start) + _x(end)) / 2, y + 25, words, anchor="middle"))
    return found


def _valves(case: Case, times: Times, y: float) -> list[str]:
    """Return how the supply's valves are commanded: open is up."""
    shut = LAST_MS + times.hold
    d = f"M{_x(0):.1f} {y + 10:.1f}H{_x(shut):.1f}V{y + 34:.1f}"
    if case.ends_in_time:
        d += f"H{_x(states(case, times)[-1][0]):.1f}V{y + 10:.1f}"
    return [_path(d + f"H{_x(SPAN_MS):.1f}", INK, 2.0), _text(_x(0) + 4, y + 26, "open", size=11, colour=QUIET),
            _text(_x(shut) + 4, y + 28, "shut", size=11, colour=QUIET)]  # fmt: skip
