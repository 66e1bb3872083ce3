"""What the plant is built from: scenario values plus assumed sizes. Refuses inconsistent values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .fluid import get_fluid
from .fuel_cell import RATED_KW
from .piping_table import NODES, PSV101_BARG, VALVES
from .shape import sphere_m2
from .sides import WORDS, StationSide, TruckSide
from .vessel import Start, Vessel

SEA_LEVEL_BAR = 1.01325
SUPERCRITICAL_BAR, SUPERCRITICAL_K = 18.0, 28.0  # relief from which on, absolute; assumed hottest supply
NEAR_CRITICAL_BAR = 12.1  # above it, and below SUPERCRITICAL_BAR, neither rule for the largest mass holds
HEEL_MAX_KG = 10.0  # above this a warm wall is not believable
WALL_MAX_K = 100.0


def max_fill_kg(volume_m3: float, relief_bar_abs: float) -> float:
    """Largest mass the 98 % rule allows: 98 % liquid by volume at the saturation temperature of the relief pressure.

    Calculated with CoolProp (57.70 kg/m3 at 6 bar, 55.69 at 7 bar). A vessel whose relief opens above the critical
    pressure never boils there: its limit is the density of liquid of SUPERCRITICAL_K at 0.9 of the relief pressure.
    """
    if relief_bar_abs >= SUPERCRITICAL_BAR:
        return volume_m3 * get_fluid().h_pt(0.9e5 * relief_bar_abs, SUPERCRITICAL_K)[1]
    _, _, _, rl, rv = get_fluid().sat_p(relief_bar_abs * 1e5)
    return volume_m3 * (0.98 * rl + 0.02 * rv)


@dataclass(frozen=True)
class PlantConfig(TruckSide, StationSide):
    """Both sides, and what the plant is besides (defaults: of a track1000).

    Volume and sizes are of all vessels together. Sizes below `fuel_cell_rated_kw` are assumed, not published.
    """

    relief_barg: float = 6.0
    volume_m3: float = 1.7
    hard_chain: bool = True
    accuracy_errors: bool = False
    fuel_cell_rated_kw: float = 190.0
    # assumed sizes
    tank_leak_w: float = 10.0  # assumed: nominal heat leak at 293 K
    tank_wall_kg: float = 300.0  # assumed: steel cold mass
    tank_area_m2: float = 9.5  # assumed: inner area, D 0.9 x L 2.7 m class
    spray_fraction: float = 0.8  # assumed: top fill; 0 = bottom fill
    recovery_bar: float = 1.3  # assumed
    helium_k: float = 293.0
    dewar_bar: float = 1.5  # assumed: supply pressure while a pump supply is not running
    dewar_kg: float = 3000.0  # assumed: liquid in the station's dewar
    hose_metal_standby_k: float = 150.0  # assumed: 100-200 K by the profile
    hose_metal_k: tuple[float, ...] | None = None  # per line node, instead: see next_truck
    humidity: float = 0.6  # assumed: relative, of the air at the coupling
    ice_g: float = 0.0  # on the coupling, from the truck before
    strokes_s: Mapping[str, float] = field(default_factory=dict)  # valve -> seconds, other than in the piping's table
    seat_leaks: Mapping[str, float] = field(default_factory=dict)  # valve -> share of its opening that passes shut
    meter_gas_error: float = 0.0  # FT101 reads low by this share per share of gas in it
    fcv_hysteresis: float = 0.0  # play of FCV102's stem, share of its travel
    relief_full: float = 1.10  # PSV201 is fully open at this times its set pressure (ADR: at most)
    relief_reseat: float = 0.93  # and shut again at this (ADR: at least 0.90)
    burst_ratio: float = 1.30  # assumed: the burst disc's pressure over PSV201's
    tank_radiative_share: float = 0.5  # of the heat leak at 293 K; the rest is conducted

    def vessel_size(self) -> float:
        """Return area and heat leak of one vessel over those of a single one that holds as much as all of them."""
        return float(self.tanks ** (-2.0 / 3.0))  # similar in shape

    def vessel(self) -> Vessel:
        """Return the build of the onboard tank, or of each of two; wall goes with volume, as of equal strength."""
        area = max(self.tank_area_m2, 1.05 * sphere_m2(self.volume_m3)) * self.vessel_size()
        n = self.tanks
        return Vessel(self.volume_m3 / n, area, self.tank_wall_kg / n, spray_fraction=self.spray_fraction)

    def starts(self) -> tuple[Start, ...]:
        """Return what is in each vessel at the start."""
        if self.tanks == 1:
            return (Start(self.mass_kg, self.tank_bar, self.wall_k),)
        kg = self.mass_kg * 0.5 if self.tank2_mass_kg is None else self.tank2_mass_kg
        bar = self.tank_bar if self.tank2_bar is None else self.tank2_bar
        wall_k = self.wall_k if self.tank2_wall_k is None else self.tank2_wall_k
        return (Start(self.mass_kg - kg, self.tank_bar, self.wall_k), Start(kg, bar, wall_k, "tank2_"))

    def validate(self) -> None:
        """Refuse values outside the model or inconsistent with each other. Raises ValueError naming key and figure."""
        for key, allowed in WORDS.items():
            if getattr(self, key) not in allowed:
                raise ValueError(f"{key} = {getattr(self, key)!r}: must be one of {', '.join(allowed)}")
        ranges = (
            ("supply_bar", 1.5, 20.0), ("supply_k", 14.0, 32.0), ("ambient_k", 230.0, 330.0),
            ("ambient_kpa", 50.0, 110.0), ("tank_bar", 1.0, 12.0), ("volume_m3", 0.1, 20.0), ("relief_barg", 0.5, 25.0),
            ("spray_fraction", 0.0, 1.0), ("humidity", 0.0, 1.0), ("ice_g", 0.0, 1000.0), ("fcv_hysteresis", 0.0, 0.1),
            ("meter_gas_error", 0.0, 1.0),
            ("dewar_kg", 50.0, 4200.0), ("high_pressure_kg_h", 0.0, 120.0),
            ("relief_full", 1.01, 1.10), ("relief_reseat", 0.90, 0.99), ("burst_ratio", 1.11, 3.0),
            ("tank_radiative_share", 0.0, 1.0), ("tanks", 1, 2), ("tank2_bar", 1.0, 12.0),
            ("tank2_vacuum_pa", 0.0, 1.1e5),
        )  # fmt: skip
        for key, lo, hi in ranges:
            value = getattr(self, key)
            if value is not None and not lo <= value <= hi:
                raise ValueError(f"{key} = {value}: must be within {lo}..{hi}")
        if self.tanks == 1:
            for key in ("tank2_mass_kg", "tank2_bar", "tank2_wall_k", "tank2_vacuum_pa"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} = {getattr(self, key)}: there is one tank; tanks = 2 makes it two")
        if self.hose_metal_k is not None and len(self.hose_metal_k) != len(NODES):
            raise ValueError(f"hose_metal_k = {self.hose_metal_k}: must be {len(NODES)} temperatures")
        if self.fuel_cell_rated_kw not in RATED_KW:
            raise ValueError(f"fuel_cell_rated_kw = {self.fuel_cell_rated_kw}: must be one of {RATED_KW}")
        tags = ("FCV102", *(row[0] for row in VALVES))
        for key, lo, hi in (("strokes_s", 0.01, 60.0), ("seat_leaks", 0.0, 0.1)):
            for tag, value in getattr(self, key).items():
                if tag not in tags:
                    raise ValueError(f"{key}: {tag!r} is not a valve")
                if not lo <= value <= hi:
                    raise ValueError(f"{key}: {tag} = {value}: must be within {lo}..{hi}")
        ambient_bar = self.ambient_kpa / 100.0
        limit = 0.9 * (PSV101_BARG + ambient_bar)
        if self.supply_bar > limit:
            raise ValueError(
                f"supply_bar = {self.supply_bar}: above {limit:.2f} bar, 0.9 x the set pressure of PSV101"
            )
        if NEAR_CRITICAL_BAR < self.relief_barg + SEA_LEVEL_BAR < SUPERCRITICAL_BAR:
            raise ValueError(
                f"relief_barg = {self.relief_barg}: too near the critical pressure; set it to open at "
                f"{NEAR_CRITICAL_BAR:g} bar absolute at most or {SUPERCRITICAL_BAR:g} at least"
            )
        t_supply_sat = get_fluid().sat_p(self.supply_bar * 1e5)[0]
        if self.supply_k > t_supply_sat:
            raise ValueError(
                f"supply_k = {self.supply_k}: not liquid at supply_bar (boils at {t_supply_sat:.2f} K)"
            )
        for start in self.starts():
            self._check_start(start)

    def _check_start(self, start: Start) -> None:
        """Refuse a vessel that cannot be so. Raises ValueError naming its key."""
        of = start.prefix
        kg, bar, wall_k = start.mass_kg, start.tank_bar, start.wall_k
        bar_key = "tank2_bar" if of else "tank_bar"
        if kg <= 0.0:
            raise ValueError(f"tank2_mass_kg = {self.tank2_mass_kg}: must be within 0 and mass_kg ({self.mass_kg})")
        relief = self.relief_barg + self.ambient_kpa / 100.0
        if bar >= 0.97 * relief:
            raise ValueError(f"{bar_key} = {bar}: at or above 97 % of relief ({relief:.2f} bar)")
        volume = self.volume_m3 / self.tanks
        most = max_fill_kg(volume, self.relief_barg + SEA_LEVEL_BAR)
        if kg > most:
            leaves = "" if of or self.tanks == 1 else f"leaves {kg:g} kg in the first vessel, "
            given = kg if of else self.mass_kg
            raise ValueError(f"{of}mass_kg = {given}: {leaves}above {most:.1f} kg, the 98 % rule for {volume} m3")
        t_sat = get_fluid().sat_p(bar * 1e5)[0]
        if not t_sat - 1.0 <= wall_k <= WALL_MAX_K:
            raise ValueError(
                f"{of}wall_k = {wall_k}: must be within {t_sat:.1f} (boiling at {bar_key}) .. {WALL_MAX_K:.0f} K"
            )
        if wall_k > t_sat + 3.0 and kg > HEEL_MAX_KG / self.tanks:
            raise ValueError(
                f"{of}wall_k = {wall_k}: a wall {wall_k - t_sat:.0f} K above boiling is not consistent with "
                f"{of}mass_kg = {kg} (at most {HEEL_MAX_KG / self.tanks:.0f} kg)"
            )
