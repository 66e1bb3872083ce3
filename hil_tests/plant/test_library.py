"""The plant as others use it: the example of the docs, the command with its plots, the FMUs."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from host_tools import cli, plant_command

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_docs_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "docs" / "plant_example.py"))
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[0] == "purge"
    seconds = {line.split()[0]: float(line.split()[1]) for line in out[:6]}
    again_s = next(float(line.split()[3]) for line in out if line.startswith("cold again after"))
    assert again_s < 0.7 * seconds["precool"]
    assert out[-1].startswith("refused: mass_kg = 99.0")


def test_the_command_draws_and_tells_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plant", "--hose", "standby", "--mass", "78", "--plots", str(tmp_path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    for name, words in ((plant_command.CHILLDOWN, "return hose"), (plant_command.FILL, "in the tank")):
        text = (tmp_path / name).read_text()
        assert text.lstrip().startswith("<?xml")
        assert words in text
        assert (ROOT / "docs" / name).is_file()
    assert 0.2 <= figures["losses_kg"]["chill"] <= 1.2
    assert 0.16 <= figures["losses_kg"]["hose"] <= 0.30
    supplied = figures["supplied_kg"]
    assert abs(figures["mass_balance_kg"]) < 1e-4 * supplied
    assert abs(figures["energy_balance_j"]) < 1e-4 * supplied * 446e3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--mass", "90"], "target_kg"), (["--mass", "200"], "mass_kg"), (["--plots", __file__], "not a folder")],
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["plant", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error


class TestFmu:
    """FMI 2.0 units, packed and run by another tool."""

    @pytest.fixture(scope="class")
    @staticmethod
    def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
        pytest.importorskip("pythonfmu", reason="extra fmi is not installed")
        pytest.importorskip("fmpy", reason="extra fmi is not installed")
        from sim.fmi import pack

        folder = tmp_path_factory.mktemp("fmu")
        pack.pack(folder)
        return folder

    def test_lines_fill_a_truck_as_the_plant_does(self, units: Path) -> None:
        import fmpy
        import numpy

        from sim.plant import Plant, PlantConfig

        inputs = {"seated": 1.0, "earthed": 1.0, "ES210": 1.0, "XV101": 1.0, "XV103": 1.0, "FCV102": 0.5, "XV201": 1.0}
        signals = numpy.array([(0.0, *inputs.values())], dtype=[("time", float), *((name, float) for name in inputs)])
        result = fmpy.simulate_fmu(
            str(units / "CryofillLines.fmu"), stop_time=10.0, output_interval=0.1, step_size=0.1,
            start_values={"mass_kg": 30.0, "tank_bar": 3.0, "wall_k": 24.7}, input=signals,
            output=["tank_kg", "PT102"],
        )  # fmt: skip
        plant = Plant(PlantConfig(mass_kg=30.0, tank_bar=3.0, wall_k=24.7), 1)
        plant.world.seated = plant.world.earthed = True
        plant.energised.update({tag: x for tag, x in inputs.items() if tag in plant.energised})
        for _ in range(1000):
            plant.step(0.01)
        assert result["tank_kg"][-1] == pytest.approx(plant.truth["tank_kg"], abs=1e-6)
        assert plant.truth["tank_kg"] > 30.1

    def test_the_tank_alone_loses_pressure_to_a_vapour_draw(self, units: Path) -> None:
        import fmpy
        import numpy

        signals = numpy.array([(0.0, 0.005)], dtype=[("time", float), ("vapour_kg_s", float)])
        result = fmpy.simulate_fmu(
            str(units / "CryofillTank.fmu"), stop_time=60.0, output_interval=1.0, step_size=1.0,
            start_values={"tank_bar": 5.0, "wall_k": 27.2, "mass_kg": 60.0}, input=signals,
            output=["p_bar", "mass_kg_now"],
        )  # fmt: skip
        assert result["mass_kg_now"][-1] == pytest.approx(60.0 - 0.3, abs=0.01)
        assert 0.05 < result["p_bar"][0] - result["p_bar"][-1] < 0.25


def test_without_the_extra_the_command_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pythonfmu.builder", None)
    assert cli.main(["plant", "--fmu", str(tmp_path)]) == 2
    assert "pip install -e .[fmi]" in capsys.readouterr().err
