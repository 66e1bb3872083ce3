"""Node processes: one real VM each, running the real firmware, spoken to over two pipes.

Owns starting, ending and time-outs of the processes. A node that ends, stalls or prints a traceback ends the run with
NodeFailure, which carries everything the node printed.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from sim import line_map, vm_command, wire
from sim.node_failure import NodeFailure as NodeFailure
from sim.tables import FIRMWARE
from sim.tables import SHIMS as SHIMS
from sim.vm_command import HEAP_DEFAULT, VMS

STALL_S: Final = 5.0  # wall time that a node may take for one tick


class Process(Protocol):
    """What is asked of a node's process: what `subprocess.Popen` offers for one that was started here."""

    pid: int

    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


def _no_memory(packet: bytes, ask: wire.MemoryRequest) -> bool:
    raise wire.WireError("this node has no memory")


class NodeProcess:
    """One VM running one firmware. Use as: start, exchange…, stop (always, in a finally).

    name: "dispenser" or "tank"; bitrate: of its CAN controller (both are written to node.txt, where the firmware finds
    them); vm: "micropython" or "cpython"; main: the firmware's main file, or an image (`*.romfs`, or the main.mpy of a
    tree), which then is all that is on the board; heap: MicroPython's heap, such as "256K";
    python_args: for the cpython VM, put before the launcher (coverage: ("-m", "coverage", "run", …)).
    """

    def __init__(
        self,
        name: str,
        *,
        vm: str = "micropython",
        main: Path | None = None,
        heap: str = HEAP_DEFAULT,
        stall_s: float = STALL_S,
        python_args: tuple[str, ...] = ("-I", "-S"),
        bitrate: int = 500_000,
    ) -> None:
        if vm not in VMS:
            raise ValueError(f"vm is {vm!r}, not one of {', '.join(VMS)}")
        self.name = name
        self.vm = vm
        self.main = Path(main) if main is not None else FIRMWARE / "main.py"
        self.heap = heap
        self.stall_s = stall_s
        self.python_args = python_args
        self.forkable = False  # may the MicroPython that starts next be copied as it stands? See sim.fork
        self.layout = wire.Layout(name)
        self._n_plain = self.layout.n_plain_output
        self.prints: str = ""  # what earlier processes of this node printed
        self._dir = tempfile.mkdtemp(prefix="cryofill-")
        (Path(self._dir) / "node.txt").write_text(f"{name} {bitrate // 1000}\n", encoding="utf-8")
        self._log = Path(self._dir) / "console.log"
        # Serves a MEMORY packet and sends the answer; False: the board lost its supply over it. The rig sets it.
        self.on_memory: Callable[[bytes, wire.MemoryRequest], bool] = _no_memory
        self._process: Process | None = None
        self._ahead = b""  # an answer that was read before it was asked for
        self._to = self._from = -1
        self._seq_to = self._seq_from = 0
        self._scanned = 0
        self._waiting = False  # for an answer of the node, since the packet before _seq_from
        self._stalled = False
        self._stop_watch = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """True from start to stop."""
        return self._process is not None

    def start(self, seed: int) -> bytes:
        """Start the process and send it HELLO with the seed of its random bytes, which is returned.

        The first INPUT is the caller's.
        """
        if self._process is not None:
            raise RuntimeError(f"{self.name} already runs")
        # High numbers, so that moving them to 3 and 4 in the child cannot hit one another.
        pipes = [*os.pipe(), *os.pipe()]
        child_in, to, from_, child_out = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in pipes)
        for fd in pipes:
            os.close(fd)
        try:
            with open(self._log, "wb") as log:
                self._process = subprocess.Popen(
                    self._argv(child_in, child_out),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._dir,
                    env=vm_command.environment(self.main),
                    pass_fds=(child_in, child_out),
                    start_new_session=True,  # Ctrl-C is the rig's, which then ends its nodes
                )
        finally:
            os.close(child_in)
            os.close(child_out)
            self._to, self._from = to, from_
        self._ahead = b""
        self._begin_watch(self._process)
        self._seq_to = self._seq_from = 0
        self._scanned = 0
        hello = wire.hello(seed)
        self.send(hello)
        return hello

    def settle(self) -> None:
        """Have the answer that is due here, its memory served: the node then waits for its next packet."""
        if self._ahead:
            return
        data = self._whole(self._read_some())
        while data[1] == wire.MEMORY:
            if not self._serve(data):
                raise self._failure("its supply went while it was to be copied")
            data = self._whole(self._read_some())
        self._ahead = data

    def adopt(self, process: Process, folder: str, to: int, from_: int) -> None:
        """Speak to a copy of the node, in a copy of the rig's process (sim.fork): the original is not ours any more."""
        for fd in (self._to, self._from):
            os.close(fd)
        self._process, self._dir, self._to, self._from = process, folder, to, from_
        self._log = Path(folder) / "console.log"
        self._scanned = 0
        self._stop_watch = threading.Event()  # the thread that waits for the other one was not copied
        self._begin_watch(process)

    def _begin_watch(self, process: Process) -> None:
        self._stalled = self._waiting = False
        self._stop_watch.clear()
        self._watch = threading.Thread(
            target=self._watch_stall, name=f"{self.name} stall watch", args=(process,), daemon=True
        )
        self._watch.start()

    def _argv(self, r: int, w: int) -> list[str]:
        if self.vm == "micropython":
            return vm_command.micropython_argv(r, w, main=self.main, heap=self.heap, forkable=self.forkable)
        return vm_command.cpython_argv(r, w, main=self.main, python_args=self.python_args)

    @property
    def folder(self) -> Path:
        """The node's working directory."""
        return Path(self._dir)

    @property
    def process(self) -> Process | None:
        """The running process."""
        return self._process

    def cpu_s(self) -> float:
        """Return the processor seconds that the running process has used; 0 where the system does not tell."""
        if self._process is None or not sys.platform.startswith("linux"):
            return 0.0
        return time.clock_gettime(~self._process.pid << 3 | 2)  # that clock as clock_getcpuclockid(3) numbers it

    def next_seq(self) -> int:
        """Return the sequence number for the next packet to the node."""
        return self._seq_to

    def send(self, packet: bytes) -> None:
        """Write one packet built with `next_seq()`."""
        try:
            os.write(self._to, packet)
        except OSError as exc:
            raise self._failure("its process ended") from exc
        self._seq_to = (self._seq_to + 1) & 0xFFFF

    def receive(self) -> tuple[tuple[int, ...], wire.Said, wire.More | None, bytes] | None:
        """Wait for the node's OUTPUT, serving its memory until then; return `Layout.open_output` of it and the packet.

        None when the board lost its supply over a memory operation. Raises NodeFailure.
        """
        data = self._read_some()
        if len(data) != self._n_plain or data[1] != wire.OUTPUT:  # more than outputs: frames, serial bytes, memory
            data = self._whole(data)
            while data[1] == wire.MEMORY:
                if not self._serve(data):
                    return None
                data = self._whole(self._read_some())
        seq = self._seq_from
        try:
            fields, said, more = self.layout.open_output(data, seq)
        except wire.WireError as exc:
            raise self._failure(str(exc)) from exc
        self._seq_from = (seq + 1) & 0xFFFF
        return fields, said, more, data

    def receive_packet(self) -> bytes:
        """Wait for one packet of any type and return it unchecked: for replay, which compares it whole."""
        data = self._whole(self._read_some())
        self._seq_from = (self._seq_from + 1) & 0xFFFF
        return data

    def _serve(self, data: bytes) -> bool:
        """Answer one MEMORY packet; False when the board has lost its supply and gets no answer."""
        try:
            ask = wire.memory_request(self.name, data, self._seq_from)
            self._seq_from = (self._seq_from + 1) & 0xFFFF
            return self.on_memory(data, ask)
        except wire.WireError as exc:
            raise self._failure(str(exc)) from exc

    def _whole(self, data: bytes) -> bytes:
        """Return the packet that begins with `data`."""
        while len(data) < 6 or len(data) < 10 + (data[4] | data[5] << 8):
            data += self._read_some()
        return data

    def _read_some(self) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        # A plain blocking read: the time-out is the watching thread's, so that it costs no system call a tick.
        self._waiting = True
        data = os.read(self._from, wire.PACKET_MAX)
        self._waiting = False
        if not data:
            if self._stalled:
                raise self._failure(f"stalled: no answer for {self.stall_s:g} s")
            raise self._failure("its process ended")
        return data

    def _watch_stall(self, process: Process) -> None:
        """End a node that owes an answer for `stall_s`; the reader then finds its pipe closed. Runs in a thread."""
        looks = 0
        seen = -1
        while not self._stop_watch.wait(self.stall_s / 8):
            if not self._waiting or self._seq_from != seen:
                looks, seen = 0, self._seq_from
                continue
            looks += 1
            if looks >= 8:
                self._stalled = True
                process.kill()
                return

    def printed(self) -> str:
        """Return what this process has printed so far (stdout and stderr)."""
        try:
            return self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def check_prints(self) -> None:
        """Raise NodeFailure if the node printed a traceback. Cheap when it printed nothing new."""
        try:
            size = os.stat(self._log).st_size
        except OSError:
            return
        if size != self._scanned:
            self._scanned = size
            if "Traceback" in self.printed():
                raise self._failure("printed a traceback")

    def _failure(self, reason: str) -> NodeFailure:
        process = self._process
        if process is not None and reason == "its process ended":
            with contextlib.suppress(subprocess.TimeoutExpired):
                reason = f"{reason} with exit code {process.wait(1.0)}"
        output = self.prints + self.printed()
        if output and self.vm == "micropython" and vm_command.emit() == "native":
            output += "(CRYOFILL_EMIT=bytecode names the lines)\n"
        return NodeFailure(self.name, reason, line_map.explain(self.main, output))

    def stop(self, *, check: bool = False) -> None:
        """End the process (if any) and keep what it printed; with check, a printed traceback raises NodeFailure."""
        process, self._process = self._process, None
        if process is None:
            return
        self._stop_watch.set()
        if self._watch is not None:
            self._watch.join()
        for fd in (self._to, self._from):
            os.close(fd)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()
        text = self.printed()
        self.prints += text
        self._log.unlink(missing_ok=True)
        if check and "Traceback" in text:
            raise NodeFailure(self.name, "printed a traceback", line_map.explain(self.main, text))

    def close(self) -> None:
        """Stop and remove the node's working directory. Safe to call twice."""
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)
