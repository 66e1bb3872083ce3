"""Keys and tags of the link on the host's side, as docs/link_security.md has them.

It shares no code with the boards' (`firmware/core/auth.py`): the standard library's hmac computes them here.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Final

from sim.link_keys import truck_key

__all__ = ["KeyFileError", "read_key", "response", "session_key", "tag", "truck_key", "write_key"]

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 9
RESPONSE_BYTES: Final = 9
TAG_BYTES: Final = 5
_PGN_MASK: Final = 0x3FFFF


class KeyFileError(Exception):
    """A file that holds no key, or cannot; the message is one line and shows nothing of the content."""


def session_key(key: bytes, direction: str, session: int, tank_id: int, nonces: bytes) -> bytes:
    """Return the key of one direction of a session. direction: "D" or "T", who sends; nonces: dispenser's, tank's."""
    context = session.to_bytes(1, "little") + tank_id.to_bytes(3, "little") + nonces
    return _mac(key, b"cryofill session " + direction.encode() + context)


def response(key: bytes) -> bytes:
    """Return what proves that its sender has this session key."""
    return _mac(key, b"cryofill response")[:RESPONSE_BYTES]


def tag(key: bytes, can_id: int, number: int, frame: bytes) -> bytes:
    """Return the tag of a frame (8 bytes as sent) that is number `number` of its session."""
    pgn = (can_id >> 8 & _PGN_MASK).to_bytes(3, "little")
    return _mac(key, pgn + number.to_bytes(4, "little") + frame)[:TAG_BYTES]


def read_key(path: Path) -> bytes:
    """Return the key in a file: 64 hexadecimal digits. Raises KeyFileError."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror or error}") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: not a key: 64 hexadecimal digits are wanted")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Keep a key in a new file that its owner alone reads; nothing is written over. Raises KeyFileError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path}: is there already, and a key is not written over") from None
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror or error}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
