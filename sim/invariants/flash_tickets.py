"""The tickets in a dispenser's flash image, read as an inspector would: by littlefs and the file format alone.

Shares no code with the firmware. Format: docs/firmware.md.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass, field
from typing import Final

from sim.memory import open_image

FOLDER: Final = "tickets"
FORMAT_FILE: Final = "format"
ROOM: Final = 16  # files, used in turn
FIELDS: Final = 10


@dataclass
class FlashTickets:
    """What an image holds: metered grams by ticket number; `damaged` says in words what could not be read."""

    meter_g: dict[int, int] = field(default_factory=dict)
    damaged: str = ""
    room: int = ROOM


def parse(name: str, data: bytes) -> tuple[int, int]:
    """Return (number, metered grams) of a ticket file. Raises ValueError naming the file."""
    body, star, crc = data.rstrip(b"\n").rpartition(b"*")
    fields = body.split(b",")
    if not star or crc != b"%04X" % crc_hqx(body, 0xFFFF):
        raise ValueError(f"{name}: wrong CRC")
    if len(fields) != FIELDS or fields[0] != b"1":
        raise ValueError(f"{name}: not format 1")
    number = int(fields[1])
    if number % ROOM != int(name):
        raise ValueError(f"{name}: holds ticket {number}")
    return number, int(fields[4])


def read_image(image: bytes, block_bytes: int) -> FlashTickets:
    """Return the tickets of a flash image."""
    from littlefs import LittleFSError

    found = FlashTickets()
    try:
        filesystem = open_image(image, block_bytes)
        names = sorted(filesystem.listdir(FOLDER)) if FOLDER in filesystem.listdir("/") else []
        for name in names:
            if name == FORMAT_FILE:
                continue
            with filesystem.open(f"{FOLDER}/{name}", "rb") as file:
                number, meter_g = parse(name, file.read())
            found.meter_g[number] = meter_g
    except (ValueError, LittleFSError) as exc:
        found.damaged = str(exc)
    return found
