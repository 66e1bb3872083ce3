"""The node's end of the lockstep link, the same file in both VMs. Framing: sim/wire.py.

Owns virtual time and the two packet buffers. The rest of the shims read inputs straight from `rx` and write outputs
straight into `tx`, so that a reading costs no parsing. What carries the bytes is the module `_transport`: that of
link_pipes/ or of link_files/, whichever is on the path. One exchange happens per `sleep_ms`; reading time never
advances it. Nothing that the firmware calls inside its control tick allocates.
"""

import sys
from binascii import crc32

from _transport import sink as _out
from _transport import source as _in
from _words import get16, get30, put16, put32

MASK = 0x3FFFFFFF  # ticks wrap at 2**30, as on a board
HALF = 0x20000000
PACKET_MAX = 4096
UART_PER_TICK = 115  # 115200 baud, 8N1
UART_BUFFER = 512
FRAME_IN = 18
FRAME_OUT = 15
FRAMES_OUT_MAX = 12  # three mailboxes, with room for cancels
CRC_WHOLE = 0x2144DF1C  # CRC-32 of any packet with its own CRC-32 behind it
HEAP_SAMPLE_TICKS = 1000  # a collection and a walk of the whole heap: about a millisecond

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import gc

    from micropython import heap_lock, heap_unlock
    from utime import ticks_diff as _host_diff
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

    def _host_diff(a, b):
        return a - b

    def _heap_used():
        return 0

    lock_depth = 0  # counted by the shim `micropython`

    def heap_locked():
        return 1 if lock_depth else 0


def _node_io():
    """Return (name, I/O list) of the node that this board is, as the firmware finds it: node.txt."""
    with open("node.txt") as f:
        name = f.read().split()[0]
    table = __import__(name + ".io_table")
    return name, getattr(table, "io_table")


name, io = _node_io()

# INPUT offsets in rx (6 bytes of header first).
IN_TX_DONE = 6 + 8
IN_AI = 6 + 9
IN_DI = IN_AI + 2 * len(io.AI)
IN_SPI = IN_DI + 4
IN_CI = IN_SPI + io.SPI_DI_BYTES
IN_FRAMES = IN_CI + 4 * len(io.CI)
# OUTPUT offsets in tx.
OUT_FED = 6 + 4
OUT_DO = 6 + 14
OUT_AO = OUT_DO + 2
OUT_CAN = OUT_AO + 2 * len(io.AO)
OUT_N = OUT_CAN + 1
OUT_FRAMES = OUT_N + 1

rx = bytearray(PACKET_MAX)
tx = bytearray(OUT_FRAMES + FRAMES_OUT_MAX * FRAME_OUT + 2 + UART_PER_TICK + 4)
tx[0] = 0xA5
tx[1] = 2
_rx_view = memoryview(rx)
_tx_view = memoryview(tx)
_rx_head = _rx_view[:6]
# Most packets carry neither frames nor serial bytes: their views are made once and they take one read and one write.
PLAIN_IN = IN_FRAMES + 3
PLAIN_OUT = OUT_FRAMES + 2
_rx_plain = _rx_view[: PLAIN_IN + 4]
_tx_plain = _tx_view[: PLAIN_OUT + 4]
_tx_plain_body = _tx_view[:PLAIN_OUT]
_seq_in = 0
_seq_out = 0

_us = 0  # virtual time now: inside an interrupt handler that of the frame
_ms = 0
_now_ms = 0  # the rig's last now, u32

_woke = 0
_fed_at = 0
_fed = 0
_sample = 0
seed = 0
can = None  # the CAN controller, once the firmware has made it

# Serial port: two rings of UART_BUFFER bytes.
uart_rx = bytearray(UART_BUFFER)
uart_rx_head = 0
uart_rx_tail = 0
uart_tx = bytearray(UART_BUFFER)
uart_tx_head = 0
uart_tx_tail = 0


def ticks_ms():
    return _ms


def ticks_us():
    return _us


