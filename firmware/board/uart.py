"""The technician's serial port: bytes in, bytes out, never blocking and never the REPL."""

from machine import UART

from board.wiring_table import UART_ID

BAUD = 115200


class Port:
    """One UART. All methods may allocate: slack only."""

    def __init__(self):
        self._uart = UART(UART_ID, BAUD)

    def read(self):
        """Return the bytes that have arrived, or None."""
        return self._uart.read() if self._uart.any() else None

    def write(self, data):
        """Queue bytes and return how many were taken; the rest is the caller's to keep or drop."""
        taken = self._uart.write(data)
        return 0 if taken is None else taken
