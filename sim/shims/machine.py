"""`machine` of the virtual board: the names of MicroPython 1.29's module, with the limits of the real peripherals.

Pins, converters and counters are those of the node's I/O list; any other id raises ValueError. Inputs are read from
the last packet of the rig, outputs go into the next one. Reading and writing allocate nothing, so that the firmware
may call them under `heap_lock`. Limits of CAN follow the bxCAN driver: three mailboxes, two receive FIFOs of three
frames, no software queue, nothing received before `set_filters`.
"""

import _fram
import _link
from _link import rx as _rx
from _link import tx as _tx
from _words import Word, get30, move, put32

if _link.MICROPYTHON:
    from micropython import heap_lock as _heap_lock
    from micropython import heap_unlock as _heap_unlock
else:
    from _micropython import heap_lock as _heap_lock
    from _micropython import heap_unlock as _heap_unlock

# Values as the wire carries them; a port's own numbers differ, so compare with the names.
PWRON_RESET = 0
HARD_RESET = 1
WDT_RESET = 2
SOFT_RESET = 3

_DI, _DO, _AI, _AO, _CI, _CS = 1, 2, 3, 4, 5, 6


def _find_pins():
    """Return {pin id: (kind, slot)} of the I/O list."""
    io = _link.io
    pins = {}
    slot = 0
    for row in io.DI:
        if row[1] == "pin":
            pins[row[2]] = (_DI, slot)
            slot += 1
    for kind, rows in ((_DO, io.DO), (_AI, io.AI), (_AO, io.AO), (_CI, io.CI)):
        for i in range(len(rows)):
            pins[rows[i][1]] = (kind, i)
    pins[io.FRAM_CS] = (_CS, 0)
    return pins


_PINS = _find_pins()
_SAME = ()  # default of CAN.irq: tells `irq()` from `irq(None)` without allocating


def _slot(source, kind, what):
    """Return the slot of a pin id or Pin; ValueError if it is not a `what` of this board."""
    at = source._at if isinstance(source, Pin) else _PINS.get(source)
    if at is None or at[0] != kind:
        raise ValueError("%r is no %s of the %s" % (source, what, _link.name))
    return at[1]


class Pin:
    """A pin of the I/O list: contact in, valve out, or the carrier of ADC, PWM and Counter."""

    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        at = _PINS.get(id)
        if at is None:
            raise ValueError("%r is no pin of the %s" % (id, _link.name))
        self._id = id
        self._at = at
        kind, slot = at
        self._drives = kind == _DO
        if kind == _DO:
            self._o = _link.OUT_DO + (slot >> 3)
        else:
            self._o = _link.IN_DI + (slot >> 3)
        self._mask = 1 << (slot & 7)
        self._contact = kind == _DI
        self._selects = kind == _CS
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        """Set the mode. An input wired as a contact cannot be driven."""
        if (mode == Pin.OUT or mode == Pin.OPEN_DRAIN) and not (self._drives or self._selects):
            raise ValueError("%r is an input of the %s" % (self._id, _link.name))
        if value is not None:
            self.value(value)

    def value(self, x=None):
        """Return the level (0 or 1), or set it on an output."""
        if x is None and self._contact:
            return 1 if _rx[self._o] & self._mask else 0
        o = self._o
        if x is None:
            if self._selects:
                return 0 if _fram.selected else 1
            if not self._drives:
                raise ValueError("pin is analog or a counter")
            return 1 if _tx[o] & self._mask else 0
        if not self._drives:
            if self._selects:
                _fram.select(x)
                return None
            raise ValueError("pin is an input")
        if x:
            _tx[o] |= self._mask
        else:
            _tx[o] &= 0xFF ^ self._mask
        return None

    __call__ = value

    def on(self):
        """Energise the output."""
        self.value(1)

    def off(self):
        """De-energise the output."""
        self.value(0)

    high = on
    low = off

    def toggle(self):
        """Invert the output."""
        self.value(1 - self.value())

    def __repr__(self):
        return "Pin(%r)" % (self._id,)


