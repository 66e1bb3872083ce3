"""Numbers and copies inside the packet buffers: the shims' hot spots. Import `_words`, which finds a way to run it.

Little-endian. Written once for every VM: MicroPython compiles what follows `@micropython.viper` to machine code on raw
pointers, in a quarter of the time that native code of the same lines takes; for CPython the annotations are only words.
Nothing checks an index.
"""

try:
    import micropython
    from micropython import const
except ImportError:

    class micropython:
        """Stands in for MicroPython's module."""

        @staticmethod
        def viper(function):
            """Return the function as it is."""
            return function

    def const(x):
        """Return x, as the compiler of MicroPython takes it."""
        return x


# The link's numbers stand in one array of 32 bits each, where machine code reaches them.
US = const(0)  # virtual time now, wraps at 2**30: inside an interrupt handler that of the frame
MS = const(1)
NOW_MS = const(2)  # the rig's last now, u32
SEQ_IN = const(3)
SEQ_OUT = const(4)
WOKE_US = const(5)  # the host's time when the last INPUT had come in
FED = const(6)  # 1 once the control tick has ended
FED_US = const(7)  # the host's time then
HEAP_TICKS = const(8)  # until the heap is measured again
RX_HEAD = const(9)  # of the serial port's rings
RX_TAIL = const(10)
TX_HEAD = const(11)
TX_TAIL = const(12)
NUMBERS = const(13)

_HEAP_SAMPLE_TICKS = const(3000)  # a collection and a walk of the whole heap: about a millisecond
MASK = const(0x3FFFFFFF)  # ticks wrap at 2**30, as on a board
HEAP_DUE = const(1)  # what `seal` returns
NOT_PLAIN = const(2)

# Where an OUTPUT has what every node says, whatever its I/O list.
OUT_WAKE = const(6)
OUT_FED = const(10)
OUT_LOCKED = const(11)
OUT_TICK = const(12)
OUT_SLACK = const(14)
OUT_HEAP = const(16)
_SYNC = const(0xA5)
_INPUT = const(1)


def ptr8(buf):
    """Return the buffer: what viper's cast comes to without viper."""
    return buf


ptr32 = ptr8


@micropython.viper
def get16(buf: ptr8, o: int) -> int:
    """Return the u16 at offset o."""
    return buf[o] | buf[o + 1] << 8


@micropython.viper
def get30(buf: ptr8, o: int) -> int:
    """Return the low 30 bits of the u32 at offset o: never an allocation, in a 32-bit VM either."""
    return buf[o] | buf[o + 1] << 8 | buf[o + 2] << 16 | (buf[o + 3] & 0x3F) << 24


@micropython.viper
def get32(buf: ptr8, o: int) -> int:
    """Return the u32 at offset o."""
    return buf[o] | buf[o + 1] << 8 | buf[o + 2] << 16 | buf[o + 3] << 24


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


@micropython.viper
def put_frame(to: ptr8, o: int, can_id: int, flags: int, n: int, data: ptr8):
    """Write a frame as it is on the wire: id, flags, dlc, n bytes (none if it asks for some) and zeros up to eight."""
    to[o] = can_id & 0xFF
    to[o + 1] = (can_id >> 8) & 0xFF
    to[o + 2] = (can_id >> 16) & 0xFF
    to[o + 3] = (can_id >> 24) & 0xFF
    to[o + 4] = flags
    to[o + 5] = n
    if flags & 1:
        n = 0
    for k in range(8):
        to[o + 6 + k] = data[k] if k < n else 0


@micropython.viper
def end_tick(tx: ptr8, link: ptr32, us: int, locked: int):
    """Note in OUTPUT that the control tick ends now (host's time us), how long it took, and whether under the lock."""
    tx[OUT_FED] = 1
    if link[FED]:
        return
    link[FED] = 1
    link[FED_US] = us & MASK
    took = (us - link[WOKE_US]) & MASK
    if took > 65535:
        took = 65535
    tx[OUT_LOCKED] = locked
    tx[OUT_TICK] = took & 0xFF
    tx[OUT_TICK + 1] = took >> 8


