"""4-20 mA inputs: counts to engineering integers, and the judgement whether a reading may be believed.

A reading is bad below 3.6 mA or above 21 mA (NAMUR NE43) at once, and good again only after RECOVER good
samples. A transmitter that has not moved by more than the converter's own noise for its STUCK time is bad
too. A bad value keeps its last good number, which nobody may use: `ok[i]` is asked first.
"""

from micropython import const

# Full scale of the shunt and converter is 22 mA at 65535 counts.
COUNTS_4_MA = const(11915)
COUNTS_SPAN = const(47662)  # 20 mA - 4 mA
COUNTS_LOW = const(10724)  # 3.6 mA
COUNTS_HIGH = const(62556)  # 21 mA
STUCK_COUNTS = const(5)  # a frozen transmitter moves only by the converter's noise
RECOVER = const(10)
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
        self._adc = adcs
        self._lo = [row[2] for row in rows]
        scales = [_scale(row[3] - row[2]) for row in rows]
        self._mul = [s[0] for s in scales]
        self._shift = [s[1] for s in scales]
        self._good = [0] * n
        self._stuck = [0] * n
        # Stuck windows are counted in samples of the row's own scan time.
        self._window = [row[12] * 1000 // row[10] for row in rows]
        self._left = list(self._window)
        self._min = [65535] * n
        self._max = [0] * n
        fast = [i for i in range(n) if rows[i][10] == 10]
        slow = [i for i in range(n) if rows[i][10] != 10]
        self._groups = tuple(tuple(fast + slow[k::5]) for k in range(5))
        self._all = tuple(range(n))

    def prime(self):
        """Read every channel once at start-up so that good ones are good before the first decision."""
        for _ in range(RECOVER):
            self._scan(self._all)

    def sample(self, tick):
        """Scan the channels of this tick (a running number)."""
        self._scan(self._groups[tick % 5])

    def _scan(self, channels):
        adc, raw = self._adc, self.raw
        ok, good = self.ok, self._good
        for i in channels:
            c = adc[i].read_u16()
            raw[i] = c
            if COUNTS_LOW <= c <= COUNTS_HIGH:
                self.value[i] = self._lo[i] + ((c - COUNTS_4_MA) * self._mul[i] >> self._shift[i])
                if self._window[i]:
                    self._watch(i, c)
                if ok[i]:
                    continue
                g = good[i] + 1
                if g >= RECOVER and not self._stuck[i]:
                    ok[i] = 1
                else:
                    good[i] = g
            else:
                ok[i] = 0
                good[i] = 0

    def _watch(self, i, c):
        if c < self._min[i]:
            self._min[i] = c
        if c > self._max[i]:
            self._max[i] = c
        if self._stuck[i] and self._max[i] - self._min[i] > STUCK_COUNTS:
            self._stuck[i] = 0
        left = self._left[i] - 1
        if left <= 0:
            if self._max[i] - self._min[i] <= STUCK_COUNTS:
                self._stuck[i] = 1
                self.ok[i] = 0
                self._good[i] = 0
            self._min[i] = self._max[i] = c
            left = self._window[i]
        self._left[i] = left
