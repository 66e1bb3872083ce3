"""The keys of a scenario file: type, range or words, unit of each; the truck profiles and states that they name."""

from __future__ import annotations

from dataclasses import dataclass

from sim.plant.sides import WORDS

# The dispenser's public states, in their public order.
STATES = (
    "BOOT", "SELFTEST", "IDLE", "CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN",
    "VENT", "WARM", "DISCONNECT", "COMPLETE", "SAFE_STOP", "ESD", "LOCKOUT", "MAINTENANCE",
)  # fmt: skip
OUTCOMES = ("complete", "stopped", "esd", "refused")


@dataclass(frozen=True)
class Profile:
    """A truck tank: volume, relief set pressure and MAWP (gauge), row of the stations' type table. Assumed figures."""

    volume_m3: float
    relief_barg: float
    mawp_barg: float
    vessel_type: int


PROFILES = {"track1000": Profile(volume_m3=1.7, relief_barg=6.0, mawp_barg=6.3, vessel_type=1)}


@dataclass(frozen=True)
class Key:
    """TYPE, range LOW..HIGH in UNIT, or the WORDS that are allowed."""

    type: type
    low: float = 0.0
    high: float = 0.0
    words: tuple[str, ...] = ()
    unit: str = ""


# fmt: off
TOP = {
    "name":        Key(str),
    "seed":        Key(int,   0, 2**31 - 1),
    "limit_s":     Key(float, 1.0, 86400.0, unit="s"),
}
STATION = {
    "supply":      Key(str,   words=WORDS["supply"]),
    "supply_bar":  Key(float, 1.1, 20.0, unit="bar"),
    "supply_k":    Key(float, 14.0, 33.0, unit="K"),
    "hose":        Key(str,   words=WORDS["hose"]),
    "returns":     Key(str,   words=WORDS["returns"]),
    "ambient_k":   Key(float, 230.0, 330.0, unit="K"),
    "ambient_kpa": Key(float, 55.0, 108.0, unit="kPa"),
    "high_pressure_kg_h": Key(float, 0.0, 120.0, unit="kg/h"),
}
TRUCK = {
    "profile":     Key(str,   words=tuple(PROFILES)),
    "mass_kg":     Key(float, 0.1, 200.0, unit="kg"),
    "tank_bar":    Key(float, 1.1, 12.0, unit="bar"),
    "wall_k":      Key(float, 14.0, 350.0, unit="K"),
    "target_kg":   Key(float, 0.2, 200.0, unit="kg"),
    "tanks":       Key(int,   1, 2),
    "tank2_mass_kg":   Key(float, 0.1, 200.0, unit="kg"),
    "tank2_bar":       Key(float, 1.1, 12.0, unit="bar"),
    "tank2_wall_k":    Key(float, 14.0, 350.0, unit="K"),
    "tank2_vacuum_pa": Key(float, 0.0, 1.1e5, unit="Pa"),
}
LINK = {
    "auth":        Key(bool),
}
FAULT = {
    "target":      Key(str),
    "kind":        Key(str),
    "at_s":        Key(float, 0.0, 86400.0, unit="s"),
    "state":       Key(str,   words=STATES),
    "after_s":     Key(float, 0.0, 86400.0, unit="s"),
    "value":       Key(float, -1e9, 1e9),
    "for_s":       Key(float, 0.01, 86400.0, unit="s"),
}
EXPECT = {
    "outcome":     Key(str,   words=OUTCOMES),
    "trip":        Key(str),
}
# fmt: on
