"""Every target x kind of the vocabulary: what it does to what a board, a bus or a bystander sees, and its verdict.

Each case runs twice, with and without the fault; what differs on the boards' terminals is the fault's doing. Each has
a second life in which it can have no effect: then nothing may differ and the verdict must be "none". A kind that is new
in the vocabulary fails here until it has both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import mean, pstdev
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.scenario import fault_bench as fb
from hil_tests.scenario.fault_bench import ROWS, Bench, Still, assert_none, pair, rows, truth
from sim import fault_table
from sim.faults import Faults, took_effect
from sim.scenario import Fault


def test_families_cover_the_vocabulary() -> None:
    assert {row[0] for row in ROWS} == {family for family, _ in fault_table.FAMILIES}
    assert len({row[1:3] for row in ROWS}) == len(ROWS)


def test_a_moment_that_never_comes_is_no_effect() -> None:
    faults = Faults([Fault(target, kind, state="LOCKOUT", value=1.0) for _, target, kind in ROWS])
    rig: Any = SimpleNamespace(state={"dispenser": "FILL"})  # all that may be looked at
    for tick in range(100):
        faults.step(tick / 100, rig)
    assert len(faults.report()) > 500
    assert {(row["at_s"], row["effect"]) for row in faults.report()} == {(None, "none")}
    assert not any(took_effect(row) for row in faults.report())
    assert faults.ever_targets == frozenset()


# -- signals -------------------------------------------------------------------------------------------------------

BEGIN_S, MOVE_S, END_S = 0.2, 0.4, 1.35
PERIOD_S = 0.2
SPAN_COUNTS = 59577 - 11915


def span(tag: str) -> tuple[float, float]:
    """Return the ends of a transmitter's range in the unit people use."""
    found = fault_table.signal_row(tag)
    assert found is not None
    row = found[1]
    return row[2] / row[6], row[3] / row[6]


def later(tag: str, value: float) -> fb.Play:
    """Return a play in which the truth of `tag` becomes `value` at MOVE_S."""

    def play(bench: Bench) -> None:
        if bench.t_s >= MOVE_S - 1e-9:
            bench.plant.truth[tag] = value

    return play


# What the board must read with the fault (`a`) and without (`b`), from the fault's begin on, in counts; `n` counts are
# the fault's value. A channel of 50 ms shows each of its readings for five ticks.
def _off(a: list[int], b: list[int], n: float) -> bool:
    return a[-100:] == [0] * 100


def _stuck(a: list[int], b: list[int], n: float) -> bool:
    return max(a) - min(a) <= 10 and abs(b[-1] - a[-1]) > 200


def _offset(a: list[int], b: list[int], n: float) -> bool:
    return all(abs(x - y - n) < 12 for x, y in zip(a[-100:], b[-100:], strict=True))


def _drift(a: list[int], b: list[int], n: float) -> bool:
    per_s = (a[-1] - b[-1]) - (a[-101] - b[-101])
    return abs(per_s - n) < 0.02 * n + 12


def _noise(a: list[int], b: list[int], n: float) -> bool:
    extra = [x - y for x, y in zip(a[-100:], b[-100:], strict=True)]
    return abs(mean(extra)) < 0.6 * n and 0.5 * n < pstdev(extra) < 1.6 * n


def _spike(a: list[int], b: list[int], n: float) -> bool:
    high = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if abs(x - y - n) < 12]
    same = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if abs(x - y) < 12]
    starts = [i for i in high if i - 1 not in high]
    return len(starts) == 2 and 95 <= starts[1] - starts[0] <= 105 and len(high) + len(same) == len(a)


def _delayed(a: list[int], b: list[int], n: float) -> bool:
    shift = round(PERIOD_S / fb.TICK_S)
    return all(abs(x - y) <= fb.NOISE_COUNTS for x, y in zip(a[shift + 5 :], b[5:], strict=False))


