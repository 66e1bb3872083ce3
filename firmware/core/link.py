"""The CAN link of a node: supervised reception into values, cyclic transmission from latest values.

Reception: each message has an E2E receiver; a frame counts only if its E2E check passes and it carries the
session of this fill (once there is one). Frames that the controller lost count as missing, and because nobody
knows whose they were every message has to qualify anew. Transmission: one slot per message, filled when due and
sent in order of priority as mailboxes come free; a slot that is still waiting is overwritten by its next value.
One message each way may be authenticated (`authenticate`): it then counts from its verified frames alone. Nothing
here allocates after construction.
"""

from core import e2e

SESSION_BYTE = 3


class Link:
    """Receives `rx` rows and sends `tx` rows over `port`.

    rx: (ID, DATA_ID, unpack, n_values, needs_session, hold_ms); tx: (ID, DATA_ID, CYCLE_MS, fill),
    highest priority first, where fill(buf) packs bytes 3..7 and returns 0, or non-zero to stay silent.
    `values[i]` are the physical values of message i, `fresh` has bit i set if the last `receive` took one of it;
    `session` 0 accepts any session.
    """

    def __init__(self, port, rx, tx):
        self.port = port
        self.values = tuple([[-1] * row[3] for row in rx])
        self.receivers = tuple([e2e.Receiver(row[1]) for row in rx])
        self._unpack = tuple([row[2] for row in rx])
        self._index = {row[0]: i for i, row in enumerate(rx)}
        self._needs_session = bytes([row[4] for row in rx])
        self._hold_ms = tuple([row[5] for row in rx])
        self._watched = tuple(
            [(i, self.receivers[i], self.receivers[i].age_ms) for i in range(len(rx)) if rx[i][5]]
        )
        self.ages_ms = [e2e.AGE_MAX_MS] * len(rx)  # of the watched messages, as of the last `receive`
        self.fresh = 0
        self.session = 0
        self.foreign = 0  # well-formed frames of another session
        self._lost = 0  # of the port, as of the last `receive`
        self._tx_id = tuple([row[0] for row in tx])
        self._tx_data_id = tuple([row[1] for row in tx])
        self._cycle = bytes([row[2] // 10 for row in tx])
        self._fill = tuple([row[3] for row in tx])
        self._due = list(range(1, len(tx) + 1))  # spread over the first ticks
        self._buf = tuple([bytearray(8) for _ in tx])
        self._waiting = [0] * len(tx)
        self._counter = [0] * len(tx)
        self._elapsed = 0  # ticks since the slots were last looked at
        self._sleep = 0  # ticks for which nothing is due
        self._verifier = self._signer = None
        self._checked = self._signed = self._tags = -1

    def authenticate(self, checked, verifier, signed, tags, signer):
        """Let received message `checked` count by `verifier`; tag sent message `signed` by `signer`, in message `tags`.

        Start-up only; both ends are of core.tagging.
        """
        self._checked, self._verifier = checked, verifier
        self._signed, self._tags, self._signer = signed, tags, signer
        for k in range(tags + 1, len(self._due)):
            self._due[k] -= 1  # a tag goes out in the tick of the next message: one tick with two frames costs less
        self._watched = tuple([(i, r, self._checked_age_ms if i == checked else age) for i, r, age in self._watched])

    def receive(self, now):
        """Judge and unpack the frames that came since the last tick.

        A message that was silent for its hold time has to qualify anew, with three good frames. Returns True
        when values may have changed.
        """
        port = self.port
        n = port.count
        receivers, ages_ms, hold_ms = self.receivers, self.ages_ms, self._hold_ms
        checked, verifier = self._checked, self._verifier
        fresh = 0
        if verifier is not None and verifier.arrived:
            verifier.arrived = False
            self._unpack[checked](verifier.frame, self.values[checked])
            fresh = 1 << checked
        for i, receiver, age_of in self._watched:
            age_ms = age_of(now)
            ages_ms[i] = age_ms
            if age_ms >= hold_ms[i] and receiver.qualified:
                receiver.check(None, now)  # counts the silence
                receiver.restart()
        if port.lost != self._lost:
            self._lost = port.lost
            for receiver in receivers:
                receiver.restart()
        if not n:
            self.fresh = fresh
            return fresh != 0
        for k in range(n):
            i = self._index.get(port.ids[k], -1)
            if i < 0:
                continue
            data = port.data[k]
            if self._needs_session[i] and self.session and data[SESSION_BYTE] != self.session:
                self.foreign += 1
                continue
            if receivers[i].check(data, port.at_ms[k]) in e2e.GOOD:
                if i == checked and verifier.closed():
                    verifier.offer(data, port.at_ms[k])
                    continue
                self._unpack[i](data, self.values[i])
                ages_ms[i] = self.age_ms(i, now)
                fresh |= 1 << i
        self.fresh = fresh
        port.count = 0
        return True

    def forget(self):
        """Make every value unknown (-1): what an earlier session said counts no more."""
        for values in self.values:
            for i in range(len(values)):
                values[i] = -1

    def place(self, can_id):
        """Return the number of a received message by its identifier, -1 when it is not received here."""
        return self._index.get(can_id, -1)

    def age_ms(self, i, now):
        """Return the time since the newest frame of message i that counts, good or, where it has to be, verified."""
        return self._checked_age_ms(now) if i == self._checked else self.receivers[i].age_ms(now)

    def _checked_age_ms(self, now):
        verifier = self._verifier
        return (verifier if verifier.required else self.receivers[self._checked]).age_ms(now)

    def qualified(self, i):
        """Return True while message i is believed: three good frames in a row, not two bad ones in ten."""
        if i == self._checked and self._verifier.required and not self._verifier.qualified():
            return False
        return self.receivers[i].qualified

    def live(self, i, now, limit_ms):
        """Return True while message i is qualified and younger than limit_ms."""
        return self.qualified(i) and self.age_ms(i, now) < limit_ms

    def hurry(self, k):
        """Send message k in this tick (an abort does not wait for its cycle)."""
        self._due[k] = 0
        self._sleep = 0

    def transmit(self):
        """Fill what is due and hand as much as possible to the controller; asleep until the next is due.

        Slot 0 goes first. A frame that left its mailbox unsent, to make room, gives its counter back: the newest value
        of its slot is sent in its place, and the receiver misses nothing. Not so for a message that is tagged: its
        counter is the low byte of a number that runs with the clock, a frame that never left is a lost one, and a tag
        keeps the counter of its frame.
        """
        signer = self._signer
        signed = -1
        if signer is not None and signer.active:
            signed = self._signed
            if signer.ready:
                self._counter[self._tags] = signer.counter
                self.hurry(self._tags)
        self._elapsed += 1
        elapsed = self._elapsed
        port = self.port
        unsent = port.unsent
        if elapsed < self._sleep and not unsent:
            return
        self._elapsed = 0
        port.unsent = 0
        due, waiting, counter = self._due, self._waiting, self._counter
        sleep = 100
        for k in range(len(due)):
            left = due[k] - elapsed
            if unsent >> k & 1:
                if k != signed and k != self._tags:
                    counter[k] = counter[k] - 1 & 255
                if not waiting[k]:
                    left = 0
            if left <= 0:
                left = self._cycle[k]
                if waiting[k] and k == signed:
                    counter[k] = counter[k] + 1 & 255
                waiting[k] = 0 if self._fill[k](self._buf[k]) else 1
            due[k] = left
            if waiting[k]:
                e2e.protect(self._buf[k], self._tx_data_id[k], counter[k])
                if port.send(k, self._tx_id[k], self._buf[k]):
                    waiting[k] = 0
                    counter[k] = counter[k] + 1 & 255
                    if k == signed:
                        signer.note(self._buf[k])
                else:
                    left = 1
            if left < sleep:
                sleep = left
        self._sleep = sleep
