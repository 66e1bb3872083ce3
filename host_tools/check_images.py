"""Size and heap of the release images, held against what they may be.

    python -m host_tools.check_images

Built for the reference board. Size: of its file system, of the slot of its ROMFS partition that it has to fit in, and
of the other boards' file systems. Heap: what lives when the first tick would begin, in a 32-bit MicroPython
(`sim.heap`). The aim is that 40 % of a 100-KiB heap stay free; until that is met the limit is what has been reached.
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


def figures() -> dict[str, dict[str, int]]:
    """Build both images and measure: {node: {image_b, modules, heap_b}}. Raises BuildError, NodeFailure."""
    found: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        folder = Path(scratch)
        for node in tables.NODES:
            made: dict[str, Any] = image.build(node, tables.boards().REFERENCE, folder)
            home = image.read(folder, node, tables.boards().REFERENCE).main
            found[node] = {
                "image_b": made["bytes"], "modules": len(made["modules"]), "heap_b": heap.after_boot(node, home),
            }  # fmt: skip
    return found


def lines(found: dict[str, dict[str, int]]) -> list[str]:
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
            f"(aim: {FREE_AIM * 100:.0f} %)"
        )
    return told


def problems(found: dict[str, dict[str, int]]) -> list[str]:
    """Return what is beyond its limit."""
    row = board_of(tables.boards().REFERENCE)
    told = []
    for node, one in found.items():
        if one["image_b"] > SIZE_SHARE * row["FS_B"] or one["image_b"] > row["ROMFS_B"] // row["SLOTS"]:
            told.append(f"image {node}: {one['image_b']} bytes do not fit")
        if one["heap_b"] > image.HEAP_B[node]:
            told.append(f"heap {node}: {one['heap_b']} bytes, {image.HEAP_B[node]} were reached before: "
                        "host_tools/image.py HEAP_B")  # fmt: skip
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
