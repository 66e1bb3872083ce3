"""The real tables hold every property, and each property fails, readably, on a table that is wrong in its way."""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from host_tools import sequence_command
from sim import scenario, sequence_check, sequence_explore, sequence_model, sequence_scenario, tables

PROPERTIES = [name for name, _, _ in sequence_check.PROPERTIES]
Rows = tuple[tuple[Any, ...], ...]


def changed(node: str, transitions: Callable[[Rows], Rows] | None = None, states: Callable[[Rows], Rows] | None = None,
            **other: Any) -> sequence_model.Model:  # fmt: skip
    """Return the model of a node's table with its rows passed through a function."""
    parts = dict(vars(tables.states(node)))
    if transitions:
        parts["TRANSITIONS"] = transitions(parts["TRANSITIONS"])
    if states:
        parts["STATES"] = states(parts["STATES"])
    return sequence_model.build(node, SimpleNamespace(**{**parts, **other}))


def without(*cut: tuple[str, str, str]) -> Callable[[Rows], Rows]:
    """Return a change that takes rows (FROM, GUARD, TO) out; each must be there."""

    def change(rows: Rows) -> Rows:
        kept = tuple(row for row in rows if row[:3] not in cut)
        assert len(kept) == len(rows) - len(cut)
        return kept

    return change


def added(*rows: tuple[str, str, str, str], first: bool = False) -> Callable[[Rows], Rows]:
    return lambda old: (*rows, *old) if first else (*old, *rows)


def state_changed(name: str, column: int, value: object) -> Callable[[Rows], Rows]:
    """Return a change of one column of one state."""
    return lambda rows: tuple((*r[:column], value, *r[column + 1 :]) if r[0] == name else r for r in rows)


def output_at(name: str, tag: str, position: str) -> Callable[[Rows], Rows]:
    """Return a change of one output's position in one state."""

    def change(rows: Rows) -> Rows:
        place = tables.states("dispenser").OUTPUTS.index(tag)
        row = next(row for row in rows if row[0] == name)
        cells = row[2].split()
        assert cells[place] != position
        cells[place] = position
        return state_changed(name, 2, "   ".join(cells))(rows)

    return change


@dataclass(frozen=True)
class Broken:
    """A wrong table: which property must fail, and what its counterexample says."""

    build: Callable[[], sequence_model.Model]
    fails: str
    says: str
    way: str = ""  # a line that the table of the way must hold


