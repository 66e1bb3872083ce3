"""The control socket of a live rig: one JSON object a line in, one a line out.

    {"get": ["PT102", "XV103.cmd", "tank_kg.true", "state.dispenser", "t_s"]}
    {"set": {"brake": true, "helium_bar": 2.0}}                    what stands around the plant
    {"fault": {"target": "PT201A", "kind": "off", "for_s": 5.0}}   from now on; keys as in a scenario
    {"press": "PB101"}                                             start button for half a second; PB102, HS101 too
    {"run_until": {"t_s": 60.0}}  {"run_until": {"state": "FILL", "limit_s": 600.0}}

Each answer has `ok`, the rig's time `t_s` and what was asked for, or `error` with one line; an `id` comes back with
it. Requests of one connection are done in order; run_until is answered when it has come true.
"""

from __future__ import annotations

import dataclasses
import json
import math
import selectors
import socket
from collections.abc import Callable, Mapping
from typing import Any

from host_tools.sampling import channels, measured
from sim import scenario, tables
from sim.lines_server import LinesServer, Peer, listen
from sim.plant.world import World
from sim.scenario import ScenarioError
from sim.scenario_words import suggest
from sim.tables import NODES

LINE_MAX = 16384
PRESS_S = 0.5
# What may be pressed: attribute of the world, and whether it springs back.
BUTTONS = {"PB101": ("start_pressed", True), "PB102": ("stop_pressed", True), "HS101": ("estop", False)}
RUN_LIMIT_S = 86400.0


class Refused(Exception):
    """A request that cannot be done; the text is the answer's `error`."""


