"""Energises one output per reset cause, then feeds the watchdog for 20 ticks and no more."""

import time

from machine import WDT, Pin, reset_cause

pins = ("D9", "D34", "D28", "D29")
out = Pin(pins[reset_cause()], Pin.OUT, value=1)
wdt = WDT(timeout=500)
for _ in range(20):
    wdt.feed()
    time.sleep_ms(10)
while True:
    time.sleep_ms(10)
