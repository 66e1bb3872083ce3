"""A fill over a link without authentication says so on its ticket, and is otherwise judged as any."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.cli.test_observers import RESULT
from hil_tests.firmware.parameters import by_place
from host_tools import ticket
from sim import scenario

UNPROVED = 4
PARAMS = by_place("dispenser", {"hose_kept_g": 42, "hose_liquid_g": 70})


@pytest.mark.parametrize("authenticated", [1, 0])
@pytest.mark.parametrize(("grams", "drained", "status"), [(6000, True, 0), (6000, False, 1), (100, True, 1)])
def test_the_meters_status(core: Any, authenticated: int, grams: int, drained: bool, status: int) -> None:
    module = importlib.import_module("dispenser.meter")
    image = SimpleNamespace(count=[0])
    meter = module.Meter(image, PARAMS)
    meter.start(40000, authenticated)
    meter.meter_g = meter._passed_g = grams
    meter.drained = drained
    assert meter.status() == status + (0 if authenticated else UNPROVED)


@pytest.mark.parametrize(
    ("status", "billable", "told"), [(0, True, False), (1, False, False), (4, True, True), (5, False, True)]
)
def test_the_ticket_for_people(status: int, billable: bool, told: bool) -> None:
    fields = {"session": 7, "metered_g": 6000, "status": status}
    text = ticket.render(scenario.Scenario(), RESULT, fields, "v")
    assert ticket.billable(fields) == billable
    assert ("NOT BILLABLE" not in text) == billable
    assert ("link not authenticated" in text) == told


def test_without_a_ticket_nothing_is_said_of_the_link() -> None:
    assert "authenticated" not in ticket.render(scenario.Scenario(), RESULT, None, "v")
