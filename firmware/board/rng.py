"""Random bytes of the board, for session numbers and nonces. The only module that imports `os.urandom`."""

from os import urandom


def session_number():
    """Return a session number 1..253 (0: none, 254 and 255: reserved). Allocates: call it in the slack."""
    return 1 + urandom(1)[0] % 253


def nonce(n):
    """Return n random bytes. Allocates: call it in the slack."""
    return urandom(n)
