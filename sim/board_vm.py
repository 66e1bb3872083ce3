"""A board to flash, without a board: one node with its flash and ROMFS partition, its serial port on a TCP port.

It starts as a board does: the boot stage runs first, in a MicroPython VM whose prompt is on the port; if that starts an
image, the node runs it from the ROMFS partition in a rig, on a workbench (`sim.bench`), with its console on the port.
A reset of either leads to the boot stage again; flash, partition and FRAM outlive it all.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import tty
from pathlib import Path
from typing import Any, Final

from sim import memory, tables, vm_command
from sim.bench import Bench
from sim.instruments import Instruments
from sim.rig import Rig

SHIMS: Final = tables.SHIMS / "loader"
SLOTS: Final = "ab"
ERASED: Final = b"\xff"
TICKS: Final = 5  # of the rig between two looks at the port,
WATCHED_S, ALONE_S = 0.005, 0.2  # which take so long when somebody is there, and when nobody is
POWER_S: Final = 30.0  # wall time that a power cycle may take
READ: Final = 4096


class VirtualBoard:
    """A board of a kind in the table, at `url`. Use as a context manager.

    Nothing of ours is on it at first. node: what it is to be, for its I/O and its FRAM.
    Public: starts (times that the boot stage ran), running (an image runs), folder (the chips' contents).
    """

    def __init__(self, node: str, board: str = "teensy41") -> None:
        row = next(one for one in tables.boards().BOARDS if one["ID"] == board)
        self.node = node
        self._row = row
        self.folder = Path(tempfile.mkdtemp(prefix="cryofill-board-"))
        self.memory = memory.Memory.commissioned(node)
        (self.folder / "rom.bin").write_bytes(ERASED * row["ROMFS_B"])
        (self.folder / "node.txt").write_text(f"{node} 500\n", encoding="ascii")
        sizes = tables.littlefs()
        words = [str(sizes[name]) for name in ("read_size", "prog_size", "lookahead_size")]
        (self.folder / "littlefs.txt").write_text(" ".join(words), encoding="ascii")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._client: socket.socket | None = None
        self._said = b""
        self._ending = threading.Event()
        self._cut = threading.Event()
        self.starts = 0
        self.running = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._live, name="virtual board", daemon=True)

    def __enter__(self) -> VirtualBoard:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ending.set()
        self._thread.join()
        self._drop()
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def power_cycle(self) -> None:
        """Take the supply away for a moment: whoever is at its USB port loses it."""
        self._cut.set()
        wait_for(lambda: not self._cut.is_set(), POWER_S)

    # -- the port

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _heard(self, wait_s: float) -> bytes:
        """Return what came over the port, waiting so long for it."""
        ready, _, _ = select.select([one for one in (self._client, self._listener) if one is not None], [], [], wait_s)
        if self._listener in ready:
            self._drop()
            self._client, _ = self._listener.accept()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif ready and self._client is not None:
            with contextlib.suppress(OSError):
                data = self._client.recv(READ)
                if data:
                    return data
            self._drop()
        return b""

    def _say(self, data: bytes) -> None:
        if self._client is not None and data:
            with contextlib.suppress(OSError):
                self._client.sendall(data)

    # -- life

    def _live(self) -> None:
        try:
            while not self._ending.is_set():
                if self._cut.is_set():
                    self._drop()
                    self._cut.clear()
                if self._boot() == "run":
                    self._run()
        except BaseException as failure:  # told to whoever uses the board
            self.failure = failure
            self._drop()

    def _boot(self) -> str:
        """Run the boot stage, and the prompt if that is where it leads; return why it ended."""
        self.starts += 1
        (self.folder / "flash.bin").write_bytes(self.memory.flash)
        (self.folder / "ended.txt").unlink(missing_ok=True)
        master, slave = pty.openpty()
        tty.setraw(slave)
        environment = {**os.environ, "MICROPYPATH": f"{SHIMS}{os.pathsep}.frozen", "TERM": "dumb"}
        process = subprocess.Popen(
            [*vm_command.prompt_argv(), "-i", str(SHIMS / "_board.py"), self._row["MACHINE"]],
            stdin=slave, stdout=slave, stderr=slave, cwd=self.folder, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            while process.poll() is None and not self._stopped():
                data = self._heard(0.005)
                if data:
                    os.write(master, data)
                self._forward(master)
            self._forward(master)
        finally:
            process.kill()
            process.wait()
            os.close(master)
        self.memory.flash[:] = (self.folder / "flash.bin").read_bytes()
        ended = self.folder / "ended.txt"
        return ended.read_text() if ended.exists() else "reset"

    def _stopped(self) -> bool:
        return self._ending.is_set() or self._cut.is_set()

    def _forward(self, master: int) -> None:
        while select.select([master], [], [], 0)[0]:
            try:
                self._say(os.read(master, READ))
            except OSError:
                return

    def _run(self) -> None:
        """Run the image in a rig until the board resets."""
        rig = Rig(
            Bench(), Instruments(1), names=(self.node,), main=self.image(), memory={self.node: self.memory},
            observers=[self],
        )  # fmt: skip
        slot = rig.slots[self.node]
        self.running = True
        try:
            with rig:
                while slot.resets == 0 and not self._stopped():
                    rig.run(TICKS)
                    data = self._heard(WATCHED_S if self._client is not None else ALONE_S)
                    if data:
                        rig.type_in(self.node, data)
                    self._say(self._said)
                    self._said = b""
        finally:
            self.running = False
            self.memory.settle()

    def image(self) -> Path:
        """Return what the boot stage starts, as it stands on the flash or in the ROMFS partition now."""
        if not self._row["ROMFS_B"]:
            return self._tree()
        with memory.open_image(bytes(self.memory.flash), self.memory.block_bytes).open("boot0", "rb") as file:
            _seq, slot, size, *_ = file.read().decode().split()
        first = SLOTS.index(slot) * self._row["ROMFS_B"] // len(SLOTS)
        path = self.folder / "slot.romfs"
        path.write_bytes((self.folder / "rom.bin").read_bytes()[first : first + int(size)])
        return path

    def _tree(self) -> Path:
        home = self.folder / "tree"
        shutil.rmtree(home, ignore_errors=True)
        for path, data in self.files().items():
            if path.startswith("/mpy/"):
                target = home / path.removeprefix("/mpy/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        return home / "main.mpy"

    def files(self) -> dict[str, bytes]:
        """Return {path: content} of the flash."""
        found = memory.open_image(bytes(self.memory.flash), self.memory.block_bytes)
        made = {}
        for folder, _folders, names in found.walk("/"):
            for name in names:
                path = f"{folder.rstrip('/')}/{name}"
                with found.open(path, "rb") as file:
                    made[path] = file.read()
        return made

    def on_line(self, node: str, text: str) -> None:
        """Take a line that the node says."""
        self._said += text.encode() + b"\r\n"


def wait_for(what: Any, seconds: float) -> bool:
    """Wait until `what()` holds, at most so long; return whether it does."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
