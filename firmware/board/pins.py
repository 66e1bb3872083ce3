"""Analog inputs, contacts, counters and outputs of a node, built from its I/O list."""

from machine import ADC, PWM, Counter, Pin

PWM_HZ = 1000


def analog_inputs(rows):
    """Return one `ADC` per row of AI."""
    return [ADC(row[1]) for row in rows]


def contacts(rows):
    """Return one input `Pin` per row of DI that is wired straight to the MCU, None for expander bits."""
    return [Pin(row[2], Pin.IN) if row[1] == "pin" else None for row in rows]


def counters(rows):
    """Return one pulse `Counter` per row of CI."""
    return [Counter(i, Pin(row[1], Pin.IN)) for i, row in enumerate(rows)]


def outputs(rows):
    """Return one output `Pin` per row of DO, low (de-energised) from the first moment."""
    return [Pin(row[1], Pin.OUT, value=0) for row in rows]


def analog_outputs(rows):
    """Return one `PWM` per row of AO, at zero duty."""
    return [PWM(Pin(row[1]), freq=PWM_HZ, duty_u16=0) for row in rows]
