"""Read a trace folder back: signals, events, frames and result, checked line by line.

What is missing or damaged is refused with cli.UserError in one line that names the file and, where there is one, the
line. Two things are no damage but a run that was cut short, and are told in `Trace.notes`: no result.json, and then
also a last line that ends in the middle.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from host_tools import candump, cli
from host_tools.sampling import LINK, Event, History, HistoryObserver
from sim.can_frame import FLAG_EXT, frame_bits
from sim.events import KINDS
from sim.tables import NODES

SIGNALS, EVENTS, FRAMES, RESULT = "signals.csv", "events.jsonl", "link.log", "result.json"

SPEAKERS = (*NODES, LINK)  # whose events a trace holds

NUMBER = (int, float)
# What the page needs of result.json. {str: X}: a table with any keys; [X]: a list; a tuple: one of these types.
FAULT = {"target": str, "kind": str, "at_s": (*NUMBER, type(None)), "effect": str}
REACTION = {"trip": str, "cause_s": NUMBER, "command_s": (*NUMBER, type(None)), "closed_s": (*NUMBER, type(None))}
SHAPE: dict[str, Any] = {
    "outcome": str, "reason": str, "seed": int, "vm": str, "phases": {str: NUMBER},
    "delivered_kg": NUMBER, "metered_kg": NUMBER, "returned_kg": NUMBER, "vented_kg": NUMBER,
    "tank": dict.fromkeys(("start_kg", "end_kg", "target_kg", "peak_bar", "end_bar", "relief_bar"), NUMBER),
    "peak_flow_kg_h": NUMBER,
    "invariants": {"checked": [str], "broken": [{"id": str, "at_s": NUMBER, "detail": str}]},
    "reactions": [REACTION], "faults": [FAULT], "expect": {"unmet": [str]},
    "speed": {"sim_s": NUMBER, "wall_s": NUMBER, "factor": NUMBER},
    "nodes": {str: {str: NUMBER}},
    "bus": {"frames": int, "load_pct": NUMBER, "lost": int, "bitrate": int},
    "scenario": {
        "name": str, "stem": str, "hard_chain": bool, "station": {str: (*NUMBER, str)}, "truck": {str: (*NUMBER, str)},
        "profile": {"volume_m3": NUMBER, "relief_barg": NUMBER},
        "faults": [{"for_s": (*NUMBER, type(None)), "value": (*NUMBER, type(None))}],
    },
    "versions": {str: str},
}  # fmt: skip


class Seen(NamedTuple):
    """One frame of link.log: end of frame (us), identifier, bit times on the wire including interframe space."""

    t_us: int
    can_id: int
    bits: int


@dataclass(frozen=True)
class Trace:
    """What a trace folder holds. `history`: the truth in the columns asked for; `measured`: the same as the boards'
    terminals had it, None where the transmitter reported a fault; `result`: None when the run was cut short."""

    history: History
    measured: Mapping[str, Sequence[float | None]]
    events: Sequence[Event]
    frames: Sequence[Seen]
    result: dict[str, Any] | None
    notes: Sequence[str]


def _refuse(path: Path, line: int, reason: str) -> NoReturn:
    where = f"{path}:{line}" if line else str(path)
    raise cli.UserError(f"{where}: {reason}")


def _lines(path: Path, cut_short: bool, notes: list[str]) -> list[str]:
    """Return the lines of a file of the trace; a last one without its end is left out of a run that was cut short."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        _refuse(path, 0, "no such file; is this a folder of `cryofill fill --trace`?")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(path, 0, f"cannot be read: {' '.join(str(error).split())}")
    lines = text.split("\n")
    rest = lines.pop()
    if rest and cut_short:
        notes.append(f"{path.name} ends in the middle of a line, which is left out.")
    elif rest:
        _refuse(path, len(lines) + 1, "the line does not end: the file is cut short")
    return lines


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        _refuse(path, line, f"{column}: {text[:40]!r} is no number")
    return value


def _signals(
    path: Path, lines: Sequence[str], truth: Sequence[str], tags: Sequence[str]
) -> tuple[list[float], dict[str, list[float]], dict[str, list[float | None]]]:
    """Return times (s), true values by name, measured values by tag (None: bad)."""
    header = lines[0].split(",") if lines else []
    place = {name: index for index, name in enumerate(header)}
    for name in ("t_s", *(f"{name}.true" for name in truth), *tags):
        if name not in place:
            _refuse(path, 1, f"no column {name}; record the run again with this version")
    true_at = [(name, place[f"{name}.true"]) for name in truth]
    seen_at = [(tag, place[tag]) for tag in tags]
    t_s: list[float] = []
    true: dict[str, list[float]] = {name: [] for name in truth}
    seen: dict[str, list[float | None]] = {tag: [] for tag in tags}
    for number, line in enumerate(lines[1:], 2):
        cells = line.split(",")
        if len(cells) != len(header):
            _refuse(path, number, f"{len(cells)} values, the header has {len(header)}")
        now_s = _number(path, number, "t_s", cells[place["t_s"]])
        if t_s and now_s <= t_s[-1]:
            _refuse(path, number, f"t_s: {now_s:g} does not come after {t_s[-1]:g}")
        t_s.append(now_s)
        for name, index in true_at:
            true[name].append(_number(path, number, name, cells[index]))
        for tag, index in seen_at:
            seen[tag].append(_number(path, number, tag, cells[index]) if cells[index] else None)
    if len(t_s) < 2:
        _refuse(path, 0, "holds fewer than two samples (0.2 s): nothing to show")
    return t_s, true, seen


