"""`cryofill conform --peer tank|dispenser BUS`: hold somebody's side of the link against the protocol's rules.

BUS is a python-can bus, `INTERFACE:CHANNEL` or `socketcand:HOST:PORT:CHANNEL`, or `sim`: our own board in simulated
time. Exit codes: 0 no rule failed, 3 some failed, 2 the bus is not there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final, TextIO

from host_tools import cli, link_auth
from host_tools.conform import dispenser_tests, report, tank_tests
from host_tools.conform.codec import codec
from host_tools.conform.kit import Kit, Trial
from host_tools.conform.port import BusError, Hands, Port, RealPort, open_bus
from host_tools.conform.report import Report
from host_tools.conform.rules_table import DEEDS
from sim import link_keys

TESTS: Final[dict[str, tuple[Trial, ...]]] = {"tank": tank_tests.TESTS, "dispenser": dispenser_tests.TESTS}
SIMULATED: Final = "sim"
TEST_KEY: Final = "test"
MARKS: Final = {report.PASS: "pass", report.FAIL: "FAIL", report.OPEN: "-"}


class Person:
    """Whoever sits before the terminal: is told what to do at the peer, and says when it is done."""

    def __init__(self, peer: str, out: TextIO) -> None:
        self._peer = peer
        self._out = out

    def do(self, deed: str) -> bool:
        """Ask for it; False without a terminal, where nobody can answer."""
        if not sys.stdin.isatty():
            return False
        self._out.write(f"now {DEEDS[self._peer][deed]}, then press Enter: ")
        self._out.flush()
        return bool(sys.stdin.readline())


def _tests(peer: str, names: list[str] | None) -> tuple[Trial, ...]:
    """Return the tests asked for. Raises UserError for an unknown one."""
    known = {test.name: test for test in TESTS[peer]}
    for name in names or ():
        if name not in known:
            raise cli.UserError(f"--test {name}: a {peer} has {', '.join(known)}")
    return tuple(test for test in TESTS[peer] if not names or test.name in names)


def _parties(arguments: argparse.Namespace) -> tuple[Port, Hands]:
    """Return the port of the bus asked for and who does things at the peer. Raises UserError."""
    if arguments.bus == SIMULATED:
        from host_tools.conform.simulated import SimulatedPeer

        peer = SimulatedPeer(arguments.peer, auth=bool(arguments.key))
        return peer, peer
    try:
        bus = open_bus(arguments.bus, codec().bitrate)
        try:
            return RealPort(bus), Person(arguments.peer, sys.stderr)
        except BusError as error:
            bus.shutdown()
            raise BusError(f"{arguments.bus}: {error}") from None
    except BusError as error:
        raise cli.UserError(str(error)) from None


def _key(name: str | None) -> bytes | None:
    """Return the truck's key in the file given, or that of a rig's truck for "test". Raises UserError."""
    if name is None:
        return None
    if name == TEST_KEY:
        return link_keys.key_of("tank")
    try:
        return link_auth.read_key(Path(name))
    except link_auth.KeyFileError as error:
        raise cli.UserError(f"--key: {error}") from None


def lines(found: Report, asked: set[str]) -> list[str]:
    """Return the table for people: every rule that was looked at, and those in `asked` that could not be."""
    shown = []
    for one in found.verdicts():
        if one.verdict == report.OPEN and one.rule not in asked:
            continue
        shown.append(f"{MARKS[one.verdict]:<5}{one.rule:<12}{one.says}")
        if one.verdict != report.PASS and one.detail:
            shown.append(f"{'':17}{one.detail}")
        if one.frame:
            shown.append(f"{'':17}{one.frame}")
    counts: dict[str, Any] = found.as_json()
    shown.append(f"{found.peer}: {counts['passed']} rules passed, {counts['failed']} failed, "
                 f"{counts['not_tested']} not tested")  # fmt: skip
    return shown


def run(arguments: argparse.Namespace) -> int:
    """Test the peer; returns 0 when no rule failed, else 3."""
    tests = _tests(arguments.peer, arguments.test)
    key = _key(arguments.key)
    port, hands = _parties(arguments)
    try:
        found = Kit(arguments.peer, port, hands, codec(), key).run(
            tests, lambda name: print(f"{port.now_ms() / 1000:8.1f} s  {name}", file=sys.stderr)
        )
    except BusError as error:
        raise cli.UserError(f"{arguments.bus}: {error}") from None
    finally:
        port.close()
    asked = {rule for test in tests for rule in test.rules}
    print(json.dumps(found.as_json(), indent=2) if arguments.json else "\n".join(lines(found, asked)))
    return cli.EXIT_NOT_COMPLETE if found.as_json()["failed"] else cli.EXIT_DONE
