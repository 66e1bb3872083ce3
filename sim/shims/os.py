"""`os` of the virtual board: the real one, with random bytes that follow the run's seed."""

from hashlib import sha256

from _link import seed as _seed
from uos import *

_count = 0


def urandom(n):
    """Return n bytes that depend on the rig's seed and on how many were drawn before. Allocates."""
    global _count
    out = b""
    while len(out) < n:
        out += sha256(b"%d:%d" % (_seed, _count)).digest()
        _count += 1
    return out[:n]
