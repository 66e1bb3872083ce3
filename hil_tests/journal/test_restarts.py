"""Every state of the dispenser survives a power cut, a reset and a frozen processor: safe, told, and never resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hil_tests.journal.restarts import KINDS, Beginnings, Step, World, play
from sim.memory import FLASH_WRITES, FRAM_WRITES
from sim.scenario import Fault

pytestmark = pytest.mark.timeout(600)  # a loaded machine is no failure: what is judged is simulated time


def world(**values: object) -> World:
    """Return a step's deed: set attributes of the world."""
    return World(values)


@pytest.fixture(scope="module")
def begun() -> Iterator[Beginnings]:
    """Return the fill that the restarts in its states go on from."""
    with Beginnings() as beginnings:
        yield beginnings


def command(text: str) -> Any:
    """Return a step's deed: type a command at the dispenser's serial port."""
    return lambda rig: rig.command("dispenser", text)


def each_kind(state: str, to: str, after_s: float = 0.1) -> list[Step]:
    """Return three restarts in a state, one of each kind."""
    return [Step(state, kind, after_s, to=to) for kind in KINDS]


def test_before_a_truck_is_served() -> None:
    """BOOT, SELFTEST, IDLE, MAINTENANCE, and CONNECT without a nozzle: back to IDLE, and only a press begins."""
    press = Step("IDLE", after_s=0.3, do=world(start_pressed=True))
    let_go = Step("EARTH", do=world(start_pressed=False))
    played, _ = play(
        *each_kind("BOOT", "", 0.05),
        *each_kind("SELFTEST", ""),
        *each_kind("IDLE", "IDLE"),
        Step("IDLE", do=world(key=True)),
        *each_kind("MAINTENANCE", "IDLE"),
        Step("MAINTENANCE", do=world(key=False)),
        *(one for kind in KINDS for one in (press, let_go, Step("EARTH", kind, 0.2, to="IDLE"))),
        operator=(),
    )
    assert {one.found[-1][0] for one in played.restarts} <= {"blank", "closed"}
    assert played.tickets == []


def test_a_start_button_that_stays_pressed_begins_nothing() -> None:
    """A stuck contact is no person: start counts only once it has been seen up."""
    played, rig = play(
        Step("IDLE", after_s=0.2, do=world(start_pressed=True)),
        Step("EARTH", "power_cut", 0.2, to="IDLE"),
        operator=(),
    )
    assert rig.state["dispenser"] == "IDLE"
    assert played.restarts[-1].states == ["SELFTEST", "IDLE"]


def test_after_gas_and_to_the_end() -> None:
    """SAFE_STOP, WARM, DISCONNECT, COMPLETE: each restart vents, warms and proves the hose anew before it unlocks."""
    played, rig = play(
        Step("PURGE", "power_cut", 0.3, to="SAFE_STOP"),
        *each_kind("SAFE_STOP", "SAFE_STOP", 0.5),
        *each_kind("WARM_FLOW", "SAFE_STOP", 0.0),
        Step("RISE_HOLD", "reset", 1.0, to="SAFE_STOP"),
        *each_kind("UNLOCK", "SAFE_STOP", 0.5),
        Step("STOW", "power_cut", 0.2, to="IDLE"),
        *each_kind("IDLE", "IDLE"),
        limit_s=900.0,
    )
    assert played.tickets == []  # nothing was metered
    assert rig.state["dispenser"] == "IDLE"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["CONNECT", "PURGE", "LEAKTEST", "PRECOOL", "COLDTEST"])
def test_before_the_fill(state: str, kind: str, begun: Beginnings) -> None:
    step = Step("LOCK", kind, 0.03) if state == "CONNECT" else Step(state, kind, 1.0)
    played, _ = begun.play(state, replace(step, to="SAFE_STOP"))
    assert [name for name, _ in played.restarts[0].found] == ["closed"]
    assert played.tickets == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("state", "after_s"), [("FILL", 4.0), ("HOLD", 0.1), ("DRAIN", 1.0), ("VENT", 0.5)])
