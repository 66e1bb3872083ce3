"""I8, I12: what was metered is in a ticket, across restarts, and the ticket is right."""

from __future__ import annotations

from sim.invariants.flash_tickets import FlashTickets, read_image
from sim.invariants.view import Rule, Ticket, View

FLOW_ROUNDING_G = 2.0  # two pulses
BILLABLE = 0
STATUS = 3  # bits of the status that tell this; the next one tells that the link was not authenticated
# The fill goes on: its ticket is not due yet. Each of these states has a deadline that ends in a ticket.
NOT_DUE = (
    "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN", "VENT", "WARM", "DISCONNECT", "SAFE_STOP",
)  # fmt: skip
SMALL_KG = 5.0
SHARE_NOISE_ONLY = 0.010
SHARE_FULL = 0.015
FLOOR_KG = 0.1


BEFORE_FILL = ("PRECOOL", "COLDTEST")


class EveryGram(Rule):
    """I8. Follows what truly passed FT101, fill by fill: from FILL on until liquid flows for the next one.

    By the plant's own total, not by samples of its flow: bubbles that collapse in the hose make pulses of a few ticks.

    A restart ends a fill: from then on its ticket is due. A ticket may be told again, as long as it is the same, and
    one that is in flash counts even if the board was cut while it told it.
    """

    def __init__(self) -> None:
        self._open = False  # a fill whose ticket is not due yet
        self._counting = False
        self._fills = 0
        self._total_g: float | None = None  # the plant's total at the last look
        self._due_g = 0.0  # of fills whose tickets are due
        self._open_g = 0.0
        self._peak_g_s = 0.0
        self._cuts = 0  # fills that a restart ended: each may cost a second of flow

    def check(self, v: View) -> str:
        state = v.state
        total_g = v.truth["FQ101"]
        passed_g = 0.0 if self._total_g is None else total_g - self._total_g
        self._total_g = total_g
        if v.fills != self._fills:  # FILL itself may be over since
            self._fills = v.fills
            self._counting = self._open = True
        if not self._counting:
            return ""
        if state == "BOOT" and self._open:
            self._close()
            self._cuts += 1
        elif state in BEFORE_FILL:
            self._close()
            self._counting = False
            return ""
        if self._open:
            self._open_g += passed_g
        else:
            self._due_g += passed_g
        flow_g_s = v.truth["FT101"]
        if flow_g_s > self._peak_g_s:
            self._peak_g_s = flow_g_s
        return ""

    def _close(self) -> None:
        self._open = False
        self._due_g += self._open_g
        self._open_g = 0.0

    def finish(self, v: View) -> str:
        if v.state == "BOOT" or "dispenser" in v.dead or v.ever_faulted & {"FT101", "FQ101"}:
            return ""
        numbered = {ticket.number: ticket for ticket in v.tickets if ticket.number is not None}
        detail = _numbers(v.tickets)
        told_g = sum(ticket.meter_g or 0 for ticket in v.tickets if ticket.number is None)
        if v.flash is not None:
            held = read_image(*v.flash)
            detail = detail or _against_flash(numbered, held)
            told_g += sum(meter_g for number, meter_g in held.meter_g.items() if number not in numbered)
        if detail:
            return detail
        told_g += sum(ticket.meter_g or 0 for ticket in numbered.values())
        least_g = self._due_g + (0.0 if v.state in NOT_DUE else self._open_g)
        allowed_g = self._peak_g_s * max(self._cuts, 1) + FLOW_ROUNDING_G
        if least_g - allowed_g <= told_g <= self._due_g + self._open_g + allowed_g:
            return ""
        return f"{least_g:.0f} g passed FT101 since FILL, tickets say {told_g} g"


def _numbers(tickets: list[Ticket]) -> str:
    """Return what is wrong with the numbers of the tickets as they were told, or ''."""
    first: dict[int, Ticket] = {}
    for ticket in tickets:
        number = ticket.number
        if number is None:
            continue
        if number not in first:
            if first and number <= max(first):
                return f"ticket {number} came after ticket {max(first)}"
            first[number] = ticket
        elif first[number].facts() != ticket.facts():
            return f"ticket {number} was told in two ways"
    return ""


def _against_flash(told: dict[int, Ticket], held: FlashTickets) -> str:
    """Return how the tickets in flash differ from those that were told, or ''."""
    if held.damaged:
        return f"flash: {held.damaged}"
    for number, ticket in told.items():
        if number not in held.meter_g:
            if number > max(told) - held.room:
                return f"ticket {number} was told but is not in flash"
        elif held.meter_g[number] != ticket.meter_g:
            return f"ticket {number}: {ticket.meter_g} g told, {held.meter_g[number]} g in flash"
    return ""


class TicketRight(Rule):
    """I12. A billable ticket agrees with the tank's true gain."""

    def __init__(self) -> None:
        self._start_kg: float | None = None

    def check(self, v: View) -> str:
        if self._start_kg is None:
            self._start_kg = v.truth["tank_kg"]
        return ""

    def finish(self, v: View) -> str:
        billed = [ticket for ticket in v.tickets if ticket.status is not None and ticket.status & STATUS == BILLABLE]
        if not billed or self._start_kg is None:
            return ""
        delivered_kg = v.truth["tank_kg"] - self._start_kg
        once = {ticket.number if ticket.number is not None else -i: ticket for i, ticket in enumerate(billed)}
        metered_kg = sum(ticket.metered_g or 0 for ticket in once.values()) / 1000.0
        if delivered_kg < SMALL_KG:
            return f"{delivered_kg:.2f} kg delivered is below {SMALL_KG:g} kg, but the ticket says billable"
        share = SHARE_NOISE_ONLY if v.noise_only else SHARE_FULL
        allowed_kg = max(share * delivered_kg, FLOOR_KG)
        if abs(metered_kg - delivered_kg) <= allowed_kg:
            return ""
        return f"billed {metered_kg:.3f} kg, delivered {delivered_kg:.3f} kg (allowed {allowed_kg:.3f} kg)"
