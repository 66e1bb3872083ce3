"""Our dispenser keeps every rule of the kit, and forty that are wrong in one thing fail on the rule for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from hil_tests.conform.dispenser_mutants_table import MUTANTS
from hil_tests.conform.replayed import Recording, first_failure, record
from host_tools.conform.dispenser_tests import TESTS
from host_tools.conform.kit import Trial
from host_tools.conform.report import PASS
from host_tools.conform.rules_table import RULES
from host_tools.conform.simulated import Tamper

BY_NAME = {test.name: test for test in TESTS}


@cache
def recording(name: str) -> Recording:
    """Return one test of our own dispenser, run once."""
    return record("dispenser", BY_NAME[name])


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_our_dispenser_keeps_every_rule(test: Trial) -> None:
    verdicts = {one.rule: one for one in recording(test.name).report.verdicts()}
    assert [one for one in verdicts.values() if one.verdict == "fail"] == []
    assert {rule: verdicts[rule].verdict for rule in test.rules} == dict.fromkeys(test.rules, PASS)


def test_a_recording_played_back_unchanged_keeps_them_too() -> None:
    assert first_failure("dispenser", recording("fill"), BY_NAME["fill"], Tamper()) is None


@pytest.mark.parametrize(("words", "test", "rule", "how"), MUTANTS, ids=[row[0] for row in MUTANTS])
def test_a_wrong_dispenser_fails_on_its_rule(words: str, test: str, rule: str, how: Callable[[], Tamper]) -> None:
    failure = first_failure("dispenser", recording(test), BY_NAME[test], how())
    assert failure is not None, "the kit found nothing"
    assert failure.rule == rule, failure
    assert failure.detail


def test_every_rule_has_a_dispenser_that_breaks_it() -> None:
    assert {rule for rule, who, _ in RULES if who in ("dispenser", "both")} == {row[2] for row in MUTANTS}
