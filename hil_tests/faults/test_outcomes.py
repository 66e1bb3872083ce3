"""Each fault ends the fill as its trip row says: outcome, trip, in time, for good, and nothing is broken on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hil_tests.faults.short_fill import LONG, STAYS_S, TRUCK, Beginnings, Run, assert_sound
from sim.scenario import Fault

pytestmark = pytest.mark.timeout(600)  # a loaded machine is no failure: what is judged is simulated time


@pytest.fixture(scope="module")
def begun() -> Iterator[Beginnings]:
    """Return the fill that most of these go on from."""
    with Beginnings(TRUCK) as beginnings:
        yield beginnings


@dataclass(frozen=True)
class Case:
    """A fault in FILL, 8 s after it began, and what must follow."""

    fault: Fault
    outcome: str
    trip: tuple[str, str] | None  # board and row that latch first
    shut_s: float  # from the cause to XV101 commanded closed, at most
    states: tuple[str, ...]  # what the dispenser goes through
    resets: dict[str, int]  # of boards


def _case(
    target: str,
    kind: str,
    outcome: str,
    trip: str,
    shut_s: float,
    states: str,
    *,
    value: float | None = None,
    after_s: float = 8.0,
) -> object:
    fault = Fault(target, kind, state="FILL", after_s=after_s, value=value)
    board, _, row = trip.partition(" ")
    case = Case(
        fault,
        outcome,
        (board, row) if row else None,
        shut_s,
        tuple(states.split()),
        {node: int(node == target) for node in ("dispenser", "tank")},
    )
    return pytest.param(case, id=f"{target}-{kind}")


# fmt: off
CASES = (
    #     TARGET      KIND            OUTCOME    TRIP                         SHUT   STATES
    _case("world",    "estop",        "esd",     "dispenser ESTOP_A",         0.02,  "ESD"),
    _case("world",    "earth_lost",   "esd",     "dispenser EARTH_RELAY",     0.02,  "ESD"),
    _case("world",    "breakaway",    "esd",     "dispenser BREAKAWAY",       0.02,  "ESD"),
    # 0.5 g/s: the cabinet's 1 % and the detector's lag (T90 30 s) take 5 s
    _case("world",    "leak_cabinet", "esd",     "dispenser CABINET_H2",      6.0,   "ESD"),
    # an empty dewar must not draw the hose below atmosphere
    _case("world",    "supply_loss",  "stopped", "dispenser SUPPLY_LOW",      0.3,   "SAFE_STOP", value=1.2),
    # the tank's row, then its abort on the link, then the dispenser's TRUCK_ABORT
    _case("PT201A",   "off",          "stopped", "tank PT201A_BAD",           0.2,   "SAFE_STOP"),
    _case("PT201A",   "stuck",        "stopped", "tank PT201_DIFFER",         0.6,   "SAFE_STOP", value=5.0),
    _case("XV104",    "stuck_closed", "stopped", "dispenser XV104_POSITION",  2.0,   "SAFE_STOP"),
    # the truck's own vent: what is billed would go to its stack
    _case("XV209",    "stuck_open",   "stopped", "tank XV209_POSITION",       2.0,   "SAFE_STOP"),
    _case("can.link", "disconnect",   "stopped", "dispenser LINK_LOST",       0.32,  "HOLD SAFE_STOP"),
    _case("can.link", "corrupt",      "stopped", "dispenser LINK_LOST",       0.32,  "HOLD SAFE_STOP"),
    # both counters run back once, then on as ever: old frames in order are no news
    _case("can.link", "replay",       "stopped", "dispenser LINK_LOST",       0.32,  "HOLD SAFE_STOP"),
    # without its board the permit contact opens the vehicle loop; frozen, only once the watchdog has reset it
    _case("tank",     "reset",        "esd",     "dispenser VEHICLE_LOOP",    0.02,  "ESD"),
    _case("tank",     "freeze",       "esd",     "dispenser VEHICLE_LOOP",    0.32,  "HOLD ESD"),
    # no trip: a board that wakes up with the nozzle on a truck stops
    _case("dispenser", "reset",       "stopped", "",                          0.01,  "SELFTEST SAFE_STOP"),
    _case("dispenser", "freeze",      "stopped", "",                          0.51,  "SELFTEST SAFE_STOP"),
)
# fmt: on


def assert_ended(run: Run, shut_s: float) -> None:
    """Assert that the supply was shut in time, stayed shut, and the flow ended a second later."""
    assert_sound(run)
    assert not run.resumed
    cause_s = run.cause_s()
    assert run.watch.supply_s - cause_s <= shut_s + 1e-6
    assert run.watch.flow_s - cause_s <= shut_s + 1.0


@pytest.mark.parametrize("case", CASES)
def test_a_fault_in_fill_ends_as_its_row_says(case: Case, begun: Beginnings) -> None:
    run = begun.run_fault(case.fault)
    cause_s = run.cause_s()
    assert run.state_at(cause_s) == "FILL"
    assert run.result["outcome"] == case.outcome, run.result["reason"]
    assert run.trips[:1] == ([case.trip] if case.trip else [])
    assert run.after(cause_s) == list(case.states)
    assert run.watch.resets == case.resets
    assert_ended(run, case.shut_s)


NOISY_SEED = 20  # its converters are noisy: with a limit of 5 counts both stuck ones went unnoticed


@pytest.fixture(scope="module")
def noisy() -> Iterator[Beginnings]:
    """Return a fill with NOISY_SEED to go on from."""
    with Beginnings(LONG, NOISY_SEED) as beginnings:
        yield beginnings


class TestStuckTransmitters:
    """A transmitter that shows its last reading for ever: by its pair where they part, else by its own silence."""

    WINDOW_S = 60.0  # column STUCK of the I/O lists; windows follow each other from the boot on

    def test_nozzle_temperatures_that_part_in_precool(self, begun: Beginnings) -> None:
        run = begun.run_fault(Fault("TT102", "stuck", state="PRECOOL", after_s=3.0))
        assert run.result["outcome"] == "stopped"
        assert run.trips == [("dispenser", "NOZZLE_TEMP")]
        assert run.state_at(run.trip_s("dispenser", "NOZZLE_TEMP") - 0.01) == "PRECOOL"
        assert_ended(run, 10.0)

    @pytest.mark.parametrize(
        ("tag", "value", "trips"),
        [
            ("PT201A", 4.0, [("tank", "PT201A_BAD"), ("dispenser", "TRUCK_ABORT")]),
            ("TT102", 26.0, [("dispenser", "NOZZLE_TEMP")]),
        ],
    )
    def test_a_reading_that_does_not_even_tremble(
        self, tag: str, value: float, trips: list[tuple[str, str]], noisy: Beginnings
    ) -> None:
        """Both readings of a pair are steady and equal here: only the missing noise tells."""
        run = noisy.run_fault(Fault(tag, "stuck", at_s=58.0, value=value), since="COLDTEST")
        assert run.result["outcome"] == "stopped"
        assert run.trips == trips
        assert run.state_at(run.trip_s(*trips[0]) - 0.01) == "FILL"
        assert_ended(run, 2.0 * self.WINDOW_S + 4.0)


class TestStuckSupplyValve:
    """XV101 stays open when it should shut: FCV102 and XV103 hold, and the row says which valve it was."""

    def test_it_is_found_when_the_fill_ends(self, begun: Beginnings) -> None:
        run = begun.run_fault(Fault("XV101", "stuck_open", state="FILL", after_s=6.0), stop_pressed_s=8.0)
        assert run.result["outcome"] == "stopped"
        assert run.trips == [("dispenser", "XV101_POSITION")]
        assert run.after(run.cause_s()) == ["DRAIN", "SAFE_STOP"]
        assert run.trip_s("dispenser", "XV101_POSITION") - run.watch.supply_s <= 2.0
        assert run.watch.flow_s - run.watch.supply_s <= 1.0
        assert_sound(run)
        assert not run.resumed


class TestLinkGaps:
    """Design, section 6: below 1 s a gap only holds the fill; what is lost stays open at the truck for 60 s."""

    def test_a_short_gap_resumes_by_itself(self, begun: Beginnings) -> None:
        run = begun.run_fault(Fault("can.link", "disconnect", state="FILL", after_s=8.0, for_s=0.6), limit_s=80.0)
        cause_s = run.cause_s()
        assert run.trips == []
        assert run.after(cause_s) == ["HOLD", "FILL"]
        held_s = [one.t_s for one in run.watch.states if one.name == "HOLD"]
        assert held_s[0] - cause_s <= 0.32  # the row; the gate's link permissive shuts the valves in any case
        assert run.after(cause_s, "tank") == []
        assert run.watch.flow_s == pytest.approx(80.0)
        assert_sound(run)

    def test_a_gap_of_a_second_is_final(self, begun: Beginnings) -> None:
        run = begun.run_fault(Fault("can.link", "disconnect", state="FILL", after_s=8.0, for_s=1.2))
        assert run.trips[0] == ("dispenser", "LINK_LOST")
        assert run.after(run.cause_s()) == ["HOLD", "SAFE_STOP"]
        assert_ended(run, 0.32)

    def test_the_truck_shuts_a_minute_after_it_lost_the_station(self, begun: Beginnings) -> None:
        run = begun.run_fault(
            Fault("can.link", "disconnect", state="FILL", after_s=2.0), limit_s=131.0, stays_s={"ESD": 1.0}
        )
        alone = [one for one in run.watch.states if one.node == "tank" and one.t_s > run.cause_s()]
        assert [one.name for one in alone] == ["FILL", "ISOLATE"]
        assert alone[0].t_s - run.cause_s() == pytest.approx(
            0.95, abs=0.06
        )  # the last frame is up to 100 ms old
        assert alone[1].t_s - alone[0].t_s == pytest.approx(60.0, abs=0.02)
        assert_ended(run, 0.32)


def test_a_stopped_fill_is_vented_warmed_and_unlocked_with_a_ticket(begun: Beginnings) -> None:
    """SAFE_STOP is no dead end: the truck gets away by itself, and every gram is in the ticket (I3, I8).

    The tank's stop reached the dispenser as an abort on the link, within the deadline of that row.
    """
    run = begun.run_fault(Fault("PT201A", "off", state="FILL", after_s=2.0), stays_s={"ESD": 1.0, "LOCKOUT": 1.0})
    assert run.after(run.cause_s()) == ["SAFE_STOP", "WARM", "DISCONNECT", "COMPLETE"]
    assert run.result["outcome"] == "stopped"
    assert run.result["metered_kg"] != 0.0
    assert run.trips == [("tank", "PT201A_BAD"), ("dispenser", "TRUCK_ABORT")]
    assert run.trip_s("dispenser", "TRUCK_ABORT") - run.trip_s("tank", "PT201A_BAD") <= 0.1
    assert_ended(run, 0.2)


@pytest.mark.parametrize("kind", ["reset", "freeze"])
def test_what_was_metered_before_a_reset_is_in_a_ticket(kind: str, begun: Beginnings) -> None:
    """The E-stop after it makes the woken dispenser write its ticket at once."""
    run = begun.run_fault(
        Fault("dispenser", kind, state="FILL", after_s=4.0),
        Fault("world", "estop", state="SAFE_STOP", after_s=0.5),
        stays_s={**STAYS_S, "ESD": 1.5},
    )
    assert run.after(run.cause_s())[-1] == "ESD"
    assert "I8" not in [one["id"] for one in run.result["invariants"]["broken"]]


def test_a_dead_receptacle_contact_does_not_release_the_truck(begun: Beginnings) -> None:
    """The dispenser still says that its nozzle is seated: the tank stays isolated, traction inhibited (I9)."""
    run = begun.run_fault(Fault("ZS201", "off", state="VENT", after_s=0.5), stays_s={"ESD": 2.0}, since="FILL")
    assert run.after(run.cause_s(), "tank") == []
    assert run.after(run.cause_s()) == ["ESD"]  # the permit contact has opened the vehicle loop
    assert_sound(run)


class TestOneWayLoss:
    """One direction of the link is dead. The board that hears nothing says so; the other one must believe it."""

    def test_the_tank_hears_nothing_and_says_halt(self, begun: Beginnings) -> None:
        """The dispenser still hears the tank, so that no link row of its own can see the loss."""
        run = begun.run_fault(Fault("can.link", "mute_dispenser", state="FILL", after_s=8.0))
        cause_s = run.cause_s()
        alone = [one for one in run.watch.states if one.node == "tank" and one.t_s > cause_s]
        assert alone[0].name == "FILL"  # FILL_ALONE: the hose stays open to the tank
        assert alone[0].t_s - cause_s == pytest.approx(0.95, abs=0.06)
        held_s = [one.t_s for one in run.watch.states if one.name == "HOLD"]
        assert held_s[0] - alone[0].t_s <= 0.15  # the next status frame says Halt
        assert run.after(cause_s) == ["HOLD", "SAFE_STOP"]
        assert ("dispenser", "LINK_LOST") not in run.trips
        assert run.watch.holds == []
        assert run.result["outcome"] == "stopped"
        assert_ended(run, 1.2)

    def test_a_dispenser_that_hears_nothing_stops_as_with_no_link(self, begun: Beginnings) -> None:
        run = begun.run_fault(Fault("can.link", "mute_tank", state="FILL", after_s=8.0))
        assert run.trips[0] == ("dispenser", "LINK_LOST")
        assert run.after(run.cause_s()) == ["HOLD", "SAFE_STOP"]
        assert_ended(run, 0.32)
