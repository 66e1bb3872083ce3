"""`machine.CAN` of the virtual board: the truck link's controller. Limits follow the bxCAN driver."""

import _link
from _link import FRAME_OUT, FRAMES_OUT_MAX, OUT_FRAMES, OUT_N
from _link import len_ as _len
from _link import rx as _rx
from _link import tx as _tx
from _words import const, get30, move, put_frame

if _link.MICROPYTHON:
    from micropython import heap_lock as _heap_lock
    from micropython import heap_unlock as _heap_unlock
else:
    from _micropython import heap_lock as _heap_lock
    from _micropython import heap_unlock as _heap_unlock

_DEPTH = const(3)  # frames in a receive FIFO
_FRAME = const(14)  # bytes of one: as on the wire from its id on
# What the class shows under names of its own: a look-up of those in each tick costs more than what they are for.
_BUS_OFF = const(4)
_EXT_ID = const(2)
_UNORDERED = const(16)
_FULL = const(1)
_OVERRUN = const(2)
_IRQ_TX = const(1)
_IRQ_RX = const(2)
_IRQ_TX_FAILED = const(4)
_IRQ_STATE = const(8)
_SAME = ()  # default of CAN.irq: tells `irq()` from `irq(None)` without allocating


class _Irq:
    """What CAN.irq returns."""

    def __init__(self, can):
        self._can = can
        self.flags = can._next_event  # returns one pending event and clears it; 0 when there is none

    def trigger(self, trigger=None):
        """Return the trigger mask."""
        return self._can._trigger


