"""Every situation that a sequence can get into: state x latched trip x memory x truth of the hose, from a restart on.

Each fact of the world (seated, earthed, link ...) may be lost or come back at any tick, every trip row that is watched
may trip, and each guard answers as it likes within what `sequence_facts_table` says of it. A lost fact that a trip row
watches is answered with at least that row's reaction; the row's debounce (at most its DEADLINE) is not modelled, the
interlock gate covers it. What is found to hold here holds for every behaviour of guards, operator and truck.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations
from pathlib import Path
from typing import Any, NamedTuple

from sim import tables
from sim.sequence_model import Model, Row

NONE, HOLD, STOP, ESD = 0, 2, 3, 4  # reactions, as core.trips numbers them
REACTIONS = {"hold": HOLD, "stop": STOP, "esd": ESD}
TRIP_GUARDS = {f"{name}_tripped": level for name, level in REACTIONS.items()}
RESTART = "restart"


def facts_of(node: str) -> dict[str, Any]:
    """Return the node's block of sim/sequence_facts_table.py."""
    table = tables.load_table(Path(__file__).with_name("sequence_facts_table.py"))
    return dict(table.FACTS[node])


class Situation(NamedTuple):
    """One situation. `latched`: NONE, STOP or ESD; `memory` and `truths`: those that hold."""

    state: str
    latched: int = NONE
    memory: frozenset[str] = frozenset()
    truths: frozenset[str] = frozenset()


class Step(NamedTuple):
    """How one situation becomes another: the row (None: it stays, or a restart), the facts lost, the reaction."""

    row: Row | None
    lost: tuple[str, ...]
    level: int
    how: str = ""  # RESTART, else ""


class Move(NamedTuple):
    """A step and the situation that it leads to."""

    step: Step
    after: Situation


