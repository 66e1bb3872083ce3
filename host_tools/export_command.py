"""`cryofill export TRACE_DIR|FILE.log -o FILE`: a recorded CAN log in the format that the ending of FILE names.

Frames go through one at a time, so a log of any length takes little memory; times keep their microsecond. The new
file appears when it is whole, under its own name; a log that is refused changes nothing. In every format time counts
from the log's zero: the start of the run, or the first frame of a log with Unix times.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from host_tools import candump, cli
from host_tools.generate import database
from sim.tables import ROOT

LOG: Final = "link.log"
QUIET_S: Final = 1.0  # of wall time, before progress is shown
REFRESH_S: Final = 0.2
LOOK_FRAMES: Final = 500  # between two looks at the clock
UNIX_US: Final = 631_152_000 * 1_000_000  # times behind 1990 are Unix times, as python-can's BLF has it


class Sink(Protocol):
    """What frames are written to."""

    def write(self, frame: candump.Frame) -> None: ...
    def close(self) -> None: ...


class _Candump:
    """The native format again: lines as `fill --trace` writes them."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, frame: candump.Frame) -> None:
        self._file.write(
            candump.line(frame.t_us, frame.can_id, frame.data, channel=frame.channel, extended=frame.extended)
        )

    def close(self) -> None:
        self._file.close()


class _PythonCan:
    """One of python-can's writers; `zero_us`: time of the log at which the writer's own time is `start_s`."""

    def __init__(self, writer: Any, zero_us: int = 0, start_s: float = 0.0) -> None:
        import can

        self._message = can.Message
        self._writer = writer
        self._zero_us = zero_us
        self._start_s = start_s

    def write(self, frame: candump.Frame) -> None:
        self._writer.on_message_received(self._message(
            timestamp=self._start_s + (frame.t_us - self._zero_us) / 1e6, arbitration_id=frame.can_id,
            is_extended_id=frame.extended, data=frame.data, channel=frame.channel,
        ))  # fmt: skip

    def close(self) -> None:
        self._writer.stop()


def _candump(path: Path, first: candump.Frame) -> Sink:
    return _Candump(path)


def _signals(path: Path, first: candump.Frame) -> Sink:
    from host_tools.export_signals import SignalTable

    return SignalTable(path)


def _blf(path: Path, first: candump.Frame) -> Sink:
    from can.io import BLFWriter

    writer = BLFWriter(path)
    if first.t_us < UNIX_US:
        writer.start_timestamp = 0.0  # else the first frame would be the zero
    return _PythonCan(writer)


def _asc(path: Path, first: candump.Frame) -> Sink:
    from can.io import ASCWriter

    writer = ASCWriter(path)
    if first.t_us < UNIX_US:
        writer.log_event("Start of the run", 0.0)  # else the first frame would be the zero
    return _PythonCan(writer)


def _mf4(path: Path, first: candump.Frame) -> Sink:
    if importlib.util.find_spec("asammdf") is None:
        raise cli.UserError("-o FILE.mf4: needs pip install 'cryofill[mf4]'")
    from can.io import MF4Writer

    writer = MF4Writer(path, database=ROOT / database.DBC_PATH)
    # The file's start is the moment of writing: its times count from there.
    zero_us = 0 if first.t_us < UNIX_US else first.t_us
    return _PythonCan(writer, zero_us, writer.last_timestamp)


# fmt: off
FORMATS: Final[dict[str, Callable[[Path, candump.Frame], Sink]]] = {
    ".log": _candump,  # candump
    ".csv": _signals,  # decoded signals
    ".blf": _blf,      # Vector binary log
    ".asc": _asc,      # Vector text log
    ".mf4": _mf4,      # ASAM MDF 4, with the database attached
}
# fmt: on


def source(name: str) -> Path:
    """Return the log that the user means: a trace folder's, or a file. Raises UserError."""
    path = Path(name)
    if path.is_dir():
        path = path / LOG
    if not path.is_file():
        raise cli.UserError(f"{path}: no such file; `cryofill fill --trace DIR` writes {LOG}")
    return path


def target(name: str, log: Path) -> Path:
    """Return where the export goes. Raises UserError when it cannot go there."""
    path = Path(name)
    if path.suffix.lower() not in FORMATS:
        raise cli.UserError(f"-o {name}: the name must end in one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise cli.UserError(f"-o {name}: no folder {path.parent}")
    if path.is_dir():
        raise cli.UserError(f"-o {name}: is a folder")
    if path.exists() and path.samefile(log):
        raise cli.UserError(f"-o {name}: is the log itself")
    return path


class Log:
    """The frames of a log file, one at a time. `cut_short`: number of a last line without its end, left out; 0: none.

    Raises UserError naming file and line for anything that is no data frame, and for times that go back.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_short = 0
        self.share = 0.0  # of the file, read so far

    def __iter__(self) -> Iterator[candump.Frame]:
        read = last_us = 0
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise cli.UserError(f"{self.path}: {error.strerror}") from None
        with stream:
            size = os.fstat(stream.fileno()).st_size
            for number, raw in enumerate(stream, 1):
                if not raw.endswith(b"\n"):
                    self.cut_short = number
                    break
                text = raw.decode("ascii", "replace").rstrip("\r\n")
                frame = candump.parse(text)
                if frame is None:
                    raise cli.UserError(f"{self.path}:{number}: {text[:60]!r} is not (SECONDS) CHANNEL ID#HEX")
                if frame.t_us < last_us:
                    raise cli.UserError(f"{self.path}:{number}: its time lies before that of the line above")
                last_us = frame.t_us
                read += len(raw)
                self.share = read / size
                yield frame


def export(log: Log, path: Path, out: TextIO) -> tuple[int, int]:
    """Write the log to `path` in its ending's format; return (frames, time of the last one in us). Raises UserError.

    `out` gets a live line when it is a terminal and the work takes longer than a second.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    frames = iter(log)
    first = next(frames, None)
    if first is None:
        raise cli.UserError(f"{log.path}: holds no frame")
    live = out.isatty()
    due = time.monotonic() + QUIET_S
    drawn = False
    count, last_us = 1, first.t_us
    try:
        sink = FORMATS[path.suffix.lower()](part, first)
        try:
            sink.write(first)
            for count, frame in enumerate(frames, 2):
                sink.write(frame)
                last_us = frame.t_us
                if live and not count % LOOK_FRAMES and time.monotonic() >= due:
                    due = time.monotonic() + REFRESH_S
                    drawn = True
                    out.write(f"\r{log.share:4.0%}  {count} frames, {last_us / 1e6:.1f} s\x1b[K")
                    out.flush()
        finally:
            sink.close()
        part.replace(path)
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
        if drawn:
            out.write("\r\x1b[K")
    return count, last_us


def run(arguments: argparse.Namespace) -> int:
    """Export a log; returns 0."""
    log = Log(source(arguments.trace))
    path = target(arguments.output, log.path)
    count, last_us = export(log, path, sys.stderr)
    if log.cut_short:
        print(f"cryofill export: {log.path}:{log.cut_short}: the line does not end and is left out", file=sys.stderr)
    print(f"export:  {path}, {count} frames, {last_us / 1e6:.1f} s")
    return cli.EXIT_DONE
