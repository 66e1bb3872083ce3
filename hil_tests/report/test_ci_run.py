"""`.ci/run` gets a browser where it may, says when it could not, and always runs `make test`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL = "apt-get install -y -qq --no-install-recommends chromium"

pytestmark = pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="only on Debian does it install one")

# fmt: off
CASES = (
    # USER CHROMIUM APT ENDS   CALLED                                          SAID
    (0,    False,   0,         ["apt-get update -qq", INSTALL, "make test"],   "installing Debian's chromium"),
    (0,    False,   1,         ["apt-get update -qq", "make test"],            "could not be installed"),
    (0,    True,    0,         ["make test"],                                  ""),
    (1000, False,   0,         ["make test"],                                  ""),
)
# fmt: on


@pytest.mark.parametrize(("user", "browser", "ends", "called", "said"), CASES)
def test_called(user: int, browser: bool, ends: int, called: list[str], said: str, tmp_path: Path) -> None:
    """With every program that it may call replaced by one that writes down its name."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    bodies = {"id": f"echo {user}", "make": f'echo "make $*" >> {log}; exit 7',
              "apt-get": f'echo "apt-get $*" >> {log}; exit {ends}'}  # fmt: skip
    if browser:
        bodies["chromium"] = "exit 0"
    for name, body in bodies.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    for name in ("bash", "sh", "dirname", "timeout"):
        real = shutil.which(name)
        assert real is not None
        (programs / name).symlink_to(real)
    run = subprocess.run(
        [ROOT / ".ci" / "run"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert log.read_text().splitlines() == called
    assert run.returncode == 7  # of make
    assert said in run.stdout + run.stderr
    assert bool(said) == bool(run.stdout + run.stderr)
