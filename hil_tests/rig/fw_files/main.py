"""Uses /flash in every way that the firmware may, and reports what it found, one line each."""

import os
import time

from machine import UART

uart = UART(1, 115200)


def say(name, value):
    """Report one finding; waits for room in the buffer."""
    line = "%s %s\n" % (name, value)
    while line:
        line = line[uart.write(line) or 0 :]
        if line:
            time.sleep_ms(10)


def caught(name, function, *args):
    """Report the number of the OSError that a call raises."""
    try:
        function(*args)
        say(name, "nothing")
    except OSError as exc:
        say(name, exc.errno)


say("empty", os.listdir("/flash"))
with open("/flash/a", "wb") as f:
    for i in range(70):
        f.write(b"%010d" % i)
    say("tell", f.tell())
os.rename("/flash/a", "/flash/b")
with open("/flash/b", "ab") as f:
    f.write(b"tail")
with open("/flash/b", "r+b") as f:
    f.seek(100)
    f.write(b"HERE")
    f.flush()
with open("/flash/b", "rb") as f:
    everything = f.read()
    f.seek(98)
    buf = bytearray(8)
    say("readinto", (f.readinto(buf), bytes(buf), f.read(3)))
say("size", (len(everything), everything[-6:], os.stat("/flash/b")[6]))
with open("/flash/t", "w") as f:
    f.write("one\n")
    f.write("zwei \u00e4\n")
with open("/flash/t") as f:
    say("lines", [len(line) for line in f])
with open("/flash/t") as f:
    say("text", (f.readline(), f.read().encode()))
os.mkdir("/flash/d")
with open("/flash/d/big", "wb") as f:
    f.write(bytes(range(256)) * 20)
with open("/flash/d/big", "rb") as f:
    say("big", sum(f.read()))
say("names", (os.listdir("/flash"), os.listdir("/flash/d")))
say("rows", list(os.ilistdir("/flash")))
say("kinds", (os.stat("/flash")[0], os.stat("/flash/d")[0], os.stat("/flash/t")[0]))
caught("missing", open, "/flash/none")
caught("missing_stat", os.stat, "/flash/none")
caught("missing_remove", os.remove, "/flash/none")
caught("not_empty", os.rmdir, "/flash/d")
caught("exists", os.mkdir, "/flash/d")
os.remove("/flash/d/big")
os.rmdir("/flash/d")
os.remove("/flash/t")
for i in range(50):  # fills the root's blocks several times over
    with open("/flash/s", "wb") as f:
        f.write(b"%3d" % i)
    os.rename("/flash/s", "/flash/r")
say("left", os.listdir("/flash"))
say("done", 1)
while True:
    time.sleep_ms(10)
