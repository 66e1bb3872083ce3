"""The node's end of the lockstep link, the same file in both VMs. Framing: sim/wire.py.

Owns virtual time and the two packet buffers. The rest of the shims read inputs straight from `rx` and write outputs
straight into `tx`, so that a reading costs no parsing. What carries the bytes is the module `_transport`: that of
link_pipes/ or of link_files/, whichever is on the path. One exchange happens per `sleep_ms`; reading time never
advances it. Nothing that the firmware calls inside its control tick allocates.
"""

import sys
from array import array
from binascii import crc32

from _transport import sink, source
from _words import (
    HEAP_DUE,
    MASK,
    MS,
    NOT_PLAIN,
    NUMBERS,
    OUT_HEAP,
    RX_HEAD,
    RX_TAIL,
    SEQ_IN,
    SEQ_OUT,
    TX_HEAD,
    TX_TAIL,
    US,
    WOKE_US,
    accept,
    advance,
    begin,
    end_tick,
    get16,
    get30,
    interrupt,
    number,
    put16,
    put32,
    seal,
)  # fmt: skip

PACKET_MAX = 4096
UART_PER_TICK = 115  # 115200 baud, 8N1
UART_BUFFER = 512
FRAME_IN = 18
FRAME_OUT = 15
FRAMES_OUT_MAX = 12  # three mailboxes, with room for cancels
CRC_WHOLE = 0x2144DF1C  # CRC-32 of any packet with its own CRC-32 behind it
SYNC = 0xA5
HELLO = 0
INPUT = 1
OUTPUT = 2
_readinto, _write = source.readinto, sink.write
len_ = len  # a module's own name is found at once, a builtin after everything else: four times the time of the call

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import gc

    from micropython import heap_lock, heap_unlock
    from utime import ticks_us as _host_us

    def _heap_used():
        """Return live bytes: without the collection the figure is that of the garbage, up to the whole heap."""
        gc.collect()
        return gc.mem_alloc()

    def heap_locked():
        """Tell by locking once more: unlocking returns how many locks are left."""
        heap_lock()
        return 1 if heap_unlock() else 0

else:
    from time import perf_counter_ns

    def _host_us():
        return perf_counter_ns() // 1000

    def _heap_used():
        return 0

    lock_depth = 0  # counted by the shim `micropython`

    def heap_locked():
        return 1 if lock_depth else 0


def _node_io():
    """Return (name, I/O list) of the node that this board is, as the firmware finds it: by node.txt."""
    with open("node.txt") as f:
        name = f.read().split()[0]
    try:
        return name, __import__("io_table")
    except ImportError:  # a tree of sources has both nodes'
        return name, getattr(__import__(name + ".io_table"), "io_table")


name, io = _node_io()

# INPUT offsets in rx (6 bytes of header first).
IN_CAN_STATE = 6 + 5
IN_TX_DONE = 6 + 8
IN_AI = 6 + 9
IN_DI = IN_AI + 2 * len(io.AI)
IN_SPI = IN_DI + 4
IN_CI = IN_SPI + io.SPI_DI_BYTES
IN_FRAMES = IN_CI + 4 * len(io.CI)
# OUTPUT offsets in tx.
OUT_DO = 6 + 14
OUT_AO = OUT_DO + 2
OUT_CAN = OUT_AO + 2 * len(io.AO)
OUT_N = OUT_CAN + 1
OUT_FRAMES = OUT_N + 1

PLAIN_IN = IN_FRAMES + 3
PLAIN_OUT = OUT_FRAMES + 2

rx = bytearray(PACKET_MAX)
tx = bytearray(OUT_FRAMES + FRAMES_OUT_MAX * FRAME_OUT + 2 + UART_PER_TICK + 4)
tx[0] = SYNC
tx[1] = OUTPUT
_rx_view = memoryview(rx)
_tx_view = memoryview(tx)
# Most packets carry neither frames nor serial bytes: their views are made once and they take one read and one write.
RX_PLAIN = PLAIN_IN + 4
_rx_plain = _rx_view[:RX_PLAIN]
_tx_plain = _tx_view[: PLAIN_OUT + 4]
_tx_plain_body = _tx_view[:PLAIN_OUT]
numbers = array("I", [0] * NUMBERS)
seed = 0
can = None  # the CAN controller, once the firmware has made it

