"""Instruments: from the plant's truth to what a board's terminals carry (ADC counts, contacts, pulse totals).

Each 4-20 mA channel: truth -> first-order lag -> fixed accuracy error (option) -> noise -> signal fault -> loop
current, limited to what a transmitter can drive (3.8-20.5 mA, NAMUR NE43) -> ADC counts of a 22 mA full scale
(4 mA = 11915, 20 mA = 59577) with 1-2 counts of converter noise. Figures come from the nodes' I/O lists.

A channel is computed when the firmware looks: 10 ms channels every tick, 50 ms channels in five turns, those that
`core/analog.py` scans in this tick. Deterministic for one seed; noise is drawn from a pool made once.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from operator import itemgetter

from sim import tables
from sim.interfaces import TICK_S

TURNS = 5  # ticks between two looks at a 50 ms channel
COUNTS_PER_MA = 65535.0 / 22.0
LOW_MA, HIGH_MA = 3.8, 20.5
LOW_COUNTS, HIGH_COUNTS = LOW_MA * COUNTS_PER_MA, HIGH_MA * COUNTS_PER_MA
POOL = 4096  # noise samples; a power of two
POOL_MASK = POOL - 1
ADC_NOISE_COUNTS = 0.8  # rms
DELAY_MAX_S = 60.0
DRIFT_PER_YEAR = 1.0  # assumed: zero drift of a transmitter in a year, in multiples of its accuracy
DIFFERS_SIGMAS = 10.0  # two noisy readings of one value never part by so much

AI_KINDS = ("off", "stuck", "offset", "drift", "noise", "spike", "delayed", "intermittent")


class _Channel:
    """One transmitter. `value` is the lagged reading in the SHOWN unit; what the board reads is `counts[i]`.

    In counts: value * scale + offset + sigma * noise, with the accuracy errors in scale and offset and the noise of
    transmitter and converter in sigma.
    """

    __slots__ = (
        "tag", "value", "counts", "i", "alpha", "scale", "offset", "sigma", "draws", "fault",
        "every", "gain", "zero", "noise", "to_ma", "lo", "adc_at",
    )  # fmt: skip

    def __init__(
        self,
        row: Sequence[object],
        counts: list[int],
        i: int,
        rng: random.Random,
        pool: list[float],
        accuracy_errors: bool,
        age_years: float,
    ) -> None:
        self.tag = str(row[0])
        self.counts = counts
        self.i = i
        div = float(row[6])  # type: ignore[arg-type]
        self.lo, hi = float(row[2]) / div, float(row[3]) / div  # type: ignore[arg-type]
        span = hi - self.lo
        acc, noise, lag_ms, scan_ms = (float(x) for x in row[7:11])  # type: ignore[arg-type]
        self.every = TURNS if scan_ms >= 50 else 1
        self.alpha = 1.0 - math.exp(-self.every * TICK_S * 1000.0 / lag_ms) if lag_ms > 0 else 1.0
        # Accuracy is the sum of a zero and a gain error, each fixed for the unit.
        split = rng.uniform(0.0, 1.0)
        error = acc * 1e-6 if accuracy_errors else 0.0
        self.zero = error * split * span * rng.choice((-1.0, 1.0))
        # Long-term drift of the zero. Drawn apart: the other figures of a unit do not depend on its age.
        drift = random.Random(f"{self.tag} {split}").uniform(-1.0, 1.0)
        self.zero += acc * 1e-6 * span * DRIFT_PER_YEAR * age_years * drift
        self.gain = 1.0 + error * (1.0 - split) * rng.choice((-1.0, 1.0))
        self.noise = noise * 1e-6 * span
        self.to_ma = 16.0 / span
        per_unit = self.to_ma * COUNTS_PER_MA
        self.scale = self.gain * per_unit
        self.offset = 4.0 * COUNTS_PER_MA + (self.zero - self.lo) * per_unit + 0.5
        self.sigma = math.hypot(self.noise * per_unit, ADC_NOISE_COUNTS)
        self.value = 0.0
        start = rng.randrange(POOL) + 1
        self.draws = cycle(pool[start:] + pool[:start])
        self.adc_at = rng.randrange(POOL)
        self.fault: _SignalFault | None = None


def _ms(t_s: float) -> int:
    """Whole milliseconds: in floats a period would now and then be a tick short."""
    return round(t_s * 1000.0)


class _SignalFault:
    """A fault on one signal; `value` in the tag's unit (s for delayed and intermittent)."""

    __slots__ = ("kind", "value", "since_ms", "held", "history", "last_spike", "lost")

    def __init__(self, kind: str, value: float | None, since_s: float) -> None:
        self.kind = kind
        self.value = value
        self.since_ms = _ms(since_s)
        self.held: float | None = value
        self.history: deque[tuple[int, float]] = deque()
        self.last_spike = -1
        self.lost = 0.0  # pulses that were not counted

    def off_now(self, t_s: float) -> bool:
        """Is the loop open: always for off, in the first half of each period for intermittent."""
        if self.kind == "off":
            return True
        if self.kind != "intermittent":
            return False
        period_ms = _ms(self.value or 1.0)
        return (_ms(t_s) - self.since_ms) % period_ms * 2 < period_ms

    def delayed(self, t_s: float, reading: float) -> float:
        """The reading of `value` seconds ago (the oldest known until then)."""
        self.history.append((_ms(t_s), reading))
        limit_ms = _ms(t_s) - _ms(min(self.value or 0.0, DELAY_MAX_S))
        while len(self.history) > 1 and self.history[1][0] <= limit_ms:
            self.history.popleft()
        return self.history[0][1]

    def added(self, t_s: float, rng: random.Random) -> float:
        """What an offset, drift, noise or spike adds to the reading now."""
        value = self.value or 0.0
        if self.kind == "drift":
            return value * (_ms(t_s) - self.since_ms) / 1000
        if self.kind == "noise":
            return value * rng.gauss(0.0, 1.0)
        if self.kind == "spike":
            second = (_ms(t_s) - self.since_ms) // 1000
            if second == self.last_spike:
                return 0.0
            self.last_spike = second
        return value


