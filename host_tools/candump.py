"""The line format of a CAN log, as candump, can-utils and python-can write it: `(SECONDS.MICROS) CHANNEL ID#HEX`.

Eight digits of an identifier mean an extended one, three a standard one. Behind the data a reader of python-can's logs
meets the direction, R or T, which says nothing here.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

BUS: Final = "link"  # the channel name of the truck link

_LINE = re.compile(
    r"\((\d{1,10})\.(\d{6})\) (\S+) ([0-9A-F]{8}|[0-9A-F]{3})#((?:[0-9A-F]{2}){0,8})(?: [RT])?"
)


class Frame(NamedTuple):
    """One data frame; `t_us`: end of frame, us since the log's zero (start of the run, or 1970 on a real bus)."""

    t_us: int
    channel: str
    can_id: int
    extended: bool
    data: bytes


def line(t_us: int, can_id: int, data: bytes, *, channel: str = BUS, extended: bool = True) -> str:
    """Return one line of a log, with its line end; upper case."""
    ident = f"{can_id:08X}" if extended else f"{can_id:03X}"
    return f"({t_us // 1_000_000}.{t_us % 1_000_000:06d}) {channel} {ident}#{data.hex().upper()}\n"


def parse(text: str) -> Frame | None:
    """Return the frame of one line without its line end; None when it is not one of a data frame with 0-8 bytes."""
    match = _LINE.fullmatch(text)
    if match is None:
        return None
    seconds, micros, channel, ident, data = match.groups()
    can_id = int(ident, 16)
    if can_id > (0x1FFFFFFF if len(ident) == 8 else 0x7FF):  # candump marks error frames with a higher bit
        return None
    return Frame(int(seconds) * 1_000_000 + int(micros), channel, can_id, len(ident) == 8, bytes.fromhex(data))
