"""Lines of a board's serial port: `<mark><body>*<CRC>`, the CRC being CRC-16/CCITT-FALSE of the body, four hex digits.

Marks: `#` a command, numbered by its giver; `=` an answer to it; `!` an event. Anything else on the port is for people.
"""

from __future__ import annotations

from binascii import crc_hqx


def crc(body: str) -> str:
    """Return the CRC of a line's body as it stands behind the asterisk."""
    return f"{crc_hqx(body.encode('ascii', 'replace'), 0xFFFF):04X}"


def command(seq: int, text: str) -> bytes:
    """Return the line of a command, without its line feed; the board's answers begin with `seq`."""
    body = f"{seq} {text}"
    return f"#{body}*{crc(body)}".encode("ascii", "replace")


def body_of(line: str) -> str | None:
    """Return what stands between mark and CRC, None when the CRC is wrong or missing."""
    body, star, given = line[1:].rpartition("*")
    return body if star and given == crc(body) else None
