"""The station: its dewar, its pump, the compressed-gas branch, and what the next truck finds."""

from __future__ import annotations

import pytest

from hil_tests.plant.rigless import Script
from sim.losses import Losses
from sim.plant import Plant
from sim.plant.high_pressure import BANK_M3, MAX_MPA, HighPressure, bank_kg, bank_pa
from sim.plant.next_truck import config_after
from sim.plant.places import HOSE
from sim.plant.station import DEWAR_M3, PUMP_KWH_KG


@pytest.mark.parametrize("mpa", [40.0, 70.0, 87.5])
def test_the_bank_holds_what_the_equation_of_state_says(mpa: float) -> None:
    from CoolProp.CoolProp import PropsSI

    rho = PropsSI("D", "P", mpa * 1e6, "T", 293.0, "ParaHydrogen")
    assert bank_kg(mpa * 1e6, 293.0) / BANK_M3 == pytest.approx(rho, rel=0.02)
    assert bank_pa(bank_kg(mpa * 1e6, 293.0), 293.0) == pytest.approx(mpa * 1e6)


def test_high_pressure_pump_by_its_published_figures() -> None:
    """120 kg/h and 0.93 kWh/kg while it runs, never above 90 MPa."""
    branch = HighPressure(demand_kg_h=40.0, ambient_k=293.0)
    peak_mpa = most_kg_h = 0.0
    for _ in range(2 * 3600):
        before = branch.drawn_kg
        branch.step(1.0, 1000.0)
        most_kg_h = max(most_kg_h, (branch.drawn_kg - before) * 3600.0)
        peak_mpa = max(peak_mpa, branch.bank_mpa())
    assert most_kg_h == pytest.approx(120.0)
    assert 85.0 < peak_mpa <= MAX_MPA
    assert branch.served_kg == pytest.approx(80.0)
    assert branch.kwh == pytest.approx(0.93 * branch.drawn_kg)


def test_the_pump_stops_when_the_dewar_is_empty() -> None:
    branch = HighPressure(demand_kg_h=120.0, ambient_k=293.0)
    there_kg = 30.0
    for _ in range(200):
        there_kg -= branch.step(60.0, there_kg)
    assert 0.0 <= there_kg < 1.0
    assert branch.kg == 0.0


def test_the_branch_draws_from_the_dewar_and_never_reaches_the_hose() -> None:
    runs = []
    for kg_h in (0.0, 60.0):
        s = Script(high_pressure_kg_h=kg_h)
        s.connect()
        s.run(120.0)
        runs.append(s)
    idle, busy = (s.plant.station.figures() for s in runs)
    assert busy["high_pressure_kg"] == pytest.approx(4.0, rel=0.02)
    assert idle["dewar_kg"] - busy["dewar_kg"] == pytest.approx(busy["high_pressure_kg"])
    assert busy["high_pressure_kwh"] == pytest.approx(0.93 * busy["high_pressure_kg"], abs=1e-3)
    assert busy["high_pressure_mpa"] > idle["high_pressure_mpa"]
    lines = [[(n.m, n.p, n.t) for n in s.plant.nodes] for s in runs]
    assert lines[0] == lines[1]


def test_a_draw_pulls_the_dewar_down_and_its_builder_brings_it_back() -> None:
    s = Script(dewar_kg=4000.0)
    s.connect()
    s.precool(0.5)
    s.fill(1000.0, limit_s=60.0)
    drawn = s.plant.station.p
    assert 0.01e5 < 6.0e5 - drawn < 0.3e5
    assert s.plant.truth["PT101"] == pytest.approx(drawn * 1e-5, abs=0.01)
    s.stop()
    s.run(300.0)
    assert s.plant.station.p == pytest.approx(6.0e5, abs=500.0)
    figures = s.plant.station.figures()
    assert figures["to_hose_kg"] == pytest.approx(s.plant.ledger["supplied_kg"], abs=0.01)
    assert s.plant.station.start_kg - figures["dewar_kg"] == pytest.approx(figures["to_hose_kg"], abs=0.01)
    assert 5.0 < figures["subcooled_k"] < 6.5  # 22 K in a dewar that boils at 28.1 K
    assert figures["transfer_kwh"] == 0.0


