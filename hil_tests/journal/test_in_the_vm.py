"""The journal in the real VM on a real littlefs: a cut at every write, and memory that no cut leaves behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sim.tables import FIRMWARE
from sim.vm_command import prompt_argv

SCRIPTS = Path(__file__).parent / "vm"
FILLS = 32  # until littlefs has erased a block of its own accord, and every file was written twice


def run(script: str, *args: object, firmware: Path = FIRMWARE) -> str:
    """Run a script in the VM; return the last line it printed, or all it printed when it failed."""
    command = [*prompt_argv(), "-X", "heapsize=8M", str(SCRIPTS / script), str(firmware), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines[-1] if lines and lines[-1].startswith("ok ") else "\n".join(lines[-20:])


@pytest.mark.timeout(300)
def test_a_cut_at_every_write_of_a_fill_and_of_its_recovery() -> None:
    words = run("sweep.py", FILLS).split()
    assert words[0] == "ok", " ".join(words)
    cases, writes, erases = map(int, words[1:])
    assert cases > 600
    assert writes > 25 * FILLS
    assert erases >= 2


def test_damaged_memory_is_told_and_costs_nothing_else() -> None:
    words = run("damage.py").split()
    assert words[0] == "ok", " ".join(words)
    assert int(words[1]) > 450


def test_no_step_of_a_ticket_erases_two_blocks() -> None:
    """One erase takes 400 ms at worst and the watchdog waits 500: two in one step could reset the board."""
    words = run("erases.py", 3000).split()
    assert words[0] == "ok", " ".join(words)
    most, stalls, steps = map(int, words[1:])
    assert most == 1
    assert 50 < stalls < steps
