"""A firmware broken on purpose, and the rig that runs it until an invariant is broken.

An edit is (file, text, replacement): the text must be found exactly once, any run of blanks standing for any other,
so that realigned tables do not matter and a row that has gone does.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim import fill, tables
from sim.events import TICKET, TICKET_END, TRIP
from sim.quick import SETTINGS, STEPS
from sim.rig import Rig
from sim.scenario import Scenario

GRACE_S = 0.5  # runs on after the first broken invariant, so that its consequences in others are seen too

Edit = tuple[str, str, str]


def broken_copy(folder: Path, *edits: Edit) -> Path:
    """Return a copy of the firmware under `folder` with `edits` made in it."""
    copy = folder / "firmware"
    shutil.copytree(tables.FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text, replacement in edits:
        path = copy / name
        pattern = r"\s+".join(re.escape(word) for word in text.split())
        changed, times = re.subn(pattern, lambda _: replacement, path.read_text(encoding="utf-8"))  # noqa: B023
        assert times == 1, (
            f"{name}: {text!r} found {times} times: the firmware has changed, so must this test"
        )
        path.write_text(changed, encoding="utf-8")
    return copy


@dataclass
class Watched:
    """What a run showed: invariants broken (id -> first detail), trips by name, ticket events."""

    broken: dict[str, str] = field(default_factory=dict)
    trips: list[str] = field(default_factory=list)
    tickets: int = 0
    t_s: float = 0.0
    rig: Rig | None = None

    def on_event(self, event: dict[str, Any]) -> None:
        """Note trips of either node and complete tickets."""
        if event["kind"] == TRIP:
            self.trips.append(str(tables.trips(event["node"]).TRIPS[event["id"]][0]))
        elif event["kind"] == TICKET and event["id"] == TICKET_END:
            self.tickets += 1


def watch(
    scenario: Scenario,
    until_s: float,
    firmware: Path | None = None,
    *,
    hard_chain: bool = True,
    until_ticket: bool = False,
    quick: bool = True,
    recovery_bar: float | None = None,
) -> Watched:
    """Run a scenario until an invariant is broken (and GRACE_S more) or `until_s`; with `until_ticket`, until the
    ticket is out, and judge the whole run as at its end.

    quick: the shortest settings of the boards, with which FILL begins after 65 s. recovery_bar: another pressure of the
    station's return-gas system than the plant's own.
    """
    seen = Watched()
    options = fill.Options(firmware=firmware, hard_chain=hard_chain, steps=STEPS)
    rig = seen.rig = fill.build(scenario, options, [seen])
    if recovery_bar is not None:
        rig.plant.config = replace(rig.plant.config, recovery_bar=recovery_bar)
    invariants = rig.invariants
    with rig:
        fill.commission(rig, scenario, SETTINGS if quick else ())
        stop_s = until_s
        while rig.t_s < stop_s:
            rig.tick()
            if until_ticket and seen.tickets:
                break
            if invariants.broken and stop_s == until_s:
                stop_s = min(until_s, rig.t_s + GRACE_S)
        seen.t_s = rig.t_s
        if until_ticket:
            invariants.finish(rig.t_s, rig)
        for slot in rig.slots.values():
            slot.process.check_prints()
    for one in invariants.broken:
        seen.broken.setdefault(one["id"], f"{one['at_s']:.2f} s: {one['detail']}")
    return seen
