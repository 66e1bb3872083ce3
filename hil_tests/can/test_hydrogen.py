"""The firmware's hydrogen properties against CoolProp, over dense grids, within the bounds that the code states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from CoolProp.CoolProp import PropsSI

from host_tools.generate import parahydrogen

PRESSURES_MBAR = range(100, 12001, 23)
FLUID = parahydrogen.FLUID


@pytest.fixture
def hydrogen(load_firmware: Callable[..., Any]) -> Any:
    """Return the firmware's module, run under CPython."""
    return load_firmware("core/hydrogen", generated="parahydrogen")


def test_boiling_temperature(hydrogen: Any) -> None:
    for p_mbar in PRESSURES_MBAR:
        error_ck = abs(hydrogen.tsat_ck(p_mbar) - parahydrogen.saturation_temperature_ck(p_mbar))
        assert error_ck < (2 if p_mbar >= 1000 else 10), p_mbar


def test_liquid_density(hydrogen: Any) -> None:
    for t_ck in range(1390, 3216, 7):
        exact = parahydrogen.saturated_liquid_g_m3(t_ck)
        assert hydrogen.rho_liquid_g_m3(t_ck) == pytest.approx(exact, rel=0.0002 if t_ck < 3000 else 0.001), t_ck


def test_vapour_density(hydrogen: Any) -> None:
    """3 % (or the rounding, 1 g/m3) from boiling to 300 K up to 11 bar; 7 % at 12 bar."""
    for p_mbar in (100, 250, 500, *range(1000, 12001, 500)):
        boiling_k = PropsSI("T", "P", p_mbar * 100, "Q", 0, FLUID)
        for above_ck in (2, 10, 25, 50, 100, 200, 300, 500, 800, 1500, 3000, 5000, 8000, 15000, 27000):
            t_ck = round(boiling_k * 100) + above_ck
            exact = 1000 * PropsSI("D", "P", p_mbar * 100, "T", t_ck / 100, FLUID)
            bound = pytest.approx(exact, rel=0.03 if p_mbar <= 11000 else 0.07, abs=1)
            assert hydrogen.rho_vapour_g_m3(p_mbar, t_ck) == bound, (p_mbar, t_ck)


def test_saturated_vapour(hydrogen: Any) -> None:
    for p_mbar in range(1000, 12001, 23):
        exact = parahydrogen.saturated_vapour_g_m3(p_mbar)
        assert hydrogen.rho_vapour_g_m3(p_mbar, 1300) == pytest.approx(exact, rel=0.005), p_mbar


def test_98_percent_rule(hydrogen: Any) -> None:
    for relief_mbar in range(1500, 12001, 23):
        exact_g = parahydrogen.max_fill_g_m3(relief_mbar) * 1.7
        assert hydrogen.max_fill_g(1700, relief_mbar) == pytest.approx(exact_g, rel=0.001), relief_mbar
    assert hydrogen.max_fill_g(1700, 7013) == pytest.approx(94_300, abs=50)
    assert hydrogen.max_fill_g(1700, 1499) == 0


def test_ends_are_held(hydrogen: Any) -> None:
    table = (10, 20, 40)
    wanted = {-1000: 10, 99: 10, 100: 10, 101: 11, 109: 19, 110: 20, 115: 30, 119: 38, 120: 40, 121: 40, 9999: 40}
    assert {x: hydrogen.interpolate(100, 10, table, x) for x in wanted} == wanted
    assert hydrogen.interpolate(0, 10, (40, 20), 5) == 30
    assert hydrogen.rho_vapour_g_m3(0, 2000) == 0
    assert hydrogen.rho_vapour_g_m3(-5, 2000) == 0
