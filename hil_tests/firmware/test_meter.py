"""The dispenser's meter: pulses and current of one transmitter watch each other, so that lost pulses are not billed."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.firmware.parameters import by_place
from sim import tables

PARAMS = by_place("dispenser", {"hose_kept_g": 42, "hose_liquid_g": 70})
FLOW_MG_S, SECONDS = 100_000, 100
NOT_BILLABLE = 1
AI = [row[0] for row in tables.io("dispenser").AI]


def metered(share: float, flow_mg_s: int = FLOW_MG_S, hose_gain_g: int = 0) -> Any:
    """Return the meter after SECONDS of FLOW_MG_S, of whose pulses `share` came; FT101 shows flow_mg_s."""
    module = importlib.import_module("dispenser.meter")
    value = [0] * len(AI)
    value[AI.index("FT101")] = flow_mg_s
    image = SimpleNamespace(count=[0], ai=SimpleNamespace(ok=[True] * len(AI), value=value))
    meter = module.Meter(image, PARAMS)
    meter.start(40_000, True, hose_gain_g)
    for tick in range(1, SECONDS * 100 + 1):
        image.count[0] = int(FLOW_MG_S * tick * share / 100_000)
        meter.sample()
    meter.drained = True
    return meter


@pytest.mark.parametrize("share", [1.0, 0.99, 1.01])
def test_pulses_that_fit(core: Any, share: float) -> None:
    assert metered(share).status() == 0


@pytest.mark.parametrize("share", [0.97, 0.8, 1.03])
def test_lost_or_added_pulses(core: Any, share: float) -> None:
    assert metered(share).status() == NOT_BILLABLE


def test_the_current_that_stands_still_is_found_too(core: Any) -> None:
    assert metered(1.0, FLOW_MG_S // 2).status() == NOT_BILLABLE


def test_noise_below_the_cut_is_no_flow(core: Any) -> None:
    meter = metered(1.0, 90)
    assert meter._passed_g == 0


def test_a_whole_tank_stays_in_small_integers(core: Any) -> None:
    meter = metered(1.0)
    meter.meter_g = meter._passed_g = 120_000
    assert meter.pulses_fit()
    assert 120_000 * 100 < 2**30


def test_what_the_cold_test_left_in_the_hose_is_billed(core: Any) -> None:
    """It is pushed into the truck when the fill ends."""
    assert metered(1.0, hose_gain_g=88).net_g() == metered(1.0).net_g() + 88


@pytest.mark.parametrize(
    ("hose_mbar", "nozzle_ck", "drained"),
    [(3_950, 2_200, True), (3_800, 2_200, True), (1_430, 2_150, False), (1_430, 4_600, True)],
)
def test_a_hose_that_was_not_pushed_is_not_drained(core: Any, hose_mbar: int, nozzle_ck: int, drained: bool) -> None:
    """The helium was low: after all its time the hose was cold and far below the tank, and its liquid was billed."""
    module = importlib.import_module("dispenser.sequence")
    tags = importlib.import_module("generated.dispenser_tags")
    values = [nozzle_ck] * tags.N_AI
    values[tags.PT102] = hose_mbar
    fake = SimpleNamespace(
        _image=SimpleNamespace(ai=SimpleNamespace(value=values)), machine=SimpleNamespace(state_ms=8_000),
        _params=by_place("dispenser", {"drain_helium_ms": 8_000}), _meter=SimpleNamespace(drained=None),
        _truck=SimpleNamespace(pressure_mbar=3_880),
    )  # fmt: skip
    assert module.Sequence.hose_drained(fake)
    assert fake._meter.drained is drained


def test_what_the_cold_test_left_in_the_hose_is_reckoned(core: Any) -> None:
    """10 s, judged every 50 ms, of 14 g/s more into the hose than out of it: 140 g."""
    module = importlib.import_module("dispenser.sequence")
    begun: list[tuple[int, bool, int]] = []
    fake = SimpleNamespace(
        _filled=150 * (14_000 // 16),  # a window before
        _balance=50 * (14_000 // 16),
        _meter=SimpleNamespace(start=lambda *facts: begun.append(facts)),
        _truck=SimpleNamespace(mass_g=40_000, guard=SimpleNamespace(verifier=SimpleNamespace(required=True))),
    )
    module.Sequence.enter_fill_open(fake)
    assert begun == [(40_000, True, 140)]
