"""`cryofill cuts`: the link cut at random moments of fills; the worst time from the last permit to XV103 closed.

Exit 0 when every time is within the design's limit, 3 when one is not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

from host_tools import cli

BINS = 10
BAR = 40


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    from sim import link_cuts  # loads the plant
    from sim.node_failure import NodeFailure

    words = sys.stderr if arguments.json else sys.stdout
    cuts: list[link_cuts.Cut] = []
    began_s = shown_s = time.monotonic()
    try:
        for cut in link_cuts.measure(
            arguments.cuts, seed=arguments.seed, vm=arguments.vm, bitrate=arguments.bitrate
        ):
            cuts.append(cut)
            now_s = time.monotonic()
            if now_s - shown_s >= 5.0:
                shown_s = now_s
                left_s = (now_s - began_s) / len(cuts) * (arguments.cuts - len(cuts))
                worst_s = max(one.closed_s for one in cuts)
                print(f"{len(cuts)}/{arguments.cuts} cuts, worst {worst_s:.3f} s, {left_s / 60:.0f} min left",
                      file=words, flush=True)  # fmt: skip
    except (link_cuts.NotClosed, NodeFailure) as error:
        print(f"cryofill cuts: {error}", file=sys.stderr)
        return cli.EXIT_INTERNAL
    result = summary(cuts, link_cuts.LIMIT_S, arguments)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(text(result))
    return cli.EXIT_DONE if result["worst"]["closed_s"] <= link_cuts.LIMIT_S else cli.EXIT_NOT_COMPLETE


def summary(cuts: list[Any], limit_s: float, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures as one object."""
    times = sorted(cut.closed_s for cut in cuts)
    worst = max(cuts, key=lambda cut: cut.closed_s)
    states = sorted({cut.state for cut in cuts})
    return {
        "cuts": len(cuts),
        "seed": arguments.seed,
        "vm": arguments.vm,
        "bitrate": arguments.bitrate,
        "limit_s": limit_s,
        "best_s": round(times[0], 3),
        "median_s": round(statistics.median(times), 3),
        "worst": {"closed_s": round(worst.closed_s, 3), "state": worst.state, "at_s": round(worst.at_s, 3)},
        "states": {state: sum(cut.state == state for cut in cuts) for state in states},
        "histogram": _histogram(times),
    }


def _histogram(times: list[float]) -> list[tuple[float, int]]:
    """Return (upper edge in s, count) of equal bins from the best to the worst."""
    low, high = times[0], times[-1]
    width = (high - low) / BINS or 1e-3
    counts = [0] * BINS
    for one in times:
        counts[min(BINS - 1, int((one - low) / width))] += 1
    return [(round(low + width * (k + 1), 3), count) for k, count in enumerate(counts)]


def text(result: dict[str, Any]) -> str:
    """Return the figures for people."""
    worst = result["worst"]
    states = ", ".join(f"{count} in {state}" for state, count in result["states"].items())
    most = max(count for _, count in result["histogram"])
    where = f"{states}; {result['bitrate'] // 1000} kbit/s, {result['vm']}"
    lines = [
        f"link cut {result['cuts']} times at random moments ({where})",
        "from the last permit to XV103 closed:",
        *(f"  to {edge:.3f} s {count:6} {'#' * round(BAR * count / most)}" for edge, count in result["histogram"]),
        f"best {result['best_s']:.3f} s, median {result['median_s']:.3f} s, worst {worst['closed_s']:.3f} s "
        f"(limit {result['limit_s']:g} s), the worst in {worst['state']}",
    ]
    return "\n".join(lines)