class CAN:
    """Controller 3: the truck link."""

    MODE_NORMAL, MODE_SLEEP, MODE_LOOPBACK, MODE_SILENT, MODE_SILENT_LOOPBACK = 0, 1, 2, 3, 4
    STATE_STOPPED, STATE_ACTIVE, STATE_WARNING, STATE_PASSIVE, STATE_BUS_OFF = 0, 1, 2, 3, _BUS_OFF
    FLAG_RTR, FLAG_EXT_ID, FLAG_UNORDERED = 1, _EXT_ID, _UNORDERED
    RECV_ERR_FULL, RECV_ERR_OVERRUN = _FULL, _OVERRUN
    IRQ_TX, IRQ_RX, IRQ_TX_FAILED, IRQ_STATE = _IRQ_TX, _IRQ_RX, _IRQ_TX_FAILED, _IRQ_STATE
    IRQ_TX_IDX_SHIFT, IRQ_TX_IDX_MASK = 16, 255
    TX_QUEUE_LEN = 3
    FILTERS_MAX = 28

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
        # FIFO f: frames at fifo[f], count n[f]; a frame is id, flags, dlc, data.
        self._fifo = (bytearray(_FRAME * _DEPTH), bytearray(_FRAME * _DEPTH))
        self._n = [0, 0]
        self._lost = [False, False]
        self._overruns = 0
        self._warning = self._passive = self._off = 0
        self._tx_events = 0  # mailboxes that completed, bits 0-2; that failed, bits 4-6
        self._rx_event = False
        self._state_event = False
        self._list = None  # whose view a shorter one stands for at present
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
        _link.drop_frames()

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

    def _fifo_of(self, can_id, extended):
        """Return the FIFO that takes this frame by the filters, -1 if none does."""
        fifo = 0
        for row in self._filters:
            wanted, mask, flags = row
            if flags == extended and can_id & mask == wanted:
                return fifo
            fifo ^= 1
        return -1

    def _received(self, buf, o):
        """One frame came in at the present (bus) time: to its FIFO, then the interrupt."""
        flags = buf[o + 4]
        if self._filters is None:
            f = flags >> 1 & 1
        else:
            f = self._fifo_of(get30(buf, o), flags & _EXT_ID)
            if f < 0:
                return
        counts = self._n
        n = counts[f]
        if n >= _DEPTH:
            self._lost[f] = True
            self._overruns += 1
            return
        move(self._fifo[f], n * _FRAME, buf, o, _FRAME)
        counts[f] = n + 1
        if flags & 0x80:  # frames were lost behind this one while the processor stood still
            self._lost[f] = True
            self._overruns += 1
        handler = self._handler
        if handler is None or not self._trigger & _IRQ_RX:
            return
        # Level-triggered, and masked from the moment it fires until recv() is called.
        while not self._masked and (counts[0] or counts[1]):
            self._masked = True
            self._rx_event = True
            if self._hard:
                self._call()
            else:
                handler(self)
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
        pending, cancelled = self._pending, self._cancelled
        events = 0
        for i in range(3):
            if mask >> i & 1:
                events |= (16 if cancelled[i] else 1) << i
                pending[i] = -1
                cancelled[i] = False
        if self._handler is not None and self._trigger & _IRQ_TX:
            self._tx_events |= events

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
        if self._handler is None or not self._trigger & _IRQ_STATE:
            self._state_event = False
        if self._tx_events or self._state_event:
            self._call()
            self._tx_events = 0
            self._state_event = False

    def _next_event(self):
        if self._rx_event:
            self._rx_event = False
            return _IRQ_RX
        if self._state_event:
            self._state_event = False
            return _IRQ_STATE
        events = self._tx_events
        if not events:
            return 0
        i = 0
        while not events >> i & 0x11:
            i += 1
        self._tx_events = events & (0xFF ^ (0x11 << i))
        return _IRQ_TX | i << 16 | (_IRQ_TX_FAILED if events >> i & 0x10 else 0)

    def irq(self, handler=_SAME, trigger=0, hard=False):
        """Set the handler: called with this object at the bus time of each frame. No arguments: return the irq."""
        self._need_on()
        if handler is _SAME:
            return self._irq
        self._handler = handler
        self._trigger = trigger
        self._hard = hard
        if handler is None:
            self._tx_events = 0
        self._masked = False
        return self._irq

    def send(self, id, data, flags=0):
        """Queue one frame; return its mailbox, or None: no mailbox free, or the same numeric id still pending.

        Raises OSError in bus-off, ValueError for a bad id, OverflowError for more than 8 bytes.
        """
        if not self._on:
            raise OSError(22)  # EINVAL: not initialised
        if self._state == _BUS_OFF:
            raise OSError(100)  # ENETDOWN
        if id < 0 or id > (0x1FFFFFFF if flags & _EXT_ID else 0x7FF):
            raise ValueError("invalid id")
        n = _len(data)
        if n > 8:
            raise OverflowError("data too long")
        pending = self._pending
        a, b, c = pending
        if (a == id or b == id or c == id) and not flags & _UNORDERED:
            return None
        box = 0 if a < 0 else 1 if b < 0 else 2
        tx = _tx
        queued = tx[OUT_N]
        if pending[box] >= 0 or queued >= FRAMES_OUT_MAX:
            return None
        pending[box] = id
        o = OUT_FRAMES + queued * FRAME_OUT
        tx[OUT_N] = queued + 1
        tx[o] = box
        put_frame(tx, o + 1, id, flags & 3, n, data)
        return box

    def cancel_send(self, index):
        """Ask for a pending frame to be cancelled; True if one was pending. IRQ_TX tells what became of it."""
        self._need_on()
        if index < 0 or index >= 3:
            raise ValueError("invalid idx")
        queued = _tx[OUT_N]
        if self._pending[index] < 0 or self._cancelled[index] or queued >= FRAMES_OUT_MAX:
            return False
        self._cancelled[index] = True
        o = OUT_FRAMES + queued * FRAME_OUT
        _tx[OUT_N] = queued + 1
        for k in range(15):
            _tx[o + k] = 0
        _tx[o] = index
        _tx[o + 5] = 0x40
        return True

    def recv(self, arg=None):
        """Return [id, memoryview, flags, errors] of the oldest frame, or None. With a list, fills and returns it."""
        if not self._on:
            raise OSError(22)  # EINVAL: not initialised
        self._masked = False
        counts = self._n
        f = 0 if counts[0] else 1
        n = counts[f]
        if not n:
            return None
        fifo = self._fifo[f]
        dlc = fifo[5]
        if arg is None:
            arg = [0, memoryview(bytearray(8)), 0, 0]
        elif arg is self._list:
            arg[1] = self._view
            self._list = None
        view = arg[1]
        if dlc != _len(view):
            self._list = arg
            self._view = view
            arg[1] = view = self._short[dlc]
        move(view, 0, fifo, 6, dlc)
        arg[0] = get30(fifo, 0)
        arg[2] = fifo[4] & 3
        errors = _FULL if n >= _DEPTH else 0
        if self._lost[f]:
            errors |= _OVERRUN
            self._lost[f] = False
        arg[3] = errors
        n -= 1
        counts[f] = n
        if n:
            move(fifo, 0, fifo, _FRAME, _FRAME * n)
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
        _link.drop_frames()
        _tx[_link.OUT_CAN] |= 1
