"""The boot stage: which image starts, or the loader. It stands on the flash beside main.py, outside all images.

Outputs are driven off first. Then, with the flag that `board.loader` set, or when no whole image is pointed at, the
board stays in the loader: neither watchdog nor control loop, MicroPython's prompt on the technician's port. `cryofill
flash` does the rest from there with the functions below.

An image is in a slot: half a ROMFS partition each, "a" and "b", where the board has one, else the folder /flash/mpy,
slot "a". The pointer is written twice, each copy with a CRC, and the newest that is whole counts.
"""

import os
import sys
from binascii import crc32, hexlify
from hashlib import sha256

from machine import Pin

FLAG = "/flash/loader"
POINTERS = ("/flash/boot0", "/flash/boot1")
ABOUT = "/flash/board.txt"  # number of the technician's UART, then the pins of the outputs
TREE = "/flash/mpy"
SLOTS = "ab"
NONE = "-"


def start():
    """Start the image that is pointed at, or stay in the loader and return."""
    words = _about()
    for name in words[1:]:
        Pin(name, Pin.OUT, value=0)
    found = pointer()
    if _take_flag():
        why = "as asked"
    elif not found or found[1] == NONE:
        why = "no image to start"
    elif digest(found[1], found[2]) != found[3]:
        why = "the image is damaged"
    else:
        _mount(found[1])
        launch()
        return
    if words and hasattr(os, "dupterm"):
        from machine import UART

        os.dupterm(UART(int(words[0]), 115200))
    print("loader: %s; outputs off" % why)


def launch():
    """Run the image on sys.path."""
    __import__("main").main()


def _about():
    try:
        with open(ABOUT) as file:
            return file.read().split()
    except OSError:
        return ()


def _take_flag():
    try:
        os.remove(FLAG)
    except OSError:
        return False
    return True


# -- the pointer


def pointer():
    """Return [sequence, slot, bytes, SHA-256 in hex, words about the image] of the newest whole copy, or None."""
    best = None  # type: list | None
    for path in POINTERS:
        try:
            with open(path, "rb") as file:
                body, crc = file.read().rsplit(b"*", 1)
            if crc != b"%08x\n" % crc32(body):
                continue
            seq, slot, size, digest_, words = body.decode().split(" ", 4)
        except (OSError, ValueError):
            continue
        if best is None or int(seq) > best[0]:
            best = [int(seq), slot, int(size), digest_, words]
    return best


def point(slot, size, digest_, words):
    """Point at an image, or with NONE at nothing; both copies, one after the other."""
    old = pointer()
    body = ("%d %s %d %s %s" % (old[0] + 1 if old else 1, slot, size, digest_ or NONE, words)).encode()
    for path in POINTERS:
        with open(path, "wb") as file:
            file.write(body + b"*%08x\n" % crc32(body))


# -- the slots


def rom():
    """Return the ROMFS partition as a block device, or None when this board has none that can be written by block."""
    import vfs

    if not hasattr(vfs, "rom_ioctl") or vfs.rom_ioctl(1) < 1:
        return None
    device = vfs.rom_ioctl(2, 0)
    return device if hasattr(device, "ioctl") else None


def room():
    """Return the bytes that one image may have in ROMFS; 0 without."""
    device = rom()
    return device.ioctl(4, 0) * device.ioctl(5, 0) // len(SLOTS) if device else 0


def _first(slot):
    return room() * SLOTS.index(slot)


def erase_block(slot, at):
    """Erase the block of a slot that this byte is in."""
    device = rom()
    device.ioctl(6, (_first(slot) + at) // device.ioctl(5, 0))


def put(slot, at, data):
    """Program bytes into an erased slot; they stay within one block."""
    device = rom()
    block = device.ioctl(5, 0)
    at += _first(slot)
    device.writeblocks(at // block, data, at % block)


def digest(slot, size):
    """Return the SHA-256 in hex of the image in a slot: of its bytes, or of the paths and contents of its tree."""
    total = sha256()
    if room():
        first = _first(slot)
        total.update(memoryview(rom())[first : first + size])
    else:
        for path in sorted(files(TREE)):
            total.update(path[len(TREE) + 1 :].encode() + b"\0")
            with open(path, "rb") as file:
                total.update(file.read())
    return hexlify(total.digest()).decode()


def files(folder):
    """Return the paths of all files below a folder; none when it is not there."""
    found = []
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            found += files(path)
        else:
            found.append(path)
    return found


def _mount(slot):
    """Put an image's modules first on the path; the ROMFS that MicroPython mounted by itself goes."""
    import vfs

    if room():
        try:
            vfs.umount("/rom")
        except OSError:
            pass
        sys.path[:] = [path for path in sys.path if not path.startswith("/rom")]
        vfs.mount(vfs.VfsRom(memoryview(rom())[_first(slot) : _first(slot) + room()]), "/rom")
        sys.path.insert(0, "/rom")
    else:
        sys.path.insert(0, TREE)


# -- what `cryofill flash` asks


def board():
    """Return (MicroPython's words about the board, its version, CAN controllers, free bytes on /flash, of the heap)."""
    import gc

    import machine

    cans = 0
    if hasattr(machine, "CAN"):
        for number in range(1, 5):
            try:
                machine.CAN(number, 500000).deinit()
                cans = number
            except (ValueError, OSError):
                break
    gc.collect()
    status = os.statvfs("/flash")
    return sys.implementation._machine, sys.implementation.version[:3], cans, status[0] * status[3], gc.mem_free()
