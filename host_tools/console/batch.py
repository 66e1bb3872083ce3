"""`cryofill console --batch`: commands from a file or standard input, one JSON object a line on standard output.

Besides the board's own commands: `wait STATE [seconds]`, `sleep seconds`; `confirm` without a code takes that of the
last `arm`. A line that is empty or begins with `#` is passed over.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import IO, Any, Final

from host_tools.console import words
from host_tools.console.board import Board
from host_tools.console.keys import without_key
from host_tools.console.session import Answer
from sim import tables

WAIT_S: Final = 60.0
WAIT_MAX_S: Final = 86400.0
LOOK_S: Final = 0.25


def run(board: Board, commands: Iterable[str], out: IO[str], began_s: float) -> int:
    """Give the commands in turn; return how many the board refused or did not answer."""
    failed = 0
    code = ""
    for text in commands:
        command = " ".join(text.split())
        if not command or command.startswith("#"):
            continue
        answer = _host(board, command)
        if answer is None:
            answer = board.ask(f"confirm {code}" if command == "confirm" and code else command)
        code = answer.values().get("code", code) if command.startswith("arm ") else code
        failed += not answer.ok
        print(json.dumps(as_object(board.node, command, answer, time.monotonic() - began_s)), file=out, flush=True)
    return failed


def as_object(node: str, command: str, answer: Answer, t_s: float) -> dict[str, Any]:
    """Return the object of one answer: `rows` instead of `lines` where they are tags."""
    made: dict[str, Any] = {"command": without_key(command), "ok": answer.ok, "t_s": round(t_s, 3)}
    if answer.ok:
        made["words"] = answer.words
        made["values"] = answer.values()
        if command.split()[0] == "tags":
            made["rows"] = [row for line in answer.lines if (row := words.tag_row(node, line))]
        elif answer.lines:
            made["lines"] = answer.lines
    else:
        made["error"] = answer.words
        made["heard"] = answer.heard
    return made


def _host(board: Board, command: str) -> Answer | None:
    """Do a command of this program; None when it is the board's."""
    name, *args = command.split()
    if name == "sleep":
        seconds = _seconds(args[0]) if len(args) == 1 else None
        if seconds is None:
            return Answer(command, False, "sleep <seconds>")
        time.sleep(seconds)
        return Answer(command, True, "")
    if name == "wait":
        seconds = WAIT_S if len(args) == 1 else _seconds(args[1]) if len(args) == 2 else None
        if seconds is None:
            return Answer(command, False, "wait <STATE> [seconds]")
        state = args[0].upper()
        known = {name for row in tables.states(board.node).STATES for name in row[:2]}
        if state not in known:
            return Answer(command, False, f"no state {state} of this board: {' '.join(sorted(known))}")
        return _wait(board, command, state, seconds)
    return None


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value <= WAIT_MAX_S else None


def _wait(board: Board, command: str, state: str, limit_s: float) -> Answer:
    end_s = time.monotonic() + limit_s
    while True:
        if board.look() and state in (board.state, board.row):
            return Answer(command, True, f"{board.state} {board.row}")
        if time.monotonic() >= end_s:
            return Answer(command, False, f"still in {board.state or 'no state heard'} after {limit_s:g} s")
        time.sleep(LOOK_S)
