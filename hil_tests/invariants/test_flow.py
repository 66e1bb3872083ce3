"""I2, I5, I7, I10 bite when liquid flows that must not, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario import Fault


def test_a_clean_fill_breaks_nothing(bench: Any) -> None:
    bench.filling()
    bench.tick(30.0)
    bench.shut()
    bench.tick(2.0)
    assert bench.broken == []


class TestI2:
    """Liquid passes XV103 only when it may."""

    @pytest.mark.parametrize("missing", ["purge", "return_purge", "hold", "pressure"])
    def test_without_purge_or_leak_test_liquid_is_caught(self, bench: Any, missing: str) -> None:
        pressed = 1.013 + (0.4 if missing == "pressure" else 4.0)
        bench.tick(
            1.0,
            XV106=0.0 if missing == "purge" else 1.0,
            XV107=0.0 if missing in ("purge", "return_purge") else 1.0,
            PT102=pressed,
            PT103=pressed,
        )
        bench.tick(4.0 if missing == "hold" else 10.0, XV106=0.0, XV107=0.0)
        bench.fill()
        assert bench.broken == ["I2"]

    def test_a_leak_test_with_a_vent_open_is_none(self, bench: Any) -> None:
        bench.tick(1.0, XV106=1.0, XV107=1.0, PT102=5.0, PT103=5.0)
        bench.tick(10.0, XV106=0.0, XV107=0.0, XV105=1.0)
        bench.fill()
        assert bench.broken == ["I2"]

    def test_taking_the_nozzle_off_voids_purge_and_test(self, bench: Any) -> None:
        bench.purge_and_test()
        bench.world.seated = False
        bench.tick(0.2, ZS101=0.0, ZS102=0.0, lock_open=1.0, PT102=1.05, PT103=1.05)
        bench.world.seated = True
        bench.tick(0.2, ZS101=1.0, ZS102=1.0, lock_open=0.0)
        bench.fill()
        assert "I2" in bench.broken

    def test_air_left_in_the_coupling_is_caught(self, bench: Any) -> None:
        bench.plant.helium_share = lambda node: (0.0, 0.99, 0.01 if node == "RCPT" else 0.0)
        bench.purge_and_test()
        bench.fill()
        assert bench.broken == ["I2"]

    @pytest.mark.parametrize(("tag", "allowed_s"), [("ZS101", 1.1), ("ZS102", 1.1)])
    def test_a_lost_condition_must_end_the_flow_in_time(self, bench: Any, tag: str, allowed_s: float) -> None:
        bench.filling()
        bench.tick(allowed_s, **{tag: 0.0})
        assert bench.broken == []
        bench.tick(0.05)
        assert bench.broken == ["I2"]

    def test_a_dead_link_must_end_the_flow_in_time(self, bench: Any) -> None:
        bench.filling()
        bench.faults.link_lost_s = bench.t_s
        bench.tick(1.3)
        assert bench.broken == []
        bench.tick(0.05)
        assert bench.broken == ["I2"]

    def test_with_the_supply_shut_the_line_may_drain_without_the_link(self, bench: Any) -> None:
        bench.filling()
        bench.faults.link_lost_s = bench.t_s
        bench.tick(5.0, XV101=0.0)
        assert bench.broken == []

    def test_a_dead_tank_board_is_a_dead_link(self, bench: Any) -> None:
        bench.filling()
        bench.dead.add("tank")
        bench.tick(1.6)
        assert bench.broken == ["I2"]


class TestI5:
    """Valves commanded closed within 20 ms (100 ms), flow over within 1 s."""

    CONTACTS = ("HS101A", "HS101B", "ES101", "ZS103", "ES103")

    @pytest.mark.parametrize("tag", CONTACTS)
    def test_a_command_within_two_ticks_is_in_time(self, bench: Any, tag: str) -> None:
        bench.filling()
        bench.tick(0.02, **{tag: 0.0})  # seen, and the tick in which the boards work on it
        bench.shut(flow_ends=False)
        bench.tick(0.9)
        bench.shut()
        bench.tick(5.0)
        assert bench.broken == []

    @pytest.mark.parametrize("tag", CONTACTS)
    def test_a_command_one_tick_later_is_caught(self, bench: Any, tag: str) -> None:
        bench.filling()
        bench.tick(0.03, **{tag: 0.0})
        assert bench.broken == ["I5"]

    @pytest.mark.parametrize("valve", ["XV101", "FCV102", "XV103"])
    def test_one_valve_left_open_is_caught(self, bench: Any, valve: str) -> None:
        bench.filling()
        bench.shut()
        bench.energised[valve] = 1.0
        bench.tick(0.05, HS101A=0.0)
        assert bench.broken == ["I5"]
        assert valve in bench.invariants.broken[0]["detail"]

    def test_flow_after_a_second_is_caught(self, bench: Any) -> None:
        bench.filling()
        bench.shut(flow_ends=False)
        bench.tick(1.0, ES101=0.0)
        assert bench.broken == []
        bench.tick(0.02)
        assert bench.broken == ["I5"]

    def test_not_when_faults_hold_all_three_valves_open(self, bench: Any) -> None:
        bench.filling()
        bench.faults.active_targets = frozenset(("XV101", "FCV102", "XV103"))
        bench.shut(flow_ends=False)
        bench.tick(3.0, ES101=0.0)
        assert bench.broken == []

    def test_the_earth_loop_has_100_ms(self, bench: Any) -> None:
        bench.filling()
        bench.tick(0.10, GT101=10.1)
        assert bench.broken == []
        bench.tick(0.01)
        assert bench.broken == ["I5"]

    def test_ten_ohm_is_still_earth(self, bench: Any) -> None:
        bench.filling()
        bench.tick(5.0, GT101=10.0)
        assert bench.broken == []


class TestI7:
    """A latched trip ends the flow until an operator resets it."""

    def trip(self, bench: Any) -> None:
        bench.filling()
        bench.trip("TANK_PRESSURE")  # 300 ms
        bench.tick(0.3)
        bench.shut()
        bench.tick(5.0)
        assert bench.broken == []

    def test_flow_that_goes_on_is_caught(self, bench: Any) -> None:
        bench.filling()
        bench.trip("TANK_PRESSURE")
        bench.tick(1.3)
        assert bench.broken == []
        bench.tick(0.02)
        assert bench.broken == ["I7"]

    def test_flow_that_comes_back_is_caught(self, bench: Any) -> None:
        self.trip(bench)
        bench.fill()
        assert bench.broken == ["I7"]

    def test_a_clear_without_the_operator_does_not_count(self, bench: Any) -> None:
        self.trip(bench)
        bench.clear("TANK_PRESSURE")
        bench.fill()
        assert bench.broken == ["I7"]

    def test_after_the_operators_reset_it_may_flow(self, bench: Any) -> None:
        self.trip(bench)
        bench.invariants.note_reset(bench.t_s)
        bench.clear("TANK_PRESSURE")
        bench.fill()
        assert bench.broken == []

    def test_draining_is_allowed(self, bench: Any) -> None:
        self.trip(bench)
        bench.tick(5.0, XV103=1.0, FCV102=1.0, flow_xv103_g_s=20.0)
        assert bench.broken == []


class TestI10:
    """1 % vol at the detector's own output shuts the supply within 1 s."""

    def until_alarm(self, bench: Any) -> None:
        bench.filling()
        bench.tick(8.9, AT101=2.0)  # 13 s lag: 2 % reads 1 % after 9.01 s
        assert bench.broken == []

    def test_a_supply_left_open_is_caught(self, bench: Any) -> None:
        self.until_alarm(bench)
        bench.tick(1.0)
        assert bench.broken == []
        bench.tick(0.4)
        assert bench.broken == ["I10"]

    def test_a_supply_shut_in_time_is_not(self, bench: Any) -> None:
        self.until_alarm(bench)
        bench.tick(0.8)
        bench.shut()
        bench.tick(20.0)
        assert bench.broken == []

    def test_just_below_is_no_alarm(self, bench: Any) -> None:
        bench.filling()
        bench.tick(120.0, AT101=0.99)
        assert bench.broken == []

    def test_a_broken_detector_is_not_judged(self, bench: Any) -> None:
        bench.filling()
        bench.faults.active_targets = frozenset(("AT101",))
        bench.tick(30.0, AT101=2.0)
        assert bench.broken == []


def test_a_lasting_violation_is_reported_once(bench: Any) -> None:
    bench.filling()
    bench.tick(5.0, HS101A=0.0)
    assert [one["id"] for one in bench.invariants.broken] == ["I5"]
    assert bench.invariants.broken[0]["at_s"] == pytest.approx(bench.t_s - 5.0 + 0.03)


def test_a_fault_object_is_all_the_engine_asks_for(bench: Any) -> None:
    bench.faults.add(Fault(target="world", kind="estop", at_s=1e6))
    bench.tick(0.1)
    assert bench.broken == []
