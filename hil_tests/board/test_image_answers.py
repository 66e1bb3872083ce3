"""An image says at its serial port what the sources say: nothing that a person is told was slimmed away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from host_tools import image
from sim import tables
from sim.bench import Bench
from sim.instruments import Instruments
from sim.rig import Rig

OWN = ("versions", "stats", "audit")  # what they say differs by design


class Lines:
    """Keeps what one board says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def on_line(self, node: str, text: str) -> None:
        """Keep a line."""
        self.said.append(text)


def answers(node: str, words: list[str], main: Mapping[str, Path] | None) -> list[str]:
    """Return all that a board on a workbench says to these commands."""
    heard = Lines()
    with Rig(Bench(), Instruments(1), names=(node,), observers=[heard], main=dict(main) if main else None) as rig:
        rig.run(120)
        for word in words:
            rig.command(node, word)
            rig.run(40)
        rig.run(600)
    return heard.said


@pytest.mark.parametrize("node", tables.NODES)
def test_it_says_what_the_sources_say(node: str, images: Path) -> None:
    table = tables.load_table(tables.FIRMWARE / "core" / "serial_table.py")
    words = [row[0] for row in table.COMMANDS if row[2] == "view" and not row[1].startswith("<") and row[0] not in OWN]
    words += ["trips all", "link all"]
    told = answers(node, words, None)
    assert len(told) > 100
    assert answers(node, words, {node: image.read(images, node, "teensy41").main}) == told
