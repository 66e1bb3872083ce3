"""What the authentication tests share: the modules of firmware/core under CPython."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from sim.tables import FIRMWARE

NAMES = ("auth", "freshness", "tagging", "handshake", "link_key", "e2e")


@pytest.fixture(scope="session")
def core() -> Iterator[SimpleNamespace]:
    """Return the modules of firmware/core by name, imported as the firmware imports them."""
    before = set(sys.modules)
    micropython = ModuleType("micropython")
    micropython.const = lambda value: value  # type: ignore[attr-defined]
    sys.modules.setdefault("micropython", micropython)
    sys.path.insert(0, str(FIRMWARE))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(f"core.{name}") for name in NAMES})
    finally:
        sys.path.remove(str(FIRMWARE))
        for name in set(sys.modules) - before:
            if name == "micropython" or name == "core" or name.startswith("core."):
                del sys.modules[name]
