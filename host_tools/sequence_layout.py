"""Where the boxes and lines of a sequence drawing go: a straight main path, detours left of it, stops right of it.

States of the main path stand in one column in the order of the table; states of ASIDE stand in a second column, each
beside the state it is anchored to. A step to the next box is a straight arrow. Every other step runs along a vertical
lane that all sources of one bundle share: left of the main column between two of its boxes, right of it otherwise.
Units are pixels of the SVG. The same table always gives the same drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sim.sequence_model import Model, Row, seconds

# State beside the main path -> the state of the main path that it stands next to.
ASIDE = {
    "dispenser": {"MAINTENANCE": "IDLE", "ESD": "PURGE_VENT", "HELD": "COLDTEST", "PAUSE": "FILL_OPEN",
                  "SAFE_STOP": "FILL_TOP",
                  "LOCKOUT": "RISE_VENT"},
    "tank": {"DRIVE": "BOOT", "RELIEVE": "PARK", "COOL_ALONE": "COOL", "FILL_ALONE": "FILL_OPEN", "FAULT": "ISOLATE"},
}  # fmt: skip
# Bands of the main path that the table's own five words do not name: public state -> word.
BANDS = {
    "dispenser": {"BOOT": "start", "SELFTEST": "start", "IDLE": "start"},
    "tank": {"BOOT": "start", "SELFTEST": "start", "PARK": "start", "REFUEL_READY": "connect", "PURGE": "connect",
             "COOLDOWN": "precool", "FILL": "fill", "ISOLATE": "vent, disconnect"},
}  # fmt: skip

BOX_W, BOX_H = 306.0, 64.0
ASIDE_W = 306.0
GAP = 36.0  # between two boxes of the main path: room for the words of the step
BAND_GAP = 22.0  # more between two words of the sequence
PORT_H = 10.0  # of a line without words at a box
LINE_H = 13.0  # of a line of words
LANE_PITCH = 15.0
LABEL_W = 232.0  # room for words beside the main column
ASIDE_LABEL_W = 236.0
MARGIN = 26.0
WORD_W = 118.0  # the band's name, far left
HEAD_H = 84.0
LEGEND_H = 74.0
WRAP_CHARS = 35


@dataclass
class Box:
    """A state's rectangle; `left` and `right` are the bundles that touch its sides, from top to bottom."""

    name: str
    x: float
    y: float = 0.0
    w: float = BOX_W
    h: float = BOX_H
    left: list[Bundle] = field(default_factory=list)
    right: list[Bundle] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Return the y of its middle."""
        return self.y + self.h / 2

    def port(self, bundle: Bundle) -> float:
        """Return the y at which a bundle touches the box: below its own words, above those of the next one."""
        side = self.left if bundle in self.left else self.right
        slots = [slot_height(one, self.name) for one in side]
        return self.middle - sum(slots) / 2 + sum(slots[: side.index(bundle) + 1]) - 3.0


@dataclass(eq=False)
class Bundle:
    """Steps that share one lane and one target. `words` per source; `all_words` when all leave for the same reason."""

    target: str
    kind: str  # esd, stop, hold, step or late: how the line is drawn
    is_left: bool
    words: dict[str, list[str]] = field(default_factory=dict)
    all_words: list[str] = field(default_factory=list)
    lane: int = 0

    @property
    def sources(self) -> list[str]:
        """Return the states it leaves from, in table order."""
        return list(self.words)


@dataclass
class Band:
    """A word of the sequence and the height that its states take up."""

    word: str
    top: float
    bottom: float


@dataclass
class Layout:
    """Everything that is drawn."""

    model: Model
    boxes: dict[str, Box]
    main: list[str]
    bands: list[Band]
    bundles: list[Bundle]
    straight: list[tuple[str, str, list[str]]]  # from, to, words
    left_edge: float  # of the left lanes' area
    lanes_x: float  # of the right lanes' area
    width: float = 0.0
    height: float = 0.0

    def lane_x(self, bundle: Bundle) -> float:
        """Return the x of a bundle's lane."""
        if bundle.is_left:
            return self.boxes[self.main[0]].x - LABEL_W - bundle.lane * LANE_PITCH
        return self.lanes_x + bundle.lane * LANE_PITCH


def kind_of(row: Row) -> str:
    """Return how a step is drawn: by its trip's reaction, as the deadline's, or as an ordinary one."""
    if not row.guard:
        return "late"
    reaction = row.guard.partition("_")[0]
    return reaction if row.guard.endswith("_tripped") else "step"


def word_of(model: Model, state: str) -> str:
    """Return the band that a state belongs to."""
    public = model.states[state].public
    return model.words.get(public) or BANDS.get(model.node, {}).get(public, "")


