"""A rig in real time, joined by the programs that people use: logger, player, viewer, monitor, and a flood.

One rig for all; the last test kills it. Nothing here asserts a time: the flood prints load and lateness (pytest -s).
"""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import can
import pytest

from hil_tests.live.conftest import LiveRig
from hil_tests.spawn import ROOT

PATIENCE_S = 90.0  # of a busy machine
INJECTED = 0x18FFEE42  # not one of the protocol's
FLOOD_ID = 0x1CFFEE00
FLOOD_S = 3.2  # of a full bus: at least two whole seconds of the rig's


@pytest.fixture(scope="module")
def live(spawner: None) -> Iterator[LiveRig]:
    """A rig in real time."""
    rig = LiveRig("--realtime", "--no-operator")
    try:
        yield rig
    finally:
        rig.kill()


def words(rig: LiveRig) -> list[str]:
    """Return what each of python-can's and cantools' programs is told of the link."""
    host, port = rig.address("link")
    return ["-i", "socketcand", "-c", "link", "--bus-kwargs", f"host={host}", f"port={port}"]


def cpu_s(rig: LiveRig) -> float:
    """Return the seconds that the rig's processes have computed so far."""
    ticks = 0
    for pid in (rig.process.pid, *rig.children()):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(what: str, true: Callable[[], bool]) -> None:
    """Wait until it has come true."""
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until_s, what
        time.sleep(0.05)


class Screen:
    """A program in a terminal of its own; `text` is all that it has drawn, `quit` ends it with a key."""

    def __init__(self, *command: str) -> None:
        self.text = ""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "ESCDELAY": "0"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._master = master
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                self.text += os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:  # the program has closed its terminal
                return

    def quit(self, key: bytes) -> int:
        """Press a key; return the exit code."""
        os.write(self._master, key)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._thread.join()
        os.close(self._master)


