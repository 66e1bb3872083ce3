"""The invariants: checked on the plant's truth during every run, by code that shares nothing with the firmware.

`Invariants.check(t_s, rig)` once per tick, `on_event(event)` for each event of a node, `finish(t_s, rig)` at the end.
Results: `checked` (ids) and `broken` ([{id, at_s, detail}]).
"""

from __future__ import annotations

from typing import Any

from sim import tables
from sim.events import CLEAR, TICKET, TICKET_END, TICKET_FIELDS, TRIP, trip_name, trip_row
from sim.invariants.flow import CabinetGas, ClosedInTime, NoFlowAfterTrip, PermittedFlow
from sim.invariants.hose import AboveAmbient, NothingTrapped, UnlockSafe
from sim.invariants.tank import BelowFillLimit, BelowRelief, TractionInhibited
from sim.invariants.ticket import EveryGram, TicketRight
from sim.invariants.view import SLOW_TICKS, Rule, Ticket, View
from sim.scenario import Scenario, max_fill_kg

# fmt: off
# EVERY: 1 = each tick (10 ms), 10 = each 10th tick, where the physics is slow against 100 ms.
RULES: tuple[tuple[str, str, type[Rule], int], ...] = (
    # ID     WORDS                                                                            RULE               EVERY
    ("I1",  "a fill never brings tank pressure to relief",                                    BelowRelief,       10),
    ("I2",  "liquid passes XV103 only seated, locked, earthed, tested, on helium, link live", PermittedFlow,     1),
    ("I3",  "never unlocked on pressure, cold or liquid",                                     UnlockSafe,        10),
    ("I4",  "no liquid blocked in",                                                           NothingTrapped,    10),
    ("I5",  "liquid valves commanded closed and flow ended in time after a trip's cause",     ClosedInTime,      1),
    ("I6",  "tank mass never above the 98 %-liquid-at-relief mass",                           BelowFillLimit,    10),
    ("I7",  "no flow past XV103 after a latched trip without an operator's reset",            NoFlowAfterTrip,   1),
    ("I8",  "every gram metered is in a ticket",                                              EveryGram,         10),
    ("I9",  "traction inhibited while the nozzle is seated",                                  TractionInhibited, 10),
    ("I10", "1 % vol in the cabinet shuts the supply and ends the fill within 1 s",           CabinetGas,        10),
    ("I11", "hose and tank above ambient while cold",                                         AboveAmbient,      10),
    ("I12", "the ticket agrees with the tank's gain",                                         TicketRight,       10),
)

UNKNOWN_TRIP_S = 1.0  # the deadline of a trip that is not in the table
RESET_HOLDS_S = 5.0  # a CLEAR this long after the operator's reset command is that reset's
MAX_PER_RULE = 20
# fmt: on


