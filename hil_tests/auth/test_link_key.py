"""The key's record in FRAM, and the words that a technician may type for a key."""

from __future__ import annotations

from typing import Any

import pytest

KEY = bytes(range(1, 33))
SIZE, ROOM = 36, 64
NONE, OWN, TEST, DAMAGED = range(4)


class Fram:
    """An FM25 of 256 bytes."""

    def __init__(self) -> None:
        self.n_bytes = 256
        self.data = bytearray(256)

    def read_into(self, address: int, buf: bytearray) -> None:
        """As board.nv.Fram."""
        buf[:] = self.data[address : address + len(buf)]

    def write(self, address: int, buf: bytes) -> None:
        """As board.nv.Fram."""
        self.data[address : address + len(buf)] = buf


def test_a_new_board_has_no_key(core: Any) -> None:
    assert core.link_key.read(Fram()) == (NONE, b"")


def test_a_key_is_kept_at_the_end_of_the_chip(core: Any) -> None:
    fram = Fram()
    core.link_key.write(fram, KEY)
    assert core.link_key.read(fram) == (OWN, KEY)
    assert not any(fram.data[: 256 - ROOM])
    assert KEY in bytes(fram.data[-ROOM:])


def test_erased_is_gone(core: Any) -> None:
    fram = Fram()
    core.link_key.write(fram, KEY)
    core.link_key.erase(fram)
    assert core.link_key.read(fram) == (NONE, b"")
    assert not any(fram.data)


def test_a_damaged_record_is_no_key(core: Any) -> None:
    for bit in range(8 * SIZE):
        fram = Fram()
        core.link_key.write(fram, KEY)
        fram.data[256 - ROOM + (bit >> 3)] ^= 1 << (bit & 7)
        assert core.link_key.read(fram) == (DAMAGED, b""), bit


def test_a_cut_write_is_no_key(core: Any) -> None:
    whole = Fram()
    core.link_key.write(whole, KEY)
    for done in range(1, SIZE):
        fram = Fram()
        fram.data[256 - ROOM : 256 - ROOM + done] = whole.data[256 - ROOM : 256 - ROOM + done]
        assert core.link_key.read(fram) == (DAMAGED, b""), done


def test_both_cases_of_hex(core: Any) -> None:
    assert core.link_key.parse(KEY.hex()) == core.link_key.parse(KEY.hex().upper()) == KEY


@pytest.mark.parametrize(
    "text",
    ["", "00", KEY.hex()[:-1], KEY.hex() + "0", "g" + KEY.hex()[1:], " " + KEY.hex()[1:], "00" * 32, "ff" * 32],
)
def test_what_is_no_key(core: Any, text: str) -> None:
    assert core.link_key.parse(text) == b""
