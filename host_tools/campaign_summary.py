"""What a campaign showed: outcomes, trips, states and faults counted, what was never seen, and in words.

A fault whose effect nothing could show, or whose moment never came, is counted apart and never as survived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sim import campaign, fault_table, tables
from sim.faults import took_effect

SLOWEST: Final = 3
NEVER, NO_EFFECT = "never came", "no effect"
COLUMNS: Final = ("complete", "stopped", "esd", "refused", "failed", NO_EFFECT, NEVER)


def every_kind() -> list[str]:
    """Return every (family, kind) that can be drawn, as "family kind", in the order of the vocabulary."""
    rows = (row for row in fault_table.vocabulary() if row["kind"] not in fault_table.SECOND_TANK)
    return list(dict.fromkeys(f"{fault_table.family_of(str(row['target']))} {row['kind']}" for row in rows))


def summarise(answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the counts of the answers (see `sim.campaign.run_one`; each with its index), as JSON types."""
    runs = list(answers)
    faults = {kind: dict.fromkeys(COLUMNS, 0) for kind in every_kind()}
    for run in runs:
        for fault in run["faults"]:
            faults[f"{fault_table.family_of(fault['target'])} {fault['kind']}"][_column(fault, run)] += 1
    trips: dict[str, Any] = {}
    states: dict[str, Any] = {}
    unseen: dict[str, list[str]] = {"trips": [], "states": [], "faults": []}
    for node in tables.NODES:
        seen_trips = Counter(trip for run in runs for trip in run["trips"].get(node, ()))
        seen_states = Counter(state for run in runs for state in run["states"].get(node, ()))
        all_trips = [row[0] for row in tables.trips(node).TRIPS]
        trips[node] = {trip: seen_trips[trip] for trip in all_trips if seen_trips[trip]}
        states[node] = {state: seen_states[state] for state in tables.states(node).PUBLIC if seen_states[state]}
        unseen["trips"] += [f"{node} {trip}" for trip in all_trips if not seen_trips[trip]]
        unseen["states"] += [f"{node} {state}" for state in tables.states(node).PUBLIC if not seen_states[state]]
    unseen["faults"] = [kind for kind, counts in faults.items() if not sum(counts.values())]
    slowest = sorted(runs, key=lambda run: -float(run["wall_s"]))[:SLOWEST]
    return {
        "runs": len(runs),
        "outcomes": dict(Counter(run["outcome"] for run in runs if run["status"] == campaign.ENDED)),
        "failures": dict(Counter(run["status"] for run in runs if run["status"] in campaign.FAILURES)),
        "invariants": dict(Counter(one["id"] for run in runs for one in {b["id"]: b for b in run["broken"]}.values())),
        "sim_s": round(sum(run["sim_s"] for run in runs), 1),
        "faults": {kind: counts for kind, counts in faults.items() if sum(counts.values())},
        "trips": trips,
        "states": states,
        "unseen": unseen,
        "slowest": [{"index": run["index"], "wall_s": run["wall_s"], "sim_s": run["sim_s"]} for run in slowest],
    }


def _column(fault: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    if fault["at_s"] is None:
        return NEVER
    if not took_effect(fault):
        return NO_EFFECT
    return str(run["outcome"]) if run["status"] == campaign.ENDED else "failed"


def render(summary: Mapping[str, Any]) -> str:
    """Return the summary for people."""
    outcomes = ", ".join(f"{n} {outcome}" for outcome, n in sorted(summary["outcomes"].items()))
    failures = ", ".join(f"{n} {status}" for status, n in sorted(summary["failures"].items()))
    lines = [
        f"runs      {summary['runs']}: {outcomes or 'none ended well'}; failures: {failures or 'none'}",
        f"time      {summary['sim_s'] / 3600:.1f} h simulated, {summary['wall_s'] / 60:.1f} min now, "
        f"{summary['runs_per_minute']:.1f} runs a minute",
    ]
    if summary["invariants"]:
        lines.append("broken    " + ", ".join(f"{k} in {n} runs" for k, n in sorted(summary["invariants"].items())))
    lines += ["", f"{'fault':<28}" + "".join(f"{column:>11}" for column in COLUMNS)]
    for kind, counts in summary["faults"].items():
        cells = "".join(f"{counts[column] or '-':>11}" for column in COLUMNS)
        lines.append(f"{kind:<28}" + cells)
    for node in tables.NODES:
        lines.append("")
        lines += _wrapped(f"{node} states", summary["states"][node])
        lines += _wrapped(f"{node} trips", summary["trips"][node])
    lines.append("")
    for what, names in summary["unseen"].items():
        lines += _wrapped(f"never seen: {what}", dict.fromkeys(names, ""))
    slowest = ", ".join(f"run {one['index']} {one['wall_s']:.0f} s" for one in summary["slowest"])
    lines.append(f"slowest   {slowest}")
    return "\n".join(lines)


def _wrapped(title: str, counts: Mapping[str, Any], width: int = 110) -> list[str]:
    """Return "title: name count, name count …" in lines of at most `width` characters."""
    lines, line = [], f"{title}:"
    for word in [f" {name} {n}".rstrip() + "," for name, n in counts.items()] or [" none"]:
        if len(line) + len(word) > width:
            lines.append(line)
            line = "   "
        line += word
    return [*lines, line.rstrip(",")]
