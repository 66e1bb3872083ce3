"""The flash chip as a block device, for `vfs.VfsLfs2` and for littlefs on CPython, and the mount at start.

Reads and writes go over the link to the rig, which owns the memory. A program never crosses a page. `sync` has nothing
to do: what the rig has answered stands in the chip.
"""

import _link
from littlefs_table import LITTLEFS

PAGE = 256  # a chip programs at most one page at a time
CHUNK = 2048  # bytes in one packet
ROOT_PAIR = 2  # blocks that hold the superblock
FIRST_COMMIT = 128  # bytes of a superblock block that formatting writes
READ, PROG, ERASE = 1, 2, 3

BLOCK = _link.io.FLASH_BLOCK_BYTES
COUNT = _link.io.FLASH_BLOCKS


class Device:
    """Extended block device: `readblocks` and `writeblocks` with an offset, `ioctl` 4 count, 5 size, 6 erase."""

    def __init__(self):
        self.written = False

    def readblocks(self, block, buf, off=0):
        """Fill buf from the block at the offset."""
        at = block * BLOCK + off
        n = len(buf)
        if n <= CHUNK:
            _link.memory_read(READ, at, buf)
            return
        view = memoryview(buf)
        for i in range(0, n, CHUNK):
            _link.memory_read(READ, at + i, view[i : i + CHUNK])

    def writeblocks(self, block, buf, off=None):
        """Program buf at the offset; without one, erase the block first."""
        if off is None:
            self.ioctl(6, block)
            off = 0
        self.written = True
        at = block * BLOCK + off
        view = memoryview(buf)
        n = len(view)
        i = 0
        while i < n:
            end = i + PAGE - (at + i) % PAGE
            _link.memory_write(PROG, at + i, view[i:end])
            i = end

    def ioctl(self, op, arg):
        """Answer the requests of a file system; None for those without an answer."""
        if op == 4:
            return COUNT
        if op == 5:
            return BLOCK
        if op == 6:
            self.written = True
            _link.memory_erase(arg * BLOCK, BLOCK)
        return 0 if op in (1, 2, 3, 6) else None


def is_fresh(device):
    """Tell whether nothing was ever stored: erased, but for what an interrupted formatting may have left.

    That is in the superblock's two blocks: a torn erase (no "littlefs" in it), or a torn first commit.
    """
    buf = bytearray(CHUNK)
    erased = b"\xff" * CHUNK
    for block in range(COUNT):
        for off in range(0, BLOCK, CHUNK):
            device.readblocks(block, buf, off)
            if block >= ROOT_PAIR:
                if buf != erased:
                    return False
            elif off == 0:
                named = buf[8:16] == b"littlefs"
                if named and buf[FIRST_COMMIT:] != erased[FIRST_COMMIT:]:
                    return False
            elif named and buf != erased:
                return False
    return True


def mount(device, attach, form):
    """Mount at start, as a port's `_boot.py` does: `attach()` mounts or raises OSError, `form()` formats.

    Only a fresh chip is formatted. A damaged file system is left as it is, for those who want to read it: the firmware
    then finds no /flash.
    """
    try:
        attach()
    except OSError:
        if not is_fresh(device):
            print("flash: file system damaged, not mounted")
            return
        print("flash: fresh chip, formatting")
        form()
        attach()
    if device.written:
        _link.exchange(1)  # let the time pass that this took, outputs dead, before main starts
