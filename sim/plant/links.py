"""Flow elements: coefficients and the flow law they share.

w = K * sqrt(rho * dp) * Y, K = Cd*A*sqrt(2) in m2, IEC 60534 form with x_T = 0.5 for gas (choked at dp = p/2, within
3 % of the ideal nozzle) and no choking for liquid. All coefficients are assumed, sized so that a fully open fill path
passes about 160 g/s of liquid at 2 bar, the helium orifices 2 g/s, and the hose vents blow a liquid-full hose
down from 6 bar in about 10 s.
"""

from __future__ import annotations

from math import sqrt

DP_REG_PA = 200.0  # linear below this pressure difference, so that the conductance stays finite

K_XV101 = 1.5e-4
K_FCV102 = 5.5e-5
K_XV103 = 1.5e-4
K_HOSE = 1.4e-4
K_XV201 = 1.4e-4
K_XV208 = 8.0e-5
K_RETURN = 8.0e-5
K_XV104 = 6.0e-5
K_XV202 = 6.0e-5
K_XV105 = 4.5e-6
K_XV110 = 4.5e-6
K_HELIUM = 5.0e-6
K_PSV_HOSE = 4.0e-5
K_PSV_STUB = 1.0e-5
K_PSV201 = 1.0e-4
K_XV209 = 5.0e-5


class Link:
    """One flow path. `k` is the present coefficient; `w` kg/s the mean flow of the last tick, positive as named.

    Of a relief also: `p_set` Pa absolute, `k_per_pa` the coefficient gained per Pa above it, up to `k_full`.
    """

    __slots__ = (
        "tag", "k", "w", "one_way", "node", "kind", "w0", "ga", "p_far", "rho_far", "gas_far", "p_set", "k_per_pa",
        "k_full",
    )  # fmt: skip

    def __init__(self, tag: str, one_way: bool, node: int = -1, kind: int = 0) -> None:
        self.tag = tag
        self.k = 0.0
        self.w = 0.0
        self.one_way = one_way
        self.node = node
        self.kind = kind
        self.w0 = self.ga = 0.0
        self.p_set = self.k_per_pa = self.k_full = 0.0
        self.p_far = self.rho_far = 0.0
        self.gas_far = 1.0


def gas_flow(k: float, p_up: float, rho_up: float, p_down: float) -> float:
    """Gas flow kg/s through a coefficient; 0 if there is no driving pressure."""
    if p_down >= p_up or k == 0.0:
        return 0.0
    x = 1.0 - p_down / p_up
    if x > 0.5:
        x = 0.5
    return k * sqrt(rho_up * p_up * x) * (1.0 - x / 1.5)


def series(*ks: float) -> float:
    """Coefficient of elements in series; 0 if one is closed."""
    s = 0.0
    for k in ks:
        if k <= 0.0:
            return 0.0
        s += 1.0 / (k * k)
    return 1.0 / sqrt(s)
