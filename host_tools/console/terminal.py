"""A terminal as far as the console uses one: what stands on the screen after the bytes of a program.

For the picture in the documents and for the tests, which run programs in it (`Program`). Knows the control sequences of
prompt_toolkit's output for VT100: cursor moves, erasing, scrolling at the bottom, and whether a cell is bold, reversed
or red.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_CSI: Final = re.compile(r"\x1b\[([?>]?)([\d;]*)([A-Za-z])")
_OTHER: Final = re.compile(r"\x1b(?:\][^\x07]*\x07|[()][0-9A-Za-z]|[=>78Mc])")
_HALF: Final = re.compile(r"\x1b(?:\[[?>]?[\d;]*)?\Z|\x1b\][^\x07]*\Z")
RED_CODES: Final = (31, 91)
BOTTOM_RIGHT: Final = 999


class Cell(NamedTuple):
    """One character and how it is shown."""

    text: str = " "
    bold: bool = False
    reverse: bool = False
    red: bool = False


class Terminal:
    """`feed` bytes, read `lines()`. `answers` holds what the terminal would send back (cursor reports)."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.cells = [self._blank() for _ in range(rows)]
        self.scrolled: list[str] = []  # lines that left at the top
        self.answers = b""
        self._x = self._y = 0
        self._style = Cell()
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _blank(self) -> list[Cell]:
        return [Cell()] * self.columns

    def lines(self) -> list[str]:
        """Return the text of every row, without blanks at its end."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.cells]

    def everything(self) -> str:
        """Return all that was shown, what has scrolled away first."""
        return "\n".join([*self.scrolled, *self.lines()])

    def feed(self, data: bytes) -> None:
        """Take what the program wrote; a sequence that is cut in two is kept for the next call."""
        text = self._held + self._decoder.decode(data)
        half = _HALF.search(text)
        self._held = text[half.start() :] if half else ""
        text = text[: half.start()] if half else text
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            found = _CSI.match(text, at)
            if found:
                if not found[1]:
                    self._control(found[3], [int(number or 0) for number in found[2].split(";")])
                at = found.end()
                continue
            other = _OTHER.match(text, at)
            at = other.end() if other else at + 1

    def _put(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n":
            self._down()
        elif char == "\b":
            self._x = max(0, self._x - 1)
        elif char >= " ":
            if self._x >= self.columns:
                self._x = 0
                self._down()
            self.cells[self._y][self._x] = self._style._replace(text=char)
            self._x += 1

    def _down(self) -> None:
        if self._y + 1 < self.rows:
            self._y += 1
            return
        self.scrolled.append("".join(cell.text for cell in self.cells.pop(0)).rstrip())
        self.cells.append(self._blank())

    def _control(self, final: str, numbers: list[int]) -> None:
        n = numbers[0]
        if final in "ABCD":
            step = max(1, n)
            self._y += {"A": -step, "B": step}.get(final, 0)
            self._x += {"C": step, "D": -step}.get(final, 0)
        elif final in "Hf":
            self._y, self._x = max(1, n) - 1, max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif final == "G":
            self._x = max(1, n) - 1
        elif final == "K":
            self._erase(self._y, 0 if n else self._x, self.columns if n != 1 else self._x + 1)
        elif final == "J":
            self._erase_display(n)
        elif final == "m":
            self._select(numbers)
        elif final == "n" and n == 6:
            self.answers += b"\x1b[%d;%dR" % (self._y + 1, self._x + 1)
        self._x = min(max(self._x, 0), self.columns)
        self._y = min(max(self._y, 0), self.rows - 1)

    def _erase(self, row: int, begin: int, end: int) -> None:
        for column in range(begin, min(end, self.columns)):
            self.cells[row][column] = Cell()

    def _erase_display(self, n: int) -> None:
        if n in (0, 2):
            self._erase(self._y, 0 if n else self._x, self.columns)
        for row in range(self._y + 1 if n == 0 else 0, self.rows if n != 1 else self._y):
            self._erase(row, 0, self.columns)

    def _select(self, numbers: list[int]) -> None:
        for number in numbers:
            if number == 0:
                self._style = Cell()
            elif number == 1:
                self._style = self._style._replace(bold=True)
            elif number in (7, 27):
                self._style = self._style._replace(reverse=number == 7)
            elif number in RED_CODES:
                self._style = self._style._replace(red=True)


class Program:
    """A program in a pseudo-terminal of this size: `read` what it writes onto `screen`, `press` keys.

    raw: every byte that it wrote. `close` ends it, whatever it does.
    """

    def __init__(
        self, words: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self.screen = Terminal(columns, rows)
        self.raw = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            list(words), stdin=slave, stdout=slave, stderr=slave, env=dict(env), start_new_session=True
        )
        os.close(slave)

    def read(self, for_s: float) -> bool:
        """Take what the program writes within for_s and answer what it asks the terminal; False once it has gone."""
        if not select.select([self._master], [], [], for_s)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += data
        self.screen.feed(data)
        if self.screen.answers:
            os.write(self._master, self.screen.answers)
            self.screen.answers = b""
        return True

    def press(self, key: str) -> None:
        """Press one key."""
        os.write(self._master, key.encode())

    def close(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)
