"""The link over two files of the working directory: `link.in` read, `link.out` written. For a VM without pipes.

Everything that the rig ever sends stands in `link.in` before the node starts, so this is for replay alone. Names as in
link_pipes/_transport.py. Both ends buffer, because a call out of that VM costs a hundred bytecodes; call
`sink.flush()` at the end. Under a locked heap bytes are moved one by one, which allocates nothing.
"""

_IN = 32768  # bytes read at once
_OUT = 4096  # bytes written at once, the largest packet: what a VM that breaks down may keep to itself


class _Source:
    def __init__(self):
        self._file = open("link.in", "rb")
        self._buf = bytearray(_IN)
        self._at = 0
        self._end = 0

    def readinto(self, into):
        """Fill `into` with what is left in the buffer, or once from the file; return the bytes read, 0 at the end."""
        at = self._at
        n = self._end - at
        if n == 0:
            n = self._end = self._file.readinto(self._buf)
            at = 0
        if n > len(into):
            n = len(into)
        buf = self._buf
        try:
            into[:n] = buf[at : at + n]
        except MemoryError:
            for i in range(n):
                into[i] = buf[at + i]
        self._at = at + n
        return n


class _Sink:
    def __init__(self):
        self._file = open("link.out", "wb")
        self._buf = bytearray(_OUT)
        self._view = memoryview(self._buf)
        self._at = 0

    def write(self, data):
        """Take all of `data`, at most a packet."""
        n = len(data)
        at = self._at
        if at + n > _OUT:
            self._file.write(self._view[:at])
            at = 0
        buf = self._buf
        try:
            buf[at : at + n] = data
        except MemoryError:
            for i in range(n):
                buf[at + i] = data[i]
        self._at = at + n
        return n

    def flush(self):
        """Write out what waits."""
        self._file.write(self._view[: self._at])
        self._at = 0
        self._file.close()


source = _Source()
sink = _Sink()