_Turn = tuple[list[_Channel], list[Iterator[float]], Callable[[dict[str, float]], tuple[float, ...]]]


class Instruments:
    """All instruments of both nodes. Call `sample` once per tick, then read `counts`, `contacts`, `pulses`.

    `fault_hits[tag]` counts the samples that a fault made different from what they would have been, by more than the
    noise of instrument and converter. `age_years` since the last calibration: every zero has drifted.
    """

    def __init__(self, seed: int, accuracy_errors: bool = False, age_years: float = 0.0) -> None:
        rng = random.Random(seed ^ 0x1257)
        self._pool = [rng.gauss(0.0, 1.0) for _ in range(POOL)]
        self._rng = rng
        self._t_s = 0.0
        self._tick = 0
        self._channels: dict[str, list[_Channel]] = {}
        self._counts: dict[str, list[int]] = {}
        self._bits: dict[str, list[tuple[str, int]]] = {}
        self._contacts: dict[str, int] = {}
        self._pulse_rows: list[tuple[list[int], int, str, float]] = []
        self._pulses: dict[str, list[int]] = {}
        self._by_tag: dict[str, _Channel] = {}
        self._di_faults: dict[str, _SignalFault] = {}
        self._di_shown: dict[str, float] = {}
        self._ci_faults: dict[str, _SignalFault] = {}
        self._ci_lost: dict[str, float] = {}
        self.fault_hits: dict[str, int] = {}
        for node in tables.NODES:
            io = tables.io(node)
            counts = self._counts[node] = [0] * len(io.AI)
            channels = [
                _Channel(row, counts, i, rng, self._pool, accuracy_errors, age_years)
                for i, row in enumerate(io.AI)
            ]
            self._channels[node] = channels
            self._by_tag.update((c.tag, c) for c in channels)
            pins = iter(range(len(io.DI)))
            self._bits[node] = [
                (row[0], 1 << (next(pins) if row[1] == "pin" else 32 + row[2])) for row in io.DI
            ]
            self._contacts[node] = 0
            pulses = self._pulses[node] = [0] * len(io.CI)
            self._pulse_rows += [(pulses, n, row[0], float(row[2])) for n, row in enumerate(io.CI)]
        self._contact_changes: float | None = None  # as last seen
        self._turns = self._plan()

    def _plan(self) -> list[_Turn]:
        """Which channels are computed in each of the five turns, their noise, and the look at their truth."""
        turns: list[_Turn] = []
        for k in range(TURNS):
            due = []
            for channels in self._channels.values():
                due += [c for c in channels if c.every == 1]
                due += [c for c in channels if c.every != 1][k::TURNS]
            turns.append((due, [c.draws for c in due], itemgetter(*(c.tag for c in due))))
        return turns

    # -- each tick

    def sample(self, t_s: float, truth: dict[str, float]) -> None:
        """Take the plant's truth at `t_s`. The first call settles every lag."""
        self._t_s = t_s
        tick = self._tick
        self._tick = tick + 1
        if tick:
            channels, draws, look = self._turns[tick % TURNS]
            readings = look(truth)
        else:
            channels = list(self._by_tag.values())
            draws = [c.draws for c in channels]
            readings = tuple(truth[c.tag] for c in channels)
            for c, x in zip(channels, readings, strict=True):
                c.value = x
        # The hottest loop of the rig: trunc is half of what int(n) costs, a drawn noise half of an indexed one.
        whole, low, high = math.trunc, LOW_COUNTS, HIGH_COUNTS
        for c, x, z in zip(channels, readings, map(next, draws)):  # noqa: B905
            value = c.value
            value += (x - value) * c.alpha
            c.value = value
            n = value * c.scale + c.offset + c.sigma * z
            if c.fault is None and low < n < high:
                c.counts[c.i] = whole(n)
            else:
                reading = value * c.gain + c.zero + c.noise * z
                c.counts[c.i] = (
                    self._to_counts(c, reading) if c.fault is None else self._faulty(c, t_s, reading)
                )
        changes = truth.get("contact_changes")  # a truth without that is looked at in every tick
        if changes is None or changes != self._contact_changes or self._di_faults:
            self._contact_changes = changes
            for node, bits in self._bits.items():
                word = 0
                for tag, bit in bits:
                    if truth[tag] >= 0.5:
                        word |= bit
                self._contacts[node] = word
            if self._di_faults:
                self._fault_contacts(t_s)
        for pulses, n, tag, grams in self._pulse_rows:
            total = truth[tag] / grams
            if self._ci_faults or self._ci_lost:
                total = self._pulse_total(tag, total, t_s)
            pulses[n] = int(total) & 0xFFFFFFFF

    def counts(self, node: str) -> list[int]:
        """read_u16 of each AI row."""
        return self._counts[node]

    def contacts(self, node: str) -> int:
        """Closed contacts: pins from bit 0, expander from bit 32 (`wire.Layout.contact_bit`)."""
        return self._contacts[node]

    def pulses(self, node: str) -> list[int]:
        """Pulse totals (u32) of each CI row."""
        return self._pulses[node]

    # -- faults

    def set_fault(self, tag: str, kind: str, value: float | None = None) -> None:
        """Put a fault on a signal of either node. Raises KeyError for an unknown tag, ValueError for a kind."""
        if kind not in AI_KINDS:
            raise ValueError(f"{tag}: {kind!r} is not a signal fault ({', '.join(AI_KINDS)})")
        fault = _SignalFault(kind, value, self._t_s)
        self.fault_hits.setdefault(tag, 0)
        channel = self._by_tag.get(tag)
        if channel is not None:
            channel.fault = fault
        elif any(tag == t for rows in self._bits.values() for t, _ in rows):
            self._di_faults[tag] = fault
        elif any(tag == row[2] for row in self._pulse_rows):
            self._ci_faults[tag] = fault
        else:
            raise KeyError(f"{tag}: not a signal of either I/O list")

    def clear_fault(self, tag: str) -> None:
        """Remove the fault of a signal, if there is one."""
        channel = self._by_tag.get(tag)
        if channel is not None:
            channel.fault = None
        if self._di_faults.pop(tag, None) is not None:
            self._contact_changes = None
        self._ci_faults.pop(tag, None)

    def _to_counts(self, c: _Channel, reading: float) -> int:
        ma = 4.0 + (reading - c.lo) * c.to_ma
        ma = min(max(ma, LOW_MA), HIGH_MA)
        c.adc_at = (c.adc_at + 7) & POOL_MASK
        return int(ma * COUNTS_PER_MA + ADC_NOISE_COUNTS * self._pool[c.adc_at] + 0.5)

    def _faulty(self, c: _Channel, t_s: float, reading: float) -> int:
        """Counts of a channel with a fault; counts a hit when they differ from the healthy ones by more than noise."""
        f = c.fault
        assert f is not None
        healthy = self._to_counts(c, reading)
        kind = f.kind
        noise = ADC_NOISE_COUNTS
        if kind in ("off", "intermittent"):
            shown = 0 if f.off_now(t_s) else healthy
        elif kind == "stuck":
            if f.held is None:
                f.held = reading
            shown = self._to_counts(c, f.held)
            noise = c.sigma
        elif kind == "delayed":
            shown = self._to_counts(c, f.delayed(t_s, reading))
            noise = c.sigma
        else:
            shown = self._to_counts(c, reading + f.added(t_s, self._rng))
        if abs(shown - healthy) > DIFFERS_SIGMAS * noise:
            self.fault_hits[c.tag] += 1
        return shown

    def _fault_contacts(self, t_s: float) -> None:
        for node, bits in self._bits.items():
            for tag, bit in bits:
                f = self._di_faults.get(tag)
                if f is None:
                    continue
                true = bool(self._contacts[node] & bit)
                shown = true
                if f.kind == "stuck":
                    if f.held is None:
                        f.held = float(true)
                    shown = f.held >= 0.5
                elif f.kind == "delayed":
                    shown = f.delayed(t_s, float(true)) >= 0.5
                elif f.off_now(t_s):
                    shown = False
                if shown != true:
                    self.fault_hits[tag] += 1
                    self._contacts[node] ^= bit

    def _pulse_total(self, tag: str, total: float, t_s: float) -> float:
        """Pulses seen so far; those of an open loop are lost for good."""
        lost = self._ci_lost.get(tag, 0.0)
        f = self._ci_faults.get(tag) if self._ci_faults else None
        if f is not None:
            shown = total - lost
            held = f.held if f.held is not None and f.kind != "intermittent" else shown
            if f.history:
                held = f.history[0][1]
            f.history.clear()
            if f.off_now(t_s) and shown > held:
                # Nothing is counted while the loop is open.
                self._ci_lost[tag] = lost = lost + shown - held
                whole = int(f.lost)
                f.lost += shown - held
                self.fault_hits[tag] += int(f.lost) - whole
            f.history.append((_ms(t_s), total - lost))
        return total - lost
