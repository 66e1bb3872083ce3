"""AUTOSAR E2E Profile 5 on 8-byte CAN frames: CRC, protect, and the receiver's judgement of each message.

Header: bytes 0-1 CRC-16 (low byte first), byte 2 counter. The CRC runs over bytes 2-7, then the 16-bit data
id, low byte first; the data id is not sent, so a frame copied to another identifier fails. Nothing here
allocates, raises or needs more than 31 bits; all of it may run in the control tick. The CRC detects faults:
it is no authentication.
Source: AUTOSAR PRS E2E Protocol, Profile 5; checked against autosar-e2e and crccheck.
"""

from micropython import const

# Verdict of Receiver.check, and index into Receiver.counts
OK = const(0)
NO_NEW_DATA = const(1)  # no frame since the last call
REPEATED = const(2)  # counter did not move
WRONG_SEQUENCE = const(3)  # counter moved by more than max_delta, or stands behind a newer frame's
CRC_ERROR = const(4)
OK_SOME_LOST = const(5)  # counter moved by 2 to max_delta: data good, some frames lost
GOOD = (OK, OK_SOME_LOST)  # verdicts with which a frame's values may be used

QUALIFY_GOOD = const(3)  # good frames in a row before a message is believed
_WINDOW_MASK = const(0x3FF)  # 2 bad frames among the last 10 end that

# An old frame stays old: a counter that stands behind the newest one is refused until the stream passes that again,
# so that replayed frames cannot qualify. After this long without a good frame the fill has ended (LINK_LOST, at the
# same age), and a sender may begin anew anywhere.
FORGET_MS = const(1000)
_BACKWARDS = const(128)  # steps of the 8-bit counter from here on point backwards

AGE_MAX_MS = const(86_400_000)  # age_ms saturates here: "a day or more, or never"
_TICKS_MASK = const(0x3FFFFFFF)  # the board's millisecond ticks wrap at 2**30
_AHEAD_MAX_MS = const(1000)  # a frame's own time may be a little later than the tick's
_COUNT_MAX = const(0x3FFFFFFF)  # one more would need a big integer

