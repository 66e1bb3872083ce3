"""The literal tables of both nodes agree with each other and with the code that interprets them."""

import ast
import re
from pathlib import Path

import pytest

from sim import events, tables

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
NODES = ("dispenser", "tank")


def table(node, name):
    return tables.load_table(FIRMWARE / node / f"{name}.py")


def methods(node, module, cls):
    """Return the methods of a class and of its base, which lives in the module of its own name."""
    tree = ast.parse((FIRMWARE / node / f"{module}.py").read_text())
    found = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == cls)
    inherited = [methods(node, base.id.lower(), base.id) for base in found.bases]
    return {n.name for n in found.body if isinstance(n, ast.FunctionDef)}.union(*inherited)


def computed_signals(node):
    tree = ast.parse((FIRMWARE / node / "signals.py").read_text())
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "NAMES":
            return set(ast.literal_eval(statement.value).split())
    raise AssertionError("signals.py has no NAMES")


@pytest.mark.parametrize("node", NODES)
class TestStateTable:
    def test_states_are_unique_and_public(self, node):
        t = table(node, "state_table")
        names = [row[0] for row in t.STATES]
        assert len(names) == len(set(names))
        assert {row[1] for row in t.STATES} == set(t.PUBLIC)

    def test_no_state_has_the_public_name_of_several(self, node):
        """Else a step FROM that name would leave from all of them, also from where it leads to."""
        t = table(node, "state_table")
        publics = [row[1] for row in t.STATES]
        for name, public, *_ in t.STATES:
            assert name not in t.PUBLIC or (name == public and publics.count(name) == 1), name

    def test_every_state_gives_every_output_a_position(self, node):
        t = table(node, "state_table")
        for row in t.STATES:
            cells = row[2].split()
            assert len(cells) == len(t.OUTPUTS), row[0]
            assert set(cells) <= set("-OC"), row[0]

    def test_outputs_are_those_of_the_io_list(self, node):
        t, io = table(node, "state_table"), tables.io(node)
        assert set(t.OUTPUTS) == {row[0] for row in io.DO + io.AO}

    def test_every_deadline_has_somewhere_to_go(self, node):
        t = table(node, "state_table")
        names = [row[0] for row in t.STATES]
        for name, _, _, deadline_ms, late, what in t.STATES:
            assert (deadline_ms > 0) == bool(late), name
            assert not late or late in names, name
            assert what, name

    def test_steps_join_known_states_by_known_guards(self, node):
        t = table(node, "state_table")
        names = {row[0] for row in t.STATES}
        sources = names | set(t.PUBLIC) | set(t.GROUPS)
        guards = methods(node, "sequence", "Sequence")
        for source, guard, target, why in t.TRANSITIONS:
            assert source in sources, source
            assert target in names, target
            assert guard in guards, f"{guard} is no method of {node}.sequence.Sequence"
            assert why

    def test_groups_name_known_states(self, node):
        t = table(node, "state_table")
        known = {row[0] for row in t.STATES} | set(t.PUBLIC)
        for group, members in t.GROUPS.items():
            assert set(members) <= known, group

    def test_no_enter_method_is_orphaned(self, node):
        t = table(node, "state_table")
        entered = {m[6:] for m in methods(node, "sequence", "Sequence") if m.startswith("enter_")}
        assert entered <= {row[0].lower() for row in t.STATES}


@pytest.mark.parametrize("node", NODES)
class TestTripTable:
    def test_rows_are_well_formed(self, node):
        t = table(node, "trip_table")
        ids = [row[0] for row in t.TRIPS]
        assert len(ids) == len(set(ids))
        for row in t.TRIPS:
            ident, _, compare, _, debounce_ms, reaction, deadline_ms, where, on_bad, hazard, source = row
            assert compare in ("above", "below", "open", "closed"), ident
            assert reaction in ("warn", "hold", "stop", "esd"), ident
            assert where in t.WHERE, ident
            assert on_bad in ("trip", "skip"), ident
            assert debounce_ms <= deadline_ms, f"{ident}: debounced past its deadline"
            assert 1 <= hazard <= 41 and source, ident

    def test_fast_rows_can_meet_their_deadline(self, node):
        """A row with a 20 ms deadline has no debounce: one tick to see it, one to act."""
        for row in table(node, "trip_table").TRIPS:
            if row[6] <= 20:
                assert row[4] == 0, row[0]

    def test_signals_exist(self, node):
        io = tables.io(node)
        known = {row[0] for row in io.AI + io.DI} | computed_signals(node)
        for row in table(node, "trip_table").TRIPS:
            assert row[1] in known, row[0]

    def test_groups_are_public_states(self, node):
        publics = set(table(node, "state_table").PUBLIC)
        for group, members in table(node, "trip_table").WHERE.items():
            assert set(members) <= publics, group

    def test_every_row_stands_in_the_hazard_page(self, node):
        page = (ROOT / "docs" / "hazards.md").read_text()
        rows = {int(m.group(1)): m.group(0) for m in re.finditer(r"^\| (\d+) \|.*$", page, re.M)}
        assert sorted(rows) == list(range(1, 42))
        for row in table(node, "trip_table").TRIPS:
            assert re.search(rf"\b{row[0]}\b", rows[row[9]]), f"{row[0]} is not named in hazard {row[9]}"


