"""Counts its starts in a file and in FRAM, and tells what it finds; then says `tick` in the serial port now and then.

`TEXT` is what it writes behind the number.
"""

import time
from os import mkdir

from machine import UART, WDT

from board import nv

TEXT = "as recorded"
PATH = nv.FLASH + "/starts"

uart = UART(1, 115200)
wdt = WDT(timeout=500)
fram = nv.Fram("D10", 8192)
cell = bytearray(4)


def starts():
    """Return how often this board has started before, by its flash."""
    try:
        with open(PATH) as file:
            return int(file.read().split(" ")[0])
    except OSError as error:
        if error.errno != 2:  # ENOENT
            raise error
        return 0


n = starts()
if n == 0:
    mkdir(nv.FLASH + "/empty")
with open(PATH + ".new", "w") as file:
    file.write("%d %s" % (n + 1, TEXT))
nv.rename(PATH + ".new", PATH)
with open(nv.FLASH + "/at_%d" % n, "w") as file:
    file.write("x" * 300)
fram.read_into(100, cell)
uart.write("start %d fram %d files %s\n" % (n, cell[0], nv.listdir(nv.FLASH)))
cell[0] += 1
fram.write(100, cell)
tick = 0
while True:
    if tick % 10 == 0:
        uart.write("tick %d\n" % tick)
    tick += 1
    wdt.feed()
    time.sleep_ms(10)