# CRC-16/CCITT-FALSE (polynomial 0x1021, initial 0xFFFF), high and low byte of the table apart: one step is
# then two look-ups and two XORs without shift or mask, the fastest form in bytecode, and the tables stay in
# flash when frozen.
_CRC_HIGH = (
    b"\x00\x10\x20\x30\x40\x50\x60\x70\x81\x91\xa1\xb1\xc1\xd1\xe1\xf1"
    b"\x12\x02\x32\x22\x52\x42\x72\x62\x93\x83\xb3\xa3\xd3\xc3\xf3\xe3"
    b"\x24\x34\x04\x14\x64\x74\x44\x54\xa5\xb5\x85\x95\xe5\xf5\xc5\xd5"
    b"\x36\x26\x16\x06\x76\x66\x56\x46\xb7\xa7\x97\x87\xf7\xe7\xd7\xc7"
    b"\x48\x58\x68\x78\x08\x18\x28\x38\xc9\xd9\xe9\xf9\x89\x99\xa9\xb9"
    b"\x5a\x4a\x7a\x6a\x1a\x0a\x3a\x2a\xdb\xcb\xfb\xeb\x9b\x8b\xbb\xab"
    b"\x6c\x7c\x4c\x5c\x2c\x3c\x0c\x1c\xed\xfd\xcd\xdd\xad\xbd\x8d\x9d"
    b"\x7e\x6e\x5e\x4e\x3e\x2e\x1e\x0e\xff\xef\xdf\xcf\xbf\xaf\x9f\x8f"
    b"\x91\x81\xb1\xa1\xd1\xc1\xf1\xe1\x10\x00\x30\x20\x50\x40\x70\x60"
    b"\x83\x93\xa3\xb3\xc3\xd3\xe3\xf3\x02\x12\x22\x32\x42\x52\x62\x72"
    b"\xb5\xa5\x95\x85\xf5\xe5\xd5\xc5\x34\x24\x14\x04\x74\x64\x54\x44"
    b"\xa7\xb7\x87\x97\xe7\xf7\xc7\xd7\x26\x36\x06\x16\x66\x76\x46\x56"
    b"\xd9\xc9\xf9\xe9\x99\x89\xb9\xa9\x58\x48\x78\x68\x18\x08\x38\x28"
    b"\xcb\xdb\xeb\xfb\x8b\x9b\xab\xbb\x4a\x5a\x6a\x7a\x0a\x1a\x2a\x3a"
    b"\xfd\xed\xdd\xcd\xbd\xad\x9d\x8d\x7c\x6c\x5c\x4c\x3c\x2c\x1c\x0c"
    b"\xef\xff\xcf\xdf\xaf\xbf\x8f\x9f\x6e\x7e\x4e\x5e\x2e\x3e\x0e\x1e"
)
_CRC_LOW = (
    b"\x00\x21\x42\x63\x84\xa5\xc6\xe7\x08\x29\x4a\x6b\x8c\xad\xce\xef"
    b"\x31\x10\x73\x52\xb5\x94\xf7\xd6\x39\x18\x7b\x5a\xbd\x9c\xff\xde"
    b"\x62\x43\x20\x01\xe6\xc7\xa4\x85\x6a\x4b\x28\x09\xee\xcf\xac\x8d"
    b"\x53\x72\x11\x30\xd7\xf6\x95\xb4\x5b\x7a\x19\x38\xdf\xfe\x9d\xbc"
    b"\xc4\xe5\x86\xa7\x40\x61\x02\x23\xcc\xed\x8e\xaf\x48\x69\x0a\x2b"
    b"\xf5\xd4\xb7\x96\x71\x50\x33\x12\xfd\xdc\xbf\x9e\x79\x58\x3b\x1a"
    b"\xa6\x87\xe4\xc5\x22\x03\x60\x41\xae\x8f\xec\xcd\x2a\x0b\x68\x49"
    b"\x97\xb6\xd5\xf4\x13\x32\x51\x70\x9f\xbe\xdd\xfc\x1b\x3a\x59\x78"
    b"\x88\xa9\xca\xeb\x0c\x2d\x4e\x6f\x80\xa1\xc2\xe3\x04\x25\x46\x67"
    b"\xb9\x98\xfb\xda\x3d\x1c\x7f\x5e\xb1\x90\xf3\xd2\x35\x14\x77\x56"
    b"\xea\xcb\xa8\x89\x6e\x4f\x2c\x0d\xe2\xc3\xa0\x81\x66\x47\x24\x05"
    b"\xdb\xfa\x99\xb8\x5f\x7e\x1d\x3c\xd3\xf2\x91\xb0\x57\x76\x15\x34"
    b"\x4c\x6d\x0e\x2f\xc8\xe9\x8a\xab\x44\x65\x06\x27\xc0\xe1\x82\xa3"
    b"\x7d\x5c\x3f\x1e\xf9\xd8\xbb\x9a\x75\x54\x37\x16\xf1\xd0\xb3\x92"
    b"\x2e\x0f\x6c\x4d\xaa\x8b\xe8\xc9\x26\x07\x64\x45\xa2\x83\xe0\xc1"
    b"\x1f\x3e\x5d\x7c\x9b\xba\xd9\xf8\x17\x36\x55\x74\x93\xb2\xd1\xf0"
)


def crc16(buf, start, end, crc):
    """Return CRC-16/CCITT-FALSE of buf[start:end] (bytes-like), continued from `crc` (0xFFFF to begin)."""
    high_of = _CRC_HIGH
    low_of = _CRC_LOW
    high = crc >> 8
    low = crc & 0xFF
    while start < end:
        i = high ^ buf[start]
        high = low ^ high_of[i]
        low = low_of[i]
        start += 1
    return (high << 8) | low


def seal(buf, end):
    """Put the CRC-16 of buf[:end] behind it, low byte first: a record that is kept."""
    crc = crc16(buf, 0, end, 0xFFFF)
    buf[end] = crc & 0xFF
    buf[end + 1] = crc >> 8


def sealed(buf, end):
    """Return whether the CRC-16 of buf[:end] stands behind it."""
    return crc16(buf, 0, end, 0xFFFF) == buf[end] | buf[end + 1] << 8


def frame_crc(buf, data_id):
    """Return the Profile 5 CRC of an 8-byte frame: bytes 2-7, then `data_id` (0 to 0xFFFF) low byte first."""
    high_of = _CRC_HIGH
    low_of = _CRC_LOW
    i = 0xFF ^ buf[2]
    high = 0xFF ^ high_of[i]
    low = low_of[i]
    i = high ^ buf[3]
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ buf[4]
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ buf[5]
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ buf[6]
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ buf[7]
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ (data_id & 0xFF)
    high = low ^ high_of[i]
    low = low_of[i]
    i = high ^ (data_id >> 8)
    return ((low ^ high_of[i]) << 8) | low_of[i]


