"""`cryofill key new FILE` and `cryofill key truck STATION --tank-id N -o FILE`: make the keys of the link.

A file holds one key in 64 hexadecimal digits, readable by its owner alone. Nothing of a key is printed, and no file is
written over.
"""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import Final

from host_tools import cli, link_auth

TANK_ID_MAX: Final = (1 << 24) - 1


def _write(path: Path, key: bytes) -> None:
    """Keep a key in a new file. Raises UserError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise cli.UserError(f"{path}: is there already, and a key is not written over") from None
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror or error}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")


def _station(path: Path) -> bytes:
    try:
        return link_auth.read_key(path)
    except link_auth.KeyFileError as error:
        raise cli.UserError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Make the key asked for; returns 0. Raises UserError."""
    if arguments.kind == "new":
        _write(Path(arguments.file), secrets.token_bytes(link_auth.KEY_BYTES))
        print(f"{arguments.file}: a new station key, to be typed as `key ...` at each dispenser's serial port")
        return cli.EXIT_DONE
    if not 1 <= arguments.tank_id <= TANK_ID_MAX:
        raise cli.UserError(f"--tank-id {arguments.tank_id}: 1 to {TANK_ID_MAX}")
    station = _station(Path(arguments.station))
    _write(Path(arguments.output), link_auth.truck_key(station, arguments.tank_id))
    print(f"{arguments.output}: the key of truck {arguments.tank_id}, to be typed as `key ...` at its serial port")
    return cli.EXIT_DONE
