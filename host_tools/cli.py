"""The `cryofill` command line: how its commands are found and described, and what an exit code means.

Each command is a module that is imported only when it runs, so that `cryofill --help` and a refused argument answer at
once. Exit codes: 0 done, 1 internal error, 2 bad usage or input (one line says why), 3 ended safe without completing or
an unmet `[expect]`, 4 an invariant was broken, 130 interrupted by the operator.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from host_tools import __version__
from host_tools.command_table import COMMANDS, Command

EXIT_DONE = 0
EXIT_INTERNAL = 1
EXIT_USAGE = 2
EXIT_NOT_COMPLETE = 3
EXIT_INVARIANT = 4
EXIT_INTERRUPTED = 130

_EXIT_HELP = """\
exit codes:
  0 done   1 internal error   2 bad usage or input   3 ended safe without completing, or an unmet [expect]
  4 an invariant was broken   130 interrupted
"""


class UserError(Exception):
    """Something the user gave is wrong: the message is one line that names the file, key or value and what to do."""


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in one line instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Print why on stderr and leave with exit code 2."""
        sys.stderr.write(f"{self.prog}: {message} (see '{self.prog} --help')\n")
        raise SystemExit(EXIT_USAGE)


def build_parser() -> Parser:
    """Return the parser of the whole command."""
    parser = Parser(
        prog="cryofill",
        description="Cryofill: liquid-hydrogen truck refuelling, firmware and plant in simulated time.",
        epilog=_EXIT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cryofill {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            epilog=f"example:\n  {command.example}\n\n{_EXIT_HELP}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(sub)
    return parser


def options_of_commands() -> dict[str, set[str]]:
    """Return the options of each command, as the parser knows them (the documents are checked against this)."""
    found: dict[str, set[str]] = {}
    for command in COMMANDS:
        sub = Parser(prog=f"cryofill {command.name}")
        command.add_arguments(sub)
        found[command.name] = set(_options(sub))
    return found


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options of a parser and of the parsers below it."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _options(below)


def _terminated(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into the path of Ctrl-C, so that the rig ends its node processes."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, _terminated) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_command(command: Command, arguments: argparse.Namespace) -> int:
    """Import the command's module and return the exit code of its function."""
    module, function = command.entry.split(":")
    return int(getattr(importlib.import_module(module), function)(arguments))


def main(argv: Sequence[str] | None = None) -> int:
    """Run `cryofill` with the arguments (default: sys.argv) and return its exit code; never raises for user errors."""
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help or its one line
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    command = next(one for one in COMMANDS if one.name == arguments.command)
    try:
        with _ended_in_order():
            return run_command(command, arguments)
    except UserError as error:
        print(f"cryofill {command.name}: {error}", file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:  # the reader of our output has gone: no message can reach it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERNAL
    except KeyboardInterrupt:
        print(f"cryofill {command.name}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
