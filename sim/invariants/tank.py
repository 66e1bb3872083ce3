"""I1, I6, I9: the truck: below its relief, below its filling limit, and not driven off."""

from __future__ import annotations

from sim.invariants.view import CLOSED, SLOW_S, Rule, View

FILL_ECHO_S = 60.0  # a fill still answers for the tank's pressure this long after XV201 shut
MASS_ROUNDING_KG = 0.001
INHIBIT_S = 0.5  # the tank board's time to see the nozzle and drop the release


class BelowRelief(Rule):
    """I1. Relief set pressure + ambient here and now; of two vessels that with the higher pressure."""

    def __init__(self) -> None:
        self._answers_s = 0.0

    def check(self, v: View) -> str:
        truth = v.truth
        if truth["XV201"] > CLOSED:
            self._answers_s = FILL_ECHO_S
        elif self._answers_s > 0.0:
            self._answers_s -= SLOW_S
        else:
            return ""
        relief_bar = v.relief_barg + truth["PT105"]
        if truth["tank_bar"] >= relief_bar:
            return f"tank at {truth['tank_bar']:.2f} bar, relief opens at {relief_bar:.2f} bar"
        return ""


class BelowFillLimit(Rule):
    """I6. The 98 %-liquid-at-relief mass, of each vessel."""

    def check(self, v: View) -> str:
        most = v.max_fill_kg / v.tanks
        for kg in v.vessels("kg"):
            if kg > most + MASS_ROUNDING_KG:
                return f"{kg:.2f} kg in a tank for {most:.2f} kg"
        return ""


class TractionInhibited(Rule):
    """I9. With the nozzle seated the board must not release traction, and the truck must not be able to drive."""

    def __init__(self) -> None:
        self._released_s = 0.0

    def check(self, v: View) -> str:
        truth = v.truth
        if not v.world.seated or v.world.breakaway:
            self._released_s = 0.0
            return ""
        if truth.get("traction", 0.0):
            return "the truck can drive with the nozzle seated"
        # Held by the hard wire when the board is dead or its own contact is welded.
        if truth["IM211"] < 0.5 or "tank" in v.dead or "IM211" in v.faulted:
            self._released_s = 0.0
            return ""
        self._released_s += SLOW_S
        if self._released_s <= INHIBIT_S:
            return ""
        return f"the tank board released traction {self._released_s:.1f} s with the nozzle seated"
