"""The boards' wires: the tables as they are hold, and each kind of mistake is found by name."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from host_tools import check_boards, image_source
from sim import tables


def test_the_tables_hold_and_the_page_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_boards.main([]) == 0, capsys.readouterr().err


def test_the_reference_board_carries_every_wire_and_the_others_say_what_they_leave_out() -> None:
    for node in tables.NODES:
        assert all(image_source.wires(node, "teensy41").values())
        left_out = [tag for tag, pin in image_source.wires(node, "pybv11").items() if pin is None]
        assert left_out
        assert all(f"| {tag} |" in check_boards.page() for tag in left_out)


def moved(monkeypatch: pytest.MonkeyPatch, tag: str, pin: str) -> list[str]:
    """Return what the check says when one of the dispenser's wires is on another pin of the Pyboard."""
    table = tables.boards()
    rows = tuple((one[0], pin, one[2]) if one[0] == tag else one for one in table.WIRES["dispenser"])
    other: Any = SimpleNamespace(**{**vars(table), "WIRES": {**table.WIRES, "dispenser": rows}})
    monkeypatch.setattr(tables, "boards", lambda: other)
    return list(check_boards.problems("dispenser", "pybv11"))


@pytest.mark.parametrize(
    ("tag", "pin", "says"),
    [
        ("PT101", "X1", "HS101A on X1: that pin is PT101"),
        ("PT101", "X9", "PT101 on X9: that pin is no ADC pin"),
        ("FCV102", "X18", "FCV102 on X18: that pin is no PWM pin"),
        ("XV101", "Y3", "XV101 on Y3: that pin is CAN 1"),
        ("XV101", "Y7", "XV101 on Y7: that pin is SPI 2"),
        ("XV101", "Y1", "XV101 on Y1: that pin is UART 6"),
        ("XV101", "X17", "XV101 on X17: that pin is the board's own"),
        ("XV101", "Y5", "FRAM_CS on Y5: that pin is XV101"),
        ("XV101", "Z1", "XV101 on Z1: there is no such pin"),
        ("FQ101", "X10", "FQ101 on X10: that pin is no COUNTER pin"),
    ],
)
def test_a_wrong_wire_is_found(monkeypatch: pytest.MonkeyPatch, tag: str, pin: str, says: str) -> None:
    assert any(says in line for line in moved(monkeypatch, tag, pin)), moved(monkeypatch, tag, pin)


@pytest.mark.parametrize(
    ("board", "change", "says"),
    [
        ("teensy41", {"CAN_ID": 2}, "D0 is both CAN 2 and UART 1"),
        ("teensy41", {"SPI_ID": 1}, "D1 is both SPI 1 and UART 1"),
        ("pybv11", {"CAN_ID": 2}, "Y6 is both CAN 2 and SPI 2"),
        ("pybv11", {"UART_ID": 5}, "UART 5 has no pins"),
        ("teensy41", {"FRAM_CS": "D6"}, "FRAM_CS is D10 in the I/O list, D6 in the table of boards"),
    ],
)
def test_buses_that_share_a_pin_or_have_none_are_found(
    monkeypatch: pytest.MonkeyPatch, board: str, change: dict[str, Any], says: str
) -> None:
    table = tables.boards()
    rows = tuple({**row, **change} if row["ID"] == board else row for row in table.BOARDS)
    monkeypatch.setattr(tables, "boards", lambda: SimpleNamespace(**{**vars(table), "BOARDS": rows}))
    assert f"dispenser on {board}: {says}" in check_boards.all_problems()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (lambda rows: rows[1:], "PT101 has no row in WIRES"),
        (lambda rows: (*rows, ("PT199", "X9", "PA2")), "PT199 in WIRES is no wire to the MCU"),
        (lambda rows: (*rows, rows[0]), "PT101 has more than one row in WIRES"),
    ],
)
def test_every_wire_has_one_row(
    monkeypatch: pytest.MonkeyPatch, rows: Callable[[tuple[Any, ...]], tuple[Any, ...]], says: str
) -> None:
    table = tables.boards()
    wires = {**table.WIRES, "dispenser": rows(table.WIRES["dispenser"])}
    monkeypatch.setattr(tables, "boards", lambda: SimpleNamespace(**{**vars(table), "WIRES": wires}))
    assert list(check_boards.problems("dispenser", "pybv11")) == [f"dispenser on pybv11: {says}"]


def test_an_analog_name_and_its_pin_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A10 to A13 of the Teensy are D24 to D27: two outputs once stood on transmitters' pins."""
    io = tables.io("dispenser")
    rows = tuple((one[0], "D24", *one[2:]) if one[0] == "XV104" else one for one in io.DO)
    other = SimpleNamespace(**{**vars(io), "DO": rows})
    monkeypatch.setattr(tables, "io", lambda node: other)
    assert list(check_boards.problems("dispenser", "teensy41")) == [
        "dispenser on teensy41: XV104 on D24: that pin is TT102B"
    ]
