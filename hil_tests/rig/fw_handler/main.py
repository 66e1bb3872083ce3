"""Tries the limits of the CAN controller and reports them on the console, one per line."""

import time

from machine import CAN, UART

uart = UART(1, 115200)
can = CAN(3, bitrate=500_000, mode=CAN.MODE_NORMAL)
EXT = CAN.FLAG_EXT_ID


def say(name, value):
    """Report one finding; waits for room in the buffer."""
    line = "%s %s\n" % (name, value)
    while line:
        line = line[uart.write(line) or 0 :]
        if line:
            time.sleep_ms(10)


def caught(name, function, *args):
    """Report which exception a call raises."""
    try:
        function(*args)
        say(name, "nothing")
    except Exception as exc:
        say(name, type(exc).__name__)


say("same_object", CAN(3) is can)
caught("bad_controller", CAN, 1, 500_000)
caught("bad_bitrate", can.init, 123)
caught("bad_ext_id", can.send, 0x20000000, b"", EXT)
caught("bad_std_id", can.send, 0x800, b"")
caught("too_long", can.send, 1, bytes(9))
caught("bad_filter", can.set_filters, [(0x800, 0x7FF, 0)])
can.set_filters(None)
say("first", can.send(0x100, b"\x01"))
say("same_id", can.send(0x100, b"\x02"))
say("same_number_ext", can.send(0x100, b"\x02", EXT))
say("unordered", can.send(0x100, b"\x03", CAN.FLAG_UNORDERED))
say("third", can.send(0x0FF, b"\x04"))
say("full", can.send(0x200, b"\x05"))
say("pending", can.get_counters()[5])
say("cancelled", can.cancel_send(1))
say("cancelled_twice", can.cancel_send(1))
time.sleep_ms(10)
say("pending_after", can.get_counters()[5])
say("remote", can.send(0x18FF00D1, bytes(4), EXT | CAN.FLAG_RTR))
time.sleep_ms(10)
say("events", "none")


def completed(controller):
    """Note transmit interrupts as index and failure."""
    flags = controller.irq().flags()
    while flags:
        if flags & CAN.IRQ_TX:
            box = (flags >> CAN.IRQ_TX_IDX_SHIFT) & CAN.IRQ_TX_IDX_MASK
            outcome["tx_%d" % box] = "failed" if flags & CAN.IRQ_TX_FAILED else "sent"
        flags = controller.irq().flags()


outcome = {}
can.irq(completed, CAN.IRQ_TX)
can.send(0x300, b"")
can.send(0x301, b"")
can.cancel_send(1)
time.sleep_ms(10)
for name in sorted(outcome):
    say(name, outcome[name])
say("done", 1)
while True:
    time.sleep_ms(10)
