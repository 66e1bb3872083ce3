"""The picture of a fill: pressures, temperatures, flows and masses over one time axis, with the states above.

Drawn from the truth sampled by `host_tools.sampling`, not from what the boards measured. Colours are those of Okabe and
Ito, which colour-blind readers can tell apart, and each curve of a panel has its own line style too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from host_tools.sampling import History, Mark, Span

WIDTH_PX, HEIGHT_PX, DPI = 1400, 1000, 100

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE, GREY = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#777777")  # fmt: skip

# Public states of the dispenser -> colour of the band. Cold colours where liquid may be in the hose.
# fmt: off
STATE_COLOURS = {
    "BOOT":       "#DDDDDD", "SELFTEST":    "#CCCCCC", "IDLE":     "#EEEEEE", "CONNECT":  "#F0E442",
    "PURGE":      ORANGE,    "LEAKTEST":    "#F6C766", "PRECOOL":  SKY,       "COLDTEST": "#9AD3F2",
    "FILL":       BLUE,      "HOLD":        PURPLE,    "DRAIN":    GREEN,     "VENT":     "#66C4AC",
    "WARM":       "#F4A582", "DISCONNECT":  "#F7F0A0", "COMPLETE": "#EEEEEE", "SAFE_STOP": VERMILION,
    "ESD":        "#B22222", "LOCKOUT":     "#8B4513", "MAINTENANCE": "#AAAAAA",
}
# fmt: on
DARK_BANDS = ("FILL", "ESD", "LOCKOUT", "SAFE_STOP", "DRAIN")

# Narrower than this share of the width a state's name does not fit inside its band.
NAME_FITS_SHARE = 0.065
NAME_GAP_SHARE = 0.02


class Curve(NamedTuple):
    """One line of a panel: the column of the history, its words, colour and line style."""

    column: str
    label: str
    colour: str
    style: str = "-"


# fmt: off
PRESSURES = (
    Curve("PT102", "hose PT102",   BLUE),
    Curve("PT103", "return PT103", ORANGE, "--"),
    Curve("PT201A", "tank PT201A", BLACK, "-."),
)
TEMPERATURES = (
    Curve("TT102", "nozzle TT102", BLUE),
    Curve("TT103", "return TT103", ORANGE, "--"),
    Curve("TT201", "tank liquid TT201", BLACK, "-."),
    Curve("TT202", "tank vapour TT202", GREEN, ":"),
)
FLOWS = (
    Curve("FT101", "liquid FT101", BLUE),
    Curve("FT103", "return gas FT103", ORANGE, "--"),
)
# fmt: on
TANK_MASS = "tank_kg"
METER_TOTAL = "FQ101"  # g

# What the picture needs of the plant's truth.
COLUMNS = (*(curve.column for curve in (*PRESSURES, *TEMPERATURES, *FLOWS)), TANK_MASS, METER_TOTAL)


class Limits(NamedTuple):
    """The lines the curves are held against: tank relief (bar absolute), target and start mass (kg)."""

    relief_bar: float
    start_kg: float
    target_kg: float


def draw(path: Path, title: str, history: History, limits: Limits) -> None:
    """Write the PNG. `history` holds at least two samples; raises OSError when the file cannot be written."""
    import matplotlib as mpl

    mpl.use("Agg")  # no display is needed, and none is looked for
    import matplotlib.pyplot as plt

    settings = {"path.simplify": True, "path.simplify_threshold": 0.5, "agg.path.chunksize": 0, "font.size": 10,
                "axes.titlesize": 12, "legend.fontsize": 9}  # fmt: skip
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(
            5, 1, sharex=True, figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI,
            gridspec_kw={"height_ratios": (0.42, 3, 3, 2.4, 2.4), "hspace": 0.09,
                         "left": 0.062, "right": 0.975, "top": 0.895, "bottom": 0.052})  # fmt: skip
        minutes = [t / 60.0 for t in history.t_s]
        end = minutes[-1] if minutes else 1.0
        figure.suptitle(title, fontsize=13, x=0.062, y=0.985, ha="left")
        _draw_band(axes[0], history.spans, end)
        _draw_pressures(axes[1], minutes, history, limits)
        _draw_curves(axes[2], minutes, history, TEMPERATURES)
        axes[2].set_ylabel("temperature, K")
        axes[2].set_ylim(bottom=0.0)
        _draw_curves(axes[3], minutes, history, FLOWS)
        _cut_peaks(axes[3], [value for curve in FLOWS for value in history.columns[curve.column]])
        axes[3].set_ylabel("flow, g/s")
        _draw_masses(axes[4], minutes, history, limits)
        axes[4].set_xlabel("time, min")
        axes[4].set_xlim(0.0, end)
        _draw_state_edges(axes[1:], history.spans)
        _draw_marks(axes[1:], history.marks)
        figure.savefig(path, dpi=DPI, format="png", metadata={"Software": "cryofill"})
        plt.close(figure)


def _draw_band(axis: Any, spans: Sequence[Span], end_min: float) -> None:
    """Draw the public states of the dispenser as one coloured band; names that do not fit stand slanted above it."""
    for span in spans:
        start, stop = span.start_s / 60.0, span.end_s / 60.0
        axis.axvspan(start, stop, color=STATE_COLOURS.get(span.state, "#FFFFFF"), lw=0)
        if stop - start >= NAME_FITS_SHARE * end_min:
            colour = "white" if span.state in DARK_BANDS else "black"
            axis.text((start + stop) / 2, 0.5, span.state, ha="center", va="center", fontsize=9, color=colour)
    narrow = [span for span in spans if span.end_s - span.start_s < NAME_FITS_SHARE * end_min * 60.0]
    middles = [(span.start_s + span.end_s) / 120.0 for span in narrow]
    line = {"arrowstyle": "-", "lw": 0.5, "color": "#999999", "shrinkA": 0, "shrinkB": 0}
    for span, middle, at in zip(narrow, middles, _spread(middles, end_min), strict=True):
        axis.annotate(span.state, (middle, 1.0), (at, 1.25), rotation=35, ha="left", va="bottom", fontsize=8,
                      color="#333333", annotation_clip=False, arrowprops=line)  # fmt: skip
    axis.set_yticks([])
    axis.set_ylim(0.0, 1.0)
    axis.tick_params(axis="x", bottom=False)
    for side in ("top", "right", "left", "bottom"):
        axis.spines[side].set_visible(False)


def _spread(places: Sequence[float], width: float) -> list[float]:
    """Return the places moved apart so that slanted names do not touch, all inside 0..width."""
    gap, last_place = NAME_GAP_SHARE * width, 0.985 * width
    spread: list[float] = []
    for place in places:
        spread.append(max(place, spread[-1] + gap) if spread else place)
    for index in range(len(spread) - 1, -1, -1):
        limit = last_place if index == len(spread) - 1 else spread[index + 1] - gap
        spread[index] = min(spread[index], limit)
    return spread


def _draw_curves(axis: Any, minutes: Sequence[float], history: History, curves: Sequence[Curve]) -> None:
    """Draw the curves of one panel with a legend."""
    for curve in curves:
        axis.plot(minutes, history.columns[curve.column], curve.style, color=curve.colour, lw=1.3, label=curve.label)
    axis.margins(y=0.08)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.2 * (high - low))  # room for the legend above the curves
    axis.grid(True, color="#E4E4E4", lw=0.6)
    axis.legend(loc="upper right", ncols=len(curves) + 2, framealpha=0.85, borderpad=0.25, handlelength=2.6)


def usual_peak(values: Sequence[float]) -> float | None:
    """Return the highest of all but the highest 0.5 % of the values when the rest dwarfs it, else None.

    A surge of one sample would flatten everything else that a panel shows.
    """
    ordered = sorted(values)
    usual = ordered[int(0.995 * (len(ordered) - 1))] if ordered else 0.0
    return usual if usual > 0.0 and ordered[-1] > 1.6 * usual else None


def _cut_peaks(axis: Any, values: Sequence[float]) -> None:
    """Scale a panel to what is usual in it, and say so."""
    usual = usual_peak(values)
    if usual is not None:
        axis.set_ylim(-0.08 * usual, 1.4 * usual)
        axis.text(0.004, 0.9, "peaks cut", transform=axis.transAxes, fontsize=8, color=GREY)


def _draw_pressures(axis: Any, minutes: Sequence[float], history: History, limits: Limits) -> None:
    """Draw the pressures with the tank's relief and the 90 % of it that a fill must stay under."""
    axis.axhline(limits.relief_bar, color=VERMILION, lw=1.2, label="tank relief")
    axis.axhline(0.9 * limits.relief_bar, color=VERMILION, lw=1.0, ls=(0, (6, 4)), label="90 % of relief")
    _draw_curves(axis, minutes, history, PRESSURES)
    axis.set_ylabel("pressure, bar abs")
    axis.set_ylim(0.0, limits.relief_bar * 1.32)  # room for the legend above the relief line


