"""One run of a campaign: scenario text and options in, a JSON object out, nothing else read or kept.

So a run gives the same answer in this process, in a worker of a pool, or on another machine (dask). Every way in which
a run can fail is an answer too; only an interruption gets through.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sim import events, fill, scenario, tables
from sim.node_failure import NodeFailure
from sim.tables import ROOT

# STATUS of a run: all but "ended" is a failure.
ENDED, BROKEN, NODE, INTERNAL, TIMEOUT = "ended", "invariant", "node", "internal", "timeout"
FAILURES: Final = (BROKEN, NODE, INTERNAL, TIMEOUT)

TIMEOUT_S: Final = 600.0  # wall time for one run
LOOK_TICKS: Final = 100
DETAIL_MAX: Final = 4000  # characters of what a failed node printed



class _OutOfTime(Exception):
    """The run took more wall time than it was given."""


class _Watch:
    """An observer of the rig: which states were entered and which trips came, and whether there is time left."""

    def __init__(self, timeout_s: float) -> None:
        self._ends_s = time.perf_counter() + timeout_s
        self._looks = 0
        self.states: dict[str, list[str]] = {name: ["BOOT"] for name in tables.NODES}
        self.trips: dict[str, list[str]] = {name: [] for name in tables.NODES}

    def on_tick(self, rig_: Any) -> None:
        """Look at the clock now and then."""
        self._looks += 1
        if self._looks % LOOK_TICKS == 0 and time.perf_counter() > self._ends_s:
            raise _OutOfTime(f"still in {rig_.state['dispenser']} at {rig_.t_s:.2f} s")

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Note what is new."""
        node, kind = event["node"], event["kind"]
        if kind == events.STATE:
            _note(self.states[node], events.state_name(node, event["to"]))
        elif kind in (events.TRIP, events.WARN):
            _note(self.trips[node], events.trip_name(node, event["id"]))


def _note(seen: list[str], name: str) -> None:
    if name not in seen:
        seen.append(name)


def run_one(text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the scenario `text` and return what happened, as JSON types.

    options: vm, hard_chain, timeout_s (wall time), each optional. The answer: status, detail (words, "" when it ended
    well), outcome, reason, broken, states and trips per node (in the order they first came; rows that warn or hold
    count), faults, sim_s, wall_s, code (digest of the firmware and simulator that ran).
    """
    began = time.perf_counter()
    watch = _Watch(float(options.get("timeout_s", TIMEOUT_S)))
    answer: dict[str, Any] = {
        "status": ENDED, "detail": "", "outcome": None, "reason": "", "broken": [], "faults": [], "sim_s": 0.0,
        "code": code_digest(),
    }  # fmt: skip
    try:
        what = scenario.parse(text, "campaign.toml")
        how = fill.Options(vm=options.get("vm", "micropython"), hard_chain=options.get("hard_chain", True))
        result = fill.run(what, how, [watch])
    except NodeFailure as failure:
        answer.update(status=NODE, reason=f"{failure.node}: {failure.reason}", detail=str(failure)[-DETAIL_MAX:])
    except _OutOfTime as out:
        answer.update(status=TIMEOUT, reason="wall time used up", detail=str(out))
    except Exception as error:  # whatever it is, it is this run's answer and must not end the campaign
        answer.update(
            status=INTERNAL,
            reason=f"{type(error).__name__}: {error}",
            detail=traceback.format_exc()[-DETAIL_MAX:],
        )
    else:
        broken = result["invariants"]["broken"]
        answer.update(
            status=BROKEN if broken else ENDED,
            detail="; ".join(f"{one['id']} at {one['at_s']:.2f} s: {one['detail']}" for one in broken),
            outcome=result["outcome"],
            reason=result["reason"],
            broken=broken,
            faults=result["faults"],
            sim_s=result["speed"]["sim_s"],
        )
    answer.update(states=watch.states, trips=watch.trips, wall_s=round(time.perf_counter() - began, 3))
    return answer


@cache
def code_digest() -> str:
    """Return a short digest of what decides a run beside its text: the firmware and the simulator."""
    digest = hashlib.sha256()
    for folder in ("firmware", "sim"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
