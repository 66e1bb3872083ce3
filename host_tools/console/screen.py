"""The console for a person: a line to type on with completion, the live line below it, everything told above it.

Ends with `quit`, Ctrl-D, Ctrl-C on an empty line, or when its terminal goes. Colour only where it is wanted (NO_COLOR,
TERM=dumb); nothing says anything by colour alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from host_tools import cli
from host_tools.console import keys, trend, words
from host_tools.console.board import LIVE, Board
from host_tools.console.port import Away
from host_tools.console.session import COUNTED, Answer
from sim import tables

REFRESH_S: Final = 0.5
LIVE_LINES: Final = 3
OWN: Final = {
    "alarms": ("", "active and latched trips in words: cause and what to do"),
    "trend": ("<tag> ...", "draw a tag; one not on the live line from now on"),
    "login": ("<role> [key file]", "take a role; without a file with the key given"),
    "quit": ("", "end; also Ctrl-D"),
}
PARAMETER_AFTER: Final = ("set", "get", "params")
TAG_AFTER: Final = ("tags", "move", "stroke", "trend")
COLOURS: Final = Style.from_dict({"bottom-toolbar": "reverse"})


def plain() -> bool:
    """Return whether colour is not wanted."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in ("", "dumb")


def dumb() -> bool:
    """Return whether the terminal has no cursor to move: lines only, and no live line."""
    return os.environ.get("TERM", "") in ("dumb", "unknown")


def wrapped(line: str, width: int) -> str:
    """Return a line broken between words, what follows set in as far as the line itself and four more."""
    if len(line) <= width:
        return line
    indent = " " * min(len(line) - len(line.lstrip()) + 4, width // 2)
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=indent))


def fold(parts: Iterable[str], width: int, lines: int) -> list[str]:
    """Return the parts in at most `lines` lines of `width`; what has no room is left out."""
    made = [""]
    for part in parts:
        joined = f"{made[-1]} | {part}" if made[-1] else part
        if len(joined) <= width:
            made[-1] = joined
        elif len(made) < lines and len(part) <= width:
            made.append(part)
    return made


@contextlib.contextmanager
def keys_kept() -> Iterator[None]:
    """Keep what is typed while a command waits for its answer: in line mode the terminal would swallow a Ctrl-D.

    Ctrl-C still interrupts the wait.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    ours = termios.tcgetattr(sys.stdin)
    ours[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(sys.stdin, termios.TCSANOW, ours)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def keyboard() -> Input:
    """Return the terminal's input, which stays raw while lines are written above the prompt.

    prompt_toolkit takes line mode for that, in which the terminal would swallow a Ctrl-D of that moment.
    """
    found = create_input()
    found.cooked_mode = found.raw_mode  # type: ignore[method-assign]
    return found


class Completions(Completer):
    """Completes commands, parameters, tags and roles from the tables of the board's node."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """See prompt_toolkit."""
        before = document.text_before_cursor
        typed = before.split()
        word = "" if not typed or before.endswith(" ") else typed[-1]
        place = len(typed) - (1 if word else 0)
        for text, meta in self.candidates(typed[: place or 0]):
            if text.lower().startswith(word.lower()):
                yield Completion(text, -len(word), display_meta=meta)

    def candidates(self, typed: list[str]) -> list[tuple[str, str]]:
        """Return (word, what it is) of all that may follow the words typed so far."""
        node = self._board.node or "dispenser"
        if not typed or typed == ["arm"]:
            rows = commands(node)
            return [(name, text) for name, (_, text, arm) in rows.items() if not typed or arm]
        if typed[0] == "arm":
            typed = typed[1:]
        if len(typed) > 1 and typed[0] != "trend":
            return [(word, "") for word in ("open", "shut")] if typed[0] == "move" and len(typed) == 2 else []
        if typed[0] in PARAMETER_AFTER:
            rows_ = tables.load_table(tables.FIRMWARE / node / "param_table.py").PARAMS
            return [(row[0], row[6]) for row in rows_] + ([("diff", "")] if typed[0] == "params" else [])
        if typed[0] in TAG_AFTER:
            io = tables.io(node)
            if typed[0] in ("move", "stroke"):
                return [(row[0], row[3]) for row in (*io.DO, *io.AO)]
            more = [tag for tag in self._board.history if "_" in tag] if typed[0] == "trend" else []
            return [(tag, "") for tag in (*words.tags(node), *more)]
        if typed[0] == "login":
            return [(role, "") for role in tables.serial().ROLES[1:]]
        if typed[0] == "help":
            return [(name, text) for name, (_, text, _) in commands(node).items()]
        return [("all", "")] if typed[0] in ("link", "trips") else []


def commands(node: str) -> dict[str, tuple[str, str, int]]:
    """Return name -> (arguments, help, arm) of the board's commands and of our own."""
    letter = "D" if node == "dispenser" else "T"
    found = {row[0]: (row[1], row[6], row[3]) for row in tables.serial().COMMANDS if letter in row[5]}
    found.update({name: (args, text, 0) for name, (args, text) in OWN.items()})
    for name in ("proof", "status"):
        found.pop(name, None)  # for programs
    return found


