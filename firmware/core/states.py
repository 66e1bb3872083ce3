"""The state machine: an interpreter of a node's literal state table. It knows no state by name.

A row of TRANSITIONS is (FROM, GUARD, TO, WHY): the first guard of the present state that holds, in the
order of the table, makes the step. FROM is a state, a public state (all its states) or a group named in
GROUPS. A state that outlives its deadline goes where its row says. One step a tick.
"""

from core import report
from core.rows import column


class Machine:
    """Runs STATES and TRANSITIONS over the guards of `owner`; `step()` does not allocate.

    `owner` has a method per GUARD (no argument, true when it holds) and may have `enter_<state name>`.
    Attributes: `state` (index into STATES), `public` (index into PUBLIC), `state_ms`, `why` (row of
    TRANSITIONS that led here, or the number of rows + the state that ran out of time).
    """

    def __init__(self, table, owner, events):
        states = list(table.STATES)
        names = column(states, 0)
        self._table = table.STATES
        self._owner = owner
        self.publics = bytes([table.PUBLIC.index(row[1]) for row in states])
        self._deadline_ms = tuple(column(states, 3))
        self._late = bytes([names.index(row[4]) if row[4] else 0 for row in states])
        # Guards and entries are kept as functions of the owner's class: bound to the owner each would take heap.
        kind = type(owner)
        found = [[] for _ in states]
        guards, targets = [], []
        for why, (source, guard, target, _) in enumerate(table.TRANSITIONS):
            guards.append(getattr(kind, guard))
            targets.append(names.index(target))
            sources = table.GROUPS.get(source, (source,))
            for i, row in enumerate(states):
                if row[0] in sources or row[1] in sources:
                    found[i].append(why)
        self._guards = tuple(guards)
        self._target = bytes(targets)
        # The rows that lead on from a state, all states in one: those of state i from _first[i] to _first[i + 1].
        self._rows = bytes([why for rows in found for why in rows])
        self._first = bytes([sum([len(rows) for rows in found[:i]]) for i in range(len(states) + 1)])
        there = dir(owner)  # asking for what is not there would take a place in the table of names
        methods = ["enter_" + name.lower() for name in names]
        self._enter = tuple([getattr(kind, method) if method in there else None for method in methods])
        self._events = events
        self.state = 0
        self.public = self.publics[0]
        self.state_ms = 0
        self.why = 0

    def index(self, name):
        """Return the number of a state (start-up only)."""
        return column(self._table, 0).index(name)

    def step(self, elapsed_ms, look):
        """Advance time by one tick and take at most one transition; return True if the state changed.

        Guards are asked only when `look` is true: every tick while a trip reacts, every fifth otherwise.
        """
        state = self.state
        self.state_ms += elapsed_ms
        if look:
            rows, guards, owner = self._rows, self._guards, self._owner
            for at in range(self._first[state], self._first[state + 1]):
                why = rows[at]
                if guards[why](owner):
                    self._go(self._target[why], why)
                    return True
        if self._deadline_ms[state] and self.state_ms >= self._deadline_ms[state]:
            self._go(self._late[state], len(self._target) + state)
            return True
        return False

    def _go(self, to, why):
        before = self.state
        self.state = to
        self.state_ms = 0
        self.public = self.publics[to]
        self.why = why
        self._events.put(report.STATE, 0, before, to, why)
        enter = self._enter[to]
        if enter is not None:
            enter(self._owner)
