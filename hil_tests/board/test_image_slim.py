"""What slimming an image may leave out, and what it may not."""

from __future__ import annotations

from host_tools.image_slim import slim


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
    assert made["tank/param_table.py"] == 'PARAMS = (("A", 0, 1, 2, "by_name", "B", None),)\npass\n'


def test_a_name_with_two_meanings_is_left_alone() -> None:
    source = "from core.a import N\n\n\ndef main():\n    N = 2\n    return N\n"
    assert slim({"core/a.py": "N = 1\n", "main.py": source})["main.py"] == source
