"""The fault injector: makes the scenario's faults happen in the world, and keeps when and with what effect.

It acts on the plant (world, valves, devices), the instruments, the bus and the boards, never inside the firmware. A
fault whose effect nobody could observe is reported with effect "none", not counted as survived: `took_effect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim import fault_table, memory
from sim.can_faults import BITRATE, SKEW
from sim.interfaces import TICK_S
from sim.scenario import Fault

NONE = "none"
PERCENT = 100.0
APART = 0.05  # share of the stroke by which a valve's position must differ from a healthy one's
PASSES_KG_S = 1e-5  # least flow through a valve that should be shut

# fmt: off
# KIND: what it sets in the world, and the truth that shows it: tag, least change (negative: it falls). VALUE is the
# fault's own value; a pressure that FALLS to it or a temperature that RISES to it stays where it is if already there.
VALUE, FALLS, RISES = object(), object(), object()
WORLD: dict[str, tuple[tuple[tuple[str, Any], ...], tuple[str, float]]] = {
    "leak_cabinet":     ((("leak_cabinet_g_s", VALUE),),                 ("AT101", 0.02)),
    "leak_forecourt":   ((("leak_forecourt_g_s", VALUE),),               ("AT102", 0.02)),
    "vacuum_loss_hose": ((("hose_vacuum_pa", RISES),),                   ("VT101", 1.0)),
    "vacuum_loss_tank": ((("tank_vacuum_pa", RISES),),                   ("VT201", 1.0)),
    "vacuum_loss_tank2": ((("tank2_vacuum_pa", RISES),),                 ("VT201", 1.0)),
    "earth_lost":       ((("earthed", False),),                          ("ES103", -0.5)),
    "breakaway":        ((("breakaway", True),),                         ("ZS103", -0.5)),
    "estop":            ((("estop", True),),                             ("HS101A", -0.5)),
    "station_esd":      ((("station_esd", True),),                       ("ES101", -0.5)),
    "drive_away":       ((("brake", False), ("ignition", True), ("driver_go", True), ("slope_pct", VALUE)),
                                                                         ("ZS203", -0.5)),
    "flame":            ((("flame", True),),                             ("FS101", -0.5)),
    "helium_low":       ((("helium_bar", FALLS),),                       ("PS104", -0.5)),
    "supply_loss":      ((("supply_bar", FALLS),),                       ("PT101", -0.1)),
    "warm_supply":      ((("supply_k", RISES),),                         ("TT101", 0.3)),
}
# fmt: on

MEMORY_CUTS = {"flash_cut": memory.FLASH_WRITES, "fram_cut": memory.FRAM_WRITES}

# Link faults that leave no valid frame of the tank, when they hit all frames; CLOCKS: when the controllers cannot read
# each other any more.
CLOCKS = (BITRATE, SKEW)
CUTS_LINK = ("disconnect", "drop", "corrupt", "bus_off", "replay", "masquerade", "error", "mute_tank")


def took_effect(row: Mapping[str, object]) -> bool:
    """Tell whether a row of `Faults.report` counts: its moment came and something observable showed it."""
    return row["at_s"] is not None and row["effect"] != NONE


class Injection:
    """One fault of a run: `cause_s` once it has begun, `effect` in words, "none" until something shows it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.kind = fault_table.kinds_of(fault.target)[fault.kind]
        self.value = fault.value if fault.value is not None else self.kind.default
        self.cause_s: float | None = None
        self.end_s: float | None = None
        self.ended = False
        self.effect = NONE

    def place(self) -> object:
        """Return what only one fault at a time can act on; a reset or a cut happens whatever else does."""
        return fault_table.place(self.fault.target, self.kind) if self.kind.lasts else self

    def begin(self, rig: Any) -> None:
        """Make it happen."""
        raise NotImplementedError

    def end(self, rig: Any) -> None:
        """Undo it, as far as the world can be undone."""

    def look(self, t_s: float, rig: Any) -> None:
        """Look for an effect; called each tick while none has been seen and the fault rules."""


class WorldFault(Injection):
    """Something in the surroundings: sets attributes of the world and puts them back."""

    def begin(self, rig: Any) -> None:
        sets, (tag, _) = WORLD[self.fault.kind]
        world = rig.plant.world
        self._before = [(name, getattr(world, name)) for name, _ in sets]
        self._truth = rig.plant.truth[tag]
        for name, value in sets:
            setattr(world, name, self._level(value, getattr(world, name)))

    def _level(self, value: Any, now: Any) -> Any:
        if value is VALUE:
            return self.value
        if value is FALLS:
            return min(now, self.value)
        return max(now, self.value) if value is RISES else value

    def end(self, rig: Any) -> None:
        for name, value in self._before:
            setattr(rig.plant.world, name, value)

    def look(self, t_s: float, rig: Any) -> None:
        tag, least = WORLD[self.fault.kind][1]
        now = rig.plant.truth[tag]
        change = now - self._truth
        if change >= least if least > 0.0 else change <= least:
            self.effect = f"{tag} {self._truth:.3g} -> {now:.3g}"