def protect(buf, data_id, counter):
    """Write the header of an 8-byte frame whose bytes 3-7 are ready.

    `counter` is 0 to 255 and goes up by 1, around, with every frame of this message that is sent.
    """
    buf[2] = counter
    crc = frame_crc(buf, data_id)
    buf[0] = crc & 0xFF
    buf[1] = crc >> 8


class Receiver:
    """Judges the frames of one message: CRC, counter, and whether the message as a whole can be believed.

    `qualified` turns True after 3 good frames in a row and False on the second bad one among 10 (repeated,
    wrong sequence, CRC error). Values may be used only from a good frame (OK, OK_SOME_LOST) while qualified,
    and only as long as `age_ms` is below the message's limit: silence alone never changes `qualified`. After
    a gap call `restart`.
    """

    def __init__(self, data_id, max_delta=2):
        """`data_id` as in the DBC; `max_delta`: largest counter step that still counts as good."""
        self.data_id = data_id
        self.max_delta = max_delta
        self.counts = [0, 0, 0, 0, 0, 0]  # checks by verdict, saturating
        self.qualified = False
        self.good_run = 0  # good frames in a row, saturating at QUALIFY_GOOD
        self._counter = -1  # newest of the frames with a good CRC; -1: none yet
        self._bad_window = 0  # bit per frame, newest lowest, 1 = bad
        self._good_ms = -1  # ticks of the last good frame; -1: none, or too old to say when

    def restart(self):
        """Withdraw belief: 3 good frames in a row qualify again. Counter, age and counts stay."""
        self.qualified = False
        self.good_run = 0
        self._bad_window = 0

    def check(self, buf, now_ms):
        """Judge one received frame (8 bytes; None: there was none) at `now_ms` (board ticks).

        Returns OK or OK_SOME_LOST (good), REPEATED, WRONG_SEQUENCE or CRC_ERROR (bad), or NO_NEW_DATA.
        """
        verdict = self._judge(buf, now_ms)
        if self.counts[verdict] < _COUNT_MAX:
            self.counts[verdict] += 1
        if verdict == NO_NEW_DATA:
            return verdict
        if verdict in GOOD:
            self._good_ms = now_ms
            if self.good_run < QUALIFY_GOOD:
                self.good_run += 1
            self._bad_window = (self._bad_window << 1) & _WINDOW_MASK
            if self.good_run >= QUALIFY_GOOD and not self.qualified:
                self.qualified = True
                self._bad_window = 0
        else:
            self.good_run = 0
            bad = ((self._bad_window << 1) | 1) & _WINDOW_MASK
            self._bad_window = bad
            if bad & (bad - 1):  # at least two bits set
                self.qualified = False
        return verdict

    def _judge(self, buf, now_ms):
        """Return the verdict on `buf` and remember its counter if it is the newest."""
        if buf is None:
            return NO_NEW_DATA
        crc = frame_crc(buf, self.data_id)
        if buf[0] != crc & 0xFF or buf[1] != crc >> 8:
            return CRC_ERROR
        counter = buf[2]
        last = self._counter
        if last < 0:
            self._counter = counter
            return OK  # the first frame has nothing to be compared with
        delta = (counter - last) & 0xFF
        if delta >= _BACKWARDS and self.age_ms(now_ms) < FORGET_MS:
            return WRONG_SEQUENCE
        self._counter = counter  # even of a frame that jumps ahead: after a gap the next one must fit
        if delta == 1:
            return OK
        if delta == 0:
            return REPEATED
        if delta <= self.max_delta:
            return OK_SOME_LOST
        return WRONG_SEQUENCE

    def age_ms(self, now_ms):
        """Return the time since the last good frame, ms, 0 to AGE_MAX_MS (also when there was none).

        Call it at least every ten days: it notes an age beyond AGE_MAX_MS before the ticks wrap and make it
        young again.
        """
        if self._good_ms < 0:
            return AGE_MAX_MS
        age = (now_ms - self._good_ms) & _TICKS_MASK
        if age > _TICKS_MASK - _AHEAD_MAX_MS:
            return 0
        if age >= AGE_MAX_MS:
            self._good_ms = -1
            return AGE_MAX_MS
        return age
