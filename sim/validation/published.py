"""Published numbers that the tank is held against, with their sources. Pressures absolute."""

from __future__ import annotations

from typing import Final, NamedTuple

KSITE_SOURCE: Final = "NASA TM-105411 table 1"
KSITE_VOLUME_M3, KSITE_AREA_M2 = 4.89, 14.0
KSITE_WALL_KG = 149.0  # assumed: 2 mm of aluminium with bosses and supports


class KSite(NamedTuple):
    """One row: rates in kPa/h, `homogeneous` is the paper's own model."""

    flux_w_m2: float
    fill: float
    from_kpa: float
    to_kpa: float
    measured: float
    homogeneous: float


KSITE: Final = (
    KSite(0.35, 0.83, 121.0, 128.0, 0.223, 0.198),
    KSite(2.0, 0.29, 159.0, 172.0, 3.82, 2.73),
    KSite(2.0, 0.49, 145.0, 159.0, 2.72, 1.86),
    KSite(2.0, 0.83, 159.0, 172.0, 3.47, 1.46),
    KSite(3.5, 0.29, 186.0, 200.0, 8.21, 4.83),
    KSite(3.5, 0.49, 186.0, 200.0, 6.07, 3.71),
    KSite(3.5, 0.83, 186.0, 200.0, 8.14, 2.63),
)

FLUINT_SOURCE: Final = "SINDA/FLUINT sample problem F"
FLUINT_VOLUME_M3, FLUINT_AREA_M2, FLUINT_WALL_KG = 0.636, 3.575, 213.0  # 42 in sphere, 0.3 in steel
FLUINT_START_PA, FLUINT_SOURCE_PA, FLUINT_SOURCE_K = 245_457.0, 413_685.0, 14.0
FLUINT_FLOW_KG_S, FLUINT_S = 0.0129, 900.0  # the mean that its fill level at the end means
FLUINT_END: Final = (("fill", 0.739, ""), ("pressure", 412.0, "kPa"), ("vapour", 26.33, "K"), ("liquid", 21.17, "K"))

CALCULATED: Final = "CoolProp 8, ParaHydrogen, equilibrium"
TRUCK_M3, TRUCK_AREA_M2, TRUCK_WALL_KG = 1.7, 9.5, 300.0
# kg -> days from 2 to 6 and from 2 to 10 bar at 10 W in 1.7 m3
HOLD_DAYS: Final = ((30.0, 4.4, 8.1), (60.0, 5.9, 10.5), (90.0, 7.4, 11.4), (100.0, 7.9, 8.4))
OVERFILL_DAYS: Final = ((90.0, 6.2), (100.0, 1.3))  # kg in 1.5 m3 -> days from 2 to 6 bar
PARKED_KPA_H: Final = ((90.0, 2.1), (50.0, 2.9), (20.0, 4.1))  # kg -> rise at 3 bar and 10 W
FULL_BAR: Final = ((0.75, 8.7), (0.80, 7.1), (0.85, 5.5), (0.90, 3.8), (0.95, 2.4))  # fill at 1.2 bar -> liquid-full
MAX_DENSITY: Final = ((4.0, 61.75), (6.0, 57.70), (7.0, 55.69), (8.0, 53.61), (10.0, 48.94), (12.0, 42.00))
VACUUM_LOST_MIN: Final = ((7.7, 14.0), (19.0, 5.6), (62.0, 1.7))  # kW -> minutes from 2 to 6 bar, 90 kg in 1.7 m3
# sLH2: 80 kg in 12 min to 16 bar; bar of a 10 % heel, K of the liquid that comes in -> kg in the vessel at 16 bar
COLD_FILL_BAR, COLD_FILL_M3, COLD_FILL_HEEL, COLD_FILL_KG_S = 16.0, 1.5, 0.1, 80.0 / 720.0
COLD_FILL_KG: Final = ((5.0, 24.0, 92.4), (5.0, 26.0, 88.3), (5.0, 28.0, 83.5), (10.0, 26.0, 78.6))

GOFF_SOURCE: Final = "Goff et al., Hydrogen Safety 3 (2026) 97"
GOFF_AREA_M2 = 6.69
GOFF_KW: Final = (9.5, 14.7)
GOFF_BOIL_OFF_KG_S: Final = (0.013, 0.019)
HOSE_SOURCE: Final = "Goff et al., IChemE Hazards 34 (2024) 111"
HOSE_KW_M2: Final = (3.18, 7.23)

# trapped liquid, saturated at 2 bar: warmer by K -> bar
TRAPPED_BAR: Final = ((1.0, 10.0), (2.0, 18.0), (5.0, 41.0), (10.0, 80.0))
# choked vent of 10 mm, Cd 0.8: bar, K -> g/s through an isentropic nozzle (the largest of rho x velocity on the way)
# What, vacuum in Pa, rise in bar/s of 2.45 L behind 5 to 10 W, and behind 1.3 to 2.8 kW without vacuum.
HOSE_BAR_S: Final = (("vacuum whole", 0.02, (0.04, 0.07)), ("without vacuum", 101_325.0, (10.0, 20.0)))
SURGE_M_S: Final = 4.3
SURGE_BAR: Final = (
    # HOW           TICKS  BAR    BAND
    ("in 10 ms",    1,     2.7,   (2.2 / 2.7, 3.2 / 2.7)),
    ("in 0.35 s",   35,    0.084, (0.8, 1.2)),
)
SURGE_SOURCE: Final = "rho c v; 2 L v rho / t of a slow closure"
VENT_G_S: Final = ((3.0, 30.0, 41.3), (6.0, 30.0, 84.8), (3.0, 100.0, 20.6), (6.0, 293.0, 23.3))
NOZZLE_SOURCE: Final = "CoolProp 8, isentropic nozzle"
