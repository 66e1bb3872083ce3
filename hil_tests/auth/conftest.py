"""What the authentication tests share: the modules of firmware/core under CPython."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from sim.tables import FIRMWARE

NAMES = ("auth", "freshness", "tagging", "challenge", "link_key", "e2e", "guard", "roles", "params", "console", "audit")
OTHERS = {"truck": "dispenser.truck", "station": "tank.station", "messages": "generated.messages"}
PACKAGES = ("micropython", "core", "board", "dispenser", "tank", "generated")


@pytest.fixture(scope="session")
def core() -> Iterator[SimpleNamespace]:
    """Return the modules of firmware/core (and OTHERS) by name, imported as the firmware imports them."""
    before = set(sys.modules)
    micropython = ModuleType("micropython")
    micropython.const = lambda value: value  # type: ignore[attr-defined]
    sys.modules.setdefault("micropython", micropython)
    sys.path.insert(0, str(FIRMWARE))
    try:
        paths = {name: f"core.{name}" for name in NAMES} | OTHERS
        yield SimpleNamespace(**{name: importlib.import_module(path) for name, path in paths.items()})
    finally:
        sys.path.remove(str(FIRMWARE))
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in PACKAGES:
                del sys.modules[name]


@pytest.fixture
def firmware(core: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> SimpleNamespace:
    """Return `core` with nonces that follow from the test's name."""
    rng = random.Random(request.node.name)
    monkeypatch.setattr(core.guard.rng, "nonce", rng.randbytes)
    return core