def lay_out(model: Model) -> Layout:
    """Return the layout of a sequence. States that ASIDE does not name are on the main path."""
    anchors = {name: at for name, at in ASIDE.get(model.node, {}).items() if name in model.states}
    main = [name for name in model.names if name not in anchors]
    straight = _straight(model, main)
    bundles = _bundles(model, main, {(one, after) for one, after, _ in straight})
    left, right = [one for one in bundles if one.is_left], [one for one in bundles if not one.is_left]
    order = {name: float(number) for number, name in enumerate(main)}
    order |= {name: order.get(at, 0.0) + 0.5 for name, at in anchors.items()}
    lanes_left, lanes_right = _assign_lanes(left, order), _assign_lanes(right, order)
    left_edge = MARGIN + WORD_W
    main_x = left_edge + lanes_left * LANE_PITCH + LABEL_W
    lanes_x = main_x + BOX_W + LABEL_W
    aside_x = lanes_x + lanes_right * LANE_PITCH + ASIDE_LABEL_W
    boxes = {name: Box(name, main_x) for name in main}
    boxes |= {name: Box(name, aside_x, w=ASIDE_W) for name in anchors}
    for bundle in bundles:
        for name in dict.fromkeys((*bundle.sources, bundle.target)):
            on_left = bundle.is_left or name in anchors
            (boxes[name].left if on_left else boxes[name].right).append(bundle)
    for box in boxes.values():
        for side in (box.left, box.right):
            _sort_ports(box, side, order)
        box.h = max(BOX_H, *(8.0 + sum(slot_height(one, box.name) for one in side) for side in (box.left, box.right)))
    bands = _place_main(model, [boxes[name] for name in main])
    _place_aside([boxes[name] for name in anchors], [boxes[at].middle for at in anchors.values()])
    layout = Layout(model, boxes, main, bands, bundles, straight, left_edge, lanes_x)
    layout.width = aside_x + ASIDE_W + MARGIN
    layout.height = max(box.y + box.h for box in boxes.values()) + LEGEND_H
    return layout


def _straight(model: Model, main: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """Return the steps from one box of the main path to the next, with their words."""
    found = []
    for name, after in pairwise(main):
        rows = [row for row in model.states[name].rows if row.target == after]
        plain = [row for row in rows if kind_of(row) == "step"]
        words = [row.words for row in plain if row.source == name] or [row.words for row in plain][:1]
        late = model.states[name].late
        if rows and late and late.target == after:
            words.append(f"after {seconds(model.states[name].deadline_ms)}")
        if rows:
            found.append((name, after, words))
    return found


def _bundles(model: Model, main: Sequence[str], straight: set[tuple[str, str]]) -> list[Bundle]:
    """Return the steps that are not straight, those that can share a lane in one bundle."""
    found: dict[tuple[object, ...], Bundle] = {}
    for state in model.states.values():
        for row in state.exits:
            shared = row.source != state.name
            if (state.name, row.target) in straight and not shared:
                continue
            is_left = state.name in main and row.target in main
            kind = kind_of(row)
            key = (row.target, kind, is_left, row.source if shared else "")
            bundle = found.setdefault(key, Bundle(row.target, kind, is_left))
            words = bundle.words.setdefault(state.name, [])
            if shared:
                if row.words not in bundle.all_words:
                    bundle.all_words.append(row.words)
            elif kind == "late":
                words.append(f"after {seconds(state.deadline_ms)}")
            else:
                words.append(row.words)
    return list(found.values())


def _assign_lanes(bundles: Sequence[Bundle], order: dict[str, float]) -> int:
    """Give each bundle the nearest free lane, short ones first; return how many lanes there are."""

    def span(bundle: Bundle) -> tuple[float, float]:
        at = [order[name] for name in (*bundle.sources, bundle.target)]
        return min(at), max(at)

    taken: list[list[tuple[float, float]]] = []
    for bundle in sorted(bundles, key=lambda one: span(one)[1] - span(one)[0]):
        low, high = span(bundle)
        free = (
            number
            for number, spans in enumerate(taken)
            if all(high < start - 0.6 or low > end + 0.6 for start, end in spans)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        bundle.lane = lane
    return len(taken)


def _sort_ports(box: Box, side: list[Bundle], order: dict[str, float]) -> None:
    """Lines that come from or go to above touch the box above those from below; inner lanes nearest the middle."""
    here = order[box.name]

    def place(bundle: Bundle) -> tuple[int, float]:
        ends = bundle.sources if bundle.target == box.name else [bundle.target]
        others = [order[name] - here for name in ends if name != box.name] or [0.0]
        below = sum(others) > 0
        return (1, -bundle.lane) if below else (0, bundle.lane)

    side.sort(key=place)


def slot_height(bundle: Bundle, name: str) -> float:
    """Return the height that a bundle takes up at the side of a box: its words there and the line below them."""
    lines = target_label(bundle) if bundle.target == name else label_at(bundle, name)
    return PORT_H + LINE_H * len(lines) - (6.0 if lines else 0.0)


def target_label(bundle: Bundle) -> list[str]:
    """Return the lines of words at the target: the reason for which all sources leave, else none."""
    return wrap(" · ".join(bundle.all_words))


def label_at(bundle: Bundle, source: str) -> list[str]:
    """Return the lines of words beside a source: its own reason, none when all leave for the same one."""
    return wrap(" · ".join(bundle.words[source])) if bundle.words.get(source) else []


def _place_main(model: Model, boxes: Sequence[Box]) -> list[Band]:
    """Set the y of the main column and return its bands."""
    y, bands = HEAD_H, [Band(word_of(model, boxes[0].name), HEAD_H - BAND_GAP / 2, 0.0)]
    for box in boxes:
        word = word_of(model, box.name)
        if word != bands[-1].word:
            y += BAND_GAP
            bands[-1].bottom = y - GAP / 2 - BAND_GAP / 2
            bands.append(Band(word, bands[-1].bottom, 0.0))
        box.y = y
        y += box.h + GAP
    bands[-1].bottom = y - GAP / 2
    return bands


def _place_aside(boxes: Sequence[Box], anchors: Sequence[float]) -> None:
    """Set the y of the second column: beside the anchors, moved down where they would touch."""
    y = HEAD_H
    for box, middle in sorted(zip(boxes, anchors, strict=True), key=lambda pair: pair[1]):
        box.y = max(y, middle - box.h / 2)
        y = box.y + box.h + GAP


def wrap(text: str, chars: int = WRAP_CHARS) -> list[str]:
    """Return the text in lines of at most `chars` characters, cut between words; [] for none."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= chars:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
