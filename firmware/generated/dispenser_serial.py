"""The commands of the dispenser's serial port. GENERATED: do not edit.

Change firmware/core/serial_table.py, then run `cryofill dbc generate`; `cryofill dbc check` fails when this file is stale.
A row is `name role arm where args<TAB>help`; where: hexadecimal, a bit per public state, 0 for any.
"""

# fmt: off
ROLES = ("view", "operator", "technician", "commissioning")
STATUS = ("PT101", "PT102", "PT103", "TT101", "TT102", "TT103", "FT101")
COMMANDS = (
    "\nhelp 0 0 0 [command]\tthe commands, or one of them"
    "\nstatus 0 0 0 \tstate and main values in a line, for programs"
    "\nstate 0 0 0 \tstate, time in it, and what it waits for"
    "\ntags 0 0 0 [tag]\ttags that begin so: value, unit, quality, raw"
    "\nlink 0 0 0 [message|all]\tCAN controller; age and verdicts of messages"
    "\ntrips 0 0 0 [all]\ttrips active or latched, or every row"
    "\nparams 0 0 0 [name|diff]\tparameters that begin so; those not at default"
    "\nget 0 0 0 <parameter>\ta parameter's value, limits and default"
    "\nselftest 0 0 0 \twhat would fail a self-test now"
    "\njournal 0 0 0 \tthe record in FRAM, and who did what here"
    "\ntickets 0 0 0 \tthe last tickets, newest first; not in a fill"
    "\nticket 0 0 0 <number>\ttell a ticket again, as events"
    "\nversions 0 0 0 \tprotocol, MicroPython, and the image's hash"
    "\nstats 0 0 0 \tcost of the tick, heap, and what the port lost"
    "\nwhoami 0 0 0 \tthe role of this session"
    "\nlogin 0 0 0 <role>\task for a role: answers with a nonce"
    "\nproof 0 0 0 <hex>\tprove the role's key over that nonce"
    "\nlogout 0 0 0 \tgive the role back"
    "\nstart 1 0 4 \tpress the start button for half a second"
    "\npause 1 0 100 \tshut the liquid for up to two minutes"
    "\nresume 1 0 300 \tend a pause"
    "\nstop 1 0 0 \tpress the stop button for half a second"
    "\nreset 1 0 34000 \tclear latched trips whose cause is gone"
    "\nticket_read 1 0 0 <number>\tevery ticket up to this one has been read"
    "\nset 2 0 7 <parameter> <value>\tset an entry; with commissioning any parameter"
    "\nmove 2 1 40000 <tag> <where> [s]\tto open, shut, on, off, 0..100 %, for 10 s or s"
    "\nstroke 2 1 40000 <tag>\topen and shut a valve and time both"
    "\nrelease 2 0 40000 \tend a move or a stroke now"
    "\narm 2 0 40000 <command> ...\tsay what is to move: answers with a code"
    "\nconfirm 2 0 40000 <code>\tdo what was armed, within 10 s"
    "\nloader 2 0 4 \trestart into the loader, for flashing"
    "\nkey 3 0 7 <hex|erase>\tthe key of the link"
    "\nservice_key 3 0 7 <hex|erase>\twhat the roles' keys are made of"
    "\n"
)
