"""The onboard tank against measurements, another code and equilibrium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.plant.config import max_fill_kg
from sim.plant.fluid import get_fluid
from sim.plant.metal import jacket_w_m2
from sim.plant.parking import park
from sim.plant.tank import Tank
from sim.plant.vessel import Vessel
from sim.plant.wall import ALUMINIUM

from . import equilibrium
from . import published as pub
from .no_vent import fill
from .pressurise import rise
from .rows import Row, within

Group = Callable[[], Iterator[Row]]
DAY_S = 86_400.0
LOST_KW_M2 = 1.5  # what the plant takes for a tank whose vacuum is lost
SHAKEN = 30.0  # of the sloshing of a truck that drives off
COLD_FILL_STEP_KG = 0.1
TWO_ZONE = within(0.25)
HOMOGENEOUS = (0.935, 1.065)  # 6 %, and half a digit of a reference of three digits
THREE_DIGITS = within(0.05)
TWO_DIGITS = within(0.07)


def self_pressurisation() -> Iterator[Row]:
    """V1, V1b: NASA's K-site tank."""
    vessel = Vessel(pub.KSITE_VOLUME_M3, pub.KSITE_AREA_M2, pub.KSITE_WALL_KG, ALUMINIUM)
    plain = []
    for row in pub.KSITE:
        heat = row.flux_w_m2 * vessel.area_m2
        got = rise(vessel, heat, row.fill, row.from_kpa * 1e3, row.to_kpa * 1e3)
        what = f"{row.flux_w_m2:g} W/m2, {row.fill:.0%} full, {row.from_kpa:g}-{row.to_kpa:g} kPa"
        source = pub.KSITE_SOURCE
        yield Row("V1", what, got.rate_kpa_h, row.measured, "kPa/h", TWO_ZONE, "measured", source)
        plain.append(
            Row("V1b", what, got.homogeneous_rate_kpa_h, row.homogeneous, "kPa/h", HOMOGENEOUS, "calculated", source)
        )
    yield from plain


def no_vent_fill() -> Iterator[Row]:
    """V3: a sphere half full, filled from below; the same from above must fall instead of rise."""
    below = Vessel(pub.FLUINT_VOLUME_M3, pub.FLUINT_AREA_M2, pub.FLUINT_WALL_KG, spray_fraction=0.0)
    flow, source = pub.FLUINT_FLOW_KG_S, (pub.FLUINT_SOURCE_PA, pub.FLUINT_SOURCE_K)
    got = fill(below, 0.5, pub.FLUINT_START_PA, *source, flow, pub.FLUINT_S)
    for value, (what, reference, unit) in zip(got, pub.FLUINT_END, strict=True):
        name = f"bottom inlet, 15 min: {what}"
        yield Row("V3", name, value, reference, unit, THREE_DIGITS, "code", pub.FLUINT_SOURCE)


def _stirred(volume_m3: float, area_m2: float, kg: float, bar: float, heat_w: float) -> Tank:
    """A tank whose liquid and vapour are shaken together: it must come to equilibrium."""
    tank = Tank(Vessel(volume_m3, area_m2, pub.TRUCK_WALL_KG), get_fluid(), kg, bar * 1e5)
    tank.leak_w = heat_w
    tank.slosh = SHAKEN
    return tank


def _days(volume_m3: float, kg: float, to_bar: float) -> float:
    tank = _stirred(volume_m3, pub.TRUCK_AREA_M2, kg, 2.0, 10.0)
    return park(tank, 40.0 * DAY_S, lambda t: t.p >= to_bar * 1e5) / DAY_S


def hold_times() -> Iterator[Row]:
    """The tank shaken, so that it stays in equilibrium: hold times, also of one that becomes full of liquid."""
    for kg, six, ten in pub.HOLD_DAYS:
        for to_bar, reference in ((6.0, six), (10.0, ten)):
            what = f"{kg:g} kg in 1.7 m3, 10 W, 2-{to_bar:g} bar"
            value = _days(pub.TRUCK_M3, kg, to_bar)
            yield Row("hold", what, value, reference, "d", TWO_DIGITS, "calculated", pub.CALCULATED)
    for kg, reference in pub.OVERFILL_DAYS:
        what = f"{kg:g} kg in 1.5 m3, 10 W, 2-6 bar"
        yield Row("overfill", what, _days(1.5, kg, 6.0), reference, "d", TWO_DIGITS, "calculated", pub.CALCULATED)


def parked_rates() -> Iterator[Row]:
    """Pressure rise of a parked truck at 3 bar, shaken."""
    for kg, reference in pub.PARKED_KPA_H:
        tank = _stirred(pub.TRUCK_M3, pub.TRUCK_AREA_M2, kg, 2.9, 10.0)
        hours = park(tank, 10.0 * DAY_S, lambda t: t.p >= 3.1e5) / 3600.0
        what = f"{kg:g} kg in 1.7 m3, 10 W, at 3 bar"
        value = (tank.p - 2.9e5) * 1e-3 / hours
        yield Row("parked", what, value, reference, "kPa/h", TWO_DIGITS, "calculated", pub.CALCULATED)


