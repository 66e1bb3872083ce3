"""Progress, ticket, picture and recorder on a rig that is only data."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest

from hil_tests.cli import fakes
from host_tools import picture, ticket
from host_tools.progress import Progress
from host_tools.record import Recorder, candump_line
from host_tools.sampling import Channel, HistoryObserver, channels, measured
from sim import exchange, scenario, tables, wire
from sim.events import STATE, TICKET, TRIP, why_words

RESULT = {
    "outcome": "complete", "reason": "target mass", "seed": 7, "vm": "micropython",
    "phases": {"PURGE": 30.0, "PRECOOL": 60.0, "FILL": 400.0, "WARM": 110.4},
    "delivered_kg": 45.01, "metered_kg": 45.0, "returned_kg": 1.5, "vented_kg": 0.2,
    "tank": {"start_kg": 40.0, "end_kg": 85.01, "target_kg": 85.0, "peak_bar": 5.2, "end_bar": 5.0, "relief_bar": 7.01},
    "peak_flow_kg_h": 450.0,
}  # fmt: skip


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class TestMeasured:
    """Counts to values, at the edges of the 4-20 mA range and of the NE43 bands."""

    CHANNEL = Channel("PT102", "dispenser", 1, 0.0, 25.0, "bar")

    @pytest.mark.parametrize(
        ("milliamps", "value"),
        [(4.0, 0.0), (20.0, 25.0), (12.0, 12.5), (3.61, -0.61), (20.99, 26.55)],
    )
    def test_value(self, milliamps: float, value: float) -> None:
        found = measured(self.CHANNEL, round(milliamps / 22.0 * 65535))
        assert found == pytest.approx(value, abs=0.005)

    @pytest.mark.parametrize("milliamps", [0.0, 3.59, 21.01, 22.0])
    def test_fault_bands_are_no_value(self, milliamps: float) -> None:
        assert measured(self.CHANNEL, round(milliamps / 22.0 * 65535)) is None

    def test_every_row_of_both_lists_is_a_channel(self) -> None:
        assert len(channels()) == sum(len(tables.io(node).AI) for node in tables.NODES)


class TestProgress:
    """Permanent lines for states and trips; a live line on a terminal only."""

    def run(self, out: io.StringIO) -> str:
        progress = Progress(out, 85.0)
        rig = fakes.rig()
        fill, drain = (fakes.state_index("dispenser", name) for name in ("FILL", "DRAIN"))
        progress.on_tick(rig)
        progress.on_event(fakes.event(STATE, 1000, to=fill))
        rig.t_ms = 1400
        progress.on_tick(rig)
        progress.on_event(fakes.event(STATE, 61000, source=fill, to=drain))
        progress.on_event(fakes.event(TRIP, 62000, id=0, value=1))
        rig.t_ms = 63000
        progress.close()
        return out.getvalue()

    def test_without_a_terminal_only_permanent_lines(self) -> None:
        lines = self.run(io.StringIO()).splitlines()
        assert len(lines) == 4
        assert "FILL" in lines[1]
        assert "60.0 s" in lines[1]
        assert tables.trips("dispenser").TRIPS[0][0] in lines[2]
        assert "DRAIN" in lines[3]
        assert not any("\x1b" in line or "\r" in line for line in lines)

    def test_on_a_terminal_the_live_line_is_redrawn(self) -> None:
        text = self.run(Terminal())
        assert "\r" in text
        assert "-> 85 kg" in text

    def test_events_of_the_tank_change_no_line(self) -> None:
        out = io.StringIO()
        progress = Progress(out, 85.0)
        progress.on_tick(fakes.rig())
        progress.on_event(fakes.event(STATE, 1000, node="tank", to=1))
        assert out.getvalue() == ""


class TestTicket:
    """The ticket shows what the dispenser reported, and says so when it reported nothing."""

    FIELDS = {"session": 17, "metered_g": 45000, "meter_g": 47000, "returned_g": 1500, "hose_loss_g": 500,
              "status": 0, "target_g": 85000, "stop_cause": 0}  # fmt: skip

    def log(self, fields: dict[str, int]) -> ticket.TicketLog:
        log = ticket.TicketLog()
        for number, value in enumerate(fields.values()):
            log.on_event(fakes.event(TICKET, id=number, value=value))
        log.on_event(fakes.event(TICKET, id=8))
        return log

    def test_fields_arrive_with_the_end_mark(self) -> None:
        assert self.log(self.FIELDS).last == self.FIELDS

    def test_an_unfinished_ticket_is_none(self) -> None:
        log = ticket.TicketLog()
        log.on_event(fakes.event(TICKET, id=1, value=3))
        assert log.last is None

    def test_billable(self) -> None:
        text = ticket.render(scenario.Scenario(), RESULT, self.FIELDS, "v")
        assert "45.00 kg  billable" in text
        assert "NOT BILLABLE" not in text
        assert why_words("dispenser", 0) in text

    @pytest.mark.parametrize("fields", [FIELDS | {"status": 1}, None])
    def test_not_billable(self, fields: dict[str, int] | None) -> None:
        assert "NOT BILLABLE" in ticket.render(scenario.Scenario(), RESULT, fields, "v")

    def test_assumed_values_are_marked(self) -> None:
        lines = ticket.render(scenario.Scenario(), RESULT, self.FIELDS, "v").splitlines()
        assert any("1.7 m3 *" in line for line in lines)
        assert any("relief 7.01 bar *" in line for line in lines)
        assert any("* assumed" in line for line in lines)

    def test_why_of_a_deadline_names_the_state(self) -> None:
        rows = len(tables.states("dispenser").TRANSITIONS)
        name = tables.states("dispenser").STATES[1][0]
        assert why_words("dispenser", rows + 1) == f"{name} took too long"


class TestPicture:
    """The picture has the promised size, with and without trips."""

    def test_size(self, tmp_path: Path) -> None:
        observer = HistoryObserver(picture.COLUMNS)
        rig = fakes.rig()
        for tenth in range(600):
            rig.t_ms = tenth * 100
            observer.on_tick(rig)
        observer.on_event(fakes.event(STATE, 10000, to=fakes.state_index("dispenser", "FILL")))
        observer.on_event(fakes.event(TRIP, 20000, id=0))
        observer.close(60.0)
        assert [span.state for span in observer.history.spans] == ["BOOT", "FILL"]
        path = tmp_path / "p.png"
        picture.draw(path, "title", observer.history, picture.Limits(7.01, 40.0, 85.0))
        head = path.read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", head[16:24]) == (1400, 1000)

    def test_every_public_state_has_a_colour(self) -> None:
        assert set(tables.states("dispenser").PUBLIC) <= set(picture.STATE_COLOURS)


class TestRecorder:
    """The trace files, byte for byte where the format is fixed."""

    def test_candump_line(self) -> None:
        assert candump_line(1_234_567, 0xCFF10D1, b"\x01\xab") == "(1.234567) link 0CFF10D1#01AB\n"

    def test_files(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path)
        rig = fakes.rig()
        rig.instruments.by_node["dispenser"][0] = 0
        for t_ms in (10, 100, 110, 200):
            rig.t_ms = t_ms
            recorder.on_tick(rig)
        recorder.on_frame(5_000, 0x10FF22A1, bytes(8))
        recorder.on_event(fakes.event(STATE, 30, to=1, value=0))
        recorder.on_exchange(20, "tank", True, b"\xa5packet")
        recorder.result({"seed": 1})
        recorder.close()

        assert (tmp_path / "link.log").read_text() == "(0.005000) link 10FF22A1#0000000000000000\n"
        first = json.loads((tmp_path / "events.jsonl").read_text())
        assert list(first) == ["t_ms", "node", "kind", "id", "from", "to", "value"]
        assert (first["kind"], first["from"], first["t_ms"]) == ("STATE", "BOOT", 30)
        header, *rows = [line.split(",") for line in (tmp_path / "signals.csv").read_text().splitlines()]
        assert header[:3] == ["t_s", "PT101", "PT101.true"]
        assert {"XV101.cmd", "XV101.true", "FCV102.cmd", "HT205.true", "ZS101"} <= set(header)
        assert header[-2:] == ["tank_kg.true", "FQ101.true"]
        assert len(set(header)) == len(header)
        assert [row[0] for row in rows] == ["0.1", "0.2"]
        assert all(len(row) == len(header) for row in rows)
        assert rows[0][1] == ""  # 0 mA: bad, so empty
        assert float(rows[0][header.index("PT102")]) == pytest.approx(12.5, abs=0.001)
        about = {node: exchange.about(wire.Layout(node)) for node in ("tank", "dispenser")}
        sent = struct.pack("<BI", 0, 20) + b"\xa5packet"
        assert (tmp_path / "tank.exchange").read_bytes() == about["tank"] + sent
        assert (tmp_path / "dispenser.exchange").read_bytes() == about["dispenser"]
        assert json.loads((tmp_path / "result.json").read_text()) == {"seed": 1}
