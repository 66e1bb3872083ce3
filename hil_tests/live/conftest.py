"""A live rig as a process, and one connection to its control socket."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hil_tests import spawn


class LiveRig:
    """`cryofill rig` with its first line read. `ask` sends one request and returns the answer."""

    def __init__(self, *words: str) -> None:
        self.process = spawn.Spawned("-m", "host_tools", "rig", "--can-port", "0", *words, env=spawn.environment())
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.ports: dict[str, Any] = json.loads(line)
        self._socket = socket.create_connection(self.address("control"), timeout=60.0)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def address(self, what: str) -> tuple[str, int]:
        """Return (host, port) of `control` or of the CAN link."""
        host, port = (self.ports["control"] if what == "control" else self.ports["can"][what]).split(":")
        return host, int(port)

    def send(self, line: str) -> dict[str, Any]:
        """Send one line as it is; return the answer."""
        self._socket.sendall(line.encode() + b"\n")
        return dict(json.loads(self._lines.readline()))

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request; return the answer."""
        return self.send(json.dumps(request))

    def get(self, name: str) -> Any:
        """Return one value."""
        return self.ask(get=name)["values"][name]

    def run_for(self, seconds: float) -> None:
        """Let simulated time pass."""
        assert self.ask(run_until={"t_s": self.get("t_s") + seconds})["ok"]

    def children(self) -> list[int]:
        """Return the rig's own processes."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [int(pid) for path in tasks.glob("*/children") for pid in path.read_text().split()]

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what it said on stderr."""
        self._lines.close()
        self._socket.close()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        assert out == "", "stdout holds the first line and nothing else"
        return self.process.returncode, err

    def kill(self) -> None:
        """End it whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._lines.close()
        self._socket.close()


@pytest.fixture(scope="module")
def rig(spawner: None) -> Iterator[LiveRig]:
    """A rig whose time stands until it is asked for, past its boards' self-test."""
    live = LiveRig("--no-operator")
    try:
        assert live.ask(run_until={"state": "IDLE", "limit_s": 5.0})["ok"]
        yield live
    finally:
        live.kill()
