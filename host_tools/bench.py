"""`cryofill bench`: how much faster than real time the lockstep loop runs, and where the time goes.

One run of `warm_topup` with everything on: both VMs, plant, bus, instruments, operator and invariants. Compare ratios,
not microseconds: shares of the loop, ticks against the 10 ms they have, the codec against cantools on the same host.
Two factors are given: by the clock, and by the processor time of the rig and both VMs together, which is what the clock
would say on a core of their own; where they differ the machine was busy with something else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host_tools.check_firmware import vm_command
from host_tools.fill_command import load_scenario
from host_tools.generate import database
from sim.rig import TICK_MS

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = "warm_topup"
QUICK_S = 60.0     # simulated seconds of a short run
CODEC_ROUNDS = 400
TICK_US = TICK_MS * 1000


class _Enough(Exception):
    """A short run has seen enough."""


class Account:
    """Collects host time by part of the loop, and tick cost by node and public state."""

    def __init__(self, stop_s: float | None) -> None:
        self._stop_s = stop_s
        self._begun = 0.0
        self.wall_s = 0.0
        self.sim_s = 0.0
        self.cpu_s = 0.0
        self.parts: dict[str, float] = {}
        self.nodes: dict[str, dict[str, int]] = {}
        self.node_s: dict[str, float] = {}
        self.by_state: dict[str, dict[str, array[int]]] = {}
        self._rig: Any = None

    def on_tick(self, rig: Any) -> None:
        """Note the tick that each node has just done; the first call only starts the account."""
        now = time.perf_counter()
        if self._rig is None:
            self._rig = rig
            self.parts = rig.account()
            self._begun = now
            self._begun_ms = rig.t_ms
            self._begun_cpu = time.process_time()
            self._skip = {name: len(slot.tick_us) for name, slot in rig.slots.items()}
            self._seen = dict(self._skip)
            return
        for name, slot in rig.slots.items():
            if len(slot.tick_us) != self._seen[name]:
                self._seen[name] = len(slot.tick_us)
                states = self.by_state.setdefault(name, {})
                state = rig.state[name]
                if state not in states:
                    states[state] = array("H")
                states[state].append(slot.tick_us[-1])
        self.wall_s = now - self._begun
        self._cpu_now = time.process_time()
        self.sim_s = (rig.t_ms - self._begun_ms) / 1000.0
        if self._stop_s is not None and self.sim_s >= self._stop_s:
            raise _Enough

    def finish(self) -> None:
        """Take the nodes' own figures once the run is over."""
        self.cpu_s = self._cpu_now - self._begun_cpu
        for name, slot in self._rig.slots.items():
            self.nodes[name] = slot.figures()
            skip = self._skip[name]
            self.node_s[name] = (sum(slot.tick_us[skip:]) + sum(slot.slack_us[skip:])) / 1e6


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the value that `share` (0 to 1) of the sorted values do not exceed; 0 for none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def shares(account: Account) -> dict[str, float]:
    """Return the share of the loop's wall time by part, summing to 1: each node apart from the link around it."""
    parts = dict(account.parts)
    # While the rig waits in the link, the nodes on the same core compute: that time is theirs.
    parts["link"] = max(parts["link"] - sum(account.node_s.values()), 0.0)
    for name, seconds in account.node_s.items():
        parts[f"node {name}"] = seconds
    parts["other"] = max(account.wall_s - sum(parts.values()), 0.0)
    total = sum(parts.values())
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    return {name: round(seconds / total, 4) for name, seconds in ordered}


def tick_costs(account: Account) -> dict[str, dict[str, dict[str, float]]]:
    """Return, per node and public state, ticks and the p50, p99 and max of the control tick in microseconds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for node, states in account.by_state.items():
        found[node] = {}
        for state, costs in states.items():
            ordered = sorted(costs)
            found[node][state] = {
                "ticks": len(ordered),
                "p50_us": percentile(ordered, 0.5),
                "p99_us": percentile(ordered, 0.99),
                "max_us": ordered[-1],
            }
    return found


_VM_CODEC = """
import time
from generated import messages as m
def run(calls, rounds):
    buf = bytearray(8)
    outs = [[0] * (len(values) + 1) for name, values in calls]
    packs = [getattr(m, "pack_" + name) for name, values in calls]
    unpacks = [getattr(m, "unpack_" + name) for name, values in calls]
    pack_us = unpack_us = 0
    for k in range(rounds):
        for i in range(len(calls)):
            pack, unpack, out, values = packs[i], unpacks[i], outs[i], calls[i][1]
            t0 = time.ticks_us()
            code = pack(buf, 1, *values)
            t1 = time.ticks_us()
            unpack(buf, out)
            t2 = time.ticks_us()
            assert code == 0 and list(values) == out[1:], calls[i]
            pack_us += time.ticks_diff(t1, t0)
            unpack_us += time.ticks_diff(t2, t1)
    print(pack_us / rounds / len(calls), unpack_us / rounds / len(calls))
