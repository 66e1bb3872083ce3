"""Run in the MicroPython VM: FIRMWARE VECTORS; prints "ok N", or the first line whose result differs."""

import sys
from binascii import hexlify, unhexlify

sys.path.insert(0, sys.argv[1])

from core import auth


def result(word):
    if word[0] == "M":
        key = b"" if word[1] == "-" else unhexlify(word[1])
        return auth.Mac(key).digest(unhexlify(word[2]))
    if word[0] == "T":
        return auth.tag(auth.Mac(unhexlify(word[1])), int(word[2]), int(word[3]), unhexlify(word[4]))
    tank_id = int(word[2])
    key = auth.truck_key(unhexlify(word[1]), tank_id)
    return auth.response(auth.session_mac(key, int(word[5]), int(word[3]), tank_id, unhexlify(word[4])))


n = 0
with open(sys.argv[2]) as vectors:
    for line in vectors:
        word = line.split()
        got = hexlify(result(word)).decode()
        if got[: len(word[-1])] != word[-1]:
            print("differs:", line, got)
            sys.exit(1)
        n += 1
print("ok", n)
