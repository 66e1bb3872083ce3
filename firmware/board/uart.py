"""The technician's serial port: bytes in, whole lines out, never blocking and never the REPL.

MicroPython's UARTs wait if they are let. A read without a size waits for more, for ever while something keeps sending.
A write waits on mimxrt until the one before it is out, and for what is beyond its 256 bytes of buffer; on stm32, which
has no such buffer, until its own last byte is out. So only what is there is read, and a write is short and comes when
nothing else is on its way.
"""

import sys

from machine import UART
from micropython import const, kbd_intr

from board.wiring_table import UART_ID

BAUD = const(115200)
RX_BYTES = const(512)  # what comes in four ticks at full speed, and a little more; stm32 has 64 by itself
HELD = const(256)  # bytes of lines that may wait together
PIECE = 8 if sys.platform == "pyboard" else 256  # bytes of one write: on stm32 0.7 ms of waiting each


class Port:
    """One UART. All methods may allocate: slack only."""

    def __init__(self):
        kbd_intr(-1)  # a 0x03 is data here, also on a port's own console: nobody interrupts a controller by it
        self._uart = UART(UART_ID, BAUD, rxbuf=RX_BYTES)
        self._rest = b""  # what has been taken and is not in the UART yet

    def read(self):
        """Return the bytes that have arrived, or None; what waits to go out goes on."""
        self._push()
        n = self._uart.any()
        return self._uart.read(n) if n else None

    def write(self, line):
        """Take a whole line and return its length, or 0 while too much waits: then it is to be offered again."""
        if self._rest and len(self._rest) + len(line) > HELD:
            self._push()
            return 0
        self._rest += line
        self._push()
        return len(line)

    def idle(self):
        """Return whether everything has left the board."""
        self._push()
        return not self._rest and self._uart.txdone()

    def _push(self):
        if self._rest and self._uart.txdone():
            taken = self._uart.write(self._rest[:PIECE])
            if taken:
                self._rest = self._rest[taken:]
