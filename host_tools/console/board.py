"""The board behind a session: which node it is, its last status, its history for trends, its role kept up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from host_tools.console import keys, words
from host_tools.console.session import Answer, Session, role_key

HISTORY: Final = 600  # samples of a trend
EARLY: Final = 64  # events that wait for the name of their node
WATCHED_MAX: Final = 6  # tags whose trend is kept beside those of `status`: each is a question more a second
UNDRAWN: Final = ("ms", "active", "latched", "role", "session")  # words of `status` that make no trend
STATUS_S: Final = 1.0
LOGOUT_S: Final = 0.5
# Shown on the live line, in this order: word of `status` -> label.
LIVE: Final = {
    "dispenser": ("PT101", "PT102", "PT103", "TT102", "TT103", "FT101"),
    "tank": ("PT201A", "PT201B", "TT201", "LT201"),
}


class Board:
    """Asks the board for its status every second, in a thread of its own, and tells what happens in words.

    tell(line): a line for the person. role: kept up after every reconnection and restart; key: what proves it, None for
    the published key of a rig's boards.
    """

    def __init__(self, url: str, tell: Callable[[str], None], log: Callable[[str, str], None],
                 role: str = "", key: bytes | None = None) -> None:  # fmt: skip
        self.session = Session(url, self._event, self._changed, log)
        self.node = ""
        self.status: dict[str, str] = {}
        self.state = self.row = ""
        self.heard_s = 0.0  # of the last status, monotonic
        self.history: dict[str, deque[tuple[float, float]]] = {}
        self._watched: list[str] = []
        self.here = False
        self._early: deque[list[int]] = deque(maxlen=EARLY)
        self._tell = tell
        self._role, self._key = role, key
        self._ended = threading.Event()
        self._greet = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)
        self._lost_s = 0.0
        self._proved = False

    def start(self) -> None:
        """Open the line. Raises port.Away when it is not there."""
        self.session.start()

    def follow(self) -> None:
        """Ask for the status every second from now on."""
        self._thread.start()

    def close(self) -> None:
        """End everything, the role first, so that whoever comes next does not have it; always returns."""
        self._ended.set()
        if self._proved and self.session.line.here:
            self.session.ask("logout", answer_s=LOGOUT_S, tries=1)
        self.session.close()

    def introduce(self) -> bool:
        """Learn which node it is and prove the role; return whether the board answered."""
        found = self.session.ask("versions")
        if not found.heard:
            return False
        self.node = found.values().get("node", "dispenser")
        while self._early:
            self._event(self._early.popleft())
        return True

    def prove(self) -> Answer | None:
        """Log in if a role is wanted and not held; return the answer, None when nothing was to be done."""
        if not self._role:
            return None
        held = self.session.ask("whoami")
        names = ("view", *keys.roles())
        have = held.words.split()[:1]
        if have and have[0] in names and names.index(have[0]) >= names.index(self._role):
            return None
        answer = self.session.login(self._role, self._key or role_key(keys.TEST_SERVICE_KEY, self._role))
        self._proved = self._proved or answer.ok
        return answer

    def login(self, role: str, key: bytes | None = None) -> Answer:
        """Log in as a role that the person asks for, and keep it up from now on if it was proved.

        key: of that role; None: the one given for it at the start, and where none was given the published one.
        """
        if key is None and self._key and role != self._role:
            return Answer(f"login {role}", False, f"the key given is the {self._role}'s: login {role} <key file>")
        key = key or self._key
        answer = self.session.login(role, key or role_key(keys.TEST_SERVICE_KEY, role))
        if answer.ok:
            self._role, self._key = role, key
            self._proved = True
        return answer

    def ask(self, command: str) -> Answer:
        """Give a command."""
        return self.session.ask(command)

    # -- what comes by itself ------------------------------------------------------------------------------

    def _changed(self, here: bool, why: str) -> None:
        now_s = time.monotonic()
        if here and self._lost_s:
            self._tell(f"-- line back after {now_s - self._lost_s:.1f} s --")
        elif not here:
            self._lost_s = now_s
            self._tell(f"-- line lost: {why}; trying again by itself --")
        self.here = here
        if here:
            self._greet.set()

    def _event(self, event: list[int]) -> None:
        if not self.node:  # which node's words these are is not known yet
            self._early.append(event)
            return
        for line in words.event_lines(self.node, event):
            self._tell(line)

    def _run(self) -> None:
        while not self._ended.wait(STATUS_S):
            if not self.here:
                continue
            if self._greet.is_set():
                self._greet.clear()
                if not self.introduce():
                    self._greet.set()
                    continue
            self.look()
            for tag in tuple(self._watched):
                self._sample(tag)
            if self._role and self.status.get("role") == "0":
                answer = self.prove()
                if answer is not None:
                    if answer.ok:
                        self._tell(f"-- logged in as {self._role} --")
                    else:
                        self._tell(f"-- login as {self._role}: {answer.words} --")
                        self._role = ""

    def look(self) -> bool:
        """Take the status once; return whether it came."""
        answer = self.session.ask("status", tries=1)
        if not answer.ok:
            return False
        parts = answer.words.split()
        self.status = answer.values()
        self.state, self.row = (*parts, "", "")[:2]
        now_s = self.heard_s = time.monotonic()
        for tag, text in self.status.items():
            if tag not in UNDRAWN and text.lstrip("-").isdigit():
                self._keep(tag, now_s, words.shown(self.node, tag, int(text))[0])
        return True

    def _keep(self, tag: str, at_s: float, value: float) -> None:
        self.history.setdefault(tag.upper(), deque(maxlen=HISTORY)).append((at_s, value))

    @property
    def drawn(self) -> tuple[str, ...]:
        """Return the names whose trend is kept, of `status` and of what is watched."""
        return tuple(self.history)

    def watch(self, tag: str) -> bool:
        """Keep the trend of a tag of the I/O list too; the oldest makes room. False: there is no such tag."""
        if tag not in words.tags(self.node):
            return False
        self._watched = [*(one for one in self._watched if one != tag), tag][-WATCHED_MAX:]
        self.history.setdefault(tag, deque(maxlen=HISTORY))
        return True

    def _sample(self, tag: str) -> None:
        """Ask for one tag; of a value that may not be believed nothing is kept."""
        for line in self.session.ask(f"tags {tag}", tries=1).lines:
            row = words.tag_row(self.node, line)
            if row is not None and row["tag"] == tag and row["quality"] != "bad":
                self._keep(tag, time.monotonic(), float(row["value"]))

    def live(self) -> list[str]:
        """Return the parts of the live line, the most important first."""
        if not self.status:
            return [self.node or "?", "no word from the board yet"]
        number = self.number
        parts = [
            f"{self.node} {self.state}" + (f"/{self.row}" if self.row != self.state else ""),
            f"{number('ms') / 1000:.0f} s",
        ]
        latched, active = int(number("latched")), int(number("active"))
        if latched or active:
            parts.append(f"ALARM {self.status.get('first', '-')}" if latched else f"{active} active")
        for tag in LIVE.get(self.node, ()):
            text = self.status.get(tag, "-")
            if text == "-":
                parts.append(f"{tag} BAD")
            else:
                value, unit = words.shown(self.node, tag, int(text))
                digits = 1 if unit in ("K", "g/s", "%") else 2
                parts.append(f"{tag} {round(value, digits) + 0.0:.{digits}f} {unit}")
        mass_g, target_g = number("tank_g"), number("target_g", number("max_g"))
        if mass_g >= 0:
            parts.append(f"{mass_g / 1000:.1f}" + (f"/{target_g / 1000:.1f} kg" if target_g > 0 else " kg"))
        link_ms = number("link_ms")
        parts.append(f"link {link_ms:.0f} ms" if link_ms < 10_000 else "no link")
        parts.append(("view", *keys.roles())[int(number("role")) & 3])
        return parts

    def number(self, name: str, missing: float = -1.0) -> float:
        """Return a number of the last status."""
        text: Any = self.status.get(name, "")
        return float(text) if text.lstrip("-").isdigit() else missing
