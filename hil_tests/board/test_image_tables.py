"""The tables of an image say what those of the tree say."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from host_tools.image_tables import PACKED, pack
from sim import tables


def test_columns_that_only_people_read_go_and_lines_stay() -> None:
    table = 'PARAMS = (\n    ("A", 0, 1, 2, "mbar", "B", "words"),\n)\nWORDS = {"A": "alpha"}\n'
    row = '["A",0,1,2,"mbar","B",null]'
    assert pack({"tank/param_table.py": table, "core/table.py": table}) == {
        "tank/param_table.py": (
            f"from core.rows import Rows; PARAMS = Rows(b'{row}\\n')\n\n\nWORDS = {{\"A\": \"alpha\"}}\n"
        ),
        "core/table.py": table,
    }


@pytest.mark.parametrize("node", tables.NODES)
def test_a_table_that_is_text_says_what_the_table_says(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, by index and by length; numbers that became arrays too."""
    monkeypatch.syspath_prepend(str(tables.FIRMWARE))
    rows = importlib.import_module("core.rows")
    compared = 0
    for path in [*(tables.FIRMWARE / node).glob("*_table.py"), tables.FIRMWARE / "generated" / "parahydrogen.py"]:
        text = path.read_text(encoding="utf-8").replace("from micropython import const", "const = int")
        names = PACKED.get(path.name, ())
        packed = pack({f"{node}/{path.name}": text})
        there = vars(tables.load_table(path)) if path.name.endswith("_table.py") else _run(path, text)
        here = _run(path, packed[f"{node}/{path.name}"])
        for name in set(names) & there.keys():
            table, due = here[name], there[name]
            if isinstance(due, dict):
                assert {key: tuple(table.get(key)) for key in due} == due
                assert table.get("nothing", 1) == 1
            elif name.startswith(("TSAT", "RHO")):
                assert tuple(table) == due
            else:
                kept = [tuple(None if old is None else new for old, new in zip(row, one, strict=True))
                        for row, one in zip(table, due, strict=True)]  # fmt: skip
                assert [tuple(row) for row in table] == kept and len(table) == len(due)
                assert [table[i] for i in range(len(due))] == list(table)
                keys = [row[0] for row in due]
                for key in {*keys, "none", ""}:
                    place = keys.index(key) if key in keys else -1
                    assert rows.place(table, key) == rows.place(due, key) == place, key
            compared += 1
    assert compared >= 7


def _run(path: Path, text: str) -> dict[str, object]:
    copy: dict[str, object] = {"int": int}
    exec(compile(text, path.name, "exec"), copy)
    return copy