@micropython.viper
def seal(tx: ptr8, link: ptr32, can: int, sleep_ms: int, us: int) -> int:
    """Write header, wake-up time and slack (host's time now: us) of an OUTPUT; `can`: where its CAN flags are.

    Returns HEAP_DUE when the heap is to be measured for it, NOT_PLAIN when frames or serial bytes go into it, which
    change its length, or both.
    """
    seq = link[SEQ_OUT]
    link[SEQ_OUT] = (seq + 1) & 0xFFFF
    tx[2] = seq & 0xFF
    tx[3] = seq >> 8
    tx[4] = can - 2  # up to the flags, and four bytes from there: flags, frames, serial bytes
    tx[5] = 0
    wake_ms = link[NOW_MS] + sleep_ms
    tx[OUT_WAKE] = wake_ms & 0xFF
    tx[OUT_WAKE + 1] = (wake_ms >> 8) & 0xFF
    tx[OUT_WAKE + 2] = (wake_ms >> 16) & 0xFF
    tx[OUT_WAKE + 3] = (wake_ms >> 24) & 0xFF
    slack = 0
    if link[FED]:
        slack = (us - link[FED_US]) & MASK
        if slack > 65535:
            slack = 65535
    else:
        tx[OUT_TICK] = 0
        tx[OUT_TICK + 1] = 0
    tx[OUT_SLACK] = slack & 0xFF
    tx[OUT_SLACK + 1] = slack >> 8
    special = 0
    if tx[can + 1] or link[TX_HEAD] != link[TX_TAIL]:
        special = NOT_PLAIN
    left = link[HEAP_TICKS]
    if left:
        link[HEAP_TICKS] = left - 1
        return special
    link[HEAP_TICKS] = _HEAP_SAMPLE_TICKS - 1
    return special | HEAP_DUE


@micropython.viper
def begin(tx: ptr8, link: ptr32, can: int):
    """Begin the next OUTPUT: as the last one, but not fed, without frames and serial bytes."""
    tx[OUT_FED] = 0
    tx[OUT_LOCKED] = 0
    link[FED] = 0
    tx[can] &= 0x0E  # requests are for one tick, "on", "filters" and "silent" stay
    tx[can + 1] = 0
    tx[can + 2] = 0
    tx[can + 3] = 0


@micropython.viper
def accept(rx: ptr8, link: ptr32, kind: int, end: int) -> int:
    """Take the next sequence number if the packet that ends before its CRC at `end` has it and is of that kind.

    Returns 1 if so.
    """
    seq = link[SEQ_IN]
    if rx[0] != _SYNC or rx[1] != kind or (rx[4] | rx[5] << 8) != end - 6 or (rx[2] | rx[3] << 8) != seq:
        return 0
    link[SEQ_IN] = (seq + 1) & 0xFFFF
    return 1


@micropython.viper
def advance(rx: ptr8, link: ptr32):
    """Let the time of an INPUT begin: the ticks go on by as much as the rig's clock."""
    now_ms = rx[6] | rx[7] << 8 | rx[8] << 16 | rx[9] << 24
    step_ms = (now_ms - link[NOW_MS]) & MASK
    link[NOW_MS] = now_ms
    link[US] = (link[US] + step_ms * 1000) & MASK
    link[MS] = now_ms & MASK


@micropython.viper
def interrupt(link: ptr32, then_us: int, then_ms: int, us: int):
    """Let it be `us` for an interrupt's handler, in the tick that began at then_us and then_ms."""
    link[US] = us
    link[MS] = (then_ms + ((us - then_us) & MASK) // 1000) & MASK


def number(link, place):
    """Return a function that reads one of the link's numbers."""

    @micropython.viper
    def read() -> int:
        numbers = ptr32(link)
        return numbers[int(place)]

    return read


def word(view):
    """Return what ADC.read_u16 calls: a function that reads the u16 in these two bytes."""

    @micropython.viper
    def read() -> int:
        p = ptr8(view)
        return p[0] | p[1] << 8

    return read


def level(view, mask):
    """Return a function that reads a contact: 1 when a bit of `mask` is set in this byte, else 0."""

    @micropython.viper
    def read() -> int:
        p = ptr8(view)
        return 1 if p[0] & int(mask) else 0

    return read
