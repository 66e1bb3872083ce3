"""A board's serial port for `cryofill flash` and `doctor`: numbered commands while its firmware runs, then its prompt.

A port is what pyserial opens: a device, `socket://host:port` or `rfc2217://host:port`.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host_tools.console.port import BAUD, Away, open_port, reason, shut
from sim import serial_line

READ_S: Final = 0.05
ANSWER_S: Final = 3.0
PROMPT: Final = b">>> "
BREAK, TO_PLAIN = b"\x03", b"\r\x02"  # what mpremote presses: end what runs; out of the prompt's raw mode
FIRMWARE, PROMPTS, SILENT = "firmware", "prompt", "silent"


class PortError(Exception):
    """The port or the board behind it does not do what is asked: one line with the port and what to do."""


class Port:
    """Commands and answers of a running firmware. Opening it resets nothing. Use as a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._serial: Any = open_port(url, dtr=True)  # without it a prompt on a board's own USB may stay silent
        except Away as why:
            raise PortError(f"{url}: {why}") from None
        self._serial.timeout = READ_S
        self._seq = int(time.time()) % 1_000_000  # another session's numbers would be answered with its answers
        self._rest = b""

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        shut(self._serial)

    def read(self) -> bytes:
        """Return what has come, after at most 50 ms."""
        try:
            return bytes(self._serial.read(max(1, self._serial.in_waiting)))
        except OSError as error:
            raise PortError(f"{self.url}: {reason(error)}") from None

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._serial.write(data)
        except OSError as error:
            raise PortError(f"{self.url}: {reason(error)}") from None

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield whole lines for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            *whole, self._rest = (self._rest + self.read()).split(b"\n")
            for line in whole:
                yield line.decode("ascii", "replace").strip()

    def who(self) -> str:
        """Return FIRMWARE, PROMPTS or SILENT: who answers at the port."""
        for number in range(3):
            self._seq += 1
            # To a prompt that somebody left in its raw mode, Ctrl-B brings back the one that answers; else it is noise.
            self.write(TO_PLAIN * (number > 0) + serial_line.command(self._seq, "whoami") + b"\r\n")
            seen = b""
            until = time.monotonic() + ANSWER_S / 2
            while time.monotonic() < until:
                seen += self.read()
                if b"=%d OK" % self._seq in seen:
                    return FIRMWARE
                if seen.endswith(PROMPT):
                    return PROMPTS
        return SILENT

    def ask(self, text: str) -> list[str]:
        """Give a command; return the lines of its answer, the words behind OK last. PortError with its refusal."""
        self._seq += 1
        seq = str(self._seq)
        self.write(serial_line.command(self._seq, text) + b"\n")
        told: list[str] = []
        for line in self.lines(ANSWER_S):
            body = serial_line.body_of(line)
            if line[:1] != "=" or body is None:
                continue
            number, _, words = body.partition(" ")
            if number != seq:
                continue
            if words.startswith("OK"):
                return [*told, words[3:]]
            if words.startswith("ERR"):
                raise PortError(f"{self.url}: the board refuses `{text.split()[0]}`: {words[4:]}")
            told.append(words[1:].strip())
        raise PortError(f"{self.url}: no answer to `{text.split()[0]}` within {ANSWER_S:g} s")

    def login(self, role: str, key: bytes | None) -> None:
        """Prove a role unless the port is open. key: the role's. Raises PortError."""
        said = self.ask("whoami")[-1].split()
        if said[-1] == "open" or said[0] in (role, "commissioning"):
            return
        if key is None:
            raise PortError(f"{self.url}: needs the role {role}: give its key with --key FILE")
        nonce = bytes.fromhex(self.ask(f"login {role}")[-1].partition("nonce=")[2])
        proof = hmac.new(key, b"cryofill login " + nonce, hashlib.sha256).digest()[:16]
        self.ask("proof " + proof.hex())


class Prompt:
    """MicroPython's prompt, spoken to by mpremote: it is interrupted, never reset. Use as a context manager.

    It is left as it was found, a prompt for people, unless `leave` has reset the board.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._left = False
        try:
            self.transport: Any = SerialTransport(url, baudrate=BAUD)
        except (TransportError, OSError, ValueError) as error:
            raise PortError(f"{url}: {error}") from None
        try:
            self.transport.enter_raw_repl(soft_reset=False)
        except (TransportError, OSError) as error:
            shut(self.transport.serial)
            raise PortError(f"{url}: no MicroPython prompt ({error})") from None

    def __enter__(self) -> Prompt:
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._left:
            with contextlib.suppress(OSError):
                self.transport.serial.write(BREAK * (exc[0] is not None) + TO_PLAIN)
        shut(self.transport.serial)

    def run(self, what: Callable[..., Any], *words: Any, **named: Any) -> Any:
        """Call a method of the transport; PortError when the board or the line fails."""
        try:
            return what(*words, **named)
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ["no reason given"]
            raise PortError(f"{self.url}: the board says: {last[0]}") from None
        except (TransportError, OSError, ValueError, SyntaxError) as error:
            raise PortError(f"{self.url}: the line failed ({error or type(error).__name__})") from None

    def exec(self, code: str) -> str:
        """Run code on the board; return what it prints."""
        return str(self.run(self.transport.exec, code).decode())

    def eval(self, expression: str) -> Any:
        """Return the value of an expression on the board."""
        return self.run(self.transport.eval, expression)

    def interrupt(self) -> None:
        """Break off what a command of ours left unfinished."""
        with contextlib.suppress(TransportError, OSError):
            self.transport.enter_raw_repl(soft_reset=False)

    def leave(self) -> None:
        """Reset the board; the prompt is gone then."""
        self._left = True
        with contextlib.suppress(TransportError, OSError):
            self.transport.exec_raw_no_follow("import machine\nmachine.reset()")
            time.sleep(0.2)
