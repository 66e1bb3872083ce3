"""Properties of parahydrogen for the control tick: integers only, no allocation, below 2**30 throughout.

Pressures are absolute, mbar; temperatures 0.01 K; densities g/m3. Arguments outside a table are taken as its
nearest end, never extrapolated: the caller's range checks say whether that is acceptable.
"""

from micropython import const

from generated import parahydrogen as table

# Ideal-gas density in 0.1 g/m3 is p_mbar * 24246 / t_ck:
# 100 Pa/mbar * 2.01588 g/mol * 100 ck/K * 10 / 8.314463 J/(mol K)
_IDEAL = const(24246)
_P_MAX_MBAR = const(12000)
_ONE = const(10000)


def interpolate(table_lo, step, table, x):
    """Return the table's value at `x`, linear between table_lo, table_lo + step, ...; outside, its nearest end.

    `step` times the largest difference between neighbours must stay below 2**30.
    """
    i = (x - table_lo) // step
    if i < 0:
        return table[0]
    last = len(table) - 1
    if i >= last:
        return table[last]
    low = table[i]
    return low + ((table[i + 1] - low) * (x - table_lo - i * step) + (step >> 1)) // step


def tsat_ck(p_mbar):
    """Return the boiling temperature, 0.01 K, at 100 to 12000 mbar; error 0.02 K (0.1 K below 1 bar)."""
    return interpolate(table.TSAT_CK_LOW_MBAR, table.TSAT_CK_STEP_MBAR, table.TSAT_CK, p_mbar)


def rho_liquid_g_m3(t_ck):
    """Return the density of boiling liquid, g/m3, at 1390 to 3215 ck; error below 0.1 %.

    Liquid under more than its own vapour pressure is a little denser (about 1 % at 5 bar above it).
    """
    return interpolate(
        table.RHO_LIQUID_G_M3_LOW_CK, table.RHO_LIQUID_G_M3_STEP_CK, table.RHO_LIQUID_G_M3, t_ck
    )


def rho_vapour_g_m3(p_mbar, t_ck):
    """Return the density of vapour, g/m3; colder than boiling is taken as saturated.

    Ideal gas over a compressibility Z that meets the saturated one and fades with x = Tsat/T as
    1 - Z = (1 - Zsat) * ((1 - w) * x**3 + w * x**16), w = 0.4 * p / 12 bar (fitted to CoolProp).
    Error below 3 % (or 1 g/m3) for p up to 11 bar at any T up to 300 K; below 7 % at 12 bar, close to boiling.
    Pressures above 12 bar are taken as 12 bar.
    """
    if p_mbar > _P_MAX_MBAR:
        p_mbar = _P_MAX_MBAR
    elif p_mbar <= 0:
        return 0
    boiling = tsat_ck(p_mbar)
    if t_ck < boiling:
        t_ck = boiling
    saturated = interpolate(
        table.RHO_VAPOUR_G_M3_LOW_MBAR, table.RHO_VAPOUR_G_M3_STEP_MBAR, table.RHO_VAPOUR_G_M3, p_mbar
    )
    lack = _ONE - p_mbar * _IDEAL // boiling * 1000 // saturated  # 1 - Zsat, in 1/10000
    if lack < 0:
        lack = 0  # below the table's 100 mbar: as good as ideal
    x = boiling * _ONE // t_ck
    x2 = x * x // _ONE
    x4 = x2 * x2 // _ONE
    x8 = x4 * x4 // _ONE
    w = p_mbar // 3
    fade = ((_ONE - w) * (x2 * x // _ONE) + w * (x8 * x8 // _ONE)) // _ONE
    return p_mbar * _IDEAL // t_ck * 1000 // (_ONE - lack * fade // _ONE)


def max_fill_g(volume_l, relief_mbar_abs):
    """Return the most hydrogen, g, a tank of `volume_l` (0 to 10000 l) may hold: 98 % liquid when its relief
    opens.

    Rounded down. A relief below 1500 mbar absolute is not in the table and allows nothing (0).
    """
    if relief_mbar_abs < table.MAX_FILL_G_M3_LOW_MBAR:
        return 0
    density = interpolate(
        table.MAX_FILL_G_M3_LOW_MBAR, table.MAX_FILL_G_M3_STEP_MBAR, table.MAX_FILL_G_M3, relief_mbar_abs
    )
    return density * volume_l // 1000