def _die(text):
    print("link of " + name + ": " + text)
    sys.exit(70)


def _fill(view):
    """Read exactly len(view) bytes. The rig's end closed is the end of this process."""
    want = len(view)
    got = _in.readinto(view)
    while got != want:
        n = _in.readinto(view[got:]) if got else 0
        if not n:
            sys.exit(0)
        got += n


def _read(kind):
    """Read one packet into rx and check it. An INPUT (kind 1) is at least PLAIN_IN + 4 bytes long."""
    global _seq_in
    first = _rx_plain if kind else _rx_head
    _fill(first)
    n = get16(rx, 4)
    end = 6 + n
    if rx[0] != 0xA5 or n > PACKET_MAX - 10 or end + 4 < len(first):
        _die("bad packet header %02x, length %d" % (rx[0], n))
    if kind and end == PLAIN_IN:
        crc = crc32(first)
    else:
        _fill(_rx_view[len(first) : end + 4])
        crc = crc32(_rx_view[: end + 4])
    seq = get16(rx, 2)
    if crc != CRC_WHOLE:
        _die("CRC-32 of packet %d is wrong" % seq)
    if rx[1] != kind:
        _die("packet type %d instead of %d" % (rx[1], kind))
    if seq != _seq_in:
        _die("sequence %d instead of %d: a packet was lost or repeated" % (seq, _seq_in))
    _seq_in = (seq + 1) & 0xFFFF


