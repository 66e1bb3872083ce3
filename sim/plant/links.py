"""Flow elements: coefficients and the flow law they share.

w = K * sqrt(rho * p * x) * (1 - y x), K = Cd*A*sqrt(2) in m2, x = dp / p up to a limit at which the flow chokes, as in
IEC 60534: for gas x_T = 0.52 of air times k / 1.4 (k: isentropic exponent), which is within 2 % of an isentropic nozzle
from cold vapour to warm gas; for liquid what is left above F_F x saturation pressure, because it flashes in the throat;
between them by the share of gas. y makes the expansion factor 2/3 where gas chokes, and is 0 for liquid.

All coefficients are assumed, sized so that a fully open fill path passes about 160 g/s of liquid at 2 bar, the helium
orifices 2 g/s, and the hose vents blow a liquid-full hose down from 6 bar in about 10 s.
"""

from __future__ import annotations

from math import sqrt

X_GAS = 0.52 / 1.4  # x_T per isentropic exponent; 0.52 by comparison with an isentropic nozzle
X_COLD = 1.5 * X_GAS  # of vapour near saturation, 3 to 6 bar
X_HELIUM = 5.0 / 3.0 * X_GAS
P_CRIT_PA = 1.2858e6
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
    """One flow path. `k` is the present coefficient; `w` kg/s the mean flow of the last tick, positive as named;
    `x_far`, `y_far` the limits of what would come in from the far side; `forward`: between two nodes, whether the step
    was reckoned with the first one's content.

    Of a relief also: `p_set` Pa absolute, `k_per_pa` the coefficient gained per Pa above it, up to `k_full`.
    """

    __slots__ = (
        "tag", "k", "w", "one_way", "node", "kind", "w0", "ga", "p_far", "rho_far", "p_set", "k_per_pa",
        "k_full", "x_far", "y_far", "forward",
    )  # fmt: skip

    def __init__(self, tag: str, one_way: bool, node: int = -1, kind: int = 0) -> None:
        self.tag = tag
        self.k = 0.0
        self.w = 0.0
        self.one_way = one_way
        self.node = node
        self.kind = kind
        self.w0 = self.ga = 0.0
        self.forward = True
        self.p_set = self.k_per_pa = self.k_full = 0.0
        self.p_far = self.rho_far = 0.0
        self.x_far, self.y_far = X_COLD, 1.0 / (3.0 * X_COLD)


def gas_flow(k: float, p_up: float, rho_up: float, p_down: float, x_limit: float = X_COLD) -> float:
    """Gas flow kg/s through a coefficient; 0 without a driving pressure. `x_limit`: X_GAS x isentropic exponent."""
    if p_down >= p_up or k == 0.0:
        return 0.0
    x = 1.0 - p_down / p_up
    if x > x_limit:
        x = x_limit
    return k * sqrt(rho_up * p_up * x) * (1.0 - x / (3.0 * x_limit))


def liquid_limit(p: float, p_sat: float) -> float:
    """x at which liquid at `p` Pa chokes because it flashes; F_F of IEC 60534, recovery factor 1 (an orifice)."""
    ff = 0.96 - 0.28 * sqrt(p_sat / P_CRIT_PA)
    return 1.0 - (ff * p_sat / p if p_sat < p else ff)


def series(*ks: float) -> float:
    """Coefficient of elements in series; 0 if one is closed."""
    s = 0.0
    for k in ks:
        if k <= 0.0:
            return 0.0
        s += 1.0 / (k * k)
    return 1.0 / sqrt(s)
