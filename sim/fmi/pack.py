"""Packs the FMUs: the unit's file, and of this repository what it needs to run (`sim.plant`, `sim.fmi.unit`)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SIM = HERE.parent
UNITS = ("plant_unit.py", "tank_unit.py")
HOW = "needs the extra fmi: pip install -e .[fmi]"


class Missing(RuntimeError):
    """The extra is not installed; the message says how to get it."""


def pack(folder: Path) -> list[Path]:
    """Write one FMU for each of UNITS into `folder` (made if missing); returns their paths. Raises Missing."""
    try:
        from pythonfmu.builder import FmuBuilder
    except ImportError:
        raise Missing(HOW) from None
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "sim"
        tree.mkdir()
        shutil.copy(SIM / "__init__.py", tree)
        shutil.copy(SIM / "losses.py", tree)
        (tree / "fmi").mkdir()
        shutil.copy(HERE / "__init__.py", tree / "fmi")
        shutil.copy(HERE / "unit.py", tree / "fmi")
        shutil.copytree(SIM / "plant", tree / "plant", ignore=shutil.ignore_patterns("__pycache__"))
        return [Path(FmuBuilder.build_FMU(HERE / unit, dest=folder, project_files=[tree])) for unit in UNITS]
