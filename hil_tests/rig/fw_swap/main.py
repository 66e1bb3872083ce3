"""Says which version of a file it finds, then, told to, replaces it by the other: write beside it, then rename."""

import time

from machine import UART

from board import nv

SIZE = 2100
uart = UART(1, 115200)


def found():
    """Return OLD, NEW or what is wrong."""
    try:
        with open("/flash/ticket", "rb") as f:
            data = f.read()
    except OSError as exc:
        return "error %d" % exc.errno
    if len(data) == SIZE and data == data[:1] * SIZE:
        return {b"O": "OLD", b"N": "NEW"}.get(data[:1], "unknown")
    return "torn"


def put(letter):
    """Replace the file."""
    with open("/flash/next", "wb") as f:
        f.write(letter * SIZE)
    nv.rename("/flash/next", "/flash/ticket")


if "ticket" not in nv.listdir("/flash"):
    put(b"O")
uart.write("found %s\n" % found())
while True:
    if uart.readline() == b"go\n":
        put(b"N")
        uart.write("found %s\n" % found())
    time.sleep_ms(10)
