"""The state machine: an interpreter of a node's literal state table. It knows no state by name.

A row of TRANSITIONS is (FROM, GUARD, TO, WHY): the first guard of the present state that holds, in the
order of the table, makes the step. FROM is a state, a public state (all its states) or a group named in
GROUPS. A state that outlives its deadline goes where its row says. One step a tick.
"""

from core import report


class Machine:
    """Runs STATES and TRANSITIONS over the guards of `owner`; `step()` does not allocate.

    `owner` has a method per GUARD (no argument, true when it holds) and may have `enter_<state name>`.
    Attributes: `state` (index into STATES), `public` (index into PUBLIC), `state_ms`, `why` (row of
    TRANSITIONS that led here, or the number of rows + the state that ran out of time).
    """

    def __init__(self, table, owner, events):
        states = list(table.STATES)
        names = [row[0] for row in states]
        self._table = table.STATES
        self.publics = bytes([table.PUBLIC.index(row[1]) for row in states])
        self._deadline = [row[3] for row in states]
        self._late = bytes([names.index(row[4]) if row[4] else 0 for row in states])
        found = [[] for _ in states]
        for why, (source, guard, target, _) in enumerate(table.TRANSITIONS):
            step = (getattr(owner, guard), names.index(target), why)
            sources = table.GROUPS.get(source, (source,))
            for i, row in enumerate(states):
                if row[0] in sources or row[1] in sources:
                    found[i].append(step)
        self._rows = [tuple(rows) for rows in found]
        there = dir(owner)  # asking for what is not there would take a place in the table of names
        methods = ["enter_" + name.lower() for name in names]
        self._enter = [getattr(owner, method) if method in there else None for method in methods]
        self._n_rows = len(table.TRANSITIONS)
        self._events = events
        self.state = 0
        self.public = self.publics[0]
        self.state_ms = 0
        self.why = 0

    def index(self, name):
        """Return the number of a state (start-up only)."""
        return [row[0] for row in self._table].index(name)

    def step(self, elapsed_ms, look):
        """Advance time by one tick and take at most one transition; return True if the state changed.

        Guards are asked only when `look` is true: every tick while a trip reacts, every fifth otherwise.
        """
        state = self.state
        self.state_ms += elapsed_ms
        if look:
            for row in self._rows[state]:
                if row[0]():
                    self._go(row[1], row[2])
                    return True
        if self._deadline[state] and self.state_ms >= self._deadline[state]:
            self._go(self._late[state], self._n_rows + state)
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
            enter()
