"""Reports every other peripheral on the console."""

import os
import time

import machine
from machine import ADC, PWM, SPI, UART, WDT, Counter, Pin
from micropython import const, heap_lock, heap_unlock

uart = UART(1, 115200)
WRAP = const(1 << 30)


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


say("cause", machine.reset_cause())
say("unique", machine.unique_id())
say("random", list(os.urandom(4)))
say("random_next", list(os.urandom(2)))
for name, args in (("pin", (Pin, 99)), ("adc", (ADC, "A99")), ("adc_on_valve", (ADC, 9)), ("spi", (SPI, 1))):
    caught("no_" + name, *args)
caught("no_uart", UART, 0)
caught("drive_input", Pin, 2, Pin.OUT)
start = time.ticks_us()
for _ in range(1000):
    pass
say("time_stands", time.ticks_us() == start)
time.sleep_us(500)
say("sleep_us", time.ticks_diff(time.ticks_us(), start))
time.sleep_ms(3)
say("grid", time.ticks_diff(time.ticks_us(), start))
time.sleep_ms(25)
say("grid_25", time.ticks_diff(time.ticks_us(), start))
say("wrap", (time.ticks_add(WRAP - 1, 2), time.ticks_diff(1, WRAP - 1), time.ticks_diff(WRAP - 1, 1)))
say("seconds", time.time())
image = bytearray(3)
spi = SPI(0, 4_000_000)
spi.readinto(image)
say("image", list(image))
both = bytearray(2)
spi.write_readinto(b"\x00\x00", both)
say("image_2", list(both))
say("contact", (Pin("D2").value(), Pin("D3", Pin.IN)()))
say("analog", [ADC(Pin(name)).read_u16() for name in ("A0", "A1")])
with open("node.txt") as f:
    if f.read().split()[0] == "dispenser":
        counter = Counter(0, Pin("D37"))
        say("pulses", counter.value())
        counter.value(5)
        say("pulses_set", counter.value())
pwm = PWM("D36", freq=500)
pwm.duty_u16(1234)
say("pwm", (pwm.freq(), pwm.duty_u16()))
caught("bad_duty", pwm.duty_u16, 70000)
valve = Pin("D34", Pin.OUT, value=1)
say("valve", valve.value())
wdt = WDT(timeout=500)
wdt.feed()
time.sleep_ms(10)
for locked in (True, False, True):
    if locked:
        heap_lock()
    wdt.feed()
    if locked:
        heap_unlock()
    time.sleep_ms(10)
say("done", 1)
while True:
    line = uart.readline()
    if line == b"reset\n":
        machine.reset()
    if line == b"soft\n":
        machine.soft_reset()
    if line:
        uart.write(b"heard " + line)
    wdt.feed()
    time.sleep_ms(10)
