"""What a heap consists of: the blocks of the 32-bit VM's memory, by what is in them.

Read from the memory itself and from what MicroPython's `micropython.mem_info(1)` prints before and after: a letter per
block of 16 bytes, `=` for the rest of an object, `.` for a free one. The first word of an object points to its type.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from typing import Final

BLOCK_BYTES: Final = 16
CLASSES: Final = "classes and dictionaries"
BEGIN: Final = re.compile(r"^GC memory layout; from ([0-9a-f]+):$", re.M)
LINE: Final = re.compile(r"^([0-9a-f]{8}): (.+)$", re.M)
TYPE: Final = re.compile(r"^type (\w+) (\d+)$", re.M)
# What a type's objects count as, and where in them the pointer to more of the same stands, if there is one.
OF: Final = {
    "tuple": ("tuples", None),
    "function": ("functions", 8), "generator": ("functions", 8), "method": ("functions", None),
    "closure": ("functions", None),
    "type": (CLASSES, None),
    "module": ("modules", None),
    "list": ("lists", 12),
    "str": ("strings", 12), "bytes": ("strings", 12),
    "bytearray": ("buffers", 12), "array": ("buffers", 12), "memoryview": ("buffers", 12),
}  # fmt: skip
MODULE_GLOBALS, MODULE_TABLES, DICT_TABLE = 4, (8, 12), 12
REST: Final = "table of names, and the rest"


def _heads(text: str) -> dict[int, int]:
    """Return {address: bytes} of the objects in the last map of a text."""
    found = [*BEGIN.finditer(text)][-1]
    base = int(found[1], 16)
    heads: dict[int, int] = {}
    at = base
    for line in LINE.finditer(text, found.end()):
        place = base + int(line[1], 16)
        for i, letter in enumerate(line[2]):
            if letter == "=":
                heads[at] += BLOCK_BYTES
            elif letter != ".":
                at = place + i * BLOCK_BYTES
                heads[at] = BLOCK_BYTES
    return heads


def kinds(memory: bytes, before: str, after: str) -> dict[str, int]:
    """Return {what: bytes} of what lives in `after` and did not in `before`, most first.

    before, after: what the VM printed until then, `after` with a line `type NAME ADDRESS` for each type in OF.
    """
    was, new = _heads(before), _heads(after)
    new = {at: size for at, size in new.items() if was.get(at) != size}
    types = {int(address): name for name, address in TYPE.findall(after)}
    found: dict[int, str] = {}

    def word(at: int) -> int:
        return int(struct.unpack_from("<I", memory, at)[0])

    def count(at: int, what: str) -> None:
        if at in new:
            found.setdefault(at, what)

    for at in new:
        name = types.get(word(at), "")
        if name == "module":
            tables = word(at + MODULE_GLOBALS)
            for place in (tables, word(tables + DICT_TABLE), *(word(at + one) for one in MODULE_TABLES)):
                count(place, "modules")
        elif word(at) in new and types.get(word(word(at))) == "type":
            count(at, "objects")
            count(word(at + DICT_TABLE), "objects")
    for at in new:
        name = types.get(word(at), "")
        if name in OF and at not in found:
            what, more = OF[name]
            count(at, what)
            if more is not None:
                count(word(at + more), what)
    for at in new:  # a dictionary that is no module's is a class's, or one of ours
        if types.get(word(at)) == "dict" and at not in found:
            count(at, CLASSES)
            count(word(at + DICT_TABLE), CLASSES)
    total: Counter[str] = Counter()
    for at, size in new.items():
        total[found.get(at, REST)] += size
    return dict(total.most_common())
