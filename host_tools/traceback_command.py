"""`cryofill traceback`: what a board printed when its program ended, in the lines of the tree."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from host_tools import cli
from sim import line_map


def run(arguments: argparse.Namespace) -> int:
    """Print a text with its tracebacks explained; returns 0."""
    path = Path(arguments.image) / line_map.FILE
    try:
        lines = line_map.read(path)
    except FileNotFoundError:
        raise cli.UserError(f"{path}: no such file; name one image, as images/tank-teensy41") from None
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise cli.UserError(str(error)) from None
    try:
        with sys.stdin if arguments.text == "-" else open(arguments.text, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError as error:
        raise cli.UserError(f"{arguments.text}: {error.strerror}") from None
    sys.stdout.write(lines.explain(text))
    return cli.EXIT_DONE