class LinkFault(Injection):
    """Something on the CAN link; the bus counts what it did to frames."""

    def begin(self, rig: Any) -> None:
        self._hits = rig.bus.fault_hits[self.fault.kind]
        rig.bus.set_fault(self.fault.kind, self.value)
        self._apart = self.fault.kind.startswith(CLOCKS) and not rig.bus.in_step()

    def end(self, rig: Any) -> None:
        rig.bus.clear_fault(self.fault.kind)

    def look(self, t_s: float, rig: Any) -> None:
        if rig.bus.fault_hits[self.fault.kind] > self._hits:
            self.effect = "frames hit"

    def cuts(self) -> bool:
        """Return whether this fault leaves nothing valid on the link."""
        if self.fault.kind not in CUTS_LINK:
            return self._apart
        return self.kind.unit != "%" or self.value == PERCENT


class NodeFault(Injection):
    """Something with a board's processor or its supply."""

    def begin(self, rig: Any) -> None:
        node = self.fault.target
        self._ran = rig.alive(node)
        if self.fault.kind == "reset":
            if self._ran:  # a board without power has nothing to reset
                rig.reset(node)
        elif self.fault.kind == "power_cut":
            rig.power_cut(node, self.value)
        elif self.fault.kind == "freeze":
            rig.freeze(node, True)

    def end(self, rig: Any) -> None:
        if self.fault.kind == "freeze":
            rig.freeze(self.fault.target, False)

    def look(self, t_s: float, rig: Any) -> None:
        if (self._ran or self.fault.kind == "power_cut") and not rig.alive(self.fault.target):
            self.effect = "processor stood still" if self.fault.kind == "freeze" else "restarted"


class MemoryFault(Injection):
    """The supply goes in the middle of a write to a board's memory that is still to come, if one comes."""

    def begin(self, rig: Any) -> None:
        node = self.fault.target
        self._cuts = rig.memory[node].cuts
        rig.cut_at(node, round(self.value or 1.0), ops=MEMORY_CUTS[self.fault.kind])

    def end(self, rig: Any) -> None:
        rig.cut_at(self.fault.target, 0)

    def look(self, t_s: float, rig: Any) -> None:
        chips = rig.memory[self.fault.target]
        if chips.cuts > self._cuts:
            torn = next(done for done in reversed(chips.log) if done.torn)
            self.effect = f"{memory.NAMES[torn.op]} {torn.n} torn"


class ValveFault(Injection):
    """A valve that does not do what it is told; seen when it is not where a healthy one in its place would be."""

    def begin(self, rig: Any) -> None:
        from sim.plant.valves import Valve

        tag = self.fault.target
        value = self.value
        if self.fault.kind == "passing" and value is not None:
            value /= PERCENT
        rig.plant.valve_faults[tag] = (self.fault.kind, value)
        real = rig.plant.valves[tag]
        self._healthy = Valve(tag, real.stroke_s, real.fail_open, real.control)
        self._healthy.pos = real.pos
        self._share = value or 0.0

    def end(self, rig: Any) -> None:
        rig.plant.valve_faults.pop(self.fault.target, None)

    def look(self, t_s: float, rig: Any) -> None:
        plant = rig.plant
        healthy = self._healthy
        healthy.step(plant.valve_level(self.fault.target), TICK_S)
        if self.fault.kind == "passing":
            flow_kg_s = abs(plant.flow_kg_s(self.fault.target))
            if healthy.opening() == 0.0 and flow_kg_s > PASSES_KG_S:
                self.effect = f"passes {flow_kg_s * 1e3:.2g} g/s while shut"
            return
        at = plant.truth[self.fault.target]
        if abs(at - healthy.pos) > APART:
            self.effect = f"at {at:.2f}, a healthy one at {healthy.pos:.2f}"


class DeviceFault(Injection):
    """A lock, contactor, lamp or heater that has not the level it is commanded."""

    def begin(self, rig: Any) -> None:
        tag = self.fault.target
        level = 0.0
        if self.fault.kind == "stuck":
            level = rig.plant.actual[tag]
            if self.value is not None:
                level = self.value / PERCENT if self.kind.unit == "%" else float(self.value >= 0.5)
        rig.plant.device_faults[tag] = level

    def end(self, rig: Any) -> None:
        rig.plant.device_faults.pop(self.fault.target, None)

    def look(self, t_s: float, rig: Any) -> None:
        tag = self.fault.target
        at, commanded = rig.plant.actual[tag], rig.plant.energised[tag]
        if abs(at - commanded) > APART:
            self.effect = f"at {at:.2f}, commanded {commanded:.2f}"


