"""4-20 mA inputs: counts to engineering integers, and the judgement whether a reading may be believed.

A reading is bad below 3.6 mA or above 21 mA (NAMUR NE43) at once, and good again only after RECOVER good
samples. A transmitter that has not moved by more than the converter's own noise for its STUCK time is bad
too. A bad value keeps its last good number, which nobody may use: `ok[i]` is asked first.
"""

from array import array

from micropython import const

# Full scale of the shunt and converter is 22 mA at 65535 counts.
COUNTS_4_MA = const(11915)
COUNTS_SPAN = const(47662)  # 20 mA - 4 mA
COUNTS_LOW = const(10724)  # 3.6 mA
COUNTS_HIGH = const(62556)  # 21 mA
STUCK_COUNTS = const(8)  # converter noise of a frozen loop spans 5 to 7 in a window, a live one at least 12
RECOVER = const(10)
WATCH_MS = const(50)
MUL_MAX = const(21000)  # keeps counts * mul below 2**30


def _scale(span):
    """Return (mul, shift) with span / COUNTS_SPAN = mul / 2**shift and mul as large as 31 bits allow."""
    shift = 0
    while ((span << (shift + 1)) + COUNTS_SPAN // 2) // COUNTS_SPAN <= MUL_MAX and shift < 14:
        shift += 1
    return ((span << shift) + COUNTS_SPAN // 2) // COUNTS_SPAN, shift


class AnalogInputs:
    """All transmitters of a node.

    `value[i]` is in the unit of row i of AI, `ok[i]` is 1 when it may be used, `raw[i]` are the counts.
    `sample(tick)` scans the 10 ms rows each tick and a fifth of the 50 ms rows; no allocation.
    """

    def __init__(self, rows, adcs):
        n = len(rows)
        self.value = [0] * n
        self.ok = [0] * n
        self.raw = [0] * n
        # Rows of one range share their scale.
        scales = {(row[2], row[3]): (row[2],) + _scale(row[3] - row[2]) for row in rows}
        self._inputs = tuple([(adcs[i].read_u16, scales[row[2], row[3]]) for i, row in enumerate(rows)])
        self._good = bytearray(n)
        self._n_bad = n  # how many are not ok: as a rule none, and then nobody has to look which
        self._stuck = bytearray(n)
        self._window = array("H", [row[12] * 1000 // WATCH_MS for row in rows])  # in looks
        self._left = array("H", self._window)
        self._min = array("H", [65535] * n)
        self._max = array("H", bytes(2 * n))
        fast = [i for i in range(n) if rows[i][10] == 10]
        slow = [i for i in range(n) if rows[i][10] != 10]
        self._groups = tuple([bytes(fast + slow[k::5]) for k in range(5)])
        # Every channel is judged for being stuck once in five ticks, in the tick that scans it.
        self._watched = tuple(
            [bytes([i for i in fast[k::5] + slow[k::5] if self._window[i]]) for k in range(5)]
        )

    def prime(self):
        """Read every channel at start-up so that good ones are good before the first decision."""
        for _ in range(RECOVER):
            self._scan(range(len(self.value)))

    def sample(self, tick):
        """Scan the channels of this tick (a running number)."""
        group = tick % 5
        self._scan(self._groups[group])
        for i in self._watched[group]:
            self._watch(i)

    def _scan(self, channels):
        raw, value, n_bad = self.raw, self.value, self._n_bad
        inputs = self._inputs
        for i in channels:
            read_u16, scale = inputs[i]
            c = read_u16()
            raw[i] = c
            if COUNTS_LOW <= c <= COUNTS_HIGH:
                low, mul, shift = scale
                value[i] = low + ((c - COUNTS_4_MA) * mul >> shift)
                if n_bad and not self.ok[i] and not self._stuck[i]:
                    self._good[i] += 1
                    if self._good[i] >= RECOVER:
                        self.ok[i] = 1
                        self._n_bad -= 1
            else:
                self._drop(i)

    def _drop(self, i):
        """Believe a channel no more, before RECOVER good samples."""
        if self.ok[i]:
            self.ok[i] = 0
            self._n_bad += 1
        self._good[i] = 0

    def _watch(self, i):
        c, low, high = self.raw[i], self._min, self._max
        if c < low[i]:
            low[i] = c
        if c > high[i]:
            high[i] = c
        if self._stuck[i] and high[i] - low[i] > STUCK_COUNTS:
            self._stuck[i] = 0
        left = self._left[i] - 1
        if left <= 0:
            if high[i] - low[i] <= STUCK_COUNTS:
                self._stuck[i] = 1
                self._drop(i)
            low[i] = high[i] = c
            left = self._window[i]
        self._left[i] = left
