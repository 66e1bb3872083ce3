"""The process image: one picture of all inputs a tick, and the one place where outputs reach pins.

Everything between sampling and driving reads and writes this object only. No allocation after construction.
"""

from micropython import const

from board import pins, spi
from core.analog import AnalogInputs

DIRECT = const(255)  # in the place of a bit: a contact with a pin of its own


class ProcessImage:
    """Inputs and outputs of one node, in the order of its I/O list.

    `ai.value[i]`, `ai.ok[i]`; `di[i]` 0/1; `count[i]` pulses; `do[i]` 0/1 and `ao[i]` 0..10000 cpct are what
    the interlock gate decided. `moves` goes up whenever a contact may have moved.
    """

    def __init__(self, io):
        self.ai = AnalogInputs(io.AI, pins.analog_inputs(io.AI))
        self.di = [0] * len(io.DI)
        self.count = [0] * len(io.CI)
        self.do = bytearray(len(io.DO))
        self.ao = [0] * len(io.AO)
        contacts = pins.contacts(io.DI)
        self._direct = tuple((i, p.value) for i, p in enumerate(contacts) if p is not None)
        self._bits = bytes([row[2] if row[1] == "spi" else DIRECT for row in io.DI])  # of the expander's image
        expander = spi.Expander(io.SPI_DI_BYTES)
        self._expander_image = expander.image
        self._read_expander = expander.sample
        self._last = bytearray(io.SPI_DI_BYTES)
        self._pressed = -1  # a contact that the serial port holds closed
        self.moves = 0
        self._counters = tuple((i, c.value) for i, c in enumerate(pins.counters(io.CI)))
        self._do_pins = pins.outputs(io.DO)
        self._ao_pins = tuple(enumerate(pins.analog_outputs(io.AO)))
        self._do_driven = bytearray(len(io.DO))
        self._ao_driven = [0] * len(io.AO)

    def prime(self):
        """Read every input once, at boot."""
        self.ai.prime()
        self._read_expander()
        self._unpack()
        self.sample(0)

    def sample(self, tick):
        """Read the inputs of this tick."""
        self.ai.sample(tick)
        di = self.di
        for i, read in self._direct:
            level = read()
            if level != di[i]:
                di[i] = level
                self.moves = self.moves + 1 & 0x3FFFFFFF
        self._read_expander()
        if self._expander_image != self._last:  # contacts seldom move
            self._unpack()
        for i, read in self._counters:
            self.count[i] = read()

    def _unpack(self):
        """Take the contacts from the expander's image."""
        image, last = self._expander_image, self._last
        self.moves = self.moves + 1 & 0x3FFFFFFF
        for k in range(len(last)):
            last[k] = image[k]
        di = self.di
        bits = self._bits
        for i in range(len(bits)):
            bit = bits[i]
            if bit != DIRECT:
                di[i] = image[bit >> 3] >> (bit & 7) & 1
        if self._pressed >= 0:
            di[self._pressed] = 1

    def press(self, i):
        """Hold contact i of the expander closed whatever its wire says; -1: none any more. Slack only."""
        self._pressed = i
        self._unpack()

    def drive(self):
        """Put `do` and `ao` on the pins (only what changed)."""
        do, driven = self.do, self._do_driven
        for i in range(len(do)):
            if do[i] != driven[i]:
                driven[i] = do[i]
                self._do_pins[i].value(do[i])
        ao, duties = self.ao, self._ao_driven
        for i, pwm in self._ao_pins:
            if ao[i] != duties[i]:
                duties[i] = ao[i]
                pwm.duty_u16(ao[i] * 65535 // 10000)

    def de_energise(self):
        """Drop every output at once: the last act of a tick that failed."""
        for pin in self._do_pins:
            pin.value(0)
        for _, pwm in self._ao_pins:
            pwm.duty_u16(0)