class ADC:
    """One 4-20 mA input; 65535 is full scale of the converter."""

    def __init__(self, id, **kwargs):
        o = _link.IN_AI + 2 * _slot(id, _AI, "analog input")
        self.read_u16 = Word(memoryview(_rx)[o : o + 2]).read  # returns the converter's value, 0..65535


class PWM:
    """One analog output; duty 65535 is fully on."""

    def __init__(self, dest, *, freq=1000, duty_u16=0, invert=False):
        self._o = _link.OUT_AO + 2 * _slot(dest, _AO, "PWM output")
        self._hz = freq
        self.duty_u16(duty_u16)

    def init(self, *, freq=1000, duty_u16=0):
        """Set frequency (Hz) and duty."""
        self._hz = freq
        self.duty_u16(duty_u16)

    def duty_u16(self, duty=None):
        """Return the duty 0..65535, or set it."""
        o = self._o
        if duty is None:
            return _tx[o] | _tx[o + 1] << 8
        if duty < 0 or duty > 65535:
            raise ValueError("duty_u16")
        _tx[o] = duty & 0xFF
        _tx[o + 1] = duty >> 8
        return None

    def freq(self, hz=None):
        """Return the frequency in Hz, or set it."""
        if hz is None:
            return self._hz
        self._hz = hz
        return None

    def deinit(self):
        """Switch off."""
        self.duty_u16(0)


class Counter:
    """Hardware pulse counter of one CI row."""

    def __init__(self, id, src=None, **kwargs):
        self._o = _link.IN_CI + 4 * _slot(src, _CI, "pulse input")
        self._zero = 0

    def value(self, v=None):
        """Return the count since the board started (or since set); set it if v is given."""
        o = self._o
        n = (_rx[o] | _rx[o + 1] << 8 | _rx[o + 2] << 16 | _rx[o + 3] << 24) - self._zero
        if v is not None:
            self._zero += n - v
        return n


class SPI:
    """Bus 0. While the FRAM's chip select is low the FRAM answers (see _fram); else the input expander does.

    The expander answers every transfer with its image, bit AT of the I/O list in byte AT >> 3.
    """

    MSB = 0
    LSB = 1

    def __init__(self, id, baudrate=1000000, **kwargs):
        if id != 0:
            raise ValueError("SPI(%r) does not exist" % (id,))
        self._n = _link.io.SPI_DI_BYTES

    def readinto(self, buf, write=0):
        """Fill buf with the expander's image; bytes beyond it read 0."""
        if _fram.selected:
            _fram.transfer(None, buf, write)
            return
        n = self._n
        if len(buf) <= n:
            n = len(buf)
        else:
            for i in range(n, len(buf)):
                buf[i] = 0
        move(buf, 0, _rx, _link.IN_SPI, n)

    def read(self, nbytes, write=0):
        """Return nbytes of what comes in. Allocates."""
        buf = bytearray(nbytes)
        self.readinto(buf, write)
        return bytes(buf)

    def write(self, buf):
        """Send buf. The expander has nothing to set."""
        if _fram.selected:
            _fram.transfer(buf, None)

    def write_readinto(self, write_buf, read_buf):
        """Transfer both ways; the buffers may be the same one."""
        if len(write_buf) != len(read_buf):
            raise ValueError("buffers must be the same length")
        if _fram.selected:
            _fram.transfer(write_buf, read_buf)
        else:
            self.readinto(read_buf)

    def deinit(self):
        """Nothing to release."""


