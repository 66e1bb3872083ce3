"""The boot pointer: cut off at any byte of a write, the old image or the new one is pointed at, whole."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sim import tables

OLD = ("a", 1000, "0" * 64, "tank 0.1.0 old 1")
NEW = ("b", 2000, "f" * 64, "tank 0.1.0 new 2")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return the boot stage as CPython loads it, its pointer in a folder of the test."""
    machine = ModuleType("machine")
    machine.Pin = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "machine", machine)
    spec = importlib.util.spec_from_file_location("stage_under_test", tables.FIRMWARE / "board" / "stage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "POINTERS", tuple(str(tmp_path / name) for name in ("boot0", "boot1")))
    return module


def test_the_flag_is_the_one_that_the_firmware_sets(stage: Any) -> None:
    assert stage.FLAG == "/flash" + "/loader"
    assert 'FLAG = FLASH + "/loader"' in (tables.FIRMWARE / "board" / "loader.py").read_text()


def test_a_board_without_a_pointer_has_none(stage: Any) -> None:
    assert stage.pointer() is None


def test_a_write_that_is_cut_anywhere_leaves_the_old_or_the_new_pointer(stage: Any) -> None:
    paths = [Path(path) for path in stage.POINTERS]
    stage.point(*OLD)
    old = [path.read_bytes() for path in paths]
    stage.point(*NEW)
    new = [path.read_bytes() for path in paths]
    seen = set()
    for copy in (0, 1):
        for n in range(len(new[copy]) + 1):
            for i, path in enumerate(paths):
                path.write_bytes(new[i] if i < copy else new[copy][:n] if i == copy else old[i])
            found = tuple(stage.pointer()[1:])
            assert found in (OLD, NEW), (copy, n)
            seen.add((copy, found))
    assert seen == {(0, OLD), (0, NEW), (1, NEW)}


def test_a_copy_with_a_flipped_bit_does_not_count(stage: Any) -> None:
    stage.point(*OLD)
    stage.point(*NEW)
    for path in map(Path, stage.POINTERS):
        data = bytearray(path.read_bytes())
        data[4] ^= 1
        path.write_bytes(data)
    assert stage.pointer() is None
