"""What must hold of a state table, whatever its guards answer: each property explored over every situation.

`check(model)` returns one Verdict per property, with figures when it holds and a counterexample when it does not.
A counterexample is a way from a restart to the place where the property fails; `sequence_scenario` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from sim import tables
from sim.sequence_explore import ESD, HOLD, REACTIONS, STOP, TRIP_GUARDS, Explorer, Situation, Step
from sim.sequence_model import Model, seconds

LEVEL_WORDS = {level: name for name, level in REACTIONS.items()}


@dataclass(frozen=True)
class Counterexample:
    """Why a property fails: words, and the way there (situation, step out of it), the last step being the wrong one."""

    words: str
    way: tuple[tuple[Situation, Step], ...] = ()
    ends_in: str = ""


@dataclass(frozen=True)
class Verdict:
    """One property: its name and words, what was looked at, and the counterexamples (none: it holds)."""

    name: str
    words: str
    looked_at: str
    wrong: tuple[Counterexample, ...]


Finding = Iterator[Counterexample]


def _interlocks(node: str) -> Any:
    return tables.load_table(tables.FIRMWARE / node / "interlock_table.py")


def _parameters(node: str) -> dict[str, int]:
    """Return parameter -> the highest value that commissioning may set."""
    rows = tables.load_table(tables.FIRMWARE / node / "param_table.py").PARAMS
    return {str(row[0]): int(row[3]) for row in rows}


class Checker:
    """The properties of one model; each method yields counterexamples and leaves its figures in `looked_at`."""

    def __init__(self, model: Model, explorer: Explorer | None = None) -> None:
        self.model = model
        self.explorer = explorer or Explorer(model)
        self.facts = self.explorer.facts
        self.looked_at = ""
        self.gate = {row[0]: row for row in _interlocks(model.node).INTERLOCKS}
        self.maximum = _parameters(model.node)
        self._first: dict[str, Situation] = {}
        for situation in self.explorer.moves:
            self._first.setdefault(situation.state, situation)

    def _to(self, state: str) -> tuple[tuple[Situation, Step], ...]:
        """Return a way to a state; empty when none leads there."""
        return tuple(self.explorer.path(self._first[state])) if state in self._first else ()

    def _at(self, words: str, situation: Situation, step: Step | None = None) -> Counterexample:
        """Return a counterexample that leads to a situation and, when given, takes `step` there."""
        way = self.explorer.path(situation)
        if step is None:
            return Counterexample(words, tuple(way), situation.state)
        to = step.row.target if step.row else situation.state
        return Counterexample(words, (*way, (situation, step)), to)

    # -- the table itself ----------------------------------------------------------------------------------

    def sound(self) -> Finding:
        """Yield rows that name what does not exist, and states or guards that stand twice."""
        self.looked_at = f"{len(self.model.states)} states, {len(self.model.table.TRANSITIONS)} rows"
        for problem in self.model.problems:
            yield Counterexample(problem)
        for block in ("SAFE", "WAITING"):
            for name in self.facts[block]:
                if name not in self.model.states:
                    yield Counterexample(f"{block} names {name}, which is no state")

    def outputs(self) -> Finding:
        """Yield states that leave an output open, or hold one where what happens there forbids it."""
        table, count = self.model.table, 0
        for name, state in self.model.states.items():
            cells = state.cells
            count += len(cells)
            if len(cells) != len(table.OUTPUTS):
                words = f"{name} gives {len(cells)} of {len(table.OUTPUTS)} outputs a position"
                yield Counterexample(words, self._to(name))
            for tag, cell in zip(table.OUTPUTS, cells, strict=False):
                if cell not in ("O", "-", "C"):
                    yield Counterexample(f"{name} holds {tag} at {cell!r}, which is no position", self._to(name))
        for names, tags, position, why in self.facts["HELD"]:
            for name, tag in product(names, tags.split()):
                if name in self.model.states and self.model.position(name, tag) != position:
                    at = self.model.position(name, tag) or "nothing"
                    words = f"{name} holds {tag} at {at}, must be {position}: {why}"
                    yield Counterexample(words, self._to(name), name)
        self.looked_at = f"{count} positions"

    def deadlines(self) -> Finding:
        """Yield states that neither have a deadline nor are known to wait for someone."""
        waiting = self.facts["WAITING"]
        for name, state in self.model.states.items():
            if state.deadline_ms <= 0 and name not in waiting:
                yield Counterexample(f"{name} has no deadline and is not a state that waits", self._to(name), name)
            elif (state.deadline_ms > 0) != (state.late is not None):
                yield Counterexample(f"{name}: a deadline and where it leads go together", self._to(name), name)
            elif state.deadline_ms > 0 and name in waiting:
                words = f"{name} is said to wait for {waiting[name]} but has a deadline"
                yield Counterexample(words, self._to(name), name)
        timed = sum(1 for state in self.model.states.values() if state.deadline_ms)
        self.looked_at = f"{timed} states with a deadline, {len(waiting)} that wait for someone"

    def order(self) -> Finding:
        """Yield states where another row is asked before a trip's, or a weaker trip before a stronger one."""
        valuations = 0
        for name, state in self.model.states.items():
            guards = state.guards
            valuations += 2 ** len(guards)
            seen = list(guards)
            strongest = sorted((one for one in guards if one in TRIP_GUARDS), key=lambda one: -TRIP_GUARDS[one])
            if seen[: len(strongest)] != strongest:
                asked_first = next(one for one, other in zip(seen, strongest, strict=False) if one != other)
                words = f"{name} asks {asked_first} before {strongest[0]}: a trip must win over everything else"
                yield Counterexample(words, self._to(name), name)
            if len(state.rows) != len(guards):
                twice = next(one.guard for one in state.rows if sum(r.guard == one.guard for r in state.rows) > 1)
                yield Counterexample(f"{name} asks {twice} twice: the second row never wins", self._to(name), name)
            for answers in product((False, True), repeat=len(guards)):
                true = {guard for guard, answer in zip(guards, answers, strict=True) if answer}
                row = self.model.step(name, true)
                if (row is None) != (not true):
                    yield Counterexample(f"{name}: {sorted(true)} hold and no row is taken", self._to(name), name)
        self.looked_at = f"{valuations} valuations of guards"

    # -- alive ---------------------------------------------------------------------------------------------

    def alive(self) -> Finding:
        """Yield states that nothing reaches or nothing leaves, rows never taken, situations without a way back."""
        moves = self.explorer.moves
        for name in self.model.states:
            if name not in self._first:
                yield Counterexample(f"{name} is never reached from {self.model.first.name}")
        taken = {(here.state, move.step.row.number) for here, out in moves.items() for move in out if move.step.row}
        rows = 0
        for state in self.model.states.values():
            for row in state.rows:
                rows += 1
                if (state.name, row.number) not in taken and state.name in self._first:
                    words = f"{state.name}: {row.guard} -> {row.target} ({row.words}) can never be taken there"
                    yield Counterexample(words, self._to(state.name), state.name)
        stuck = set()
        for here, out in moves.items():
            ways = [one for one in out if one.step.row and one.step.row.guard not in TRIP_GUARDS]
            if not ways and here.state not in stuck:
                stuck.add(here.state)
                yield self._at(f"{here.state}{_held(here)} is a dead end: no guard and no deadline leads out", here)
        yield from self._way_back(stuck)
        self.looked_at = f"{len(moves)} situations, {rows} steps, each taken somewhere"

    def _way_back(self, reported: set[str]) -> Finding:
        """Yield a situation in each state from which no next fill can begin without a restart."""
        moves = self.explorer.moves
        source, guard = self.facts["NEW_FILL"]
        back: dict[Situation, list[Situation]] = {}
        good = []
        for here, out in moves.items():
            for move in out:
                if move.step.row and move.step.row.guard not in TRIP_GUARDS and move.step.level == here.latched:
                    back.setdefault(move.after, []).append(here)
                    if here.state == source and move.step.row.guard == guard:
                        good.append(here)
        seen = set(good)
        while good:
            for before in back.get(good.pop(), ()):
                if before not in seen:
                    seen.add(before)
                    good.append(before)
        for here in moves:
            if here not in seen and here.state not in reported:
                reported.add(here.state)
                words = f"from {here.state}{_held(here)} {guard} is never possible again without a restart"
                yield self._at(words, here)

    # -- rest ----------------------------------------------------------------------------------------------

    def rests(self) -> Finding:
        """Yield states from which guards could keep the board out of a safe state for ever."""
        safe = set(self.facts["SAFE"])
        loops = {(a, guard, b): parameter for a, guard, b, parameter, _ in self.facts["LOOPS"]}
        worst: dict[str, int] = {}
        trail: list[str] = []
        circles: list[list[str]] = []

        def longest(name: str) -> int:
            if name in safe:
                return 0
            if name in trail:
                circles.append([*trail[trail.index(name) :], name])
                return 0
            if name not in worst:
                trail.append(name)
                state = self.model.states[name]
                ways = [row for row in state.exits if (name, row.guard, row.target) not in loops]
                worst[name] = state.deadline_ms + max((longest(row.target) for row in ways), default=0)
                trail.pop()
            return worst[name]

        for name in self.model.states:
            longest(name)
        for circle in circles:
            words = f"{' -> '.join(circle)}: guards may go round for ever without reaching a safe state"
            yield Counterexample(words, self._to(circle[0]), circle[0])
        for (source, guard, target), parameter in loops.items():
            rows = [row for row in self.model.states[source].rows if (row.guard, row.target) == (guard, target)]
            if not rows:
                yield Counterexample(f"LOOPS names {source} {guard} {target}, which is no row", self._to(source))
            elif parameter and parameter not in self.maximum:
                yield Counterexample(f"{source} {guard} {target}: no parameter {parameter} bounds its rounds")
        if not circles:
            where = max(worst, key=lambda name: worst[name])
            extra = sum(
                self.maximum[parameter] * self._between(target, source, loops)
                for (source, guard, target), parameter in loops.items()
                if parameter in self.maximum
            )
            total = seconds(worst[where] + extra)
            self.looked_at = f"longest way {seconds(worst[where])} from {where}, every counted loop included {total}"

    def _between(self, start: str, end: str, loops: Collection[tuple[str, str, str]]) -> int:
        """Return the longest time from entering `start` to leaving `end`, ms; 0 when no way leads there."""
        state = self.model.states[start]
        if start == end:
            return state.deadline_ms
        if start in self.facts["SAFE"]:
            return 0
        ways = {row.target for row in state.exits if (start, row.guard, row.target) not in loops}
        longest = max((self._between(name, end, loops) for name in ways), default=0)
        return state.deadline_ms + longest if longest else 0

    # -- liquid --------------------------------------------------------------------------------------------

    def _open(self, state: str) -> list[str]:
        """Return the liquid outputs that may be open in a state."""
        return [tag for tag in self.facts["LIQUID"] if self.model.position(state, tag) in ("O", "C")]

    def needs(self, state: str) -> list[str]:
        """Return the facts and flags that the gate asks for before liquid, as far as they concern this state."""
        supply = self.facts["LIQUID"][0]
        names = [str(name) for name in self.gate[supply][1].split()]
        if supply not in self._open(state):
            names = [name for name in names if name not in self.facts["DRAINING"]]
        return names

    def liquid(self) -> Finding:
        """Yield ways into a liquid state without its permissives."""
        flags = {flag[3:] if flag.startswith("is_") else flag: flag for flag, _, _ in self.facts["MEMORY"]}
        wet = [name for name in self.model.states if self._open(name)]
        told: set[tuple[str, str]] = set()
        for here, out in self.explorer.moves.items():
            for move in out:
                to = move.after.state
                if not self._open(to) or move.step.row is None:
                    continue
                wanted = [name for name, _, _ in self.facts["TRUTHS"]]
                missing = [one for one in wanted if one not in move.after.truths]
                missing += [n for n in self.needs(to) if n in flags and flags[n] not in move.after.memory]
                missing += [n for n in self.needs(to) if n in move.step.lost]
                if move.step.level >= STOP and self.facts["LIQUID"][0] in self._open(to):
                    missing.append("no_stop")
                for one in missing:
                    if (to, one) not in told:
                        told.add((to, one))
                        tags = " ".join(self._open(to))
                        yield self._at(f"{to} ({tags} may open) is reached without {one}", here, move.step)
        self.looked_at = f"{len(wet)} states with a liquid valve, needs {' '.join(self.needs(wet[0])) if wet else '-'}"

    def losing(self) -> Finding:
        """Yield liquid states that stay open although a permissive is lost or a trip reacts."""
        supply = self.facts["LIQUID"][0]
        cases = 0
        for name in self.model.states:
            if not self._open(name) or name not in self._first:
                continue
            is_supply = supply in self._open(name)
            here = self._first[name]
            for fact in [one for one in self.needs(name) if one in self.facts["WORLD"]]:
                cases += 1
                level = self.explorer.noticed(name, fact)
                yield from self._stays(here, (fact,), level, f"{fact} is lost", is_supply)
            for level in sorted(self.explorer.reactions(name) | {STOP, ESD}):
                if is_supply or level > HOLD:
                    cases += 1
                    yield from self._stays(here, (), level, f"a trip with reaction {LEVEL_WORDS[level]}", is_supply)
        self.looked_at = f"{cases} losses, each led out"

    def _stays(self, here: Situation, lost: tuple[str, ...], level: int, what: str, is_supply: bool) -> Finding:
        for row in self.explorer.winners(here.state, lost, level, here.memory):
            to = row.target if row else here.state
            shut = self.facts["LIQUID"][0] not in self._open(to) if is_supply else to != here.state
            if not shut:
                how = f"{row.guard or 'its deadline'} leads on to {to}" if row else "it stays there"
                watched = "" if level else "; no trip row watches it"
                words = f"{here.state}: {what} and {how} ({' '.join(self._open(to))} may be open){watched}"
                yield self._at(words, here, Step(row, lost, level))
                return

    def gated(self) -> Finding:
        """Yield outputs that the gate lets open for liquid without a permissive that GATED names."""
        for tag, wanted in self.facts["GATED"].items():
            needs = self.gate[tag][1].split() if tag in self.gate else []
            for name in wanted.split():
                if name not in needs:
                    yield Counterexample(f"the gate lets {tag} open without {name}")
        self.looked_at = f"{len(self.facts['GATED'])} outputs"


