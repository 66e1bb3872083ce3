"""`cryofill key new FILE` and `cryofill key truck STATION --tank-id N -o FILE`: make the keys of the link.

A file holds one key in 64 hexadecimal digits, readable by its owner alone. Nothing of a key is printed, and no file is
written over.
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Final

from host_tools import cli, link_auth

TANK_ID_MAX: Final = (1 << 24) - 1


def run(arguments: argparse.Namespace) -> int:
    """Make the key asked for; returns 0. Raises UserError."""
    try:
        return _make(arguments)
    except link_auth.KeyFileError as error:
        raise cli.UserError(str(error)) from None


def _make(arguments: argparse.Namespace) -> int:
    if arguments.kind == "new":
        link_auth.write_key(Path(arguments.file), secrets.token_bytes(link_auth.KEY_BYTES))
        print(f"{arguments.file}: a new station key, to be typed as `key ...` at each dispenser's serial port")
        return cli.EXIT_DONE
    if not 1 <= arguments.tank_id <= TANK_ID_MAX:
        raise cli.UserError(f"--tank-id {arguments.tank_id}: 1 to {TANK_ID_MAX}")
    station = link_auth.read_key(Path(arguments.station))
    link_auth.write_key(Path(arguments.output), link_auth.truck_key(station, arguments.tank_id))
    print(f"{arguments.output}: the key of truck {arguments.tank_id}, to be typed as `key ...` at its serial port")
    return cli.EXIT_DONE
