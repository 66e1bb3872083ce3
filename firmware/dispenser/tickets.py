"""The dispenser's tickets: what of a fill is in the journal at any moment, and what a restart makes of it.

FRAM holds the fill under way: saved when it starts, five times a second while the meter runs and when it stops, and
with every state and trip in between. Flash gets the ticket once nothing moves any more (FLASH_STATES). In this order,
so that a cut anywhere loses no ticket and makes none twice: file, TICKET events out of the port, record closed. A
restart that finds the record open finishes from there.

200 ms, because a frozen board loses 500 ms to the watchdog and the valves take a moment more to shut: together they
stay within the second of flow that a cut may cost.
"""

from micropython import const

from core import journal, report, ticket_files
from core.e2e import crc16
from core.rows import column
from core.trips import STOP
from dispenser import note_table, state_table, trip_table
from dispenser.meter import CUT_SHORT, UNPROVED

SAVE_TICKS = const(20)
RETRY_TICKS = const(1000)  # 10 s between tries at a flash that refuses
FLASH_STATES = "IDLE COMPLETE ESD LOCKOUT MAINTENANCE"  # nothing is moved: an erase may stall the board
GASSED_STATES = "PURGE LEAKTEST PRECOOL COLDTEST FILL HOLD DRAIN VENT WARM SAFE_STOP ESD"
FIRST_LASTING = const(2)  # BOOT and SELFTEST pass: the state before them stays in the record until it is acted upon

# Stages of putting a ticket away: one a slack.
NONE, BEGIN, COMMIT, VERIFY, TELL, SENT, CLOSE = range(7)

TICKET_NUMBER, TICKET_END = const(9), const(8)  # TICKET events after those of the fields

# fmt: off
(
    TORN, OTHER_TABLES, LATCHED, SHORT, SAVED, DAMAGED, MISSING, FLASH_FAILED, UNREAD, JOURNAL_FAILED,
) = range(1, len(note_table.NOTES))
# fmt: on


