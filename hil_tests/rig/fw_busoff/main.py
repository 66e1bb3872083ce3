"""Watches its controller's state; in bus-off it tries to send, then restarts at 500 ms."""

import time

from machine import CAN, UART

uart = UART(1, 115200)
can = CAN(3, 500_000)
can.set_filters(None)
with open("node.txt") as f:
    me = 0xD1 if f.read().split()[0] == "dispenser" else 0xA1
last = -1
while True:
    now = time.ticks_ms()
    state = can.state()
    if state != last:
        last = state
        uart.write("%d state %d\n" % (now, state))
    if now % 50 == 0:
        try:
            can.send(0x18FF1000 | me, bytes(8), CAN.FLAG_EXT_ID)
        except OSError:
            if now % 100 == 0:
                uart.write("%d refused\n" % now)
    if state == CAN.STATE_BUS_OFF and now == 500:
        can.restart()
        uart.write("%d restarted\n" % now)
    time.sleep_ms(10)
