"""The fault injector: makes the scenario's faults happen in the world, and keeps when and with what effect.

It acts on the plant (world, valves), the instruments, the bus and the boards, never inside the firmware. A fault whose
effect nobody could observe is reported with effect "none", not counted as survived.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim import fault_table, memory, tables
from sim.scenario import Fault

SETTLED_S = 1.0  # a healthy valve has ended its stroke, the firmware (1.5 s) has not yet reacted
NONE = "none"

# fmt: off
# KIND: what it sets in the world (VALUE: the fault's own value), and the truth that shows it: tag, least change.
VALUE = object()
WORLD: dict[str, tuple[tuple[tuple[str, Any], ...], tuple[str, float]]] = {
    "leak_cabinet":     ((("leak_cabinet_g_s", VALUE),),                 ("AT101", 0.02)),
    "leak_forecourt":   ((("leak_forecourt_g_s", VALUE),),               ("AT102", 0.02)),
    "vacuum_loss_hose": ((("hose_vacuum_pa", VALUE),),                   ("VT101", 1.0)),
    "vacuum_loss_tank": ((("tank_vacuum_pa", VALUE),),                   ("VT201", 1.0)),
    "earth_lost":       ((("earthed", False),),                          ("ES103", 0.5)),
    "breakaway":        ((("breakaway", True),),                         ("ZS103", 0.5)),
    "estop":            ((("estop", True),),                             ("HS101A", 0.5)),
    "station_esd":      ((("station_esd", True),),                       ("ES101", 0.5)),
    "drive_away":       ((("brake", False), ("ignition", True)),         ("ZS203", 0.5)),
    "flame":            ((("flame", True),),                             ("FS101", 0.5)),
    "helium_low":       ((("helium_bar", VALUE),),                       ("PS104", 0.5)),
    "supply_loss":      ((("supply_bar", VALUE),),                       ("PT101", 0.1)),
    "warm_supply":      ((("supply_k", VALUE),),                         ("TT101", 0.3)),
}
# fmt: on

MEMORY_CUTS = {"flash_cut": memory.FLASH_WRITES, "fram_cut": memory.FRAM_WRITES}

# Link faults that leave no valid frame of the tank, when they hit all frames.
CUTS_LINK = ("disconnect", "drop", "corrupt", "bus_off", "replay", "masquerade", "error")
PERCENT = 100.0


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

    def begin(self, rig: Any) -> None:
        """Make it happen."""
        raise NotImplementedError

    def end(self, rig: Any) -> None:
        """Undo it, as far as the world can be undone."""

    def look(self, t_s: float, rig: Any) -> None:
        """Look for an effect; called each tick while none has been seen and the fault is active."""


class WorldFault(Injection):
    """Something in the surroundings: sets attributes of the world and puts them back."""

    def begin(self, rig: Any) -> None:
        sets, (tag, _) = WORLD[self.fault.kind]
        world = rig.plant.world
        self._before = [(name, getattr(world, name)) for name, _ in sets]
        self._truth = rig.plant.truth[tag]
        for name, value in sets:
            setattr(world, name, self.value if value is VALUE else value)

    def end(self, rig: Any) -> None:
        for name, value in self._before:
            setattr(rig.plant.world, name, value)

    def look(self, t_s: float, rig: Any) -> None:
        tag, least = WORLD[self.fault.kind][1]
        now = rig.plant.truth[tag]
        if abs(now - self._truth) >= least:
            self.effect = f"{tag} {self._truth:.3g} -> {now:.3g}"


class LinkFault(Injection):
    """Something on the CAN link; the bus counts what it did to frames."""

    def begin(self, rig: Any) -> None:
        self._hits = rig.bus.fault_hits[self.fault.kind]
        rig.bus.set_fault(self.fault.kind, self.value)

    def end(self, rig: Any) -> None:
        rig.bus.clear_fault(self.fault.kind)

    def look(self, t_s: float, rig: Any) -> None:
        if rig.bus.fault_hits[self.fault.kind] > self._hits:
            self.effect = "frames hit"

    def cuts(self) -> bool:
        """Return whether this fault leaves nothing valid on the link."""
        if self.fault.kind not in CUTS_LINK:
            return False
        return self.kind.unit != "%" or self.value == PERCENT


class NodeFault(Injection):
    """Something with a board's processor or its supply."""

    def begin(self, rig: Any) -> None:
        node = self.fault.target
        if self.fault.kind == "reset":
            rig.reset(node)
        elif self.fault.kind == "power_cut":
            rig.power_cut(node, self.value)
        elif self.fault.kind == "freeze":
            rig.freeze(node, True)

    def end(self, rig: Any) -> None:
        if self.fault.kind == "freeze":
            rig.freeze(self.fault.target, False)

    def look(self, t_s: float, rig: Any) -> None:
        if not rig.alive(self.fault.target):
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
    """A valve that does not do what it is told; seen when its position has contradicted its command for 1 s."""

    def begin(self, rig: Any) -> None:
        value = self.value
        if self.fault.kind == "passing" and value is not None:
            value /= PERCENT
        rig.plant.valve_faults[self.fault.target] = (self.fault.kind, value)
        self._fails_open = _fails_open(self.fault.target)
        self._contradicts_s: float | None = None

    def end(self, rig: Any) -> None:
        rig.plant.valve_faults.pop(self.fault.target, None)

    def look(self, t_s: float, rig: Any) -> None:
        tag = self.fault.target
        level = rig.plant.energised[tag]
        if not rig.plant.truth.get("relay", 1.0) and not tag.startswith("XV2"):
            level = 0.0  # the chain took its power
        meant = 1.0 - level if self._fails_open else level
        shut = meant < 0.01
        contradicts = shut if self.fault.kind == "passing" else abs(rig.plant.truth[tag] - meant) > 0.05
        if not contradicts:
            self._contradicts_s = None
        elif self._contradicts_s is None:
            self._contradicts_s = t_s
        elif t_s - self._contradicts_s > SETTLED_S:
            words = "passes while shut" if self.fault.kind == "passing" else f"at {rig.plant.truth[tag]:.2f}"
            self.effect = f"{words}, commanded {meant:.2f}"


