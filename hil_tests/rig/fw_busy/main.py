"""Counts its ticks on the PWM and frames by interrupt, feeds the watchdog; told to, writes a file: one erase."""

import time

from machine import CAN, PWM, UART, WDT, Pin, reset_cause

uart = UART(1, 115200)
pwm = PWM(Pin("D36"), freq=1000, duty_u16=0)
can = CAN(3, 500_000)
slot = [0, memoryview(bytearray(8)), 0, 0]
frames = overruns = 0


def received(controller):
    """Count the frames, and those before which others were lost."""
    global frames, overruns
    while controller.recv(slot) is not None:
        frames += 1
        overruns += 1 if slot[3] & CAN.RECV_ERR_OVERRUN else 0


can.irq(received, CAN.IRQ_RX, False)
can.set_filters(None)
wdt = WDT(timeout=500)
uart.write("cause %d\n" % reset_cause())
tick = 0
while True:
    tick += 1
    pwm.duty_u16(tick)
    wdt.feed()
    line = uart.readline()
    if line == b"write\n":
        with open("/flash/x", "wb") as f:
            f.write(bytes(700))
    elif line == b"count\n":
        uart.write("frames %d overruns %d\n" % (frames, overruns))
    time.sleep_ms(10)