class Tickets:
    """Keeps the record and the ticket files; `recover()` once at boot, before the watchdog, then `slack()`.

    For the guards: `locked_out` and `unfinished` say what the restart found, `usable` that memory works, `ready` that
    a fill may begin: memory works, no ticket is on its way, there is room for one more.
    """

    def __init__(self, fram, folder, trips, meter, sequence, machine, events):
        names = column(state_table.STATES, 0) + column(trip_table.TRIPS, 0)
        key = " ".join(names).encode()
        self.journal = journal.Journal(fram, crc16(key, 0, len(key), 0xFFFF))
        self.files = ticket_files.TicketFiles(folder)
        self._trips = trips
        self._meter = meter
        self._sequence = sequence
        self._machine = machine
        self._events = events
        publics = state_table.PUBLIC
        self._flash_ok = bytearray(len(publics))
        for name in FLASH_STATES.split():
            self._flash_ok[publics.index(name)] = 1
        self._phase = bytearray(len(publics))  # QUIET
        for name in GASSED_STATES.split():
            self._phase[publics.index(name)] = journal.GASSED
        self._phase[publics.index("LOCKOUT")] = journal.LOCKED
        self._restarted = column(state_table.TRANSITIONS, 1).index("hose_in_use")
        self.locked_out = False
        self.unfinished = False
        self.usable = False
        self.ready = False
        self._kept = False  # the FRAM keeps what is written to it
        self._error = 0  # of the flash, errno
        self._full = False
        self._stage = NONE
        self._fields = []
        self._asked = False
        self._state = machine.state
        self._changes = trips.changes
        self._fills = meter.fills
        self._saved_tick = 0
        self._retry_tick = -1

    # -- at boot -------------------------------------------------------------------------------------------

    def recover(self, cause):
        """Read what was before the start, report it, and put an open fill's ticket in flash. Never raises OSError."""
        what = self.journal.recover()
        now = self.journal.now
        is_open = now.flags & journal.OPEN
        found = 3 if what == journal.DAMAGED else 0 if what == journal.BLANK else 2 if is_open else 1
        self._events.put(report.BOOT, found, cause, now.state, now.meter_g if is_open else 0)
        if self.journal.torn and what != journal.DAMAGED:
            self._note(TORN, 0)
        if now.flags == journal.OPEN:
            now.flags |= journal.DONE
            now.status = CUT_SHORT | now.status & UNPROVED
            now.why = self._restarted
            self._note(SHORT, now.number)
        if what == journal.DAMAGED:
            now.phase = journal.LOCKED
        elif now.reaction:
            self._restore_trips(now)
        self.locked_out = now.phase == journal.LOCKED
        self.unfinished = now.phase == journal.GASSED or now.reaction >= STOP
        try:
            newest = self._look_at_files(what == journal.FOUND)
            if what == journal.DAMAGED:
                newest += 1  # the number that the lost record may have used stays free
            if now.number < newest:
                now.number = newest
            if is_open:
                self._put_away()
        except OSError as error:
            self._flash_failed(error, 0)
        self._kept = self.journal.proved()
        if not self._kept:
            self._note(JOURNAL_FAILED, 0)
        self._judge()

    def _restore_trips(self, now):
        if self.journal.same_tables:
            self._trips.restore(now.latched, now.first - 1)
            self._changes = self._trips.changes
            self._note(LATCHED, now.first - 1)
            return
        self._note(OTHER_TABLES, now.reaction)
        if now.reaction >= STOP:
            now.phase = journal.LOCKED
        now.reaction = 0

    def _look_at_files(self, expected):
        """Return the highest ticket number in flash; note files that are damaged and tickets that are missing."""
        self.files.prepare()
        now = self.journal.now
        newest = 0
        held = []
        for slot in range(ticket_files.KEEP):
            try:
                fields = self.files.held(slot)
                number = fields[ticket_files.NUMBER] if fields else 0
            except ticket_files.Damaged:
                self._note(DAMAGED, slot)
                number = -1
            held.append(number)
            if number > newest:
                newest = number
        if expected:
            last = now.number - 1 if now.flags & journal.OPEN else now.number
            for number in range(max(1, last - ticket_files.KEEP + 1), last + 1):
                there = held[number % ticket_files.KEEP]
                if there != number and there >= 0 and there != now.number:
                    self._note(MISSING, number)
        return newest

    def _put_away(self):
        """Write the open record's ticket unless it is in flash already; then it only has to be told and closed."""
        self._fields = self._ticket()
        if not self._is_saved():
            self.files.begin(self._fields)
            self.files.commit()
            if not self._is_saved():
                raise OSError(5)
        self._stage = TELL

    # -- slack ---------------------------------------------------------------------------------------------

    def slack(self, tick):
        """Save what has changed, or take one step of putting a ticket away. One memory access at most."""
        flags = self.journal.now.flags
        meter = self._meter
        if (
            self._machine.state != self._state
            or self._trips.changes != self._changes
            or meter.fills != self._fills
            or self._asked
        ):
            self._save(tick)
        elif flags == journal.OPEN:
            if not meter.running or tick - self._saved_tick & 0x3FFFFFFF >= SAVE_TICKS:
                self._save(tick)
        elif flags:
            self._step(tick)

    def _save(self, tick):
        now = self.journal.now
        meter = self._meter
        machine = self._machine
        self._state = machine.state
        self._changes = self._trips.changes
        self._asked = False
        self._saved_tick = tick
        if machine.public >= FIRST_LASTING:
            now.state = machine.state
            now.phase = journal.LOCKED if self.locked_out else self._phase[machine.public]
        now.reaction = self._trips.save(now.latched)
        now.first = self._trips.first + 1
        if meter.fills != self._fills:
            self._fills = meter.fills
            now.number += 1
            now.flags = journal.OPEN
            now.status = meter.unproved
            now.why = journal.WHY_NONE
        if now.flags == journal.OPEN:
            now.session = self._sequence.session
            now.target_g = self._sequence.target_g
            now.meter_g = meter.meter_g
            now.returned_g = meter.returned_g
            now.loss_g = meter.hose_loss_g()
            now.net_g = meter.net_g()
            if not meter.running:
                now.flags = journal.OPEN | journal.DONE
                now.status = meter.status()
                now.why = self._sequence.stop_why
        self.journal.save()
        self._judge()

    def _step(self, tick):
        """Take one step: file opened, file replaced, file read back, told, told for certain, record closed."""
        stage = self._stage
        if stage < TELL and not self._flash_ok[self._machine.public]:
            return
        if stage == NONE:
            if self._retry_tick < 0 or tick - self._retry_tick & 0x3FFFFFFF >= RETRY_TICKS:
                self._fields = self._ticket()
                self._stage = BEGIN
            return
        try:
            if stage == BEGIN:
                self.files.begin(self._fields)
            elif stage == COMMIT:
                self.files.commit()
            elif stage == VERIFY and not self._is_saved():
                raise OSError(5)
        except OSError as error:
            self._flash_failed(error, tick)
            return
        if stage == TELL:
            self._error = 0
            self._note(SAVED, self._fields[ticket_files.NUMBER])
            self._tell(self._fields)
        elif stage == SENT and not self._events.sent():
            return
        elif stage == CLOSE:
            self._stage = NONE
            self.journal.now.flags = 0
            self.journal.save()
            self._judge()
            return
        self._stage = stage + 1

    def _is_saved(self):
        """Return whether this ticket's file is there and good; take what it says."""
        try:
            held = self.files.read(self._fields[ticket_files.NUMBER])
        except ticket_files.Damaged:
            return False
        if held is None:
            return False
        self._fields = held
        return True

    def _flash_failed(self, error, tick):
        self._error = error.args[0]
        self._stage = NONE
        self._retry_tick = tick
        self._note(FLASH_FAILED, self._error)
        self._judge()

    def _judge(self):
        now = self.journal.now
        unread = now.number - now.read
        self.usable = self._kept and not self._error
        full = not now.flags and unread >= ticket_files.KEEP
        if full and not self._full:
            self._note(UNREAD, unread)
        self._full = full
        self.ready = self.usable and not now.flags and not full

    def _ticket(self):
        r = self.journal.now
        return [
            ticket_files.FORMAT, r.number, r.session, r.net_g, r.meter_g, r.returned_g, r.loss_g, r.status,
            r.target_g, r.why,
        ]  # fmt: skip

    def _tell(self, fields):
        """Put a ticket on the serial port: its fields, its number, and the end mark."""
        put = self._events.put
        for ident in range(TICKET_END):
            put(report.TICKET, ident, 0, 0, fields[ident + 2])
        put(report.TICKET, TICKET_NUMBER, 0, 0, fields[ticket_files.NUMBER])
        put(report.TICKET, TICKET_END, 0, 0, 0)

    def _note(self, ident, value):
        self._events.put(report.INFO, ident, 0, 0, value)

    # -- serial commands -----------------------------------------------------------------------------------

    def do_ticket(self, args):
        """`ticket <number>`: tell a ticket again. Return "" or why not."""
        number = _number(args)
        if number < 1:
            return "ticket <number>"
        if not self._flash_ok[self._machine.public]:
            return "not while a truck is served"
        try:
            fields = self.files.read(number)
        except ticket_files.Damaged:
            return "ticket %d is damaged" % number
        except OSError as error:
            return "flash error %d" % error.args[0]
        if fields is None:
            return "no ticket %d" % number
        self._tell(fields)
        return ""

    def do_tickets(self, args):
        """`tickets`: a line per ticket in flash, newest first."""
        if not self._flash_ok[self._machine.public]:
            return "not while a truck is served"
        return self._ticket_lines()

    def _ticket_lines(self):
        now = self.journal.now
        for number in range(now.number, max(0, now.number - ticket_files.KEEP), -1):
            try:
                fields = self.files.read(number)
            except (ticket_files.Damaged, OSError):
                yield "%d cannot be read" % number
                continue
            if fields:
                _, number, session, net_g, meter_g, returned_g, loss_g, status, target_g, _ = fields
                yield "%d session=%d net_g=%d meter_g=%d returned_g=%d loss_g=%d status=%d target_g=%d%s" % (
                    number, session, net_g, meter_g, returned_g, loss_g, status, target_g,
                    "" if number > now.read else " read",
                )  # fmt: skip

    def do_ticket_read(self, args):
        """`ticket_read <number>`: every ticket up to this one has been read and may be overwritten."""
        now = self.journal.now
        number = _number(args)
        if number < 0:
            return "ticket_read <number>"
        last = now.number - 1 if now.flags else now.number
        if not now.read <= number <= last:
            return "must be %d..%d" % (now.read, last)
        now.read = number
        self._asked = True
        return ""


def _number(args):
    """Return the one number of a command's arguments, -1 when it is none."""
    return int(args[0]) if len(args) == 1 and args[0].isdigit() and len(args[0]) < 10 else -1
