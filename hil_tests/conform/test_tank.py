"""Our tank keeps every rule of the kit, and forty-odd tanks that are wrong in one thing fail on the rule for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from hil_tests.conform import mutants as m
from hil_tests.conform.replayed import Recording, first_failure, record
from hil_tests.conform.tank_mutants_table import ISOLATE, MUTANTS, state
from host_tools.conform.kit import Trial
from host_tools.conform.report import PASS
from host_tools.conform.rules_table import RULES
from host_tools.conform.simulated import Tamper
from host_tools.conform.tank_tests import TESTS

BY_NAME = {test.name: test for test in TESTS}
LONG = "alone"  # a minute of silence: its mutant is played on the fill of another recording


@cache
def recording(name: str) -> Recording:
    """Return one test of our own tank, run once."""
    return record("tank", BY_NAME[name])


@pytest.mark.parametrize("test", [test for test in TESTS if test.name != LONG], ids=lambda test: test.name)
def test_our_tank_keeps_every_rule(test: Trial) -> None:
    verdicts = {one.rule: one for one in recording(test.name).report.verdicts()}
    assert [one for one in verdicts.values() if one.verdict == "fail"] == []
    assert {rule: verdicts[rule].verdict for rule in test.rules} == dict.fromkeys(test.rules, PASS)


def test_a_recording_played_back_unchanged_keeps_them_too() -> None:
    for name in ("listen", "silence"):
        assert first_failure("tank", recording(name), BY_NAME[name], Tamper()) is None


@pytest.mark.parametrize(("words", "test", "rule", "how"), MUTANTS, ids=[row[0] for row in MUTANTS])
def test_a_wrong_tank_fails_on_its_rule(words: str, test: str, rule: str, how: Callable[[], Tamper]) -> None:
    failure = first_failure("tank", recording(test), BY_NAME[test], how())
    assert failure is not None, "the kit found nothing"
    assert failure.rule == rule, failure
    assert failure.detail


def test_a_tank_that_stays_open_alone_fails() -> None:
    stays = m.Says("T_STATUS", m.set_to(xv201_open=1), state(ISOLATE))
    failure = first_failure("tank", recording("abort"), BY_NAME[LONG], stays)
    assert failure is not None and failure.rule == "L-ALONE", failure


def test_every_rule_has_a_tank_that_breaks_it() -> None:
    assert {rule for rule, who, _ in RULES if who in ("tank", "both")} == {row[2] for row in MUTANTS} | {"L-ALONE"}
