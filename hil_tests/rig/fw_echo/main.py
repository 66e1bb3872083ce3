"""Copies the first analog input to the PWM output and counts ticks on the digital outputs."""

import time

from machine import ADC, PWM, WDT, Pin

adc = ADC("A0")
pwm = PWM(Pin("D36"), freq=1000, duty_u16=0)
out = Pin("D9", Pin.OUT, value=0)
wdt = WDT(timeout=500)
while True:
    pwm.duty_u16(adc.read_u16())
    out.toggle()
    wdt.feed()
    time.sleep_ms(10)
