"""The geometry of the report's plots: curves, limits, states and marks as places in percent and SVG paths.

The page stretches every curve to the width that there is, so that a phone shows the same plot as paper does, with text
of a size that can be read: here are only shares of a panel, no pixels. X runs from 0 to the end of the run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from host_tools import picture
from host_tools.report_bus import load
from host_tools.report_read import Trace
from host_tools.sampling import Span
from sim import tables

# Of the drawing inside a panel; the page stretches it.
WIDTH, HEIGHT = 4000, 1000
BUCKETS: Final = 700        # along the time axis: each keeps its lowest and its highest sample
CURSOR_POINTS: Final = 500  # samples per curve for reading values off with a pointer
X_TICKS_MAX: Final = 8
Y_TICKS_MAX: Final = 6
DASHES: Final = {"-": "", "--": "7 4", "-.": "8 3 2 3", ":": "2 3"}
STEPS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)

Values = Sequence[float | None]


class Tick(NamedTuple):
    """A place on an axis in percent, and its number."""

    at_pct: float
    text: str


class Drawn(NamedTuple):
    """One curve: words, colour, dash pattern, path, its lowest and highest value, and samples for the cursor."""

    label: str
    colour: str
    dash: str
    path: str
    low: str
    high: str
    samples: list[float | None]


class Rule(NamedTuple):
    """A level that the curves are held against: percent from the top, words, dash pattern."""

    at_pct: float
    words: str
    dash: str


class Panel(NamedTuple):
    """One plot. `note`: what a reader must know to read it right."""

    ident: str
    title: str
    unit: str
    curves: list[Drawn]
    rules: list[Rule]
    y_ticks: list[Tick]
    note: str


class Block(NamedTuple):
    """A stretch of the band: left edge and width in percent, name, colours, and seconds from and to."""

    left_pct: float
    width_pct: float
    name: str
    colour: str
    text_colour: str
    start_s: float
    end_s: float


class _Source(NamedTuple):
    """A curve before it is drawn: `style` as matplotlib calls it; `widens`: the axis must hold it."""

    label: str
    colour: str
    style: str
    values: Values
    widens: bool = True


def x_ticks(end_s: float) -> tuple[list[Tick], str]:
    """Return the ticks of the time axis and the unit of their numbers."""
    step = next((one for one in STEPS_S if end_s / one <= X_TICKS_MAX), STEPS_S[-1])
    divisor, unit = (60, "min") if step >= 30 and end_s >= 120 else (1, "s")
    count = int(end_s / step + 1e-9)
    return [Tick(_share(i * step, end_s), f"{i * step / divisor:g}") for i in range(count + 1)], unit


def _nice_step(span: float, most: int) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that divides `span` into at most `most` parts."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(power * one for one in (1, 2, 5, 10) if span / (power * one) <= most)


def _share(value: float, whole: float) -> float:
    return round(100.0 * value / whole, 3)


def _path(t_s: Sequence[float], values: Values, end_s: float, low: float, high: float) -> str:
    """Return the SVG path of a curve: lowest and highest of each bucket in their order, a gap where there is none."""
    per_bucket = max(1, len(values) // BUCKETS)
    points: list[tuple[int, int] | None] = []
    for start in range(0, len(values), per_bucket):
        bucket = [(value, i) for i, value in enumerate(values[start : start + per_bucket], start) if value is not None]
        if not bucket:
            points.append(None)
            continue
        for index in sorted({min(bucket)[1], max(bucket)[1]}):
            value = values[index]
            assert value is not None
            y = round(HEIGHT * (high - value) / (high - low))
            points.append((round(WIDTH * t_s[index] / end_s), min(max(y, -HEIGHT // 10), HEIGHT * 11 // 10)))
    return _words(points)


def _words(points: Sequence[tuple[int, int] | None]) -> str:
    """Return the path through the points, without those on a level stretch between its ends."""
    words: list[str] = []
    drawing = False
    for place, point in enumerate(points):
        if point is None:
            drawing = False
            continue
        before = points[place - 1] if place else None
        after = points[place + 1] if place + 1 < len(points) else None
        if before and after and before[1] == point[1] == after[1]:
            continue
        words.append(f"{'L' if drawing else 'M'}{point[0]} {point[1]}")
        drawing = True
    return "".join(words)


def _panel(
    ident: str, title: str, unit: str, t_s: Sequence[float], end_s: float, sources: Sequence[_Source], *,
    low: float | None = None, high: float | None = None, rules: Sequence[tuple[float, str, str]] = (),
    digits: int = 1, note: str = "",
) -> Panel:  # fmt: skip
    """Return a panel; its axis holds `low`, `high`, the rules and every curve that widens it."""
    seen = [value for one in sources if one.widens for value in one.values if value is not None]
    seen += [level for level, _, _ in rules]
    bottom = min(seen, default=0.0) if low is None else low
    top = max(seen, default=1.0) if high is None else high
    step = _nice_step(max(top - bottom, 10.0**-digits), Y_TICKS_MAX - 1)
    bottom = math.floor(bottom / step + 1e-9) * step
    top = math.ceil(top / step - 1e-9) * step
    if top <= bottom:
        top = bottom + step
    ticks = [Tick(_share(top - (bottom + i * step), top - bottom), f"{bottom + i * step:.4g}")
             for i in range(round((top - bottom) / step) + 1)]  # fmt: skip
    curves = []
    for one in sources:
        known = [value for value in one.values if value is not None]
        curves.append(Drawn(
            one.label, one.colour, DASHES[one.style], _path(t_s, one.values, end_s, bottom, top),
            f"{min(known):.{digits}f}" if known else "none", f"{max(known):.{digits}f}" if known else "none",
            [None if (value := one.values[i]) is None else round(value, digits) for i in cursor_places(len(t_s))],
        ))  # fmt: skip
    levels = [Rule(_share(top - level, top - bottom), words, DASHES[style]) for level, words, style in rules]
    return Panel(ident, title, unit, curves, levels, ticks, note)


def cursor_places(count: int) -> list[int]:
    """Return which of `count` samples the cursor knows: at most CURSOR_POINTS, evenly spread, first and last too."""
    most = min(count, CURSOR_POINTS)
    return [round(i * (count - 1) / max(1, most - 1)) for i in range(most)]


def _sources(trace: Trace, curves: Sequence[picture.Curve], faulted: set[str]) -> list[_Source]:
    """Return the true curves, and of every transmitter that was made to lie also what the board was shown."""
    found = [_Source(one.label, one.colour, one.style, trace.history.columns[one.column]) for one in curves]
    for one in curves:
        if one.column in faulted:
            words = f"{one.column} as the board saw it"
            found.append(_Source(words, picture.VERMILION, ":", trace.measured[one.column], widens=False))
    return found


def panels(trace: Trace) -> list[Panel]:
    """Return pressure, temperature, flow and mass of a run over its whole time."""
    history, result = trace.history, trace.result
    t_s, end_s = history.t_s, history.t_s[-1]
    faulted = {one["target"] for one in result["faults"]} if result else set()
    limits: list[tuple[float, str, str]] = []
    target: list[tuple[float, str, str]] = []
    start_kg = history.columns[picture.TANK_MASS][0]
    if result:
        relief = result["tank"]["relief_bar"]
        limits = [(relief, f"tank relief {relief:.2f}", "-"), (0.9 * relief, "90 % of relief", "--")]
        target = [(result["tank"]["target_kg"], f"target {result['tank']['target_kg']:g}", "--")]
        start_kg = result["tank"]["start_kg"]
    flows = _sources(trace, picture.FLOWS, faulted)
    every_flow = [value for curve in picture.FLOWS for value in history.columns[curve.column]]
    usual = picture.usual_peak(every_flow)
    most = max(every_flow) if usual is None else 1.25 * usual
    metered = [start_kg + grams / 1000.0 for grams in history.columns[picture.METER_TOTAL]]
    masses = [
        _Source("in the tank", picture.BLACK, "-", history.columns[picture.TANK_MASS]),
        _Source("start + FT101 total", picture.BLUE, "--", metered),
    ]
    pressures = _sources(trace, picture.PRESSURES, faulted)
    temperatures = _sources(trace, picture.TEMPERATURES, faulted)
    return [
        _panel("pressure", "Pressure", "bar abs", t_s, end_s, pressures, low=0.0, rules=limits, digits=2),
        _panel("temperature", "Temperature", "K", t_s, end_s, temperatures, low=0.0),
        _panel("flow", "Flow", "g/s", t_s, end_s, flows, low=max(min(every_flow), -0.1 * most), high=most,
               note="" if usual is None else "Surges of single samples go beyond the scale."),
        _panel("mass", "Mass", "kg", t_s, end_s, masses, rules=target, digits=2),
    ]  # fmt: skip


def bus_panel(trace: Trace, bitrate: int) -> Panel:
    """Return the load of the CAN bus over the time axis of the others."""
    end_s = trace.history.t_s[-1]
    t_s, percent = load(trace.frames, end_s, bitrate)
    source = _Source("bus load", picture.BLUE, "-", percent)
    return _panel("bus", "Load of the CAN bus", "%", t_s, end_s, [source], low=0.0, digits=2)


def state_colours(state: str) -> tuple[str, str]:
    """Return the colours of a public state: of the ground, and of text on it."""
    dark = state in picture.DARK_BANDS
    return picture.STATE_COLOURS.get(state, "#FFFFFF"), "#fff" if dark else "#111"


def _block(name: str, colours: tuple[str, str], start_s: float, stop_s: float, end_s: float) -> Block:
    left, right = _share(start_s, end_s), _share(stop_s, end_s)
    return Block(left, round(right - left, 3), name, *colours, start_s, stop_s)


def state_blocks(spans: Sequence[Span], end_s: float) -> list[Block]:
    """Return the band of the dispenser's public states."""
    return [_block(one.state, state_colours(one.state), one.start_s, one.end_s, end_s) for one in spans]


def word_blocks(spans: Sequence[Span], end_s: float) -> list[Block]:
    """Return the band of the sequence's five words, each over the states that it groups."""
    words = tables.states("dispenser").WORDS
    merged: list[tuple[str, float, float]] = []
    for one in spans:
        word = words.get(one.state)
        if word is None:
            continue
        if merged and merged[-1][0] == word and merged[-1][2] == one.start_s:
            merged[-1] = (word, merged[-1][1], one.end_s)
        else:
            merged.append((word, one.start_s, one.end_s))
    return [_block(word, ("", ""), start_s, stop_s, end_s) for word, start_s, stop_s in merged]