# fmt: off
BROKEN = {
    "shortcut to the fill": Broken(
        lambda: changed("dispenser", added(("IDLE", "start_pressed", "FILL_OPEN", "in a hurry"), first=True)),
        "liquid", "FILL_OPEN (XV101 FCV102 XV103 may open) is reached without purged",
        "IDLE      start_pressed  FILL_OPEN"),
    "no second helium": Broken(
        lambda: changed("dispenser", lambda rows: tuple(
            (*r[:2], "COOL_OPEN", r[3]) if r[:2] == ("PURGE_VENT", "purged") else r for r in rows)),
        "liquid", "COOL (XV101 FCV102 XV103 may open) is reached without helium_last"),
    "resumes without looking for trips": Broken(
        lambda: changed("dispenser", added(("SAFE_STOP", "stop_vented", "FILL_SLOW", "go on"), first=True)),
        "liquid", "FILL_SLOW (XV101 FCV102 XV103 may open) is reached without"),
    "no trip ends the fill": Broken(
        lambda: changed("dispenser", GROUPS={**tables.states("dispenser").GROUPS, "GASSED": ("PURGE", "LEAKTEST")}),
        "losing", "a trip with reaction stop"),
    "no esd in the fill": Broken(
        lambda: changed("dispenser", GROUPS={**tables.states("dispenser").GROUPS, "ALIVE": ("IDLE", "CONNECT")}),
        "losing", "seated is lost and"),
    "hold leads back": Broken(
        lambda: changed("dispenser", lambda rows: tuple(
            (*r[:2], "COOL", r[3]) if r[1] == "hold_tripped" else r for r in rows)),
        "losing", "link is lost and hold_tripped leads on to COOL"),
    "a row asked before the trips": Broken(
        lambda: changed("dispenser", added(("FILL_FAST", "nearly_full", "FILL_TOP", "first things first"), first=True)),
        "order", "FILL_FAST asks nearly_full before esd_tripped"),
    "no deadline in precool": Broken(
        lambda: changed("dispenser", states=lambda rows: state_changed("COOL", 4, "")(
            state_changed("COOL", 3, 0)(rows))),
        "deadlines", "COOL has no deadline and is not a state that waits"),
    "a deadline without a goal": Broken(
        lambda: changed("tank", states=state_changed("PURGE", 4, "")),
        "deadlines", "PURGE: a deadline and where it leads go together"),
    "vent shut in a stop": Broken(
        lambda: changed("dispenser", states=output_at("SAFE_STOP", "XV105", "-")),
        "outputs", "SAFE_STOP holds XV105 at -, must be O: both hoses are open to the stack"),
    "helium and supply swapped": Broken(
        lambda: changed("dispenser", states=lambda rows: output_at("LEAK_PRESS", "XV106", "-")(
            output_at("LEAK_PRESS", "XV101", "C")(rows))),
        "outputs", "LEAK_PRESS holds XV106 at -, must be C: helium goes into both bores"),
    "an output forgotten": Broken(
        lambda: changed("tank", states=state_changed("COOL", 2, "-   -   -   -   -   O   -   -   O   -")),
        "outputs", "COOL gives 10 of 11 outputs a position"),
    "a lock that opens cold": Broken(
        lambda: changed("dispenser", states=output_at("ESD", "LK108", "O")),
        "outputs", "ESD holds LK108 at O, must be -"),
    "no way to the cold test": Broken(
        lambda: changed("dispenser", without(("COOL", "nozzle_cold", "COLDTEST"))),
        "alive", "COLDTEST is never reached from BOOT"),
    "a row behind its own condition": Broken(
        lambda: changed("dispenser", lambda rows: tuple(sorted(rows, key=lambda r: r[1] == "target_reached"))),
        "alive", "FILL_FAST: target_reached -> DRAIN_SHUT (target mass) can never be taken there"),
    "a stopped dispenser that nobody can reset": Broken(
        lambda: changed("dispenser", without(("COMPLETE", "trip_reset", "SELFTEST"))),
        "alive", "COMPLETE with a stop trip latched is a dead end"),
    "a stopped truck that nobody can reset": Broken(
        lambda: changed("tank", without(("PARK", "trip_reset", "SELFTEST"))),
        "alive", "with a stop trip latched coupled is never possible again without a restart"),
    "a stop that connect never sees": Broken(
        lambda: changed("dispenser", added(("CONNECT", "stop_tripped", "UNLOCK", "a trip"), first=True)),
        "alive", "EARTH: stop_tripped -> UNLOCK (a trip) can never be taken there"),
    "warm for ever": Broken(
        lambda: changed("dispenser", lambda rows: tuple(
            (*r[:2], "WARM_FLOW", r[3]) if r[:2] == ("RISE_HOLD", "rise_seen") else r for r in rows)),
        "rests", "WARM_FLOW -> RISE_VENT -> RISE_HOLD -> WARM_FLOW: guards may go round for ever"),
    "drain and fill again": Broken(
        lambda: changed("tank", added(("FILLING", "station_cools", "COOL", "cool again"))),
        "rests", "guards may go round for ever without reaching a safe state"),
    "a step to nowhere": Broken(
        lambda: changed("tank", added(("PARK", "coupled", "REFUEL", "typing error"))),
        "sound", "row PARK coupled REFUEL: no state is called REFUEL"),
    "a step from nowhere": Broken(
        lambda: changed("tank", added(("PARKED", "coupled", "READY", "typing error"))),
        "sound", "row PARKED coupled READY: no state is called PARKED"),
}
# fmt: on


