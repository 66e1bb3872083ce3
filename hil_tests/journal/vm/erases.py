"""Write many tickets in a row as the dispenser does, step by step, and count the erases in each step.

Usage: erases.py FIRMWARE TICKETS: prints `ok <most in a step> <steps with any> <steps>`.
"""

import sys

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, __file__[: __file__.rfind("/")])

import vfs
from memory import Flash, Supply, new_board

from core.ticket_files import TicketFiles

supply = Supply()
vfs.mount(vfs.VfsLfs2(Flash(new_board(64).flash, supply)), "/flash")
files = TicketFiles("/flash/tickets")
files.prepare()
most = stalls = steps = 0
for number in range(1, int(sys.argv[2]) + 1):
    # The longest line that a ticket can have, so that the folder is as full as it gets.
    fields = [1, 99000000 + number, 253, -123456, 1234567, 123456, -1000, 2, 163800, 120]
    for step in (lambda: files.begin(fields), files.commit, lambda: files.read(fields[1])):
        supply.kinds = []
        step()
        erased = supply.kinds.count("erase")
        most = max(most, erased)
        stalls += erased > 0
        steps += 1
print("ok", most, stalls, steps)
