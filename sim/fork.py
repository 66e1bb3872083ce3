"""Copies of a whole rig as it stands, with both boards' VMs, so that many runs share one beginning. Linux only.

`Snapshot(rig, what)` keeps a process in which this process, and the boards', stand still at the end of a tick;
`snapshot.run(work, *arguments)` lets `work(what, *arguments)` go on from there in a further copy, as often as wanted,
and returns what it returns. A run that goes on from a snapshot is the run that was never interrupted, to the byte.
The rig must have been made `forkable` before it started.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import shutil
import signal
import subprocess
import tempfile
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from sim.node_failure import NodeFailure
from sim.nodes import NodeProcess
from sim.rig import Rig

PID_BYTES: Final = 4
_ours: list[Connection] = []  # to every snapshot of this process; a copy closes them, so that each sees its own end


class BranchFailure(Exception):
    """What went on from a snapshot raised something; the message is its traceback."""


class Copy:
    """A node process that was forked from another: not our child, so its exit code is not ours to know (reads as 0)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def send_signal(self, sig: int) -> None:
        """Send a signal; ProcessLookupError when the process has gone."""
        os.kill(self.pid, sig)

    def kill(self) -> None:
        """End it, if it runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises subprocess.TimeoutExpired."""
        with contextlib.suppress(ProcessLookupError):
            ended = os.pidfd_open(self.pid)
            try:
                if not select.select([ended], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
            finally:
                os.close(ended)
        return 0


def forkable(rig: Rig) -> Rig:
    """Prepare a rig that has not started yet. Raises ValueError for nodes that cannot be copied."""
    for slot in rig.slots.values():
        if slot.process.vm != "micropython" or "CRYOFILL_MICROPYTHON" in os.environ:
            raise ValueError("only the packaged MicroPython can be copied as it stands")
        slot.process.forkable = True
    return rig


def _copy_node(node: NodeProcess) -> None:
    """In a copy of the rig's process: let the node copy itself (sim/shims/_fork.py) and speak to the copy."""
    original = node.process
    if original is None:  # without supply
        return
    folder = Path(tempfile.mkdtemp(prefix="cryofill-"))
    shutil.copy(node.folder / "node.txt", folder)
    to, from_ = folder / "to", folder / "from"
    os.mkfifo(to)
    os.mkfifo(from_)
    (node.folder / "fork.txt").write_text(str(folder), encoding="utf-8")
    # Opened so that neither end waits for the other; the copy's first word then says that it is there.
    reads = os.open(from_, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    both = os.open(to, os.O_RDWR | os.O_CLOEXEC)
    os.kill(original.pid, signal.SIGUSR2)  # Popen.send_signal would ask whether it is our child first
    if not select.select([reads], [], [], node.stall_s)[0]:
        raise NodeFailure(node.name, "made no copy of itself", node.printed())
    pid = int.from_bytes(os.read(reads, PID_BYTES), "little")
    os.set_blocking(reads, True)
    writes = os.open(to, os.O_WRONLY | os.O_CLOEXEC)
    os.close(both)
    node.adopt(Copy(pid), str(folder), writes, reads)


def _fork(rig: Rig) -> int:
    """Fork this process and its rig; returns as os.fork does, in the parent once the copy has boards of its own."""
    for slot in rig.slots.values():
        if slot.due:
            slot.process.settle()
    done, ready = os.pipe()
    with warnings.catch_warnings():  # the other threads of this process hold nothing that the copy needs
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(ready)
        said = os.read(done, 1)
        os.close(done)
        if not said:
            os.waitpid(pid, 0)
            raise NodeFailure("rig", "no copy of it could be made", "")
        return pid
    try:
        os.close(done)
        for connection in _ours:
            connection.close()
        _ours.clear()
        for slot in rig.slots.values():
            _copy_node(slot.process)
        os.write(ready, b"r")
        os.close(ready)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    return 0


class Snapshot:
    """A rig as it stood when this was made. Close it, or use it as a context manager."""

    def __init__(self, rig: Rig, what: Any) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pid = _fork(rig)
        if not self._pid:
            ours.close()
            _serve(rig, what, theirs)
        os.setpgid(self._pid, self._pid)  # what goes on from it belongs to the same group, and ends with it
        theirs.close()
        self._connection: Connection | None = ours
        _ours.append(ours)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return work(what, *arguments), done from here on in a copy: `work`, arguments and answer must pickle.

        Raises BranchFailure with the traceback of what `work` raised.
        """
        if self._connection is None:
            raise RuntimeError("the snapshot is closed")
        try:
            self._connection.send((work, arguments))
            failed, answer = self._connection.recv()
        except BaseException:  # a time-out among them: what still runs must not go on
            self.close()
            raise
        if failed:
            raise BranchFailure(answer)
        return answer

    def close(self) -> None:
        """End its process and whatever goes on from it. Safe to call twice."""
        if self._connection is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGTERM)
        _ours.remove(self._connection)
        self._connection.close()
        self._connection = None
        os.waitpid(self._pid, 0)


def _serve(rig: Rig, what: Any, requests: Connection) -> None:
    """Stand still and let copies go on, until the snapshot is closed. Never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's, which then closes this
        signal.signal(signal.SIGTERM, _end)
        with contextlib.suppress(EOFError):
            while True:
                work, arguments = requests.recv()
                pid = _fork(rig)
                if pid:
                    os.waitpid(pid, 0)
                    continue
                try:
                    answer = (False, work(what, *arguments))
                except Exception:
                    answer = (True, traceback.format_exc())
                rig.close()
                requests.send(answer)
                break
        code = 0
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        rig.close()
        os._exit(code)


def _end(number: int, frame: object) -> None:
    raise SystemExit
