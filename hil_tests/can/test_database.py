"""The DBC: strict parse, J1939 Proprietary B, E2E attributes, and that each rule's breach is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cantools.database
import pytest

from host_tools.generate import database as dbc_rows

ROOT = Path(__file__).resolve().parents[2]
DBC_TEXT = (ROOT / dbc_rows.DBC_PATH).read_text(encoding="utf-8")
SOURCE_ADDRESS = {"Dispenser": 0xD1, "Tank": 0xA1}
FRAME_BITS_MAX = 157  # extended frame of 8 bytes, worst stuffing, with the inter-frame space
TAGS = ("D_AUTH", "T_AUTH")  # five bytes of tag leave no room for the session, which the tag covers
GATING = ("D_STATUS", "D_PERMIT", "T_STATUS", "T_MEAS")


def test_is_sound(database: Any) -> None:
    assert dbc_rows.problems(database) == []


def test_identifiers_are_proprietary_b_from_their_senders_address(database: Any) -> None:
    for message in database.messages:
        fields = cantools.j1939.frame_id_unpack(message.frame_id)
        assert message.is_extended_frame
        assert message.protocol == "j1939"
        assert (fields.reserved, fields.data_page, fields.pdu_format) == (0, 0, 0xFF), message.name
        assert fields.source_address == SOURCE_ADDRESS[message.senders[0]], message.name


def test_identifiers_cycles_and_data_ids(database: Any) -> None:
    assert len({message.frame_id for message in database.messages}) == len(database.messages)
    data_ids = {message.dbc.attributes["E2EDataId"].value for message in database.messages}
    assert len(data_ids) == len(database.messages)
    assert all(message.cycle_time in (100, 200, 1000) for message in database.messages)


def test_every_frame_has_the_e2e_header_and_attributes(database: Any) -> None:
    for message in database.messages:
        values = {name: attribute.value for name, attribute in message.dbc.attributes.items()}
        assert values["E2EProfile"] == "P05", message.name
        assert values["E2EMaxDeltaCounter"] == 2, message.name
        assert message.length == 8, message.name
        header = ["E2E_Crc", "E2E_Counter", *([] if message.name in TAGS else ["Session"])]
        assert [signal.name for signal in message.signals[: len(header)]] == header, message.name


def test_messages_that_gate_flow_hold_at_300_ms_and_stop_at_1000_ms(database: Any) -> None:
    for message in database.messages:
        hold, stop = (message.dbc.attributes[name].value for name in ("RxHoldMs", "RxStopMs"))
        if message.name in GATING:
            assert (hold, stop) == (300, 1000), message.name
        else:
            assert hold == 0, message.name


def test_aborts_win_arbitration(database: Any) -> None:
    by_id = sorted(database.messages, key=lambda message: message.frame_id)
    assert [message.name for message in by_id[:3]] == ["D_ABORT", "T_ABORT", "D_PERMIT"]


def test_load_stays_small_on_the_slow_bit_rate(database: Any) -> None:
    frames_per_s = sum(1000 / message.cycle_time for message in database.messages)
    assert frames_per_s * FRAME_BITS_MAX / 250_000 < 0.10


Edit = Callable[[str], str]


def replace(old: str, new: str) -> Edit:
    """Return an edit that must find `old` exactly once or more and replaces the first."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def set_attribute(attribute: str, message: str, value: int | str) -> Edit:
    """Return an edit that writes another value of a message attribute."""

    def edit(text: str) -> str:
        found = re.search(rf"BO_ (\d+) {message}:", text)
        assert found
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        edited, count = re.subn(rf'(BA_ "{attribute}" BO_ {found[1]}) .*;', rf"\1 {shown};", text)
        assert count == 1
        return edited

    return edit


def change_id(name: str, new_id: int) -> Edit:
    """Return an edit that gives message `name` another identifier wherever it stands."""

    def edit(text: str) -> str:
        found = re.search(rf"BO_ (\d+) {name}:", text)
        assert found
        return text.replace(found[1], str(new_id | 1 << 31))

    return edit


BREACHES = [
    ("PGN outside Proprietary B", change_id("T_MEAS", 0x10FE22A1), "T_MEAS: PGN is not Proprietary B"),
    ("sender's address", change_id("T_MEAS", 0x10FF22D1), "T_MEAS: source address is not its sender's"),
    ("PGN twice", change_id("T_MEAS", 0x10FF21A1), "PGN 65313 stands 2 times"),
    ("data id twice", set_attribute("E2EDataId", "T_ABORT", 0xD100), "E2EDataId 53504 stands 2 times"),
    ("other profile", set_attribute("E2EProfile", "T_ABORT", "P01"), "T_ABORT: E2EProfile is not P05"),
    ("no cycle", set_attribute("GenMsgCycleTime", "T_ABORT", 0), "T_ABORT: has no GenMsgCycleTime"),
    ("hold under three cycles", set_attribute("RxHoldMs", "D_STATUS", 200),
     "D_STATUS: age limit 200 ms is under three cycles"),
    ("stop before hold", set_attribute("RxStopMs", "D_STATUS", 300), "D_STATUS: RxHoldMs is not below RxStopMs"),
    ("maximum into the codes", replace("tank_mass_g : 47|14@1+ (10,0) [0|163810]",
                                       "tank_mass_g : 47|14@1+ (10,0) [0|163820]"),
     "T_MEAS.tank_mass_g: maximum runs into the ERROR and NA codes"),
    ("fractional factor", replace("tank_mass_g : 47|14@1+ (10,0)", "tank_mass_g : 47|14@1+ (0.5,0)"),
     "T_MEAS.tank_mass_g: factor, offset, minimum and maximum must be integers"),
    ("signed", replace("hose_pressure_mbar : 32|15@1+", "hose_pressure_mbar : 32|15@1-"),
     "D_LINE.hose_pressure_mbar: must be unsigned"),
    ("too wide", replace("tank_id : 32|24@1+", "tank_id : 32|32@1+"), "T_IDENT.tank_id: has more than 24 bits"),
    ("no session", replace("SG_ Session : 24|8@1+", "SG_ Session : 56|8@1+"), "D_ABORT: bytes 0-3 are not E2E_Crc"),
    ("opaque in part of a byte", replace("SG_ bytes : 40|24@1+", "SG_ bytes : 41|23@1+"),
     "D_CHALLENGE.bytes: must be whole bytes"),
    ("no codes", replace('volume_l 4094 "ERROR" 4095 "NA"', 'volume_l 4095 "NA"'),
     "T_LIMIT.volume_l: value table lacks ERROR and NA"),
]  # fmt: skip


def problems_of(text: str) -> list[str]:
    """Return the problems of a DBC text; not strict, because some breaches overlap too."""
    return dbc_rows.problems(cantools.database.load_string(text, "dbc", strict=False))


@pytest.mark.parametrize(("edit", "expected"), [row[1:] for row in BREACHES], ids=[row[0] for row in BREACHES])
def test_breach_is_found(edit: Edit, expected: str) -> None:
    problems = problems_of(edit(DBC_TEXT))
    assert any(problem.startswith(expected) for problem in problems), problems


def test_overlap_is_refused() -> None:
    text = replace("tank_mass_g : 47|14@1+", "tank_mass_g : 46|14@1+")(DBC_TEXT)
    with pytest.raises(cantools.database.Error, match="overlapping"):
        cantools.database.load_string(text, "dbc", strict=True)
