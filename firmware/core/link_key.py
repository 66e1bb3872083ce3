"""The keys in FRAM: written by the serial console at commissioning, read once at boot, told to nobody.

Records at the end of the FRAM: format, kind, 32 bytes of key, CRC-16 (low byte first). That of the link: a station
holds its station key, a truck the key derived from it for that truck (core.auth); a TEST key is published with the
simulator and protects nothing, and a board that holds one says so at every start. Before it that of the serial port
(core.roles).
"""

from micropython import const

from core.auth import KEY_BYTES
from core.e2e import seal, sealed

NONE, OWN, TEST, DAMAGED = const(0), const(1), const(2), const(3)  # what read() found; OWN and TEST are kinds

_FORMAT = const(1)
SIZE = const(36)
LINK, SERVICE = const(64), const(128)  # where a record begins, counted from the end of the chip


def read(fram, which=LINK):
    """Return (kind, key); the key is b"" for NONE and DAMAGED."""
    buf = bytearray(SIZE)
    fram.read_into(fram.n_bytes - which, buf)
    if buf == bytes(SIZE):
        return NONE, b""
    if buf[0] != _FORMAT or buf[1] not in (OWN, TEST) or not sealed(buf, SIZE - 2):
        return DAMAGED, b""
    return buf[1], bytes(buf[2 : 2 + KEY_BYTES])


def write(fram, key, which=LINK):
    """Keep this key as the board's OWN. Slack only."""
    buf = bytearray(SIZE)
    buf[0], buf[1] = _FORMAT, OWN
    buf[2 : 2 + KEY_BYTES] = key
    seal(buf, SIZE - 2)
    fram.write(fram.n_bytes - which, buf)


def erase(fram, which=LINK):
    """Forget the key: this board proves itself to nobody any more."""
    fram.write(fram.n_bytes - which, bytes(SIZE))


def change(fram, args, which):
    """Do what the words behind a command say, `<64 hex digits>` or `erase`; return "" or what they have to be."""
    if args == ["erase"]:
        erase(fram, which)
        return ""
    key = parse(args[0]) if len(args) == 1 else b""
    if not key:
        return "<64 hex digits> | erase"
    write(fram, key, which)
    return ""


def parse(text):
    """Return the key that 64 hex digits spell, b"" for anything else and for a key of one repeated byte."""
    if len(text) != 2 * KEY_BYTES:
        return b""
    key = bytearray(KEY_BYTES)
    for i in range(KEY_BYTES):
        high = "0123456789abcdef".find(text[2 * i].lower())
        low = "0123456789abcdef".find(text[2 * i + 1].lower())
        if high < 0 or low < 0:
            return b""
        key[i] = high << 4 | low
    return b"" if key == bytes((key[0],)) * KEY_BYTES else bytes(key)
