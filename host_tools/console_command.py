"""`cryofill console`: the technician's terminal at a board's serial port, or commands in batch."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from host_tools import cli
from host_tools.console import keys
from host_tools.console.board import Board
from host_tools.console.port import Away


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code: 3 when a command of a batch was refused or not answered."""
    if arguments.new_keys:
        return _new_keys(Path(arguments.new_keys))
    if not arguments.url:
        raise cli.UserError("URL is missing: a device, socket://HOST:PORT or rfc2217://HOST:PORT")
    key = keys.read(Path(arguments.key_file)) if arguments.key_file else None
    if key is not None and not arguments.role:
        raise cli.UserError("--key-file without --role")
    with contextlib.ExitStack() as stack:
        log = _log(stack, arguments.log)
        if arguments.batch is not None:
            source = stack.enter_context(_commands(arguments.batch))
            return _batch(arguments, source, key, log)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise cli.UserError("no terminal here: give the commands with --batch FILE, or --batch - for stdin")
        from host_tools.console.screen import Screen  # prompt_toolkit takes its time

        return Screen(arguments.url, log, arguments.role or "", key).run()


def _batch(arguments: argparse.Namespace, source: IO[str], key: bytes | None, log: Callable[[str, str], None]) -> int:
    from host_tools.console import batch

    began_s = time.monotonic()
    board = Board(arguments.url, lambda line: log("-", line), log, arguments.role or "", key)
    try:
        board.start()
        if not board.introduce():
            raise cli.UserError(f"{arguments.url}: open, but no answer: is it a board's serial port, is the board on?")
        login = board.prove()
        if login is not None and not login.ok:
            raise cli.UserError(f"--role {arguments.role}: {login.words}")
        return cli.EXIT_NOT_COMPLETE if batch.run(board, source, sys.stdout, began_s) else cli.EXIT_DONE
    except Away as why:
        raise cli.UserError(f"{arguments.url}: {why}") from None
    finally:
        board.close()


@contextlib.contextmanager
def _commands(name: str) -> Iterator[IO[str]]:
    if name == "-":
        yield sys.stdin
        return
    try:
        file = open(name, encoding="utf-8")  # noqa: SIM115 - closed below, behind the message
    except OSError as error:
        raise cli.UserError(f"--batch {name}: {error.strerror}") from None
    with file:
        yield file


def _log(stack: contextlib.ExitStack, name: str | None) -> Callable[[str, str], None]:
    """Return a function (direction, text) that appends to the session log; does nothing without one."""
    if name is None:
        return lambda direction, text: None
    try:
        file = stack.enter_context(open(name, "a", encoding="utf-8", buffering=1))  # noqa: SIM115
    except OSError as error:
        raise cli.UserError(f"--log {name}: {error.strerror}") from None

    def write(direction: str, text: str) -> None:
        now_s = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now_s))
        if not file.closed:
            file.write(f"{stamp}.{int(now_s * 1000) % 1000:03d} {direction} {keys.without_key(text)}\n")

    return write


def _new_keys(folder: Path) -> int:
    service, *others = keys.make(folder)
    print(f"{service}: the board's service key; put it in with `service_key`, then keep it locked away")
    for path in others:
        print(f"{path}: for {path.stem}s, with --role {path.stem} --key-file {path}")
    return cli.EXIT_DONE
