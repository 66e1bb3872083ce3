"""Reactions with the hard-wired chain as it is in the field: each state once, the four causes taking turns.

The chain takes the valves' power by itself; the board must still command them closed within 20 ms and say why.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import pytest

from hil_tests.faults import reactions

pytestmark = pytest.mark.timeout(600)

PAIRS = list(zip(reactions.PLACES, cycle(reactions.CAUSES), strict=False))


@pytest.fixture(scope="module")
def table() -> Iterator[reactions.Table]:
    """Collect what was measured; it is printed at the end."""
    yield from reactions.collect()


@pytest.mark.parametrize(("state", "cause"), PAIRS)
def test_reaction_with_the_hard_chain(cause: str, state: str, table: reactions.Table) -> None:
    table.rows.append(reactions.measure(cause, state, hard_chain=True, vm="micropython"))


@pytest.mark.parametrize("cause", [name for name in reactions.CAUSES if ("FILL", name) not in PAIRS])
def test_reaction_with_the_hard_chain_at_full_flow(cause: str, table: reactions.Table) -> None:
    """Every cause where it matters most."""
    table.rows.append(reactions.measure(cause, "FILL", hard_chain=True, vm="micropython"))