def _object(path: Path, line: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        at = line or getattr(error, "lineno", 0)
        _refuse(path, at, f"not valid JSON: {getattr(error, 'msg', error)}")
    if not isinstance(value, dict):
        _refuse(path, line, "not a JSON object")
    return value


def _events(path: Path, lines: Sequence[str]) -> Iterator[Event]:
    """Yield the events as `record.Recorder` wrote them: numbers already rendered as names."""
    keys = {"t_ms": int, "node": str, "kind": str, "id": str, "from": str, "to": str, "value": int}
    for number, line in enumerate(lines, 1):
        one = _object(path, number, line)
        problem = _mismatch(one, keys, "")
        if problem:
            _refuse(path, number, problem)
        if one["node"] not in SPEAKERS:
            _refuse(path, number, f"node: {one['node'][:40]!r} is not one of {', '.join(SPEAKERS)}")
        if one["kind"] not in KINDS.values() and not one["kind"].startswith("#"):
            _refuse(path, number, f"kind: {one['kind'][:40]!r} is not known")
        yield Event(one["t_ms"], one["node"], one["kind"], one["id"], one["from"], one["to"], one["value"])


def _frames(path: Path, lines: Sequence[str]) -> Iterator[Seen]:
    for number, line in enumerate(lines, 1):
        frame = candump.parse(line)
        if frame is None or not frame.extended or frame.channel != candump.BUS:
            _refuse(path, number, f"{line[:60]!r} is not (SECONDS) {candump.BUS} ID8#HEX")
        yield Seen(frame.t_us, frame.can_id, frame_bits(frame.can_id, FLAG_EXT, frame.data))


def _mismatch(value: Any, shape: Any, where: str) -> str:
    """Return how a JSON value differs from the shape (see SHAPE), naming the key; "" when it fits."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where}: must be a list"
        found = (_mismatch(one, shape[0], f"{where}[{i}]") for i, one in enumerate(value))
        return next((problem for problem in found if problem), "")
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{where}: must be an object"
        keys = value if str in shape else shape
        for key in keys:
            name = f"{where}.{key}" if where else key
            if key not in value:
                return f"{name}: is missing"
            problem = _mismatch(value[key], shape[str] if str in shape else shape[key], name)
            if problem:
                return problem
        return ""
    types = shape if isinstance(shape, tuple) else (shape,)
    good = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if not good or (isinstance(value, float) and not math.isfinite(value)):
        return f"{where}: {str(value)[:40]!r} is not {' or '.join(one.__name__ for one in types)}"
    return ""


def read(folder: Path, truth: Sequence[str], tags: Sequence[str]) -> Trace:
    """Read and check the trace in `folder`.

    truth: names whose true values are wanted (columns NAME.true); tags: those whose measured values are. Raises
    cli.UserError with one line.
    """
    if not folder.is_dir():
        raise cli.UserError(f"{folder}: no such folder; `cryofill fill --trace DIR` writes one")
    notes: list[str] = []
    path = folder / RESULT
    result = None
    if path.exists():
        result = _object(path, 0, _text(path))
        problem = _mismatch(result, SHAPE, "")
        if problem:
            _refuse(path, 0, problem)
    else:
        notes.append(f"No {RESULT}: the run was cut short. Outcome, invariants, faults and figures are not known.")

    def lines(name: str) -> list[str]:
        return _lines(folder / name, result is None, notes)

    t_s, true, seen = _signals(folder / SIGNALS, lines(SIGNALS), truth, tags)
    events = list(_events(folder / EVENTS, lines(EVENTS)))
    frames = list(_frames(folder / FRAMES, lines(FRAMES)))
    return Trace(_history(t_s, true, events), seen, events, frames, result, notes)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(path, 0, f"cannot be read: {' '.join(str(error).split())}")


def _history(t_s: list[float], true: dict[str, list[float]], events: Sequence[Event]) -> History:
    """Return samples and states as an observer of the run would have collected them, up to the last sample."""
    observer = HistoryObserver(())
    observer.history.t_s, observer.history.columns = t_s, true
    for one in events:
        if one.t_ms <= 1000.0 * t_s[-1]:  # of a run that was cut short one file may reach further than another
            observer.follow(one)
    observer.close(t_s[-1])
    return observer.history
