"""`cryofill build`: the release images that `cryofill flash` puts on boards."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from host_tools import cli, image
from host_tools.image_source import board_of
from sim import tables


def run(arguments: argparse.Namespace) -> int:
    """Build the images asked for and say what they are; returns 0."""
    nodes = tables.NODES if arguments.node == "all" else (arguments.node,)
    out = Path(arguments.out)
    made = []
    try:
        for node in nodes:
            made.append(image.build(node, arguments.board, out))
    except image.BuildError as error:
        raise cli.UserError(str(error)) from None
    except OSError as error:
        raise cli.UserError(f"--out {arguments.out}: {error.strerror}") from None
    if arguments.json:
        print(json.dumps(made, indent=2))
        return cli.EXIT_DONE
    row = board_of(arguments.board)
    room = row["ROMFS_B"] or row["FS_B"]
    for one in made:
        print(f"{out / (one['node'] + '-' + one['board'])}: {one['bytes']} bytes, {len(one['modules'])} modules, "
              f"{one['bytes'] * 100 / room:.0f} % of {row['NAME']}'s {room // 1024} KiB; version {one['version']}, "
              f"revision {one['revision']}, hash {one['hash']}")  # fmt: skip
    return cli.EXIT_DONE
