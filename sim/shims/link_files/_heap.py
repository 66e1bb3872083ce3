"""Main program of a node that measures its heap in the 32-bit VM: how much an image takes until its first tick.

Usage (as _boot_files.py's main): working directory with node.txt and image.romfs, or a tree at /rom. Prints
`heap <bytes>`, then a map of the heap and the types by which it is read; then it ticks to the end of what was recorded
and prints `peak <bytes>`. What the virtual board's own modules take is
there before and does not count; on a board they are C. The ROMFS's bytes do not count either: a board maps its flash
into memory.

Only the frames that run when the first collection begins are kept by the host (sim.heap), so everything here happens at
the top level: a function's dead frame would keep what it once knew.
"""

import array
import binascii  # noqa: F401  # what the virtual board imports is in place before the first collection
import hashlib  # noqa: F401
import os  # noqa: F401
import sys
import time

import _transport
import host
import machine  # noqa: F401
import micropython
import uctypes
import vfs
from _transport import _IN

import __main__

_EVERY_TICKS = 100
_kept = bytearray(16384)
_collect, _used = __main__._real_collect, __main__._Collector.mem_alloc


class _Any:
    def method(self):
        pass


def _generator():
    yield _Any


def _closure(x):
    return lambda: x


# One of each kind of object that `sim.heap_map` tells apart.
_KINDS = (
    ("tuple", ()), ("list", []), ("dict", {}), ("str", ""), ("bytes", b""), ("bytearray", bytearray(0)),
    ("array", array.array("H")), ("memoryview", memoryview(b"")), ("module", sys), ("type", _Any),
    ("function", _closure), ("generator", _generator), ("method", _Any().method), ("closure", _closure(0)),
)  # fmt: skip

_asked = "%d %d %d" % (uctypes.addressof(_kept), len(_kept), id(_Any.method))
with open("rom.txt") as _file:
    _n_rom = int(_file.read())  # bytes; 0: the image is a tree of files, and stands in /rom already
# What is read here may look like pointers, and would keep what it seems to point to: none of it is where a collection
# looks, nor is it on a board.
_read = uctypes.bytearray_at(int(host.call("place", str(_IN))), _IN)
_read[:] = _transport.source._buf
_transport.source._buf = _read
if _n_rom:
    _image = uctypes.bytearray_at(int(host.call("place", str(_n_rom))), _n_rom)
with open("node.txt") as _file:
    _name = _file.read().split()[0]
host.call("keep_frames", _asked)
_collect()
_before = _used()
micropython.mem_info(1)
if _n_rom:
    vfs.mount(vfs.VfsRom(_image), "/rom")
sys.path.insert(0, "/rom")
for _module in (_name + ".io_table", _name):  # the virtual board's copy: the image loads its own
    del sys.modules[_module]


_exchange = time.exchange
_live = _most = _last = _ticks = 0  # bytes that live, the most that one tick took on top, in use as this one began


def _watched(ms):
    """End the tick, having seen how much it took; collect now and then, so that what lives is known."""
    global _live, _most, _last, _ticks
    took = _used() - _last
    _exchange(ms)
    if _ticks % _EVERY_TICKS == 0:
        host.call("keep_frames", _running)
        _collect()
        _live = max(_live, _used())
    if _ticks:
        _most = max(_most, took)
    _ticks += 1
    _last = _used()


time.exchange = _watched
import main  # noqa: E402  # as the boot stage does

_node = main.build()
host.call("keep_frames", _asked)
_collect()
print("heap", _used() - _before)
micropython.mem_info(1)
for _kind, _one in _KINDS:
    print("type", _kind, id(type(_one)))
host.call("look", _asked)
_running = "%s %d %d %d" % (_asked, id(main.run), id(time.sleep_ms), id(_watched))
try:
    main.run(_node)
except SystemExit:  # what was recorded is over
    pass
print("\npeak", _live + _most - _before)
