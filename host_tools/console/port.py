"""A board's serial line: opened without touching the board, read in a thread, opened again whenever it was lost.

pyserial raises DTR and RTS when it opens a port, which resets many boards: both are set low before. Nothing is ever
sent by itself. Any URL of pyserial will do: a device, socket://HOST:PORT, rfc2217://HOST:PORT.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import serial

BAUD: Final = 115200
READ_S: Final = 0.1
WRITE_S: Final = 2.0
AGAIN_S: Final = 0.5  # between two tries to open a port that is gone
LINE_MAX: Final = 1024  # a longer one is noise
# What pyserial says -> what it means.
PLAIN: Final = (
    ("exclusively lock", "busy: another program has the port"),
    ("readiness to read", "gone: the cable is out, or nothing is behind it any more"),
    ("Could not configure", "that is no serial port"),
)


class Away(Exception):
    """The line is not there now; the text says why."""


def open_port(url: str, dtr: bool = False) -> Any:
    """Return the open pyserial port, with DTR and RTS up or down. Raises Away with the reason."""
    scheme, _, rest = url.partition("://")
    if scheme in ("socket", "rfc2217") and not re.search(r"[^/]:\d+(\D|$)", rest):
        raise Away(f"{scheme}://HOST:PORT is what it has to look like")
    try:
        port = serial.serial_for_url(url, do_not_open=True)
        port.baudrate = BAUD
        port.timeout = READ_S
        if not url.startswith("rfc2217:"):  # which refuses to open with one
            port.write_timeout = WRITE_S
        port.dtr = dtr
        port.rts = dtr
        if "://" not in url:
            port.exclusive = True  # two programs on one line answer for each other
        port.open()
    except (serial.SerialException, OSError, ValueError) as error:
        raise Away(reason(error)) from None
    return port


def reason(error: Exception) -> str:
    """Return pyserial's message as one short line."""
    said = " ".join(str(error).split())
    for part, words in PLAIN:
        if part in said:
            return words
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return said or type(error).__name__


class Line:
    """The line at `url`: `on_text(line)` for each whole line, `on_change(here, why)` when it comes and goes.

    Both are called in the reader's thread. `start` opens it for the first time; `close` always returns.
    """

    def __init__(self, url: str, on_text: Callable[[str], None], on_change: Callable[[bool, str], None]) -> None:
        self.url = url
        self._on_text = on_text
        self._on_change = on_change
        self._port: Any = None
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="serial line", daemon=True)

    def start(self) -> None:
        """Open the port and begin to read. Raises Away when it cannot be opened now."""
        self._port = open_port(self.url)
        self._thread.start()

    @property
    def here(self) -> bool:
        """Return whether the port is open."""
        return self._port is not None

    def send(self, data: bytes) -> None:
        """Write bytes. Raises Away."""
        port = self._port
        if port is None:
            raise Away("the line is away")
        try:
            with self._writing:
                port.write(data)
        except (serial.SerialException, OSError, TypeError) as error:  # TypeError: closed under our hands
            self._lost(port, reason(error))
            raise Away(reason(error)) from None

    def close(self) -> None:
        """End the thread and close the port."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2.0)
        port, self._port = self._port, None
        shut(port)

    def _lost(self, port: Any, why: str) -> None:
        if self._port is port and port is not None:
            self._port = None
            shut(port)
            if not self._ended.is_set():
                self._on_change(False, why)

    def _run(self) -> None:
        self._on_change(True, "")
        held = b""
        while not self._ended.is_set():
            port = self._port
            if port is None:
                held = b""
                self._reopen()
                continue
            try:
                data = port.read(1)
                if data:
                    data += port.read(min(port.in_waiting, 4096)) if port.in_waiting else b""
            except (serial.SerialException, OSError, TypeError) as error:
                self._lost(port, reason(error))
                continue
            *lines, held = (held + data).split(b"\n")
            held = held[-LINE_MAX:]
            for line in lines:
                self._on_text(line.decode("ascii", "replace").strip("\r"))

    def _reopen(self) -> None:
        try:
            port = open_port(self.url)
        except Away:
            self._ended.wait(AGAIN_S)
            return
        self._port = port
        self._on_change(True, "")


def shut(port: Any) -> None:
    """Close a port, and the socket behind it, which pyserial leaves open when its far end is gone."""
    link = getattr(port, "_socket", None)
    if port is not None:
        with contextlib.suppress(OSError):
            port.close()
    if link is not None:
        link.close()


def wait(condition: Callable[[], bool], limit_s: float) -> bool:
    """Wait until a condition holds, at most limit_s; return whether it does."""
    end_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() >= end_s:
            return False
        time.sleep(0.02)
    return True
