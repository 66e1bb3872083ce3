"""Receives nothing before its filters are set, then loses what it does not fetch, then reports."""

import time

from machine import CAN, UART

uart = UART(1, 115200)
can = CAN(3, 500_000)


def say(name, value):
    """Report one finding; waits for room in the buffer."""
    line = "%s %s\n" % (name, value)
    while line:
        line = line[uart.write(line) or 0 :]
        if line:
            time.sleep_ms(10)


while time.ticks_ms() < 500:
    time.sleep_ms(10)
say("before_filters", can.recv())
can.set_filters(None)
while time.ticks_ms() < 1000:
    time.sleep_ms(10)
say("waiting", can.get_counters()[6])
say("overruns", can.get_counters()[7])
slot = [0, memoryview(bytearray(8)), 0, 0]
errors = []
first = []
while can.recv(slot) is not None:
    first.append(slot[1][0])
    errors.append(slot[3])
say("fetched", first)
say("errors", errors)
can.set_filters(((0x18FF10D1, 0x1FFFFFFF, CAN.FLAG_EXT_ID), (0x18FF10D1, 0x1FFFFFFF, CAN.FLAG_EXT_ID)))
while time.ticks_ms() < 1500:
    time.sleep_ms(10)
say("one_filter_wins", can.get_counters()[6])
while can.recv() is not None:
    pass
can.set_filters([(0x12345, 0x1FFFFFFF, CAN.FLAG_EXT_ID)])
time.sleep_ms(200)
say("filtered", can.recv())
can.set_filters([])
time.sleep_ms(200)
say("none", can.recv())
hits = []


def once(controller):
    """Does not fetch: the interrupt stays masked."""
    hits.append(1)


can.set_filters(None)
can.irq(once, CAN.IRQ_RX)
time.sleep_ms(500)
say("masked_calls", len(hits))
say("done", 1)
while True:
    time.sleep_ms(10)