@pytest.mark.parametrize("node", NODES)
class TestInterlockTable:
    def test_rows_name_known_outputs_and_permissives(self, node):
        t, io = table(node, "interlock_table"), tables.io(node)
        outputs = {row[0] for row in io.DO + io.AO}
        for tag, needs, or_needs, why in t.INTERLOCKS:
            assert tag in outputs and why
            assert set(needs.split()) <= set(t.PERMISSIVES)
            assert set(or_needs.split()) <= set(t.PERMISSIVES)


@pytest.mark.parametrize("node", NODES)
class TestIoList:
    def test_tags_are_unique(self, node):
        io = tables.io(node)
        tags = [row[0] for row in io.AI + io.DI + io.DO + io.AO + io.CI]
        assert len(tags) == len(set(tags))

    def test_no_pin_twice(self, node):
        io = tables.io(node)
        pins = [row[1] for row in io.AI + io.DO + io.AO + io.CI] + [row[2] for row in io.DI if row[1] == "pin"]
        assert len(pins) == len(set(pins))

    def test_expander_bits_fit(self, node):
        io = tables.io(node)
        bits = [row[2] for row in io.DI if row[1] == "spi"]
        assert len(bits) == len(set(bits)) and max(bits) < 8 * io.SPI_DI_BYTES

    def test_scaling_fits_31_bits(self, node):
        """counts * mul of core.analog stays below 2**30 for every row."""
        for row in tables.io(node).AI:
            span = row[3] - row[2]
            shift = 0
            while ((span << (shift + 1)) + 23831) // 47662 <= 21000 and shift < 14:
                shift += 1
            mul = ((span << shift) + 23831) // 47662
            assert (62556 - 11915) * mul < 2**30, row[0]


def test_hosts_number_the_events_as_the_boards_do():
    tree = ast.parse((FIRMWARE / "core" / "report.py").read_text())
    kinds = next(n for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple))
    first, end = (ast.literal_eval(bound) for bound in kinds.value.args)
    said = dict(zip(range(first, end), (name.id for name in kinds.targets[0].elts), strict=True))
    assert said == {number: word for number, word in events.KINDS.items() if number < events.LINK_FAULT}
    assert {number: getattr(events, word) for number, word in events.KINDS.items()} == {n: n for n in events.KINDS}


def test_netlist_names_every_valve():
    elements = {row[0] for row in tables.netlist().ELEMENTS}
    for node in NODES:
        for row in tables.io(node).DO:
            if row[0].startswith("XV"):
                assert row[0] in elements


def test_netlist_joins_known_nodes():
    netlist = tables.netlist()
    nodes = {row[0] for row in netlist.NODES}
    for tag, source, target, *_ in netlist.ELEMENTS:
        assert {source, target} <= nodes, tag


def test_sequence_has_no_liquid_without_the_purge_and_leak_states():
    """Every path from IDLE to a state with XV101 open passes the purge and both leak tests (by the table alone)."""
    t = table("dispenser", "state_table")
    groups = t.GROUPS
    step = {}
    for source, _, target, _ in t.TRANSITIONS:
        for row in t.STATES:
            if row[0] in groups.get(source, (source,)) or row[1] in groups.get(source, (source,)):
                step.setdefault(row[0], set()).add(target)
    for row in t.STATES:
        if row[4]:
            step.setdefault(row[0], set()).add(row[4])
    liquid = {row[0] for row in t.STATES if row[2].split()[0] == "O"}
    for barrier in ("PURGE_VENT", "LEAK_HOLD", "COOL_OPEN"):
        reached, todo = set(), ["IDLE"]
        while todo:
            state = todo.pop()
            if state in reached or state == barrier:
                continue
            reached.add(state)
            todo += step.get(state, ())
        assert not reached & liquid, f"liquid without {barrier}: {sorted(reached & liquid)}"
