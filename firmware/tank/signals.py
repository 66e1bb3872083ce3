"""Signals that the tank computes for its trip table: names, values and quality, once a tick."""

from micropython import const

from generated import tank_tags as t

# One text, because each name of its own would take heap.
NAMES = "P_CPCT PT_DIFF OVER_G XV201_MS XV202_MS XV208_MS XV209_MS TARGET_G"
P_CPCT, PT_DIFF, OVER_G, XV201_MS = range(4)
TARGET_G = const(7)

LATE_MAX_MS = const(1000000)
SCAN_TICKS = const(5)
SCAN_MS = const(50)
OVERFILL_MARGIN_G = const(400)  # measuring error allowed above the 98 %-rule mass


class Signals:
    """Computes NAMES into `value` and `ok` each tick, without allocation."""

    def __init__(self, image, inventory, station):
        n = len(NAMES.split())
        self.value = [0] * n
        self.ok = [1] * n
        self._image = image
        self._inventory = inventory
        self._station = station
        self._valves = (
            (t.XV201, t.ZO201, t.ZC201),
            (t.XV202, t.ZO202, t.ZC202),
            (t.XV208, t.ZO208, t.ZC208),
            (t.XV209, t.ZO209, t.ZC209),
        )

    def update(self, tick):
        """Compute all signals from this tick's image and inventory."""
        value, ok = self.value, self.ok
        inventory = self._inventory
        value[P_CPCT] = inventory.pressure_cpct
        ok[P_CPCT] = inventory.pressure_ok
        if tick % SCAN_TICKS == 0:
            ai = self._image.ai
            difference = ai.value[t.PT201A] - ai.value[t.PT201B]
            value[PT_DIFF] = difference if difference > 0 else -difference
            ok[PT_DIFF] = ai.ok[t.PT201A] and ai.ok[t.PT201B]
            value[OVER_G] = inventory.mass_g - inventory.max_mass_g - OVERFILL_MARGIN_G
            ok[OVER_G] = inventory.mass_ok
            value[TARGET_G] = self._station.target_g() - inventory.max_mass_g  # far below 0 while it has not said
            self._positions()

    def _positions(self):
        di, do, value = self._image.di, self._image.do, self.value
        k = XV201_MS
        for output, opened, closed in self._valves:
            if di[opened if do[output] else closed]:
                value[k] = 0
            elif value[k] < LATE_MAX_MS:
                value[k] += SCAN_MS
            k += 1
