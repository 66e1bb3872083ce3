"""Attacks on two real boards in a fill: whoever is on the bus can stop it, and neither starts one nor keeps it going.

All go on from copies of one fill on the MicroPython VM: before anybody has coupled, and in FILL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from hil_tests.auth.in_the_middle import ID, Frame, Middle, rewritten
from hil_tests.faults.short_fill import LONG, Going, finish, going
from host_tools.sampling import as_event
from sim import fork, link_keys, tables
from sim.scenario import Fault

pytestmark = pytest.mark.timeout(600)  # a loaded machine is no failure: what is judged is simulated time

DYNA: Final = 0
HOLD_S, STOP_S = 0.3, 1.0
FLOW_ENDS_S: Final = 1.0
INTO_FILL_S: Final = 2.0
OTHER_KEY: Final = bytes(range(32))
MOVES_NOTHING: Final = ("LK108", "BL109", "ES210", "IM211")  # lock, beacon, loop and traction: no valve


@dataclass
class Saw:
    """What both boards said and drove."""

    events: list[tuple[float, str, str, str, int]] = field(default_factory=list)  # t_s, node, kind, name, value
    lines: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    driven: set[str] = field(default_factory=set)  # outputs energised since the session began

    def on_event(self, event: Any) -> None:
        """Keep an event by its words."""
        one = as_event(event)
        self.events.append((one.t_ms / 1000.0, one.node, one.kind, one.name, one.value))

    def on_line(self, node: str, text: str) -> None:
        """Keep a serial line."""
        self.lines.append(text)

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Keep a frame's bytes."""
        self.frames.append(data)

    def on_tick(self, rig: Any) -> None:
        """Keep what has been energised while the dispenser had a truck."""
        if rig.state["dispenser"] not in ("BOOT", "SELFTEST", "IDLE"):
            self.driven |= {tag for tag, share in rig.plant.energised.items() if share > 0.0}

    def told(self, node: str, name: str) -> list[tuple[float, int]]:
        """Return (t_s, value) of every LINK event of that name."""
        return [(t, value) for t, by, kind, word, value in self.events if (by, kind, word) == (node, "LINK", name)]


What = tuple[Going, Middle, Saw]


@pytest.fixture(scope="module")
def begun() -> Iterator[dict[str, fork.Snapshot]]:
    """Return snapshots of one fill: IDLE, and FILL after INTO_FILL_S."""
    one = going(LONG, forkable=True)
    taken = {}
    with one.fill as run:
        middle, saw = Middle(run.rig), Saw()
        run.rig.observe(saw)
        run.begin()
        try:
            for state in ("IDLE", "FILL"):
                run.go_on(lambda: run.rig.state["dispenser"] == state)  # noqa: B023
                until_s = run.rig.t_s + (INTO_FILL_S if state == "FILL" else 0.2)
                run.go_on(lambda: run.rig.t_s >= until_s)  # noqa: B023
                taken[state] = fork.Snapshot(run.rig, (one, middle, saw))
            yield taken
        finally:
            for snapshot in taken.values():
                snapshot.close()


# -- what is done from a snapshot, in a process of its own --------------------------------------------------


def keep_going(what: What, attack: str) -> dict[str, Any]:
    """The truck ends the fill, for a transmitter that it can no longer believe; somebody hides that."""
    one, middle, saw = what
    rig = one.fill.rig
    old = {can_id: dict(frames) for can_id, frames in middle.heard.items()}

    def change(frame: Frame) -> list[Frame]:
        if frame[0] in (ID["T_ABORT"], ID["T_MEAS"]) and attack != "passed on":
            return [] if frame[0] == ID["T_ABORT"] else [rewritten(frame, measure_ok=1)]
        if frame[0] == ID["T_STATUS"] and attack != "passed on":
            if attack == "replayed":  # what the truck said when its counter was this one before: 25.6 s ago
                return [(frame[0], old[frame[0]][frame[1][2]])]
            return [rewritten(frame, fuelling_command=DYNA, tank_ready=1, xv201_open=1)]
        if frame[0] == ID["T_AUTH"] and attack == "replayed":
            return [(frame[0], old[frame[0]][frame[1][2]])]
        return [frame]

    middle.cut("tank", change)
    if attack != "passed on":
        rig.faults.add(Fault("PT201A", "off", at_s=rig.t_s))
    began_s = rig.t_s
    while rig.t_s < began_s + 3.0:
        rig.tick()
    watch = one.watch
    began_s = middle.changed_s or began_s
    return {
        "state": rig.state["dispenser"],
        "truck": rig.state["tank"],
        "supply_s": watch.supply_s - began_s,
        "flow_s": watch.flow_s - began_s,
        "trips": [trip.name for trip in watch.trips],
        "holds": [hold.name for hold in watch.holds],
        "changed": middle.changed,
        "forged": [value for _, value in saw.told("dispenser", "auth_forged")],
    }


def open_the_truck(what: What) -> dict[str, Any]:
    """The dispenser's permits are rewritten on the way to the truck: yes stays yes, whatever it says."""
    one, middle, saw = what
    rig = one.fill.rig

    def change(frame: Frame) -> list[Frame]:
        if frame[0] == ID["D_PERMIT"]:
            return [rewritten(frame, fill_permit=1, return_permit=1, target_mass_g=9000)]
        return [frame]

    middle.cut("dispenser", change)
    began_s = rig.t_s
    rows = []
    while rig.t_s < began_s + 1.5:
        rig.tick()
        rows.append(tables.states("tank").STATES[rig.state_rows["tank"]][0])
    return {"alone_s": 0.01 * (rows.index("FILL_ALONE") + 1), "last": rows[-1], "changed": middle.changed}


