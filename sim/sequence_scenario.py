"""A counterexample of the sequence check as text: the way there as a table, and a scenario that sets it up.

The scenario is complete TOML that `cryofill fill` takes. Its faults stand for the facts that are lost and the trips
that are needed on the way; what no fault can bring about (a guard that is merely true, a deadline that passes) is in
the comments, step by step.
"""

from __future__ import annotations

from sim.sequence_check import Counterexample, Verdict
from sim.sequence_explore import RESTART, TRIP_GUARDS, Situation, Step
from sim.sequence_model import Model

# fmt: off
# What brings a lost fact or a trip about: target, kind, value ("" for none).
FAULTS = {
    "dispenser": {
        "earthed":      ("world",     "earth_lost",   ""),
        "seated":       ("ZS101",     "stuck",        "0.0"),
        "locked":       ("ZS102",     "stuck",        "0.0"),
        "loop":         ("ZS105",     "stuck",        "0.0"),
        "powered":      ("ES102",     "stuck",        "0.0"),
        "link":         ("can.link",  "disconnect",   ""),
        "esd_tripped":  ("world",     "estop",        ""),
        "stop_tripped": ("PT102",     "off",          ""),
        "hold_tripped": ("can.link",  "drop",         ""),
        RESTART:        ("dispenser", "reset",        ""),
    },
    "tank": {
        "seated":       ("ZS201",     "stuck",        "0.0"),
        "braked":       ("world",     "drive_away",   ""),
        "parked":       ("ZS204",     "stuck",        "1.0"),
        "below_max":    ("LSHH202",   "stuck",        "0.0"),
        "esd_tripped":  ("ZS205",     "stuck",        "0.0"),
        "stop_tripped": ("PT201A",    "off",          ""),
        RESTART:        ("tank",      "reset",        ""),
    },
}
# A scenario counts from the dispenser's states: where the dispenser is while the tank is there.
BESIDE = {"REFUEL_READY": "CONNECT", "PURGE": "PURGE", "COOLDOWN": "PRECOOL", "FILL": "FILL", "ISOLATE": "VENT"}
# fmt: on
NAME_CHARS = 80


def text(model: Model, verdict: Verdict, wrong: Counterexample) -> str:
    """Return the counterexample: comments with the way there, then the scenario."""
    lines = [f"# {model.node}: {verdict.name} does not hold: {verdict.words}.", f"# {wrong.words}."]
    lines += ["#", *_table(wrong)] if wrong.way else ["# No way leads there: the table itself is wrong."]
    name = f"counterexample to {verdict.name} of the {model.node}"
    lines += ["", f'name = "{name[:NAME_CHARS]}"', "seed = 1"]
    for situation, step in wrong.way:
        for what in _causes(step):
            lines += _fault(model, situation, what)
    return "\n".join(lines) + "\n"


def _table(wrong: Counterexample) -> list[str]:
    """Return the way there, one comment line per step."""
    rows = [("step", "state", "true guard", "to", "because", "lost")]
    for number, (situation, step) in enumerate(wrong.way, 1):
        if step.how == RESTART:
            guard, to, because = "-", "BOOT", "the board restarts"
        elif step.row is None:
            guard, to, because = "none", situation.state, "no guard holds"
        else:
            guard, to, because = step.row.guard or "deadline", step.row.target, step.row.words
        rows.append((str(number), situation.state, guard, to, because, " ".join(step.lost) or "-"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["# " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, f"# ends in {wrong.ends_in}"] if wrong.ends_in else lines


def _causes(step: Step) -> list[str]:
    """Return the facts, trips and restarts of a step that need a cause."""
    if step.how == RESTART:
        return [RESTART]
    trip = [step.row.guard] if step.row and step.row.guard in TRIP_GUARDS and not step.lost else []
    return [*step.lost, *trip]


def _fault(model: Model, situation: Situation, what: str) -> list[str]:
    """Return the [[fault]] that brings `what` about in that situation, as lines."""
    if what not in FAULTS[model.node]:
        return ["", f"# no fault of the vocabulary brings {what} about"]
    target, kind, value = FAULTS[model.node][what]
    public = model.states[situation.state].public
    when = public if model.node == "dispenser" else BESIDE.get(public, "")
    lines = ["", f"[[fault]]                 # {what}", f'target = "{target}"', f'kind = "{kind}"']
    lines.append(f'state = "{when}"' if when else "at_s = 5.0")
    if value:
        lines.append(f"value = {value}")
    return lines
