"""Main program of a node that measures its heap in the 32-bit VM: how much an image takes until its first tick.

Usage (as _boot_files.py's main): working directory with image.romfs and node.txt. Prints `heap <bytes>`. What the
virtual board's own modules take is there before and does not count; on a board they are C. The image's bytes do not
count either: a board maps its flash into memory.

Only the frames that run when the first collection begins are kept by the host (sim.heap), so everything here happens at
the top level: a function's dead frame would keep what it once knew.
"""

import binascii  # noqa: F401  # what the virtual board imports is in place before the first collection
import hashlib  # noqa: F401
import os  # noqa: F401
import sys
import time  # noqa: F401

import host
import machine  # noqa: F401
import uctypes
import vfs

import __main__

_kept = bytearray(16384)
_collect, _used = __main__._real_collect, __main__._Collector.mem_alloc


class _Any:
    def method(self):
        pass


_asked = "%d %d %d" % (uctypes.addressof(_kept), len(_kept), id(_Any.method))
with open("image.romfs", "rb") as _file:
    _image = _file.read()
with open("node.txt") as _file:
    _name = _file.read().split()[0]
host.call("keep_frames", _asked)
_collect()
_before = _used()
vfs.mount(vfs.VfsRom(_image), "/rom")
sys.path.insert(0, "/rom")
for _module in (_name + ".io_table", _name):  # the virtual board's copy: the image loads its own
    del sys.modules[_module]
import main  # noqa: E402, F401  # as the boot stage does

if _name == "dispenser":
    from dispenser.node import Dispenser as _Node
else:
    from tank.node import Tank as _Node
_node = _Node(500000)
host.call("keep_frames", _asked)
_collect()
print("heap", _used() - _before)
