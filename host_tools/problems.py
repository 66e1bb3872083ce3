"""What a check of this repository found wrong, and how it says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong: file, line (0: the file as a whole), and the reason in one line."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


def told(problems: Sequence[object]) -> int:
    """Print one line for each problem; return the check's exit code: 1 when there is any, else 0."""
    for problem in problems:
        print(problem)
    return 1 if problems else 0
