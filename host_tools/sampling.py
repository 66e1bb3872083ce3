"""What the observers read from a running rig: measured values from ADC counts, true values, events, states.

What an observer is: `sim.interfaces.Hooks`. It is called in the loop, so it is cheap, and it changes nothing.

Measured values are decoded here from the counts that a board gets, by the I/O list alone: 4-20 mA on a 22 mA full
scale, bad outside the NAMUR NE43 band. This is a second, independent reading of the table; the firmware has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sim import tables
from sim.can_bus import FAULTS
from sim.can_controller import STATE_NAMES
from sim.events import KINDS, TICKET_FIELDS, state_name, trip_name, why_words

SAMPLE_MS = 100

# 4-20 mA over the burden gives this many mA at full scale of `ADC.read_u16()`.
FULL_SCALE_MA = 22.0
FULL_SCALE_COUNTS = 65535
# NAMUR NE43: below or above these a transmitter reports a fault, not a value.
FAULT_LOW_MA = 3.6
FAULT_HIGH_MA = 21.0


class PlantView(Protocol):
    """What observers read of the plant."""

    truth: dict[str, float]
    energised: dict[str, float]


class InstrumentView(Protocol):
    """What a board's terminals carry."""

    def counts(self, node: str) -> Sequence[int]: ...
    def contacts(self, node: str) -> int: ...


class RigView(Protocol):
    """What observers read of the rig; nothing is written."""

    t_ms: int

    @property
    def plant(self) -> PlantView: ...
    @property
    def instruments(self) -> InstrumentView: ...


LINK = "link"  # the node of a LINK_FAULT


class Event(NamedTuple):
    """One event of a node: the integers it sent, and the names they have in its tables.

    `kind`: a word of sim.events.KINDS. `name`: trip id, ticket field, fault kind, or words of why for a state.
    `source` and `target`: public states of a STATE event, a controller's of a CAN_STATE, off or on of a LINK_FAULT,
    else "".
    """

    t_ms: int
    node: str
    kind: str
    name: str
    source: str
    target: str
    value: int


def _named(rows: Sequence[Any], index: int) -> str:
    """Return the first column of a row, `#index` when there is none."""
    return str(rows[index][0]) if 0 <= index < len(rows) else f"#{index}"


def as_event(raw: Mapping[str, Any]) -> Event:
    """Render one event of the rig ({t_ms, node, kind, id, from, to, value}, all but `node` integers)."""
    node, number, ident, value = raw["node"], raw["kind"], raw["id"], raw["value"]
    kind = KINDS.get(number, f"#{number}")
    name = source = target = ""
    if kind == "STATE":
        source, target = (state_name(node, raw[key]) for key in ("from", "to"))
        name = why_words(node, value)
    elif kind in ("TRIP", "CLEAR", "WARN"):
        name = trip_name(node, ident)
    elif kind == "TICKET":
        name = TICKET_FIELDS[ident] if 0 <= ident < len(TICKET_FIELDS) else f"#{ident}"
    elif kind == "LINK_FAULT":
        name = list(FAULTS)[ident]
        source, target = (("off", "on")[raw[key]] for key in ("from", "to"))
    elif kind == "CAN_STATE":
        source, target = (STATE_NAMES[raw[key]] for key in ("from", "to"))
    elif kind in ("BOOT", "INFO") and node == "dispenser":
        notes = tables.notes(node)
        name = _named(notes.FOUND if kind == "BOOT" else notes.NOTES, ident)
    elif kind == "LINK":
        name = _named(tables.link_notes().NOTES, ident)
    elif kind == "PORT":
        name = _named(tables.port_notes().NOTES, ident)
    else:
        name = str(ident)
    return Event(raw["t_ms"], node, kind, name, source, target, value)


class Channel(NamedTuple):
    """One analog input as the I/O list has it: its place among the counts, its range in SHOWN units."""

    tag: str
    node: str
    place: int
    low: float
    high: float
    shown: str


def channels() -> list[Channel]:
    """Return every analog input of both nodes, dispenser first, in the order of the I/O lists."""
    found = []
    for node in tables.NODES:
        for place, (tag, _pin, low, high, _unit, shown, div, *_rest) in enumerate(tables.io(node).AI):
            found.append(Channel(tag, node, place, low / div, high / div, shown))
    return found


def measured(channel: Channel, counts: int) -> float | None:
    """Return the value in SHOWN units that the counts mean, None when they are in a NE43 fault band."""
    milliamps = counts * FULL_SCALE_MA / FULL_SCALE_COUNTS
    if milliamps < FAULT_LOW_MA or milliamps > FAULT_HIGH_MA:
        return None
    return channel.low + (milliamps - 4.0) / 16.0 * (channel.high - channel.low)


class Span(NamedTuple):
    """A public state of the dispenser and when it was held, seconds."""

    state: str
    start_s: float
    end_s: float


class Mark(NamedTuple):
    """Something to mark on the picture: a trip or a fault, when, and its words."""

    kind: str
    t_s: float
    words: str


@dataclass
class History:
    """Truth sampled over a run: one list per column, all as long as `t_s`; plus states and marks."""

    t_s: list[float] = field(default_factory=list)
    columns: dict[str, list[float]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class HistoryObserver:
    """Collects what the picture needs: the named columns of the plant's truth each 100 ms, states and trips."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.history = History(columns={name: [] for name in columns})
        self._state = state_name("dispenser", 0)
        self._since_s = 0.0

    def on_tick(self, rig: RigView) -> None:
        """Sample when the 100 ms are full."""
        if rig.t_ms % SAMPLE_MS:
            return
        truth = rig.plant.truth
        self.history.t_s.append(rig.t_ms / 1000.0)
        for name, values in self.history.columns.items():
            values.append(truth[name])

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Take an event as the rig hands it out."""
        self.follow(as_event(event))

    def follow(self, one: Event) -> None:
        """Follow the dispenser's public state, and mark the trips of both nodes."""
        if one.kind == "STATE" and one.node == "dispenser" and one.target != self._state:
            self.close(one.t_ms / 1000.0)
            self._state = one.target
        elif one.kind == "TRIP":
            self.history.marks.append(Mark("TRIP", one.t_ms / 1000.0, one.name))

    def close(self, t_s: float) -> None:
        """End the present state's span at `t_s` seconds."""
        if t_s > self._since_s:
            self.history.spans.append(Span(self._state, self._since_s, t_s))
        self._since_s = t_s
