"""Commands and answers over a serial line: numbers, CRC, answers matched to their command, tries again, login.

A command that changes something is tried again with the same number, so that the board answers it again instead of
doing it again; one that only looks gets a new number, so that the lines of two answers never mix.
"""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
import time
from binascii import crc_hqx
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from host_tools.console.port import Away, Line
from sim import tables

ANSWER_S: Final = 1.0  # without a word from the board: try again
TRIES: Final = 3
SEQ_MOD: Final = 1_000_000_000
COUNTED: Final = "lines="
LINE_MAX: Final = 120  # characters between `#` and the line feed that the board takes


@dataclass
class Answer:
    """What came back: `ok`, the words of the last line, the lines before it. `heard` False: no answer came."""

    command: str
    ok: bool
    words: str
    lines: list[str] = field(default_factory=list)
    heard: bool = True

    def values(self) -> dict[str, str]:
        """Return the words of the form key=value."""
        return dict(word.split("=", 1) for word in self.words.split() if "=" in word)


def frame(seq: int, command: str) -> bytes:
    """Return the line of a command."""
    body = f"{seq} {command}".encode("ascii", "replace")
    return b"#%s*%04X\n" % (body, crc_hqx(body, 0xFFFF))


def body_of(text: str) -> str | None:
    """Return what stands between the first character and the CRC of a line; None when the CRC is wrong."""
    body, star, crc = text[1:].rpartition("*")
    if not star or crc != f"{crc_hqx(body.encode('ascii', 'replace'), 0xFFFF):04X}":
        return None
    return body


def role_key(service_key: bytes, role: str) -> bytes:
    """Return the key that proves a role to a board with this service key."""
    return hmac.new(service_key, b"cryofill role " + role.encode(), hashlib.sha256).digest()


def proof(key: bytes, nonce: bytes) -> str:
    """Return what answers the board's nonce."""
    return hmac.new(key, b"cryofill login " + nonce, hashlib.sha256).digest()[:16].hex()


def unsendable(line: bytes, command: str) -> str:
    """Return why a command cannot be sent as this line, "" when it can."""
    if not (command.isascii() and command.isprintable()):
        return "only plain ASCII characters can be sent"
    over = len(line.strip()) - 1 - LINE_MAX
    return f"too long by {over} characters: number, command and CRC have {LINE_MAX} together" if over > 0 else ""


def looks_only(command: str) -> bool:
    """Return whether the command of these words changes nothing on the board."""
    name = command.split()[0] if command.split() else ""
    rows = {row[0]: row for row in tables.serial().COMMANDS}
    return name in rows and rows[name][2] == "view" and name not in ("login", "proof")


class Session:
    """One conversation. `on_event(words)` gets the six integers of an event, `on_change(here, why)` the line's state.

    `ask` may be called from any thread; one command is under way at a time.
    """

    def __init__(
        self,
        url: str,
        on_event: Callable[[list[int]], None] = lambda event: None,
        on_change: Callable[[bool, str], None] = lambda here, why: None,
        on_text: Callable[[str, str], None] = lambda direction, text: None,
    ) -> None:
        self.line = Line(url, self._take, self._changed)
        self._on_event = on_event
        self._on_change = on_change
        self._on_text = on_text
        self._seq = int(time.time() * 1000) % SEQ_MOD
        self._asking = threading.Lock()
        self._answers: queue.Queue[str] = queue.Queue()
        self.bad_lines = 0

    def start(self) -> None:
        """Open the line. Raises Away."""
        self.line.start()

    def close(self) -> None:
        """Close the line; always returns."""
        self.line.close()

    def _changed(self, here: bool, why: str) -> None:
        self._on_change(here, why)

    def _take(self, text: str) -> None:
        if text[:1] not in ("!", "="):
            return
        body = body_of(text)
        self._on_text("<", text)
        if body is None:
            self.bad_lines += 1
        elif text[0] == "=":
            self._answers.put(body)
        elif body.startswith("EV,"):
            try:
                event = [int(word) for word in body.split(",")[1:]]
            except ValueError:
                return
            if len(event) == 6:
                self._on_event(event)

    def ask(self, command: str, answer_s: float = ANSWER_S, tries: int = TRIES) -> Answer:
        """Give a command and return its answer; `heard` False when none came, whatever the line did."""
        command = " ".join(command.split())
        why = unsendable(frame(SEQ_MOD, command), command)
        if why:
            return Answer(command, False, why, heard=False)
        again_new = looks_only(command)
        with self._asking:
            for number in range(tries):
                if number == 0 or again_new:
                    self._seq = (self._seq + 1) % SEQ_MOD
                while not self._answers.empty():
                    self._answers.get_nowait()
                try:
                    self._on_text(">", command)
                    self.line.send(frame(self._seq, command))
                except Away:
                    time.sleep(answer_s)
                    continue
                answer = self._collect(command, answer_s)
                if answer is not None:
                    return answer
        return Answer(command, False, "no answer: is the cable in, and the board on?", heard=False)

    def _collect(self, command: str, answer_s: float) -> Answer | None:
        """Return the answer to the present number, None when it did not come whole."""
        lines: list[str] = []
        start = f"{self._seq} "
        while True:
            try:
                body = self._answers.get(timeout=answer_s)
            except queue.Empty:
                return None
            if not body.startswith(start):
                continue  # of an earlier command
            kind, _, words = body[len(start) :].partition(" ")
            if kind == "+":
                lines.append(words)
            elif kind in ("OK", "ERR"):
                if kind == "OK" and words.startswith(COUNTED) and words != f"{COUNTED}{len(lines)}":
                    return None  # a line was lost on the way
                return Answer(command, kind == "OK", words, lines)

    def login(self, role: str, key: bytes) -> Answer:
        """Prove a role; the answer is the board's."""
        asked = self.ask(f"login {role}")
        nonce = asked.values().get("nonce", "")
        if not asked.ok:
            return asked
        return self.ask(f"proof {proof(key, bytes.fromhex(nonce))}")
