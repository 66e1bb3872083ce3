"""Keys and tags of the link: HMAC-SHA256 over a key that station and truck share, and what is made of it.

    truck key      = HMAC(station key, "cryofill truck key" + tank id)
    session key d  = HMAC(truck key, "cryofill session D" + context)      t: the same with "T"
    context        = session, tank id, nonce of the dispenser, nonce of the tank
    response       = HMAC(session key, "cryofill response"), first RESPONSE_BYTES
    tag            = HMAC(session key, PGN + freshness + the 8 bytes of the frame), first TAG_BYTES

The two directions have keys of their own, so nothing that a node has sent can be shown to it as its peer's. Numbers are
little-endian. Everything here allocates (hashlib does): slack only. Checked against RFC 4231 and CPython's hmac.
"""

from hashlib import sha256

from micropython import const

KEY_BYTES = const(32)
NONCE_BYTES = const(9)
RESPONSE_BYTES = const(9)
TAG_BYTES = const(5)

DISPENSER, TANK = const(0), const(1)  # whose direction
_BLOCK = const(64)  # of SHA-256
_SESSION = (b"cryofill session D", b"cryofill session T")


class Mac:
    """HMAC-SHA256 under one key of any length: the padded keys are made once, two hashes a message are left."""

    def __init__(self, key):
        if len(key) > _BLOCK:
            key = sha256(key).digest()
        key = key + bytes(_BLOCK - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])

    def digest(self, message):
        """Return the 32 bytes for a message (bytes)."""
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()


def truck_key(station_key, tank_id):
    """Return the key of the truck with this id (0 to 2**24 - 1), which the station derives and the truck is given."""
    return Mac(station_key).digest(b"cryofill truck key" + _number(tank_id, 3))


def session_mac(key, direction, session, tank_id, nonces):
    """Return the Mac of one direction (DISPENSER, TANK) of a session.

    `nonces`: the dispenser's and the tank's, in this order, as one bytes.
    """
    return Mac(Mac(key).digest(_SESSION[direction] + _number(session, 1) + _number(tank_id, 3) + nonces))


def response(mac):
    """Return what proves to the peer that this side has the key."""
    return mac.digest(b"cryofill response")[:RESPONSE_BYTES]


def tag(mac, can_id, freshness, frame):
    """Return the tag of a sent frame (8 bytes) that is number `freshness` (0 to 2**30 - 1) of its session."""
    return mac.digest(_number(can_id >> 8 & 0x3FFFF, 3) + _number(freshness, 4) + frame)[:TAG_BYTES]


def same(a, b):
    """Return whether two strings of one length are equal, in a time that does not tell where they differ."""
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0


def _number(value, n):
    return value.to_bytes(n, "little")