"""


def codec() -> dict[str, float]:
    """Return microseconds per frame of the generated codec in the VM and of cantools here, and their ratio."""
    dbc = database.load(ROOT / database.DBC_PATH)
    rows = database.messages(dbc)
    values = [[s.low + (s.high - s.low) // 2 // s.factor * s.factor for s in row.signals] for row in rows]
    calls = [(row.name.lower(), tuple(physical)) for row, physical in zip(rows, values, strict=True)]
    environment = {**os.environ, "MICROPYPATH": os.pathsep.join((str(ROOT / "firmware"), ".frozen"))}
    script = f"{_VM_CODEC}\nrun({calls!r}, {CODEC_ROUNDS})\n"
    run = subprocess.run([*vm_command(), "-c", script], env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"the codec failed in the VM: {run.stdout.strip()} {run.stderr.strip()}")
    pack_us, unpack_us = (float(word) for word in run.stdout.split())

    head = dict.fromkeys((name for name, _, _ in database.HEADER), 0)
    frames = []
    for row, physical in zip(rows, values, strict=True):
        signals = {**head, **{s.name: value for s, value in zip(row.signals, physical, strict=True)}}
        frames.append((dbc.get_message_by_name(row.name), signals))
    encode_s = decode_s = 0.0
    for _ in range(CODEC_ROUNDS):
        for message, signals in frames:
            start = time.perf_counter()
            data = message.encode(signals)
            middle = time.perf_counter()
            message.decode(data, decode_choices=False)
            encode_s += middle - start
            decode_s += time.perf_counter() - middle
    count = CODEC_ROUNDS * len(frames)
    encode_us, decode_us = encode_s / count * 1e6, decode_s / count * 1e6
    return {
        "pack_us": round(pack_us, 2),
        "unpack_us": round(unpack_us, 2),
        "cantools_encode_us": round(encode_us, 2),
        "cantools_decode_us": round(decode_us, 2),
        "cantools_to_codec": round((encode_us + decode_us) / (pack_us + unpack_us), 2),
    }


def children_cpu_s() -> float:
    """Return the processor seconds of all ended child processes."""
    times = os.times()
    return times.children_user + times.children_system


def measure(quick: bool) -> dict[str, Any]:
    """Run the scenario and return all figures."""
    from sim import fill  # the fluid properties take seconds to load: --help does not wait for them

    what = load_scenario(SCENARIO)
    account = Account(QUICK_S if quick else None)
    before_s = children_cpu_s()
    with contextlib.suppress(_Enough):
        fill.run(what, fill.Options(), [account])
    account.finish()
    cpu_s = account.cpu_s + children_cpu_s() - before_s
    return {
        "scenario": SCENARIO,
        "sim_s": round(account.sim_s, 2),
        "wall_s": round(account.wall_s, 3),
        "cpu_s": round(cpu_s, 3),
        "factor": round(account.sim_s / account.wall_s, 1),
        "cpu_factor": round(account.sim_s / cpu_s, 1),
        "shares": shares(account),
        "tick_us": tick_costs(account),
        "codec": codec(),
        "nodes": account.nodes,
    }


def render(figures: Mapping[str, Any]) -> str:
    """Return the figures as a page for people."""
    lines = [
        f"{figures['scenario']}: {figures['sim_s']:.0f} s simulated in {figures['wall_s']:.1f} s "
        f"= {figures['factor']:.1f} x real time (both VMs, plant, bus, invariants; start-up apart)",
        f"{figures['cpu_s']:.1f} s of processor time = {figures['cpu_factor']:.1f} x real time on a core of their own",
        "",
        "where the time goes",
    ]
    for name, share in figures["shares"].items():
        lines.append(f"  {name:<18s}{share * 100:6.1f} %  {'#' * round(share * 50)}")
    lines += ["", f"control tick by public state, host time as a share of the {TICK_MS} ms tick",
              f"  {'':<24s}{'ticks':>8s}{'p50':>9s}{'p99':>9s}{'max':>9s}"]  # fmt: skip
    for node, states in figures["tick_us"].items():
        for state, cost in states.items():
            percent = [f"{cost[key] * 100 / TICK_US:8.2f}%" for key in ("p50_us", "p99_us", "max_us")]
            lines.append(f"  {node + ' ' + state:<24s}{cost['ticks']:8.0f}{''.join(percent)}")
    codec_us = figures["codec"]
    lines += [
        "",
        f"codec in the VM: pack {codec_us['pack_us']:.1f} us, unpack {codec_us['unpack_us']:.1f} us a frame; "
        f"cantools in CPython takes {codec_us['cantools_to_codec']:.1f} x that for encode + decode",
        *(f"heap {name}: peak {node['heap_peak_b'] / 1024:.0f} KiB (64-bit objects, about 1.3 x a board's; "
          f"without the machine code); {node['locked_ticks']} of {node['ticks']} ticks with the heap locked"
          for name, node in figures["nodes"].items()),
    ]  # fmt: skip
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; returns 0."""
    if not arguments.json:
        print(f"measuring {SCENARIO}{' (first minute)' if arguments.quick else ''} ...", file=sys.stderr)
    figures = measure(arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else render(figures))
    return 0
