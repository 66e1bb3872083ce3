"""A scripted refuelling without firmware: the phases take plausible times and the books close."""

from __future__ import annotations

from typing import Any

import pytest

from hil_tests.plant.rigless import Script

CLOSURE = 1e-3  # of what went through


@pytest.fixture(scope="module")
def story() -> Any:
    """One run through all phases; the tests look at what it left behind."""
    s = Script()
    notes: dict[str, float] = {}
    s.connect()
    air = s.plant.helium_share("NOZZLE")[2]
    s.purge()
    notes["air_before"], notes["air_after"] = air, s.plant.helium_share("NOZZLE")[2]
    notes["helium_after"] = s.plant.helium_share("RCPT")[1]
    before = s.plant.truth["PT102"]
    s.run(20.0)
    notes["hold_drop_bar"] = before - s.plant.truth["PT102"]
    supplied = s.plant.ledger["supplied_kg"]
    notes["precool_s"] = s.precool()
    notes["trickle_g_s"] = (s.plant.ledger["supplied_kg"] - supplied) / notes["precool_s"] * 1e3  # slugs pulse
    s.run(10.0, lambda t: t["TT103"] < 40.0)
    notes["fill_s"] = s.fill(85.0)
    notes["flow_g_s"] = s.plant.truth["FT101"]
    notes["peak_bar"] = s.peak_bar
    s.stop()
    helium = s.plant.ledger["helium_in_kg"]
    notes["drain_s"] = s.drain()
    notes["drain_helium_g"] = (s.plant.ledger["helium_in_kg"] - helium) * 1000.0
    s.set(XV105=0, XV110=0, XV103=1, FCV102=1)
    notes["vent_s"] = s.run(120.0, lambda t: t["PT102"] < 1.2 and t["stub_liquid_kg"] < 0.001)
    s.set(XV103=0, FCV102=0, XV106=1, XV107=1, XV208=1, XV104=1)
    notes["warm_s"] = s.run(300.0, lambda t: t["TT102"] > 120.0 and t["TT103"] > 120.0)
    s.set(XV106=0, XV107=0)
    s.run(20.0)
    notes["liquid_left_kg"] = s.plant.truth["hose_liquid_kg"] + s.plant.truth["return_liquid_kg"]
    s.notes = notes
    return s


def test_purge_dilutes_the_air(story: Any) -> None:
    """Three helium cycles leave less than 0.5 % of air."""
    assert story.notes["air_before"] > 0.05
    assert story.notes["air_after"] < 0.005
    assert story.notes["helium_after"] > 0.9


def test_a_tight_hose_holds_pressure(story: Any) -> None:
    assert abs(story.notes["hold_drop_bar"]) < 0.05


def test_precool_of_a_standby_hose(story: Any) -> None:
    assert 15.0 <= story.notes["precool_s"] <= 90.0
    assert 8.0 <= story.notes["trickle_g_s"] <= 25.0


def test_fill_is_quick_and_the_tank_does_not_spike(story: Any) -> None:
    """40 to 85 kg of 22 K liquid into a 4 bar tank by spray: pressure holds or falls."""
    assert 100.0 <= story.notes["flow_g_s"] <= 190.0
    assert 240.0 <= story.notes["fill_s"] <= 450.0
    assert story.notes["peak_bar"] < 6.3


def test_drain_takes_little_helium(story: Any) -> None:
    assert story.notes["drain_s"] <= 20.0
    assert story.notes["drain_helium_g"] <= 10.0


def test_vent_and_warm(story: Any) -> None:
    assert story.notes["vent_s"] <= 90.0
    assert 30.0 <= story.notes["warm_s"] <= 300.0
    assert story.notes["liquid_left_kg"] < 1e-3


def test_mass_closes(story: Any) -> None:
    supplied = story.plant.ledger["supplied_kg"]
    assert supplied > 45.0
    assert abs(story.plant.mass_balance_kg()) < CLOSURE * supplied


def test_energy_closes(story: Any) -> None:
    """The throughput of energy is taken above 20 K liquid: what 45 kg would need to boil."""
    supplied = story.plant.ledger["supplied_kg"]
    assert abs(story.plant.energy_balance_j()) < CLOSURE * supplied * 446e3 * 0.1


def test_delivered_is_what_left_the_station(story: Any) -> None:
    """Supplied = gain of the tank + returned + vented + what is left in the hoses."""
    led = story.plant.ledger
    gain = story.plant.truth["tank_kg"] - 40.0
    left = sum(n.m for n in story.plant.nodes)
    start = 5 * 0.003  # gas in the standby hose
    rest = led["supplied_kg"] - gain - led["returned_kg"] - led["vented_kg"] - left
    assert abs(rest) < start


def test_a_broken_flux_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scale what the tank receives by 1 %: both balances must fail (or they could not find a real error)."""
    s = Script()
    s.connect()
    tank = type(s.plant.tank)
    honest = tank.step

    def greedy(self: Any, dt: float, m: float, he: float, air: float, h: float, heater: float) -> None:
        honest(self, dt, m * 1.01, he, air, h * 1.01, heater)

    monkeypatch.setattr(tank, "step", greedy)
    s.set(XV101=1, XV103=1, FCV102=1, XV201=1)
    s.run(60.0)
    supplied = s.plant.ledger["supplied_kg"]
    assert supplied > 4.0
    assert abs(s.plant.mass_balance_kg()) > CLOSURE * supplied
    assert abs(s.plant.energy_balance_j()) > CLOSURE * supplied * 20e3
