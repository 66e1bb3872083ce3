"""A sequence as one SVG: plain shapes and text, no script, no network, readable in any browser and on paper."""

from __future__ import annotations

from xml.sax.saxutils import escape

from host_tools.sequence_layout import (
    LEGEND_H,
    LINE_H,
    MARGIN,
    Box,
    Bundle,
    Layout,
    label_at,
    lay_out,
    target_label,
)
from host_tools.sequence_layout import wrap as wrapped
from sim.sequence_model import Model, seconds

# Okabe and Ito: told apart by colour-blind readers; each kind of line differs in its dashes too.
# fmt: off
LINES = {
    # KIND   COLOUR     DASHES   WIDTH  WORDS
    "step": ("#222222", "",      1.4,   "a guard holds"),
    "late": ("#777777", "5 4",   1.1,   "its deadline has passed"),
    "hold": ("#9B4F82", "9 3",   1.4,   "a trip with reaction hold"),
    "stop": ("#D55E00", "",      1.4,   "a trip with reaction stop"),
    "esd":  ("#B22222", "2 2",   1.4,   "a trip with reaction esd"),
}
BAND_FILL = {"start": "#F1F1F1", "connect": "#FBF6C8", "precool": "#E2F2FB", "fill": "#CFE2F3", "vent": "#DDF1EA",
             "disconnect": "#FBF6C8", "vent, disconnect": "#DDF1EA"}
# fmt: on
LIQUID = {"dispenser": "XV101", "tank": "XV201"}  # open: liquid may flow; the box has a blue edge
TEXT = "#1A1A1A"
QUIET = "#555555"
LABEL_PX, WHAT_PX, TAG_PX = 12.0, 12.0, 10.5
FONT = "font-family=\"'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\""


def draw(model: Model) -> str:
    """Return the SVG document; the same table gives the same text."""
    layout = lay_out(model)
    title = f"Sequence of the {model.node}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
        f'width="{layout.width:.0f}" height="{layout.height:.0f}" role="img" {FONT}>',
        f"<title>{escape(title)}</title>",
        f"<desc>Generated from firmware/{model.node}/state_table.py by cryofill sequence generate; not edited.</desc>",
        _markers(),
        '<rect width="100%" height="100%" fill="#FFFFFF"/>',
    ]
    parts += _bands(layout)
    parts += [
        _text(MARGIN, 38, title, size=23, weight=700),
        _text(MARGIN, 60, "Main path from top to bottom. In a box: longest stay, and the outputs that are "
              "open, released or on (~ moved by control).", size=13, colour=QUIET),
    ]  # fmt: skip
    for bundle in layout.bundles:
        parts += _lane(layout, bundle)
    for source, target, words in layout.straight:
        parts += _straight(layout, source, target, words)
    for box in layout.boxes.values():
        parts += _box(model, box)
    parts += _legend(layout)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _markers() -> str:
    arrows = "".join(
        f'<marker id="to-{kind}" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.6 8 4 0 7.4Z" fill="{colour}"/></marker>'
        for kind, (colour, *_rest) in LINES.items()
    )
    return f"<defs>{arrows}</defs>"


def _text(x: float, y: float, text: str, *, size: float = LABEL_PX, colour: str = TEXT, anchor: str = "start",
          weight: int = 400, halo: bool = False, mono: bool = False) -> str:  # fmt: skip
    """Return one line of text; `halo`: on a white edge, readable across lines."""
    more = f' font-weight="{weight}"' if weight != 400 else ""
    more += f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += ' stroke="#FFFFFF" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    more += ' font-family="\'DejaVu Sans Mono\', Consolas, monospace"' if mono else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{more}>{escape(text)}</text>'


def _line(kind: str, d: str, arrow: bool = False) -> str:
    colour, dashes, width, _ = LINES[kind]
    more = f' stroke-dasharray="{dashes}"' if dashes else ""
    more += f' marker-end="url(#to-{kind})"' if arrow else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"{more}/>'


def _bands(layout: Layout) -> list[str]:
    """Return the tinted bands behind the main path, each with its word."""
    right = layout.lanes_x - 8
    parts = []
    for band in layout.bands:
        fill = BAND_FILL.get(band.word, "#F1F1F1")
        parts.append(
            f'<rect x="{MARGIN / 2:.1f}" y="{band.top + 2:.1f}" width="{right - MARGIN / 2:.1f}" '
            f'height="{band.bottom - band.top - 4:.1f}" rx="10" fill="{fill}"/>'
        )
        for number, word in enumerate(band.word.split(", ")):
            parts.append(_text(MARGIN, band.top + 30 + 24 * number, word, size=20, weight=700, colour="#444444"))
    return parts


