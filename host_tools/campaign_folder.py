"""The folder of a campaign: what it is a campaign of, each run's answer, and each failure as a scenario.

    campaign.json       seed, options and code of the campaign; another campaign's folder is refused
    results.jsonl       one answer a line, in the order they came; a line that was cut off is dropped
    fail-000123.toml    run 123, which failed
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from host_tools.cli import UserError

FORMAT: Final = 1
HEADER: Final = "campaign.json"
RESULTS: Final = "results.jsonl"

# What makes two campaigns the same, and how a difference is called.
SAME: Final = (
    # KEY          WORDS
    ("format",     "an older format of this folder"),
    ("seed",       "--seed"),
    ("vm",         "--vm"),
    ("hard_chain", "--no-hard-chain"),
    ("limit_s",    "--limit-s"),
    ("code",       "the firmware or the simulator (it has changed since)"),
)  # fmt: skip


class Folder:
    """An open campaign folder: `done` holds the answers it has, by run; `add` writes one more to the disk.

    `header` is what must be the same. Raises UserError for a folder of another campaign or one that cannot be written.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        self.done: dict[int, dict[str, Any]] = {}
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._check(path / HEADER, {"format": FORMAT, **header})
            kept = self._read(path / RESULTS)
            os.truncate(path / RESULTS, kept)
            self._results: TextIO = (path / RESULTS).open("a", encoding="utf-8")
        except OSError as error:
            raise UserError(f"--out {path}: {error.strerror}") from None

    def _check(self, path: Path, header: dict[str, Any]) -> None:
        if not path.exists():
            if any(self.path.iterdir()):
                raise UserError(f"--out {self.path}: has files but no {HEADER}: not a campaign's folder, name another")
            path.write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")
            return
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            there = None
        if not isinstance(there, dict):
            raise UserError(f"--out {self.path}: {HEADER} cannot be read: name another folder")
        for key, words in SAME:
            if there.get(key) != header[key]:
                raise UserError(
                    f"--out {self.path}: holds a campaign with {key} {there.get(key)!r}, not {header[key]!r}: "
                    f"{words} differs; name another folder"
                )

    def _read(self, path: Path) -> int:
        """Read the answers; return up to which byte they are whole."""
        path.touch()
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                answer = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            self.done[answer["index"]] = answer
        return whole

    def add(self, index: int, answer: Mapping[str, Any]) -> None:
        """Write one answer; on disk before it returns."""
        self.done[index] = {"index": index, **answer}
        self._results.write(json.dumps(self.done[index]) + "\n")
        self._results.flush()

    def failure(self, index: int, text: str, answer: Mapping[str, Any]) -> Path:
        """Write a failed run as a scenario, with what failed as its first lines; return its path."""
        path = self.path / f"fail-{index:06d}.toml"
        words = [line for part in (answer["reason"], answer["detail"]) for line in str(part).splitlines()]
        path.write_text("".join(f"# {_printable(line)}\n" for line in words) + text, encoding="utf-8")
        return path

    def close(self) -> None:
        """Close the results."""
        self._results.close()


def _printable(line: str) -> str:
    """Return a line as a TOML comment may hold it: no control characters."""
    return "".join(c if c.isprintable() else " " for c in line)
