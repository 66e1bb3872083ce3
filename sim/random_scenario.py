"""Random scenarios: a seed and a number give one TOML text, the same bytes on every machine, and nothing else.

The tables say how often what is drawn; a draw that `sim.scenario` refuses (no such truck, no such station) is drawn
again. Only `random.random()` is used, whose sequence for a seed Python guarantees.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from sim import fault_table, scenario
from sim.plant.piping_table import PSV101_BARG

LIMIT_S: Final = 1800.0
TRIES: Final = 200  # a draw is refused about every third time
SEA_LEVEL_KPA: Final = 101.3
GAS_KG: Final = 0.41230  # of hydrogen as an ideal gas in 1.7 m3, per bar and 100 K: p V M / R T

# fmt: off
# How often a word is taken, and between which figures a value lies (uniform).
SUPPLY = (
    # WORD        WEIGHT
    ("dewar",     6),
    ("pump",      4),
)
HOSE = (
    ("standby",   7),
    ("warm",      3),
)
RETURNS = (
    ("recovery",  8),
    ("stack",     2),
)
PLACES = (
    # ambient_kpa          WEIGHT  what
    ((98.0, 104.0),        7),   # lowlands
    ((78.0, 92.0),         2),   # 1,000 to 2,000 m
    ((57.5, 70.0),         1),   # passes at 3,000 to 4,500 m
)
WEATHER = (
    # ambient_k            WEIGHT
    ((278.0, 303.0),       6),
    ((233.0, 278.0),       2),   # down to -40 C
    ((303.0, 323.0),       2),   # up to 50 C
)
TRUCKS = (
    # KIND        WEIGHT  mass_kg        tank_bar     wall above boiling (dry: wall) K
    ("half_full", 6,      (25.0, 60.0),  (2.0, 5.0),  (0.0, 1.5)),
    ("nearly_empty", 2,   (6.0, 15.0),   (1.5, 3.5),  (0.0, 2.5)),
    ("nearly_full", 1,    (70.0, 85.0),  (2.0, 5.0),  (0.0, 1.0)),
    ("dry",       1,      None,          (1.4, 3.0),  (55.0, 100.0)),
)
# How much is asked for. Most of what can go wrong goes wrong in the first kilograms, and those cost less time.
ORDERS = (
    # added_kg             WEIGHT
    ((1.5, 6.0),           7),
    ((6.0, 25.0),          2),
    ((25.0, 85.0),         1),
)
FAULT_COUNTS = (
    # FAULTS  WEIGHT
    (0,       1),
    (1,       5),
    (2,       3),
    (3,       1),
)
FAMILIES = (
    # FAMILY         WEIGHT  targets of one family are equally likely, so are the kinds of one target
    ("world",        5),
    ("link",         3),
    ("nodes",        2),
    ("valves",       4),
    ("devices",      1),
    ("transmitters", 6),
    ("contacts",     4),
    ("pulses",       1),
)
STATES = (
    # STATE         WEIGHT  after_s (log-uniform)
    ("FILL",        8,      (0.05, 60.0)),
    ("PRECOOL",     5,      (0.05, 40.0)),
    ("COLDTEST",    2,      (0.05, 8.0)),
    ("PURGE",       2,      (0.05, 15.0)),
    ("LEAKTEST",    2,      (0.05, 30.0)),
    ("DRAIN",       3,      (0.05, 10.0)),
    ("VENT",        2,      (0.05, 10.0)),
    ("WARM",        2,      (0.05, 100.0)),
    ("DISCONNECT",  1,      (0.05, 5.0)),
    ("CONNECT",     1,      (0.05, 3.0)),
    ("HOLD",        1,      (0.05, 4.0)),
    ("SAFE_STOP",   1,      (0.05, 20.0)),
    ("ESD",         1,      (0.05, 10.0)),
    ("IDLE",        1,      (0.05, 9.0)),
    ("SELFTEST",    1,      (0.05, 0.4)),
)
AT_SHARE = 0.2             # of the faults come at a time of the run instead of in a state
AT_S = (0.1, 400.0)
FOR_SHARE = 0.4            # of the faults end by themselves
FOR_S = (0.05, 120.0)      # log-uniform
VALUE_SHARE = 0.6          # of the optional values are given
MOST = {"ops": 1000.0}     # units whose range goes far beyond what a run sees: up to here (log-uniform)
SMALLEST = 1e-3            # least value of a range that begins at 0 or is symmetric about it, as a share of its end

# Boiling parahydrogen: close enough to put a wall at its liquid's temperature (CoolProp, rounded).
BOILING = (
    # bar   K
    (1.0,   20.2),
    (1.5,   21.7),
    (2.0,   22.9),
    (2.5,   23.8),
    (3.0,   24.6),
    (3.5,   25.4),
    (4.0,   26.0),
    (5.0,   27.2),
    (6.0,   28.2),
)
# fmt: on

T = TypeVar("T")
Section = list[tuple[str, Any]]  # keys and values, in the order of the file


class _Draw:
    """Draws from one stream of random numbers."""

    def __init__(self, seed: int, index: int) -> None:
        self._random = random.Random(f"cryofill campaign {seed} run {index}").random

    def chance(self, share: float) -> bool:
        return self._random() < share

    def one_of(self, items: Sequence[T]) -> T:
        return items[int(self._random() * len(items))]

    def row(self, table: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Return a row with the probability of its weight, the second column."""
        left = self._random() * sum(row[1] for row in table)
        for row in table:
            left -= row[1]
            if left < 0.0:
                return row
        return table[-1]

    def between(self, span: tuple[float, float]) -> float:
        return span[0] + (span[1] - span[0]) * self._random()

    def log_between(self, span: tuple[float, float]) -> float:
        return math.exp(self.between((math.log(span[0]), math.log(span[1]))))

    def whole(self, below: int) -> int:
        return int(self._random() * below)


