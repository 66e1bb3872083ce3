"""The boards' serial ports as pseudo-terminals, for any terminal program.

Lines of a board that come while no program has the port open are dropped, as on an open cable.
"""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Sequence
from typing import Any

READ_MAX = 4096


class Consoles:
    """One pseudo-terminal per node; `paths` {node: device}. An observer (`on_line`), and `step(rig)` each tick."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self._masters: dict[str, int] = {}
        self.paths: dict[str, str] = {}
        self._poll = select.poll()
        for node in nodes:
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._masters[node] = master
            self.paths[node] = os.ttyname(slave)
            os.close(slave)  # from now on a hang-up says that nobody has the port open
            self._poll.register(master, select.POLLIN)
        self._open: set[str] = set()

    def step(self, rig: Any) -> None:
        """Pass on what was typed, and see which ports are open."""
        ready = dict(self._poll.poll(0))
        for node, master in self._masters.items():
            events = ready.get(master, 0)
            if events & select.POLLIN:
                try:
                    rig.type_in(node, os.read(master, READ_MAX))
                except OSError:  # closed in the meantime
                    events = select.POLLHUP
            if events & select.POLLHUP:
                self._open.discard(node)
            else:
                self._open.add(node)

    def on_line(self, node: str, text: str) -> None:
        """Show a line of a board to whoever has its port open; a reader that stops reading loses lines."""
        if node in self._open:
            try:
                os.write(self._masters[node], text.encode() + b"\n")
            except OSError:  # its buffer is full, or it has just gone
                return

    def close(self) -> None:
        """Remove the pseudo-terminals."""
        for master in self._masters.values():
            os.close(master)
        self._masters.clear()
