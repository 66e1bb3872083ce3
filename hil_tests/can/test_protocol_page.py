"""docs/protocol.md says what the database says: byte maps, codes, times and the worked example, each checked apart."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from e2e.p05 import e2e_p05_check

from host_tools import pages
from host_tools.generate import protocol, protocol_timing
from host_tools.generate.protocol_timing import Times

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / protocol.PAGE).read_text(encoding="utf-8")


def section(name: str) -> str:
    """Return the page's text on one message."""
    return PAGE.partition(f"\n### {name}\n")[2].partition("\n### ")[0]


def drawn_bits(text: str) -> dict[str, set[int]]:
    """Return label -> bits of the frame, read off a drawn byte map."""
    found: dict[str, set[int]] = {}
    for byte, row in re.findall(r"^    byte (\d)  \|(.*)\|$", text, re.M):
        bit = 7
        for place in row.split("|"):
            label = place.split()[0]
            for _ in range((len(place) + 1) // protocol.BIT_CHARS):
                found.setdefault(label, set()).add(8 * int(byte) + bit)
                bit -= 1
        assert bit == -1
    return found


def test_byte_maps_place_every_signal_where_cantools_encodes_it(database: Any) -> None:
    for message in database.messages:
        drawn = drawn_bits(section(message.name))
        free = set(range(64))
        numbers = re.findall(r"^\| (\d+) \| (\w+) \|", section(message.name), re.M)
        assert [name for _, name in numbers] == [s.name for s in message.signals if s.start >= 32 or s.length == 40]
        for signal in message.signals:
            raw = {s.name: 0 for s in message.signals} | {signal.name: (1 << signal.length) - 1}
            word = int.from_bytes(message.encode(raw, scaling=False, strict=False), "little")
            bits = {bit for bit in range(64) if word >> bit & 1}
            labels = [signal.name, *(f"#{number}" for number, name in numbers if name == signal.name)]
            assert set().union(*(drawn.get(label, set()) for label in labels)) == bits
            free -= bits
        assert drawn.get("1", set()) == free


def test_every_message_has_its_figures(database: Any) -> None:
    for message in database.messages:
        times = [message.dbc.attributes[name].value or "-" for name in ("RxHoldMs", "RxStopMs")]
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| [{message.name}]("))
        cells = [one.strip() for one in row.strip("| ").split("|")]
        assert int(cells[1], 16) == message.frame_id
        assert int(cells[2], 16) == message.frame_id >> 8 & 0xFFFF
        assert int(cells[6].split()[0]) == message.cycle_time
        assert cells[7:9] == [str(one) for one in times]
        assert int(cells[9], 16) == message.dbc.attributes["E2EDataId"].value
        assert message.comment.split(".")[0] in section(message.name)


def test_every_signal_has_its_codes_and_words(database: Any) -> None:
    for message in database.messages:
        text = section(message.name)
        for signal in message.signals:
            for raw, word in (signal.choices or {}).items():
                if signal.start < 32 or (raw, str(word)) in ((0, "NO"), (1, "YES")):
                    continue
                row = next(line for line in text.splitlines() if re.match(rf"\| \d+ \| {signal.name} \|", line))
                if str(word) in ("NA", "ERROR"):
                    assert f"0x{raw:X} |" in row
                else:
                    assert f"{raw} {word}" in text


def test_the_worked_example_is_a_good_frame(database: Any) -> None:
    can_id, data = re.search(r"candump log +(\w{8})#(\w{16})\n", PAGE).groups()  # type: ignore[union-attr]
    frame = bytearray.fromhex(data)
    message = database.get_message_by_frame_id(int(can_id, 16))
    assert e2e_p05_check(frame, message.dbc.attributes["E2EDataId"].value)
    values = message.decode(bytes(frame), decode_choices=False)
    steps = re.findall(r"^\| (\w+) \| (\d+)[^|]*\|", PAGE.partition("### Worked")[2].partition("\n## ")[0], re.M)
    assert len(steps) == len(message.signals) - 3
    assert all(values[name] == int(value) for name, value in steps)
    assert re.search(r"frame +" + frame.hex(" ").upper(), PAGE)
    assert frame[7] & 0x80, "the bit that no signal uses"


class TestDrawing:
    """The drawing of the gap: the rule of the boards, from the database's times."""

    times = Times(cycle=100, hold=300, stop=1000)

    def test_the_short_silence_ends_before_the_stop_and_resumes_on_the_third_frame(self) -> None:
        short, long = protocol_timing.cases(self.times)
        assert self.times.hold < short.gap_ms < self.times.stop < long.gap_ms
        names = [(at, words.split(",")[0]) for at, words, _ in protocol_timing.states(short, self.times)]
        back = protocol_timing.LAST_MS + short.gap_ms
        assert names == [(0, "FILL"), (700, "HOLD"), (back + 200, "FILL")]
        frames = protocol_timing.frames_ms(short, self.times)
        assert [t for t in frames if back <= t <= back + 200] == [back, back + 100, back + 200]
        assert protocol_timing.states(long, self.times)[-1][0] == protocol_timing.LAST_MS + 1000

    def test_the_limits_are_those_of_the_database(self, tmp_path: Path) -> None:
        assert ">300 ms<" in (ROOT / protocol.DRAWING).read_text(encoding="utf-8")
        text = (ROOT / "dbc" / "cryofill.dbc").read_text(encoding="utf-8")
        (tmp_path / "dbc").mkdir()
        (tmp_path / "dbc" / "cryofill.dbc").write_text(
            text.replace('BA_ "RxHoldMs" BO_ 2365530529 300;', 'BA_ "RxHoldMs" BO_ 2365530529 400;'), encoding="utf-8"
        )
        drawn = protocol_timing.render(tmp_path)
        assert ">400 ms<" in drawn and ">300 ms<" not in drawn


def test_a_firmware_with_command_and_refusal_tables_shows_them(tmp_path: Path) -> None:
    for name in ("dbc/cryofill.dbc", "firmware/dispenser/state_table.py", "firmware/tank/state_table.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert "| REFUSED_" not in protocol.render(tmp_path)
    folder = tmp_path / "firmware"
    (folder / "dispenser" / "command_table.py").write_text(
        'COMMANDS = ("DYNA", "NONE")\nMEANING = (("FILL", "go", "hold"),)\n'
    )
    (folder / "tank" / "command_table.py").write_text('COMMANDS = (("FILL", "DYNA", "HALT"),)\n')
    (folder / "dispenser" / "refusal_table.py").write_text(
        'FIRST_CODE = 200\nREFUSALS = (("TYPE", "refused_type", "vessel | type"),)\n'
    )
    page = protocol.render(tmp_path)
    assert "| state | DYNA | NONE |\n|---|---|---|\n| FILL | go | hold |\n" in page
    assert "| tank_state | heard | not heard |\n|---|---|---|\n| FILL | DYNA | HALT |\n" in page
    assert "| 200 | REFUSED_TYPE | vessel \\| type |\n" in page


@pytest.mark.parametrize(("text", "shown"), [("a | b", "a \\| b"), ("two\n lines", "two lines")])
def test_a_cell_of_a_table_stays_one(text: str, shown: str) -> None:
    assert pages.cell(text) == shown
