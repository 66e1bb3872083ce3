"""The published key of a rig: what the firmware would write and derive; the boards hold it, marked as test."""

from __future__ import annotations

from typing import Any

import pytest

from sim import link_keys, tables
from sim.memory import Memory

OWN, TEST = 1, 2


class Fram:
    """A FRAM image behind the firmware's interface."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.n_bytes = len(data)

    def read_into(self, address: int, buf: bytearray) -> None:
        """As board.nv.Fram."""
        buf[:] = self.data[address : address + len(buf)]

    def write(self, address: int, buf: bytes) -> None:
        """As board.nv.Fram."""
        self.data[address : address + len(buf)] = buf


def test_truck_keys_are_derived_as_the_firmware_derives_them(core: Any) -> None:
    for tank_id in (1, 1000, 2**24 - 1):
        theirs = core.auth.truck_key(link_keys.STATION_KEY, tank_id)
        assert link_keys.truck_key(link_keys.STATION_KEY, tank_id) == theirs


def test_records_are_those_of_the_firmware(core: Any) -> None:
    ours, theirs = Fram(bytearray(256)), Fram(bytearray(256))
    key = bytes(range(32))
    link_keys.provision(ours.data, key, OWN)
    core.link_key.write(theirs, key)
    assert ours.data == theirs.data


@pytest.mark.parametrize("node", tables.NODES)
def test_a_commissioned_board_holds_its_test_key(core: Any, node: str) -> None:
    kind, key = core.link_key.read(Fram(Memory.commissioned(node).fram))
    assert kind == TEST
    assert key == link_keys.key_of(node)


def test_the_tanks_key_is_for_the_identity_that_it_comes_with() -> None:
    params = {row[0]: row[1] for row in tables.load_table(tables.FIRMWARE / "tank" / "param_table.py").PARAMS}
    assert params["tank_id"] == link_keys.TANK_ID
    assert link_keys.key_of("tank") == link_keys.truck_key(link_keys.key_of("dispenser"), params["tank_id"])


def test_a_board_from_the_factory_has_none(core: Any) -> None:
    assert core.link_key.read(Fram(Memory("tank").fram)) == (0, b"")
