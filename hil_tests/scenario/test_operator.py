"""The simulated person does things in the right order and waits for what a person would wait for."""

from __future__ import annotations

from types import SimpleNamespace

from sim.operator import Operator
from sim.plant.world import World

TICK_S = 0.01


class Bench:
    """A dispenser that does nothing by itself."""

    def __init__(self) -> None:
        self.plant = SimpleNamespace(
            world=World(brake=False, ignition=True), truth={"ZS102": 0.0, "lock_open": 1.0}
        )
        self.world = self.plant.world
        self.truth = self.plant.truth
        self.state = {"dispenser": "IDLE"}
        self.operator = Operator()
        self.t_s = 0.0

    def until(self, t_s: float) -> None:
        while self.t_s < t_s - 1e-9:
            self.operator.step(self.t_s, self)
            self.t_s = round(self.t_s + TICK_S, 3)


def test_before_the_start_earth_comes_before_the_nozzle() -> None:
    bench = Bench()
    bench.until(1.0)
    assert (bench.world.brake, bench.world.ignition, bench.world.earthed) == (True, False, False)
    bench.until(3.0)
    assert (bench.world.earthed, bench.world.in_holster) == (True, True)
    bench.until(7.0)
    assert (bench.world.in_holster, bench.world.cap_on, bench.world.seated) == (False, False, False)
    bench.until(9.0)
    assert (bench.world.seated, bench.world.start_pressed) == (True, False)
    bench.until(10.3)
    assert bench.world.start_pressed
    bench.until(10.6)
    assert not bench.world.start_pressed


def test_the_nozzle_is_not_seated_without_earth() -> None:
    bench = Bench()
    bench.until(5.0)
    bench.world.earthed = False
    bench.until(60.0)
    assert not bench.world.seated


def test_start_is_pressed_only_when_the_dispenser_is_ready() -> None:
    bench = Bench()
    bench.state["dispenser"] = "SELFTEST"
    bench.until(20.0)
    assert not bench.world.start_pressed
    bench.state["dispenser"] = "IDLE"
    bench.until(20.2)
    assert bench.world.start_pressed


def test_a_lock_that_was_never_closed_is_not_a_released_one() -> None:
    bench = Bench()
    bench.until(60.0)
    assert bench.world.seated


def test_everything_is_put_back_and_earth_comes_off_last() -> None:
    bench = Bench()
    bench.until(12.0)
    bench.truth.update(ZS102=1.0, lock_open=0.0)
    bench.until(600.0)
    assert bench.world.seated
    bench.truth.update(ZS102=0.0, lock_open=1.0)
    bench.until(602.9)
    assert bench.world.seated
    bench.until(620.0)
    assert bench.operator.done
    assert [name for _, name in bench.operator.log[-4:]] == ["unseat", "holster", "cap", "unclamp"]
    world = bench.world
    assert (world.seated, world.in_holster, world.cap_on, world.earthed) == (False, True, True, False)


def test_a_lock_that_closes_again_stops_the_hand() -> None:
    bench = Bench()
    bench.until(12.0)
    bench.truth.update(ZS102=1.0, lock_open=0.0)
    bench.until(20.0)
    bench.truth["lock_open"] = 1.0
    bench.until(22.0)
    bench.truth["lock_open"] = 0.0
    bench.until(30.0)
    assert bench.world.seated
