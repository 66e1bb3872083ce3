"""Tables are read as literals: firmware code never runs on the host by loading one."""

import pytest

from sim import tables
from sim.tables import TableError, load_table


def test_the_repository_s_tables_load():
    assert tables.io("dispenser").NODE == "dispenser"
    assert tables.io("tank").AI[0][0] == "PT201A"
    assert tables.netlist().ELEMENTS
    assert tables.io("tank") is tables.io("tank")


def test_names_assigned_above_are_literals(tmp_path):
    path = tmp_path / "t.py"
    path.write_text('"""Doc."""\nA = -1\nROWS = (("x", A, [1.5], {"k": A}),)\nB = C = None\n')
    table = load_table(path)
    assert table.ROWS == (("x", -1, [1.5], {"k": -1}),)
    assert table.B is table.C is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import os\n", ":1: a table holds assignments of literals only"),
        ("A = 1\nB = open('x')\n", r":2: not a literal: open\('x'\)"),
        ("A = B\n", ":1: not a literal: B"),
        ("A = (\n", ":1: "),
        ("def f(): pass\n", ":1: a table holds"),
        ("A, B = 1, 2\n", ":1: a table holds"),
    ],
)
def test_anything_else_is_refused_with_file_and_line(tmp_path, text, message):
    path = tmp_path / "t.py"
    path.write_text(text)
    with pytest.raises(TableError, match=r"t\.py" + message):
        load_table(path)


def test_missing_table_is_named(tmp_path):
    with pytest.raises(TableError, match=r"none\.py: cannot read the table"):
        load_table(tmp_path / "none.py")
