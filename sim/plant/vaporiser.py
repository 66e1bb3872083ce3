"""The vaporiser: a metal block between coolant and hydrogen, which freezes through when the coolant stands still.

Heat reaches the hydrogen by effectiveness (1 - exp(-NTU)) with the mean heat capacity of its warm-up. Coolant at the
metal freezes below its freezing point; the ice keeps the rest of it from the metal, and in the end from flowing. All
sizes are assumed.
"""

from __future__ import annotations

from math import exp

from .fluid import R_H2, Fluid
from .metal import Metal, steel_h

METAL_KG = 10.0
UA_HYDROGEN_W_K = 300.0  # at 300 K: 5 g/s leave it 2 % short of the metal's temperature
UA_COOLANT_W_K = 1500.0
UA_ICE_W_K = 400.0
COOLANT_KG = 3.0  # in the vaporiser's passages
FREEZES_K = 243.0  # half glycol
ICE_J_KG = 200e3
BLOCKED_SHARE = 0.7  # of the coolant frozen: nothing flows any more
COOLANT_TAU_S = 120.0  # of the circuit that the fuel cell heats
HOT_K = 335.0


class Vaporiser:
    """`metal`, `ice_kg` of coolant, `coolant_k`; `outlet_k` of the hydrogen as it last flowed."""

    __slots__ = ("metal", "ice_kg", "coolant_k", "outlet_k", "duty_w", "in_j")

    def __init__(self, ambient_k: float) -> None:
        self.metal = Metal(METAL_KG, ambient_k)
        self.ice_kg = 0.0
        self.coolant_k = self.outlet_k = ambient_k
        self.duty_w = 0.0
        self.in_j = 0.0  # all heat that the coolant ever gave

    def blocked(self) -> bool:
        """Frozen through: coolant cannot flow whatever its pump does."""
        return self.ice_kg >= BLOCKED_SHARE * COOLANT_KG

    def energy_j(self) -> float:
        """Of metal and ice."""
        return self.metal.mass_kg * steel_h(self.metal.t_k) - self.ice_kg * ICE_J_KG

    def settled(self, ambient_k: float) -> bool:
        """At rest with what surrounds it: nothing to compute."""
        return self.ice_kg == 0.0 and abs(self.metal.t_k - ambient_k) < 0.5 and abs(self.coolant_k - ambient_k) < 0.5

    def coolant(self, dt: float, flows: bool, heated: bool, ambient_k: float) -> None:
        """Coolant side for `dt` s; `flows`: permit and pump, `heated`: the fuel cell makes power."""
        aim_k = HOT_K if heated and flows else ambient_k
        self.coolant_k += (aim_k - self.coolant_k) * (1.0 - exp(-dt / COOLANT_TAU_S))
        metal = self.metal
        free = 1.0 - self.ice_kg / COOLANT_KG
        if flows and not self.blocked():
            ha = UA_COOLANT_W_K * free * dt
            q = (self.coolant_k - metal.t_k) * ha / (1.0 + ha / metal.c_j_k)
            metal.add(q)
            self.in_j += q
        ha = UA_ICE_W_K * dt
        q = (FREEZES_K - metal.t_k) * ha / (1.0 + ha / metal.c_j_k)
        if q > 0.0:
            q = min(q, (COOLANT_KG - self.ice_kg) * ICE_J_KG)
        else:
            q = max(q, -self.ice_kg * ICE_J_KG)
        metal.add(q)
        self.ice_kg += q / ICE_J_KG

    def hydrogen(self, dt: float, kg: float, h_in_j_kg: float, fluid: Fluid) -> float:
        """Warm `kg` that came in with `h_in_j_kg` during `dt` s; returns the enthalpy that it leaves with, J/kg."""
        metal = self.metal
        rise = fluid.ideal_gas(metal.t_k)[0] + R_H2 * metal.t_k - h_in_j_kg
        if rise <= 0.0:
            q = 0.0
        else:
            capacity = kg / dt * rise / (metal.t_k - 20.0)
            q = kg * rise * (1.0 - exp(-UA_HYDROGEN_W_K / capacity))
            q /= 1.0 + q / (metal.c_j_k * (metal.t_k - 20.0))
        metal.add(-q)
        self.duty_w = q / dt
        h = h_in_j_kg + q / kg
        self.outlet_k = temperature(fluid, h, self.outlet_k)
        return h


def duty_w(fluid: Fluid, kg_s: float, h_in_j_kg: float, out_k: float) -> float:
    """Heat that brings a flow from an enthalpy to a temperature, W."""
    return kg_s * (fluid.ideal_gas(out_k)[0] + R_H2 * out_k - h_in_j_kg)


def temperature(fluid: Fluid, h_j_kg: float, guess_k: float) -> float:
    """Temperature of hydrogen of this enthalpy as an ideal gas, K; what is wet counts as 20 K."""
    t = guess_k
    for _ in range(20):
        u, cv = fluid.ideal_gas(t)
        d = (u + R_H2 * t - h_j_kg) / (cv + R_H2)
        t -= d
        if -1e-3 < d < 1e-3:
            break
    return max(t, 20.0)
