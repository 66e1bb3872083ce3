"""Size and heap of the release images, held against what they may be.

    python -m host_tools.check_images

Built for the reference board. Size: of its file system, of the slot of its ROMFS partition that it has to fit in, and
of the other boards' file systems. Heap: what lives when the first tick would begin, in a 32-bit MicroPython
(`sim.heap`), from ROMFS, of what kinds it is, and from files as on a board without ROMFS; and the peak while the node
ticks and answers every question of its technician's port. 40 % of a 100-KiB heap have to stay free after boot.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from host_tools import image
from host_tools.image_source import board_of
from sim import heap, tables

SIZE_SHARE: Final = 0.40  # of the reference board's file system
FREE_AIM: Final = 0.40  # of heap.BOARD_HEAP_B
BURST_B: Final = 8192  # what a tick and the slack behind it may take on top of what lives


def figures() -> dict[str, dict[str, Any]]:
    """Build both images and measure: {node: {image_b, modules, heap_b, heap_of, peak_b, tree_heap_b}}.

    Raises BuildError, NodeFailure.
    """
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        folder = Path(scratch)
        for node in tables.NODES:
            made: dict[str, Any] = image.build(node, tables.boards().REFERENCE, folder)
            use = heap.use(node, image.read(folder, node, tables.boards().REFERENCE).main)
            tree = heap.use(node, _tree(node, folder / node))
            found[node] = {
                "image_b": made["bytes"], "modules": len(made["modules"]), "heap_b": use.heap_b,
                "heap_of": use.kinds, "peak_b": use.peak_b, "tree_heap_b": tree.heap_b,
            }  # fmt: skip
    return found


def _tree(node: str, folder: Path) -> Path:
    """Write the reference board's image as files, as a board without ROMFS has it; return its main module."""
    texts, _, _ = image.linked(image.sources(node, tables.boards().REFERENCE, image.NO_GIT))
    for path, data in image.compile_all(texts).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder / "main.mpy"


def lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the figures in words."""
    told = []
    for node, one in found.items():
        rooms = [f"{one['image_b'] * 100 / row['FS_B']:.0f} % of {row['NAME']}'s file system"
                 for row in tables.boards().BOARDS]  # fmt: skip
        slot = board_of(tables.boards().REFERENCE)["ROMFS_B"] // 2
        told.append(f"image {node}: {one['image_b']} bytes in {one['modules']} modules: "
                    f"{one['image_b'] * 100 / slot:.0f} % of a slot in ROMFS, {', '.join(rooms)}")  # fmt: skip
        used = one["heap_b"]
        free = 100 - used * 100 / heap.BOARD_HEAP_B
        reference = board_of(tables.boards().REFERENCE)
        told.append(
            f"heap {node}: {used / 1024:.0f} KiB after boot in a 32-bit VM (upper bound), running from ROMFS: "
            f"{100 - used * 100 / reference['HEAP_B']:.0f} % free on {reference['NAME']}, "
            f"{f'{free:.0f} % of a 100-KiB heap' if free > 0 else 'more than a 100-KiB heap has'} "
            f"(aim: {FREE_AIM * 100:.0f} %); from files {one['tree_heap_b'] / 1024:.0f} KiB"
        )
        told.append(f"heap {node}: {one['peak_b'] / 1024:.0f} KiB at most while it ticks and answers every question "
                    f"at its port, {(one['peak_b'] - used) / 1024:.1f} on top")  # fmt: skip
        of = ", ".join(f"{what} {size_b / 1024:.1f}" for what, size_b in one["heap_of"].items())
        told.append(f"heap {node}, KiB by kind: {of}")
    return told


def problems(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return what is beyond its limit."""
    row = board_of(tables.boards().REFERENCE)
    told = []
    for node, one in found.items():
        if one["image_b"] > SIZE_SHARE * row["FS_B"] or one["image_b"] > row["ROMFS_B"] // row["SLOTS"]:
            told.append(f"image {node}: {one['image_b']} bytes do not fit")
        for key, limits in (("heap_b", image.HEAP_B), ("tree_heap_b", image.TREE_HEAP_B)):
            if one[key] > limits[node]:
                told.append(f"heap {node}: {key} {one[key]}, {limits[node]} is its limit in host_tools/image.py")
        if one["peak_b"] > one["heap_b"] + BURST_B:
            told.append(f"heap {node}: peak {one['peak_b']}, {BURST_B} more than after boot are its limit")
        if one["heap_b"] > (1 - FREE_AIM) * row["HEAP_B"]:
            told.append(f"heap {node}: less than {FREE_AIM * 100:.0f} % free on {row['NAME']}")
    return told


def main() -> int:
    """Print the figures; return 1 when one is beyond its limit."""
    found = figures()
    for line in lines(found):
        print(line)
    wrong = problems(found)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