def text(seed: int, index: int, limit_s: float = LIMIT_S) -> str:
    """Return run `index` of the campaign with that `seed`, as a scenario file that `sim.scenario.load` accepts.

    limit_s: simulated seconds after which the run is cut off. It changes nothing else of the text, but that a fault
    whose moment lies beyond it is left out.
    """
    draw = _Draw(seed, index)
    for _ in range(TRIES):
        head: Section = [("name", f"campaign {seed} run {index}"), ("seed", draw.whole(2**31)), ("limit_s", LIMIT_S)]
        station, truck = _station_and_truck(draw)
        faults = [_fault(draw) for _ in range(draw.row(FAULT_COUNTS)[0])]
        try:
            scenario.parse(_toml(head, station, truck, faults))
        except scenario.ScenarioError:
            continue
        head[-1] = ("limit_s", limit_s)
        return _toml(head, station, truck, [fault for fault in faults if _moment_s(fault) < limit_s])
    raise RuntimeError(f"no possible scenario in {TRIES} draws for seed {seed}, run {index}")


def _moment_s(fault: Section) -> float:
    """Return when a fault is due at the earliest."""
    return float(next(value for key, value in fault if key in ("at_s", "after_s")))


def _station_and_truck(draw: _Draw) -> tuple[Section, Section]:
    ambient_kpa = draw.between(draw.row(PLACES)[0])
    ambient_k = draw.between(draw.row(WEATHER)[0])
    most_bar = 0.9 * (PSV101_BARG + ambient_kpa / 100.0)  # a supply above it is refused
    kind, _, masses_kg, tank_bars, walls_k = draw.row(TRUCKS)
    tank_bar = draw.between(tank_bars)
    supply_bar = draw.between((tank_bar + 0.4, most_bar)) if tank_bar + 0.4 < most_bar else most_bar
    wall_k = draw.between(walls_k)
    if kind == "dry":
        mass_kg = GAS_KG * tank_bar * 100.0 / wall_k
    else:
        mass_kg = draw.between(masses_kg)
        wall_k += boiling_k(tank_bar)
    target_kg = mass_kg + draw.between(draw.row(ORDERS)[0])
    station: Section = [
        ("supply", draw.row(SUPPLY)[0]),
        ("supply_bar", round(supply_bar, 2)),
        ("supply_k", round(draw.between((20.5, boiling_k(supply_bar) - 0.5)), 1)),
        ("hose", draw.row(HOSE)[0]),
        ("returns", draw.row(RETURNS)[0]),
        ("ambient_k", round(ambient_k, 1)),
        ("ambient_kpa", round(ambient_kpa, 1)),
    ]
    truck: Section = [
        ("profile", "track1000"),
        ("mass_kg", round(mass_kg, 2)),
        ("tank_bar", round(tank_bar, 2)),
        ("wall_k", round(wall_k, 1)),
        ("target_kg", round(target_kg, 1)),
    ]
    return station, truck