def _intermittent(a: list[int], b: list[int], n: float) -> bool:
    dead = sum(x == 0 for x in a[-100:])
    return 35 <= dead <= 65 and all(x == 0 or abs(x - y) < 12 for x, y in zip(a[-100:], b[-100:], strict=True))


# KIND: value as a share of the span (or its own unit), what the readings must be
READS: dict[str, tuple[float | None, Callable[[list[int], list[int], float], bool]]] = {
    "off": (None, _off),
    "stuck": (None, _stuck),
    "offset": (0.1, _offset),
    "drift": (0.1, _drift),
    "noise": (0.02, _noise),
    "spike": (0.2, _spike),
    "delayed": (None, _delayed),
    "intermittent": (None, _intermittent),
}


def signal_fault(target: str, kind: str, **moment: Any) -> tuple[Fault, float]:
    """Return a fault for a transmitter, and its value in counts."""
    share = READS[kind][0]
    low, high = span(target)
    value = PERIOD_S if kind in ("delayed", "intermittent") else None
    if share is not None:
        value = share * (high - low)
    return Fault(target, kind, value=value, **moment), (share or 0.0) * SPAN_COUNTS


@cache
def moving(tag: str) -> Bench:
    """Return a healthy bench on which that transmitter goes from 30 % to 60 %."""
    low, high = span(tag)
    bench = Bench(Still(truth(tag, low + 0.3 * (high - low))), [], later(tag, low + 0.6 * (high - low)))
    bench.run(END_S)
    return bench


@pytest.mark.parametrize(("target", "kind"), rows("transmitters"))
class TestTransmitters:
    """All kinds on all 4-20 mA inputs; the value stands at 30 % and then goes to 60 %."""

    def test_effect(self, target: str, kind: str) -> None:
        low, high = span(target)
        fault, counts = signal_fault(target, kind, at_s=BEGIN_S)
        still, healthy = Still(truth(target, low + 0.3 * (high - low))), moving(target)
        benches = pair(still, fault, END_S, healthy.play, without=healthy)
        assert fb.apart(benches) == {target}  # and no other reading
        begun = round(BEGIN_S / fb.TICK_S) + (0 if kind == "spike" else 5)
        one, other = (bench.series(target)[begun:] for bench in benches)
        assert READS[kind][1](one, other, counts), (one, other)
        assert benches[0].row()["effect"] == "reading differs"
        assert took_effect(benches[0].row())

    def test_none(self, target: str, kind: str) -> None:
        low, high = span(target)
        if kind in ("off", "intermittent"):  # always seen: but here it begins when all is over
            fault, start = signal_fault(target, kind, at_s=END_S)[0], low
        elif kind in ("stuck", "delayed"):  # shows what is true anyway
            fault, start = signal_fault(target, kind, at_s=BEGIN_S)[0], low + 0.3 * (high - low)
        else:  # the transmitter is at its end, far beyond its range
            fault, start = signal_fault(target, kind, at_s=BEGIN_S)[0], high + 5.0 * (high - low)
        assert_none(pair(Still(truth(target, start)), fault, END_S))


@pytest.mark.parametrize(("target", "kind"), rows("contacts"))
class TestContacts:
    """All kinds on all contacts: closed, and from MOVE_S on open where only a change can show the fault."""

    VALUES = {"delayed": PERIOD_S, "intermittent": PERIOD_S}

    def test_effect(self, target: str, kind: str) -> None:
        opens = kind in ("stuck", "delayed")
        play = later(target, 0.0) if opens else None
        fault = Fault(target, kind, at_s=BEGIN_S, value=self.VALUES.get(kind))
        benches = pair(Still(truth(target, 1.0)), fault, END_S, play)
        assert fb.apart(benches) == {target}
        shown = benches[0].series(target)
        begin, move, period = (round(s / fb.TICK_S) for s in (BEGIN_S, MOVE_S, PERIOD_S))
        ticks = len(shown)
        expected = {
            "off": [1] * begin + [0] * (ticks - begin),
            "stuck": [1] * ticks,
            "delayed": [1] * (move + period) + [0] * (ticks - move - period),
        }
        if kind == "intermittent":
            assert sum(shown[begin:]) == pytest.approx((ticks - begin) / 2, abs=10)
            changes = sum(a != b for a, b in zip(shown, shown[1:], strict=False))
            assert changes == pytest.approx(2 * (ticks - begin) / period, abs=2)
        else:
            assert shown == expected[kind]
        assert took_effect(benches[0].row())

    def test_none(self, target: str, kind: str) -> None:
        fault = Fault(target, kind, at_s=BEGIN_S, value=self.VALUES.get(kind))
        assert_none(pair(Still(truth(target, 0.0)), fault, END_S))  # open, and stays so


