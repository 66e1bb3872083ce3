"""Sends a frame every tick."""

import time

from machine import CAN

can = CAN(3, 500_000)
while True:
    can.send(0x18FF21A1, bytes(8), CAN.FLAG_EXT_ID)
    time.sleep_ms(10)