class SignalFault(Injection):
    """A wrong reading; the instruments count the samples that differ from what they would have shown."""

    def begin(self, rig: Any) -> None:
        self._hits = rig.instruments.fault_hits.get(self.fault.target, 0)
        rig.instruments.set_fault(self.fault.target, self.fault.kind, self.value)

    def end(self, rig: Any) -> None:
        rig.instruments.clear_fault(self.fault.target)

    def look(self, t_s: float, rig: Any) -> None:
        if rig.instruments.fault_hits.get(self.fault.target, 0) > self._hits:
            self.effect = "reading differs"


def _fails_open(tag: str) -> bool:
    for node in fault_table.NODES:
        for row in tables.io(node).DO:
            if row[0] == tag:
                return bool(row[2] == "open")
    return False


def _injection(fault: Fault) -> Injection:
    if fault.target == fault_table.WORLD:
        return WorldFault(fault)
    if fault.target == fault_table.LINK:
        return LinkFault(fault)
    if fault.target in fault_table.NODES:
        return MemoryFault(fault) if fault.kind in MEMORY_CUTS else NodeFault(fault)
    if fault.target in fault_table.valve_tags():
        return ValveFault(fault)
    return SignalFault(fault)


class Faults:
    """The faults of one run. Call `step(t_s, rig)` each tick, before the plant's step.

    `active_targets`, `ever_targets`: what is (was) broken; `link_lost_s`: since when the link carries nothing valid,
    None while it does; `causes`: injections in the order they began (for reactions).
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.all = [_injection(fault) for fault in faults]
        self._pending = list(self.all)
        self._active: list[Injection] = []
        self._state = ""
        self._since_s = 0.0
        self.causes: list[Injection] = []
        self.active_targets: frozenset[str] = frozenset()
        self.ever_targets: frozenset[str] = frozenset()
        self.link_lost_s: float | None = None

    def add(self, fault: Fault) -> None:
        """Queue one more fault while the run goes on (interactive rig)."""
        injection = _injection(fault)
        self.all.append(injection)
        self._pending.append(injection)

    def step(self, t_s: float, rig: Any) -> None:
        """Begin what is due, look for effects, end what has lasted its time."""
        if not self._pending and not self._active:
            return
        state = rig.state["dispenser"]
        if state != self._state:
            self._state = state
            self._since_s = t_s
        for injection in self._active[:]:
            if injection.effect == NONE:
                injection.look(t_s, rig)
            if injection.end_s is not None and t_s >= injection.end_s - 1e-9:
                injection.end(rig)
                injection.ended = True
                self._active.remove(injection)
                self._changed()
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
        injection.begin(rig)
        self._active.append(injection)
        self.causes.append(injection)
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
