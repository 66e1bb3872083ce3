"""A node's sequence as hosts see it: states with their outputs, rows in the order they are asked, deadlines.

Built from the literal state table that the boards run; asks no guard and runs no firmware. `Model.step` is what
`core.states.Machine` does with the same answers (hil_tests/sequence holds the two against each other).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim import tables


class Row(NamedTuple):
    """One way out of a state. `number`: of its row, as STATE events give it; `guard` is "" for the deadline."""

    number: int
    guard: str
    target: str
    words: str
    source: str  # as the table names it: a state, a public state or a group


@dataclass(frozen=True)
class State:
    """One state: its public name, cells (one per output: O, - or C), deadline (0: none), rows in asking order."""

    name: str
    public: str
    cells: tuple[str, ...]
    deadline_ms: int
    what: str
    rows: tuple[Row, ...]
    late: Row | None

    @property
    def exits(self) -> tuple[Row, ...]:
        """Return every way out, the deadline last."""
        return (*self.rows, self.late) if self.late else self.rows

    @property
    def guards(self) -> tuple[str, ...]:
        """Return the guards asked in this state, each once, in the order of asking."""
        return tuple(dict.fromkeys(row.guard for row in self.rows))


@dataclass(frozen=True)
class Model:
    """The whole sequence of one node; `problems` lists what of the table could not be used, one line each."""

    node: str
    table: Any
    states: dict[str, State]
    outputs: tuple[str, ...]
    problems: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)  # public state -> one of the five words

    @property
    def first(self) -> State:
        """Return the state that the machine starts in."""
        return next(iter(self.states.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the states in the order of the table, which is their number in STATE events."""
        return tuple(self.states)

    def position(self, state: str, tag: str) -> str:
        """Return O, - or C: what `state` holds output `tag` at ("" when the table does not say)."""
        cells = self.states[state].cells
        place = self.outputs.index(tag)
        return cells[place] if place < len(cells) else ""

    def step(self, state: str, true_guards: Collection[str], is_late: bool = False) -> Row | None:
        """Return the row taken when exactly `true_guards` hold and the deadline has passed or not; None: stays."""
        here = self.states[state]
        for row in here.rows:
            if row.guard in true_guards:
                return row
        return here.late if is_late else None


def build(node: str, table: Any = None) -> Model:
    """Return the model of "dispenser" or "tank", from its own table or from `table`, a changed copy."""
    table = tables.states(node) if table is None else table
    problems: list[str] = []
    names = [row[0] for row in table.STATES]
    publics = [row[1] for row in table.STATES]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"state {name} stands {names.count(name)} times in STATES")
    rows: dict[str, list[Row]] = {name: [] for name in names}
    for index, (source, guard, target, words) in enumerate(table.TRANSITIONS):
        sources = table.GROUPS.get(source, (source,))
        where = f"row {source} {guard} {target}"
        if target not in names:
            problems.append(f"{where}: no state is called {target}")
            continue
        for unknown in [one for one in sources if one not in names and one not in publics]:
            problems.append(f"{where}: no state is called {unknown}")
        for name, public in zip(names, publics, strict=True):
            if name in sources or public in sources:
                rows[name].append(Row(index, guard, target, words, source))
    states = {}
    for number, (name, public, cells, deadline_ms, late, what) in enumerate(table.STATES):
        last = None
        if late and late not in names:
            problems.append(f"state {name}: its deadline leads to {late}, which is no state")
        elif late:
            after = f"{name} took longer than {seconds(deadline_ms)}"
            last = Row(len(table.TRANSITIONS) + number, "", late, after, name)
        states[name] = State(name, public, tuple(cells.split()), deadline_ms, what, tuple(rows[name]), last)
    words_of = dict(getattr(table, "WORDS", {}))
    return Model(node, table, states, tuple(table.OUTPUTS), tuple(problems), words_of)


def seconds(ms: int) -> str:
    """Return a time of the table for people: "2.5 s", "40 min"."""
    if ms >= 600_000 and ms % 60_000 == 0:
        return f"{ms // 60_000} min"
    return f"{ms / 1000:g} s"


def as_object(model: Model) -> dict[str, Any]:
    """Return the whole table as one JSON object: states in order, each with its outputs and its exits in order."""
    return {
        "node": model.node,
        "outputs": list(model.outputs),
        "positions": {"O": "open, released or on", "-": "closed or off", "C": "moved by control"},
        "states": [
            {
                "name": state.name,
                "public": state.public,
                "word": model.words.get(state.public),
                "what": state.what,
                "outputs": dict(zip(model.outputs, state.cells, strict=True)),
                "deadline_ms": state.deadline_ms or None,
                "exits": [
                    {"row": row.number, "guard": row.guard or None, "to": row.target, "why": row.words}
                    for row in state.exits
                ],
            }
            for state in model.states.values()
        ],
    }