def liquid_full() -> Iterator[Row]:
    """Pressure at which the liquid fills the vessel."""
    fluid = get_fluid()
    for share, reference in pub.FULL_BAR:
        kg = equilibrium.start_kg(fluid, pub.TRUCK_M3, share, 1.2e5)
        tank = _stirred(pub.TRUCK_M3, pub.TRUCK_AREA_M2, kg, 1.2, 20.0)
        park(tank, 40.0 * DAY_S, lambda t: t.vl >= 0.999 * t.v)
        what = f"{share:.0%} full at 1.2 bar becomes full of liquid"
        yield Row("full", what, tank.p * 1e-5, reference, "bar", TWO_DIGITS, "calculated", pub.CALCULATED)


def max_fill() -> Iterator[Row]:
    """The 98 % rule."""
    for bar, reference in pub.MAX_DENSITY:
        what = f"relief at {bar:g} bar"
        value = max_fill_kg(1.0, bar)
        yield Row("98 %", what, value, reference, "kg/m3", within(0.005), "calculated", pub.CALCULATED)


def vacuum_loss() -> Iterator[Row]:
    """V6, and what lost vacuum does to a full truck."""
    kw = jacket_w_m2(101_325.0) * 1e-3
    low, high = pub.GOFF_KW
    mean = 0.5 * (low + high)
    flux = min(kw, LOST_KW_M2) * pub.GOFF_AREA_M2
    yield Row("V6", "heat into 6.69 m2", flux, mean, "kW", (low / mean, high / mean), "measured", pub.GOFF_SOURCE)
    tank = _stirred(1.5, pub.GOFF_AREA_M2, 60.0, 1.2, flux * 1e3)
    tank.slosh = 0.0
    passed = [0.0, 0.0]

    def hold(t: Tank, dt: float) -> bool:
        kg = max(0.0, (t.p - 1.2e5) / 1.2e5 * 0.2 * t.mv)
        passed[0] += t.take_vapour(kg)[0]
        passed[1] += dt
        return True

    park(tank, 30.0, None, hold)
    passed[:] = [0.0, 0.0]
    park(tank, 60.0, None, hold)
    least, most = pub.GOFF_BOIL_OFF_KG_S
    mean = 0.5 * (least + most)
    most = pub.GOFF_KW[1] / 446.0  # what the upper bound of the heat would boil
    band = (least / mean, most / mean)
    yield Row("V6", "boil-off at 1.2 bar", passed[0] / passed[1], mean, "kg/s", band, "measured", pub.GOFF_SOURCE)
    for heat, reference in pub.VACUUM_LOST_MIN:
        tank = _stirred(pub.TRUCK_M3, 8.6, 90.0, 2.0, heat * 1e3)
        minutes = park(tank, DAY_S, lambda t: t.p >= 6e5) / 60.0
        what = f"vacuum lost, {heat:g} kW into 90 kg, 2-6 bar"
        yield Row("vacuum", what, minutes, reference, "min", TWO_DIGITS, "calculated", pub.CALCULATED)


def cold_fills() -> Iterator[Row]:
    """V8's fill, with the volume and the heel that it does not name: subcooled liquid at 400 kg/h until 16 bar."""
    fluid = get_fluid()
    end_pa = pub.COLD_FILL_BAR * 1e5
    for bar, t_k, reference in pub.COLD_FILL_KG:
        kg = equilibrium.start_kg(fluid, pub.COLD_FILL_M3, pub.COLD_FILL_HEEL, bar * 1e5)
        tank = _stirred(pub.COLD_FILL_M3, pub.TRUCK_AREA_M2, kg, bar, 0.0)
        h_j_kg, _ = fluid.h_pt(end_pa, t_k)
        while tank.p < end_pa:
            # Gently where the liquid has nearly filled the vessel and the pressure runs away.
            part_kg = max(min(COLD_FILL_STEP_KG, 0.02 * (tank.v - tank.vl) * tank.rho_l), 1e-3)
            tank.step(part_kg / pub.COLD_FILL_KG_S, part_kg, 0.0, 0.0, part_kg * h_j_kg, 0.0)
        what = f"10% heel at {bar:g} bar, {t_k:g} K into 1.5 m3 to 16 bar"
        yield Row("sLH2", what, tank.mass_kg(), reference, "kg", THREE_DIGITS, "calculated", pub.CALCULATED)


GROUPS: tuple[Group, ...] = (
    self_pressurisation,
    no_vent_fill,
    hold_times,
    parked_rates,
    liquid_full,
    max_fill,
    vacuum_loss,
    cold_fills,
)
