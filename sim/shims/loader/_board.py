"""First program of a virtual board that starts without a rig: mounts /flash, runs /flash/main.py, leaves the prompt.

Working directory: flash.bin and rom.bin, the chips' contents, written through. An image that would start ends the
process instead: it needs the rig. Usage: micropython -i _board.py MACHINE  (what sys.implementation._machine would say)
"""

import sys

import vfs as _vfs
from machine import HOME, end

_BLOCK = 4096


class _Flash:
    """Extended block device on a file."""

    def __init__(self, path):
        self._file = open(path, "r+b")
        self._n = self._file.seek(0, 2) // _BLOCK

    def readblocks(self, block, buf, off=0):
        self._file.seek(block * _BLOCK + off)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, off=0):
        self._file.seek(block * _BLOCK + off)
        self._file.write(buf)
        self._file.flush()

    def ioctl(self, op, arg):
        if op == 4:
            return self._n
        if op == 5:
            return _BLOCK
        if op == 6:
            self.writeblocks(arg, b"\xff" * _BLOCK)
        return 0


class _Rom(bytearray):
    """The ROMFS partition, mapped into memory: NOR flash, whose bits a program only clears."""

    def readblocks(self, block, buf, off=0):
        at = block * _BLOCK + off
        buf[:] = memoryview(self)[at : at + len(buf)]

    def _store(self, at, data):
        memoryview(self)[at : at + len(data)] = data
        with open(HOME + "rom.bin", "r+b") as file:
            file.seek(at)
            file.write(data)

    def writeblocks(self, block, buf, off=0):
        at = block * _BLOCK + off
        here = memoryview(self)
        self._store(at, bytes([here[at + i] & one for i, one in enumerate(buf)]))

    def ioctl(self, op, arg):
        if op == 4:
            return len(self) // _BLOCK
        if op == 5:
            return _BLOCK
        if op == 6:
            self._store(arg * _BLOCK, b"\xff" * _BLOCK)
        return 0


class _Vfs:
    """`vfs` with the call that the unix port lacks."""

    VfsRom, mount, umount = _vfs.VfsRom, _vfs.mount, _vfs.umount

    def __init__(self):
        with open("rom.bin", "rb") as file:
            self._rom = _Rom(file.read())

    def rom_ioctl(self, op, arg=0):
        return (1 if self._rom else 0) if op == 1 else self._rom


def _start():
    with open("littlefs.txt") as file:
        sizes = [int(word) for word in file.read().split()]
    device = _Flash("flash.bin")
    _vfs.mount(_vfs.VfsLfs2(device, readsize=sizes[0], progsize=sizes[1], lookahead=sizes[2], mtime=False), "/flash")
    sys.modules["vfs"] = _Vfs()
    sys.path.append("/flash")
    try:
        import stage
    except ImportError:
        return  # a board as MicroPython leaves it: the prompt
    about = sys.argv[1]
    plain = stage.board
    stage.launch = lambda: end("run")
    stage.board = lambda: (about,) + plain()[1:]
    stage.start()


_start()