def _draw_masses(axis: Any, minutes: Sequence[float], history: History, limits: Limits) -> None:
    """Draw the mass in the tank and what the meter has passed, with the target."""
    metered = history.columns[METER_TOTAL]
    axis.axhline(limits.target_kg, color=VERMILION, lw=1.0, ls=(0, (6, 4)), label="target")
    axis.plot(minutes, history.columns[TANK_MASS], "-", color=BLACK, lw=1.3, label="in the tank")
    axis.plot(minutes, [limits.start_kg + grams / 1000.0 for grams in metered], "--", color=BLUE, lw=1.1,
              label="start + FT101 total")  # fmt: skip
    axis.grid(True, color="#E4E4E4", lw=0.6)
    axis.legend(loc="lower right", ncols=3, framealpha=0.85, borderpad=0.25, handlelength=2.6)
    axis.set_ylabel("mass, kg")


def _draw_state_edges(axes: Sequence[Any], spans: Sequence[Span]) -> None:
    """Carry each change of state down through the panels as a thin line."""
    for axis in axes:
        for span in spans[1:]:
            axis.axvline(span.start_s / 60.0, color="#BBBBBB", lw=0.5, zorder=0)


def _draw_marks(axes: Sequence[Any], marks: Sequence[Mark]) -> None:
    """Mark trips and faults across every panel; the words stand once, in the flow panel where there is room."""
    for mark in marks:
        colour = VERMILION if mark.kind == "TRIP" else PURPLE
        for axis in axes:
            axis.axvline(mark.t_s / 60.0, color=colour, lw=1.1, ls=(0, (2, 2)))
    for index, mark in enumerate(marks[:12]):
        colour = VERMILION if mark.kind == "TRIP" else PURPLE
        axes[2].annotate(mark.words, (mark.t_s / 60.0, 0.72 - 0.1 * (index % 7)), xycoords=("data", "axes fraction"),
                         xytext=(4, 0), textcoords="offset points", fontsize=8, color=colour)  # fmt: skip
