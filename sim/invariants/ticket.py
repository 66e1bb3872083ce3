"""I8, I12: what was metered is in a ticket, and the ticket is right."""

from __future__ import annotations

from sim.invariants.view import SLOW_S, Rule, View

FLOW_ROUNDING_G = 2.0  # two pulses
BILLABLE = 0
# The fill goes on: its ticket is not due yet. Each of these states has a deadline that ends in a ticket.
NOT_DUE = (
    "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT", "WARM", "DISCONNECT", "SAFE_STOP",
)  # fmt: skip
SMALL_KG = 5.0
SHARE_NOISE_ONLY = 0.010
SHARE_FULL = 0.015
FLOOR_KG = 0.1


class EveryGram(Rule):
    """I8. Integrates the true flow through FT101 from the first FILL on."""

    def __init__(self) -> None:
        self._counting = False
        self._true_g = 0.0
        self._peak_g_s = 0.0

    def check(self, v: View) -> str:
        if not self._counting:
            if not v.fills:
                return ""
            self._counting = True
        flow_g_s = v.truth["FT101"]
        self._true_g += flow_g_s * SLOW_S
        if flow_g_s > self._peak_g_s:
            self._peak_g_s = flow_g_s
        return ""

    def finish(self, v: View) -> str:
        if v.state in NOT_DUE or "dispenser" in v.dead or v.ever_faulted & {"FT101", "FQ101"}:
            return ""
        told_g = sum(ticket.meter_g or 0 for ticket in v.tickets)
        if abs(told_g - self._true_g) <= self._peak_g_s * 1.0 + FLOW_ROUNDING_G:
            return ""
        return f"{self._true_g:.0f} g passed FT101 since FILL, tickets say {told_g} g"


class TicketRight(Rule):
    """I12. A billable ticket agrees with the tank's true gain."""

    def __init__(self) -> None:
        self._start_kg: float | None = None

    def check(self, v: View) -> str:
        if self._start_kg is None:
            self._start_kg = v.truth["tank_kg"]
        return ""

    def finish(self, v: View) -> str:
        billed = [ticket for ticket in v.tickets if ticket.status == BILLABLE]
        if not billed or self._start_kg is None:
            return ""
        delivered_kg = v.truth["tank_kg"] - self._start_kg
        metered_kg = sum(ticket.metered_g or 0 for ticket in billed) / 1000.0
        if delivered_kg < SMALL_KG:
            return f"{delivered_kg:.2f} kg delivered is below {SMALL_KG:g} kg, but the ticket says billable"
        share = SHARE_NOISE_ONLY if v.noise_only else SHARE_FULL
        allowed_kg = max(share * delivered_kg, FLOOR_KG)
        if abs(metered_kg - delivered_kg) <= allowed_kg:
            return ""
        return f"billed {metered_kg:.3f} kg, delivered {delivered_kg:.3f} kg (allowed {allowed_kg:.3f} kg)"
