"""How much heap an image takes on a board: measured in the 32-bit MicroPython of `sim.wasm`.

What lives when it has booted, and the most that it takes while it ticks and answers every question of the technician's
port: what lives, and what one tick and the slack after it take on top, before any of it is collected. From a ROMFS, as
on the reference board, bytecode and texts take none; from a tree of files they do. That VM keeps more about each
function than a board's build does (it can save bytecode), and holds the virtual board's peripherals, so the figures are
upper bounds.
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

HEAP: Final = "2M"
PAGE_BYTES: Final = 65536  # of a WebAssembly's memory
TICKS: Final = 60  # recorded of a board on a workbench: until it has booted and begun to tick
ASKED_TICKS: Final = 100  # then so many for each of these questions
ASKED: Final = (
    "help", "status", "state", "tags", "link all", "trips all", "params", "get auth", "set target_g 45000", "selftest",
    "journal", "tickets", "versions", "stats", "whoami",
)  # fmt: skip
BOARD_HEAP_B: Final = 100 * 1024  # the heap that the share below is of: a PYBV11's


class _Record:
    """Keeps one node's packets."""

    def __init__(self) -> None:
        self.records: list[exchange.Record] = []

    def on_exchange(self, t_ms: int, node: str, to_node: bool, packet: bytes) -> None:
        """Keep a packet."""
        kind = exchange.TO_NODE if to_node else exchange.FROM_NODE
        self.records.append(exchange.Record(0, kind, t_ms, packet))


class _Host:
    """What the measuring program asks of its host, by a word and numbers.

    `place`: put the image where no collection looks, as a board's flash is; answers with its address. `keep_frames`:
    see `sim.wasm`, but only the frames that were there at the first call, and those of the functions named since.
    `look`: keep the memory as it is now in `memory`.
    """

    def __init__(self, image: bytes) -> None:
        self._image = image
        self._first: list[int] | None = None
        self.memory = b""

    def __call__(self, caller: Any, word: int, n_word: int, text: int, n_text: int, result: int, _room: int) -> int:
        memory = caller.get("memory")
        asked = bytes(memory.read(caller, word, word + n_word)).decode()
        numbers = [int(one) for one in bytes(memory.read(caller, text, text + n_text)).split()]
        answer = "{}"
        if asked == "place":
            (size_b,) = numbers
            at = memory.grow(caller, -(-size_b // PAGE_BYTES)) * PAGE_BYTES
            memory.write(caller, self._image[:size_b], at)
            answer = str(at)
        elif asked == "look":
            self.memory = bytes(memory.read(caller, 0, memory.data_len(caller)))
        else:
            self._keep_frames(caller, memory, *numbers)
        memory.write(caller, answer.encode(), result)
        return len(answer)

    def _keep_frames(self, caller: Any, memory: Any, at: int, size: int, function: int, *running: int) -> None:
        words = array("I", bytes(memory.read(caller, 0, memory.data_len(caller))))
        if self._first is None:
            self._first = wasm.frames(words, function)
        if running:
            heads = enumerate(words[:: wasm.BLOCK_BYTES // 4])
            kept = self._first + [i * wasm.BLOCK_BYTES for i, head in heads if head in running]
        else:
            kept = wasm.frames(words, function) if self.memory else self._first
        memory.write(caller, struct.pack(f"<{len(kept)}I", *kept).ljust(size, b"\0"), at)


def start_of(node: str, image: Path) -> exchange.Start:
    """Return what a board that runs this image exchanges with its world until it has answered what is ASKED."""
    seen = _Record()
    with Rig(Bench(), Instruments(1), names=(node,), main=image, observers=[seen]) as rig:
        rig.run(TICKS)
        for question in ASKED:
            rig.command(node, question)
            rig.run(ASKED_TICKS)
    return exchange.Start(0, tuple(seen.records))


class Use(NamedTuple):
    """Bytes of heap that live when the first tick would begin, {what they are: bytes}, most first, and the peak."""

    heap_b: int
    kinds: dict[str, int]
    peak_b: int


def use(node: str, image: Path) -> Use:
    """Measure what an image takes of the heap while it does what `start_of` asks of it. Raises NodeFailure.

    image: an `image.romfs`, or `main.mpy` of a tree.
    """
    wasm.vm()  # says what is missing, where it is
    import wasmtime

    start = start_of(node, image)
    rom = b"" if image.suffix == ".mpy" else image.read_bytes()
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        folder = Path(scratch)
        (folder / "node.txt").write_text(node + "\n", encoding="ascii")
        (folder / "rom.txt").write_text(f"{len(rom)}\n", encoding="ascii")
        (folder / "link.in").write_bytes(b"".join(wasm.to_node(start)))
        wasm.lay_out(folder / "flash", FlashFiles(node).at_start(start) or {})
        wasi = wasmtime.WasiConfig()
        boot, main = "/shims/link_files/_boot_files.py", "/shims/link_files/_heap.py"
        wasi.argv = ["micropython", "-X", f"heapsize={HEAP}", boot, main, "-"]
        wasi.env = [("MICROPYPATH", "/shims:/shims/link_files:/firmware:.frozen")]
        wasi.stdout_file = str(folder / "stdout")
        wasi.stderr_file = str(folder / "stderr")
        places = {".": folder, "/shims": tables.SHIMS, "/firmware": tables.FIRMWARE, "/flash": folder / "flash"}
        if not rom:
            places["/rom"] = image.parent
        for name, place in places.items():
            wasi.preopen_dir(str(place), name)
        seen = _Host(rom)
        why = wasm.run_program(wasi, seen)
        said = (folder / "stdout").read_text() + (folder / "stderr").read_text()
    before, found, after = said.partition("\nheap ")
    if why is not None or not found or "\npeak " not in after:
        raise NodeFailure(node, why or "said nothing about its heap", said)
    booted, _, peak = after.partition("\npeak ")
    return Use(int(booted.split()[0]), heap_map.kinds(seen.memory, before, booted), int(peak))

