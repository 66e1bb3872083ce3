"""A trend as lines of text: one column a step of time, for any terminal that has block elements, or `#` without."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Final

ROWS: Final = 8
BLOCKS: Final = " ▁▂▃▄▅▆▇█"
LABEL: Final = 10  # characters to the left of the columns


def draw(name: str, unit: str, samples: Sequence[tuple[float, float]], width: int, blocks: bool) -> list[str]:
    """Return the lines of a trend of (seconds, value), at most `width` wide; the newest sample is on the right."""
    if len(samples) < 2:
        return [f"{name}: no trend yet"]
    columns = max(10, width - LABEL - 1)
    values = _resampled(samples, columns)
    low, high = min(values), max(values)
    span = high - low
    if span <= 0.0:
        low, span = low - 0.5, 1.0
    digits = max(0, min(4, 2 - floor(log10(span))))
    lines = []
    for row in range(ROWS - 1, -1, -1):
        label = high if row == ROWS - 1 else low if row == 0 else None
        cells = []
        for value in values:
            eighths = round((value - low) / span * ROWS * 8) - row * 8
            eighths = min(8, max(1 if row == 0 else 0, eighths))
            cells.append(BLOCKS[eighths] if blocks else "#" if eighths >= 4 or row == 0 else " ")
        lines.append(("" if label is None else f"{label:.{digits}f}").rjust(LABEL - 1) + " " + "".join(cells).rstrip())
    seconds = samples[-1][0] - samples[0][0]
    lines.append(f"{'':{LABEL}}{name} {unit}, the last {seconds:.0f} s, now {samples[-1][1]:.{digits}f}")
    return lines


def _resampled(samples: Sequence[tuple[float, float]], columns: int) -> list[float]:
    """Return the value in force at the end of each column's share of the time."""
    begin, end = samples[0][0], samples[-1][0]
    columns = min(columns, len(samples))
    found = []
    at = 0
    for column in range(1, columns + 1):
        until = begin + (end - begin) * column / columns
        while at + 1 < len(samples) and samples[at + 1][0] <= until + 1e-9:
            at += 1
        found.append(samples[at][1])
    return found
