"""What an invariant may look at: the plant's truth, the commanded outputs, public states and tickets.

Nothing here comes from firmware code. Truth values carry the unit people use (bar absolute, K, g/s, % vol, ohm);
contacts and valve positions are 0.0 to 1.0 with 1.0 closed contact or open valve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

AIR_SHARE = 0.005  # mole share of air that may be left in a purged coupling
CLOSED = 0.01  # a valve position up to this passes nothing
FLOW_G_S = 1.0  # "no flow" in the sense of the invariants
LIQUID_VALVES = ("XV101", "FCV102", "XV103")
SLOW_TICKS = 10  # slow rules look every 10th tick
SLOW_S = 0.1


@dataclass
class Ticket:
    """One delivery ticket as the dispenser sent it; None: that field was missing."""

    at_s: float = 0.0
    session: int | None = None
    metered_g: int | None = None
    meter_g: int | None = None
    returned_g: int | None = None
    hose_loss_g: int | None = None
    status: int | None = None
    target_g: int | None = None
    stop_cause: int | None = None
    number: int | None = None

    def facts(self) -> tuple[int | None, ...]:
        """Return all that it says, without when."""
        return tuple(getattr(self, name) for name in self.__dataclass_fields__ if name != "at_s")


@dataclass
class View:
    """One tick, as the rules see it. The engine fills it in; rules never write to it."""

    relief_barg: float
    max_fill_kg: float  # of all vessels together
    deadlines_s: dict[str, float]  # shortest stop deadline of a dispenser trip row, by its signal
    noise_only: bool = True
    tanks: int = 1
    t_s: float = 0.0
    state: str = "BOOT"
    truth: dict[str, float] = field(default_factory=dict)
    energised: dict[str, float] = field(default_factory=dict)
    world: Any = None
    plant: Any = None
    link_lost_s: float | None = None  # since when the link has been dead, None: alive
    faulted: frozenset[str] = frozenset()  # targets with an active fault
    fills: int = 0  # times that FILL was entered: it may last less than a slow rule's period
    ever_faulted: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()  # nodes without a running processor
    tickets: list[Ticket] = field(default_factory=list)
    flash: tuple[bytes, int] | None = None  # at the end: the dispenser's flash image and its block size

    def vessels(self, unit: str) -> list[float]:
        """Return the truth of each vessel, "kg" or "bar"."""
        if self.tanks == 1:
            return [self.truth["tank_" + unit]]
        return [self.truth[f"tank{n}_{unit}"] for n in range(1, self.tanks + 1)]

    def air_share(self) -> float:
        """Return the greatest mole share of air in nozzle and receptacle (slow: asked when liquid starts to flow)."""
        share = getattr(self.plant, "helium_share", None)
        if share is None:
            return 0.0
        return float(max(share("NOZZLE")[2], share("RCPT")[2]))

    def all_disabled(self) -> bool:
        """Return whether the faults hold all three liquid valves open: nothing the controller can do."""
        return all(tag in self.faulted for tag in LIQUID_VALVES)


class Rule:
    """One invariant. `check` returns what is wrong now in words, or '' ; it is called at its own period."""

    def check(self, v: View) -> str:
        """Judge this tick."""
        raise NotImplementedError

    def tripped(self, v: View, row: str, deadline_s: float) -> None:
        """The dispenser latched trip `row`."""

    def cleared(self, v: View, row: str) -> None:
        """An operator's reset cleared trip `row`."""

    def finish(self, v: View) -> str:
        """Judge the whole run at its end."""
        return ""


def liquid_valves_open(v: View) -> list[str]:
    """Return the liquid valves that are commanded open."""
    energised = v.energised
    return [tag for tag in LIQUID_VALVES if energised[tag] > 0.0]