class UART:
    """Port 1, the technician's console: 512 bytes of buffer each way, 115200 baud whatever is asked for."""

    def __init__(self, id, baudrate=9600, **kwargs):
        if id != 1:
            raise ValueError("UART(%r) does not exist" % (id,))

    def init(self, baudrate=9600, **kwargs):
        """Accepted and ignored: the rate of the model is fixed."""

    def any(self):
        """Return how many bytes wait."""
        return (_link.uart_rx_head - _link.uart_rx_tail) % _link.UART_BUFFER

    def readinto(self, buf, nbytes=None):
        """Fill buf with waiting bytes; return how many, or None if there are none."""
        n = self.any()
        if nbytes is not None and nbytes < n:
            n = nbytes
        if len(buf) < n:
            n = len(buf)
        if n == 0:
            return None
        tail = _link.uart_rx_tail
        for i in range(n):
            buf[i] = _link.uart_rx[tail]
            tail = (tail + 1) % _link.UART_BUFFER
        _link.uart_rx_tail = tail
        return n

    def read(self, nbytes=-1):
        """Return waiting bytes (at most nbytes), or None. Allocates."""
        if _link.uart_rx_head == _link.uart_rx_tail:
            return None
        n = self.any()
        if nbytes >= 0 and nbytes < n:
            n = nbytes
        if n == 0:
            return None
        buf = bytearray(n)
        self.readinto(buf)
        return bytes(buf)

    def readline(self):
        """Return one waiting line with its end, or what waits, or None. Allocates."""
        tail = _link.uart_rx_tail
        n = 0
        for _ in range(self.any()):
            n += 1
            if _link.uart_rx[tail] == 10:
                break
            tail = (tail + 1) % _link.UART_BUFFER
        return self.read(n) if n else None

    def write(self, buf):
        """Queue bytes; return how many were taken, None if the buffer is full (it never waits)."""
        if isinstance(buf, str):
            buf = buf.encode()
        head = _link.uart_tx_head
        tail = _link.uart_tx_tail
        ring = _link.uart_tx
        size = _link.UART_BUFFER
        n = 0
        for i in range(len(buf)):
            after = (head + 1) % size
            if after == tail:
                break
            ring[head] = buf[i]
            head = after
            n += 1
        _link.uart_tx_head = head
        return n if n or not len(buf) else None

    def txdone(self):
        """Return True when everything has been sent."""
        return _link.uart_tx_head == _link.uart_tx_tail


