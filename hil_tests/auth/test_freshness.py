"""The number of a frame from its 8-bit counter, and what holding frames back looks like."""

from __future__ import annotations

import random
from typing import Any

import pytest

HOUR_FRAMES = 36_000


@pytest.mark.parametrize(
    ("newest", "counter", "number"),
    [
        (-1, 0, 0), (-1, 255, 255), (0, 1, 1), (5, 5, 261), (5, 4, 260), (255, 0, 256), (511, 255, 767),
        (2**30 - 257, 254, 2**30 - 2),
    ],
)
def test_the_next_number_with_that_counter(core: Any, newest: int, counter: int, number: int) -> None:
    assert core.freshness.following(newest, counter) == number


def test_numbers_are_followed_over_any_loss_below_a_round_of_the_counter(core: Any) -> None:
    rng = random.Random(256)
    newest = rng.randrange(256)
    for _ in range(5000):
        sent = newest + rng.choice((1, 1, 1, 2, 3, 255, 256, rng.randint(1, 256)))
        assert core.freshness.following(newest, sent & 255) == sent
        newest = sent


def after(pace: Any, step_ms: float, frames: int) -> int:
    """Run a stream of that many frames, one each step_ms."""
    for n in range(frames):
        elapsed = round((n + 1) * step_ms) - round(n * step_ms)
        pace.behind_ms = pace.after(elapsed, n, n + 1)
    behind: int = pace.behind_ms
    return behind


def test_a_stream_in_time_is_never_behind(core: Any) -> None:
    assert after(core.freshness.Pace(100), 100, 1000) == 0


def test_two_crystals_200_ppm_apart_do_not_add_up_in_an_hour(core: Any) -> None:
    assert after(core.freshness.Pace(100), 100 * 1.0002, HOUR_FRAMES) <= 2


def test_a_stream_played_one_percent_slow_is_a_second_behind_in_two_minutes(core: Any) -> None:
    assert 900 < after(core.freshness.Pace(100), 101, 1000) < 1000
    assert after(core.freshness.Pace(100), 101, 1100) > 1000


def test_a_gap_stays_until_frames_come_early(core: Any) -> None:
    pace = core.freshness.Pace(100)
    pace.behind_ms = pace.after(700, 0, 1)  # one frame took 700 ms
    assert pace.behind_ms == 600
    assert pace.after(500, 1, 6) == 600  # lost frames are no gap: their numbers are missing as well
    assert pace.after(50, 6, 13) == 0


def test_a_new_stream_begins_in_time(core: Any) -> None:
    pace = core.freshness.Pace(100)
    pace.behind_ms = pace.after(900, 0, 1)
    pace.restart()
    assert pace.behind_ms == 0
