"""Both boards on a live rig, and someone between them: what each does with frames that say something else.

One short fill is kept as it stood when the truck was coupled and in FILL; every test goes on from there in a copy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantools.database
import pytest

from hil_tests.faults.short_fill import LONG, Going, going
from host_tools import link_e2e
from host_tools.sampling import as_event
from sim import fork, tables
from sim.can_controller import Frame
from sim.reactions import LIQUID_VALVES
from sim.scenario import Fault

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a rig is copied by fork")

DATABASE = cantools.database.load_file(Path(__file__).resolve().parents[2] / "dbc" / "cryofill.dbc")
REFUSALS = tables.load_table(tables.FIRMWARE / "dispenser" / "refusal_table.py")
OVERRUN = 0x80
Change = tuple[str, dict[str, int]] | tuple[str, None]


class Between:
    """Changes the signals of one message on its way to a board (None: it never gets there), header made anew."""

    def __init__(self, rig: Any, node: str, message: str, signals: dict[str, int] | None) -> None:
        self._controller = rig.bus.controllers[node]
        self._take = self._controller.take
        self._message = DATABASE.get_message_by_name(message)
        self._data_id = self._message.dbc.attributes["E2EDataId"].value
        self._signals = signals
        self._controller.take = self.take

    def take(self) -> tuple[int, list[Frame]]:
        freed, frames = self._take()
        return freed, [changed for frame in frames for changed in self._changed(frame)]

    def _changed(self, frame: Frame) -> list[Frame]:
        t_us, can_id, flags, dlc, data = frame
        if can_id != self._message.frame_id:
            return [frame]
        if self._signals is None:
            return []
        raw = self._message.decode(data, scaling=False, decode_choices=False) | self._signals
        body = self._message.encode(raw, scaling=False, strict=False, padding=True)
        return [(t_us, can_id, flags, dlc, link_e2e.protected(body, self._data_id, data[2]))]

    def end(self) -> None:
        self._controller.take = self._take


class Seen:
    """What happened from a moment on: words of events, abort causes on the wire, outputs that were energised."""

    def __init__(self, rig: Any) -> None:
        self._rig = rig
        self._causes = {name: DATABASE.get_message_by_name(name) for name in ("D_ABORT", "T_ABORT", "T_STATUS")}
        self.events: list[tuple[str, str, str]] = []  # node, kind or public state entered, name
        self.links: list[tuple[str, str, int]] = []
        self.aborts: set[tuple[str, str]] = set()
        self.ready: set[str] = set()
        self.energised: set[str] = set()
        self.began_s = rig.t_s
        self.times: dict[tuple[str, str], float] = {}
        self.first_s: dict[int, float] = {}  # identifier -> its first frame
        rig.observe(self)

    def on_event(self, raw: dict[str, Any]) -> None:
        event = as_event(raw)
        if event.kind == "LINK":
            self.links.append((event.node, event.name, event.value))
        else:
            what = event.target if event.kind == "STATE" else event.kind
            self.events.append((event.node, what, event.name))
            self.times.setdefault((event.node, what), event.t_ms / 1000 - self.began_s)

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        self.first_s.setdefault(can_id, t_us / 1e6 - self.began_s)
        for name, message in self._causes.items():
            if can_id == message.frame_id:
                values = message.decode(data)
                if name == "T_STATUS":
                    self.ready.add(str(values["tank_ready"]))
                elif str(values["abort_active"]) == "YES":
                    self.aborts.add((name, str(values["abort_cause"])))

    def on_tick(self, rig: Any) -> None:
        self.energised |= {tag for tag, value in rig.plant.energised.items() if value > 0.0}

    def states(self, node: str = "dispenser") -> list[str]:
        """Return the public states that a board entered, each once in a row."""
        found: list[str] = []
        for one, what, _ in self.events:
            if one == node and what in tables.states(node).PUBLIC and what not in found[-1:]:
                found.append(what)
        return found


def snapshots() -> Iterator[dict[str, fork.Snapshot]]:
    one = going(LONG, forkable=True)
    taken: dict[str, fork.Snapshot] = {}
    with one.fill:
        one.fill.begin()
        rig = one.fill.rig
        for node in tables.NODES:  # what is changed here would be silence else: hil_tests/auth
            rig.command(node, "set auth 0")
        one.fill.go_on(lambda: rig.t_s >= 1.0)
        taken["PARK"] = one.snapshot()
        one.fill.go_on(lambda: rig.state["tank"] == "FILL")
        steady_s = rig.t_s + 3.0
        one.fill.go_on(lambda: rig.t_s >= steady_s)
        taken["FILL"] = one.snapshot()
    try:
        yield taken
    finally:
        for snapshot in taken.values():
            snapshot.close()


@pytest.fixture(scope="module")
def fill() -> Iterator[dict[str, fork.Snapshot]]:
    yield from snapshots()


def run_between(going_: Going, node: str, change: Change, for_s: float, then_s: float) -> dict[str, Any]:
    """Work of a copy: change a message for `for_s`, let it be for `then_s`; return what was seen."""
    return _run(going_, lambda rig: Between(rig, node, *change), for_s, then_s)


def _run(going_: Going, begin: Callable[[Any], Any], for_s: float, then_s: float, ask: str = "") -> dict[str, Any]:
    rig = going_.fill.rig
    seen = Seen(rig)
    what = begin(rig)
    rig.run(round(for_s * 100))
    if what is not None:
        what.end()
    rig.run(round(then_s * 100))
    if ask:
        rig.command("dispenser", ask)
        rig.run(20)
    return {
        "states": {node: seen.states(node) for node in ("dispenser", "tank")}, "events": seen.events,
        "links": seen.links, "aborts": seen.aborts, "ready": seen.ready, "energised": seen.energised,
        "times": seen.times, "first_s": seen.first_s, "replies": rig.replies["dispenser"],
        "broken": rig.invariants.broken, "bus": rig.bus.load_pct(),
    }  # fmt: skip


class TestConnect:
    """From a parked truck: start is pressed half a second later."""

    CASES = (
        ("VERSION", "T_STATUS", {"protocol_version": 2, "accepts_older": 7}),
        ("VERSION", "T_STATUS", {"protocol_version": 254}),
        ("TYPE", "T_IDENT", {"vessel_type": 9}),
        ("EXPIRED", "T_PLATE", {"cert_year": 25}),
        ("TARGET", "T_FLOW", {"target_mass_g": 12000}),
        ("ABORTED", "T_STATUS", {"fuelling_command": 3}),
    )

    @pytest.mark.parametrize(("name", "message", "signals"), CASES, ids=[row[0] for row in CASES])
    def test_a_refused_truck_sees_why_and_no_valve_moves(
        self, fill: dict[str, fork.Snapshot], name: str, message: str, signals: dict[str, int]
    ) -> None:
        seen = fill["PARK"].run(run_between, "dispenser", (message, signals), 3.5, 0.0)
        assert seen["states"]["dispenser"] == ["CONNECT", "DISCONNECT"]
        assert seen["events"][-1][2].startswith("refused: ")
        assert seen["aborts"] == {("D_ABORT", f"REFUSED_{name}")}
        # Beacon and lock; the truck's permit contact and its indicator of a released drive.
        assert seen["energised"] <= {"BL109", "LK108", "ES210", "IM211"}

    @pytest.mark.parametrize("signals", [{"protocol_version": 2, "accepts_older": 1}, {"accepts_older": 7}])
    def test_a_newer_peer_that_accepts_our_version_is_accepted(
        self, fill: dict[str, fork.Snapshot], signals: dict[str, int]
    ) -> None:
        seen = fill["PARK"].run(run_between, "dispenser", ("T_STATUS", signals), 3.5, 0.0)
        assert seen["states"]["dispenser"] == ["CONNECT", "PURGE"]
        assert ("dispenser", "version", 1) in seen["links"]

    @pytest.mark.parametrize("change", [
        ("D_STATUS", {"protocol_version": 3, "accepts_older": 1}), ("D_PERMIT", {"target_mass_g": 9500}),
    ], ids=["version", "target"])  # fmt: skip
    def test_the_truck_is_not_ready_for_a_station_that_does_not_fit(
        self, fill: dict[str, fork.Snapshot], change: Change
    ) -> None:
        seen = fill["PARK"].run(run_between, "tank", change, 3.5, 0.0)
        assert seen["ready"] == {"NO"}
        assert seen["states"] == {"dispenser": ["CONNECT"], "tank": ["REFUEL_READY"]}

    def test_a_truck_swapped_in_connect_is_refused(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["PARK"].run(swap_in_connect)
        assert seen["aborts"] == {("D_ABORT", "REFUSED_CHANGED")}
        assert seen["states"]["dispenser"] == ["DISCONNECT"]


def swap_in_connect(going_: Going) -> dict[str, Any]:
    """Work of a copy: what would let the truck be accepted is held back until another identity has been told."""
    rig = going_.fill.rig
    held = Between(rig, "dispenser", "T_PLATE", None)
    rig.run(250)
    seen = _run(going_, lambda rig: Between(rig, "dispenser", "T_IDENT", {"tank_id": 4711}), 1.5, 0.0)
    held.end()
    return seen


class TestFill:
    """With liquid flowing."""

    @pytest.mark.parametrize("command", [1, 2, 5, 6, 7], ids=["Stat", "Halt", "out of range", "error", "NA"])
    def test_anything_but_dyna_holds_and_dyna_resumes(self, fill: dict[str, fork.Snapshot], command: int) -> None:
        seen = fill["FILL"].run(run_between, "dispenser", ("T_STATUS", {"fuelling_command": command}), 1.0, 0.5)
        assert seen["states"] == {"dispenser": ["HOLD", "FILL"], "tank": []}
        assert seen["times"]["dispenser", "HOLD"] <= 0.16
        assert seen["broken"] == []

    def test_abort_is_a_terminal_stop(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(run_between, "dispenser", ("T_STATUS", {"fuelling_command": 3}), 0.3, 1.0)
        assert seen["states"] == {"dispenser": ["SAFE_STOP"], "tank": ["ISOLATE"]}
        assert ("dispenser", "TRIP", "TRUCK_ABORT") in seen["events"]
        assert ("D_ABORT", "TRUCK_ABORT") in seen["aborts"]

    @pytest.mark.parametrize("change", [
        ("T_IDENT", {"tank_id": 4711}), ("T_LIMIT", {"volume_l": 1701}), ("T_FILL", {"max_mass_g": 16383}),
        ("T_FLOW", {"max_flow_g_s": 124}), ("T_PLATE", {"cert_month": 10}),
    ], ids=lambda change: change[0])  # fmt: skip
    def test_a_static_value_that_changes_ends_the_fill(self, fill: dict[str, fork.Snapshot], change: Change) -> None:
        seen = fill["FILL"].run(run_between, "dispenser", change, 1.3, 0.0)
        assert seen["states"]["dispenser"] == ["SAFE_STOP"]
        assert ("dispenser", "TRIP", "TRUCK_CHANGED") in seen["events"]

    def test_a_static_message_that_stays_away_ends_the_fill(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(run_between, "dispenser", ("T_LIMIT", None), 5.4, 0.0)
        assert ("dispenser", "TRIP", "TRUCK_UNKNOWN") in seen["events"]
        assert 3.9 <= seen["times"]["dispenser", "SAFE_STOP"] <= 5.3  # its last frame came up to a second before

    def test_the_station_s_abort_frame_alone_isolates_the_truck(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(run_between, "tank", ("D_LINE", {}), 0.0, 0.3)
        assert seen["states"]["tank"] == []
        seen = fill["FILL"].run(abort_to_the_truck)
        assert seen["states"]["tank"] == ["ISOLATE"]
        assert seen["times"]["tank", "ISOLATE"] <= 0.1

    def test_a_station_that_means_to_overfill_is_stopped_by_the_truck(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(run_between, "tank", ("D_PERMIT", {"target_mass_g": 9500}), 0.5, 0.3)
        assert ("tank", "TRIP", "STATION_TARGET") in seen["events"]
        assert seen["aborts"] >= {("T_ABORT", "STATION_TARGET"), ("D_ABORT", "TRUCK_ABORT")}

    def test_an_overrun_holds_until_the_messages_have_qualified_anew(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(overrun)
        assert seen["states"] == {"dispenser": ["HOLD", "FILL"], "tank": []}
        assert ("dispenser", "overrun", 1) in seen["links"]
        assert "wrong_sequence=0 crc=0" in seen["replies"][-1]

    def test_bus_off_is_left_with_growing_waits(self, fill: dict[str, fork.Snapshot]) -> None:
        seen = fill["FILL"].run(run_fault, Fault("can.link", "bus_off", at_s=0.0, value=1.0, for_s=3.0), 5.0, "link")
        assert [one for one in seen["links"] if one[1] == "bus_off"] == [
            ("tank", "bus_off", wait) for wait in (100, 200, 400, 800, 1600)
        ]
        assert [one[1] for one in seen["links"] if one[0] == "tank"][-1] == "active"
        assert seen["states"]["dispenser"][:2] == ["HOLD", "SAFE_STOP"]

    def test_each_board_says_once_that_it_is_alone_and_goes_on_with_new_values(
        self, fill: dict[str, fork.Snapshot]
    ) -> None:
        fault = Fault("can.link", "disconnect", at_s=0.0, for_s=3.0)
        seen = fill["FILL"].run(run_fault, fault, 5.0, "link T_STATUS")
        assert sorted(one[:2] for one in seen["links"] if one[1] in ("alone", "bus_off")) == [
            ("dispenser", "alone"), ("tank", "alone"),
        ]  # fmt: skip
        assert len(seen["links"]) <= 6
        # The truck went on counting from the frame that was last seen: none repeated, none out of order.
        assert "qualified=1" in seen["replies"][-1]
        assert "silences=1 repeated=0 wrong_sequence=0 crc=0" in seen["replies"][-1]

    @pytest.mark.parametrize("node", ["dispenser", "tank"])
    def test_an_abort_gets_through_when_the_bus_is_full(self, fill: dict[str, fork.Snapshot], node: str) -> None:
        seen = fill["FILL"].run(abort_on_a_full_bus, node)
        messages = {name: DATABASE.get_message_by_name(name).frame_id for name in ("D_ABORT", "T_ABORT", "D_PERMIT")}
        abort = messages["D_ABORT" if node == "dispenser" else "T_ABORT"]
        assert seen["load"] > 98.0
        assert messages["D_PERMIT"] not in seen["first_s"]  # what is less important than the noise stays out
        assert seen["first_s"][abort] - seen["cause_s"] <= 0.06


def abort_to_the_truck(going_: Going) -> dict[str, Any]:
    """Work of a copy: D_LINE becomes the dispenser's abort frame on its way to the truck."""
    message = DATABASE.get_message_by_name("D_ABORT")
    body = message.encode({"E2E_Crc": 0, "E2E_Counter": 0, "Session": 0, "abort_active": 1, "abort_cause": 1})
    frame = link_e2e.protected(body, message.dbc.attributes["E2EDataId"].value, 1)
    rig = going_.fill.rig
    rig.bus.controllers["tank"].received.append((rig.t_ms * 1000, message.frame_id, 2, 8, frame))
    return _run(going_, lambda rig: None, 0.3, 0.0)