def _number(value: Any, what: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Refused(f"{what}: must be a number, not {value!r}")
    if not low <= value <= high:
        raise Refused(f"{what}: {value:g} is outside {low:g} to {high:g}")
    return float(value)


@dataclasses.dataclass
class Wait:
    """A run_until that has not come true: at `t_s`, or in `state`, at most until `limit_s` of the rig's time."""

    t_s: float | None
    state: str | None
    limit_s: float

    def over(self, rig: Any) -> bool | None:
        """Return True when it has come true, False when it cannot any more, None while it waits."""
        if self.t_s is not None and rig.t_s >= self.t_s - 1e-9:
            return True
        if self.state is not None and rig.state["dispenser"] == self.state:
            return True
        return False if rig.t_s >= self.limit_s - 1e-9 else None


class Desk:
    """What requests do to the rig. `lateness`: a function that returns figures, for `get`."""

    def __init__(self, rig: Any, lateness: Callable[[], Mapping[str, float]]) -> None:
        self._rig = rig
        self._lateness = lateness
        self._channels = {channel.tag: channel for channel in channels()}
        self._contacts = {
            tag: (node, bit) for node in NODES for tag, bit in rig.slots[node].layout.contact_bit.items()
        }
        self._world = {field.name: field.type for field in dataclasses.fields(World)}
        self._springs: list[tuple[float, str]] = []  # (when, attribute) of buttons held down

    def step(self) -> None:
        """Let go of the buttons whose time is over."""
        for due in [one for one in self._springs if one[0] <= self._rig.t_s + 1e-9]:
            self._springs.remove(due)
            setattr(self._rig.plant.world, due[1], False)

    def get(self, names: Any) -> dict[str, Any]:
        """Return {name: value} of tags (measured), TAG.cmd, NAME.true, state.NODE, world.NAME, t_s, lateness, bus."""
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused('get: write a name or a list of names, such as ["PT102", "state.dispenser"]')
        return {"values": {name: self._value(name) for name in names}}

    def _value(self, name: str) -> Any:
        rig = self._rig
        head, dot, tail = name.rpartition(".")
        if name == "t_s":
            return rig.t_s
        if name == "lateness":
            return dict(self._lateness())
        if name == "bus":
            return rig.bus.figures()
        if head == "state" and tail in rig.state:
            return rig.state[tail]
        if head == "world" and tail in self._world:
            return getattr(rig.plant.world, tail)
        if dot and tail == "true" and head in rig.plant.truth:
            return rig.plant.truth[head]
        if dot and tail == "cmd" and head in rig.plant.energised:
            return rig.plant.energised[head]
        if name in self._channels:
            channel = self._channels[name]
            return measured(channel, rig.instruments.counts(channel.node)[channel.place])
        if name in self._contacts:
            node, bit = self._contacts[name]
            return rig.instruments.contacts(node) >> bit & 1
        known = [*self._channels, *self._contacts, "t_s", "lateness", "bus", *(f"state.{node}" for node in rig.state),
                 *(f"world.{one}" for one in self._world), *(f"{tag}.cmd" for tag in rig.plant.energised),
                 *(f"{one}.true" for one in rig.plant.truth)]  # fmt: skip
        raise Refused(f"get: {name!r} is not known{suggest(name, known)}")

    def set(self, values: Any) -> dict[str, Any]:
        """Set attributes of the surroundings; all are checked before any is set."""
        if not isinstance(values, dict) or not values:
            raise Refused('set: write {"name": value}, such as {"brake": true}')
        world = self._rig.plant.world
        checked: dict[str, bool | float] = {}
        for name, value in values.items():
            if name not in self._world:
                raise Refused(f"set: {name!r} is not part of the surroundings{suggest(name, self._world)}")
            if isinstance(getattr(world, name), bool):
                if not isinstance(value, bool):
                    raise Refused(f"set: {name}: must be true or false, not {value!r}")
                checked[name] = value
            else:
                checked[name] = _number(value, f"set: {name}", 0.0, 1e6)
        for name, value in checked.items():
            setattr(world, name, value)
        return {"set": checked}

    def fault(self, table: Any) -> dict[str, Any]:
        """Begin a fault: target, kind, value, for_s as in a scenario; without a time it begins now."""
        if not isinstance(table, dict):
            raise Refused('fault: write {"target": …, "kind": …}')
        if "at_s" not in table and "state" not in table:
            table = {**table, "at_s": self._rig.t_s}
        try:
            fault = scenario.parse_fault("control", "fault", table)
        except ScenarioError as error:
            raise Refused(str(error)) from None
        self._rig.faults.add(fault)
        return {
            "fault": {key: value for key, value in dataclasses.asdict(fault).items() if value is not None}
        }

    def press(self, button: Any) -> dict[str, Any]:
        """Press a button; the emergency stop stays pressed until {"set": {"estop": false}}."""
        if button not in BUTTONS:
            raise Refused(f"press: {button!r} is not a button; one of {', '.join(BUTTONS)}")
        attribute, springs = BUTTONS[button]
        setattr(self._rig.plant.world, attribute, True)
        if springs:
            self._springs.append((self._rig.t_s + PRESS_S, attribute))
        return {"press": button}

    def run_until(self, goal: Any) -> Wait:
        """Return what to wait for."""
        keys = set(goal) if isinstance(goal, dict) else set()
        if len(keys & {"t_s", "state"}) != 1 or keys - {"t_s", "state", "limit_s"}:
            raise Refused('run_until: write {"t_s": seconds} or {"state": name, "limit_s": seconds}')
        now_s = self._rig.t_s
        limit_s = now_s + RUN_LIMIT_S
        if "limit_s" in goal:
            limit_s = _number(goal["limit_s"], "run_until: limit_s", now_s, limit_s)
        if "state" in goal:
            known = {row[1] for row in tables.states("dispenser").STATES}
            if goal["state"] not in known:
                state = str(goal["state"])
                raise Refused(f"run_until: {state!r} is not a state{suggest(state, known)}")
            return Wait(None, goal["state"], limit_s)
        return Wait(_number(goal["t_s"], "run_until: t_s", now_s, limit_s), None, limit_s)


REQUESTS = ("get", "set", "fault", "press", "run_until")


class _Caller(Peer):
    """One connection; its run_until, and the requests behind that, wait in it."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.wait: Wait | None = None
        self.wait_id: Any = None


class Control(LinesServer[_Caller]):
    """Listens for requests. `step()` between ticks; `waiting` tells whether somebody wants time to pass."""

    def __init__(
        self,
        desk: Desk,
        rig: Any,
        selector: selectors.BaseSelector,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        super().__init__("control", selector, listen(), say=say)
        self._desk = desk
        self._rig = rig

    @property
    def waiting(self) -> bool:
        """Tell whether a run_until waits."""
        return any(caller.wait is not None for caller in self.peers)

    def step(self) -> None:
        """Let buttons spring back, answer the run_until that have ended, and do what came behind them."""
        self._desk.step()
        for caller in self.peers[:]:
            if caller.wait is not None:
                over = caller.wait.over(self._rig)
                if over is None:
                    continue
                caller.wait = None
                answer = {"ok": True} if over else {"ok": False, "error": "run_until: limit_s has passed"}
                self._answer(caller, {**answer, "run_until": self._rig.state["dispenser"]}, caller.wait_id)
                self.hold(caller, False)
                self.heard(caller)
        self.flush_all()

    def opened(self, connection: socket.socket) -> _Caller:
        """Return the caller of a new connection."""
        return _Caller(connection)

    def heard(self, peer: _Caller) -> None:
        """Do the whole lines that have come, up to a run_until."""
        while peer.wait is None and peer.open:
            line, newline, rest = peer.pending_in.partition(b"\n")
            if not newline:
                break
            peer.pending_in = rest
            if line.strip():
                self._do(peer, line)
        if peer.wait is not None:
            self.hold(peer, len(peer.pending_in) > LINE_MAX)  # what comes behind a run_until waits at the other end
        elif len(peer.pending_in) > LINE_MAX:
            self._answer(peer, {"ok": False, "error": f"a line of over {LINE_MAX} bytes"}, None)
            self.drop(peer)

    def _do(self, caller: _Caller, line: bytes) -> None:
        ident = None
        try:
            try:
                request = json.loads(line)
            except ValueError as error:
                raise Refused(f"not a JSON object: {error}") from None
            if not isinstance(request, dict):
                raise Refused("not a JSON object")
            ident = request.pop("id", None)
            if len(request) != 1 or next(iter(request)) not in REQUESTS:
                raise Refused(f"one of {', '.join(REQUESTS)} is due, not {', '.join(request) or 'nothing'}")
            word, argument = next(iter(request.items()))
            done = getattr(self._desk, word)(argument)
        except Refused as why:
            self._answer(caller, {"ok": False, "error": str(why)}, ident)
            return
        if isinstance(done, Wait):
            caller.wait, caller.wait_id = done, ident
        else:
            self._answer(caller, {"ok": True, **done}, ident)

    def _answer(self, caller: _Caller, answer: dict[str, Any], ident: Any) -> None:
        if ident is not None:
            answer = {**answer, "id": ident}
        self.tell(caller, json.dumps({**answer, "t_s": self._rig.t_s}).encode() + b"\n")
