"""The technician's serial port: bytes in, whole lines out, never blocking and never the REPL."""

from machine import UART
from micropython import kbd_intr

from board.wiring_table import UART_ID

BAUD = 115200


class Port:
    """One UART. All methods may allocate: slack only."""

    def __init__(self):
        kbd_intr(-1)  # a 0x03 is data here, also on a port's own console: nobody interrupts a controller by it
        self._uart = UART(UART_ID, BAUD)
        self._rest = b""  # of a line that did not fit the transmit buffer

    def read(self):
        """Return the bytes that have arrived, or None."""
        return self._uart.read() if self._uart.any() else None

    def write(self, line):
        """Take a whole line and return its length, or 0 while an earlier one is not out: two never mix."""
        if self._rest:
            self._rest = self._rest[self._queue(self._rest) :]
            if self._rest:
                return 0
        self._rest = line[self._queue(line) :]
        return len(line)

    def idle(self):
        """Return whether everything has left the board."""
        return not self._rest and self._uart.txdone()

    def _queue(self, data):
        taken = self._uart.write(data)
        return 0 if taken is None else taken