def overrun(going_: Going) -> dict[str, Any]:
    """Work of a copy: the controller says with the next frame that it has lost others."""
    controller = going_.fill.rig.bus.controllers["dispenser"]
    take, done = controller.take, []

    def marked() -> tuple[int, list[Frame]]:
        freed, frames = take()
        if frames and not done:
            done.append(True)
            t_us, can_id, flags, dlc, data = frames[-1]
            frames[-1] = (t_us, can_id, flags | OVERRUN, dlc, data)
        return freed, frames

    controller.take = marked  # type: ignore[method-assign]
    return _run(going_, lambda rig: None, 1.2, 0.0, "link T_STATUS")


def run_fault(going_: Going, fault: Fault, for_s: float, ask: str) -> dict[str, Any]:
    """Work of a copy: let a fault happen now."""
    rig = going_.fill.rig
    rig.faults.add(Fault(fault.target, fault.kind, at_s=rig.t_s, value=fault.value, for_s=fault.for_s))
    return _run(going_, lambda rig: None, for_s, 0.0, ask)


def abort_on_a_full_bus(going_: Going, node: str) -> dict[str, Any]:
    """Work of a copy: a third node fills the wire with what only abort frames outrank; then a hazard is seen."""
    rig = going_.fill.rig
    noise = rig.bus.attach("noise")
    rig.bus.power("noise", True)

    def again(*sent: Any) -> None:
        rig.bus.submit("noise", 0, 0x04FF0099, 2, bytes(8))
        rig.bus.submit("noise", 1, 0x04FF0199, 2, bytes(8))

    noise.on_sent = again
    again()
    rig.run(20)
    busy, at = rig.bus.busy_bits, rig.bus.now_bit
    seen = Seen(rig)
    cause_s = 0.0
    rig.run(10)
    cause_s = rig.t_s - seen.began_s
    if node == "dispenser":
        rig.plant.world.estop = True
    else:
        rig.plant.world.crash = True
    rig.run(15)
    load = 100.0 * (rig.bus.busy_bits - busy) / (rig.bus.now_bit - at)
    return {"first_s": seen.first_s, "cause_s": cause_s, "load": load, "events": seen.events}


