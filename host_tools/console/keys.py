"""The keys of the serial port's roles: made from a board's service key, kept in files that only their owner reads."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from host_tools import link_auth
from host_tools.cli import UserError
from host_tools.console.session import role_key
from sim import tables

SERVICE: Final = "service"
# Of the boards of `cryofill rig`: published here, so it protects nothing.
TEST_SERVICE_KEY: Final = sha256(b"cryofill test service key: published, protects nothing").digest()


def without_key(command: str) -> str:
    """Return a command as it may be shown and kept: without the key that it carries."""
    name, _, rest = command.partition(" ")
    return f"{name} ..." if name in ("key", "service_key") and rest not in ("", "erase") else command


def roles() -> tuple[str, ...]:
    """Return the roles that need a proof, the lowest first."""
    return tuple(tables.serial().ROLES[1:])


def read(path: Path) -> bytes:
    """Return the key in a file of 64 hexadecimal digits. Raises UserError."""
    try:
        return link_auth.read_key(path)
    except link_auth.KeyFileError as error:
        raise UserError(f"--key-file {error}") from None


def make(folder: Path) -> list[Path]:
    """Draw a service key and write it and the key of each role into a new folder. Raises UserError."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise UserError(f"--new-keys {folder}: is there already; keys are never overwritten") from None
    except OSError as error:
        raise UserError(f"--new-keys {folder}: {error.strerror}") from None
    service = secrets.token_bytes(link_auth.KEY_BYTES)
    written = []
    for name, key in ((SERVICE, service), *((role, role_key(service, role)) for role in roles())):
        path = folder / f"{name}.key"
        link_auth.write_key(path, key)
        written.append(path)
    return written
