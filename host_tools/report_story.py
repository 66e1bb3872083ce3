"""What happened in a run, in order: states, trips, faults and reactions, as the rows and marks of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from host_tools.report_read import Trace
from host_tools.sampling import SAMPLE_MS, Event
from sim import fault_table, tables

MARKS_MAX: Final = 40  # numbered in the plots; more would hide the curves
ROWS_MAX: Final = 300  # of the table; the whole of it is in events.jsonl
UNKNOWN_ROW: Final = ("?", "no row of this firmware", 0, 0, "?")  # the trace is of another one
LANES_MAX: Final = 6    # of numbers above each other
LANE_GAP_PCT: Final = 6.5  # of the width, that a number needs on a phone


class Row(NamedTuple):
    """One line of the story. `kind`: state, fault, fault-end, trip, warn, clear, reaction, broken, can; `who`: a board,
    "world" or "judge"; `what` and `detail`: words; `number`: of its mark in the plots, 0 without one."""

    t_s: float
    kind: str
    who: str
    what: str
    detail: str
    number: int = 0


class Mark(NamedTuple):
    """One mark of the plots: its number, row, place in percent, lane (0 lowest), and how wide it lasts in percent."""

    number: int
    row: Row
    at_pct: float
    lane: int
    width_pct: float


class Tripped(NamedTuple):
    """One row of a trip table that fired: when, of which board, what it looked at, and when it cleared (None: not)."""

    t_s: float
    node: str
    name: str
    reaction: str
    condition: str
    measured: int
    deadline_ms: int
    hazard: int
    source: str
    cleared_s: float | None


@cache
def _trip_rows(node: str) -> dict[str, Sequence[Any]]:
    return {row[0]: row for row in tables.trips(node).TRIPS}


def _condition(row: Sequence[Any]) -> str:
    """Return what a trip row looks at, in words."""
    signal, compare, limit, debounce = row[1:5]
    words = f"{signal} {compare}" if compare in ("open", "closed") else f"{signal} {compare} {limit}"
    return f"{words} for {debounce} ms" if debounce else words


def trips(events: Sequence[Event]) -> list[Tripped]:
    """Return every TRIP and WARN event with its row of the table and its CLEAR."""
    found = []
    for place, one in enumerate(events):
        if one.kind not in ("TRIP", "WARN"):
            continue
        row = _trip_rows(one.node).get(one.name)
        cleared = next((later.t_ms / 1000.0 for later in events[place + 1 :]
                        if (later.kind, later.node, later.name) == ("CLEAR", one.node, one.name)), None)  # fmt: skip
        words = UNKNOWN_ROW if row is None else (row[5], _condition(row), row[6], row[9], row[10])
        reaction, condition, deadline_ms, hazard, source = words
        found.append(Tripped(one.t_ms / 1000.0, one.node, one.name, reaction, condition, one.value, deadline_ms,
                             hazard, source, cleared))  # fmt: skip
    return found


def fault_ends_s(result: Mapping[str, Any]) -> list[float | None]:
    """Return when each fault of the result ended, None: it lasted to the end of the run or never began."""
    asked = result["scenario"]["faults"]
    ends: list[float | None] = []
    for place, one in enumerate(result["faults"]):
        for_s = asked[place]["for_s"] if place < len(asked) else None
        end_s = None if for_s is None or one["at_s"] is None else one["at_s"] + for_s
        ends.append(end_s if end_s is not None and end_s <= result["speed"]["sim_s"] else None)
    return ends


def _of_events(events: Sequence[Event]) -> Iterator[Row]:
    """Yield a row per change of public state, trip, warning and clearing."""
    for one in events:
        at_s = one.t_ms / 1000.0
        if one.kind == "STATE" and one.source != one.target:
            yield Row(at_s, "state", one.node, one.target, one.name)
        elif one.kind in ("TRIP", "WARN"):
            row = _trip_rows(one.node).get(one.name)
            detail = f"{_condition(row)}, reaction {row[5]}; " if row else ""
            yield Row(at_s, one.kind.lower(), one.node, one.name, f"{detail}measured {one.value}")
        elif one.kind == "CLEAR":
            yield Row(at_s, "clear", one.node, one.name, "cause gone or reset")
        elif one.kind == "CAN_STATE" and {one.source, one.target} & {"PASSIVE", "BUS_OFF"}:
            words = one.target.lower().replace("_", "-")
            detail = f"was {one.source.lower().replace('_', '-')}; error counter {one.value}"
            yield Row(at_s, "can", one.node, f"CAN controller of the {one.node}: {words}", detail)


def _of_result(result: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row per fault that began or ended, reaction, and broken invariant."""
    for one, end_s in zip(result["faults"], fault_ends_s(result), strict=True):
        if one["at_s"] is None:
            continue
        words = f"{one['target']} {one['kind']}"
        yield Row(one["at_s"], "fault", "world", words, f"effect: {effect_words(one)}")
        if end_s is not None:
            yield Row(end_s, "fault-end", "world", words, "ended")
    for one in result["reactions"]:
        if one["command_s"] is not None:
            detail = f"{milliseconds(one['command_s'] - one['cause_s'])} after the cause of {one['trip']}"
            yield Row(one["command_s"], "reaction", "dispenser", "liquid valves commanded closed", detail)
        if one["closed_s"] is not None:
            detail = f"{milliseconds(one['closed_s'] - one['cause_s'])} after the cause of {one['trip']}"
            yield Row(one["closed_s"], "reaction", "world", "flow past XV103 ended", detail)
    for one in result["invariants"]["broken"]:
        yield Row(one["at_s"], "broken", "judge", f"invariant {one['id']} broken", one["detail"])


