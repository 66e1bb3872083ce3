"""How much is in the tank: mass and level from LT201, pressures and temperatures. Integers, g and 0.01 %.

LT201 is a capacitance probe over the tank's height: it reads the mean dielectric density there, calibrated
empty on cold vapour (1.340 kg/m3) and full on liquid at 1.013 bar (70.83 kg/m3), both of parahydrogen
(CoolProp). So mass follows from the reading directly, and the level only with the densities of the day.
"""

from micropython import const

from core import hydrogen
from generated import tank_params as p
from generated.tank_tags import LT201, PT201A, PT201B, PT204, TT201, TT202

PROBE_EMPTY_G_M3 = const(1340)
PROBE_SPAN_G_M3 = const(69490)
SEA_LEVEL_MBAR = const(1013)


class Inventory:
    """`mass_g`, `level_cpct`, `pressure_mbar` (the higher of two good transmitters), `max_mass_g`, `ok`."""

    def __init__(self, image, params):
        self._v, self._ok = image.ai.value, image.ai.ok
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
        v, ok = self._v, self._ok
        a, b = v[PT201A], v[PT201B]
        a_ok, b_ok = ok[PT201A], ok[PT201B]
        pressure = self.pressure_mbar
        if a_ok and b_ok:
            pressure = a if a > b else b
        elif a_ok or b_ok:
            pressure = a if a_ok else b
        self.pressure_mbar = pressure
        self.pressure_ok = 1 if a_ok or b_ok else 0
        ambient = v[PT204] if ok[PT204] else 700  # the lowest road pressure: relief opens earliest
        self.pressure_cpct = pressure * 10000 // (self._params.values[p.RELIEF_MBARG] + ambient)

    def _mean_g_m3(self):
        return PROBE_EMPTY_G_M3 + self._v[LT201] * (PROBE_SPAN_G_M3 // 10) // 1000

    def update_mass(self):
        """Recompute the mass: as often as LT201 is scanned, every 50 ms."""
        self.mass_ok = self._ok[LT201]
        mean_g_m3 = self._mean_g_m3()
        mass = mean_g_m3 * self._params.get(p.VOLUME_L) // 1000
        self.mass_g = mass if mass > 0 else 0

    def update_slow(self):
        """Recompute what changes slowly: level and the 98 %-rule mass."""
        v = self._v
        params = self._params
        self.max_mass_g = hydrogen.max_fill_g(params.get(p.VOLUME_L), params.get(p.RELIEF_MBARG) + SEA_LEVEL_MBAR)
        liquid = hydrogen.rho_liquid_g_m3(v[TT201])
        vapour = hydrogen.rho_vapour_g_m3(self.pressure_mbar, v[TT202])
        mean_g_m3 = self._mean_g_m3()
        level = (mean_g_m3 - vapour) * 10000 // (liquid - vapour) if liquid > vapour else 0
        self.level_cpct = 0 if level < 0 else 10000 if level > 10000 else level
