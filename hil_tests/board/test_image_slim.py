"""What slimming an image may leave out, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.image_slim import PACKED, slim
from sim import tables


def test_constants_of_other_modules_become_numbers_and_lines_stay() -> None:
    made = slim({
        "core/limits.py": '"""Doc."""\nfrom micropython import const\nLOW = const(-3)\nHIGH = 0x10\nMOVES = 1\n\n'
                          "def move():\n    global MOVES\n    MOVES = 2\n",
        "main.py": "from core import limits as l\nfrom core.limits import HIGH, MOVES, move\n\n"
                   "def main(LOW):\n    move()\n    return LOW + l.LOW - HIGH + MOVES + l.MOVES\n",
    })  # fmt: skip
    assert made["main.py"].splitlines()[1:] == [
        "from core.limits import MOVES, move", "", "def main(LOW):", "    move()",
        "    return LOW + (-3) - 16 + MOVES + l.MOVES",
    ]  # fmt: skip
    assert "HIGH" not in made["core/limits.py"] and "MOVES = 1" in made["core/limits.py"]
    assert made["core/limits.py"].count("\n") == 9


def test_what_nobody_names_goes_and_what_a_table_names_stays() -> None:
    made = slim({
        "core/tools.py": "def used():\n    return 1\n\n\ndef unused():\n    return helper()\n\n\ndef helper():\n"
                         "    return unused\n\n\ndef by_name():\n    return 2\n\n\nclass Idle:\n    pass\n",
        "tank/param_table.py": 'PARAMS = (("A", 0, 1, 2, "by_name", "B", "words"),)\nWORDS = {"A": "alpha"}\n',
        "main.py": "from core import tools\nfrom tank import param_table\n\n\ndef main():\n"
                   "    return tools.used(), getattr(tools, param_table.PARAMS[0][4])\n",
    })  # fmt: skip
    tools = made["core/tools.py"]
    assert "def used" in tools and "def by_name" in tools
    assert "class Idle" not in tools
    row = '["A",0,1,2,"by_name","B",null]'
    assert made["tank/param_table.py"] == f"from core.rows import Rows; PARAMS = Rows(b'{row}\\n')\npass\n"


def test_a_name_with_two_meanings_is_left_alone() -> None:
    source = "from core.a import N\n\n\ndef main():\n    N = 2\n    return N\n"
    assert slim({"core/a.py": "N = 1\n", "main.py": source})["main.py"] == source


def test_methods_that_nobody_calls_go() -> None:
    source = (
        "class Tank:\n    def step(self):\n        return self.fill()\n\n    def fill(self):\n        return 1\n\n"
        "    def vent(self):\n        return 2\n\n    def do_vent(self):\n        return 3\n"
    )
    main = "from tank.node import Tank\n\n\ndef main():\n    return Tank().step()\n"
    made = slim({"tank/node.py": source, "main.py": main})["tank/node.py"]
    assert all(f"def {name}(" in made for name in ("step", "fill", "do_vent"))
    assert "def vent" not in made and made.count("\n") == source.count("\n")


@pytest.mark.parametrize("node", tables.NODES)
def test_a_table_that_is_text_says_what_the_table_says(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, by index and by length; numbers that became arrays too."""
    monkeypatch.syspath_prepend(str(tables.FIRMWARE))
    compared = 0
    for path in [*(tables.FIRMWARE / node).glob("*_table.py"), tables.FIRMWARE / "generated" / "parahydrogen.py"]:
        text = path.read_text(encoding="utf-8").replace("from micropython import const", "const = int")
        names = PACKED.get(path.name, ())
        main = f"from {node} import {path.stem}\n" + "".join(f"print({path.stem}.{name})\n" for name in names or ("_",))
        packed = slim({f"{node}/{path.name}": text, "main.py": main})
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
            compared += 1
    assert compared >= 7


def _run(path: Path, text: str) -> dict[str, object]:
    copy: dict[str, object] = {"int": int}
    exec(compile(text, path.name, "exec"), copy)
    return copy
