"""The Coriolis meter before XV101 on liquid that boils in it: bubbles decouple from the tube, and it reads low.

The meter's own pressure loss flashes liquid with too little subcooling. The error is a share of the flow per share of
gas in the volume; assumed between 0.3 and 1, with a stall above. Off (0) by default: no trip looks for it yet.
"""

from __future__ import annotations

from .fluid import Fluid

K_M2 = 1.2e-4  # assumed: 0.25 bar at 160 g/s
STALL_SHARE = 0.3  # of gas: the drive cannot keep the tube swinging, it shows no flow


def gas_share(fluid: Fluid, p_pa: float, t_k: float, w_kg_s: float) -> float:
    """Share of gas in the volume where the pressure is lowest; 0 for what stays liquid."""
    rho = fluid.sat_t(t_k)[1]
    p_low = max(p_pa - (w_kg_s / K_M2) ** 2 / rho, 1e4)
    if p_low >= fluid.sat_t(t_k)[0]:
        return 0.0
    _, h_l, h_v, rho_l, rho_v = fluid.sat_p(p_low)
    # Enthalpy of the liquid before it flashed: saturated at its own temperature.
    h = fluid.sat_p(fluid.sat_t(t_k)[0])[1]
    x = min(max((h - h_l) / (h_v - h_l), 0.0), 1.0)
    return 1.0 / (1.0 + (1.0 - x) / x * rho_v / rho_l) if x > 0.0 else 0.0


def shown(w_kg_s: float, share: float, error: float) -> float:
    """Flow that the meter shows, kg/s; `error`: relative, per share of gas."""
    if error == 0.0 or share == 0.0:
        return w_kg_s
    return 0.0 if share > STALL_SHARE else w_kg_s * max(1.0 - error * share, 0.0)
