"""How much heap an image takes on a board: measured in the 32-bit MicroPython of `sim.wasm`, from start to first tick.

From a ROMFS, as on the reference board, bytecode and texts take none; from a tree of files they do. That VM keeps more
about each function than a board's build does (it can save bytecode), and holds the virtual board's peripherals, so the
figure is an upper bound.
"""

from __future__ import annotations

import struct
import tempfile
from array import array
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim import exchange, heap_map, tables, wasm
from sim.bench import Bench
from sim.flash_files import FlashFiles
from sim.instruments import Instruments
from sim.node_failure import NodeFailure
from sim.rig import Rig

HEAP: Final = "4M"
TICKS: Final = 60  # recorded of a board on a workbench: until it has booted and begun to tick
BOARD_HEAP_B: Final = 100 * 1024  # the heap that the share below is of: a PYBV11's


class _Record:
    """Keeps one node's packets."""

    def __init__(self) -> None:
        self.records: list[exchange.Record] = []

    def on_exchange(self, t_ms: int, node: str, to_node: bool, packet: bytes) -> None:
        """Keep a packet."""
        kind = exchange.TO_NODE if to_node else exchange.FROM_NODE
        self.records.append(exchange.Record(0, kind, t_ms, packet))


class _Frames:
    """Keeps alive the frames that were there at the first call, and none that came later."""

    def __init__(self) -> None:
        self._frames: list[int] | None = None
        self.memory = b""  # as it was when the program asked to have it looked at

    def __call__(self, caller: Any, name: int, n_name: int, text: int, n_text: int, result: int, _room: int) -> int:
        memory = caller.get("memory")
        if bytes(memory.read(caller, name, name + n_name)) == b"look":
            self.memory = bytes(memory.read(caller, 0, memory.data_len(caller)))
            memory.write(caller, b"{}", result)
            return 2
        at, size, function = (int(word) for word in memory.read(caller, text, text + n_text).split())
        if self._frames is None:
            words = array("I", bytes(memory.read(caller, 0, memory.data_len(caller))))
            self._frames = wasm.frames(words, function)
        memory.write(caller, struct.pack(f"<{len(self._frames)}I", *self._frames).ljust(size, b"\0"), at)
        memory.write(caller, b"{}", result)
        return 2


def start_of(node: str, image: Path) -> exchange.Start:
    """Return what a board that runs this image exchanges with its world until it ticks."""
    seen = _Record()
    with Rig(Bench(), Instruments(1), names=(node,), main=image, observers=[seen]) as rig:
        rig.run(TICKS)
    return exchange.Start(0, tuple(seen.records))


class Use(NamedTuple):
    """Bytes of heap that live when a node's first tick would begin, and {what they are: bytes}, most first."""

    heap_b: int
    kinds: dict[str, int]


def after_boot(node: str, image: Path) -> Use:
    """Measure what an image takes of the heap. image: an `image.romfs`, or `main.mpy` of a tree. Raises NodeFailure."""
    import wasmtime

    start = start_of(node, image)
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        folder = Path(scratch)
        (folder / "node.txt").write_text(node + "\n", encoding="ascii")
        (folder / "link.in").write_bytes(b"".join(wasm.to_node(start)))
        wasm.lay_out(folder / "flash", FlashFiles(node).at_start(start) or {})
        wasi = wasmtime.WasiConfig()
        boot, main = "/shims/link_files/_boot_files.py", "/shims/link_files/_heap.py"
        wasi.argv = ["micropython", "-X", f"heapsize={HEAP}", boot, main, "-"]
        wasi.env = [("MICROPYPATH", "/shims:/shims/link_files:/firmware:.frozen")]
        wasi.stdout_file = str(folder / "stdout")
        wasi.stderr_file = str(folder / "stderr")
        places = {".": folder, "/shims": tables.SHIMS, "/firmware": tables.FIRMWARE, "/flash": folder / "flash"}
        if image.suffix == ".mpy":
            places["/rom"] = image.parent
        else:
            (folder / "image.romfs").write_bytes(image.read_bytes())
        for name, place in places.items():
            wasi.preopen_dir(str(place), name)
        seen = _Frames()
        why = wasm.run_program(wasi, seen)
        said = (folder / "stdout").read_text() + (folder / "stderr").read_text()
    before, found, after = said.partition("\nheap ")
    if why is not None or not found:
        raise NodeFailure(node, why or "said nothing about its heap", said)
    return Use(int(after.split()[0]), heap_map.kinds(seen.memory, before, after))

