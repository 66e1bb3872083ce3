"""`machine` of the virtual board: the names of MicroPython 1.29's module, with the limits of the real peripherals.

Pins, converters and counters are those of the node's I/O list; any other id raises ValueError. Inputs are read from
the last packet of the rig, outputs go into the next one. Reading and writing allocate nothing, so that the firmware
may call them under `heap_lock`. Limits of CAN follow the bxCAN driver: three mailboxes, two receive FIFOs of three
frames, no software queue, nothing received before `set_filters`.
"""

import _fram
import _link
from _can import CAN
from _link import IN_SPI, UART_BUFFER, uart_rx, uart_tx
from _link import len_ as _len
from _link import numbers as _numbers
from _link import rx as _rx
from _link import tx as _tx
from _words import OUT_FED, RX_HEAD, RX_TAIL, TX_HEAD, TX_TAIL, get32, level, move, word

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
        self._selects = kind == _CS
        self.init(mode, pull, value=value)
        if kind == _DI:
            self.value = level(memoryview(_rx)[self._o : self._o + 1], self._mask)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        """Set the mode. An input wired as a contact cannot be driven."""
        if (mode == Pin.OUT or mode == Pin.OPEN_DRAIN) and not (self._drives or self._selects):
            raise ValueError("%r is an input of the %s" % (self._id, _link.name))
        if value is not None:
            self.value(value)

    def value(self, x=None):
        """Return the level (0 or 1), or set it on an output."""
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

    def __call__(self, x=None):
        """See `value`."""
        return self.value() if x is None else self.value(x)

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
        self.read_u16 = word(memoryview(_rx)[o : o + 2])  # returns the converter's value, 0..65535


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
        n = get32(_rx, self._o) - self._zero
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
        size = _len(buf)
        if size < n:
            n = size
        elif size > n:
            for i in range(n, size):
                buf[i] = 0
        move(buf, 0, _rx, IN_SPI, n)

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
        return (_numbers[RX_HEAD] - _numbers[RX_TAIL]) % UART_BUFFER

    def readinto(self, buf, nbytes=None):
        """Fill buf with waiting bytes; return how many, or None if there are none."""
        n = self.any()
        if nbytes is not None and nbytes < n:
            n = nbytes
        if len(buf) < n:
            n = len(buf)
        if n == 0:
            return None
        tail = _numbers[RX_TAIL]
        for i in range(n):
            buf[i] = uart_rx[tail]
            tail = (tail + 1) % UART_BUFFER
        _numbers[RX_TAIL] = tail
        return n

    def read(self, nbytes=-1):
        """Return waiting bytes (at most nbytes), or None. Allocates."""
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
        tail = _numbers[RX_TAIL]
        n = 0
        for _ in range(self.any()):
            n += 1
            if uart_rx[tail] == 10:
                break
            tail = (tail + 1) % UART_BUFFER
        return self.read(n) if n else None

    def write(self, buf):
        """Queue bytes; return how many were taken, None if the buffer is full (it never waits)."""
        if isinstance(buf, str):
            buf = buf.encode()
        head = _numbers[TX_HEAD]
        tail = _numbers[TX_TAIL]
        n = 0
        for i in range(len(buf)):
            after = (head + 1) % UART_BUFFER
            if after == tail:
                break
            uart_tx[head] = buf[i]
            head = after
            n += 1
        _numbers[TX_HEAD] = head
        return n if n or not len(buf) else None

    def txdone(self):
        """Return True when everything has been sent."""
        return _numbers[TX_HEAD] == _numbers[TX_TAIL]


class WDT:
    """The watchdog: the rig resets a board that has not fed for 500 ms of simulated time. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%r) does not exist" % (id,))
        _tx[OUT_FED] = 1
        self.feed = _link.feed  # the end of the control tick: its cost and the heap's lock are measured there


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
