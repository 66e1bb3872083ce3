"""Follow the STATE events of a run with a reference machine, built from the same tables by the package `transitions`.

An event whose row does not lead from where the reference machine is, that names other states than its row, or that
comes before or after its deadline, is wrong. `transitions` is a developer's tool: it is imported when one is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim import events, sequence_model, tables
from sim.interfaces import TICK_MS
from sim.sequence_model import Model, Row, State


class Reference:
    """One board's reference machine; `follow` takes one step and returns why it is wrong, or ""."""

    def __init__(self, model: Model) -> None:
        from transitions import Machine

        self._exits: dict[int, list[tuple[State, Row]]] = {}
        for state in model.states.values():
            for row in state.exits:
                self._exits.setdefault(row.number, []).append((state, row))
        steps = [
            {"trigger": f"row_{number}", "source": [state.name for state, _ in exits], "dest": exits[0][1].target}
            for number, exits in self._exits.items()
        ]
        self._machine = Machine(
            model=None, states=list(model.names), initial=model.first.name, transitions=steps, auto_transitions=False
        )
        self._place = _Place()
        self._machine.add_model(self._place)
        self.model = model
        self._since_ms = 0
        self.restarts = 0
        self.steps = 0

    @property
    def state(self) -> str:
        """Return the state that the reference machine is in."""
        return self._place.state

    def follow(self, t_ms: int, number: int, source: str, target: str) -> str:
        """Take the step of row `number` at `t_ms`; source and target: the event's own states, or their public names."""
        from transitions import MachineError

        exits = self._exits.get(number)
        if exits is None:
            return f"row {number} is not in the table"
        first = self.model.first.name
        if self.state != first and exits[0][0].name == first:
            self._machine.set_state(first, self._place)  # no event tells a restart but its first step
            self.restarts += 1
            self._since_ms = t_ms
        before = self.state
        try:
            self._place.trigger(f"row_{number}")
        except MachineError:
            row = exits[0][1]
            return f"{row.guard or 'deadline'} -> {row.target} (row {number}) does not lead out of {before}"
        self.steps += 1
        here, there = self.model.states[before], self.model.states[self.state]
        if source not in (here.name, here.public) or target not in (there.name, there.public):
            return f"row {number} leads from {before} to {self.state}, the event says {source} to {target}"
        stayed_ms, self._since_ms = t_ms - self._since_ms, t_ms
        is_late = here.late is not None and here.late.number == number
        if is_late and stayed_ms < here.deadline_ms:
            return f"{before} was left by its deadline of {here.deadline_ms} ms after {stayed_ms} ms"
        if here.deadline_ms and stayed_ms > here.deadline_ms + TICK_MS:
            return f"{before} was left after {stayed_ms} ms, its deadline is {here.deadline_ms} ms"
        return ""


class _Place:
    """Where a reference machine is; `transitions` gives it `state` and `trigger`."""

    state: str
    trigger: Any


class Follower:
    """Follows both boards: an observer of the rig, or fed from a trace folder. `wrong`: one line per wrong step."""

    def __init__(self) -> None:
        self.references = {node: Reference(sequence_model.build(node)) for node in tables.NODES}
        self.wrong: list[str] = []

    @property
    def steps(self) -> int:
        """Return how many steps were followed."""
        return sum(one.steps for one in self.references.values())

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Follow one event as the rig gives it: integers, states by their number."""
        if event["kind"] == events.STATE:
            names = self.references[event["node"]].model.names
            source, target = (names[n] if 0 <= n < len(names) else f"#{n}" for n in (event["from"], event["to"]))
            self._follow(event["node"], event["t_ms"], event["value"], source, target)

    def read(self, folder: Path) -> None:
        """Follow the events of a trace folder. Raises OSError, or ValueError naming the line that is no event."""
        with (folder / "events.jsonl").open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    event = json.loads(line)
                    if event["kind"] == "STATE":
                        self._follow(event["node"], event["t_ms"], event["value"], event["from"], event["to"])
                except (ValueError, KeyError, TypeError):
                    raise ValueError(f"events.jsonl:{number}: not an event of a trace") from None

    def _follow(self, node: str, t_ms: int, number: int, source: str, target: str) -> None:
        reason = self.references[node].follow(t_ms, number, source, target)
        if reason:
            self.wrong.append(f"{node} at {t_ms / 1000:.2f} s: {reason}")