def _held(here: Situation) -> str:
    return f" with a {LEVEL_WORDS[here.latched]} trip latched" if here.latched else ""


# NAME, method, WORDS
PROPERTIES: tuple[tuple[str, Callable[[Checker], Finding], str], ...] = (
    ("sound", Checker.sound, "every row joins states that exist; anything unknown is a fault"),
    ("outputs", Checker.outputs, "every output has a position in every state, and the one that its purpose demands"),
    ("deadlines", Checker.deadlines, "every state has a deadline or is known to wait for someone"),
    ("order", Checker.order, "one next state for every valuation of guards; trips win, the strongest first"),
    ("alive", Checker.alive, "every state is reached and left, every row is taken, and a new fill stays possible"),
    ("rests", Checker.rests, "a safe state is reached in bounded time from everywhere, whatever guards answer"),
    ("gated", Checker.gated, "the gate asks for every permissive of liquid"),
    ("liquid", Checker.liquid, "no way to liquid without earth, seat, lock, link, purge with helium last, leak test"),
    ("losing", Checker.losing, "a permissive lost or a trip shuts the liquid in one step"),
)


def check(model: Model, explorer: Explorer | None = None) -> list[Verdict]:
    """Return the verdict on every property, in the order of PROPERTIES; a broken table is judged by `sound` alone."""
    if model.problems:
        wrong = tuple(Counterexample(problem) for problem in model.problems)
        name, _, words = PROPERTIES[0]
        return [Verdict(name, words, f"{len(model.states)} states", wrong)]
    checker = Checker(model, explorer)
    verdicts = []
    for name, method, words in PROPERTIES:
        wrong = tuple(method(checker))
        verdicts.append(Verdict(name, words, checker.looked_at, wrong))
    return verdicts