class WDT:
    """The watchdog: the rig resets a board that has not fed for 500 ms of simulated time. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%r) does not exist" % (id,))
        _tx[_link.OUT_FED] = 1
        self.feed = _link.feed  # the end of the control tick: its cost and the heap's lock are measured there


class _Irq:
    """What CAN.irq returns."""

    def __init__(self, can):
        self._can = can

    def flags(self):
        """Return one pending event and clear it; 0 when there is none."""
        return self._can._next_event()

    def trigger(self, trigger=None):
        """Return the trigger mask."""
        return self._can._trigger


class CAN:
    """Controller 3: the truck link."""

    MODE_NORMAL, MODE_SLEEP, MODE_LOOPBACK, MODE_SILENT, MODE_SILENT_LOOPBACK = 0, 1, 2, 3, 4
    STATE_STOPPED, STATE_ACTIVE, STATE_WARNING, STATE_PASSIVE, STATE_BUS_OFF = 0, 1, 2, 3, 4
    FLAG_RTR, FLAG_EXT_ID, FLAG_UNORDERED = 1, 2, 16
    RECV_ERR_FULL, RECV_ERR_OVERRUN = 1, 2
    IRQ_TX, IRQ_RX, IRQ_TX_FAILED, IRQ_STATE = 1, 2, 4, 8
    IRQ_TX_IDX_SHIFT, IRQ_TX_IDX_MASK = 16, 255
    TX_QUEUE_LEN = 3
    FILTERS_MAX = 28
    _DEPTH = 3

    _one = None

    def __new__(cls, id, *args, **kwargs):
        if id != 3:
            raise ValueError("invalid id: the link is CAN(3)")
        if CAN._one is None:
            CAN._one = object.__new__(cls)
            CAN._one._on = False
        return CAN._one

    def __init__(self, id, *args, **kwargs):
        if args or kwargs:
            self.init(*args, **kwargs)

    def init(self, bitrate, mode=0, sample_point=75, sjw=1, tseg1=None, tseg2=None):
        """Join the bus. Nothing is received before set_filters."""
        if mode != CAN.MODE_NORMAL and mode != CAN.MODE_SILENT:
            raise ValueError("mode")
        if bitrate != 500000 and bitrate != 250000:
            raise ValueError("bitrate")
        if sjw < 1 or sjw > 4:
            raise ValueError("sjw")
        self._bitrate = bitrate
        self._state = CAN.STATE_ACTIVE
        self._filters = ()
        self._handler = None
        self._trigger = 0
        self._hard = False
        self._irq = _Irq(self)
        self._masked = False
        self._pending = [-1, -1, -1]
        self._cancelled = [False, False, False]
        # FIFO f: frames at fifo[f], count n[f]; a frame is 14 bytes as on the wire: id, flags, dlc, data.
        self._fifo = (bytearray(14 * CAN._DEPTH), bytearray(14 * CAN._DEPTH))
        self._n = [0, 0]
        self._lost = [False, False]
        self._overruns = 0
        self._warning = self._passive = self._off = 0
        self._tx_events = 0  # mailboxes that completed, bits 0-2; that failed, bits 4-6
        self._rx_event = False
        self._state_event = False
        self._list = None
        self._view = None
        # recv must hand out a view of exactly the frame's length without allocating: one ready for each.
        self._short = [memoryview(bytearray(8))[:n] for n in range(9)]
        self._on = True
        _link.can = self
        _tx[_link.OUT_CAN] = 4 | (8 if mode == CAN.MODE_SILENT else 0)

    def deinit(self):
        """Leave the bus; pending frames are dropped."""
        self._on = False
        _link.can = None
        _tx[_link.OUT_CAN] = 0
        _tx[_link.OUT_N] = 0

    def _need_on(self):
        if not self._on:
            raise OSError(22)  # EINVAL: not initialised

    def set_filters(self, filters):
        """None: receive everything. Else (id, mask, flags) rows, dealt to the two FIFOs in turn; () none."""
        self._need_on()
        if filters is None:
            self._filters = None
        else:
            rows = []
            for row in filters:
                can_id, mask, flags = row
                top = 0x1FFFFFFF if flags & CAN.FLAG_EXT_ID else 0x7FF
                if can_id < 0 or can_id > top or mask < 0 or mask > top:
                    raise ValueError("invalid id")
                if flags & ~CAN.FLAG_EXT_ID:
                    raise ValueError("flags")
                rows.append((can_id & mask, mask, flags))
            if len(rows) > CAN.FILTERS_MAX:
                raise ValueError("too many filters")
            self._filters = rows
        _tx[_link.OUT_CAN] |= 2

    def _fifo_of(self, can_id, flags):
        """Return the FIFO that takes this frame by the filters, -1 if none does."""
        filters = self._filters
        ext = flags & CAN.FLAG_EXT_ID
        i = 0
        for row in filters:
            if row[2] == ext and can_id & row[1] == row[0]:
                return i & 1
            i += 1
        return -1

    def _received(self, buf, o):
        """One frame came in at the present (bus) time: to its FIFO, then the interrupt."""
        flags = buf[o + 4]
        if self._filters is None:
            f = 1 if flags & 2 else 0
        else:
            f = self._fifo_of(get30(buf, o), flags & 3)
            if f < 0:
                return
        n = self._n[f]
        if n >= CAN._DEPTH:
            self._lost[f] = True
            self._overruns += 1
            return
        at = n * 14
        fifo = self._fifo[f]
        move(fifo, at, buf, o, 14)
        fifo[at + 4] = flags & 3
        self._n[f] = n + 1
        if flags & 0x80:  # frames were lost behind this one while the processor stood still
            self._lost[f] = True
            self._overruns += 1
        self._interrupt_rx()

    def _interrupt_rx(self):
        # Level-triggered, and masked from the moment it fires until recv() is called.
        while (
            self._handler is not None
            and self._trigger & CAN.IRQ_RX
            and not self._masked
            and (self._n[0] or self._n[1])
        ):
            self._masked = True
            self._rx_event = True
            self._call()
        self._rx_event = False

    def _call(self):
        if self._hard:
            _heap_lock()
            try:
                self._handler(self)
            finally:
                _heap_unlock()
        else:
            self._handler(self)

    def _freed(self, mask):
        """The rig says which mailboxes are empty again."""
        for i in range(3):
            if mask & 1 << i:
                self._tx_events |= (16 if self._cancelled[i] else 1) << i
                self._pending[i] = -1
                self._cancelled[i] = False

    def _update(self, state):
        """After the frames of a tick: error state, then the transmit and state interrupts."""
        old = self._state
        if state != old:
            if state == 2 and old < 2:
                self._warning += 1
            elif state == 3 and old < 3:
                self._passive += 1
            elif state == 4:
                self._off += 1
            self._state = state
            if state > old:
                self._state_event = True
        if self._handler is None:
            self._tx_events = 0
            self._state_event = False
        elif self._tx_events or self._state_event:
            if not self._trigger & CAN.IRQ_TX:
                self._tx_events = 0
            if not self._trigger & CAN.IRQ_STATE:
                self._state_event = False
            if self._tx_events or self._state_event:
                self._call()
                self._tx_events = 0
                self._state_event = False

    def _next_event(self):
        if self._rx_event:
            self._rx_event = False
            return CAN.IRQ_RX
        if self._state_event:
            self._state_event = False
            return CAN.IRQ_STATE
        events = self._tx_events
        for i in range(3):
            if events & 0x11 << i:
                self._tx_events = events & (0xFF ^ (0x11 << i))
                return CAN.IRQ_TX | i << 16 | (CAN.IRQ_TX_FAILED if events & 0x10 << i else 0)
        return 0

    def irq(self, handler=_SAME, trigger=0, hard=False):
        """Set the handler: called with this object at the bus time of each frame. No arguments: return the irq."""
        self._need_on()
        if handler is _SAME:
            return self._irq
        self._handler = handler
        self._trigger = trigger
        self._hard = hard
        self._masked = False
        return self._irq

    def send(self, id, data, flags=0):
        """Queue one frame; return its mailbox, or None: no mailbox free, or the same numeric id still pending.

        Raises OSError in bus-off, ValueError for a bad id, OverflowError for more than 8 bytes.
        """
        self._need_on()
        if self._state == CAN.STATE_BUS_OFF:
            raise OSError(100)  # ENETDOWN
        if id < 0 or id > (0x1FFFFFFF if flags & CAN.FLAG_EXT_ID else 0x7FF):
            raise ValueError("invalid id")
        n = len(data)
        if n > 8:
            raise OverflowError("data too long")
        pending = self._pending
        box = -1
        for i in range(3):
            if pending[i] == id and not flags & CAN.FLAG_UNORDERED:
                return None
            if pending[i] < 0 and box < 0:
                box = i
        if box < 0 or _tx[_link.OUT_N] >= _link.FRAMES_OUT_MAX:
            return None
        pending[box] = id
        o = _link.OUT_FRAMES + _tx[_link.OUT_N] * _link.FRAME_OUT
        _tx[_link.OUT_N] += 1
        _tx[o] = box
        put32(_tx, o + 1, id)
        _tx[o + 5] = flags & 3
        _tx[o + 6] = n
        o += 7
        if flags & CAN.FLAG_RTR:
            n = 0
        move(_tx, o, data, 0, n)
        for k in range(n, 8):
            _tx[o + k] = 0
        return box

    def cancel_send(self, index):
        """Ask for a pending frame to be cancelled; True if one was pending. IRQ_TX tells what became of it."""
        self._need_on()
        if index < 0 or index >= 3:
            raise ValueError("invalid idx")
        if self._pending[index] < 0 or self._cancelled[index] or _tx[_link.OUT_N] >= _link.FRAMES_OUT_MAX:
            return False
        self._cancelled[index] = True
        o = _link.OUT_FRAMES + _tx[_link.OUT_N] * _link.FRAME_OUT
        _tx[_link.OUT_N] += 1
        for k in range(15):
            _tx[o + k] = 0
        _tx[o] = index
        _tx[o + 5] = 0x40
        return True

    def recv(self, arg=None):
        """Return [id, memoryview, flags, errors] of the oldest frame, or None. With a list, fills and returns it."""
        self._need_on()
        self._masked = False
        n = self._n
        f = 0 if n[0] else 1
        if not n[f]:
            return None
        fifo = self._fifo[f]
        dlc = fifo[5]
        if arg is None:
            arg = [0, memoryview(bytearray(8)), 0, 0]
        if arg is self._list:
            view = self._view
        else:
            view = arg[1]
            self._list = arg
            self._view = view
        arg[0] = get30(fifo, 0)
        if dlc <= len(view):
            move(view, 0, fifo, 6, dlc)
        if dlc != len(view):
            view = self._short[dlc]
            move(view, 0, fifo, 6, dlc)
        arg[1] = view
        arg[2] = fifo[4]
        errors = 0
        if n[f] >= CAN._DEPTH:
            errors = CAN.RECV_ERR_FULL
        if self._lost[f]:
            errors |= CAN.RECV_ERR_OVERRUN
            self._lost[f] = False
        arg[3] = errors
        left = n[f] - 1
        n[f] = left
        if left:
            move(fifo, 0, fifo, 14, 14 * left)
        return arg

    def state(self):
        """Return the error state, STATE_*."""
        return self._state if self._on else CAN.STATE_STOPPED

    def get_counters(self, arg=None):
        """Return [TEC, REC, warnings, passives, bus-offs, TX pending, RX pending, RX overruns]."""
        if arg is None:
            arg = [0] * 8
        on = self._on
        arg[0] = _rx[12] if on else 0
        arg[1] = _rx[13] if on else 0
        arg[2] = self._warning if on else 0
        arg[3] = self._passive if on else 0
        arg[4] = self._off if on else 0
        pending = 0
        if on:
            for i in range(3):
                if self._pending[i] >= 0:
                    pending += 1
        arg[5] = pending
        arg[6] = self._n[0] + self._n[1] if on else 0
        arg[7] = self._overruns if on else 0
        return arg

    def get_timings(self, arg=None):
        """Return [bitrate, sjw, tseg1, tseg2, None, None]."""
        if arg is None:
            arg = [0] * 6
        arg[0] = self._bitrate
        arg[1] = 1
        arg[2] = 13
        arg[3] = 2
        arg[4] = None
        arg[5] = None
        return arg

    def restart(self):
        """Leave bus-off. Clears the counters and drops pending frames, without IRQ_TX."""
        self._need_on()
        for i in range(3):
            self._pending[i] = -1
            self._cancelled[i] = False
        self._tx_events = 0
        self._warning = self._passive = self._off = self._overruns = 0
        self._state = CAN.STATE_ACTIVE
        _tx[_link.OUT_N] = 0
        _tx[_link.OUT_CAN] |= 1


def reset_cause():
    """Return why the board started: PWRON_RESET, HARD_RESET, WDT_RESET or SOFT_RESET."""
    return _CAUSE


def reset():
    """Reset the board; does not return."""
    _link.reset(0x80)


def soft_reset():
    """Restart the interpreter; does not return."""
    _link.reset(0x40)


def unique_id():
    """Return 8 bytes: of this run's seed, so that two boards differ."""
    s = _link.seed
    return b"CRYO" + bytes((s & 0xFF, (s >> 8) & 0xFF, (s >> 16) & 0xFF, (s >> 24) & 0xFF))


def idle():
    """Nothing to wait for in virtual time."""


def freq(hz=None):
    """Return the clock of the reference board in Hz."""
    return 600000000


def disable_irq():
    """Interrupt handlers run inside sleep_ms only: there is nothing to mask."""
    return 0


def enable_irq(state=0):
    """See disable_irq."""


_CAUSE = _rx[10]
