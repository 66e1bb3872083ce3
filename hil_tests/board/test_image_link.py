"""The one module that an image's modules become: it does what they did, with few names, and a map says its lines."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli, image
from host_tools.image_link import link
from host_tools.image_map import without_brackets, write
from host_tools.image_names import native_names, rename, words
from sim import line_map, tables
from sim.line_map import LineMap

MODULES = {
    "core/table.py": """
from os import getcwd

ROWS = (1, 2, 3)
STEP = ROWS[0] + 1
""",
    "core/shapes.py": """
import struct
from array import array as numbers
from core.table import STEP

LIMIT = [10]


class Base:
    START = 5
    TWICE = START * 2

    def __init__(self, size):
        self._size = size
        self.area = numbers("H", [size])

    def grow(self, by=STEP):
        "Grows."
        before, self._size = self._size, self._size + by
        return before

    def get(self):
        return self._size

    def tally(self):
        return tally()


class Circle(Base):
    def area_of(self, key):
        found = [LIMIT[0] + size for size in self.area]
        return found + [self.TWICE, struct.calcsize("H"), key(self)]

    @staticmethod
    def _rows(table):
        return [row for row in table.ROWS]


def tally():
    global total
    total = total + 1
    return total


total = 0
""",
    "core/other.py": """
class Other:
    def __init__(self, weight):
        self.weight = weight
        self._kept = weight + 1

    def asked(self):
        return self._kept
""",
    "main.py": """
import sys
from core import shapes, table
from core.other import Other


def main():
    from core.shapes import Circle

    ticks_ms = sys.maxsize > 0
    circle = Circle(4)
    circle.grow()
    circle.grow(by=10)
    other = Other(8)
    other.late = getattr(other, "asked")()
    other.later = other.late + 1
    getcwd = table.getcwd() != ""
    return [
        circle.area_of(lambda one: one.get()), circle._rows(table), circle.START,
        shapes.tally(), circle.tally(), shapes.LIMIT, other.weight, other.late, other.later, ticks_ms, getcwd,
        shapes.STEP,
    ]


def fail(circle=None):
    return 1 // 0
""",
}  # fmt: skip


def made(texts: Mapping[str, str]) -> tuple[str, LineMap]:
    """Return the one module's source, and its map."""
    tree = link(texts)
    rename(tree)
    return write(tree)


def run(text: str, name: str) -> Any:
    """Return what a function of the one module returns."""
    found: dict[str, Any] = {"__name__": "main"}
    exec(compile(text, "main.py", "exec"), found)
    return found[name]()


def test_one_module_does_what_the_modules_did(tmp_path: Path) -> None:
    for path, text in MODULES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    asked = [sys.executable, "-c", "import main; print(main.main())"]
    due = ast.literal_eval(subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    assert due == [[14, 10, 2, 16], [1, 2, 3], 5, 1, 2, [10], 8, 9, 10, True, True, 2]
    assert run(made(MODULES)[0], "main") == due


def test_names_are_few_and_those_that_are_said_stay() -> None:
    text, _ = made(MODULES)
    left = set(words(ast.parse(text)))
    assert {"asked", "get", "main", "by", "maxsize", "calcsize"} <= left  # said, MicroPython's, called from outside
    assert not {"_size", "weight", "grow", "Circle", "Base", "tally", "LIMIT", "STEP"} & left
    own = {}
    for cls in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)):
        for method in (one.name for one in cls.body if isinstance(one, ast.FunctionDef)):
            own[method] = {one.attr for one in ast.walk(cls) if isinstance(one, ast.Attribute)}
    assert own["get"] & own["asked"], "classes that have nothing to do with each other share names"


def test_nothing_of_micropythons_is_renamed() -> None:
    assert {"append", "find", "read_u16", "duty_u16", "set_filters", "calcsize", "FLAG_EXT_ID"} <= native_names()
    for node in ("dispenser", "tank"):
        texts, _, _ = image.linked(image.sources(node, "teensy41", "r"))
        asked = {word for word in words(ast.parse(texts["main.py"])) if len(word) > 3}
        board = {path.read_text() for path in (tables.FIRMWARE / "board").glob("*.py")}
        native = set(re.findall(r"\.(\w{4,})\(", "".join(board))) & native_names()
        assert len(native) > 10 and native & asked


def test_what_reaches_no_heap_before_reaches_none_after() -> None:
    text, _ = made({"main.py": "def main(a, b):\n    a, b = b, a\n    return (a, b)\n"})
    assert "c, d = d, c" in text  # with brackets on the right MicroPython makes a tuple, and a tick may not


def test_every_python_writes_the_same_image() -> None:
    """Python 3.10 puts brackets about what is assigned to, later ones do not."""
    older = "(a, b) = (c, d)\nfor (i, (a, b)) in x:\n    y = [q for (q, r) in x]\nreturn (a, b)\n"
    assert without_brackets(older) == "a, b = c, d\nfor i, (a, b) in x:\n    y = [q for q, r in x]\nreturn (a, b)\n"


def test_a_traceback_names_the_lines_of_the_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, lines = made({**MODULES, "main.py": MODULES["main.py"].replace("def fail", "def build")})
    at = text.splitlines().index("    return 1 // 0") + 1
    (tmp_path / "map.json").write_text(lines.to_json())
    printed = tmp_path / "printed.txt"
    printed.write_text(f'Traceback (most recent call last):\n  File "main", line {at}, in X\nZeroDivisionError:\n')
    assert cli.main(["traceback", str(tmp_path), str(printed)]) == 0
    due = MODULES["main.py"].splitlines().index("    return 1 // 0") + 1
    assert capsys.readouterr().out.splitlines()[1] == f'  File "main.py", line {due}, in build'
    shapes = next(i for i, line in enumerate(text.splitlines(), 1) if "calcsize" in line)
    assert 'File "core/shapes.py", line 32, in Circle.area_of' in lines.explain(f'File "main", line {shapes}, in Q')
    assert lines.explain('File "main", line 9999, in Q') == 'File "main", line 9999, in Q'


def test_the_command_refuses_what_is_no_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["traceback", str(tmp_path)]) == 2
    assert "map.json: no such file; name one image" in capsys.readouterr().err
    (tmp_path / "map.json").write_text("[]")
    assert cli.main(["traceback", str(tmp_path)]) == 2
    assert "map.json: not a map" in capsys.readouterr().err
    (tmp_path / "map.json").write_text('{"paths": [], "lines": [], "functions": []}')
    assert cli.main(["traceback", str(tmp_path), str(tmp_path / "none")]) == 2
    assert "none: No such file" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("no traceback\n"))
    assert cli.main(["traceback", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no traceback\n"


def test_a_virtual_board_that_fails_says_lines_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(LineMap(("a.py", "b.py"), ((0, 7), (1, 9)), ((2, "C.f"),)).to_json())
    said = 'File "main", line 2, in Aa\nFile "/rom/main.mpy", line 1, in <module>\n'
    due = 'File "b.py", line 9, in C.f\nFile "a.py", line 7, in <module>\n'
    assert line_map.explain(tmp_path / "image.romfs", said) == due
    assert line_map.explain(tmp_path / "mpy" / "main.mpy", said) == due
    assert line_map.explain(tmp_path / "mpy" / "elsewhere" / "main.mpy", said) == said
