"""The table of invariants is complete, and what it tells is bounded."""

from __future__ import annotations

from typing import Any

from sim.invariants import MAX_PER_RULE, RULES


def test_all_twelve_are_checked(bench: Any) -> None:
    assert bench.invariants.checked == [f"I{i}" for i in range(1, 13)]
    assert [row[0] for row in RULES] == bench.invariants.checked


def test_a_flickering_violation_is_counted_but_its_list_is_bounded(bench: Any) -> None:
    bench.filling()
    for _ in range(MAX_PER_RULE + 10):
        bench.tick(0.05, ES101=0.0)
        bench.tick(0.05, ES101=1.0)
    assert len(bench.invariants.broken) == MAX_PER_RULE


def test_other_nodes_and_unknown_rows_are_ignored(bench: Any) -> None:
    bench.invariants.on_event({"t_ms": 0, "node": "tank", "kind": 2, "id": 0, "from": 0, "to": 0, "value": 0})
    bench.event(2, 9999)
    bench.tick(1.0)
    assert bench.broken == []