@pytest.mark.parametrize("node", tables.NODES)
def test_the_real_table_holds_every_property(node: str) -> None:
    verdicts = sequence_check.check(sequence_model.build(node))
    assert [verdict.name for verdict in verdicts] == PROPERTIES
    assert [one.words for verdict in verdicts for one in verdict.wrong] == []


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_wrong_table_fails_with_a_way_there(case: Broken) -> None:
    model = case.build()
    failing = {verdict.name: verdict for verdict in sequence_check.check(model) if verdict.wrong}
    assert case.fails in failing, sorted(failing)
    found = [one for one in failing[case.fails].wrong if case.says in one.words]
    assert found, [one.words for one in failing[case.fails].wrong]
    text = sequence_scenario.text(model, failing[case.fails], found[0])
    assert case.way in text
    assert scenario.parse(text, "counterexample.toml").name.startswith("counterexample to")
    for situation, step in found[0].way:
        assert step.row is None or step.row in model.states[situation.state].exits


def test_every_property_is_seen_to_fail() -> None:
    assert {case.fails for case in BROKEN.values()} | {"gated"} == set(PROPERTIES)


def test_a_gate_with_a_hole_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sequence_check._interlocks("dispenser")
    rows = tuple(
        (row[0], row[1].replace("earthed ", "") if row[0] == "XV103" else row[1], *row[2:]) for row in real.INTERLOCKS
    )
    monkeypatch.setattr(sequence_check, "_interlocks", lambda node: SimpleNamespace(INTERLOCKS=rows))
    gated = sequence_check.check(sequence_model.build("dispenser"))[PROPERTIES.index("gated")]
    assert [one.words for one in gated.wrong] == ["the gate lets XV103 open without earthed"]


def test_a_trip_row_taken_away_is_found() -> None:
    """No row watches the earth: losing it in a fill leads nowhere."""
    real = tables.trips("dispenser")
    rows = tuple(row for row in real.TRIPS if row[1] not in ("ES103", "GT101"))
    model = sequence_model.build("dispenser")
    explorer = sequence_explore.Explorer(model, trip_table=SimpleNamespace(TRIPS=rows, WHERE=real.WHERE))
    verdicts = {verdict.name: verdict for verdict in sequence_check.check(model, explorer)}
    words = [one.words for one in verdicts["losing"].wrong]
    assert any(one.startswith("FILL_FAST: earthed is lost and") and "no trip row watches it" in one for one in words)
    wrong = next(one for one in verdicts["losing"].wrong if one.words.startswith("FILL_FAST"))
    parsed = scenario.parse(sequence_scenario.text(model, verdicts["losing"], wrong))
    assert [(fault.target, fault.kind, fault.state) for fault in parsed.faults][-1] == ("world", "earth_lost", "FILL")
    assert verdicts["liquid"].wrong


def test_the_command_prints_what_fails(capsys: pytest.CaptureFixture[str]) -> None:
    model = BROKEN["shortcut to the fill"].build()
    assert not sequence_command.show(model)
    told = capsys.readouterr().out
    assert "FAILS  dispenser  liquid " in told and "holds  dispenser  gated " in told
    assert "# FILL_OPEN (XV101 FCV102 XV103 may open) is reached without purged." in told


