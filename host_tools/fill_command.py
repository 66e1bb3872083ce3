"""`cryofill fill`: one refuelling from a scenario, with progress, ticket, picture, result object and trace."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from host_tools import __version__, cli
from host_tools.progress import Progress
from host_tools.report_command import page_path, write
from host_tools.sampling import HistoryObserver, Mark
from host_tools.ticket import TicketLog, render
from sim import scenario, tables
from sim.faults import took_effect
from sim.scenario import Scenario, ScenarioError


def load_scenario(name: str) -> Scenario:
    """Return the scenario of that name or path; raises UserError with one line when it cannot be run."""
    try:
        return scenario.load(name)
    except ScenarioError as error:
        raise cli.UserError(str(error)) from None


def picture_path(arguments: argparse.Namespace, stem: str) -> Path | None:
    """Return where the picture goes, None when none is wanted; raises UserError when it could not be written."""
    if arguments.no_picture:
        return None
    if arguments.picture is None:
        return None if arguments.json else Path(f"cryofill-fill-{stem}.png")
    path = Path(arguments.picture)
    if path.suffix.lower() != ".png":
        raise cli.UserError(f"--picture {path}: the name must end in .png")
    if not path.parent.is_dir():
        raise cli.UserError(f"--picture {path}: no folder {path.parent}")
    return path


def trace_folder(name: str | None) -> Path | None:
    """Return the trace folder, made when missing; raises UserError when it cannot be written."""
    if name is None:
        return None
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cli.UserError(f"--trace {name}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise cli.UserError(f"--trace {name}: the folder cannot be written")
    return folder


def images(folder: str | None, vm: str) -> dict[str, Path] | None:
    """Return what each board starts when it runs a release image; raises UserError when there is none to run."""
    if folder is None:
        return None
    if vm != "micropython":
        raise cli.UserError(f"--image {folder}: images are bytecode: they run with --vm micropython only")
    from host_tools import image

    board = tables.boards().REFERENCE  # the virtual board's peripherals are its
    try:
        return {node: image.read(Path(folder), node, board).main for node in tables.NODES}
    except image.ImageError as error:
        raise cli.UserError(f"--image: {error}") from None


def exit_code(result: Mapping[str, Any]) -> int:
    """Return the exit code that a result means: an invariant broken outranks everything else."""
    if result["invariants"]["broken"]:
        return cli.EXIT_INVARIANT
    unmet = result.get("expect", {}).get("unmet")
    if result["outcome"] != "complete" or unmet:
        return cli.EXIT_NOT_COMPLETE
    return cli.EXIT_DONE


def without_effect(faults: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each fault of a result that proves nothing, because nothing came of it."""
    lines = []
    for one in faults:
        if not took_effect(one):
            why = "its moment never came" if one["at_s"] is None else f"from {one['at_s']:.2f} s on nothing showed it"
            lines.append(f"FAULT WITHOUT EFFECT: {one['target']} {one['kind']}: {why}")
    return lines


def draw_picture(path: Path, what: Scenario, result: Mapping[str, Any], history: HistoryObserver) -> None:
    """Draw the picture of the run; raises UserError when the file cannot be written."""
    from host_tools import picture  # matplotlib is slow to import: only when a picture is drawn

    tank = result["tank"]
    history.close(history.history.t_s[-1] if history.history.t_s else 0.0)
    for one in result["faults"]:
        if one["at_s"] is not None:  # its moment came
            history.history.marks.append(Mark("FAULT", float(one["at_s"]), f"{one['target']} {one['kind']}"))
    title = (f"Cryofill: {what.name} (seed {result['seed']}), {result['outcome']}, "
             f"{tank['start_kg']:.1f} to {tank['end_kg']:.1f} kg, target {tank['target_kg']:g} kg")  # fmt: skip
    limits = picture.Limits(tank["relief_bar"], tank["start_kg"], tank["target_kg"])
    try:
        picture.draw(path, title, history.history, limits)
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror}") from None


def run(arguments: argparse.Namespace) -> int:
    """Run the fill; returns the exit code of design: 0 complete, 3 ended safe otherwise, 4 invariant broken."""
    page = None if arguments.report is None else page_path(arguments.report, "--report")
    what = load_scenario(arguments.scenario)
    image = picture_path(arguments, what.stem)
    folder = trace_folder(arguments.trace)
    if page is None or folder is not None:
        return _fill(arguments, what, image, page, folder, folder)
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:  # the page is made from what would be the trace
        return _fill(arguments, what, image, page, None, Path(scratch))


def _fill(
    arguments: argparse.Namespace, what: Scenario, image: Path | None, page: Path | None, folder: Path | None,
    record_in: Path | None,
) -> int:  # fmt: skip
    """Run the fill; `folder`: the trace that was asked for, `record_in`: where one is recorded, asked for or not."""
    words = sys.stderr if arguments.json else sys.stdout

    progress = Progress(words, what.truck.target_kg)
    tickets = TicketLog()
    observers: list[Any] = [progress, tickets]
    history = None
    if image is not None:
        from host_tools import picture

        history = HistoryObserver(picture.COLUMNS)
        observers.append(history)
    recorder = None
    if record_in is not None:
        from host_tools.record import Recorder, SignalRecorder

        recorder = SignalRecorder(record_in) if folder is None else Recorder(folder)
        observers.append(recorder)

    from sim import fill
    from sim.node_failure import NodeFailure

    options = fill.Options(
        images=images(arguments.image, arguments.vm),
        seed=arguments.seed,
        vm=arguments.vm,
        hard_chain=not arguments.no_hard_chain,
        realtime=arguments.realtime,
        bitrate=arguments.bitrate,
        trace=folder,
    )
    try:
        result = fill.run(what, options, observers)
    except ScenarioError as error:  # what only the plant can tell to be impossible
        raise cli.UserError(str(error)) from None
    except NodeFailure as failure:
        progress.close()
        if failure.node == "rig":  # no VM to run: the message says what to install or set
            raise cli.UserError(failure.reason) from None
        print(f"cryofill fill: {failure}", file=sys.stderr)
        return cli.EXIT_INTERNAL
    finally:
        if recorder is not None:
            recorder.close()
    progress.close()
    if recorder is not None:
        recorder.result(result)
    if image is not None and history is not None:
        draw_picture(image, what, result, history)

    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        print()
        print(render(what, result, tickets.last, f"cryofill {__version__}"))
        bus = result["bus"]
        rate = bus["bitrate"] // 1000
        print(f"link: {bus['load_pct']:.1f} % of {rate} kbit/s, {bus['frames']} frames, {bus['lost']} lost")
        for line in without_effect(result["faults"]):
            print(line)
        for broken in result["invariants"]["broken"]:
            print(f"INVARIANT BROKEN: {broken['id']} at {broken['at_s']:.2f} s: {broken['detail']}")
    if image is not None:
        print(f"picture: {image}", file=words)
    if folder is not None:
        print(f"trace:   {folder}", file=words)
    if page is not None and record_in is not None:
        write(record_in, page)
        print(f"report:  {page}", file=words)
    return exit_code(result)