def test_a_pump_raises_a_dewar_that_stays_low() -> None:
    s = Script(supply="pump", supply_bar=5.5)
    s.connect()
    s.run(1.0)
    assert s.plant.truth["PT101"] == pytest.approx(1.5, abs=0.01)
    s.set(PMP111=1, XV208=1, XV104=1, XV101=1, XV103=1, FCV102=0.5)
    s.run(30.0)
    figures = s.plant.station.figures()
    assert s.plant.truth["PT101"] == pytest.approx(5.5, abs=0.01)
    assert figures["dewar_bar"] < 1.51
    assert figures["transfer_kwh"] == pytest.approx(PUMP_KWH_KG * figures["to_hose_kg"], rel=0.05)


@pytest.mark.parametrize(("returns", "where"), [("recovery", "recovered_kg"), ("stack", "to_stack_kg")])
def test_return_gas_goes_where_the_station_sends_it(returns: str, where: str) -> None:
    s = Script(returns=returns)
    s.connect()
    s.set(XV208=1, XV104=1, XV101=1, XV103=1, FCV102=0.5)
    s.run(20.0)
    assert s.plant.station.figures()[where] > 0.1


@pytest.fixture(scope="module")
def first() -> tuple[Script, Losses, float]:
    """A first fill of the day, cut short, with its precool time."""
    s = Script(hose="warm", mass_kg=40.0, high_pressure_kg_h=60.0)
    losses = Losses(s.plant)
    s.connect()
    s.purge()
    losses.enter("PRECOOL")
    precool_s = s.precool()
    s.run(10.0, lambda t: t["TT103"] < 40.0)
    losses.enter("FILL")
    s.fill(1000.0, limit_s=60.0)
    losses.enter("DRAIN")
    s.stop()
    s.drain()
    s.set(XV105=0, XV110=0)
    s.run(60.0)
    losses.enter("WARM")
    return s, losses, precool_s


def test_losses_of_a_first_fill_lie_in_the_published_ranges(first: tuple[Script, Losses, float]) -> None:
    """Domain notes 1.5: chill 0.2 to 1.2 kg, hose inventory 0.16 to 0.3 kg, displaced vapour 0 to 10 kg."""
    kg = first[1].report()
    assert 0.2 <= kg["chill"] <= 1.2
    assert 0.16 <= kg["hose"] <= 0.30
    assert 0.0 <= kg["displaced"] <= 10.2
    assert 0.0 < kg["after"] <= kg["hose"] + 0.1
    steel_kg = sum(n.metal.mass_kg for n in first[0].plant.nodes)
    assert 0.040 <= kg["chill"] / steel_kg <= 0.20  # all sensible heat used .. latent heat only


def test_the_next_truck_finds_a_cold_hose_and_a_dewar_that_gave(first: tuple[Script, Losses, float]) -> None:
    s, _, precool_s = first
    config = config_after(s.plant, pause_s=600.0, mass_kg=30.0)
    assert config.hose_metal_k is not None
    assert s.plant.nodes[HOSE].metal.t_k < config.hose_metal_k[HOSE] < 150.0
    assert config.dewar_kg < s.plant.config.dewar_kg - 4.0
    later = Script(**vars(config))
    later.connect()
    later.purge()
    assert later.precool() < 0.7 * precool_s
    longer = config_after(s.plant, pause_s=3600.0)
    assert longer.hose_metal_k is not None
    assert longer.hose_metal_k[HOSE] > config.hose_metal_k[HOSE] + 3.0


def test_an_impossible_dewar_is_refused() -> None:
    with pytest.raises(ValueError, match="dewar_kg"):
        Plant(Script().plant.config.__class__(dewar_kg=80.0 * DEWAR_M3), 1)
