"""What an image leaves out of what it is linked of, and what it may not."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from host_tools.image_link import link
from host_tools.image_trim import trim


def left(texts: Mapping[str, str]) -> str:
    """Return what is left of modules, with dots in its names."""
    tree = link(texts)
    trim(tree)
    return ast.unparse(tree)


def test_constants_become_numbers_and_what_changes_does_not() -> None:
    made = left({
        "core/limits.py": '"""Doc."""\nfrom micropython import const\nLOW = const(-3)\nHIGH = 0x10\nMOVES = 1\n'
                          "A, B = range(5, 7)\nC, D = const(1), const(2)\nMASK = HIGH * 2 | 1\nROWS = (4, 5, 6)\n\n"
                          "def move():\n    global MOVES\n    MOVES = 2\n",
        "main.py": "from core import limits as l\nfrom core.limits import HIGH, MOVES, move\n\n"
                   "def main(LOW):\n    move()\n    a = l.A, l.B, l.C, l.D, l.MASK, len(l.ROWS)\n"
                   "    return a + LOW + l.LOW - HIGH + MOVES + l.MOVES\n",
    })  # fmt: skip
    assert made.splitlines() == [
        "core.limits.MOVES = 1", "",
        "def core.limits.move():", "    global core.limits.MOVES", "    core.limits.MOVES = 2", "",
        "def main.main(LOW):", "    core.limits.move()", "    a = (5, 6, 1, 2, 33, 3)",
        "    return a + LOW + -3 - 16 + core.limits.MOVES + core.limits.MOVES",
    ]  # fmt: skip


def test_what_nothing_asks_for_goes() -> None:
    made = left({
        "core/tools.py": "import struct\nfrom os import stat\n\ndef used():\n    return stat\n\ndef unused():\n"
                         "    return helper(), struct\n\ndef helper():\n    return helper\n\nclass Idle:\n    pass\n",
        "core/start.py": "PORT = open_port()\nNAME = 'a'\nWORDS = (NAME, 'b')\nTEXT = NAME\n",
        "main.py": "from core import start, tools\n\n\ndef main():\n    return tools.used(), start.WORDS\n",
    })  # fmt: skip
    assert "core.tools.used" in made and "native:os.stat" in made
    for gone in ("unused", "helper", "Idle", "struct", "TEXT"):
        assert gone not in made
    assert "core.start.PORT = open_port()" in made, "what does something stays"


def test_methods_that_nobody_can_call_go() -> None:
    made = left({
        "tank/node.py": "class Tank:\n    LIMIT = 3\n    SPARE = 4\n\n"
                        "    def step(self):\n        return self.fill()\n\n"
                        "    def fill(self):\n        return self.LIMIT\n\n    def vent(self):\n        return 2\n\n"
                        "    def do_vent(self):\n        return 3\n\n    def by_name(self):\n        return 4\n\n"
                        "    def in_a_row(self):\n        return 5\n",
        "main.py": "from tank.node import Tank\n\n\ndef main():\n"
                   "    return Tank().step(), getattr(Tank, 'by_name'), b'[\"in_a_row\"]'\n",
    })  # fmt: skip
    for kept in ("step", "fill", "do_vent", "by_name", "in_a_row"):
        assert f"def {kept}(" in made
    assert "def vent" not in made and "SPARE" not in made and "LIMIT = 3" in made


@pytest.mark.parametrize("name", ["N", "FLAGS"])
def test_a_name_with_two_meanings_is_left_alone(name: str) -> None:
    made = left({
        "core/a.py": "N = 1\nFLAGS = [0]\n",
        "main.py": "from core.a import N, FLAGS\n\n\n"
                   f"def main():\n    {name} = 2\n    return {name}, [N for N in FLAGS]\n",
    })  # fmt: skip
    assert f"{name} = 2" in made and "[N for N in " in made