@dataclass
class Explorer:
    """Explores one model with what is known of its guards. `moves` and `paths` are computed once."""

    model: Model
    facts: dict[str, Any] = field(default_factory=dict)
    trip_table: Any = None

    def __post_init__(self) -> None:
        self.facts = self.facts or facts_of(self.model.node)
        self.trip_table = self.trip_table or tables.trips(self.model.node)
        self._cache: dict[tuple[str, int, frozenset[str]], list[tuple[Step, int]]] = {}
        self._noticed: dict[tuple[str, str], int] = {}
        self._wants = {
            guard: [(need.lstrip("!"), not need.startswith("!")) for need in needs.split()]
            for guard, needs in self.facts["NEEDS"].items()
        }

    # -- what is known -------------------------------------------------------------------------------------

    def reactions(self, state: str) -> set[int]:
        """Return the reactions that trip rows may have in a state (hold, stop, esd)."""
        return {REACTIONS[row[5]] for row in self._watching(state) if row[5] in REACTIONS}

    def noticed(self, state: str, fact: str) -> int:
        """Return the weakest reaction with which a state answers the loss of a fact; NONE: no row watches it."""
        if (state, fact) not in self._noticed:
            signals = self.facts["WORLD"].get(fact, ())
            rows = [row for row in self._watching(state) if row[1] in signals and row[5] in REACTIONS]
            self._noticed[state, fact] = min((REACTIONS[row[5]] for row in rows), default=NONE)
        return self._noticed[state, fact]

    def _watching(self, state: str) -> list[Any]:
        public = self.model.states[state].public
        return [row for row in self.trip_table.TRIPS if public in self.trip_table.WHERE[row[7]]]

    def is_wet(self, state: str) -> bool:
        """Return whether a liquid valve may be open in a state."""
        return any(self.model.position(state, tag) in ("O", "C") for tag in self.facts["LIQUID"])

    def worlds(self, state: str) -> Iterator[tuple[str, ...]]:
        """Yield every set of lost facts that could matter in a state, none first."""
        here = self.model.states[state]
        asked = {name for guard in here.guards for name, _ in self._wants.get(guard, ())}
        leads_to_liquid = any(self.is_wet(row.target) for row in here.exits)
        ending = set(chain.from_iterable(ended for _, _, ended in self.facts["TRUTHS"]))
        matter = [
            fact
            for fact in self.facts["WORLD"]
            if leads_to_liquid or fact in asked or fact in ending or self.noticed(state, fact)
        ]
        for size in range(len(matter) + 1):
            yield from combinations(matter, size)

    def may_hold(self, guard: str, lost: tuple[str, ...], level: int, memory: frozenset[str]) -> bool:
        """Return whether a guard can be true in that world, with that reaction and memory."""
        for name, wanted in self._wants.get(guard, ()):
            if name == "latched":
                holds = level >= STOP
            elif name == "hold":
                holds = level == HOLD
            elif name in self.facts["WORLD"]:
                holds = name not in lost
            else:
                holds = name in memory
            if holds != wanted:
                return False
        return True

    # -- one step ------------------------------------------------------------------------------------------

    def winners(self, state: str, lost: tuple[str, ...], level: int, memory: frozenset[str]) -> list[Row | None]:
        """Return every row that can be taken (the first true guard wins); None when it can also stay."""
        here = self.model.states[state]
        found: list[Row | None] = []
        before: set[str] = set()
        for row in here.rows:
            if row.guard in TRIP_GUARDS:
                if TRIP_GUARDS[row.guard] == level:
                    return [*found, row]
                continue
            shadowed = row.guard in before or any(
                one == row.guard and other in before for one, other in self.facts["IMPLIES"]
            )
            if not shadowed and self.may_hold(row.guard, lost, level, memory):
                found.append(row)
                if row.guard in self.facts["FORCED"]:
                    return found
            before.add(row.guard)
        if here.late:
            found.append(here.late)
        return [*found, None]

    def _steps(self, state: str, latched: int, memory: frozenset[str]) -> list[tuple[Step, int]]:
        """Return (step, latched after it) of a situation, without what concerns the truths."""
        key = (state, latched, memory)
        if key not in self._cache:
            found: dict[tuple[Any, ...], tuple[Step, int]] = {}
            ending = set(chain.from_iterable(ended for _, _, ended in self.facts["TRUTHS"]))
            possible = self.reactions(state)
            for lost in self.worlds(state):
                least = max([latched, *(self.noticed(state, fact) for fact in lost)])
                for level in sorted({least} | {one for one in possible if one > least}):
                    after = level if level >= STOP else latched
                    for row in self.winners(state, lost, level, memory):
                        kept = lost if row and self.is_wet(row.target) else tuple(f for f in lost if f in ending)
                        mark = (row, after, kept)
                        found.setdefault(mark, (Step(row, lost, level), after))
            self._cache[key] = list(found.values())
        return self._cache[key]

    def enter(self, before: Situation, step: Step, latched: int) -> Situation:
        """Return the situation after a step: memory and truths as entering the target leaves them."""
        truths = {
            truth for truth, _, ended in self.facts["TRUTHS"]
            if truth in before.truths and not any(fact in step.lost for fact in ended)
        }  # fmt: skip
        if step.row is None:
            return Situation(before.state, latched, before.memory, frozenset(truths))
        to, memory = step.row.target, set(before.memory)
        for flag, set_by, cleared_by in self.facts["MEMORY"]:
            if to in set_by:
                memory.add(flag)
            if to in cleared_by:
                memory.discard(flag)
        made = (before.state, step.row.guard)
        if made == tuple(self.facts["NEW_FILL"]):
            truths.clear()
        truths |= {truth for truth, by, _ in self.facts["TRUTHS"] if tuple(by) == made}
        if step.row.guard in self.facts["RESETS"]:
            latched = NONE
        return Situation(to, latched, frozenset(memory), frozenset(truths))

    # -- all of it -----------------------------------------------------------------------------------------

    @cached_property
    def moves(self) -> dict[Situation, list[Move]]:
        """Return every situation that can be reached from the first, with every move out of it."""
        first = Situation(self.model.first.name)
        found: dict[Situation, list[Move]] = {}
        self._came: dict[Situation, tuple[Situation, Step]] = {}
        todo = deque([first])
        while todo:
            here = todo.popleft()
            if here in found:
                continue
            moves = []
            for step, latched in self._steps(here.state, here.latched, here.memory):
                after = self.enter(here, step, latched)
                if after != here:
                    moves.append(Move(step, after))
            boot = Situation(self.model.first.name, NONE, frozenset(), here.truths)
            moves.append(Move(Step(None, (), NONE, RESTART), boot))
            found[here] = moves
            for move in moves:
                if move.after not in found and move.after not in self._came and move.after != first:
                    self._came[move.after] = (here, move.step)
                    todo.append(move.after)
        return found

    def path(self, situation: Situation) -> list[tuple[Situation, Step]]:
        """Return a shortest way from a restart: (situation, step out of it) ..., ending before `situation`."""
        assert situation in self.moves
        way = []
        while situation in self._came:
            situation, step = self._came[situation]
            way.append((situation, step))
        return way[::-1]
