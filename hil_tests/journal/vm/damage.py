"""Give the journal memory that no cut leaves behind: flipped bits, noise, foreign files, no file system.

Usage: damage.py FIRMWARE: prints `ok <cases>` or a line per failure.
"""

import os
import sys

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, __file__[: __file__.rfind("/")])

from memory import Flash, new_board
from station import Station

from core import report
from core.journal import SIZE, SLOTS
from core.ticket_files import KEEP, line_of
from dispenser.note_table import FOUND, NOTES

failures = 0
cases = 0


def check(what, holds):
    global failures, cases
    cases += 1
    if not holds:
        failures += 1
        print("FAILED", what)


def said(station):
    """Return the names of what a boot said of its journal."""
    return [FOUND[i][0] if kind == report.BOOT else NOTES[i][0] for kind, i in station.notes()]


def filled(fills=1):
    """Return (memory, told) of a board after `fills` fills."""
    memory, told = new_board(), {}
    station = Station(memory, told)
    for k in range(fills):
        station.start_up()
        station.tickets.do_ticket_read([str(k)])
        station.fill(2)
    station.off()
    return memory, told


def start(memory, told=None):
    """Boot on `memory`, off again; return (station, what it said)."""
    station = Station(memory, {} if told is None else told)
    station.start_up()
    words = said(station)
    station.off()
    return station, words


def with_open_fill():
    """Return a memory whose supply went in a fill after its third save."""
    memory = new_board()
    station = Station(memory, {})
    station.start_up()
    for name in ("EARTH", "COOL", "FILL_OPEN"):
        if name == "FILL_OPEN":
            station.meter.start(40000)
        station.go(name, 1)
    for _ in range(3):
        station.metered_g += 100
        station.image.count[0] = station.metered_g
        station.meter.sample()
        station.slack(1, 20)
    station.off()
    return memory


