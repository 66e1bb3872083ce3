"""Indexes of the tank's tags in its I/O groups. GENERATED: do not edit.

Change firmware/tank/io_table.py, then run `cryofill dbc generate`; `cryofill dbc check`
fails when this file is stale.
"""

from micropython import const

# fmt: off

# AI: 4-20 mA inputs
PT201A = const(0)  # mbar, 0 to 25000
PT201B = const(1)  # mbar, 0 to 25000
PT203 = const(2)  # mbar, 0 to 25000
PT204 = const(3)  # mbar, 500 to 1100
TT201 = const(4)  # ck, 1300 to 33000
TT202 = const(5)  # ck, 1300 to 33000
TT203 = const(6)  # ck, 1300 to 40000
TT204 = const(7)  # ck, 20000 to 35000
TT205 = const(8)  # ck, 20000 to 40000
LT201 = const(9)  # cpct, 0 to 10000
VT201 = const(10)  # mpa, 0 to 100000
AT201 = const(11)  # ppm, 0 to 40000
IT205 = const(12)  # ma, 0 to 100000
N_AI = const(13)

# DI: contacts
LSHH202 = const(0)  # 1: level below high-high
ZS201 = const(1)  # 1: receptacle seated
ZS205 = const(2)  # 1: no crash
ZS202 = const(3)  # 1: cap on
ZS203 = const(4)  # 1: parking brake set
ZS204 = const(5)  # 1: ignition on
FS207 = const(6)  # 1: coolant flowing
ZO201 = const(7)  # 1: XV201 open
ZC201 = const(8)  # 1: XV201 closed
ZO202 = const(9)  # 1: XV202 open
ZC202 = const(10)  # 1: XV202 closed
ZO203 = const(11)  # 1: XV203 open
ZC203 = const(12)  # 1: XV203 closed
ZO204 = const(13)  # 1: XV204 open
ZC204 = const(14)  # 1: XV204 closed
ZO206 = const(15)  # 1: XV206 open
ZC206 = const(16)  # 1: XV206 closed
ZO208 = const(17)  # 1: XV208 open
ZC208 = const(18)  # 1: XV208 closed
ZO209 = const(19)  # 1: XV209 open
ZC209 = const(20)  # 1: XV209 closed
N_DI = const(21)

# DO: digital outputs, 1 = energised
XV201 = const(0)  # fill; closed without power
XV202 = const(1)  # return gas; closed without power
XV203 = const(2)  # liquid draw; closed without power
XV204 = const(3)  # vapour draw (economiser); closed without power
XV206 = const(4)  # fuel-cell supply; closed without power
XV208 = const(5)  # receptacle crossover; closed without power
XV209 = const(6)  # tank vent to the truck's stack; closed without power
VP207 = const(7)  # vaporiser coolant permit; off without power
ES210 = const(8)  # permit contact in the vehicle loop; open without power
IM211 = const(9)  # traction inhibit, energise to release; inhibit without power
N_DO = const(10)

# AO: analog outputs, 0 to 10000 cpct
HT205 = const(0)  # cpct; pressure-build heater; off without power
N_AO = const(1)

# CI: pulse inputs
N_CI = const(0)