class SignalFault(Injection):
    """A wrong reading; the instruments count the samples that differ from what they would have shown."""

    def begin(self, rig: Any) -> None:
        self._hits = rig.instruments.fault_hits.get(self.fault.target, 0)
        self._still_s = _stuck_check_s(self.fault.target) if self.fault.kind == "stuck" else 0.0
        rig.instruments.set_fault(self.fault.target, self.fault.kind, self.value)

    def end(self, rig: Any) -> None:
        rig.instruments.clear_fault(self.fault.target)

    def look(self, t_s: float, rig: Any) -> None:
        if rig.instruments.fault_hits.get(self.fault.target, 0) > self._hits:
            self.effect = "reading differs"
        elif self._still_s and self.cause_s is not None and t_s - self.cause_s >= self._still_s:
            self.effect = "reading does not tremble"  # which the board looks for: column STUCK of its I/O list


def _stuck_check_s(tag: str) -> float:
    """Return the seconds without noise after which a board calls the signal stuck, 0 if it never does."""
    found = fault_table.signal_row(tag)
    return float(found[1][12]) if found is not None and found[0] == "AI" else 0.0


_CLASSES: dict[str, type[Injection]] = {
    "world": WorldFault,
    "link": LinkFault,
    "nodes": NodeFault,
    "valves": ValveFault,
    "devices": DeviceFault,
}


def _injection(fault: Fault) -> Injection:
    if fault.kind in MEMORY_CUTS:
        return MemoryFault(fault)
    return _CLASSES.get(fault_table.family_of(fault.target), SignalFault)(fault)


class Faults:
    """The faults of one run. Call `step(t_s, rig)` each tick, before the plant's step.

    Of two faults at one place (a signal, valve, device; a kind of world or link) the one that began last rules; when it
    ends, the other begins anew. `active_targets`, `ever_targets`: what is (was) broken; `link_lost_s`: since when the
    link carries nothing valid, None while it does; `causes`: injections in the order they began (for reactions).
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.all = [_injection(fault) for fault in faults]
        self._pending = list(self.all)
        self._active: list[Injection] = []
        self._places: dict[object, list[Injection]] = {}  # the last one rules
        self._state = ""
        self._since_s = 0.0
        self.causes: list[Injection] = []
        self.active_targets: frozenset[str] = frozenset()
        self.ever_targets: frozenset[str] = frozenset()
        self.link_lost_s: float | None = None

    def add(self, fault: Fault) -> None:
        """Queue one more fault while the run goes on (interactive rig, copies of a run)."""
        injection = _injection(fault)
        self.all.append(injection)
        self._pending.append(injection)

    def step(self, t_s: float, rig: Any) -> None:
        """Begin what is due, look for effects, end what has lasted its time."""
        state = rig.state["dispenser"]
        if state != self._state:
            self._state = state
            self._since_s = t_s
        if not self._pending and not self._active:
            return
        for injection in self._active[:]:
            if injection.effect == NONE and self._places[injection.place()][-1] is injection:
                injection.look(t_s, rig)
            if injection.end_s is not None and t_s >= injection.end_s - 1e-9:
                self._end(injection, rig)
        for injection in self._pending[:]:
            if self._due(injection.fault, t_s):
                self._pending.remove(injection)
                self._begin(injection, t_s, rig)

    def _due(self, fault: Fault, t_s: float) -> bool:
        if fault.at_s is not None:
            return t_s >= fault.at_s - 1e-9
        return fault.state == self._state and t_s - self._since_s >= fault.after_s - 1e-9

    def _begin(self, injection: Injection, t_s: float, rig: Any) -> None:
        injection.cause_s = t_s
        if injection.fault.for_s is not None:
            injection.end_s = t_s + injection.fault.for_s
        there = self._places.setdefault(injection.place(), [])
        if there:
            there[-1].end(rig)
        there.append(injection)
        injection.begin(rig)
        self._active.append(injection)
        self.causes.append(injection)
        self._changed()

    def _end(self, injection: Injection, rig: Any) -> None:
        there = self._places[injection.place()]
        if there[-1] is injection:
            injection.end(rig)
            there.pop()
            if there:
                there[-1].begin(rig)
        else:
            there.remove(injection)
        injection.ended = True
        self._active.remove(injection)
        self._changed()

    def _changed(self) -> None:
        self.active_targets = frozenset(x.fault.target for x in self._active)
        self.ever_targets |= self.active_targets
        cuts = [x.cause_s for x in self._active if isinstance(x, LinkFault) and x.cuts()]
        self.link_lost_s = min((at_s for at_s in cuts if at_s is not None), default=None)

    def report(self) -> list[dict[str, object]]:
        """Return one dict per fault: target, kind, at_s (None: its moment never came) and effect."""
        return [
            {
                "target": x.fault.target,
                "kind": x.fault.kind,
                "at_s": None if x.cause_s is None else round(x.cause_s, 3),
                "effect": x.effect,
            }
            for x in self.all
        ]
