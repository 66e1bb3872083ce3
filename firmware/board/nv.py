"""What survives a power cut: the FRAM on the SPI bus, and the file system at /flash.

FRAM takes every byte as it is clocked and is never erased: 2 us a byte at 4 MHz. A write that the supply leaves in the
middle keeps the bytes it had reached. The flash holds files through plain `open`, with the calls of `os` from here; a
write may erase a block, and an erase stalls the processor for 45 ms, 400 ms at worst. Both belong in the slack.
"""

from os import listdir, remove, rename, stat

from machine import Pin

from board import spi

__all__ = ("FLASH", "Fram", "has_flash", "listdir", "remove", "rename", "stat")

FLASH = "/flash"

_WREN, _WRITE, _READ = 6, 2, 3


def has_flash():
    """Return whether a file system is mounted: a damaged one is not."""
    try:
        stat(FLASH)
    except OSError:
        return False
    return True


class Fram:
    """An FM25 of `n_bytes` (at most 64 KiB) behind the chip select `cs`. Nothing allocates after construction."""

    def __init__(self, cs, n_bytes):
        self.n_bytes = n_bytes
        self._cs = Pin(cs, Pin.OUT, value=1)
        self._spi = spi.bus
        self._enable = bytearray((_WREN,))
        self._head = bytearray(3)

    def read_into(self, address, buf):
        """Fill buf from `address` on. Raises ValueError beyond the end of the chip."""
        self._check(address, len(buf))
        self._begin(_READ, address)
        self._spi.readinto(buf)
        self._cs.value(1)

    def write(self, address, buf):
        """Write buf from `address` on, done when this returns. Raises ValueError beyond the end of the chip."""
        self._check(address, len(buf))
        self._cs.value(0)
        self._spi.write(self._enable)
        self._cs.value(1)  # the latch needs the select to rise before the write
        self._begin(_WRITE, address)
        self._spi.write(buf)
        self._cs.value(1)

    def _check(self, address, n):
        if address < 0 or address + n > self.n_bytes:
            raise ValueError("beyond the FRAM")

    def _begin(self, opcode, address):
        head = self._head
        head[0] = opcode
        head[1] = address >> 8
        head[2] = address & 0xFF
        self._cs.value(0)
        self._spi.write(head)
