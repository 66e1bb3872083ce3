"""The port's driver on UARTs that wait as those of MicroPython's mimxrt and stm32 do: it never lets them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from sim import tables

BYTE_US = 87  # at 115200 baud
SLACK_US = 3000  # of a tick's 10 ms


class Uart:
    """What both have: bytes that came, bytes that went, and the time that calls waited, us."""

    def __init__(self, number: int, baud: int, *, rxbuf: int = 64) -> None:
        assert (number, baud) == (1, 115200)
        self.rxbuf = rxbuf
        self.came = b""
        self.went = b""
        self.waited_us = 0

    def any(self) -> int:
        return len(self.came)

    def read(self, n: int = -1) -> bytes:
        if n < 0 or n > len(self.came):
            self.waited_us += 1_000_000  # for more, as long as more comes
        given, self.came = self.came[:n], self.came[n:]
        return given


class Mimxrt(Uart):
    """A write returns at once when nothing is on its way and all fits into the buffer."""

    on_its_way = 0
    buffer = 256

    def txdone(self) -> bool:
        return not self.on_its_way

    def write(self, data: bytes) -> int:
        self.waited_us += (self.on_its_way + max(0, len(data) - self.buffer)) * BYTE_US
        self.on_its_way = len(data)
        self.went += data
        return len(data)

    def pass_us(self, us: int) -> None:
        self.on_its_way = max(0, self.on_its_way - us // BYTE_US)


class Stm32(Uart):
    """A write waits for its last byte."""

    def txdone(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        self.waited_us += len(data) * BYTE_US
        self.went += data
        return len(data)

    def pass_us(self, us: int) -> None:
        """Time does nothing: the UART waits in the call."""


@pytest.fixture(params=[(Mimxrt, "mimxrt"), (Stm32, "pyboard")], ids=["mimxrt", "stm32"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the driver on one of the UARTs, as `_uart`."""
    kind, platform = request.param
    machine, micropython = ModuleType("machine"), ModuleType("micropython")
    machine.UART = kind  # type: ignore[attr-defined]
    micropython.const = int  # type: ignore[attr-defined]
    micropython.kbd_intr = lambda char: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "machine", machine)
    monkeypatch.setitem(sys.modules, "micropython", micropython)
    board, wiring = ModuleType("board"), ModuleType("board.wiring_table")
    wiring.UART_ID = 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "board", board)
    monkeypatch.setitem(sys.modules, "board.wiring_table", wiring)
    monkeypatch.setattr(sys, "platform", platform)
    spec = importlib.util.spec_from_file_location("uart_under_test", tables.FIRMWARE / "board" / "uart.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Port()


def slack(port: Any, *work: Callable[[], Any]) -> list[Any]:
    """Do what a node does with the port in one slack; it may not wait."""
    port._uart.waited_us = 0
    made = [one() for one in work]
    assert port._uart.waited_us <= SLACK_US
    port._uart.pass_us(10_000)
    return made


def test_whole_lines_go_out_in_order_and_no_slack_waits(port: Any) -> None:
    lines = [b"!EV,%d*0000" % n + b"x" * (n * 37 % 280) + b"\n" for n in range(40)]
    waiting = list(lines)

    def offer() -> None:
        for _ in range(2):  # as many events a slack
            if waiting and port.write(waiting[0]):
                del waiting[0]

    for _ in range(2000):
        slack(port, offer, port.read)
        if not waiting and slack(port, port.idle)[0]:
            break
    assert port._uart.went == b"".join(lines)


def test_the_end_of_a_line_goes_out_without_another_write(port: Any) -> None:
    lines = [b"a" * 100, b"b" * 100]
    taken = slack(port, *(lambda line=line: port.write(line) for line in lines))
    for _ in range(60):
        slack(port, port.read)
    assert port._uart.went == b"".join(line for line, n in zip(lines, taken, strict=True) if n)
    assert slack(port, port.idle) == [True]


def test_a_line_that_never_ends_does_not_hold_the_tick(port: Any) -> None:
    assert port._uart.rxbuf * BYTE_US >= 40_000  # the console looks every fourth tick
    for _ in range(5):
        port._uart.came += b"\xff" * 115
        assert slack(port, port.read) == [b"\xff" * 115]
    assert slack(port, port.read) == [None]
