"""Analog inputs, contacts, counters and outputs of a node, built from its I/O list.

A row without a pin is a wire that this board leaves out: a transmitter that reads 0 counts and is therefore bad, an
open contact, a count that stands, an output that nobody has.
"""

from machine import ADC, PWM, Pin

PWM_HZ = 1000


class _Absent:
    """In the place of a pin that the board has not."""

    def read_u16(self):
        return 0

    def value(self, level=0):
        return 0

    def duty_u16(self, duty=0):
        return 0


def analog_inputs(rows):
    """Return one `ADC` per row of AI."""
    return [ADC(row[1]) if row[1] else _Absent() for row in rows]


def contacts(rows):
    """Return one input `Pin` per row of DI that is wired straight to the MCU, None for expander bits."""
    return [(Pin(row[2], Pin.IN) if row[2] else _Absent()) if row[1] == "pin" else None for row in rows]


def counters(rows):
    """Return one pulse `Counter` per row of CI."""
    return [_counter(i, row[1]) if row[1] else _Absent() for i, row in enumerate(rows)]


def _counter(i, pin):
    from machine import Counter  # not every port has it: asked for only where a wire is

    return Counter(i, Pin(pin, Pin.IN))


def outputs(rows):
    """Return one output `Pin` per row of DO, low (de-energised) from the first moment."""
    return [Pin(row[1], Pin.OUT, value=0) if row[1] else _Absent() for row in rows]


def analog_outputs(rows):
    """Return one `PWM` per row of AO, at zero duty."""
    return [PWM(Pin(row[1]), freq=PWM_HZ, duty_u16=0) if row[1] else _Absent() for row in rows]
