"""Signals that the dispenser computes for its trip table: names, values and quality, once a tick."""

from micropython import const

from core import hydrogen
from generated import dispenser_tags as t
from generated.dispenser_tags import PT102, PT103, PT105

# One text, because each name of its own would take heap.
NAMES = (
    "PT102_G PT103_G LINK_MS LINK_BAD TRUCK_ABORT TANK_P_CPCT OVERFILL_G BALANCE_G TT102_DIFF"
    " LEAK COLD_LEAK XV101_MS XV103_MS XV104_MS XV105_MS XV106_MS XV107_MS XV110_MS"
    " TRUCK_OTHER STATIC_MS"
)
(
    PT102_G, PT103_G, LINK_MS, LINK_BAD, TRUCK_ABORT, TANK_P_CPCT, OVERFILL_G, BALANCE_G, TT102_DIFF,
    LEAK, COLD_LEAK, XV101_MS,
) = range(12)  # fmt: skip

TRUCK_OTHER, STATIC_MS = const(18), const(19)

LINK_MS_MAX = const(1000000)
SCAN_TICKS = const(5)  # limit switches are compared with commands every 50 ms
SCAN_MS = const(50)
SEA_LEVEL_MBAR = const(1013)
OVERFILL_MARGIN_G = const(400)  # measuring error allowed above the 98 %-rule mass before it counts as overfill


class Signals:
    """Computes NAMES into `value` and `ok` each tick, without allocation."""

    def __init__(self, image, truck, meter):
        n = len(NAMES.split())
        self.value = [0] * n
        self.ok = [1] * n
        self._image = image
        self._v, self._good = image.ai.value, image.ai.ok
        self._truck = truck
        self._meter = meter
        # (index into DO, safe-open, ZO, ZC) per valve with limit switches, in the order of XV101_MS...
        self._valves = (
            (t.XV101, 0, t.ZO101, t.ZC101),
            (t.XV103, 0, t.ZO103, t.ZC103),
            (t.XV104, 0, t.ZO104, t.ZC104),
            (t.XV105, 1, t.ZO105, t.ZC105),
            (t.XV106, 0, t.ZO106, t.ZC106),
            (t.XV107, 0, t.ZO107, t.ZC107),
            (t.XV110, 1, t.ZO110, t.ZC110),
        )

    def update(self, tick, now):
        """Compute all signals from this tick's image and the truck's latest frames."""
        value, ok = self.value, self.ok
        v, good = self._v, self._good
        ambient_mbar, ambient_ok = v[PT105], good[PT105]
        value[PT102_G] = v[PT102] - ambient_mbar
        value[PT103_G] = v[PT103] - ambient_mbar
        ok[PT102_G] = ambient_ok and good[PT102]
        ok[PT103_G] = ambient_ok and good[PT103]
        truck = self._truck
        value[LINK_MS] = truck.age_ms
        value[LINK_BAD] = 0 if truck.qualified else 1
        value[TRUCK_ABORT] = 1 if truck.aborts else 0
        value[TRUCK_OTHER] = 1 if truck.changed else 0
        if tick % SCAN_TICKS == 0:
            value[STATIC_MS] = truck.static_age_ms(now)
            self._slow()

    def _slow(self):
        value, ok = self.value, self.ok
        v, good = self._v, self._good
        difference = v[t.TT102] - v[t.TT102B]
        value[TT102_DIFF] = difference if difference > 0 else -difference
        ok[TT102_DIFF] = good[t.TT102] and good[t.TT102B]
        truck = self._truck
        relief = truck.relief_mbarg + SEA_LEVEL_MBAR
        if truck.relief_mbarg > 0 and truck.pressure_mbar >= 0:
            value[TANK_P_CPCT] = truck.pressure_mbar * 10000 // relief
            ok[TANK_P_CPCT] = 1
        else:
            ok[TANK_P_CPCT] = 0
        if truck.max_mass_g > 0 and truck.mass_g >= 0:
            value[OVERFILL_G] = truck.mass_g - truck.max_mass_g - OVERFILL_MARGIN_G
            ok[OVERFILL_G] = 1
            balance = self._meter.balance_g(truck.mass_g)
            value[BALANCE_G] = balance if balance > 0 else -balance
        else:
            ok[OVERFILL_G] = 0
        self._positions()

    def _positions(self):
        image = self._image
        di, do = image.di, image.do
        powered = di[t.ES102]
        value = self.value
        k = XV101_MS
        for output, safe_open, opened, closed in self._valves:
            energised = do[output] if powered else 0
            is_open = energised ^ safe_open
            if di[opened if is_open else closed]:
                value[k] = 0
            elif value[k] < LINK_MS_MAX:
                value[k] += SCAN_MS
            k += 1


def max_mass_g(volume_l, relief_mbarg):
    """Return the 98 %-rule mass in g for a tank of volume_l whose relief opens at relief_mbarg at sea level."""
    return hydrogen.max_fill_g(volume_l, relief_mbarg + SEA_LEVEL_MBAR)
