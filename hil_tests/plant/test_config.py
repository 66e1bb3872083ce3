"""Configuration: the 98 % rule and what is refused, with key and figure in the message."""

from __future__ import annotations

from typing import Any

import pytest

from sim.plant import Plant, PlantConfig, max_fill_kg


@pytest.mark.parametrize(("relief_bar", "kg"), [(6.0, 98.1), (7.0, 94.7), (8.0, 91.1), (10.0, 83.2)])
def test_max_fill_by_the_98_percent_rule(relief_bar: float, kg: float) -> None:
    """The 98 % rule for 1.7 m3, calculated with CoolProp."""
    assert max_fill_kg(1.7, relief_bar) == pytest.approx(kg, abs=0.1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"supply_bar": 6.5}, "supply_bar"),
        ({"supply_k": 29.0}, "supply_k"),
        ({"mass_kg": 99.0}, "mass_kg"),
        ({"tank_bar": 7.0}, "tank_bar"),
        ({"wall_k": 60.0}, "wall_k"),
        ({"wall_k": 120.0, "mass_kg": 1.0}, "wall_k"),
        ({"wall_k": 100.0, "mass_kg": 0.5, "tank_bar": 4.0}, "mass_kg"),
        ({"hose": "cold"}, "hose"),
    ],
)
def test_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Plant(PlantConfig(**values), 1)


@pytest.mark.parametrize(
    ("mass", "bar", "wall"), [(40.0, 4.0, 26.0), (2.0, 1.5, 60.0), (8.0, 4.0, 100.0), (85.0, 3.0, 25.0)]
)
def test_starts_as_asked(mass: float, bar: float, wall: float) -> None:
    plant = Plant(PlantConfig(mass_kg=mass, tank_bar=bar, wall_k=wall), 1)
    assert plant.truth["tank_kg"] == pytest.approx(mass, abs=0.01)
    assert plant.truth["tank_bar"] == pytest.approx(bar, rel=0.002)


def test_every_tag_of_both_io_lists_has_a_truth() -> None:
    from sim import tables

    truth = Plant(PlantConfig(), 1).truth
    tags = [
        row[0]
        for node in tables.NODES
        for rows in ("AI", "DI", "DO", "AO", "CI")
        for row in getattr(tables.io(node), rows)
    ]
    assert [tag for tag in tags if tag not in truth] == []


def test_the_same_seed_gives_the_same_run() -> None:
    runs = []
    for _ in range(2):
        plant = Plant(PlantConfig(), 3)
        plant.world.seated = plant.world.earthed = True
        plant.energised.update(ES210=1, XV101=1, XV103=1, FCV102=0.5, XV201=1)
        for _ in range(300):
            plant.step(0.01)
        runs.append(dict(plant.truth))
    assert runs[0] == runs[1]
