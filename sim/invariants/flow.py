"""I2, I5, I7, I10: liquid flows past XV103 only when it may, and stops in time when it must not."""

from __future__ import annotations

from sim.interfaces import TICK_S
from sim.invariants.view import (
    AIR_SHARE,
    CLOSED,
    FLOW_G_S,
    SLOW_S,
    SLOW_TICKS,
    Rule,
    View,
    liquid_valves_open,
)

FLOW_ENDS_S = 1.0  # flow past XV103 ends this long after the deadline (I2) or the cause (I5)
HELD_S = 5.0  # a pressure held this long with every valve shut counts as a leak test
HELD_BARG = 0.5
PURGE_BARG = 0.3  # helium must have been above ambient by this to displace anything
EARTH_OHM = 10.0
CABINET_TRIP = 1.0  # % vol
AT101_LAG_S = 13.0  # detector: first order, T90 30 s
LINK_HOLD_S = 0.3
EPS_S = 1e-6

# fmt: off
# Deadlines of the design, whatever the trip table says: cause to liquid valves commanded closed.
CAUSES = (
    ("HS101A", "E-stop",                  0.020),
    ("HS101B", "E-stop",                  0.020),
    ("ES101",  "station ESD",             0.020),
    ("ZS103",  "breakaway",               0.020),
    ("ES103",  "earth relay",             0.020),
    ("GT101",  "earth loop above 10 ohm", 0.100),
)
# fmt: on
WATCHED = tuple(row[0] for row in CAUSES)


class PermittedFlow(Rule):
    """I2. Keeps its own evidence of the purge and the leak test from valve positions and pressures."""

    def __init__(self) -> None:
        self._tick = 0
        self._held_s = {"liquid": 0.0, "return": 0.0}
        self._tested = {"liquid": False, "return": False}
        self._helium = {"liquid": False, "return": False}
        self._lost_s: dict[str, float] = {}
        self._flowing = False

    def check(self, v: View) -> str:
        self._tick += 1
        if self._tick % SLOW_TICKS == 0:
            self._watch(v)
        truth = v.truth
        if truth["flow_xv103_g_s"] <= FLOW_G_S:
            self._flowing = False
            if self._lost_s:
                self._lost_s.clear()
            return ""
        if not self._flowing:
            self._flowing = True
            if (air := v.air_share()) > AIR_SHARE:
                return f"liquid past XV103 with {air * 100:.2f} % of air in the coupling"
        if truth["ZS101"] and truth["ZS102"] and truth["ES103"] and v.link_lost_s is None:
            if self._lost_s:
                self._lost_s.clear()
        elif late := self._late(v):
            return late
        if not self._ready:
            return self._missing()
        return ""

    @property
    def _ready(self) -> bool:
        tested, helium = self._tested, self._helium
        return tested["liquid"] and tested["return"] and helium["liquid"] and helium["return"]

    def _missing(self) -> str:
        what = [f"{side} bore not leak-tested" for side, ok in self._tested.items() if not ok]
        what += [f"last gas in the {side} bore was not helium" for side, ok in self._helium.items() if not ok]
        return "liquid past XV103: " + ", ".join(what)

    def _late(self, v: View) -> str:
        """Return which lost condition has outlived its deadline + 1 s."""
        truth = v.truth
        for tag, words in (("ZS101", "not seated"), ("ZS102", "not locked"), ("ES103", "not earthed")):
            if truth[tag]:
                self._lost_s.pop(tag, None)
                continue
            since = self._lost_s.setdefault(tag, v.t_s)
            allowed = v.deadlines_s.get(tag, 0.1) + FLOW_ENDS_S
            if v.t_s - since > allowed + EPS_S:
                return (
                    f"{truth['flow_xv103_g_s']:.1f} g/s past XV103 {v.t_s - since:.2f} s after it was {words}"
                )
        # Supply shut, what is left in line and hose may drain or vent: the truck has no part in that.
        if v.link_lost_s is None or truth["XV101"] <= CLOSED:
            return ""
        if v.t_s - v.link_lost_s > LINK_HOLD_S + FLOW_ENDS_S + EPS_S:
            return f"{truth['flow_xv103_g_s']:.1f} g/s past XV103 {v.t_s - v.link_lost_s:.2f} s after the link died"
        return ""

    def _watch(self, v: View) -> None:
        """Collect evidence: helium let in, pressure held; all of it void once the nozzle is off."""
        truth = v.truth
        if not v.world.seated:
            if self._helium["liquid"] or self._helium["return"] or self._held_s["liquid"]:
                for side in ("liquid", "return"):
                    self._held_s[side] = 0.0
                    self._tested[side] = self._helium[side] = False
            return
        if self._ready:
            return
        ambient = truth["PT105"]
        crossover = truth["XV208"] > CLOSED
        liquid_up, return_up = truth["PT102"] - ambient, truth["PT103"] - ambient
        from_liquid = truth["XV106"] > CLOSED and v.world.helium_bar - ambient > PURGE_BARG
        from_return = truth["XV107"] > CLOSED and v.world.helium_bar - ambient > PURGE_BARG
        if (from_liquid or (from_return and crossover)) and liquid_up > PURGE_BARG:
            self._helium["liquid"] = True
        if (from_return or (from_liquid and crossover)) and return_up > PURGE_BARG:
            self._helium["return"] = True
        shut_liquid = _shut(truth, ("XV103", "XV105", "XV106", "XV201"))
        shut_return = _shut(truth, ("XV104", "XV110", "XV107", "XV202"))
        both = shut_liquid and shut_return
        self._hold("liquid", (both if crossover else shut_liquid) and liquid_up > HELD_BARG)
        self._hold("return", (both if crossover else shut_return) and return_up > HELD_BARG)

    def _hold(self, side: str, held: bool) -> None:
        if not held:
            self._held_s[side] = 0.0
            return
        self._held_s[side] += SLOW_S
        if self._held_s[side] >= HELD_S:
            self._tested[side] = True


