"""`cryofill replay`: run a firmware build on what the boards were shown in a recorded run; show what it does otherwise.

With `--vm wasm32` this is the 32-bit check: small integers of 31 bits, and every tick under a locked heap.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from host_tools import cli
from host_tools.replay_words import Line, Place, lines, place
from sim import cores, exchange, replay, tables
from sim.exchange import Start, TraceError
from sim.node_failure import NodeFailure
from sim.replay import Report
from sim.wire import Layout

MAIN: Final = "main.py"
SHOWN: Final = 40  # lines of a difference; a traceback may be longer


@dataclass(frozen=True)
class Told:
    """A report with its first difference in words."""

    report: Report
    place: Place | None = None
    lines: Sequence[Line] = ()


def layout_of(node: str, firmware: Path) -> Layout:
    """Return the node's I/O list in that firmware folder; raises UserError when it cannot be read.

    Modules that the folder does not have are the repository's, for the node as for us.
    """
    if not (firmware / MAIN).is_file():
        raise cli.UserError(f"--firmware {firmware}: no {MAIN} in it")
    if not (firmware / node).is_dir():
        return Layout(node)
    try:
        return Layout(node, tables.load_table(firmware / node / "io_table.py"))
    except (tables.TableError, AttributeError) as error:
        raise cli.UserError(f"--firmware {firmware}: {error}") from None


def player_of(node: str, vm: str, main: Path) -> replay.Player:
    """Return what runs the node."""
    if vm == "wasm32":
        from sim.wasm import WasmPlayer

        return WasmPlayer(node, main)
    return replay.PipePlayer(node, vm, main)


def replay_node(layout: Layout, starts: Sequence[Start], vm: str, main: Path, *, every: bool) -> Told:
    """Replay one node's recording and put its first difference into words; progress on stderr."""
    report = Report(layout.node, vm)
    replay.replay(starts, player_of(layout.node, vm, main), report, every=every, tell=_progress)
    _end_progress()
    first = report.first
    if first is None:
        return Told(report)
    start = starts[first.start - 1]
    return Told(report, place(layout, start, first), lines(layout, start, first))


