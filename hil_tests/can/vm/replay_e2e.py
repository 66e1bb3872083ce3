"""Runs in the MicroPython VM: E2E vectors of a file with the heap locked, prints mismatches.

Arguments: firmware folder, vector file. Lines:
    F DATA_ID COUNTER HEX10 HEX16 FLIP...   protect must make HEX16 of bytes 3-7 HEX10; with the bits FLIP turned
                                            (64 and up: of the data id) a receiver must say CRC_ERROR
    C HEX CRC                               crc16 over HEX
    N DATA_ID                               a new receiver; further R lines go to it
    R HEX16|- NOW VERDICT QUALIFIED AGE     one check and what it must give
"""

import sys

import micropython

sys.path.append(sys.argv[1])
from binascii import hexlify, unhexlify  # noqa: E402

from core import e2e  # noqa: E402

buf = bytearray(8)
receiver = e2e.Receiver(0)
counts = {"F": 0, "C": 0, "N": 0, "R": 0}


def protect(word):
    data_id = int(word[1])
    counter = int(word[2])
    buf[3:8] = unhexlify(word[3])
    micropython.heap_lock()
    e2e.protect(buf, data_id, counter)
    micropython.heap_unlock()
    got = hexlify(buf).decode()
    for flip in word[5:]:
        bit = int(flip)
        if bit >= 64:
            data_id ^= 1 << (bit - 64)
        else:
            buf[bit >> 3] ^= 1 << (bit & 7)
    fresh = e2e.Receiver(data_id)
    micropython.heap_lock()
    verdict = fresh.check(buf, 0)
    micropython.heap_unlock()
    return got + " " + str(verdict), word[4] + " " + str(e2e.CRC_ERROR)


def crc(word):
    data = b"" if word[1] == "-" else unhexlify(word[1])
    micropython.heap_lock()
    got = e2e.crc16(data, 0, len(data), 0xFFFF)
    micropython.heap_unlock()
    return str(got), word[2]


def check(word):
    frame = None if word[1] == "-" else unhexlify(word[1])
    now = int(word[2])
    micropython.heap_lock()
    verdict = receiver.check(frame, now)
    age = receiver.age_ms(now)
    micropython.heap_unlock()
    return " ".join([str(verdict), str(int(receiver.qualified)), str(age)]), " ".join(word[3:])


with open(sys.argv[2]) as vectors:
    for line in vectors:
        word = line.split()
        counts[word[0]] += 1
        if word[0] == "N":
            receiver = e2e.Receiver(int(word[1]))
            continue
        got, want = {"F": protect, "C": crc, "R": check}[word[0]](word)
        if got != want:
            print("mismatch:", line.strip(), "got", got)
print("frames", counts["F"], "strings", counts["C"], "checks", counts["R"])