def boiling_k(bar: float) -> float:
    """Return where parahydrogen boils at `bar` (1 to 6; beyond: the end of the table), to about 0.1 K."""
    below = BOILING[0]
    for row in BOILING[1:]:
        if bar <= row[0]:
            share = (bar - below[0]) / (row[0] - below[0])
            return below[1] + max(0.0, share) * (row[1] - below[1])
        below = row
    return below[1]


def _fault(draw: _Draw) -> Section:
    target = draw.one_of(targets_of(draw.row(FAMILIES)[0]))
    kind = draw.one_of(kinds_of(target))
    fault: Section = [("target", target), ("kind", kind.name)]
    if draw.chance(AT_SHARE):
        fault.append(("at_s", round(draw.between(AT_S), 2)))
    else:
        state, _, after_s = draw.row(STATES)
        fault += [("state", state), ("after_s", round(draw.log_between(after_s), 2))]
    if kind.value == fault_table.REQUIRED or (
        kind.value == fault_table.OPTIONAL and draw.chance(VALUE_SHARE)
    ):
        fault.append(("value", _value(draw, kind)))
    if kind.lasts and draw.chance(FOR_SHARE):
        fault.append(("for_s", round(draw.log_between(FOR_S), 2)))
    return fault


def _value(draw: _Draw, kind: fault_table.Kind) -> float:
    """Return a value in the kind's range: small ones are as likely as large ones, except where it is a reading."""
    low, high = kind.low, kind.high
    if kind.unit == "0|1":
        return float(draw.whole(2))
    if kind.name == "stuck":
        value = draw.between((low, high))
    elif low > 0.0:
        value = draw.log_between((low, min(high, MOST.get(kind.unit, high))))
        if kind.unit == "ops":
            value = float(int(value))
    else:
        value = draw.log_between((SMALLEST * high, high))
        if low < 0.0 and draw.chance(0.5):
            value = -value
    return min(max(float(f"{value:.4g}"), low), high)


@cache
def kinds_of(target: str) -> tuple[fault_table.Kind, ...]:
    """Return the kinds of faults that a target of a truck with one tank takes."""
    kinds = fault_table.kinds_of(target).values()
    return tuple(kind for kind in kinds if kind.name not in fault_table.SECOND_TANK)


@cache
def targets_of(family: str) -> tuple[str, ...]:
    """Return the fault targets of a row of FAMILIES."""
    return tuple(tag for tag in fault_table.targets() if fault_table.family_of(tag) == family)


def _toml(head: Section, station: Section, truck: Section, faults: Sequence[Section]) -> str:
    sections = [("", head), ("[station]\n", station), ("[truck]\n", truck), *(("[[fault]]\n", one) for one in faults)]
    return "\n".join(title + "".join(f"{key} = {_literal(value)}\n" for key, value in one) for title, one in sections)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
