"""The dispenser sends a numbered frame every 100 ms, the tank answers each with its bus time."""

import time

from machine import CAN, UART, WDT

with open("node.txt") as f:
    dispenser = f.read().split()[0] == "dispenser"
uart = UART(1, 115200)
can = CAN(3, 500_000)
slot = [0, memoryview(bytearray(8)), 0, 0]
answer = bytearray(8)
due = False


def received(controller):
    """Answer with the number and the time of the bus, microseconds, little-endian."""
    global due
    while controller.recv(slot) is not None:
        now = time.ticks_us()
        answer[0] = slot[1][0] if len(slot[1]) else 0
        for i in range(4):
            answer[4 + i] = (now >> (8 * i)) & 0xFF
        due = not dispenser
        uart.write("got %x at %d us %d ms\n" % (slot[0], now, time.ticks_ms()))


can.irq(received, CAN.IRQ_RX, False)
can.set_filters(None)
wdt = WDT(timeout=500)
tick = 0
ball = bytearray(8)
while True:
    if dispenser and tick % 10 == 0:
        ball[0] = (tick // 10) & 0xFF
        can.send(0x18FF10D1, ball, CAN.FLAG_EXT_ID)
    if due:
        due = False
        can.send(0x18FF21A1, answer, CAN.FLAG_EXT_ID)
    tick += 1
    wdt.feed()
    time.sleep_ms(10)
