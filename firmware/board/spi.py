"""The input expander on SPI: one image of the slow contacts a tick."""

from machine import SPI

SPI_ID = 0


class Expander:
    """Reads `n_bytes` of contacts into `image` (bit AT of the I/O list = bit AT & 7 of byte AT >> 3)."""

    def __init__(self, n_bytes):
        self.image = bytearray(n_bytes)
        self._spi = SPI(SPI_ID, 4_000_000)

    def sample(self):
        """Refresh `image` from the expander. Does not allocate."""
        self._spi.readinto(self.image)
