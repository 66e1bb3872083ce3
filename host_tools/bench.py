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
from typing import Any

from host_tools.fill_command import load_scenario
from host_tools.generate import database
from sim import vm_command
from sim.events import STATE
from sim.rig import TICK_MS
from sim.tables import ROOT

SCENARIO = "warm_topup"
QUICK_S = 60.0     # simulated seconds of a short run
EVERY_TICKS = 1000  # of which
WINDOW_TICKS = 100  # are accounted by part
CODEC_ROUNDS = 400
TICK_US = TICK_MS * 1000


class _Enough(Exception):
    """A short run has seen enough."""


class Account:
    """Times the loop, keeps the account of its parts in one second of every ten, and tick cost by public state.

    The account costs the loop 4 %; on a tenth of the ticks it does not show in the factor.
    """

    def __init__(self, stop_s: float | None) -> None:
        self._stop_s = stop_s
        self.wall_s = 0.0
        self.sim_s = 0.0
        self.cpu_s = 0.0
        self.window_s = 0.0  # host time of the accounted ticks, and its parts
        self.parts: dict[str, float] = {}
        self.node_s: dict[str, float] = {}
        self.nodes: dict[str, dict[str, int]] = {}
        self.by_state: dict[str, dict[str, array[int]]] = {}
        self._rig: Any = None
        self._left = 1  # ticks to the next change
        self._opened_s = 0.0
        self._from: dict[str, int] = {}
        self._states: dict[str, list[tuple[int, str]]] = {}  # from which tick on a node was in which public state

    def on_tick(self, rig: Any) -> None:
        """Open and close the account; the first call starts it."""
        self._left -= 1
        if self._left:
            return
        now = time.perf_counter()
        if self._rig is None:
            self._rig = rig
            self.parts = dict.fromkeys(rig.account(), 0.0)
            self.node_s = dict.fromkeys(rig.slots, 0.0)
            self._states = {name: [(len(slot.tick_us), rig.state[name])] for name, slot in rig.slots.items()}
            self._begun_s, self._begun_ms, self._begun_cpu_s = now, rig.t_ms, self._processor_s()
        elif rig.cost_s is not None:
            self._close(rig, now)
            return
        else:
            rig.account()
        self._left = WINDOW_TICKS
        self._opened_s = time.perf_counter()
        self._from = {name: len(slot.tick_us) for name, slot in rig.slots.items()}

    def _close(self, rig: Any, now: float) -> None:
        """End the account of this second and add it up."""
        for part, seconds in rig.cost_s.items():
            self.parts[part] += seconds
        rig.cost_s = None
        self.window_s += now - self._opened_s
        for name, slot in rig.slots.items():
            start = self._from[name]
            self.node_s[name] += (sum(slot.tick_us[start:]) + sum(slot.slack_us[start:])) / 1e6
        self._left = EVERY_TICKS - WINDOW_TICKS
        # The figures of the run are those of its last look at the clocks.
        self.wall_s = now - self._begun_s
        self.cpu_s = self._processor_s() - self._begun_cpu_s
        self.sim_s = (rig.t_ms - self._begun_ms) / 1000.0
        if self._stop_s is not None and self.sim_s >= self._stop_s:
            raise _Enough

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Note the tick that changed a public state; it counts to the new one."""
        if event["kind"] == STATE and self._rig is not None:
            name = event["node"]
            last = len(self._rig.slots[name].tick_us) - 1
            self._states[name].append((last, self._rig.state[name]))

    def _processor_s(self) -> float:
        """Return the processor seconds so far of the rig and both nodes."""
        nodes_s = [float(slot.process.cpu_s()) for slot in self._rig.slots.values()]
        return time.process_time() + sum(nodes_s)

    def finish(self) -> None:
        """Take the nodes' own figures once the run is over."""
        for name, slot in self._rig.slots.items():
            self.nodes[name] = slot.figures()
            states = self.by_state[name] = {}
            spans = self._states[name]
            for (start, state), (end, _) in zip(spans, [*spans[1:], (len(slot.tick_us), "")], strict=True):
                if end > start:
                    states.setdefault(state, array("H")).extend(slot.tick_us[start:end])


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the value that `share` (0 to 1) of the sorted values do not exceed; 0 for none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def shares(account: Account) -> dict[str, float]:
    """Return the share of the loop's wall time by part, summing to 1: each node apart from the link around it.

    While the rig waits for an answer the nodes on the same core compute. What their firmware does not account for is
    the nodes' end of the link: the shims around the tick, and the change of process.
    """
    parts = dict(account.parts)
    parts["node ends of link"] = max(parts.pop("wait") - sum(account.node_s.values()), 0.0)
    for name, seconds in account.node_s.items():
        parts[f"node {name}"] = seconds
    parts["other"] = max(account.window_s - sum(parts.values()), 0.0)
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
    rows = [row for row in database.messages(dbc) if not row.opaque]  # the codec leaves bytes of cryptography alone
    values = [[s.low + (s.high - s.low) // 2 // s.factor * s.factor for s in row.signals] for row in rows]
    calls = [(row.name.lower(), tuple(physical)) for row, physical in zip(rows, values, strict=True)]
    environment = {**os.environ, "MICROPYPATH": os.pathsep.join((str(ROOT / "firmware"), ".frozen"))}
    script = f"{_VM_CODEC}\nrun({calls!r}, {CODEC_ROUNDS})\n"
    command = [*vm_command.prompt_argv(), "-c", script]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
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


def measure(quick: bool) -> dict[str, Any]:
    """Run the scenario and return all figures."""
    from sim import fill  # the fluid properties take seconds to load: --help does not wait for them

    what = load_scenario(SCENARIO)
    account = Account(QUICK_S if quick else None)
    with contextlib.suppress(_Enough):
        fill.run(what, fill.Options(), [account])
    account.finish()
    return {
        "scenario": SCENARIO,
        "sim_s": round(account.sim_s, 2),
        "wall_s": round(account.wall_s, 3),
        "cpu_s": round(account.cpu_s, 3),
        "factor": round(account.sim_s / account.wall_s, 1),
        "cpu_factor": round(account.sim_s / account.cpu_s, 1),
        "shares": shares(account),
        "tick_us": tick_costs(account),
        "codec": codec(),
        "nodes": account.nodes,
        "images": {} if quick else _images(),
    }


def _images() -> dict[str, dict[str, Any]]:
    """Return size and heap of the release images; none where the 32-bit VM is not installed."""
    from host_tools import check_images
    from sim.node_failure import NodeFailure

    try:
        return check_images.figures()
    except NodeFailure as failure:
        print(f"no heap of the images: {failure.reason}", file=sys.stderr)
        return {}


def render(figures: Mapping[str, Any]) -> str:
    """Return the figures as a page for people."""
    from host_tools import check_images

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
        *check_images.lines(figures["images"]),
    ]  # fmt: skip
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; returns 0."""
    if not arguments.json:
        print(f"measuring {SCENARIO}{' (first minute)' if arguments.quick else ''} ...", file=sys.stderr)
    figures = measure(arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else render(figures))
    return 0
