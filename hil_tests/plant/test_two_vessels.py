"""Two vessels on one truck: they share valves and three lines, and each has its own zones, wall, vacuum and relief."""

from __future__ import annotations

from typing import Any

import pytest

from hil_tests.plant.rigless import Script
from sim.plant import Plant, PlantConfig, max_fill_kg
from sim.plant.fluid import get_fluid
from sim.plant.manifold import fill_share, over_the_top
from sim.plant.tank import Tank

CLOSURE = 1e-4  # of what went through
BOIL_J_KG = 446e3
# The scenario two_tanks: the second dry and warm.
UNEQUAL = {"tanks": 2, "mass_kg": 20.0, "tank2_mass_kg": 1.0, "tank_bar": 3.0, "wall_k": 24.6, "tank2_wall_k": 80.0}
TARGET_KG = 85.0
LIMIT_KG = max_fill_kg(0.85, 7.013)


@pytest.fixture(scope="module")
def story() -> Any:
    """One scripted fill; the tests look at what it left behind."""
    s = Script(**UNEQUAL)
    plant = s.plant
    notes = {"apart_bar": 0.0, "boiled_over": 0.0, "levelled": 0.0, "fullest_kg": 0.0}

    def watch(_: float, truth: dict[str, float]) -> None:
        apart, joint = abs(truth["tank1_bar"] - truth["tank2_bar"]), plant.manifold
        notes["apart_bar"] = max(notes["apart_bar"], apart)
        notes["boiled_over"] = min(notes["boiled_over"], joint.w_vapour)
        notes["levelled"] = max(notes["levelled"], joint.w_liquid)
        notes["fullest_kg"] = max(notes["fullest_kg"], truth["tank1_kg"], truth["tank2_kg"])

    s.on_tick = watch
    s.connect()
    s.precool()
    s.fill(TARGET_KG)
    s.stop()
    s.notes = notes
    return s


def test_mass_and_energy_of_both_close(story: Any) -> None:
    supplied_kg = story.plant.ledger["supplied_kg"]
    assert supplied_kg > 64.0
    assert abs(story.plant.mass_balance_kg()) < CLOSURE * supplied_kg
    assert abs(story.plant.energy_balance_j()) < CLOSURE * supplied_kg * 0.1 * BOIL_J_KG


def test_what_one_boils_the_other_takes(story: Any) -> None:
    """The warm wall's vapour goes over to the cold vessel, the liquid the other way, and pressures stay together."""
    assert -0.1 < story.notes["boiled_over"] < -0.002
    assert 0.005 < story.notes["levelled"] < 0.3
    assert story.notes["apart_bar"] < 0.05  # PT201_DIFFER trips at 0.15


def test_neither_is_overfilled_and_their_levels_come_together(story: Any) -> None:
    a, b = story.plant.tanks
    truth = story.plant.truth
    assert truth["tank_kg"] == pytest.approx(a.mass_kg() + b.mass_kg())
    assert truth["tank_kg"] == pytest.approx(TARGET_KG, abs=0.5)
    assert 0.0 < a.mass_kg() - b.mass_kg() < 6.0  # 19 to 1 at the start
    assert story.notes["fullest_kg"] < 0.97 * LIMIT_KG
    assert truth["LSHH202"] == 1.0


def test_the_warm_wall_is_cold_at_the_end(story: Any) -> None:
    second = story.plant.tanks[1]
    assert second.wet.t_k < 27.0
    assert second.dry.t_k < 40.0


def test_levels_even_out_whatever_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """By head, 25 mm of bore: some 38 g/s of liquid at 10 kg of difference each way, and its room in vapour back."""
    ends = []
    for stride in (10, 1):
        monkeypatch.setattr("sim.plant.plant.STRIDE_STILL", stride)
        monkeypatch.setattr("sim.plant.plant.STRIDE_FLOW", stride)
        s = Script(tanks=2, mass_kg=40.0, tank2_mass_kg=10.0)
        s.run(10.0)
        joint = s.plant.manifold
        assert joint.w_liquid == pytest.approx(0.037, rel=0.1)
        assert joint.w_vapour == pytest.approx(-0.0029, rel=0.1)
        ends.append(s.plant.tanks[1].mass_kg())
    assert ends[0] == pytest.approx(ends[1], abs=5e-3)
    assert ends[0] > 10.3


def test_pressures_even_out_within_seconds_and_each_has_its_transmitter() -> None:
    s = Script(tanks=2, mass_kg=40.0, tank2_bar=2.0, tank2_wall_k=23.0)
    truth = s.plant.truth
    assert (truth["PT201A"], truth["PT201B"]) == (pytest.approx(4.0, abs=0.01), pytest.approx(2.0, abs=0.01))
    assert truth["tank_bar"] == truth["PT201A"]
    s.run(10.0)
    assert abs(truth["PT201A"] - truth["PT201B"]) < 0.01
    assert s.plant.mass_balance_kg() == pytest.approx(0.0, abs=1e-9)
    assert s.plant.energy_balance_j() == pytest.approx(0.0, abs=5.0)