def _shut(truth: dict[str, float], tags: tuple[str, ...]) -> bool:
    return all(truth[tag] <= CLOSED for tag in tags)


class ClosedInTime(Rule):
    """I5. While a chain contact is open, the valves must be commanded closed 20 ms after, the flow over 1 s after."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def check(self, v: View) -> str:
        truth = v.truth
        if (
            truth["HS101A"]
            and truth["HS101B"]
            and truth["ES101"]
            and truth["ZS103"]
            and truth["ES103"]
            and truth["GT101"] <= EARTH_OHM
        ):
            if self._since_s:
                self._since_s.clear()
            return ""
        since = self._since_s
        for tag in WATCHED:
            if truth[tag] if tag != "GT101" else truth[tag] <= EARTH_OHM:
                if tag in since:
                    del since[tag]
            elif tag not in since:
                since[tag] = v.t_s
        energised = v.energised
        if not (
            energised["XV101"]
            or energised["FCV102"]
            or energised["XV103"]
            or truth["flow_xv103_g_s"] > FLOW_G_S
        ):
            return ""
        for tag, words, deadline_s in CAUSES:
            if tag in since and (late := self._late(v, tag, words, deadline_s)):
                return late
        return ""

    def _late(self, v: View, tag: str, words: str, deadline_s: float) -> str:
        # What is seen at the end of a tick: a contact that opened at its beginning, commands applied at its beginning,
        # the flow at its end.
        past_s = v.t_s - self._since_s[tag]
        if past_s < deadline_s - EPS_S:
            return ""
        opened = liquid_valves_open(v)
        if opened:
            return f"{'+'.join(opened)} commanded open {past_s * 1000:.0f} ms after {words} ({tag})"
        past_s += TICK_S
        if past_s > FLOW_ENDS_S + EPS_S and v.truth["flow_xv103_g_s"] > FLOW_G_S and not v.all_disabled():
            return f"{v.truth['flow_xv103_g_s']:.1f} g/s past XV103 {past_s:.2f} s after {words} ({tag})"
        return ""


class NoFlowAfterTrip(Rule):
    """I7. A latched trip ends the flow for good until an operator resets it; a reboot is no reset."""

    def __init__(self) -> None:
        self._latched: dict[str, float] = {}  # row -> from when no flow is allowed

    def tripped(self, v: View, row: str, deadline_s: float) -> None:
        self._latched.setdefault(row, v.t_s + deadline_s + FLOW_ENDS_S)

    def cleared(self, v: View, row: str) -> None:
        self._latched.pop(row, None)

    def check(self, v: View) -> str:
        if not self._latched or v.truth["flow_xv103_g_s"] <= FLOW_G_S:
            return ""
        if v.truth["XV101"] <= CLOSED or v.all_disabled():  # what is left in the line may drain
            return ""
        for row, from_s in self._latched.items():
            if v.t_s > from_s:
                return f"{v.truth['flow_xv103_g_s']:.1f} g/s past XV103 after trip {row} without a reset"
        return ""


class CabinetGas(Rule):
    """I10. Runs its own detector (first-order lag) on the true concentration in the cabinet."""

    def __init__(self) -> None:
        self._shown: float | None = None
        self._since_s: float | None = None

    def check(self, v: View) -> str:
        true = v.truth["AT101"]
        if self._shown is None:
            self._shown = true
        self._shown += (true - self._shown) * SLOW_S / AT101_LAG_S
        if self._shown < CABINET_TRIP or "AT101" in v.faulted:
            self._since_s = None
            return ""
        if self._since_s is None:
            self._since_s = v.t_s
        if v.t_s - self._since_s <= FLOW_ENDS_S:
            return ""
        if v.energised["XV101"] > 0.0:
            return f"supply XV101 still commanded open with {self._shown:.2f} % vol on AT101"
        if v.truth["XV101"] > CLOSED and "XV101" not in v.faulted:
            return f"supply XV101 still open with {self._shown:.2f} % vol on AT101"
        if v.truth["flow_xv103_g_s"] > FLOW_G_S and not v.all_disabled():
            return f"{v.truth['flow_xv103_g_s']:.1f} g/s past XV103 with {self._shown:.2f} % vol on AT101"
        return ""
