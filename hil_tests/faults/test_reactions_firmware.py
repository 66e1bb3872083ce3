"""Reactions of the firmware alone: the hard-wired chain is switched off, four causes in nine states.

Valves commanded closed within 20 ms, flow past XV103 over within 1 s. Table: pytest hil_tests/faults -k reactions -s
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hil_tests.faults import reactions

pytestmark = pytest.mark.timeout(600)  # a loaded machine is no failure: what is judged is simulated time


@pytest.fixture(scope="module")
def table() -> Iterator[reactions.Table]:
    """Collect what was measured; it is printed at the end."""
    yield from reactions.collect()


@pytest.mark.parametrize("state", reactions.PLACES)
@pytest.mark.parametrize("cause", reactions.CAUSES)
def test_reaction_without_the_hard_chain(cause: str, state: str, table: reactions.Table) -> None:
    vm = (
        "micropython" if cause == "estop" else "cpython"
    )  # both run the same firmware and give the same trace
    table.rows.append(reactions.measure(cause, state, hard_chain=False, vm=vm))