def test_a_vacuum_lost_heats_one_vessel_and_lifts_its_own_relief() -> None:
    s = Script(tanks=2, mass_kg=80.0, tank_bar=6.7, wall_k=28.6, tank2_mass_kg=38.0, tank2_vacuum_pa=101_325.0)
    s.run(40.0, lambda t: t["flow_tstack_g_s"] > 0.0)
    first, second = s.plant.tanks
    assert second.leak_w > 500.0 * first.leak_w
    assert s.plant.truth["VT201"] == 101_325.0
    lifts = [relief.lift for _, _, relief in s.plant.tank_ends.vessels]
    assert lifts[0] == 0.0 < lifts[1]
    assert s.plant.ledger["tstack_h2_kg"] > 0.0
    assert s.plant.mass_balance_kg() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("fuller", [1, 2])
def test_the_fuller_one_opens_the_high_level_contact_where_the_mean_hides_it(fuller: int) -> None:
    kg = 0.98 * LIMIT_KG
    second_kg = kg if fuller == 2 else 80.0 - kg
    config = PlantConfig(tanks=2, mass_kg=80.0, tank2_mass_kg=second_kg, tank_bar=5.0, wall_k=27.2)
    truth = Plant(config, 1).truth
    one = Plant(PlantConfig(mass_kg=80.0, tank_bar=5.0, wall_k=27.2), 1).truth
    assert truth["LT201"] == pytest.approx(one["LT201"], abs=0.1)
    assert (one["LSHH202"], truth["LSHH202"]) == (1.0, 0.0)


def test_a_full_vessel_pushes_liquid_over_the_top() -> None:
    vessel = PlantConfig(tanks=2).vessel()
    fluid = get_fluid()
    full, other = Tank(vessel, fluid, 55.2, 3e5), Tank(vessel, fluid, 20.0, 3e5)
    share = full.liquid_share()
    assert share > 0.5
    liquid_kg, before_j = full.ml, full.ul + full.uv + other.ul + other.uv
    work_j = 0.5 / full.top_density() * full.p
    assert 0.5 * share < over_the_top(full, other, 0.5) < 0.5  # of its vapour there is little left to give
    assert liquid_kg - full.ml == pytest.approx(0.5 * share)
    assert full.mass_kg() + other.mass_kg() == pytest.approx(75.2, abs=1e-9)
    assert full.ul + full.uv + other.ul + other.uv == pytest.approx(before_j, abs=1e-3 * work_j)


def test_a_fill_splits_by_what_the_branches_end_at() -> None:
    assert fill_share(0.15, 65.0, 0.0) == 0.5
    assert 0.5 < fill_share(0.15, 65.0, 200.0) < 0.7
    assert fill_share(0.15, 65.0, -5000.0) == 0.0  # its check valve shuts
    assert fill_share(0.15, 65.0, 5000.0) == 1.0


def test_two_vessels_are_together_what_one_is() -> None:
    one, each = PlantConfig().vessel(), PlantConfig(tanks=2).vessel()
    assert 2.0 * each.volume_m3 == one.volume_m3
    assert 2.0 * each.wall_kg == one.wall_kg
    assert 2.0 * each.area_m2 == pytest.approx(1.26 * one.area_m2, rel=0.01)  # two small ones have more
    assert sum(start.mass_kg for start in PlantConfig(**UNEQUAL).starts()) == 20.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tanks": 3}, "tanks = 3: must be within 1..2"),
        ({"tank2_bar": 3.0}, r"tank2_bar = 3\.0: there is one tank"),
        ({"tanks": 2, "tank2_mass_kg": 40.0}, r"tank2_mass_kg = 40\.0: must be within 0 and mass_kg"),
        ({"tanks": 2, "mass_kg": 60.0, "tank2_mass_kg": 50.0}, r"tank2_mass_kg = 50\.0: above 47\.3 kg"),
        ({"tanks": 2, "mass_kg": 60.0, "tank2_mass_kg": 5.0}, r"mass_kg = 60\.0: leaves 55 kg in the first vessel"),
        ({"tanks": 2, "tank2_bar": 7.0}, r"tank2_bar = 7\.0: at or above 97 % of relief"),
        ({"tanks": 2, "tank2_wall_k": 120.0}, r"tank2_wall_k = 120\.0: must be within 2"),
        ({"tanks": 2, "tank2_wall_k": 80.0}, r"tank2_wall_k = 80\.0: a wall 54 K above boiling"),
        ({"tanks": 2, "tank2_vacuum_pa": 2e5}, "tank2_vacuum_pa"),
    ],
)
def test_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PlantConfig(**values).validate()
