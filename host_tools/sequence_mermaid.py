"""A sequence as a mermaid `stateDiagram-v2`: one composite per word of the sequence, the words of why as labels.

A row that leaves from every state of a composite is drawn once, from the composite. Deadlines are drawn as steps
"after N s". Rows with the same ends share one arrow, in the order of asking.
"""

from __future__ import annotations

from host_tools.sequence_layout import ASIDE, word_of
from sim.sequence_model import Model, Row, seconds

# A colon ends a state's name and a semicolon a statement, and a label knows no entities for them.
PLAIN = str.maketrans({":": ",", ";": ","})


def draw(model: Model) -> str:
    """Return the diagram; the same table gives the same text."""
    lines = ["stateDiagram-v2", f"    [*] --> {model.first.name}"]
    groups = _groups(model)
    for word, names in groups.items():
        title = word or "aside"
        indent = "    "
        if word:
            lines.append(f'    state "{title}" as {_composite(word)} {{')
            indent = "        "
        for name in names:
            state = model.states[name]
            stay = f" (at most {seconds(state.deadline_ms)})" if state.deadline_ms else ""
            lines.append(f"{indent}{name}: {name}<br/>{_label(state.what + stay)}")
        if word:
            lines.append("    }")
    for (source, target), words in _arrows(model, groups).items():
        lines.append(f"    {source} --> {target}: {'<br/>'.join(_label(text) for text in words)}")
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.translate(PLAIN)


def _composite(word: str) -> str:
    """Return the identifier of a composite."""
    return "of_" + word.replace(", ", "_")


def _groups(model: Model) -> dict[str, list[str]]:
    """Return the states of each composite in table order; "" holds those that stand beside the main path."""
    aside = ASIDE.get(model.node, {})
    found: dict[str, list[str]] = {}
    for name in model.names:
        found.setdefault("" if name in aside else word_of(model, name), []).append(name)
    return found


def _arrows(model: Model, groups: dict[str, list[str]]) -> dict[tuple[str, str], list[str]]:
    """Return (source, target) -> words, composites in place of their states where a row leaves from all of them."""
    composite = {name: word for word, names in groups.items() if word for name in names}
    found: dict[tuple[str, str], list[str]] = {}
    for state in model.states.values():
        for row in state.exits:
            source = state.name
            word = composite.get(source, "")
            if word and composite.get(row.target) != word and _leaves_all(model, groups[word], row):
                source = _composite(word)
            words = row.words if row.guard else f"after {seconds(state.deadline_ms)}"
            seen = found.setdefault((source, row.target), [])
            if words not in seen:
                seen.append(words)
    return found


def _leaves_all(model: Model, names: list[str], row: Row) -> bool:
    """Return whether that row of the table leaves from every one of these states."""
    return bool(row.guard) and all(any(one.number == row.number for one in model.states[name].rows) for name in names)