def serve(what: What, commands: list[tuple[str, str]], deadline_s: float) -> dict[str, Any]:
    """Give both boards commands in IDLE, then let the truck be served."""
    one, _, saw = what
    rig = one.fill.rig
    for node, text in commands:
        rig.command(node, text)
    run = finish(one, (), deadline_s, None, {"WARM": 1.0}, True)
    return {
        "outcome": run.result["outcome"],
        "reason": run.result["reason"],
        "broken": run.result["invariants"]["broken"],
        "nodes": run.result["nodes"],
        "phases": run.result["phases"],
        "replies": run.watch.replies,
        "driven": saw.driven,
        "events": saw.events,
        "lines": saw.lines,
        "frames": b"".join(saw.frames),
    }


# -- tests --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ["rewritten", "replayed"])
def test_nobody_keeps_a_fill_going(begun: dict[str, fork.Snapshot], attack: str) -> None:
    saw = begun["FILL"].run(keep_going, attack)
    assert saw["changed"] > 10
    assert "LINK_LOST" in saw["trips"]
    assert (saw["state"], saw["truck"]) == ("SAFE_STOP", "ISOLATE")
    assert saw["supply_s"] <= HOLD_S + 0.02
    assert saw["flow_s"] <= HOLD_S + FLOW_ENDS_S
    assert saw["forged"] == list(range(1, len(saw["forged"]) + 1))
    assert 5 < len(saw["forged"]) <= 10


def test_somebody_who_only_passes_on_is_a_longer_wire(begun: dict[str, fork.Snapshot]) -> None:
    """The attacks above fail by their changes, not by the way they are made."""
    saw = begun["FILL"].run(keep_going, "passed on")
    assert saw["trips"] == saw["holds"] == saw["forged"] == []
    assert saw["state"] == "FILL"
    assert saw["supply_s"] >= 2.9


def test_a_rewritten_permit_does_not_count_for_the_truck(begun: dict[str, fork.Snapshot]) -> None:
    saw = begun["FILL"].run(open_the_truck)
    assert saw["changed"] > 10
    assert STOP_S - 0.15 <= saw["alone_s"] <= STOP_S + 0.05
    assert saw["last"] == "FILL_ALONE"


@pytest.mark.parametrize(
    ("node", "command"),
    [("tank", f"key {OTHER_KEY.hex()}"), ("dispenser", f"key {OTHER_KEY.hex()}"), ("tank", "key erase"),
     ("dispenser", "key erase"), ("tank", "set auth 0")],
    ids=["truck's key", "station's key", "truck without key", "station without key", "truck without authentication"],
)  # fmt: skip
def test_refused_before_any_valve_moves(begun: dict[str, fork.Snapshot], node: str, command: str) -> None:
    saw = begun["IDLE"].run(serve, [(node, command)], 40.0)
    assert saw["outcome"] == "refused", saw["reason"]
    assert "link not authenticated" in saw["reason"], saw["reason"]
    assert {tag for tag in saw["driven"] if tag not in MOVES_NOTHING} == set()
    assert saw["broken"] == []
    for figures in saw["nodes"].values():
        assert figures["locked_ticks"] == figures["ticks"]


def test_a_key_is_in_no_trace(begun: dict[str, fork.Snapshot]) -> None:
    """Typed at both consoles, used for a session, and nowhere to be seen: answers, events, frames."""
    station = OTHER_KEY
    truck = link_keys.truck_key(station, link_keys.TANK_ID)
    commands = [("dispenser", f"key {station.hex()}"), ("tank", f"key {truck.hex()}"), ("tank", "key 12345")]
    saw = begun["IDLE"].run(serve_until_purge, commands)
    assert [value for _, value in saw["proved"]] == [link_keys.TANK_ID] * 2
    assert [reply.split(" ", 1)[1] for reply in saw["replies"]] == ["OK", "OK", "ERR key <64 hex digits> | erase"]
    for key in (station, truck):
        text = key.hex()
        pieces = [text[i : i + 12] for i in range(0, 52, 4)]
        for line in saw["lines"]:
            assert not [piece for piece in pieces if piece in line.lower()], line
        assert not [piece for piece in pieces if piece in saw["frames"].hex()]


def serve_until_purge(what: What, commands: list[tuple[str, str]]) -> dict[str, Any]:
    """Give commands in IDLE, then let the truck couple; stop once helium flows."""
    one, _, saw = what
    rig = one.fill.rig
    before = {node: len(replies) for node, replies in rig.replies.items()}
    for node, text in commands:
        rig.command(node, text)
    while rig.state["dispenser"] != "PURGE":
        assert rig.t_s < 20.0, rig.state
        rig.tick()
    replies = [reply for node in ("dispenser", "tank") for reply in rig.replies[node][before[node] :]]
    return {
        "proved": saw.told("dispenser", "auth_proved") + saw.told("tank", "auth_proved"),
        "off": saw.told("dispenser", "auth_off") + saw.told("tank", "auth_off"),
        "replies": replies,
        "lines": saw.lines,
        "frames": b"".join(saw.frames),
    }


def test_without_authentication_it_is_told(begun: dict[str, fork.Snapshot]) -> None:
    saw = begun["IDLE"].run(serve_until_purge, [("dispenser", "set auth 0"), ("tank", "set auth 0")])
    assert saw["proved"] == []
    assert len({value for _, value in saw["off"]}) == 1  # of the session, by both
    assert len(saw["off"]) == 2
