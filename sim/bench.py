"""What stands round one board on a workbench: terminals that look healthy, valves that follow, a hose made of rules.

Far simpler than `sim.plant`, without any physics to trust: enough for a board's firmware to go through its sequence
when nothing but its link is looked at. No hydrogen property is computed, so it starts at once.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Final

from sim import tables

STROKE_S: Final = 0.3
AMBIENT_BAR: Final = 1.013
HELIUM_BAR: Final = 6.6
SUPPLY_BAR, TRUCK_BAR = 5.0, 4.0
HELIUM_BAR_S: Final = 3.0  # a bore's rise with its helium valve open
VENT_TAU_S: Final = 0.6
WARM_K, COLD_K = 290.0, 22.0
COOL_K_S, WARM_K_S = 60.0, 40.0
FLOW_MAX_G_S: Final = 150.0
# LT201 reads the mean density: per cent of the span for a kilogram in the 1.7 m3 of track1000.
PCT_PER_KG: Final = 1000.0 / 1.7 / 694.9
EMPTY_PCT: Final = 1.34 / 0.6949

# fmt: off
READINGS: Final = {
    # TAG: what it shows, in its own unit; what is not here shows 0
    "PT101": SUPPLY_BAR, "PT105": AMBIENT_BAR, "TT101": COLD_K, "TT105": WARM_K, "VT101": 0.02,
    "PT201A": TRUCK_BAR, "PT201B": TRUCK_BAR, "PT203": 4.0, "PT204": AMBIENT_BAR,
    "TT201": 25.0, "TT202": 26.0, "TT203": 290.0, "TT204": 293.0, "TT205": 320.0, "VT201": 0.02,
}
CLOSED: Final = (  # contacts that are closed on a healthy bench
    "HS101A", "HS101B", "ES101", "ZS103", "ZS104", "FS101", "PS104", "LSHH202", "ZS205", "ZS202", "ZS203", "FS207",
)
# fmt: on
SAFE_OPEN: Final = {row[0] for node in tables.NODES for row in tables.io(node).DO if row[2] == "open"} - {"ES210"}


class Bench:
    """The plant's place in a rig: `truth`, `energised`, `world`, `step`.

    Hands: `seated`, `earthed`, `loop` (the vehicle loop is closed at the other end), `ignition`, `start`; `mass_kg` of
    the truck's tank; `way_out`: whether the truck takes liquid (the board under test is a dispenser).
    """

    def __init__(self) -> None:
        self.energised: dict[str, float] = {}
        self.world = SimpleNamespace()
        self.truth: dict[str, float] = {}
        for node in tables.NODES:
            io = tables.io(node)
            for row in (*io.AI, *io.DI, *io.CI):
                self.truth[row[0]] = READINGS.get(row[0], 0.0)
            self.energised.update((row[0], 0.0) for row in (*io.DO, *io.AO))
        self.truth.update((tag, 1.0) for tag in CLOSED)
        self._position = {tag: 1.0 if tag in SAFE_OPEN else 0.0 for tag in self.energised if tag.startswith("XV")}
        self.seated = self.earthed = self.loop = self.ignition = self.start = self.way_out = False
        self.mass_kg = 40.0
        self._bar = [AMBIENT_BAR, AMBIENT_BAR]
        self._nozzle_k = WARM_K
        self._flow_g_s = 0.0
        self.step(0.0)

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        truth, energised = self.truth, self.energised
        relay = self.earthed and self.loop
        for tag, position in self._position.items():
            powered = relay or not tag.startswith("XV1")
            aim = bool(energised[tag] and powered) != (tag in SAFE_OPEN)
            position += (1.0 if aim else -1.0) * dt_s / STROKE_S
            self._position[tag] = position = min(1.0, max(0.0, position))
            for prefix, there in (("ZO", position >= 0.98), ("ZC", position <= 0.02)):
                if prefix + tag[2:] in truth:
                    truth[prefix + tag[2:]] = float(there)
        for tag, closed in (("ZS101", self.seated), ("ZS201", self.seated), ("ZS104", not self.seated),
                            ("ZS102", self.seated and not energised["LK108"]), ("ES103", self.earthed),
                            ("ES102", relay), ("ZS105", self.loop), ("ZS204", self.ignition),
                            ("PB101", self.start)):  # fmt: skip
            truth[tag] = float(closed)
        truth["GT101"] = 0.3 if self.earthed else 195.0
        truth["LT201"] = self.mass_kg * PCT_PER_KG - EMPTY_PCT
        self._hose(dt_s)

    def _hose(self, dt_s: float) -> None:
        """Both bores: helium in, gas out, and a trickle or a flow of something cold."""
        truth, at = self.truth, self._position
        for bore, (helium, vent) in enumerate((("XV106", "XV105"), ("XV107", "XV110"))):
            bar = self._bar[bore]
            if at[vent] < 0.5 and at[helium] > 0.1:
                bar = min(HELIUM_BAR, bar + HELIUM_BAR_S * at[helium] * dt_s)
            bar += (AMBIENT_BAR + 0.02 - bar) * at[vent] * min(1.0, dt_s / VENT_TAU_S)
            self._bar[bore] = bar
        liquid = min(at["XV101"], at["XV103"]) > 0.5 and self.way_out
        aim = FLOW_MAX_G_S * self.energised["FCV102"] if liquid else 0.0
        self._flow_g_s += (aim - self._flow_g_s) * min(1.0, dt_s / 0.1)
        if liquid:
            self._bar[0] += (4.5 - self._bar[0]) * min(1.0, dt_s / 0.5)
            self._nozzle_k = max(COLD_K, self._nozzle_k - COOL_K_S * dt_s)
        elif self.way_out:
            self._bar[0] += (TRUCK_BAR - self._bar[0]) * min(1.0, dt_s / 0.3)
        elif at["XV106"] > 0.5 and at["XV105"] > 0.5:
            self._nozzle_k = min(WARM_K, self._nozzle_k + WARM_K_S * dt_s)
        truth["FQ101"] += self._flow_g_s * dt_s
        truth["FT101"] = self._flow_g_s
        truth["FT103"] = min(50.0, self._flow_g_s) if at["XV104"] > 0.5 else 0.0
        truth["PT102"], truth["PT103"] = self._bar
        truth["PT106"], truth["PT107"] = (min(2.5, bar) for bar in self._bar)
        truth["TT102"] = truth["TT102B"] = truth["TT103"] = self._nozzle_k
        truth["ZT102"] = 100.0 * self.energised["FCV102"]
