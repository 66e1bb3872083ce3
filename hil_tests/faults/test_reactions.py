"""Four causes in nine states: the firmware alone, the hard-wired chain switched off; then with the chain on.

Valves commanded closed within 20 ms, flow past XV103 over within 1 s. All go on from copies of one fill on the
MicroPython VM. Table: pytest hil_tests/faults -k reactions -s
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import pytest

from hil_tests.faults import reactions
from hil_tests.faults.short_fill import LONG, Beginnings

pytestmark = pytest.mark.timeout(600)  # a loaded machine is no failure: what is judged is simulated time

PAIRS = list(zip(reactions.PLACES, cycle(reactions.CAUSES), strict=False))


@pytest.fixture(scope="module")
def table() -> Iterator[reactions.Table]:
    """Collect what was measured; it is printed at the end."""
    yield from reactions.collect()


@pytest.fixture(scope="module")
def begun() -> Iterator[Beginnings]:
    """Return the fill that all go on from."""
    with Beginnings(LONG, stopped=True) as beginnings:
        yield beginnings


@pytest.mark.parametrize("state", reactions.PLACES)
@pytest.mark.parametrize("cause", reactions.CAUSES)
def test_reaction_without_the_hard_chain(
    cause: str, state: str, table: reactions.Table, begun: Beginnings
) -> None:
    table.rows.append(reactions.measure(begun, cause, state, hard_chain=False))


@pytest.mark.parametrize(("state", "cause"), PAIRS)
def test_reaction_with_the_hard_chain(
    cause: str, state: str, table: reactions.Table, begun: Beginnings
) -> None:
    """The chain takes the valves' power by itself; the board must still command them closed and say why."""
    table.rows.append(reactions.measure(begun, cause, state, hard_chain=True))


@pytest.mark.parametrize("cause", [name for name in reactions.CAUSES if ("FILL", name) not in PAIRS])
def test_reaction_with_the_hard_chain_at_full_flow(
    cause: str, table: reactions.Table, begun: Beginnings
) -> None:
    """Every cause where it matters most."""
    table.rows.append(reactions.measure(begun, cause, "FILL", hard_chain=True))
