"""Ice from the air's humidity on the outside of the coupling, where it holds the lock.

The skin follows the cold inside it; below freezing the air's moisture settles on it, above it melts. Assumed figures of
a jacketed coupling; the moisture's mass transfer follows from its heat transfer (Lewis number 1).
"""

from __future__ import annotations

from math import exp

SKIN_SHARE = 0.15  # assumed: of the way from the air's to the inner metal's temperature, seated and jacketed
FACE_SHARE = 0.5  # assumed: the bare face, once the nozzle is off
SKIN_TAU_S = 120.0  # assumed
AREA_M2 = 0.03  # assumed
HTC_W_M2K = 10.0  # still air
AIR_J_M3K = 1200.0
R_WATER = 461.5
MELTS_K = 273.15
MELT_J_KG = 334e3
HOLDS_G = 20.0  # assumed: so much ice keeps the lock from closing


def humidity_kg_m3(t_k: float) -> float:
    """Water in saturated air over ice or water, kg/m3 (Magnus formula)."""
    a, b = (22.46, 272.62) if t_k < MELTS_K else (17.62, 243.12)
    t_c = max(t_k - MELTS_K, -120.0)
    return 611.2 * exp(a * t_c / (b + t_c)) / (R_WATER * max(t_k, 1.0))


class Ice:
    """`grams` of ice on the coupling; `skin_k` its outer temperature."""

    __slots__ = ("grams", "skin_k", "_humidity")

    def __init__(self, relative_humidity: float, ambient_k: float, grams: float) -> None:
        self.grams = grams
        self.skin_k = min(ambient_k, MELTS_K) if grams > 0.0 else ambient_k
        self._humidity = relative_humidity

    def step(self, dt: float, inner_k: float, ambient_k: float, seated: bool) -> None:
        """Advance by `dt` s, about half a second, with the coupling's metal at `inner_k`."""
        share = SKIN_SHARE if seated else FACE_SHARE
        aim_k = ambient_k - share * (ambient_k - inner_k)
        self.skin_k += (aim_k - self.skin_k) * (1.0 - exp(-dt / SKIN_TAU_S))
        if self.skin_k > MELTS_K:
            if self.grams > 0.0:
                melted_g = HTC_W_M2K * AREA_M2 * (ambient_k - MELTS_K) / MELT_J_KG * 1e3 * dt
                self.grams = max(self.grams - max(melted_g, 0.0), 0.0)
            return
        wet = self._humidity * humidity_kg_m3(ambient_k) - humidity_kg_m3(self.skin_k)
        if wet > 0.0:
            self.grams += HTC_W_M2K / AIR_J_M3K * AREA_M2 * wet * 1e3 * dt

    def lock_drag(self) -> float:
        """How many times slower the lock moves; 0 when it cannot close any more."""
        return 0.0 if self.grams > HOLDS_G else 1.0 + 4.0 * self.grams / HOLDS_G
