"""Where the lines of a release image come from: a board's traceback in the words of the tree.

An image's modules are one, with short names (`cryofill build`). The file `map.json` beside it says what each line was.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final, NamedTuple

FILE: Final = "map.json"
_PLACE: Final = re.compile(r'File "(?:main|main\.py|[^"]*/main\.mpy)", line (\d+), in \S+')
_LAST: Final = chr(0x10FFFF)


class LineMap(NamedTuple):
    """`lines[i]`: (which of `paths`, line there) of line i + 1 of the image.

    `functions`: (first line in the image, name in the tree), in that order; what follows belongs to it until the next.
    """

    paths: tuple[str, ...]
    lines: tuple[tuple[int, int], ...]
    functions: tuple[tuple[int, str], ...]

    def explain(self, text: str) -> str:
        """Return what a board said with the files, lines and functions of the tree in its tracebacks."""
        return _PLACE.sub(self._explained, text)

    def _explained(self, found: re.Match[str]) -> str:
        line = int(found[1])
        if not 0 < line <= len(self.lines):
            return found[0]
        path, there = self.lines[line - 1]
        at = bisect_right(self.functions, (line, _LAST)) - 1
        return f'File "{self.paths[path]}", line {there}, in {self.functions[at][1] if at >= 0 else "<module>"}'

    def to_json(self) -> str:
        """Return the map as text."""
        return json.dumps(self._asdict(), separators=(",", ":")) + "\n"


def read(path: Path) -> LineMap:
    """Return the map in a file. Raises OSError, and ValueError for a file that is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return LineMap(
            tuple(map(str, found["paths"])),
            tuple((int(at), int(line)) for at, line in found["lines"]),
            tuple((int(first), str(name)) for first, name in found["functions"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a map of an image's lines ({error})") from None


def explain(main: Path, text: str) -> str:
    """Return what a board said that ran `main`, explained where that is an image with its map beside it."""
    place = (main.parent if main.suffix == ".romfs" else main.parent.parent) / FILE
    try:
        return read(place).explain(text)
    except (OSError, ValueError):
        return text