def _take_input():
    """Read the next INPUT and let it happen: time, freed mailboxes, received frames, serial bytes."""
    global _us, _ms, _now_ms, uart_rx_head
    _read(1)
    buf = rx
    now_ms = get16(buf, 6) | get16(buf, 8) << 16
    then_us = _us
    then_ms = _ms
    step_ms = (now_ms - _now_ms) & 0xFFFFFFFF
    _now_ms = now_ms
    new_us = (then_us + step_ms * 1000) & MASK
    new_ms = now_ms & MASK
    ctl = can
    if ctl is not None and buf[IN_TX_DONE]:
        ctl._freed(buf[IN_TX_DONE])
    o = IN_FRAMES
    n = buf[o]
    o += 1
    if n:
        if ctl is None:
            o += n * FRAME_IN
        else:
            for _ in range(n):
                # An interrupt handler sees the time of the bus, not that of the tick.
                us = get30(buf, o)
                _us = us
                _ms = (then_ms + ((us - then_us) & MASK) // 1000) & MASK
                ctl._received(buf, o + 4)
                o += FRAME_IN
    _us = new_us
    _ms = new_ms
    if ctl is not None and (ctl._tx_events or ctl._state != buf[6 + 5]):
        ctl._update(buf[6 + 5])
    n = get16(buf, o)
    if n:
        o += 2
        for i in range(o, o + n):
            head = (uart_rx_head + 1) % UART_BUFFER
            if head == uart_rx_tail:
                break  # overrun: the byte is lost, as on a board
            uart_rx[uart_rx_head] = buf[i]
            uart_rx_head = head


def _send(sleep_ms):
    """Send OUTPUT: the outputs as they stand, the frames and serial bytes queued since the last one."""
    global _seq_out, uart_tx_tail, _sample
    buf = tx
    put32(buf, 6, _now_ms + sleep_ms)
    if _sample == 0:
        put32(buf, 16, _heap_used())
        _sample = HEAP_SAMPLE_TICKS
    _sample -= 1
    frames = buf[OUT_N]
    tail = uart_tx_tail
    head = uart_tx_head
    seq = _seq_out
    _seq_out = (seq + 1) & 0xFFFF
    if frames or tail != head:
        o = OUT_FRAMES + frames * FRAME_OUT
        n = 0
        at = o + 2
        while tail != head and n < UART_PER_TICK:
            buf[at] = uart_tx[tail]
            at += 1
            n += 1
            tail = (tail + 1) % UART_BUFFER
        uart_tx_tail = tail
        buf[o] = n
        end = at
        body = _tx_view[:end]
        whole = _tx_view[: end + 4]
    else:
        o = OUT_FRAMES
        buf[o] = 0
        end = PLAIN_OUT
        body = _tx_plain_body
        whole = _tx_plain
    buf[o + 1] = 0
    put16(buf, 2, seq)
    put16(buf, 4, end - 6)
    put32(buf, end, crc32(body))
    _out.write(whole)
    buf[OUT_N] = 0
    buf[OUT_CAN] &= 0x0E  # requests are for one tick, "on", "filters" and "silent" stay


def exchange(sleep_ms):
    """End the tick: hand over the outputs, sleep in virtual time, come back with new inputs."""
    global _woke, _fed
    if _fed:
        slack = _host_diff(_host_us(), _fed_at)
        if slack > 65535 or slack < 0:
            slack = 65535
        put16(tx, 14, slack)
    else:
        put32(tx, 12, 0)
    _send(sleep_ms)
    put16(tx, OUT_FED, 0)  # neither fed nor locked
    _fed = 0
    _take_input()
    _woke = _host_us()


def feed():
    """Feed the watchdog. Marks the end of the control tick and whether it ran with the heap locked."""
    global _fed, _fed_at
    tx[OUT_FED] = 1
    if _fed:
        return
    _fed = 1
    now = _host_us()
    _fed_at = now
    tick = _host_diff(now, _woke)
    if tick > 65535 or tick < 0:
        tick = 65535
    put16(tx, 12, tick)
    tx[OUT_FED + 1] = heap_locked()


# Non-volatile memory: one packet each way per operation, in buffers of their own, so that the inputs in rx stay.
_ask = bytearray(13)  # header; operation, address, length
_ask[0] = 0xA5
_ask[1] = 3
_reply = bytearray(6)
_crc = bytearray(4)


def _fill_all(buf):
    """Read exactly len(buf) bytes; allocates only where a stream hands them over in pieces."""
    n = _in.readinto(buf)
    if n != len(buf):
        if not n:
            sys.exit(0)
        _fill(memoryview(buf)[n:])


def _memory(op, address, length, data, into):
    """Ask the rig for one operation and wait until it is done; into takes the answer's bytes."""
    global _seq_in, _seq_out
    ask = _ask
    n = 7 if data is None else 7 + len(data)
    ask[2] = _seq_out & 0xFF
    ask[3] = _seq_out >> 8
    ask[4] = n & 0xFF
    ask[5] = n >> 8
    ask[6] = op
    for i in range(4):
        ask[7 + i] = (address >> (8 * i)) & 0xFF
    ask[11] = length & 0xFF
    ask[12] = length >> 8
    _seq_out = (_seq_out + 1) & 0xFFFF
    crc = crc32(ask)
    _out.write(ask)
    if data is not None:
        crc = crc32(data, crc)
        _out.write(data)
    for i in range(4):
        _crc[i] = (crc >> (8 * i)) & 0xFF
    _out.write(_crc)
    reply = _reply
    _fill_all(reply)
    n = 0 if into is None else length
    seq = reply[2] | reply[3] << 8
    if reply[0] != 0xA5 or reply[1] != 4 or reply[4] | reply[5] << 8 != n:
        _die("bad answer %02x %d to memory operation %d" % (reply[0], reply[1], op))
    if seq != _seq_in:
        _die("sequence %d instead of %d: a packet was lost or repeated" % (seq, _seq_in))
    _seq_in = (seq + 1) & 0xFFFF
    crc = crc32(reply)
    if into is not None:
        _fill_all(into)
        crc = crc32(into, crc)
    _fill_all(_crc)
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
        _fill(_rx_head)  # the rig ends this process


def _start():
    global seed, _woke
    _read(0)
    seed = rx[6] | rx[7] << 8 | rx[8] << 16 | rx[9] << 24
    _take_input()
    _woke = _host_us()


_start()