# Serial port: two rings, their heads and tails among the numbers.
uart_rx = bytearray(UART_BUFFER)
uart_tx = bytearray(UART_BUFFER)

ticks_ms = number(numbers, MS)
ticks_us = number(numbers, US)


def _die(text):
    print("link of " + name + ": " + text)
    sys.exit(70)


def _fill(view):
    """Read exactly len(view) bytes; allocates only where a stream hands them over in pieces."""
    _fill_rest(view, _readinto(view))


def _fill_rest(view, got):
    want = len_(view)
    while got != want:
        n = _readinto(memoryview(view)[got:]) if got else 0
        if not n:
            sys.exit(0)  # the rig's end closed is the end of this process
        got += n


def _take_input():
    """Read the next INPUT and let it happen: time, freed mailboxes, received frames, serial bytes."""
    buf = rx
    state = numbers
    first = _rx_plain
    got = _readinto(first)
    if got != RX_PLAIN:
        _fill_rest(first, got)
    plain = accept(buf, state, INPUT, PLAIN_IN) and crc32(first) == CRC_WHOLE
    if not plain:
        _read_rest(INPUT, RX_PLAIN)
    ctl = can
    if ctl is not None and buf[IN_TX_DONE]:
        ctl._freed(buf[IN_TX_DONE])
    if not plain:
        _take_rest(buf, ctl)
    advance(buf, state)
    if ctl is not None and (ctl._tx_events or ctl._state != buf[IN_CAN_STATE]):
        ctl._update(buf[IN_CAN_STATE])


def _read_rest(kind, at):
    """Read what is missing of a packet of which `at` bytes are in rx, and check it all."""
    n = get16(rx, 4)
    end = 6 + n
    if rx[0] != SYNC or n > PACKET_MAX - 10 or end + 4 < at:
        _die("bad packet header %02x, length %d" % (rx[0], n))
    if end + 4 > at:
        _fill(_rx_view[at : end + 4])
    seq = get16(rx, 2)
    if crc32(_rx_view[: end + 4]) != CRC_WHOLE:
        _die("CRC-32 of packet %d is wrong" % seq)
    if rx[1] != kind:
        _die("packet type %d instead of %d" % (rx[1], kind))
    if not accept(rx, numbers, kind, end):
        _die("sequence %d instead of %d: a packet was lost or repeated" % (seq, numbers[SEQ_IN]))


def _take_rest(buf, ctl):
    """Take what a plain INPUT does not have: received frames, serial bytes."""
    state = numbers
    o = IN_FRAMES
    n = buf[o]
    o += 1
    then_us = state[US]
    then_ms = state[MS]
    for _ in range(n):
        if ctl is not None:
            # An interrupt handler sees the time of the bus, not that of the tick.
            interrupt(state, then_us, then_ms, get30(buf, o))
            ctl._received(buf, o + 4)
        o += FRAME_IN
    state[US] = then_us
    n = get16(buf, o)
    o += 2
    head = state[RX_HEAD]
    for i in range(o, o + n):
        after = (head + 1) % UART_BUFFER
        if after == state[RX_TAIL]:
            break  # overrun: the byte is lost, as on a board
        uart_rx[head] = buf[i]
        head = after
    state[RX_HEAD] = head


def _send(sleep_ms):
    """Send OUTPUT: the outputs as they stand, the frames and serial bytes queued since the last one."""
    buf = tx
    state = numbers
    special = seal(buf, state, OUT_CAN, sleep_ms, _host_us())
    if special & HEAP_DUE:
        put32(buf, OUT_HEAP, _heap_used())
    if special & NOT_PLAIN:
        end = _put_rest(buf)
        put32(buf, end, crc32(_tx_view[:end]))
        _write(_tx_view[: end + 4])
    else:
        put32(buf, PLAIN_OUT, crc32(_tx_plain_body))
        _write(_tx_plain)
    begin(buf, state, OUT_CAN)


