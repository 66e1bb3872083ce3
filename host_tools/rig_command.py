"""`cryofill rig`: plant, bus and both boards kept up until Ctrl-C, for people, tools and test rigs to join.

With --realtime simulated time follows the wall clock. Without it time stands until somebody asks for it on the
control socket (run_until), and then passes as fast as it can: what a test rig wants.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from host_tools import cli
from host_tools.console import keys
from host_tools.consoles import Consoles
from host_tools.control import Control, Desk
from host_tools.fill_command import load_scenario
from host_tools.progress import Progress
from sim import socketcand
from sim.can_bus import CanBus
from sim.interfaces import TICK_S
from sim.operator import STEPS
from sim.tables import NODES

CAN_PORT = 29536  # socketcand's own
IDLE_S = 0.2  # how long a standing rig sleeps between two looks at its serial ports
LOOK_TICKS = 50  # a rig that runs as fast as it can looks at its sockets this often
SLIP_S = 1.0  # further behind than this, time is let slip instead of being caught up with


class Lateness:
    """How late the ticks of a paced rig began, and how often time slipped."""

    def __init__(self) -> None:
        self._late_us = array("I")
        self.slips = 0

    def add(self, late_s: float) -> None:
        """Take one tick's lateness in seconds (never negative)."""
        self._late_us.append(int(late_s * 1e6))

    def figures(self) -> dict[str, float]:
        """Return ticks, p50_ms, p99_ms, max_ms, late_ticks (by more than a tick) and slips."""
        late = sorted(self._late_us)
        n = len(late)
        return {
            "ticks": n,
            "p50_ms": late[n // 2] / 1000 if n else 0.0,
            "p99_ms": late[n * 99 // 100] / 1000 if n else 0.0,
            "max_ms": late[-1] / 1000 if n else 0.0,
            "late_ticks": sum(1 for one in late if one > TICK_S * 1e6),
            "slips": self.slips,
        }


@contextmanager
def stop_signal() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a flag, looked at between two ticks; a second one interrupts at once."""
    stopped = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True

    before = {
        number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield lambda: stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Live:
    """The loop: ticks, and between them whatever came in. `step` runs what must happen after each tick."""

    def __init__(self, rig: Any, selector: selectors.BaseSelector, step: Callable[[], None]) -> None:
        self._rig = rig
        self._selector = selector
        self._step = step
        self.lateness = Lateness()

    def look(self, timeout_s: float) -> None:
        """Wait up to timeout_s for input and handle it."""
        for key, events in self._selector.select(max(timeout_s, 0.0)):
            key.data(events)

    def pace(self, stopped: Callable[[], bool]) -> None:
        """Run in real time until stopped."""
        due_s = time.perf_counter()
        while not stopped():
            now_s = time.perf_counter()
            if now_s < due_s:
                self.look(due_s - now_s)
                continue
            late_s = now_s - due_s
            if late_s > SLIP_S:  # the machine slept: a burst of ticks would help nobody
                self.lateness.slips += 1
                due_s = now_s
                late_s = 0.0
            self.lateness.add(late_s)
            self._rig.tick()
            self._step()
            self.look(0.0)
            due_s += TICK_S

    def on_demand(self, stopped: Callable[[], bool], wanted: Callable[[], bool]) -> None:
        """Run while `wanted`, as fast as it goes; else stand and wait for requests, until stopped."""
        ticks = 0
        while not stopped():
            if not wanted():
                self._step()
                self.look(IDLE_S)
                continue
            self._rig.tick()
            self._step()
            ticks += 1
            if ticks % LOOK_TICKS == 0:
                self.look(0.0)


def _end_words(rig: Any, live: Live, realtime: bool, wall_s: float, own_cpu_s: float) -> list[str]:
    """Return the lines that sum the session up; the boards' processes have ended, so that their time is known."""
    lines = [
        f"stopped at {rig.t_s:.1f} s, dispenser in {rig.state['dispenser']}, tank in {rig.state['tank']}"
    ]
    if realtime and wall_s > 0:
        late = live.lateness.figures()
        boards = os.times()
        cpu = (own_cpu_s + boards.children_user + boards.children_system) / wall_s
        lines.append(
            f"lateness of {late['ticks']} ticks: p50 {late['p50_ms']:.2f} ms, p99 {late['p99_ms']:.2f} ms, "
            f"max {late['max_ms']:.2f} ms, {late['late_ticks']} by more than a tick, {late['slips']} slips"
        )
        lines.append(
            f"{cpu * 100:.1f} % of one core over {wall_s:.0f} s (the start of the boards' programs included)"
        )
    return lines


def _bus_words(bus: CanBus, server: socketcand.Server) -> str:
    """Return the line about the bus and those who joined it."""
    words = (
        f"{socketcand.BUS}: {bus.frames} frames, {bus.errors} error frames, load {bus.load_pct():.2f} %, "
        f"busiest second {bus.peak_load_pct():.2f} %; {server.sent} frames of clients"
    )
    return words + (f", {server.dropped} clients dropped that did not read" if server.dropped else "")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> int:
    """Keep the rig up; returns 0 after Ctrl-C, 4 when an invariant was broken, 1 when a board's program failed."""
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(arguments.can_port))  # a port that is taken is refused at once
        what = load_scenario(arguments.scenario)
        selector = stack.enter_context(selectors.DefaultSelector())
        from sim import fill  # the fluid properties take seconds to load
        from sim.node_failure import NodeFailure
        from sim.scenario import ScenarioError

        progress = Progress(sys.stderr, what.truck.target_kg)
        options = fill.Options(
            seed=arguments.seed,
            vm=arguments.vm,
            hard_chain=not (arguments.no_hard_chain or arguments.maintenance),
            realtime=arguments.realtime,
            bitrate=arguments.bitrate,
            steps=() if arguments.no_operator or arguments.maintenance else STEPS,
        )
        try:
            rig = fill.build(what, options, [progress])
        except ScenarioError as error:
            raise cli.UserError(str(error)) from None
        stack.callback(rig.close)
        rig.plant.world.key = arguments.maintenance
        server = socketcand.Server(rig.bus, selector, listener, _say)
        stack.callback(server.close)
        consoles = Consoles(NODES)
        stack.callback(consoles.close)
        live = Live(rig, selector, lambda: _between(rig, server, consoles, control))
        control = Control(Desk(rig, live.lateness.figures), rig, selector, _say)
        stack.callback(control.close)
        rig.observe(consoles)
        stopped = stack.enter_context(stop_signal())
        try:
            rig.start()
            fill.commission(rig, what)
            for node in NODES:  # a port without a service key is open to everybody
                rig.command(node, f"service_key {keys.TEST_SERVICE_KEY.hex()}")
            for _ in range(fill.START_UP_TICKS):
                rig.tick()
            where = {
                "can": {socketcand.BUS: _join(server.address)},
                "console": consoles.paths,
                "control": _join(control.address),
            }
            print(json.dumps(where), flush=True)
            began_s, began_cpu_s = time.perf_counter(), time.process_time()
            if arguments.realtime:
                live.pace(stopped)
            else:
                print("time stands until run_until on the control socket (or start with --realtime); Ctrl-C ends",
                      file=sys.stderr, flush=True)  # fmt: skip
                live.on_demand(stopped, lambda: control.waiting)
        except NodeFailure as failure:
            print(f"cryofill rig: {failure}", file=sys.stderr)
            return cli.EXIT_INTERNAL if failure.node != "rig" else cli.EXIT_USAGE
        wall_s, own_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        rig.close()
        progress.close()
        for line in [*_end_words(rig, live, arguments.realtime, wall_s, own_cpu_s), _bus_words(rig.bus, server)]:
            print(line, file=sys.stderr)
        for broken in rig.invariants.broken:
            print(
                f"INVARIANT BROKEN: {broken['id']} at {broken['at_s']:.2f} s: {broken['detail']}",
                file=sys.stderr,
            )
        return cli.EXIT_INVARIANT if rig.invariants.broken else cli.EXIT_DONE


def _join(address: tuple[str, int]) -> str:
    host, port = address
    return f"{host}:{port}"


def _between(rig: Any, server: socketcand.Server, consoles: Consoles, control: Control) -> None:
    """Do after a tick what the world outside is owed."""
    server.step(rig.t_ms * 1000)
    consoles.step(rig)
    control.step()


def _listen(port: int | None) -> socket.socket:
    """Return the listening socket of the CAN link; None: socketcand's own port, or any when that is taken."""
    try:
        return socketcand.listen(CAN_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            raise cli.UserError(f"--can-port {port}: {error.strerror}; 0 takes any free port") from None
        return socketcand.listen()