class Invariants:
    """All rules over one run. `faults` (or None) tells what the run itself broke, see `sim.faults`."""

    def __init__(self, scenario: Scenario, faults: Any = None, noise_only: bool = True) -> None:
        self._faults = faults
        self.view = View(
            relief_barg=scenario.profile.relief_barg,
            max_fill_kg=max_fill_kg(scenario.profile),
            deadlines_s=_deadlines(tables.trips("dispenser").TRIPS),
            noise_only=noise_only,
            tanks=scenario.truck.tanks,
        )
        rules = [(rule_id, rule(), every) for rule_id, _, rule, every in RULES]
        self._all = [(rule_id, rule) for rule_id, rule, _ in rules]
        self._fast = [(rule_id, rule.check) for rule_id, rule, every in rules if every == 1]
        slow = [(rule_id, rule.check) for rule_id, rule, every in rules if every != 1]
        self._slow = [slow[i::SLOW_TICKS] for i in range(SLOW_TICKS)]
        self._tick = 0
        self._now: set[str] = set()  # broken at this moment: reported once, not each tick
        self._count = dict.fromkeys([rule_id for rule_id, _ in self._all], 0)
        self._tank_dead_s: float | None = None
        self._reset_s = -RESET_HOLDS_S - 1.0
        self._ticket = Ticket()
        self.checked = [rule_id for rule_id, *_ in RULES]
        self.broken: list[dict[str, object]] = []

    def check(self, t_s: float, rig: Any) -> None:
        """Judge the tick that ends at `t_s` seconds; about 5 us on average."""
        v = self.view
        plant = rig.plant
        v.t_s = t_s
        if plant is not v.plant:  # once: the plant keeps them for the whole run
            v.truth, v.energised, v.world, v.plant = plant.truth, plant.energised, plant.world, plant
        state = rig.state["dispenser"]
        if state != v.state:
            v.state = state
            if state == "FILL":
                v.fills += 1
        faults = self._faults
        if faults is not None:
            v.link_lost_s = faults.link_lost_s
            v.faulted = faults.active_targets
        tick = self._tick + 1
        self._tick = tick
        if tick % SLOW_TICKS == 0:
            v.dead = frozenset(node for node in tables.NODES if not rig.alive(node))
        if v.link_lost_s is not None or v.dead:
            self._note_link(v)
        now = self._now
        for rule_id, check in self._fast:
            detail = check(v)
            if detail or now:
                self._note(rule_id, detail)
        for rule_id, check in self._slow[tick % SLOW_TICKS]:
            detail = check(v)
            if detail or now:
                self._note(rule_id, detail)

    def _note_link(self, v: View) -> None:
        """Without the tank's board the link is as dead as without the cable."""
        if "tank" not in v.dead:
            self._tank_dead_s = None
        elif self._tank_dead_s is None:
            self._tank_dead_s = v.t_s
        lost = [at_s for at_s in (v.link_lost_s, self._tank_dead_s) if at_s is not None]
        v.link_lost_s = min(lost) if lost else None

    def on_event(self, event: dict[str, Any]) -> None:
        """Take one event of a node as the rig passes it on: trips and their resets, ticket fields."""
        if event["node"] != "dispenser":
            return
        v = self.view
        t_s = v.t_s = event["t_ms"] / 1000.0
        kind, ident, value = event["kind"], event["id"], event["value"]
        if kind == TRIP:
            row = trip_row("dispenser", ident)
            name, deadline_s = trip_name("dispenser", ident), row[6] / 1000.0 if row is not None else UNKNOWN_TRIP_S
            for _, rule in self._all:
                rule.tripped(v, name, deadline_s)
        elif kind == CLEAR and t_s - self._reset_s <= RESET_HOLDS_S:
            for _, rule in self._all:
                rule.cleared(v, trip_name("dispenser", ident))
        elif kind == TICKET:
            if ident == TICKET_END:
                self._ticket.at_s = t_s
                v.tickets.append(self._ticket)
                self._ticket = Ticket()
            elif ident < len(TICKET_FIELDS):
                setattr(self._ticket, TICKET_FIELDS[ident], value)

    def note_reset(self, t_s: float) -> None:
        """An operator commanded a reset of the dispenser's trips at `t_s`."""
        self._reset_s = t_s

    def finish(self, t_s: float, rig: Any) -> None:
        """Judge the whole run, once, at its end."""
        self.check(t_s, rig)
        if self._faults is not None:
            self.view.ever_faulted = self._faults.ever_targets
        if hasattr(rig, "memory"):
            chips = rig.memory["dispenser"]
            self.view.flash = bytes(chips.flash), chips.block_bytes
        for rule_id, rule in self._all:
            detail = rule.finish(self.view)
            if detail:
                self._now.discard(rule_id)
                self._note(rule_id, detail)

    def _note(self, rule_id: str, detail: str) -> None:
        if not detail:
            self._now.discard(rule_id)
        elif rule_id not in self._now:
            self._now.add(rule_id)
            self._count[rule_id] += 1
            if self._count[rule_id] <= MAX_PER_RULE:
                self.broken.append({"id": rule_id, "at_s": round(self.view.t_s, 3), "detail": detail})


def _deadlines(rows: tuple[Any, ...]) -> dict[str, float]:
    """Return the shortest deadline in s of each signal's stopping rows (columns ID SIGNAL . . . REACTION DEADLINE)."""
    deadlines: dict[str, float] = {}
    for row in rows:
        if row[5] in ("stop", "esd"):
            deadline_s = row[6] / 1000.0
            deadlines[row[1]] = min(deadline_s, deadlines.get(row[1], deadline_s))
    return deadlines
