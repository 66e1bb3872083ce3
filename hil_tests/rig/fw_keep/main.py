"""Counts its starts in a file and in FRAM and says them with the reset cause; does what the serial port asks."""

import time

from machine import UART, WDT, reset, reset_cause, soft_reset

from board import nv

uart = UART(1, 115200)
fram = nv.Fram("D10", 8192)
count = bytearray(1)
fram.read_into(0, count)
count[0] += 1
fram.write(0, count)
starts = 0
if not nv.has_flash():
    uart.write("no flash\n")
else:
    if "starts" in nv.listdir("/flash"):
        with open("/flash/starts", "rb") as f:
            starts = f.read()[0]
    with open("/flash/starts", "wb") as f:
        f.write(bytes((starts + 1,)))
    uart.write("cause %d starts %d %d\n" % (reset_cause(), starts + 1, count[0]))
wdt = WDT(timeout=500)
while True:
    line = uart.readline()
    if line == b"reset\n":
        reset()
    elif line == b"soft\n":
        soft_reset()
    elif line == b"starve\n":
        while True:
            time.sleep_ms(10)
    wdt.feed()
    time.sleep_ms(10)
