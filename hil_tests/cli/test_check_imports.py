"""The import rule bites: each kind of violation, planted in a tree of its own, is found where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import check_imports, module_map

ROOT = Path(__file__).resolve().parents[2]

# fmt: off
PLANTED = (
    # FILE                               TEXT                              WORDS
    ("firmware/core/x.py",               "import sim",                     "firmware imports sim"),
    ("firmware/core/x.py",               "def f():\n    import host_tools", "firmware imports host_tools"),
    ("firmware/core/x.py",               "from machine import Pin",        "machine is imported outside"),
    ("firmware/dispenser/x.py",          "import time",                    "time is imported outside"),
    ("firmware/board/can.py",            "import time",                    "time is imported outside"),
    ("firmware/core/x.py",               "import dataclasses",             "modules a board has"),
    ("firmware/core/x.py",               "from dispenser import trips",    "firmware/core imports dispenser"),
    ("firmware/tank/x.py",               "from dispenser import trips",    "firmware/tank imports dispenser"),
    ("firmware/core/x.py",               "from . import y",                "relative import"),
    ("firmware/tank/trip_table.py",      "A = 1\nB = len('x')",            "not a literal"),
    ("firmware/tank/state_table.py",     "import sys",                     "literals only"),
    ("sim/x.py",                         "from host_tools import cli",     "sim imports host_tools"),
    ("sim/plant/x.py",                   "import host_tools.cli",          "sim imports host_tools"),
    ("sim/plant/x.py",                   "from sim import scenario",       "stands without the rest"),
    ("sim/plant/x.py",                   "from ..scenario import Truck",   "stands without the rest"),
    ("sim/x.py",                         "from core import e2e",           "load tables by path"),
    ("host_tools/x.py",                  "import firmware.core.e2e",       "load tables by path"),
    ("host_tools/x.py",                  "import hil_tests.cli",           "imports the tests"),
    ("sim/x.py",                         "def broken(:",                   "syntax error"),
)

ALLOWED = (
    ("firmware/board/clock.py",          "import time"),
    ("firmware/board/pins.py",           "from machine import Pin"),
    ("firmware/core/x.py",               "from micropython import const\nfrom board import clock"),
    ("firmware/dispenser/x.py",          "from core import e2e\nfrom generated import messages"),
    ("firmware/tank/trip_table.py",      '"""Words."""\nA = (1, -2, "x")\nB = {"y": A}'),
    ("host_tools/x.py",                  "from sim import tables\nimport json"),
    ("sim/plant/x.py",                   "from sim.losses import Losses\nfrom .node import Node"),
    ("sim/scenario_parts.py",            "from sim.plant.sides import StationSide"),
    ("sim/shims/machine.py",             "from board import clock"),
)
# fmt: on


def plant(root: Path, name: str, text: str) -> None:
    """Write one file of a tree that has the three folders."""
    for folder in ("firmware", "sim", "host_tools"):
        (root / folder).mkdir(exist_ok=True)
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


@pytest.mark.parametrize(("name", "text", "words"), PLANTED)
def test_a_planted_violation_is_found(
    name: str, text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tmp_path, name, text)
    assert check_imports.main([str(tmp_path)]) == 1
    line = capsys.readouterr().out.strip()
    assert line.startswith(f"{name}:")
    assert words in line


@pytest.mark.parametrize(("name", "text"), ALLOWED)
def test_what_is_allowed_passes(name: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, name, text)
    assert check_imports.check_tree(tmp_path) == []


MAP = f"""# Page

{module_map.HEADING}

| for | modules |
|---|---|
| x | `sim/high.py` |
| y | `sim/low/`, `sim/side.py` |
"""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("sim/low/x.py", "from sim import tables, high", "sim/low/x.py:1: imports sim.high, which stands above"),
        ("sim/side.py", "import json\nfrom sim.high import x", "sim/side.py:2: imports sim.high, which stands above"),
        ("sim/high.py", "from sim import side\nfrom sim.low.x import y", ""),
        ("sim/side.py", "from sim.low import x\nfrom sim.plant import y", ""),
        ("sim/new.py", "", "no row of the simulator's map names sim/new.py"),
        ("sim/fresh/x.py", "", "no row of the simulator's map names sim/fresh"),
    ],
)
def test_imports_lead_down_the_map(name: str, text: str, words: str, tmp_path: Path) -> None:
    plant(tmp_path, name, text)
    plant(tmp_path, module_map.PAGE, MAP)
    found = [str(one) for one in check_imports.check_tree(tmp_path)]
    assert len(found) == bool(words) and words in "".join(found)


def test_this_checkout_keeps_the_rule() -> None:
    assert check_imports.check_tree(ROOT) == []


def test_a_folder_without_firmware_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_imports.main([str(tmp_path)]) == 2
    assert "firmware" in capsys.readouterr().err
