"""How much is in the tank: mass and level from LT201, pressures and temperatures. Integers, g and 0.01 %.

LT201 is a capacitance probe over the tank's height: it reads the mean dielectric density there, calibrated
empty on cold vapour (1.340 kg/m3) and full on liquid at 1.013 bar (70.83 kg/m3), both of parahydrogen
(CoolProp). So mass follows from the reading directly, and the level only with the densities of the day.
"""

from micropython import const

from core import hydrogen
from generated import tank_tags as t

PROBE_EMPTY_G_M3 = const(1340)
PROBE_SPAN_G_M3 = const(69490)
SEA_LEVEL_MBAR = const(1013)


class Inventory:
    """`mass_g`, `level_cpct`, `pressure_mbar` (the higher of two good transmitters), `max_mass_g`, `ok`."""

    def __init__(self, image, params):
        self._ai = image.ai
        self._params = params
        self.mass_g = 0
        self.level_cpct = 0
        self.pressure_mbar = 0
        self.pressure_cpct = 0  # of the relief pressure at this ambient
        self.max_mass_g = 0
        self.mass_ok = 0
        self.pressure_ok = 0

    def update(self):
        """Recompute the pressure from this tick's image."""
        v, ok = self._ai.value, self._ai.ok
        a, b = v[t.PT201A], v[t.PT201B]
        if ok[t.PT201A] and ok[t.PT201B]:
            self.pressure_mbar = a if a > b else b
            self.pressure_ok = 1
        elif ok[t.PT201A] or ok[t.PT201B]:
            self.pressure_mbar = a if ok[t.PT201A] else b
            self.pressure_ok = 1
        else:
            self.pressure_ok = 0
        params = self._params
        ambient = v[t.PT204] if ok[t.PT204] else 700  # the lowest road pressure: relief opens earliest
        relief = params.get("relief_mbarg") + ambient
        self.pressure_cpct = self.pressure_mbar * 10000 // relief

    def _mean_g_m3(self):
        return PROBE_EMPTY_G_M3 + self._ai.value[t.LT201] * (PROBE_SPAN_G_M3 // 10) // 1000

    def update_mass(self):
        """Recompute the mass: as often as LT201 is scanned, every 50 ms."""
        ai = self._ai
        self.mass_ok = ai.ok[t.LT201]
        mean_g_m3 = self._mean_g_m3()
        mass = mean_g_m3 * self._params.get("volume_l") // 1000
        self.mass_g = mass if mass > 0 else 0

    def update_slow(self):
        """Recompute what changes slowly: level and the 98 %-rule mass."""
        v = self._ai.value
        params = self._params
        self.max_mass_g = hydrogen.max_fill_g(params.get("volume_l"), params.get("relief_mbarg") + SEA_LEVEL_MBAR)
        liquid = hydrogen.rho_liquid_g_m3(v[t.TT201])
        vapour = hydrogen.rho_vapour_g_m3(self.pressure_mbar, v[t.TT202])
        mean_g_m3 = self._mean_g_m3()
        level = (mean_g_m3 - vapour) * 10000 // (liquid - vapour) if liquid > vapour else 0
        self.level_cpct = 0 if level < 0 else 10000 if level > 10000 else level
