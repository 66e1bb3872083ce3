"""Numbers and copies inside the packet buffers: the shims' hot spots. Import `_words`, which finds a way to run it.

Little-endian. Written once for every VM: MicroPython compiles what follows `@micropython.viper` to machine code on raw
pointers, in a quarter of the time that native code of the same lines takes; for CPython the annotations are only words.
Nothing checks an index.
"""

try:
    import micropython
except ImportError:

    class micropython:
        """Stands in for MicroPython's module."""

        @staticmethod
        def viper(function):
            """Return the function as it is."""
            return function


def ptr8(buf):
    """Return the buffer: what viper's cast comes to without viper."""
    return buf


@micropython.viper
def get16(buf: ptr8, o: int) -> int:
    """Return the u16 at offset o."""
    return buf[o] | buf[o + 1] << 8


@micropython.viper
def get30(buf: ptr8, o: int) -> int:
    """Return the low 30 bits of the u32 at offset o: never an allocation, in a 32-bit VM either."""
    return buf[o] | buf[o + 1] << 8 | buf[o + 2] << 16 | (buf[o + 3] & 0x3F) << 24


@micropython.viper
def put16(buf: ptr8, o: int, x: int):
    """Write the low 16 bits of x at offset o."""
    buf[o] = x & 0xFF
    buf[o + 1] = (x >> 8) & 0xFF


@micropython.viper
def put32(buf: ptr8, o: int, x: int):
    """Write the low 32 bits of x at offset o."""
    buf[o] = x & 0xFF
    buf[o + 1] = (x >> 8) & 0xFF
    buf[o + 2] = (x >> 16) & 0xFF
    buf[o + 3] = (x >> 24) & 0xFF


@micropython.viper
def move(to: ptr8, t: int, source: ptr8, s: int, n: int):
    """Copy n bytes, lowest first: from source[s:] to to[t:]."""
    for k in range(n):
        to[t + k] = source[s + k]


class Word:
    """A u16 at a fixed place: `read` is what ADC.read_u16 calls."""

    def __init__(self, view):
        self._view = view  # of its two bytes

    @micropython.viper
    def read(self) -> int:
        """Return its value."""
        p = ptr8(self._view)
        return p[0] | p[1] << 8