def effect_words(fault: Mapping[str, Any]) -> str:
    """Return the effect of a fault, in words that cannot be taken for a pass when it had none."""
    if fault["at_s"] is None:
        return "never began: its moment did not come"
    return "no effect on anything observable" if fault["effect"] == "none" else str(fault["effect"])


def value_words(fault: Mapping[str, Any], value: float | None) -> str:
    """Return how much of it was asked for (None: nothing said), "-" for a kind that takes no value."""
    kind = fault_table.kinds_of(fault["target"]).get(fault["kind"])
    if kind is None or kind.value == fault_table.NONE:
        return "-"
    unit = kind.unit if kind.unit != fault_table.TAG_UNIT else ""
    if value is None:
        return f"{kind.default:g} {unit} (default)" if kind.default is not None else "none given"
    return f"{value:g} {unit}".rstrip()


def milliseconds(seconds: float) -> str:
    """Return a short time for people."""
    return f"{seconds * 1000.0:.0f} ms" if seconds < 10.0 else f"{seconds:.1f} s"


NUMBERED: Final = ("fault", "trip", "warn", "reaction", "broken")
_ORDER: Final = ("fault", "trip", "warn", "broken", "reaction", "state", "clear", "fault-end")  # in one tick


def rows(trace: Trace) -> list[Row]:
    """Return the whole story by time; what is marked in the plots has its number."""
    found = [*_of_events(trace.events), *(_of_result(trace.result) if trace.result else ())]
    found.sort(key=lambda row: (row.t_s, _ORDER.index(row.kind)))
    number = 0
    end_s = trace.history.t_s[-1] + SAMPLE_MS / 1000.0  # past the last sample there is no place in a plot
    for place, row in enumerate(found):
        if row.kind in NUMBERED and number < MARKS_MAX and row.t_s <= end_s:
            number += 1
            found[place] = row._replace(number=number)
    return found


def marks(story: Sequence[Row], end_s: float) -> list[Mark]:
    """Return the marks of the numbered rows, in lanes so that no two numbers touch."""
    ends = [(row.t_s, row.what) for row in story if row.kind == "fault-end"]
    taken: list[float] = []
    found = []
    for row in story:
        if not row.number:
            continue
        at_pct = round(min(100.0 * row.t_s / end_s, 100.0), 3)
        lane = next((i for i, last in enumerate(taken) if at_pct - last >= LANE_GAP_PCT), len(taken))
        lane = min(lane, LANES_MAX - 1)
        taken[lane : lane + 1] = [at_pct]
        end = next((t_s for t_s, what in ends if row.kind == "fault" and what == row.what and t_s >= row.t_s), None)
        width = 0.0 if end is None else round(100.0 * end / end_s - at_pct, 3)
        found.append(Mark(row.number, row, at_pct, lane, width))
    return found
