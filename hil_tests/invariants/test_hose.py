"""I3, I4, I11 bite on what is in a hose."""

from __future__ import annotations

from typing import Any

import pytest

LIQUID_SHUT = {"XV103": 0.0, "XV105": 0.0, "XV201": 0.0, "XV208": 0.0}
RETURN_SHUT = {"XV202": 0.0, "XV104": 0.0, "XV110": 0.0, "XV208": 0.0}


class TestI3:
    """A released lock needs a warm, empty, depressurised hose."""

    @pytest.mark.parametrize(
        "unsafe",
        [
            {"PT102": 1.22},
            {"PT103": 1.22},
            {"TT102": 119.0},
            {"hose_liquid_kg": 0.01},
            {"return_liquid_kg": 0.01},
        ],
    )
    def test_unlocking_on_it_is_caught(self, bench: Any, unsafe: dict[str, float]) -> None:
        bench.tick(1.0)
        bench.tick(0.2, XV105=1.0, XV110=1.0, lock_open=1.0, ZS102=0.0, **unsafe)
        assert bench.broken == ["I3"]

    def test_unlocking_a_safe_hose_is_not(self, bench: Any) -> None:
        bench.tick(1.0)
        bench.tick(5.0, lock_open=1.0, ZS102=0.0, PT102=1.2, PT103=1.2, TT102=121.0)
        assert bench.broken == []

    def test_a_lock_that_failed_has_a_second_to_spring_back(self, bench: Any) -> None:
        bench.energised["LK108"] = 0.0
        bench.tick(1.0)
        bench.faults.active_targets = frozenset({"LK108"})
        bench.tick(0.3, lock_open=1.0, ZS102=0.0, PT102=4.0)
        bench.faults.active_targets = frozenset()
        bench.tick(0.8)
        assert bench.broken == []
        bench.tick(0.4)  # still open
        assert bench.broken == ["I3"]

    def test_a_cold_standby_hose_may_be_seated(self, bench: Any) -> None:
        bench.tick(1.0, lock_open=1.0, ZS102=0.0, TT102=101.0)
        bench.tick(1.0, lock_open=0.0, ZS102=1.0)
        assert bench.broken == []

    def test_a_nozzle_that_comes_off_cold_is_caught(self, bench: Any) -> None:
        bench.tick(1.0, TT102=100.0)
        bench.world.seated = False
        bench.tick(0.2, ZS101=0.0, ZS102=0.0)
        assert bench.broken == ["I3"]

    def test_a_breakaway_is_no_unlocking(self, bench: Any) -> None:
        bench.tick(1.0, TT102=25.0, PT102=5.0)
        bench.world.breakaway = True
        bench.world.seated = False
        bench.tick(1.0, ZS103=0.0)
        assert bench.broken == []


