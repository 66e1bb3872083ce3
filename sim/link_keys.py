"""The key of a rig's boards: published here, so it protects nothing, and a trace that holds it gives nothing away.

A commissioned board of the rig holds it as a TEST key and says so at every start. Record and derivation are those of
`firmware/core/link_key.py` and `firmware/core/auth.py`; this is a second, independent writing of both.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import crc_hqx
from typing import Final

STATION_KEY: Final = hashlib.sha256(b"cryofill test key: published, protects nothing").digest()
TANK_ID: Final = 1000  # of a tank fresh from commissioning
ROOM: Final = 64  # at the end of the FRAM
FORMAT: Final = 1
OWN, TEST = 1, 2


def truck_key(station_key: bytes, tank_id: int) -> bytes:
    """Return the key that a station's trucks get, each its own. tank_id: 0 to 2**24 - 1."""
    return hmac.new(station_key, b"cryofill truck key" + tank_id.to_bytes(3, "little"), hashlib.sha256).digest()


def key_of(node: str, tank_id: int = TANK_ID) -> bytes:
    """Return the test key of the "dispenser" (the station's) or the "tank" (that truck's)."""
    return STATION_KEY if node == "dispenser" else truck_key(STATION_KEY, tank_id)


def record(key: bytes, kind: int = TEST) -> bytes:
    """Return the record of a key (32 bytes) as it stands in FRAM."""
    body = bytes((FORMAT, kind)) + key
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def provision(fram: bytearray, key: bytes, kind: int = TEST) -> None:
    """Put a key into a FRAM image."""
    at = len(fram) - ROOM
    made = record(key, kind)
    fram[at : at + len(made)] = made
