"""A rig that is only data, for the observers' tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from host_tools.sampling import channels
from sim import tables
from sim.tables import NODES

HALF_SPAN_COUNTS = round(12.0 / 22.0 * 65535)  # 12 mA on the 22 mA full scale


class FakeInstruments:
    """Every transmitter at half span, every contact open."""

    def __init__(self) -> None:
        self.by_node = {node: [HALF_SPAN_COUNTS] * len(tables.io(node).AI) for node in NODES}
        self.bits = dict.fromkeys(NODES, 0)

    def counts(self, node: str) -> list[int]:
        """Return the node's ADC counts."""
        return self.by_node[node]

    def contacts(self, node: str) -> int:
        """Return the node's contact bits."""
        return self.bits[node]


def rig(t_ms: int = 0) -> Any:
    """Return a rig at `t_ms` whose plant has every tag at 0 but the tank, which holds 40 kg at 4 bar."""
    tags = {channel.tag for channel in channels()}
    outputs: set[str] = set()
    for node in NODES:
        io = tables.io(node)
        outputs |= {row[0] for row in (*io.DO, *io.AO)}
        tags |= {row[0] for row in (*io.DI, *io.CI)}
    truth = dict.fromkeys(tags | outputs, 0.0) | {"tank_kg": 40.0, "PT201A": 4.0}
    plant = SimpleNamespace(truth=truth, energised=dict.fromkeys(outputs, 0.0))
    return SimpleNamespace(t_ms=t_ms, plant=plant, instruments=FakeInstruments())


def state_index(node: str, public: str) -> int:
    """Return the number of the first state of a public state."""
    return [row[1] for row in tables.states(node).STATES].index(public)


def event(kind: int, t_ms: int = 0, node: str = "dispenser", **fields: int) -> dict[str, Any]:
    """Return an event as the rig hands it out; fields: id, source, to, value."""
    return {"t_ms": t_ms, "node": node, "kind": kind, "id": fields.get("id", 0), "from": fields.get("source", 0),
            "to": fields.get("to", 0), "value": fields.get("value", 0)}  # fmt: skip


