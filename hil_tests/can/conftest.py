"""What the CAN tests share: the database, the MicroPython VM, and firmware modules loaded under CPython."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from host_tools.generate import database as dbc_rows
from sim.vm_command import prompt_argv

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
VM_SCRIPTS = Path(__file__).parent / "vm"


@pytest.fixture(scope="session")
def database() -> Any:
    """Return the cantools database of the repository's DBC."""
    return dbc_rows.load(ROOT / dbc_rows.DBC_PATH)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Return a random source with a fixed seed per test."""
    return random.Random(request.node.nodeid)


@pytest.fixture
def run_in_vm(tmp_path: Path) -> Callable[[str, list[str]], list[str]]:
    """Return a function that runs vm/NAME in the MicroPython VM over vector lines and returns its output lines."""

    def run(script: str, vectors: list[str]) -> list[str]:
        path = tmp_path / "vectors.txt"
        path.write_text("\n".join(vectors) + "\n", encoding="ascii")
        command = [*prompt_argv(), str(VM_SCRIPTS / script), str(FIRMWARE), str(path)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
        return result.stdout.splitlines()

    return run


Transform = Callable[[str], ast.Module]


@pytest.fixture
def load_firmware(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Return a function that executes a firmware module under CPython, its source first through `transform`.

    Modules that it needs are loaded before it and named in `needs`, such as generated="parahydrogen".
    """

    def load(name: str, transform: Transform | None = None, **needs: str) -> ModuleType:
        monkeypatch.setitem(sys.modules, "micropython", SimpleNamespace(const=lambda value: value))
        for package, module in needs.items():
            loaded = load(f"{package}/{module}", transform)
            monkeypatch.setitem(sys.modules, package, SimpleNamespace(**{module: loaded}))
        path = FIRMWARE / f"{name}.py"
        source = path.read_text(encoding="utf-8")
        module_object = ModuleType(path.stem)
        exec(compile(transform(source) if transform else ast.parse(source), str(path), "exec"), module_object.__dict__)
        return module_object

    return load
