"""A reference machine built from the same tables follows a run, and names the step that is none of theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_tools import cli, sampling
from sim import sequence_model, tables
from sim.events import STATE
from sim.sequence_trace import Follower


def steps_of(*path: str, stays_ms: int = 1000) -> list[dict[str, object]]:
    """Return the raw events of a walk of the dispenser through `path`, each step by its first row."""
    model = sequence_model.build("dispenser")
    events, t_ms = [], 0
    for here, there in zip(path, path[1:], strict=False):
        t_ms += stays_ms
        row = next(row for row in model.states[here].rows if row.target == there)
        events.append({"t_ms": t_ms, "node": "dispenser", "kind": STATE, "id": 0, "from": model.names.index(here),
                       "to": model.names.index(there), "value": row.number})  # fmt: skip
    return events


def followed(events: list[dict[str, object]]) -> list[str]:
    follower = Follower()
    for event in events:
        follower.on_event(event)
    return follower.wrong


WALK = ("BOOT", "SELFTEST", "IDLE", "EARTH", "SEAT", "LOCK", "TALK", "PURGE_PRESS", "PURGE_VENT", "PURGE_PRESS")


def number_of(source: str, guard: str) -> int:
    rows = tables.states("dispenser").TRANSITIONS
    return next(i for i, row in enumerate(rows) if row[:2] == (source, guard))


class TestFollower:
    def test_a_walk_along_the_table_is_right(self) -> None:
        assert followed(steps_of(*WALK)) == []

    def test_a_forged_step_is_named(self) -> None:
        """From TALK straight into the cold test, by a row that leaves from COOL."""
        events = steps_of(*WALK)
        names = sequence_model.build("dispenser").names
        events[6] |= {"to": names.index("COLDTEST"), "value": number_of("COOL", "nozzle_cold")}
        row = number_of("COOL", "nozzle_cold")
        assert followed(events)[0] == (
            f"dispenser at 7.00 s: nozzle_cold -> COLDTEST (row {row}) does not lead out of TALK")  # fmt: skip

    def test_a_row_that_does_not_lead_where_the_event_says(self) -> None:
        events = steps_of(*WALK)
        events[6]["to"] = sequence_model.build("dispenser").names.index("FILL_FAST")
        assert "leads from TALK to PURGE_PRESS, the event says TALK to FILL_FAST" in followed(events)[0]

    def test_a_left_out_step_is_named(self) -> None:
        events = steps_of(*WALK)
        del events[4]
        assert "does not lead out of SEAT" in followed(events)[0]

    def test_an_unknown_row_is_a_fault(self) -> None:
        events = steps_of(*WALK)
        events[3]["value"] = 999
        assert followed(events)[0] == "dispenser at 4.00 s: row 999 is not in the table"

    def test_a_deadline_is_neither_early_nor_passed(self) -> None:
        model = sequence_model.build("dispenser")
        late = model.states["LOCK"].late
        assert late is not None
        events = steps_of(*WALK[:6])
        to = {"from": model.names.index("LOCK"), "to": model.names.index("UNLOCK"), "value": late.number}
        step = {**events[-1], **to}
        assert followed([*events, {**step, "t_ms": 15000}]) == []
        assert "left by its deadline of 10000 ms after 9990 ms" in followed([*events, {**step, "t_ms": 14990}])[0]
        assert "left after 10500 ms, its deadline is 10000 ms" in followed([*events, {**step, "t_ms": 15500}])[0]

    def test_a_restart_begins_anew(self) -> None:
        again = [{**event, "t_ms": 20000 + event["t_ms"]} for event in steps_of("BOOT", "SELFTEST", "IDLE")]  # type: ignore
        follower = Follower()
        for event in [*steps_of(*WALK), *again]:
            follower.on_event(event)
        assert follower.wrong == [] and follower.references["dispenser"].restarts == 1


class TestTraceFolder:
    def write(self, folder: Path, events: list[dict[str, object]]) -> None:
        """Write events.jsonl as the recorder does."""
        lines = []
        for raw in events:
            one = sampling.as_event(raw)
            lines.append({"t_ms": one.t_ms, "node": one.node, "kind": one.kind, "id": one.name, "from": one.source,
                          "to": one.target, "value": one.value})  # fmt: skip
        (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def test_a_right_trace(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.write(tmp_path, steps_of(*WALK))
        assert cli.main(["sequence", "check", "--trace", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{len(WALK) - 1} steps followed, 0 wrong\n"

    def test_a_forged_trace(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        events = steps_of(*WALK)
        events[2]["value"] = number_of("FILL_SLOW", "flow_settled")
        self.write(tmp_path, events)
        assert cli.main(["sequence", "check", "--trace", str(tmp_path)]) == 4
        assert "dispenser at 3.00 s: flow_settled -> FILL_FAST" in capsys.readouterr().out

    @pytest.mark.parametrize("text", ["no json\n", '{"kind": "STATE"}\n', "[]\n"])
    def test_what_is_no_trace_is_refused(self, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "events.jsonl").write_text(text)
        assert cli.main(["sequence", "check", "--trace", str(tmp_path)]) == 2
        assert "events.jsonl:1: not an event of a trace" in capsys.readouterr().err

    def test_a_folder_without_a_trace_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["sequence", "check", "--trace", str(tmp_path / "none")]) == 2
        assert "cannot be read" in capsys.readouterr().err
