"""The SPI bus and the input expander on it: one image of the slow contacts a tick."""

from machine import SPI

from board.wiring_table import SPI_ID

BAUD = 4_000_000

bus = SPI(SPI_ID, BAUD)  # shared with the FRAM (board.nv), whose chip select is high but for its own transfers


class Expander:
    """Reads `n_bytes` of contacts into `image` (bit AT of the I/O list = bit AT & 7 of byte AT >> 3)."""

    def __init__(self, n_bytes):
        self.image = bytearray(n_bytes)
        self._spi = bus

    def sample(self):
        """Refresh `image` from the expander. Does not allocate."""
        self._spi.readinto(self.image)