class Logger:
    """`python -m can.logger` writing a candump log."""

    def __init__(self, rig: LiveRig, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-m", "can.logger", *words(rig), "-f", str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self) -> list[str]:
        """Return what the log holds so far."""
        return self.path.read_text().splitlines() if self.path.exists() else []


def test_logger_player_viewer_and_monitor_share_the_link(live: LiveRig, tmp_path: Path) -> None:
    log = tmp_path / "recorded.log"
    payloads = [f"{i:02X}" * 8 for i in range(20)]
    log.write_text("".join(f"({i / 100:.6f}) can0 {INJECTED:08X}#{one}\n" for i, one in enumerate(payloads)))
    logger = Logger(live, tmp_path / "heard.log")
    viewer = Screen("can.viewer", *words(live))
    monitor = Screen("cantools", "monitor", "-s", *words(live), "--", "dbc/cryofill.dbc")
    try:
        wait_for("the logger writes", lambda: len(logger.lines()) > 20)
        wait_for("the viewer shows both boards", lambda: "D1" in viewer.text and "A1" in viewer.text)
        wait_for("the monitor decodes", lambda: "D_STATUS" in monitor.text and "T_STATUS" in monitor.text)
        player = subprocess.run(
            [sys.executable, "-m", "can.player", *words(live), "--", str(log)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert player.returncode == 0, player.stderr
        wait_for("the log has all", lambda: sum(f"{INJECTED:08X}" in line for line in logger.lines()) >= len(payloads))
        wait_for("the viewer has them", lambda: f"{INJECTED:08X}" in viewer.text)
        assert viewer.quit(b"q") == 0
        assert monitor.quit(b"q") == 0
    finally:
        logger.process.terminate()
        logger.process.communicate()
        for screen in (viewer, monitor):
            if screen.process.poll() is None:
                screen.kill()
    mine = [line.split("#")[1].split()[0] for line in logger.lines() if f"{INJECTED:08X}" in line]
    assert mine == payloads
    others = {line.split()[2].split("#")[0][-2:] for line in logger.lines()} - {f"{INJECTED:08X}"[-2:]}
    assert others == {"D1", "A1"}


class Listener(threading.Thread):
    """A client of python-can that takes every frame until it sees the last one of the flood."""

    def __init__(self, rig: LiveRig, frames: int) -> None:
        super().__init__(daemon=True)
        host, port = rig.address("link")
        self._bus = can.Bus(interface="socketcand", channel="link", host=host, port=port)
        self._last = (frames - 1).to_bytes(8, "little")
        self.flood: list[int] = []
        self.others = 0

    def run(self) -> None:
        """Read until the flood is over."""
        with self._bus as bus:
            while (frame := bus.recv(PATIENCE_S)) is not None:
                if frame.arbitration_id != FLOOD_ID:
                    self.others += bool(self.flood)
                    continue
                self.flood.append(int.from_bytes(frame.data, "little"))
                if bytes(frame.data) == self._last:
                    return


def test_a_full_bus_reaches_every_client(live: LiveRig, capsys: pytest.CaptureFixture[str]) -> None:
    """8-byte extended frames as fast as the bus takes them: of the rig's whole seconds, none is below 95 %."""
    logging.getLogger("can.interfaces.socketcand").setLevel(logging.ERROR)
    frames = int(FLOOD_S * 500_000 / 135)
    listeners = [Listener(live, frames) for _ in range(2)]
    time.sleep(0.05)
    for listener in listeners:
        listener.start()
    before = live.get("bus")
    began_s, began_t_s, began_cpu_s = time.monotonic(), live.get("t_s"), cpu_s(live)
    with socket.create_connection(live.address("link")) as sender:
        assert sender.recv(100) == b"< hi >"
        sender.sendall(b"< open link >")
        assert sender.recv(100) == b"< ok >"
        for i in range(frames):
            data = " ".join(f"{byte:x}" for byte in i.to_bytes(8, "little"))
            sender.sendall(f"< send {FLOOD_ID:08X} 8 {data} >".encode())
        for listener in listeners:
            listener.join(PATIENCE_S)
    after = live.get("bus")
    passed_s = live.get("t_s") - began_t_s
    pace, cpu = passed_s / (time.monotonic() - began_s), (cpu_s(live) - began_cpu_s) / passed_s
    begun = len(before["load_by_second_pct"]) + 1  # the flood may begin and end within a second
    full = after["load_by_second_pct"][begun : begun + int(FLOOD_S) - 1]
    with capsys.disabled():
        late = live.get("lateness")
        print(
            f"\nflood of {frames} frames: {len(full)} whole seconds at {min(full):.1f} to {max(full):.1f} % load; "
            f"{', '.join(f'{len(x.flood)} + {x.others}' for x in listeners)} frames at the clients; "
            f"{pace:.2f} simulated seconds a second, {cpu:.2f} of a core for each; "
            f"lateness p50 {late['p50_ms']:.1f} ms, p99 {late['p99_ms']:.1f} ms, {late['slips']} slips"
        )
    assert len(full) == int(FLOOD_S) - 1
    assert min(full) >= 95.0
    for listener in listeners:
        assert listener.flood == list(range(frames))
    assert listeners[0].others == listeners[1].others > 100  # the boards' frames go first


def test_a_killed_rig_is_an_error_for_its_clients_not_a_silent_bus(live: LiveRig, tmp_path: Path) -> None:
    """An end of file would leave python-can's programs spinning on a bus that looks silent."""
    logger = Logger(live, tmp_path / "cut.log")
    try:
        wait_for("the logger writes", lambda: len(logger.lines()) > 5)
        live.process.kill()
        _, err = logger.process.communicate(timeout=PATIENCE_S)
        assert logger.process.returncode != 0
        assert "Failed to receive" in err
    finally:
        logger.process.kill()
        logger.process.communicate()
    host, port = live.address("link")
    with pytest.raises(OSError):
        socket.create_connection((host, port), timeout=1.0)


