"""The trip engine: compares signals with a node's literal trip table. It knows no hazard by name.

A row trips when its comparison has held for its debounce; it then stays latched until `reset()`, which
works only while no latched row still holds. WARN rows and HOLD rows do not latch. A row whose transmitter
is bad trips or is skipped as its ON_BAD column says, so that no check is ever missing by accident.
"""

from array import array

from micropython import const

from core import report
from core.rows import column

# Reactions, strongest last.
NONE, WARN, HOLD, STOP, ESD = const(0), const(1), const(2), const(3), const(4)
UP_TO, FROM = const(1), const(2)
REACTION = {"warn": 1, "hold": 2, "stop": 3, "esd": 4}


def sources(io, image, names, signals):
    """Return {name: (lists, index)} of every signal a row may name: tags of `io` and `names`, which are computed.

    names: parted by blanks, in the order of `signals`.
    lists: (values, quality), the same object for every signal that lives there.
    """
    found = {}
    for tags, lists in (
        (column(io.AI, 0), (image.ai.value, image.ai.ok)),
        (column(io.DI, 0), (image.di, bytes([1] * len(io.DI)))),  # a contact has no quality
        (names.split(), (signals.value, signals.ok)),
    ):
        for i, tag in enumerate(tags):
            found[tag] = lists, i
    return found


def _limit(compare, limit):
    """Return (sense, limit): healthy is a value up to the limit (UP_TO) or one from it on (FROM)."""
    if compare == "open":  # of a contact: 0 is open
        return FROM, 1
    if compare == "closed":
        return UP_TO, 0
    return UP_TO if compare == "above" else FROM, limit


class Trips:
    """Evaluates TRIPS without allocation.

    `sources` maps each signal's name to ((values, quality), index): the lists it lives in; those of contacts are
    `image.di`. `reaction` is the strongest reaction now (latched rows included), `first` the row that latched first
    (-1: none). A column of the table is an array here, not a part of a tuple per row: that takes the least heap.
    """

    def __init__(self, table, sources, image, publics, events, tick_ms):
        rows = list(table.TRIPS)
        self.n = len(rows)
        self._image = image
        where = {row[7]: 0 for row in rows}
        for name in where:
            where[name] = self._states(table.WHERE.get(name), publics)
        found = [sources[row[1]] for row in rows]
        limits = [_limit(row[2], row[3]) for row in rows]
        self._lists = tuple([lists for lists, _ in found])
        self._place = bytes([place for _, place in found])
        self._senses = bytes([sense for sense, _ in limits])
        self._limit = tuple([limit for _, limit in limits])
        self._mask = tuple([where[row[7]] for row in rows])
        self._debounce = array("H", [row[4] // tick_ms for row in rows])
        self._reaction = bytes([REACTION[row[5]] for row in rows])
        self._skips_bad = bytes([row[8] != "trip" for row in rows])
        self._count = array("H", bytes(2 * self.n))
        self.latched = bytearray(self.n)
        self.active = bytearray(self.n)
        self._any_latched = 0
        self.reaction = NONE
        self.first = -1
        self.changes = 0  # counts what the latches have gone through
        self._events = events
        # Rows that must react within 100 ms run every tick, the others every fifth.
        fast = [i for i in range(self.n) if rows[i][6] <= 100]
        slow = [i for i in range(self.n) if rows[i][6] > 100]
        for i in slow:
            self._debounce[i] = self._debounce[i] // 5
        # Contacts seldom move: as long as none has since all fast rows were found healthy, theirs still are.
        still = [i for i in fast if found[i][0][0] is not image.di]
        self._all = tuple([bytes(fast + slow[g::5]) for g in range(5)])
        self._measured = tuple([bytes(still + slow[g::5]) for g in range(5)])
        self._sense = bytearray(self.n)  # of the rows that the present public state asks for, else 0
        self._counting = 0  # rows that are not healthy at present
        self._public = -1
        self._changed = True
        self._moves = -1  # of the image's contacts when every fast row of one was last found healthy

    @staticmethod
    def _states(names, publics):
        mask = 0
        for name in names:
            mask |= 1 << publics.index(name)
        return mask

    def evaluate(self, tick, public):
        """Judge this tick's rows; `public` is the number of the public state."""
        if public != self._public:
            self._leave(public)
        rows = self._measured
        moves = self._image.moves
        if moves != self._moves:
            rows = self._all
            self._moves = moves
        counting = self._counting
        senses, limits = self._sense, self._limit
        lists, places = self._lists, self._place
        for i in rows[tick % 5]:
            sense = senses[i]
            if not sense:
                continue
            values, quality = lists[i]
            k = places[i]
            value = values[k]
            limit = limits[i]
            if (value <= limit if sense == UP_TO else value >= limit) if quality[k] else self._skips_bad[i]:
                if counting and self._count[i]:
                    self._count[i] = 0
                    self.active[i] = 0
                    self._counting -= 1
                    self._changed = True
            else:
                self._count_up(i, value)
                if values is self._image.di:
                    self._moves = -1
        if self._changed:
            self._changed = False
            reaction = self._any_latched
            active = self.active
            for i in range(self.n):
                if active[i] and self._reaction[i] > reaction:
                    reaction = self._reaction[i]
            self.reaction = reaction

    def _leave(self, public):
        """Watch the rows of the new public state; forget what was counted in the others."""
        self._public = public
        for i in range(self.n):
            watched = self._mask[i] >> public & 1
            self._sense[i] = self._senses[i] if watched else 0
            if not watched and self._count[i]:
                self._count[i] = 0
                self.active[i] = 0
                self._counting -= 1
        self._changed = True
        self._moves = -1

    def _count_up(self, i, value):
        """Count one look at a row that is not healthy; trip after its debounce."""
        count = self._count[i] + 1
        self._count[i] = count
        if count == 1:
            self._counting += 1
        if count > self._debounce[i] and not self.active[i]:
            self._trip(i, value)

    def _trip(self, i, value):
        self.active[i] = 1
        self._changed = True
        reaction = self._reaction[i]
        if reaction < STOP:
            self._events.put(report.WARN, i, 0, 0, value)
            return
        if not self.latched[i]:
            self.latched[i] = 1
            self.changes = self.changes + 1 & 0x3FFFFFFF
            if self.first < 0:
                self.first = i
            if reaction > self._any_latched:
                self._any_latched = reaction
            self._events.put(report.TRIP, i, 0, 0, value)

    def reset(self):
        """Clear the latches if no latched row still holds; return True if all are clear."""
        for i in range(self.n):
            if self.latched[i] and self.active[i]:
                return False
        for i in range(self.n):
            if self.latched[i]:
                self.latched[i] = 0
                self._events.put(report.CLEAR, i, 0, 0, 0)
        self._any_latched = NONE
        self.first = -1
        self.changes = self.changes + 1 & 0x3FFFFFFF
        self._changed = True
        return True

    def save(self, bits):
        """Set a bit of `bits` (bytearray) per latched row, clear the others; return the reaction that is latched."""
        for k in range(len(bits)):
            bits[k] = 0
        for i in range(self.n):
            if self.latched[i]:
                bits[i >> 3] |= 1 << (i & 7)
        return self._any_latched

    def restore(self, bits, first):
        """Latch again what `save()` saved; `first` as it was then (boot only)."""
        for i in range(self.n):
            if bits[i >> 3] >> (i & 7) & 1:
                self.latched[i] = 1
                if self._reaction[i] > self._any_latched:
                    self._any_latched = self._reaction[i]
        self.first = first
        self._changed = True