@pytest.mark.parametrize("kind", fault_table.CONTACT_KINDS)
def test_for_too_short_a_time_is_none(kind: str) -> None:
    """Over before the contact closes."""
    fault = Fault("ZO101", kind, at_s=BEGIN_S, for_s=0.1, value=TestContacts.VALUES.get(kind))

    def closes(bench: Bench) -> None:
        bench.plant.truth["ZO101"] = float(bench.t_s >= MOVE_S)

    assert_none(pair(Still(truth("ZO101", 0.0)), fault, END_S, closes))


@pytest.mark.parametrize(("target", "kind"), rows("pulses"))
class TestPulses:
    """The meter's pulse output: what is not counted is lost for good."""

    @staticmethod
    def flows(bench: Bench) -> None:
        bench.plant.truth["FQ101"] = 37.0 * bench.t_s

    def test_effect(self, target: str, kind: str) -> None:
        fault = Fault(target, kind, at_s=BEGIN_S, value=PERIOD_S if kind == "intermittent" else None)
        benches = pair(Still(truth(target, 0.0)), fault, END_S, self.flows)
        lost = benches[1].series(target)[-1] - benches[0].series(target)[-1]
        share = {"off": 1.0, "intermittent": 0.5}[kind]
        assert lost == pytest.approx(share * 37.0 * (END_S - BEGIN_S), abs=3.0)
        assert fb.apart(benches) == {target}
        assert took_effect(benches[0].row())

    def test_none(self, target: str, kind: str) -> None:
        assert_none(pair(Still(truth(target, 500.0)), Fault(target, kind, at_s=BEGIN_S), END_S))

    def test_less_than_a_pulse_is_none(self, target: str, kind: str) -> None:
        def trickles(bench: Bench) -> None:
            bench.plant.truth[target] = 0.2 + 0.1 * bench.t_s

        assert_none(pair(Still(truth(target, 0.2)), Fault(target, kind, at_s=BEGIN_S), END_S, trickles))


class TestSamePlace:
    """Two faults of one signal: the later one rules while it lasts, then the earlier one is back."""

    def test_signal(self) -> None:
        bench = Bench(Still(truth("PT101", 5.0)), [], None)
        bench.faults.add(Fault("PT101", "offset", at_s=0.1, value=2.0))
        bench.faults.add(Fault("PT101", "off", at_s=0.3, for_s=0.2))
        bench.run(1.0)
        reads = bench.series("PT101")
        per_bar = SPAN_COUNTS / 25.0
        assert reads[20] == pytest.approx(11915 + 7.0 * per_bar, abs=20)
        assert reads[35:48] == [0] * 13
        assert reads[60] == pytest.approx(11915 + 7.0 * per_bar, abs=20)

    def test_world(self) -> None:
        bench = Bench(Still(truth("HS101A", 1.0) | {"HS101A": 1.0}), [], None)
        bench.faults.add(Fault("world", "estop", at_s=0.1, for_s=0.3))
        bench.faults.add(Fault("world", "estop", at_s=0.2, for_s=0.5))
        bench.run(0.5)
        assert bench.plant.world.estop
        bench.run(0.3)
        assert not bench.plant.world.estop
