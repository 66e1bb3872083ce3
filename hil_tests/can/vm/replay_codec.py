"""Runs in the MicroPython VM: packs and unpacks the vectors of a file with the heap locked, prints mismatches.

Arguments: firmware folder, vector file. Lines:
    P NAME CODE HEX16 SESSION VALUE...    pack over 5A..5A must return CODE and leave the frame HEX16
    U NAME HEX16 SESSION VALUE...         unpack of HEX16 must give the values
"""

import sys

import micropython

sys.path.append(sys.argv[1])
from binascii import hexlify, unhexlify  # noqa: E402

from generated import messages  # noqa: E402


def pack_locked(pack, buf, a):
    """Call without * (that allocates), whatever the number of signals."""
    n = len(a)
    micropython.heap_lock()
    try:
        if n == 3:
            return pack(buf, a[0], a[1], a[2])
        if n == 4:
            return pack(buf, a[0], a[1], a[2], a[3])
        if n == 5:
            return pack(buf, a[0], a[1], a[2], a[3], a[4])
        if n == 8:
            return pack(buf, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7])
        if n == 9:
            return pack(buf, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])
        if n == 10:
            return pack(buf, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9])
    finally:
        micropython.heap_unlock()
    raise ValueError("no call with {} arguments here".format(n))


def unpack_locked(unpack, buf, out):
    micropython.heap_lock()
    try:
        unpack(buf, out)
    finally:
        micropython.heap_unlock()


def lock_works():
    """Return True when an allocation under the lock is refused, without which the run proves nothing."""
    micropython.heap_lock()
    try:
        bytearray(8)
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()
    return False


packed = unpacked = 0
print("heap lock", "works" if lock_works() else "does nothing")
with open(sys.argv[2]) as vectors:
    for line in vectors:
        word = line.split()
        name = word[1].lower()
        if word[0] == "P":
            packed += 1
            buf = bytearray(b"\x5a" * 8)
            code = pack_locked(getattr(messages, "pack_" + name), buf, [int(w) for w in word[4:]])
            got = "{} {}".format(code, hexlify(buf).decode())
            want = word[2] + " " + word[3]
        else:
            unpacked += 1
            out = [0] * getattr(messages, word[1] + "_FIELDS")
            unpack_locked(getattr(messages, "unpack_" + name), bytearray(unhexlify(word[2])), out)
            got = " ".join([str(value) for value in out])
            want = " ".join(word[3:])
        if got != want:
            print("mismatch:", line.strip(), "got", got)
print("packed", packed, "unpacked", unpacked)
