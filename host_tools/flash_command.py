"""`cryofill flash URL --node NODE`: put a release image on a board and see it pass its self-test."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from host_tools import cli, image, link_auth
from host_tools.board_port import PortError, Prompt
from host_tools.flash import Flasher, FlashError, describe, to_prompt, wait_for_selftest

SAFE_TWO = "the old version is still the one that starts"
SAFE_ONE = "the board stays in the loader, outputs off, until a copy is complete: give the command again"


def say(text: str) -> None:
    """Tell progress on stderr; a text that begins with a return replaces the one before."""
    sys.stderr.write(text if text.startswith("\r") else text + "\n")
    sys.stderr.flush()


def read_image(arguments: argparse.Namespace, scratch: Path) -> image.Image:
    """Return the image given, or one built for it. Raises UserError."""
    try:
        if arguments.image is None:
            image.build(arguments.node, arguments.board, scratch)
        folder = scratch if arguments.image is None else Path(arguments.image)
        return image.read(folder, arguments.node, arguments.board)
    except (image.BuildError, image.ImageError) as error:
        raise cli.UserError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Flash one board; returns 0, or 3 when the board does not pass its self-test."""
    key = None
    if arguments.key is not None:
        try:
            key = link_auth.read_key(Path(arguments.key))
        except link_auth.KeyFileError as error:
            raise cli.UserError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        what = read_image(arguments, Path(scratch))
    say(f"image: {describe(what.manifest)}")
    try:
        to_prompt(arguments.url, key, say)
        if not _has_stage(arguments, what):
            return cli.EXIT_DONE
        if not _at_prompt(arguments, what):
            return cli.EXIT_DONE
        say("restarted; waiting for the self-test")
        state, words = wait_for_selftest(arguments.console or arguments.url, say)
    except (PortError, FlashError) as error:
        raise cli.UserError(str(error)) from None
    say("")
    print(f"on the board: {describe(what.manifest)}")
    for line in words:
        print(f"  {line}")
    print(f"state: {state}")
    return cli.EXIT_DONE if state in ("IDLE", "PARK") else cli.EXIT_NOT_COMPLETE


def _has_stage(arguments: argparse.Namespace, what: image.Image) -> bool:
    """Put the boot stage on a board that is as MicroPython leaves it, and start it; False when that may not be."""
    with Prompt(arguments.url) as prompt:
        flasher = Flasher(prompt, what, say)
        if flasher.stage():
            return True
        if arguments.dry_run:
            say("dry run: nothing of Cryofill is on this board yet; the boot stage would be written first")
            return False
        flasher.put_beside()
        prompt.leave()
    to_prompt(arguments.url, None, say)
    return True


def _at_prompt(arguments: argparse.Namespace, what: image.Image) -> bool:
    """Do what is done at the prompt; return whether the new image starts now."""
    with Prompt(arguments.url) as prompt:
        flasher = Flasher(prompt, what, say)
        try:
            flasher.stage()
            for line in flasher.check():
                say(line)
            if arguments.dry_run:
                say("dry run: everything fits, nothing was changed; restarting")
                prompt.leave()
                return False
            flasher.put_beside()
            slot = flasher.copy()
            flasher.point(slot)
            prompt.leave()
        except (KeyboardInterrupt, PortError, FlashError):
            say("")
            say(f"stopped: {SAFE_ONE if flasher.imageless else SAFE_TWO}")
            prompt.interrupt()
            prompt.leave()
            raise
    return True