def _progress(report: Report) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{report.node}: {report.sim_s:.0f} s, {report.factor:.0f} x real time\x1b[K")
        sys.stderr.flush()


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def read_recording(folder: Path, names: Sequence[str], firmware: Path) -> dict[str, tuple[Layout, list[Start]]]:
    """Return the layout and the starts of every node asked for; raises UserError naming file and offset."""
    if not folder.is_dir():
        raise cli.UserError(f"{folder}: no such folder; record a run with: cryofill fill --trace {folder}")
    found = {}
    for node in names:
        layout = layout_of(node, firmware)
        try:
            found[node] = layout, exchange.read(folder / f"{node}.exchange", layout)
        except TraceError as error:
            raise cli.UserError(str(error)) from None
    return found


def as_object(told: Told) -> dict[str, Any]:
    """Return one node's entry of the result object."""
    report = told.report
    first = None
    if report.first is not None and told.place is not None:
        first = {
            "start": report.first.start, "tick": report.first.tick, "at_s": told.place.at_s,
            "board_s": told.place.board_s, "state": told.place.state, "row": told.place.row,
            "lines": [line._asdict() for line in told.lines],
        }  # fmt: skip
    return {
        "same": report.same, "starts": report.starts, "ticks": report.ticks, "locked_ticks": report.locked_ticks,
        "packets": report.packets, "not_compared": report.not_compared, "differences": report.differences,
        "first": first, "files": report.mismatches, "heap_peak_b": report.heap_peak_b,
        "speed": {"sim_s": round(report.sim_s, 3), "wall_s": round(report.wall_s, 3),
                  "factor": round(report.factor, 1)},
    }  # fmt: skip


def render(told: Told) -> str:
    """Return one node's part of the page for people."""
    report = told.report
    heap = f", heap peak {report.heap_peak_b} B" if report.heap_peak_b else ""
    left = f" ({report.not_compared} flash operations compared by their files alone)" if report.not_compared else ""
    text = [
        f"{report.node}: {'the same' if report.same else 'DIFFERENT'}: {report.ticks} ticks, "
        f"{report.locked_ticks} with the heap locked, {report.packets} packets{left}{heap}; "
        f"{report.sim_s:.0f} s in {report.wall_s:.1f} s = {report.factor:.0f} x real time ({report.vm})"
    ]
    if report.first is not None and told.place is not None:
        at = told.place
        count = f"{report.differences} ticks differ, the first" if report.differences > 1 else "first difference"
        text.append(
            f"  {count}: at {at.at_s:.2f} s, tick {report.first.tick} of start {report.first.start} "
            f"({at.board_s:.2f} s on its own clock), in state {at.state} ({at.row})"
        )
        wide = max((len(line.what) for line in told.lines), default=0)
        for line in told.lines[:SHOWN]:
            both = f"recorded {line.recorded}  |  replayed {line.replayed}" if line.what else line.replayed
            text.append(f"    {line.what:<{wide}s}  {both}")
        if len(told.lines) > SHOWN:
            text.append(f"    ... {len(told.lines) - SHOWN} more lines")
    text += [f"  {line}" for line in report.mismatches]
    return "\n".join(text)


def replay_folder(folder: Path, arguments: argparse.Namespace) -> list[Told]:
    """Replay every node asked for."""
    firmware = Path(arguments.firmware).resolve() if arguments.firmware else tables.FIRMWARE
    names = (arguments.node,) if arguments.node else tables.NODES
    found = read_recording(folder, names, firmware)
    pinned = cores.pin_to_core()
    try:
        return [
            replay_node(layout, starts, arguments.vm, firmware / MAIN, every=arguments.all)
            for layout, starts in found.values()
        ]
    finally:
        cores.unpin(pinned)


def record_scenario(name: str, folder: Path) -> None:
    """Run a scenario with the repository's firmware and record it."""
    from host_tools.record import Recorder
    from sim import fill, scenario

    recorder = Recorder(folder)
    try:
        fill.run(scenario.load(name), fill.Options(), [recorder])
    finally:
        recorder.close()


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the program."""
    from sim import scenario

    return sorted(path.stem for path in scenario.SCENARIOS.glob("*.toml"))


TABLE: Final = "{:<16s} {:<10s} {:>7s} {:>7s} {:>8s} {:>9s} {:>8s}  {}"


def replay_scenarios(arguments: argparse.Namespace) -> dict[str, list[Told]]:
    """Record and replay every scenario; a table line for each node as it is done (with --json on stderr)."""
    words = sys.stderr if arguments.json else sys.stdout
    print(TABLE.format("scenario", "node", "ticks", "locked", "packets", "heap B", "speed", f"result ({arguments.vm})"),
          file=words)  # fmt: skip
    done: dict[str, list[Told]] = {}
    for name in scenario_names():
        with tempfile.TemporaryDirectory(prefix="cryofill-") as folder:
            print(f"recording {name} ...", file=sys.stderr)
            record_scenario(name, Path(folder))
            done[name] = replay_folder(Path(folder), arguments)
        for told in done[name]:
            report = told.report
            figures = (str(report.ticks), str(report.locked_ticks), str(report.packets), str(report.heap_peak_b))
            print(TABLE.format(Path(name).stem, report.node, *figures, f"{report.factor:.0f} x", _verdict(told)),
                  file=words, flush=True)  # fmt: skip
    return done


def _verdict(told: Told) -> str:
    """Return what a table says of one node."""
    if told.report.same:
        return "same"
    if told.place is None or not told.lines:
        return "DIFFERENT: " + told.report.mismatches[0]
    line = told.lines[0]
    return f"DIFFERENT at {told.place.at_s:.2f} s: {line.what} {line.recorded} | {line.replayed}"


def run(arguments: argparse.Namespace) -> int:
    """Replay and print; returns 0 when everything was the same, 3 when something differed."""
    if (arguments.trace is None) is not arguments.scenarios:
        raise cli.UserError("give the folder of a recorded run, or --scenarios")
    try:
        if arguments.scenarios:
            done = replay_scenarios(arguments)
        else:
            done = {arguments.trace: replay_folder(Path(arguments.trace), arguments)}
    except NodeFailure as failure:
        if failure.node == "rig":  # no VM to run: the message says what to install or set
            raise cli.UserError(failure.reason) from None
        raise
    same = all(told.report.same for all_ in done.values() for told in all_)
    if arguments.json:
        runs = {name: {told.report.node: as_object(told) for told in all_} for name, all_ in done.items()}
        print(json.dumps({"same": same, "vm": arguments.vm, "runs": runs}, indent=2))
    else:
        for all_ in done.values():
            for told in all_:
                if not (arguments.scenarios and told.report.same):
                    print(render(told))
    return cli.EXIT_DONE if same else cli.EXIT_NOT_COMPLETE
