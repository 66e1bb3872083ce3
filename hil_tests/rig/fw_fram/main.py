"""Drives the FRAM, through the board's driver and by hand, and reports what it found, one line each."""

import time

from machine import UART, Pin
from micropython import heap_lock, heap_unlock

from board import nv, spi

with open("node.txt") as f:
    io = getattr(__import__(f.read().split()[0] + ".io_table"), "io_table")
uart = UART(1, 115200)
cs = Pin(io.FRAM_CS, Pin.OUT, value=1)


def say(name, value):
    """Report one finding; waits for room in the buffer."""
    line = "%s %s\n" % (name, value)
    while line:
        line = line[uart.write(line) or 0 :]
        if line:
            time.sleep_ms(10)


def command(*parts, reads=0):
    """Send parts under one select; return what is read behind them."""
    buf = bytearray(reads)
    cs.off()
    for part in parts:
        spi.bus.write(part)
    if reads:
        spi.bus.readinto(buf)
    cs.on()
    return bytes(buf)


fram = nv.Fram(io.FRAM_CS, io.FRAM_BYTES)
data = bytearray(b"0123456789")
back = bytearray(10)
heap_lock()
fram.write(100, data)
fram.read_into(100, back)
heap_unlock()
say("driver", bytes(back))
for name, call in (("write", fram.write), ("read", fram.read_into)):
    try:
        call(io.FRAM_BYTES - 9, data)
        say("beyond_" + name, "nothing")
    except ValueError:
        say("beyond_" + name, "ValueError")
say("id", command(b"\x9f", reads=9))
say("idle", command(b"\x05", reads=2))
command(b"\x06")
say("enabled", command(b"\x05", reads=2))
command(b"\x04")
command(b"\x02\x00\x64", b"disabled")
say("disabled", command(b"\x03\x00\x64", reads=10))
command(b"\x06")
command(b"\x02\x00\x64ab", b"cd")  # data behind the address in one transfer, and in another
say("latch_after_write", command(b"\x05", reads=1))
command(b"\x02\x00\x64", b"again")
say("one_write", command(b"\x03\x00\x64", reads=10))
command(b"\x06")
command(b"\x02\x1f\xfe", b"wrap")
say("wrapped", command(b"\x03\x1f\xfe", reads=4))
say("at_0", command(b"\x03\x00\x00", reads=2))
both = bytearray(b"\x03\x00\x64....")
cs(0)
spi.bus.write_readinto(both, both)
say("select", cs.value())
cs(1)
say("duplex", bytes(both[3:]))
say("expander", spi.bus.read(2) == b"\x00\x00")
say("done", 1)
while True:
    time.sleep_ms(10)
