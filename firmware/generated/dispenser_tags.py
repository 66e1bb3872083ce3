"""Indexes of the dispenser's tags in its I/O groups. GENERATED: do not edit.

Change firmware/dispenser/io_table.py, then run `cryofill dbc generate`; `cryofill dbc check`
fails when this file is stale.
"""

from micropython import const

# fmt: off

# AI: 4-20 mA inputs
PT101 = const(0)  # mbar, 0 to 25000
PT102 = const(1)  # mbar, 0 to 25000
PT103 = const(2)  # mbar, 0 to 25000
PT106 = const(3)  # mbar, 0 to 2500
PT107 = const(4)  # mbar, 0 to 2500
PT105 = const(5)  # mbar, 500 to 1100
TT101 = const(6)  # ck, 1300 to 33000
TT102 = const(7)  # ck, 1300 to 33000
TT102B = const(8)  # ck, 1300 to 33000
TT103 = const(9)  # ck, 1300 to 33000
TT105 = const(10)  # ck, 1300 to 33000
FT101 = const(11)  # mg_s, 0 to 200000
FT103 = const(12)  # mg_s, 0 to 50000
AT101 = const(13)  # ppm, 0 to 40000
AT102 = const(14)  # ppm, 0 to 40000
GT101 = const(15)  # mohm, 0 to 200000
VT101 = const(16)  # mpa, 0 to 100000
ZT102 = const(17)  # cpct, 0 to 10000
N_AI = const(18)

# DI: contacts
HS101A = const(0)  # 1: E-stop loop channel A healthy
HS101B = const(1)  # 1: E-stop loop channel B healthy
ES101 = const(2)  # 1: station ESD healthy
ES102 = const(3)  # 1: safety relay closed: valves have power
ES103 = const(4)  # 1: earth-monitor relay: loop below 10 ohm
ZS103 = const(5)  # 1: breakaway intact
ZS105 = const(6)  # 1: vehicle loop closed
ZS101 = const(7)  # 1: nozzle seated
ZS102 = const(8)  # 1: nozzle locked
ZS104 = const(9)  # 1: nozzle in holster
FS101 = const(10)  # 1: no flame
PS104 = const(11)  # 1: helium available
PB101 = const(12)  # 1: start pressed
PB102 = const(13)  # 1: stop pressed
KS101 = const(14)  # 1: maintenance key on
ZO101 = const(15)  # 1: XV101 open
ZC101 = const(16)  # 1: XV101 closed
ZO103 = const(17)  # 1: XV103 open
ZC103 = const(18)  # 1: XV103 closed
ZO104 = const(19)  # 1: XV104 open
ZC104 = const(20)  # 1: XV104 closed
ZO105 = const(21)  # 1: XV105 open
ZC105 = const(22)  # 1: XV105 closed
ZO106 = const(23)  # 1: XV106 open
ZC106 = const(24)  # 1: XV106 closed
ZO107 = const(25)  # 1: XV107 open
ZC107 = const(26)  # 1: XV107 closed
ZO110 = const(27)  # 1: XV110 open
ZC110 = const(28)  # 1: XV110 closed
N_DI = const(29)

# DO: digital outputs, 1 = energised
XV101 = const(0)  # supply shut-off; closed without power
XV103 = const(1)  # second shut-off before the hose; closed without power
XV104 = const(2)  # return gas to recovery or stack; closed without power
XV105 = const(3)  # liquid-hose vent to the stack; open without power
XV106 = const(4)  # helium to the liquid bore; closed without power
XV107 = const(5)  # helium to the return bore; closed without power
XV110 = const(6)  # return-hose vent to the stack; open without power
LK108 = const(7)  # nozzle lock, energise to release; locked without power
BL109 = const(8)  # beacon; off without power
PMP111 = const(9)  # transfer-pump permit; off without power
N_DO = const(10)

# AO: analog outputs, 0 to 10000 cpct
FCV102 = const(0)  # cpct; flow control valve; closed without power
N_AO = const(1)

# CI: pulse inputs
FQ101 = const(0)  # 1 g a pulse
N_CI = const(1)