def _put_rest(buf):
    """Put what a plain OUTPUT does not have behind the frames: serial bytes. Return where it ends."""
    state = numbers
    o = OUT_FRAMES + buf[OUT_N] * FRAME_OUT
    n = 0
    at = o + 2
    tail = state[TX_TAIL]
    head = state[TX_HEAD]
    while tail != head and n < UART_PER_TICK:
        buf[at] = uart_tx[tail]
        at += 1
        n += 1
        tail = (tail + 1) % UART_BUFFER
    state[TX_TAIL] = tail
    buf[o] = n
    buf[o + 1] = 0
    put16(buf, 4, at - 6)
    return at


def exchange(sleep_ms):
    """End the tick: hand over the outputs, sleep in virtual time, come back with new inputs."""
    _send(sleep_ms)
    _take_input()
    numbers[WOKE_US] = _host_us() & MASK


def drop_frames():
    """Forget the frames that were queued since the last OUTPUT."""
    tx[OUT_N] = tx[OUT_FRAMES] = tx[OUT_FRAMES + 1] = 0


def feed():
    """Feed the watchdog. Marks the end of the control tick and whether it ran with the heap locked."""
    end_tick(tx, numbers, _host_us(), heap_locked())


# Non-volatile memory: one packet each way per operation, in buffers of their own, so that the inputs in rx stay.
_ask = bytearray(13)  # header; operation, address, length
_ask[0] = 0xA5
_ask[1] = 3
_reply = bytearray(6)
_crc = bytearray(4)


def _memory(op, address, length, data, into):
    """Ask the rig for one operation and wait until it is done; into takes the answer's bytes."""
    ask = _ask
    seq = numbers[SEQ_OUT]
    numbers[SEQ_OUT] = (seq + 1) & 0xFFFF
    n = 7 if data is None else 7 + len(data)
    ask[2] = seq & 0xFF
    ask[3] = seq >> 8
    ask[4] = n & 0xFF
    ask[5] = n >> 8
    ask[6] = op
    for i in range(4):
        ask[7 + i] = (address >> (8 * i)) & 0xFF
    ask[11] = length & 0xFF
    ask[12] = length >> 8
    crc = crc32(ask)
    _write(ask)
    if data is not None:
        crc = crc32(data, crc)
        _write(data)
    for i in range(4):
        _crc[i] = (crc >> (8 * i)) & 0xFF
    _write(_crc)
    reply = _reply
    _fill(reply)
    n = 0 if into is None else length
    seq = reply[2] | reply[3] << 8
    if reply[0] != 0xA5 or reply[1] != 4 or reply[4] | reply[5] << 8 != n:
        _die("bad answer %02x %d to memory operation %d" % (reply[0], reply[1], op))
    if seq != numbers[SEQ_IN]:
        _die("sequence %d instead of %d: a packet was lost or repeated" % (seq, numbers[SEQ_IN]))
    numbers[SEQ_IN] = (seq + 1) & 0xFFFF
    crc = crc32(reply)
    if into is not None:
        _fill(into)
        crc = crc32(into, crc)
    _fill(_crc)
    if crc32(_crc, crc) != CRC_WHOLE:
        _die("CRC-32 of packet %d is wrong" % seq)


def memory_read(op, address, into):
    """Read len(into) bytes, at most 2048."""
    _memory(op, address, len(into), None, into)


def memory_write(op, address, data):
    """Write data, at most 2048 bytes; done when this returns."""
    _memory(op, address, len(data), data, None)


def memory_erase(address, length):
    """Erase a block of the flash."""
    _memory(3, address, length, None, None)


def reset(bit):
    """Ask the rig for a reset of this board and never return."""
    tx[OUT_CAN] |= bit
    _send(0)
    while True:
        _fill(_rx_plain)  # the rig ends this process


def _start():
    global seed
    head = _rx_view[:6]
    _fill(head)
    _read_rest(HELLO, len(head))
    seed = rx[6] | rx[7] << 8 | rx[8] << 16 | rx[9] << 24
    _take_input()
    numbers[WOKE_US] = _host_us() & MASK


_start()