def test_both_boards_talk_at_250_kbit_s() -> None:
    """Commissioned to the slow bit rate, with both firmwares' own settings: a session, and twice the load."""
    one = going(LONG)
    one.fill.close()
    slow = type(one.fill)(one.fill.scenario, replace(one.fill.options, bitrate=250_000))
    with slow:
        slow.begin()
        seen = Seen(slow.rig)
        slow.go_on(lambda: slow.rig.state["dispenser"] == "PURGE" or slow.rig.t_s > 4.0)
        assert seen.states()[-4:] == ["SELFTEST", "IDLE", "CONNECT", "PURGE"]
        assert sorted(one[0] for one in seen.links if one[1] == "auth_proved") == ["dispenser", "tank"]
        assert 3.5 < slow.rig.bus.load_pct() < 4.5  # challenge and response among it


def pause(going_: Going, then_s: float) -> dict[str, Any]:
    """Work of a copy: an operator pauses the fill for 8 s, longer than any other hold may last, then goes on."""
    rig = going_.fill.rig
    seen = Seen(rig)
    rig.command("dispenser", "pause")
    rig.run(800)
    paused = {"state": rig.state["dispenser"], "open": [t for t in LIQUID_VALVES if rig.plant.energised[t] > 0.0],
              "tank": rig.state["tank"]}  # fmt: skip
    rig.command("dispenser", "resume")
    rig.run(round(then_s * 100))
    return {"paused": paused, "states": seen.states(), "replies": rig.replies["dispenser"][-2:],
            "broken": rig.invariants.broken}  # fmt: skip


def test_an_operator_pauses_and_goes_on(fill: dict[str, fork.Snapshot]) -> None:
    saw = fill["FILL"].run(pause, 3.0)
    assert saw["paused"] == {"state": "HOLD", "open": [], "tank": "FILL"}
    assert saw["states"] == ["HOLD", "FILL"] and not saw["broken"]
    assert [reply.split(" ", 1)[1] for reply in saw["replies"]] == ["OK", "OK"]
