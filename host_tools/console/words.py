"""What a board says, for people: events in words, alarms with cause and remedy, tags in the units of the I/O list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from host_tools.console import alarm_table
from host_tools.sampling import Event, as_event
from sim import tables

ALARMS: Final = {
    node: {row[0]: row for row in rows}
    for node, rows in (("dispenser", alarm_table.DISPENSER), ("tank", alarm_table.TANK))
}
EVENT_KEYS: Final = ("t_ms", "kind", "id", "from", "to", "value")
QUIET: Final = ("STATS",)
REACTIONS: Final = {"warn": "warning", "hold": "holds the fill", "stop": "stops the fill", "esd": "emergency shut-down"}


class Alarm(NamedTuple):
    """A trip in words."""

    name: str
    what: str
    cause: str
    action: str
    reaction: str


def alarm(node: str, name: str) -> Alarm:
    """Return the words for a trip; of one without a row its name alone."""
    row = ALARMS.get(node, {}).get(name)
    reaction = next((str(trip[5]) for trip in tables.trips(node).TRIPS if trip[0] == name), "")
    if row is None:
        return Alarm(name, name, "", "", REACTIONS.get(reaction, reaction))
    return Alarm(name, row[1], row[2], row[3], REACTIONS.get(reaction, reaction))


def event_of(node: str, words: Sequence[int]) -> Event:
    """Return the event of the six integers of a line; names are those of the node's tables."""
    raw: dict[str, Any] = dict(zip(EVENT_KEYS, words, strict=True))
    return as_event({**raw, "node": node})


def event_lines(node: str, words: Sequence[int]) -> list[str]:
    """Return the lines that tell a person of an event; none for mere counts."""
    try:
        one = event_of(node, words)
    except (IndexError, KeyError, ValueError):
        return [f"event {','.join(str(word) for word in words)} (of another firmware)"]
    if one.kind in QUIET:
        return []
    if one.kind == "STATE":
        rows = [str(tables.states(node).STATES[words[i]][0]) for i in (3, 4)]
        source, target = rows if one.source == one.target else (one.source, one.target)
        return [f"{source} -> {target}: {one.name}"]
    if one.kind in ("TRIP", "WARN"):
        told = alarm(node, one.name)
        head = f"{'ALARM' if one.kind == 'TRIP' else 'WARNING'} {told.name}: {told.what}"
        return [f"{head} ({told.reaction}{_measured(node, one)})", *remedy(told)]
    if one.kind == "CLEAR":
        return [f"{one.name} cleared"]
    note = _note(node, one, words[3])
    return [note] if note else [f"{one.kind} {one.name} {one.value}"]


def remedy(told: Alarm) -> list[str]:
    """Return the lines with cause and action."""
    return [f"    cause: {told.cause}", f"    do:    {told.action}"] if told.cause else []


def _measured(node: str, one: Event) -> str:
    """Return what a trip's signal was, for the brackets behind it; nothing for a contact."""
    signal, compare = next((row[1:3] for row in tables.trips(node).TRIPS if row[0] == one.name), ("", "open"))
    if compare in ("open", "closed"):
        return ""
    value, unit = shown(node, signal, one.value)
    return f"; {signal} {value:g} {unit}".rstrip()


def _note(node: str, one: Event, role: int) -> str:
    """Return the words of a note's table row with its value, and the role that a note of the port concerns."""
    rows: tuple[Any, ...] = ()
    if one.kind == "LINK":
        rows = tables.link_notes().NOTES
    elif one.kind == "PORT":
        rows = tables.port_notes().NOTES
    elif one.kind in ("INFO", "BOOT") and node == "dispenser":
        found = tables.notes(node)
        rows = found.NOTES if one.kind == "INFO" else tuple((row[0], "", row[1]) for row in found.FOUND)
    row = next((row for row in rows if row[0] == one.name), None)
    if row is None:
        return ""
    io = tables.io(node)
    outputs = [output[0] for output in (*io.DO, *io.AO)]
    said = outputs[one.value] if row[1] == "output" and one.value < len(outputs) else one.value
    value = f" ({row[1]}: {said})" if row[1] else ""
    if one.kind == "PORT" and role and not row[1]:
        value = f" ({tables.serial().ROLES[role & 3]})"
    lead = {"LINK": "link: ", "PORT": "port: ", "BOOT": "started: "}.get(one.kind, "")
    return f"{lead}{row[2]}{value}"


class Scale(NamedTuple):
    """How a tag is shown: unit of people, firmware units in one of it."""

    unit: str
    div: int


PERCENT: Final = Scale("%", 100)  # of an analog output: the firmware counts in 0.01 %


def scales(node: str) -> dict[str, Scale]:
    """Return the scale of every analog input and output of a node."""
    io = tables.io(node)
    return {row[0]: Scale(row[5], row[6]) for row in io.AI} | {row[0]: PERCENT for row in io.AO}


def tags(node: str) -> tuple[str, ...]:
    """Return every tag of a node's I/O list, in the order of `tags`."""
    io = tables.io(node)
    return tuple(row[0] for group in (io.AI, io.DI, io.DO, io.AO, io.CI) for row in group)


def shown(node: str, tag: str, value: int) -> tuple[float, str]:
    """Return (value, unit) of an analog input for people."""
    scale = scales(node).get(tag)
    return (float(value), "") if scale is None else (value / scale.div, scale.unit)


def tag_row(node: str, line: str) -> dict[str, Any] | None:
    """Return a line of `tags` as {tag, value, unit, quality, raw}, values in the units of people."""
    words = line.split()
    if len(words) != 5:
        return None
    tag, value, unit, quality, raw = words
    known = scales(node).get(tag)
    number: float | int = int(value)
    if known is not None:
        number, unit = int(value) / known.div, known.unit
    return {"tag": tag, "value": number, "unit": unit, "quality": quality, "raw": int(raw)}


def tag_line(row: dict[str, Any]) -> str:
    """Return a tag as one line of a table."""
    value = f"{row['value']:.3f}" if isinstance(row["value"], float) else str(row["value"])
    mark = "" if row["quality"] == "ok" else f"  {row['quality'].upper()}"
    return f"{row['tag']:<8} {value:>10} {row['unit']:<10} raw {row['raw']:>6}{mark}"