def test_in_the_fill(state: str, after_s: float, kind: str, begun: Beginnings) -> None:
    """The open record becomes one ticket at once, with all that was metered up to the last second (I8)."""
    steps = [Step(state, kind, after_s, to="SAFE_STOP")]
    faults = []
    if state == "HOLD":
        faults = [Fault("can.link", "disconnect", state="FILL", after_s=3.0, for_s=0.9)]
    elif state != "FILL":
        steps[:0] = [
            Step("FILL_SLOW", after_s=3.0, do=world(stop_pressed=True)),
            Step("DRAIN", after_s=0.1, do=world(stop_pressed=False)),
        ]
    played, _ = begun.play("FILL", *steps, faults=faults)
    restart = played.restarts[0]
    assert restart.found[0][0] == "open"
    assert len(played.tickets) == 1
    ticket = played.tickets[0]
    assert ticket[2] == restart.value_g > 0
    assert ticket[9] == 1
    assert ticket[5] == (1 if state == "VENT" else 2)  # cut short, unless all of it had been metered
    assert ("cut_short", 1) in restart.notes or state == "VENT"


@dataclass(frozen=True)
class CutAt:
    """A step's deed: the supply goes in the middle of the nth write that counts."""

    nth: int
    ops: tuple[int, ...]

    def __call__(self, rig: Any) -> None:
        rig.cut_at("dispenser", self.nth, 0.5, self.ops)


@pytest.mark.parametrize(
    ("nth", "ops", "after_s", "told"),
    [(1, FLASH_WRITES, 0.5, 1), (2, FLASH_WRITES, 0.5, 1), (1, FRAM_WRITES, 1.03, 2)],
    ids=["line", "commit", "close"],
)
def test_the_supply_goes_while_the_ticket_is_put_away(
    nth: int, ops: tuple[int, ...], after_s: float, told: int, begun: Beginnings
) -> None:
    """After an E-stop: the restart finishes what was begun; the ticket is told, once or twice, and is one."""
    played, ended = begun.play(
        "FILL",
        Step("ESD", "cut", after_s, do=CutAt(nth, ops), to="ESD"),
        faults=[Fault("world", "estop", state="FILL", after_s=3.0)],
    )
    assert ended.cuts == 1
    assert [ticket[9] for ticket in played.tickets] == [1] * told
    assert len({tuple(ticket.items()) for ticket in played.tickets}) == 1
    assert played.tickets[0][2] > 0


def test_a_latched_esd_outlives_restarts() -> None:
    """Nothing energised, not even after three restarts with the cause gone, until a person resets."""
    played, rig = play(
        *each_kind("ESD", "ESD", 0.3),
        Step("ESD", after_s=0.5, do=world(estop=False)),
        Step("ESD", "power_cut", 0.5, to="ESD"),
        Step("ESD", after_s=0.5, do=command("reset")),
        Step("SAFE_STOP", after_s=1.0),
        faults=[Fault("world", "estop", state="PURGE", after_s=0.5, for_s=6.0)],
    )
    assert all("latched" in dict(one.notes) for one in played.restarts)
    assert rig.state["dispenser"] == "SAFE_STOP"


def test_a_latched_stop_and_a_nozzle_that_went() -> None:
    """A stop stays latched with the nozzle on; gone from a gassed hose while the board was dead, it is a LOCKOUT."""
    steps = [
        Step("SAFE_STOP", "power_cut", 0.5, to="SAFE_STOP"),
        Step("SAFE_STOP", "power_cut", 0.5, do=world(seated=False), to="LOCKOUT"),
    ]
    played, _ = play(*steps, faults=[Fault("world", "helium_low", state="PURGE", after_s=0.2)])
    assert all("latched" in dict(one.notes) for one in played.restarts)


def test_a_lockout_outlives_restarts() -> None:
    """Only the key and a reset end it."""
    played, rig = play(
        *each_kind("LOCKOUT", "LOCKOUT", 0.3),
        Step("LOCKOUT", after_s=0.3, do=command("reset")),  # without the key: nothing
        Step("LOCKOUT", after_s=1.0, do=world(key=True)),
        Step("LOCKOUT", after_s=1.3, do=command("reset")),
        Step("MAINTENANCE", after_s=0.3),
        faults=[Fault("PT106", "off", at_s=0.0, for_s=12.0)],
        operator=(),
    )
    assert rig.state["dispenser"] == "MAINTENANCE"
    assert [one.states for one in played.restarts][:2] == [["SELFTEST", "LOCKOUT"]] * 2