def flipped_bits():
    """Any one bit of the newer slot: the older save is taken, one total back, and it is said."""
    memory = with_open_fill()
    seqs = [memory.fram[at + 1] for at in SLOTS]
    newer = SLOTS[0] if seqs[0] > seqs[1] else SLOTS[1]
    for bit in range(SIZE * 8):
        one = memory.copy()
        one.fram[newer + bit // 8] ^= 1 << bit % 8
        told = {}
        station, words = start(one, told)
        ok = words[:2] == ["open", "torn"] and len(told) == 1 and told[1][0][2] == 200
        check("bit %d of the newer slot: %s %s" % (bit, words, told), ok)


def both_slots():
    """Nothing in the FRAM can be believed: said, locked out, tickets kept, the next number leaves a gap."""
    for fill in (b"\x55", b"\x01", b"\x7f"):
        memory, _ = filled(2)
        memory.fram[:] = fill * len(memory.fram)
        for expected in (["damaged"], ["closed", "torn", "ticket_missing"]):  # cut again before a person came
            station = Station(memory, {})
            words = said(station)
            check("noise %s: %s" % (fill, words), words == expected and station.tickets.locked_out)
            station.off()
        station, words = start(memory)
        check("locked out again: %s" % words, words == ["closed", "ticket_missing"] and station.tickets.locked_out)
        check("number after noise", station.tickets.journal.now.number == 3)
    memory, _ = filled(2)
    memory.fram[:] = bytes(len(memory.fram))
    station, words = start(memory)
    check("new FRAM, old flash: %s" % words, words == ["blank"] and not station.tickets.locked_out)
    check("numbers go on", station.tickets.journal.now.number == 2)


def ticket_files():
    """A file that cannot be believed is named; the others and the next fill are as good as before."""
    bad = (
        b"",
        b"\xff\xfe\x00",
        b"1,2,3*0000\n",
        b"no ticket at all" * 40,
        line_of([1, 99, 0, 0, 0, 0, 0, 0, 0, 0]),
        line_of([2, 2, 0, 0, 0, 0, 0, 0, 0, 0]),
        line_of([1, 2, 0, 0]),
    )
    for data in bad:
        memory, told = filled(3)
        station = Station(memory, {})
        with open("/flash/tickets/02", "wb") as file:
            file.write(data)
        station.off()
        station = Station(memory, told)
        station.start_up()
        words = said(station)
        check("file %s: %s" % (data[:20], words), words == ["closed", "ticket_damaged"])
        check("shown: " + station.tickets.do_ticket(["2"]), station.tickets.do_ticket(["2"]) == "ticket 2 is damaged")
        check("ticket 1 too", station.tickets.do_ticket(["1"]) == "")
        station.fill(1)
        check("next after a damaged file: %s" % sorted(told), sorted(told) == [1, 2, 3, 4])
        station.off()
    memory, told = filled(3)
    station = Station(memory, told)
    os.remove("/flash/tickets/02")
    station.off()
    check("missing", start(memory)[1] == ["closed", "ticket_missing"])


def no_file_system():
    """Without a file system nothing may begin; the open fill stays in FRAM until there is one."""
    memory = with_open_fill()
    good = bytearray(memory.flash)
    memory.flash[:] = b"\xff" * len(memory.flash)
    told = {}
    station, words = start(memory, told)
    check("no file system: %s" % words, words[0] == "open" and "flash_failed" in words)
    check("unusable", not station.tickets.usable and not station.tickets.ready and not told)
    memory.flash[:] = good
    start(memory, told)
    check("ticket once there is one: %s" % told, len(told) == 1 and told[1][0][2] == 300)


def dead_flash():
    """Writes fail in service: said, tried again every 10 s, no fill begins, and nothing is lost."""
    memory, told = new_board(), {}
    station = Station(memory, told)
    station.start_up()
    station.off()
    station = Station(memory, told)
    station.start_up()
    Flash.failing = True
    try:
        station.fill(2)
        check("ready with a dead flash", not station.tickets.ready and not told)
        station.slack(30, 500)
        tries = said(station).count("flash_failed")
        check("%d tries" % tries, 3 <= tries <= 16)
    finally:
        Flash.failing = False
    station.slack(30, 500)
    check("after the flash came back: %s" % told, sorted(told) == [1] and station.tickets.ready)
    station.off()


class Forgetful:
    """Memory that reads zero whatever was written."""

    def __getitem__(self, key):
        return bytes(key.stop - key.start)

    def __setitem__(self, key, value):
        pass


def dead_fram():
    """A FRAM that keeps nothing is found at boot."""
    memory = new_board()
    memory.fram = Forgetful()
    station, words = start(memory)
    check("dead FRAM: %s" % words, words == ["blank", "journal_failed"] and not station.tickets.usable)


def unread():
    """Sixteen unread tickets: no fill may begin before they are read; none is overwritten."""
    memory, told = new_board(), {}
    station = Station(memory, told)
    station.start_up()
    for k in range(KEEP):
        check("room for %d" % (k + 1), station.tickets.ready)
        station.fill(1)
    check("full", not station.tickets.ready and "tickets_unread" in said(station))
    check("refused", station.tickets.do_ticket_read(["17"]) == "must be 0..16")
    check("not a number", station.tickets.do_ticket_read(["x"]) == "ticket_read <number>")
    station.off()
    station = Station(memory, told)
    station.start_up()
    check("still full", not station.tickets.ready)
    check("read", station.tickets.do_ticket_read(["4"]) == "")
    station.slack(2)
    check("room again", station.tickets.ready)
    station.off()
    station = Station(memory, told)
    station.start_up()
    check("room after a restart", station.tickets.ready)
    station.fill(1)
    show = station.tickets.do_ticket
    check("overwrites the first only", show(["1"]) == "no ticket 1" and show(["2"]) == "")
    station.off()


def latches():
    """What had latched is latched again; a record of other tables with a stop in it locks out."""
    memory = new_board()
    station = Station(memory, {})
    station.start_up()
    station.go("COOL")
    for row in (0, 8, 40):
        station.trips._trip(row, 1)
    station.slack(2)
    latched, first = list(station.trips.latched), station.trips.first
    station.off()
    station, words = start(memory)
    check("latched: %s" % words, words == ["closed", "latched"])
    check("the same rows", list(station.trips.latched) == latched and station.trips.first == first == 0)
    check("a stop", station.tickets.unfinished)
    station = Station(memory, {})
    station.tickets.journal._key ^= 1
    station.machine.enter("SAFE_STOP")
    station.slack(2)
    station.off()
    station, words = start(memory)
    check("other tables: %s" % words, words == ["closed", "other_tables"])
    check("locked", station.tickets.locked_out)


for part in (flipped_bits, both_slots, ticket_files, no_file_system, dead_flash, dead_fram, unread, latches):
    part()
print("failed" if failures else "ok", cases)
