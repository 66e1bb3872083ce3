"""Cut the supply at every write of fills in a row, and once more in every write of each recovery.

Usage: sweep.py FIRMWARE FILLS: prints `ok <cases> <writes> <erases>` or a line per failure. In the first fill every
write is cut; in the one whose ticket overwrites another, and in those that erase a block of flash, every write from
the ticket's on. Each with nothing, half, three quarters and all of its bytes done.
"""

import sys

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, __file__[: __file__.rfind("/")])

from memory import Supply, new_board
from station import GRAMS, NAMES, SESSION, PowerCut, Station

TOTALS = 4
SHARES = (0, 2, 3, 4)
KEEP = 16
CUT_SHORT = 2
# The hose is gassed from PURGE on; its first save may be the one that is cut, with the valves hardly moved.
GASSED = ("LEAK_HOLD", "COOL", "COLDTEST", "FILL_OPEN", "FILL_FAST", "DRAIN_SHUT", "DRAIN_PUSH", "VENT", "WARM_FLOW")

failures = []
cases = 0


def fail(case, what):
    failures.append(case)
    print("FAILED", case, what)


def boot(memory, told, supply):
    station = Station(memory, told, supply)
    station.alive()
    return station


def live(station, k):
    """Run fill `k` of the row."""
    station.alive()
    station.start_up()
    station.tickets.do_ticket_read([str(k - 1)])
    station.slack(2)
    station.fill(TOTALS)


def finish(memory, told, cut_at, share):
    """Boot after a cut and end safely, the supply ending again at `cut_at`; return (station, what was found)."""
    supply = Supply(cut_at, share)
    station = None
    try:
        station = Station(memory, told, supply)
        found = (station.tickets.unfinished, station.tickets.locked_out)
        station.alive()
        station.recover_and_end()
    except PowerCut:
        station.off()
        return None, supply
    station.off()
    return found, supply


def judge(case, before, told, metered_g, found, state, memory):
    """Judge what is known after the recovery; `before`: tickets told before this fill."""
    new = sorted(n for n in told if n not in before)
    if found[1]:
        fail(case, "locked out")
    if state in GASSED and not found[0]:
        fail(case, "restart not treated as a stop in " + state)
    for n in told:
        if any(one != told[n][0] for one in told[n]):
            fail(case, "ticket %d told in two ways: %s" % (n, told[n]))
    if len(new) > 1:
        fail(case, "two tickets for one fill: %s" % new)
    if metered_g > GRAMS and not new:
        fail(case, "%d g metered, no ticket" % metered_g)
    if new:
        ticket = told[new[0]][0]
        if not metered_g - GRAMS <= ticket[2] <= metered_g:
            fail(case, "%d g metered, ticket says %d" % (metered_g, ticket[2]))
        if before and new[0] <= max(before):
            fail(case, "ticket %d after %d" % (new[0], max(before)))
        if ticket[0] != SESSION:
            fail(case, "session %d" % ticket[0])
        if ticket[5] != CUT_SHORT and state in GASSED[:-2]:
            fail(case, "status %d in %s" % (ticket[5], state))
    # Every ticket that there is room for is in flash as it was told, and the next fill's ticket is a new one.
    again = boot(memory, {}, Supply())
    again.start_up()
    if not again.tickets.ready and len(told) < KEEP:
        fail(case, "no fill may begin")
    last = max(told) if told else 0
    for n in told:
        if n > last - KEEP:
            held = again.tickets.files.read(n)
            if held is None or tuple(held[2:]) != told[n][0][:8]:
                fail(case, "ticket %d in flash: %s, told: %s" % (n, held, told[n][0]))
    again.fill(1)
    again.off()
    if not again.told or min(again.told) != last + 1:
        fail(case, "the next ticket is %s after %d" % (sorted(again.told), last))


def cut_case(case, start, before, cut_at, share):
    """One fill with the supply ending at write `cut_at`, its recovery, and that recovery cut at each of its writes."""
    global cases
    cases += 1
    memory = start.copy()
    told = {n: list(v) for n, v in before.items()}
    supply = Supply(cut_at, share)
    station = Station(memory, told, supply)
    try:
        live(station, case[0])
    except PowerCut:
        pass
    station.off()
    state = NAMES[station.machine.state]
    metered_g = station.metered_g
    torn = memory.copy()
    told_torn = {n: list(v) for n, v in told.items()}
    found, used = finish(memory, told, 0, 0)
    judge(case, before, told, metered_g, found, state, memory)
    if share != 2:
        return
    for second in range(1, used.n + 1):
        cases += 1
        memory = torn.copy()
        told = {n: list(v) for n, v in told_torn.items()}
        finish(memory, told, second, 2)
        found, _ = finish(memory, told, 0, 0)
        new_state = state if found[0] else "IDLE"  # a second cut may find the hose made safe
        judge(case + ("again", second), before, told, metered_g, found, new_state, memory)


def main():
    fills = int(sys.argv[2])
    memory = new_board()
    told = {}
    writes = erases = 0
    for k in range(1, fills + 1):
        start = memory.copy()
        before = {n: list(v) for n, v in told.items()}
        supply = Supply()
        station = boot(memory, told, supply)
        live(station, k)
        station.off()
        if sorted(told) != list(range(1, k + 1)) or told[k][0][2] != TOTALS * GRAMS:
            fail((k,), "an uncut fill gave %s" % told.get(k))
        writes += supply.n
        erases += supply.kinds.count("erase")
        kinds = supply.kinds
        first = supply.n
        if k == 1:
            first = 0
        elif k == KEEP + 2 or "erase" in kinds:
            first = min(i for i in range(supply.n) if kinds[i] != "fram") - 1
        for i in range(first, supply.n):
            for share in SHARES:
                cut_case((k, i + 1, share, kinds[i]), start, before, i + 1, share)
        if len(failures) > 10:
            break
    print("ok" if not failures else "failed", cases, writes, erases)


main()