def _lane(layout: Layout, bundle: Bundle) -> list[str]:
    """Return the lane of a bundle: a tick from each source, the lane itself, the arrow into the target, its words."""
    boxes, x = layout.boxes, layout.lane_x(bundle)
    target = boxes[bundle.target]
    ys = [boxes[name].port(bundle) for name in bundle.sources if name != bundle.target]
    end_y = target.port(bundle)
    colour = LINES[bundle.kind][0]
    parts = [_line(bundle.kind, f"M{x:.1f} {min(*ys, end_y):.1f}V{max(*ys, end_y):.1f}")]
    for name in bundle.sources:
        box = boxes[name]
        y = box.port(bundle)
        edge = _edge(box, bundle)
        parts.append(_line(bundle.kind, f"M{edge:.1f} {y:.1f}H{x:.1f}"))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>')
        parts += _words(label_at(bundle, name), edge, y, x, colour if bundle.kind != "step" else TEXT)
    edge = _edge(target, bundle)
    parts.append(_line(bundle.kind, f"M{x:.1f} {end_y:.1f}H{edge:.1f}", arrow=True))
    parts += _words(target_label(bundle), edge, end_y, x, colour if bundle.kind != "step" else TEXT)
    return parts


def _edge(box: Box, bundle: Bundle) -> float:
    return box.x if bundle in box.left else box.x + box.w


def _words(lines: list[str], edge: float, y: float, lane_x: float, colour: str) -> list[str]:
    """Return words that stand on a horizontal line, beside the box edge, the last line just above it."""
    anchor, x = ("end", edge - 12) if lane_x < edge else ("start", edge + 12)
    first = y - 4 - LINE_H * (len(lines) - 1)
    return [
        _text(x, first + LINE_H * number, line, anchor=anchor, colour=colour, halo=True)
        for number, line in enumerate(lines)
    ]


def _straight(layout: Layout, source: str, target: str, words: list[str]) -> list[str]:
    """Return the arrow to the next box of the main path, its words right of it."""
    a, b = layout.boxes[source], layout.boxes[target]
    x = a.x + a.w / 2
    top, bottom = a.y + a.h, b.y
    parts = [
        f'<path d="M{x:.1f} {top:.1f}V{bottom - 1:.1f}" fill="none" stroke="{TEXT}" stroke-width="2.2" '
        f'marker-end="url(#to-step)"/>'
    ]
    lines = wrapped(" · ".join(words), 62)
    first = (top + bottom) / 2 + 4 - LINE_H * (len(lines) - 1) / 2
    parts += [_text(x + 10, first + LINE_H * n, line, halo=True) for n, line in enumerate(lines)]
    return parts


def _box(model: Model, box: Box) -> list[str]:
    """Return one state: name, longest stay, what happens in it, the outputs that leave their closed position."""
    state = model.states[box.name]
    liquid = LIQUID.get(model.node, "")
    wet = liquid in model.outputs and model.position(box.name, liquid) in "OC"
    edge, width = ("#0072B2", 2.6) if wet else ("#333333", 1.3)
    middle = box.middle
    mark = {"O": "", "C": "~"}
    cells = sorted(zip(model.outputs, state.cells, strict=False), key=lambda cell: cell[1] == "C")
    tags = " ".join(mark[at] + tag for tag, at in cells if at in mark)
    parts = [
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" rx="7" fill="#FFFFFF" '
        f'stroke="{edge}" stroke-width="{width:g}"/>',
        _text(box.x + 11, middle - 12, box.name, size=14.5, weight=700),
        _text(box.x + 11, middle + 5, state.what, size=WHAT_PX if len(state.what) < 46 else 10),
        _text(box.x + 11, middle + 21, tags or "nothing energised open", size=TAG_PX, colour="#0B5A8A", mono=True),
    ]
    if state.deadline_ms:
        stay = f"≤ {seconds(state.deadline_ms)}"
        parts.append(_text(box.x + box.w - 10, middle - 12, stay, size=12, anchor="end", colour=QUIET))
    return parts


def _legend(layout: Layout) -> list[str]:
    """Return the key of the lines."""
    y = layout.height - LEGEND_H + 44
    x = MARGIN
    parts = []
    for kind, (_, _, _, words) in LINES.items():
        parts.append(_line(kind, f"M{x:.1f} {y:.1f}h44", arrow=True))
        parts.append(_text(x + 52, y + 4, words, size=12.5))
        x += 52 + 7.2 * len(words) + 34
    parts.append(f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="30" height="18" rx="4" fill="#FFFFFF" stroke="#0072B2" '
                 f'stroke-width="2.6"/>')  # fmt: skip
    parts.append(_text(x + 38, y + 4, "liquid may flow", size=12.5))
    return parts
