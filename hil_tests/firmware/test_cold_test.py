"""The cold test: what goes in comes back, or a hose fills; a leak is what goes on in a second window."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.firmware.parameters import by_place

PARAMS = by_place("dispenser", {"cold_test_ms": 10_000, "cold_balance_mg_s": 12_000, "leak_hold_ms": 20_000})
COLDTEST, LEAK_HOLD = 1, 2
SCANS = 200  # of a window


def judged(flows_mg_s: list[int]) -> tuple[bool, bool, int]:
    """Return (passed, leak found, scans until then) for FT101 - FT103 window by window."""
    module = importlib.import_module("dispenser.sequence")
    leak = importlib.import_module("dispenser.signals").COLD_LEAK
    test = SimpleNamespace(
        _signals=SimpleNamespace(value=[0] * (leak + 1)), machine=SimpleNamespace(state_ms=0), _params=PARAMS,
        _s_leak_hold=LEAK_HOLD, _s_coldtest=COLDTEST,
    )  # fmt: skip
    module.Sequence.enter_coldtest(test)
    for scan in range(len(flows_mg_s) * SCANS):
        test._balance += flows_mg_s[scan // SCANS] // 16
        test._balance_ticks += 1
        module.Sequence._judge_tests(test, COLDTEST, [])
        if test._tested or test._signals.value[leak]:
            break
    return bool(test._tested), bool(test._signals.value[leak]), scan + 1


@pytest.mark.parametrize(
    ("flows_mg_s", "verdict"),
    [
        ([2_000], (True, False, SCANS)),
        ([14_000, 3_000], (True, False, 2 * SCANS)),  # the hose filled
        ([14_000, 14_000], (False, True, 2 * SCANS)),  # it goes somewhere else
    ],
)
def test_a_window_more_tells_a_filling_hose_from_a_leak(
    core: Any, flows_mg_s: list[int], verdict: tuple[bool, bool, int]
) -> None:
    assert judged(flows_mg_s) == verdict