@pytest.mark.parametrize("node", tables.NODES)
class TestAgainstTheFirmware:
    """What the check takes for granted is what the firmware's code does."""

    def source(self, node: str) -> dict[str, ast.FunctionDef]:
        found: dict[str, ast.FunctionDef] = {}
        for name in ("handshake", "conditions", "sequence"):  # the dispenser's are one class upon the other
            path = tables.FIRMWARE / node / f"{name}.py"
            for one in ast.parse(path.read_text()).body if path.exists() else ():
                if isinstance(one, ast.ClassDef):
                    found |= {method.name: method for method in one.body if isinstance(method, ast.FunctionDef)}
        return found

    def test_the_interpreter_takes_the_same_step_for_every_valuation(
        self, node: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "core", SimpleNamespace(report=SimpleNamespace(STATE=1)))
        rows = ModuleType("core.rows")
        exec((tables.FIRMWARE / "core" / "rows.py").read_text(), rows.__dict__)
        monkeypatch.setitem(sys.modules, "core.rows", rows)
        states = ModuleType("states")
        exec((tables.FIRMWARE / "core" / "states.py").read_text(), states.__dict__)
        model = sequence_model.build(node)
        true: set[str] = set()
        owner = type("Owner", (), {
            row[1]: lambda self, guard=row[1]: guard in true for row in model.table.TRANSITIONS})()  # fmt: skip
        machine = states.Machine(model.table, owner, SimpleNamespace(put=lambda *event: None))
        asked = 0
        for number, state in enumerate(model.states.values()):
            for answers in itertools.product((False, True), repeat=len(state.guards)):
                for is_late in (False, True):
                    true.clear()
                    true.update(itertools.compress(state.guards, answers))
                    machine.state, machine.state_ms = number, max(0, state.deadline_ms - (10 if is_late else 20))
                    stepped = machine.step(10, True)
                    row = model.step(state.name, true, is_late and state.late is not None)
                    assert stepped == (row is not None)
                    if row is not None:
                        assert (model.names[machine.state], machine.why) == (row.target, row.number)
                    asked += 1
        assert asked == 2 * sum(2 ** len(state.guards) for state in model.states.values())

    def test_memory_is_set_and_cleared_where_the_code_does(self, node: str) -> None:
        written: dict[str, tuple[set[str], set[str]]] = {}
        for name, function in self.source(node).items():
            if not name.startswith("enter_"):
                continue
            for one in ast.walk(function):
                value = one.value if isinstance(one, ast.Assign) else None
                if isinstance(one, ast.Assign) and isinstance(value, ast.Constant) and type(value.value) is bool:
                    for target in one.targets:
                        flag = target.attr if isinstance(target, ast.Attribute) else ""
                        written.setdefault(flag, (set(), set()))[not value.value].add(name[6:].upper())
        told = sequence_explore.facts_of(node)["MEMORY"]
        assert {flag: (set(on), set(off)) for flag, on, off in told} == {
            flag: written[flag] for flag in ("is_purged", "is_leak_tight", "no_liquid") if flag in written
        }

    def test_resets_are_the_guards_that_reset(self, node: str) -> None:
        source = self.source(node)
        calls = {
            name for name, function in source.items()
            if any(isinstance(one, ast.Attribute) and one.attr == "reset" for one in ast.walk(function))
        }  # fmt: skip
        assert calls == {one for one in sequence_explore.facts_of(node)["RESETS"] if one in source}

    def test_what_bounds_a_loop_is_asked_by_its_guard(self, node: str) -> None:
        source = self.source(node)
        whole = {name: ast.unparse(function) for name, function in source.items()}
        for _, guard, _, parameter, _ in sequence_explore.facts_of(node)["LOOPS"]:
            if parameter:
                asked = whole[guard] + (whole["_may_resume"] if "_may_resume" in whole[guard] else "")
                assert f"get(p.{parameter.upper()})" in asked, guard

    def test_every_guard_and_fact_that_is_named_exists(self, node: str) -> None:
        facts, source = sequence_explore.facts_of(node), self.source(node)
        signals = {row[1] for row in tables.trips(node).TRIPS}
        assert {one for group in facts["WORLD"].values() for one in group} <= signals
        assert {*facts["NEEDS"], *facts["FORCED"], *facts["RESETS"], *itertools.chain(*facts["IMPLIES"])} <= set(source)
        known = {*facts["WORLD"], "latched", "hold", *(flag for flag, _, _ in facts["MEMORY"])}
        assert {need.lstrip("!") for needs in facts["NEEDS"].values() for need in needs.split()} <= known


def test_a_target_that_is_reached_is_nearly_full() -> None:
    """IMPLIES: remaining <= 0 is also <= top_g, which no setting makes negative."""
    rows = tables.load_table(tables.FIRMWARE / "dispenser" / "param_table.py").PARAMS
    assert next(row[2] for row in rows if row[0] == "top_g") >= 0