class Screen:
    """One session of a person at a board."""

    def __init__(self, url: str, log: Callable[[str, str], None], role: str, key: bytes | None) -> None:
        self._url = url
        self._log = log
        self._key = key
        self._plain = plain()
        self._board = Board(url, self._tell, log, role, key)

    def run(self) -> int:
        """Run until the person ends it; return the exit code."""
        try:
            self._board.start()
        except Away as why:
            raise cli.UserError(f"{self._url}: {why}") from None
        try:
            if dumb():
                return self._converse(lambda: input("> "))
            with patch_stdout(raw=True), keys_kept():
                return self._converse(self._line().prompt)
        finally:
            self._board.close()

    def _line(self) -> PromptSession[str]:
        """Return the line to type on, with the live line below."""
        return PromptSession(
            "> ",
            input=keyboard(),
            completer=Completions(self._board),
            complete_while_typing=False,
            bottom_toolbar=self._live,
            refresh_interval=REFRESH_S,
            key_bindings=_keys(),
            style=None if self._plain else COLOURS,
            color_depth=ColorDepth.DEPTH_1_BIT if self._plain else None,
        )

    def _converse(self, read: Callable[[], str]) -> int:
        way = "Enter alone shows the board's state" if dumb() else "Tab completes"
        self._print(f"{self._url}: help lists the commands, {way}, quit ends")
        self._board.follow()
        while True:
            try:
                text = read()
            except EOFError:
                return cli.EXIT_DONE
            if not text.strip():
                if dumb():
                    self._print(" | ".join(self._parts()))
                continue
            if text.split()[0] in ("quit", "exit"):
                return cli.EXIT_DONE
            try:
                self._do(" ".join(text.split()))
            except KeyboardInterrupt:
                print("not waited for")

    def _live(self) -> str:
        lines = fold(self._parts(), _width() - 1, LIVE_LINES)
        return "\n".join(lines + [""] * (LIVE_LINES - len(lines)))

    def _parts(self) -> list[str]:
        """Return the parts of the live line; what is wrong with the line itself comes first."""
        board = self._board
        parts = board.live()
        silent_s = time.monotonic() - board.heard_s if board.heard_s else 0.0
        if not board.here:
            parts = ["LINE LOST, trying again", *parts]
        elif silent_s > 3.0:
            parts = [f"SILENT for {silent_s:.0f} s", *parts]
        return parts

    def _tell(self, line: str) -> None:
        """Show a line that came by itself, with the time; called from the threads."""
        self._log("-", line)
        text = wrapped(line if line.startswith("    ") else f"{time.strftime('%H:%M:%S')} {line}", _width() - 1)
        if not self._plain and line.startswith("ALARM"):
            text = f"\x1b[1;31m{text}\x1b[0m"
        sys.stdout.write(text + "\n")

    @staticmethod
    def _print(line: str) -> None:
        print(wrapped(line, _width() - 1))

    # -- commands ------------------------------------------------------------------------------------------

    def _do(self, command: str) -> None:
        name, *args = command.split()
        if name == "help":
            self._help(args)
        elif name == "alarms":
            self._alarms()
        elif name == "trend":
            self._trend([tag.upper() for tag in args])
        elif name == "login" and len(args) in (1, 2):
            self._login(*args)
        else:
            self._show(name, self._board.ask(command))

    def _login(self, role: str, file: str = "") -> None:
        try:
            key = keys.read(Path(file)) if file else None
        except cli.UserError as error:
            self._print(f"refused: {error}")
            return
        answer = self._board.login(role, key)
        self._print(f"logged in as {answer.words}" if answer.ok else f"refused: {answer.words}")

    def _show(self, name: str, answer: Answer) -> None:
        for line in answer.lines:
            row = words.tag_row(self._board.node, line) if name == "tags" else None
            self._print(words.tag_line(row) if row else line)
        if not answer.ok:
            self._print(f"refused: {answer.words}" if answer.heard else answer.words)
        elif not answer.lines:
            self._print("none" if answer.words == f"{COUNTED}0" else answer.words or "done")

    def _help(self, args: list[str]) -> None:
        found = commands(self._board.node or "dispenser")
        for name, (arguments, text, arm) in found.items():
            if not args or name == args[0]:
                head = f"{'arm ' if arm else ''}{name} {arguments}"
                self._print(f"{head:<28} {text}")
        if args and args[0] not in found:
            self._print(f"no command {args[0]}")

    def _alarms(self) -> None:
        answer = self._board.ask("trips")
        if not answer.ok:
            self._show("trips", answer)
            return
        rows = [line.split() for line in answer.lines if not line.startswith("reaction ")]
        for row in rows:
            told = words.alarm(self._board.node, row[0])
            self._print(f"{told.name} ({' '.join(row[5:])}): {told.what}")
            for line in words.remedy(told):
                self._print(line)
        if not rows:
            self._print("no trip is active or latched")

    def _trend(self, asked: list[str]) -> None:
        board = self._board
        for tag in asked or LIVE.get(board.node, ())[:1]:
            samples = list(board.history.get(tag, ()))
            watched = board.watch(tag) if tag not in board.drawn else True
            if not watched:
                self._print(f"no trend of {tag}: tags lists what there is; also {' '.join(sorted(board.drawn))}")
            elif len(samples) < 2:
                self._print(f"{tag}: looked at every second from now on; ask again in a while")
            else:
                unit = words.shown(board.node, tag, 0)[1] or tag.rpartition("_")[2].lower() * ("_" in tag)
                blocks = "utf" in (sys.stdout.encoding or "").lower() and not dumb()
                for line in trend.draw(tag, unit, samples, _width() - 1, blocks):
                    print(line)


def _width() -> int:
    return shutil.get_terminal_size().columns


def _keys() -> KeyBindings:
    """Ctrl-C empties the line, and ends the console on an empty one."""
    bindings = KeyBindings()

    @bindings.add("c-c")
    def _(event: Any) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=EOFError())

    return bindings
