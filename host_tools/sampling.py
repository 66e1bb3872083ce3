"""What the observers read from a running rig: measured values from ADC counts, true values, states, marks.

Measured values are decoded here from the counts that a board gets, by the I/O list alone: 4-20 mA on a 22 mA full scale,
bad outside the NAMUR NE43 band. This is a second, independent reading of the table; the firmware has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sim import tables

NODES = ("dispenser", "tank")
SAMPLE_MS = 100

# 4-20 mA over the burden gives this many mA at full scale of `ADC.read_u16()`.
FULL_SCALE_MA = 22.0
FULL_SCALE_COUNTS = 65535
# NAMUR NE43: below or above these a transmitter reports a fault, not a value.
FAULT_LOW_MA = 3.6
FAULT_HIGH_MA = 21.0


class PlantView(Protocol):
    """What observers read of the plant."""

    truth: Mapping[str, float]
    energised: Mapping[str, float]


class RigView(Protocol):
    """What observers read of the rig; nothing is written."""

    t_ms: int
    plant: PlantView
    counts: Mapping[str, Sequence[int]]


class Event(NamedTuple):
    """One event of a node, integers as sent; `text` is what the rig says it means."""

    t_ms: int
    node: str
    kind: str
    id: int
    source: int
    target: int
    value: int
    text: str = ""


class Observer:
    """Does nothing at each of the rig's three occasions; observers override what they need."""

    def on_tick(self, rig: Any) -> None:
        """Look at the rig after a tick; called each 10 ms of simulated time, so it must be cheap."""

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Look at a frame that the bus has carried, with its end-of-frame time."""

    def on_event(self, event: Any) -> None:
        """Look at an event that a node has reported."""


class Channel(NamedTuple):
    """One analog input as the I/O list has it: its place among the counts, its range in SHOWN units."""

    tag: str
    node: str
    index: int
    low: float
    high: float
    shown: str


def channels() -> list[Channel]:
    """Return every analog input of both nodes, dispenser first, in the order of the I/O lists."""
    found = []
    for node in NODES:
        for index, (tag, _pin, low, high, _unit, shown, div, *_rest) in enumerate(tables.io(node).AI):
            found.append(Channel(tag, node, index, low / div, high / div, shown))
    return found


def measured(channel: Channel, counts: int) -> float | None:
    """Return the value in SHOWN units that the counts mean, None when they are in a NE43 fault band."""
    milliamps = counts * FULL_SCALE_MA / FULL_SCALE_COUNTS
    if milliamps < FAULT_LOW_MA or milliamps > FAULT_HIGH_MA:
        return None
    return channel.low + (milliamps - 4.0) / 16.0 * (channel.high - channel.low)


def public_states(node: str) -> list[str]:
    """Return, for each state number of the node, the name of the public state it belongs to."""
    return [row[1] for row in tables.states(node).STATES]


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


class HistoryObserver(Observer):
    """Collects what the picture needs: the named columns of the plant's truth each 100 ms, states and trips."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.history = History(columns={name: [] for name in columns})
        self._public = public_states("dispenser")
        self._state = self._public[0]
        self._since_s = 0.0
        self._tripped: set[int] = set()

    def on_tick(self, rig: RigView) -> None:
        """Sample when the 100 ms are full."""
        if rig.t_ms % SAMPLE_MS:
            return
        truth = rig.plant.truth
        self.history.t_s.append(rig.t_ms / 1000.0)
        for name, values in self.history.columns.items():
            values.append(truth[name])

    def on_event(self, event: Any) -> None:
        """Follow the dispenser's public state, and mark the trips of both nodes."""
        event = as_event(event)
        if event.kind == "STATE" and event.node == "dispenser":
            state = self._public[event.target]
            if state != self._state:
                self.close(event.t_ms / 1000.0)
                self._state = state
        elif event.kind == "TRIP":
            trip = tables.trips(event.node).TRIPS[event.id][0]
            self.history.marks.append(Mark("TRIP", event.t_ms / 1000.0, str(trip)))

    def close(self, t_s: float) -> None:
        """End the present state's span at `t_s` seconds."""
        if t_s > self._since_s:
            self.history.spans.append(Span(self._state, self._since_s, t_s))
        self._since_s = t_s


def as_event(event: Any) -> Event:
    """Return the rig's event record as an Event."""
    if isinstance(event, Event):
        return event
    return Event(event["t_ms"], event["node"], event["kind"], event["id"], event["from"], event["to"],
                 event["value"], event.get("text", ""))  # fmt: skip