class TestI4:
    """Liquid is never blocked in for more than 2 s."""

    @pytest.mark.parametrize(
        ("shut", "liquid"), [(LIQUID_SHUT, "hose_liquid_kg"), (RETURN_SHUT, "return_liquid_kg")]
    )
    def test_liquid_between_shut_valves_is_caught(
        self, bench: Any, shut: dict[str, float], liquid: str
    ) -> None:
        bench.tick(1.9, PT102=3.0, PT103=3.0, **shut, **{liquid: 0.05})
        assert bench.broken == []
        bench.tick(0.4)
        assert bench.broken == ["I4"]

    @pytest.mark.parametrize("way", ["XV105", "XV201"])
    def test_one_way_out_of_the_liquid_hose_is_enough(self, bench: Any, way: str) -> None:
        bench.tick(10.0, **(LIQUID_SHUT | {way: 1.0}), PT102=3.0, hose_liquid_kg=0.05)
        assert bench.broken == []

    @pytest.mark.parametrize("way", ["XV104", "XV110", "XV202"])
    def test_one_way_out_of_the_return_hose_is_enough(self, bench: Any, way: str) -> None:
        bench.tick(10.0, **(RETURN_SHUT | {way: 1.0}), PT103=3.0, return_liquid_kg=0.05)
        assert bench.broken == []

    def test_the_crossover_is_a_way_only_if_the_other_hose_is_open(self, bench: Any) -> None:
        bench.tick(10.0, XV208=1.0, XV104=1.0, PT102=3.0, PT103=3.0, hose_liquid_kg=0.05)
        assert bench.broken == []
        bench.tick(3.0, XV104=0.0)
        assert bench.broken == ["I4"]

    def test_xv103_alone_leads_only_into_the_stub(self, bench: Any) -> None:
        bench.tick(3.0, XV103=1.0, FCV102=1.0, XV101=0.0, PT102=3.0, hose_liquid_kg=0.05)
        assert bench.broken == ["I4"]

    def test_helium_is_no_way_out(self, bench: Any) -> None:
        bench.tick(3.0, XV106=1.0, PT102=3.0, hose_liquid_kg=0.05)
        assert bench.broken == ["I4"]

    def test_a_dead_controller_is_not_judged(self, bench: Any) -> None:
        bench.dead.add("dispenser")
        bench.tick(10.0, PT102=3.0, hose_liquid_kg=0.05)
        assert bench.broken == []

    def test_liquid_left_in_the_stub_after_a_normal_fill_is_caught(self, bench: Any) -> None:
        for state in ("CONNECT", "FILL", "DRAIN", "COMPLETE"):
            bench.state["dispenser"] = state
            bench.tick(0.2, stub_liquid_kg=0.021)
        assert bench.broken == ["I4"]

    @pytest.mark.parametrize("stopped", ["SAFE_STOP", "ESD", "BOOT"])
    def test_after_any_other_stop_it_is_left_to_its_relief(self, bench: Any, stopped: str) -> None:
        for state in ("CONNECT", "FILL", stopped, "COMPLETE"):
            bench.state["dispenser"] = state
            bench.tick(0.2, stub_liquid_kg=0.021)
        assert bench.broken == []

    def test_a_stub_above_110_percent_of_its_rating_is_caught(self, bench: Any) -> None:
        bench.tick(0.2, stub_rating_barg=10.0, stub_bar=12.0)
        assert bench.broken == []
        bench.tick(0.2, stub_bar=12.1)
        assert bench.broken == ["I4"]

    def test_a_pulse_in_the_stub_is_not(self, bench: Any) -> None:
        bench.tick(1.0, stub_rating_barg=10.0, stub_bar=6.0)
        bench.tick(0.1, stub_bar=20.0)
        bench.tick(1.0, stub_bar=6.0)
        assert bench.broken == []


class TestI11:
    """Nothing cold below ambient + 0.03 bar."""

    LEAST_BAR = 1.043

    @pytest.mark.parametrize(
        "cold", [{"PT102": 1.04, "TT102": 89.0}, {"PT103": 1.04, "TT103": 89.0}, {"tank_bar": 1.04}]
    )
    def test_cold_and_low_is_caught(self, bench: Any, cold: dict[str, float]) -> None:
        bench.tick(0.2, **cold)
        assert bench.broken == ["I11"]

    def test_a_pulse_of_a_tenth_of_a_second_is_not_and_half_a_second_is(self, bench: Any) -> None:
        bench.tick(1.0, PT102=1.1, TT102=60.0)
        bench.tick(0.1, PT102=1.0)
        bench.tick(1.0, PT102=1.1)
        assert bench.broken == []
        bench.tick(0.6, PT102=1.0)
        assert bench.broken == ["I11"]

    def test_a_hose_with_a_hole_may_come_down_to_ambient_and_no_further(self, bench: Any) -> None:
        bench.world.leak_forecourt_g_s = 1.0
        bench.tick(1.0, PT102=1.02, TT102=60.0)
        assert bench.broken == []
        bench.tick(1.0, PT102=1.0)
        assert bench.broken == ["I11"]

    @pytest.mark.parametrize(
        ("state", "air", "broken"), [("ESD", 0.0, []), ("ESD", 0.01, ["I11"]), ("VENT", 0.0, ["I11"])]
    )
    def test_without_power_it_is_the_air_that_counts(
        self, bench: Any, state: str, air: float, broken: list[str]
    ) -> None:
        bench.plant.helium_share = lambda node: (0.5, 0.5 - air, air)
        bench.state["dispenser"] = state
        bench.tick(1.0, PT102=0.98, TT102=35.0)
        assert bench.broken == broken

    @pytest.mark.parametrize(("air", "broken"), [(0.0, []), (0.01, ["I11"])])
    def test_without_helium_too(self, bench: Any, air: float, broken: list[str]) -> None:
        bench.plant.helium_share = lambda node: (0.5, 0.5 - air, air)
        bench.world.helium_bar = 1.0
        bench.state["dispenser"] = "WARM"
        bench.tick(1.0, PT102=0.98, TT102=35.0)
        assert bench.broken == broken

    @pytest.mark.parametrize("fine", [{"PT102": 1.02}, {"PT102": 1.044, "TT102": 30.0}, {"tank_bar": 1.044}])
    def test_warm_or_high_enough_is_not(self, bench: Any, fine: dict[str, float]) -> None:
        bench.tick(1.0, **fine)
        assert bench.broken == []
