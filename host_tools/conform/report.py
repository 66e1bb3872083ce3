"""What the kit has found: one verdict per rule, the first failure with the frame that broke it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from host_tools.conform.rules_table import RULES

PASS: Final = "pass"
FAIL: Final = "fail"
OPEN: Final = "not tested"


class NotReached(Exception):
    """A test cannot go on: the peer did not come where the rest begins; the message says where."""


class Verdict(NamedTuple):
    """What became of one rule; `frame`: as a line of a candump log, "" when it is one that did not come."""

    rule: str
    says: str
    verdict: str
    detail: str = ""
    frame: str = ""


class Report:
    """Collects verdicts for the rules of one peer."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self._says = {rule: says for rule, who, says in RULES if who in (peer, "both")}
        self._found: dict[str, Verdict] = {}
        self._why_open: dict[str, str] = {}

    def check(self, rule: str, good: bool, detail: str, frame: object = "") -> bool:
        """Note one look at a rule; `detail`: what was wrong, if it was. Returns `good`."""
        before = self._found.get(rule)
        if before is None or before.verdict == PASS:
            shown = (PASS, "", "") if good else (FAIL, detail, str(frame))
            self._found[rule] = Verdict(rule, self._says[rule], *shown)
        return good

    def open(self, rules: tuple[str, ...], why: str) -> None:
        """Say why these rules could not be tested (if they are not by something else)."""
        for rule in rules:
            self._why_open.setdefault(rule, why)

    def failed(self, rule: str) -> bool:
        """Tell whether a rule has failed so far."""
        return rule in self._found and self._found[rule].verdict == FAIL

    def verdicts(self) -> list[Verdict]:
        """Return one verdict per rule, in the order of the table."""
        return [self._found.get(rule) or Verdict(rule, says, OPEN, self._why_open.get(rule, ""))
                for rule, says in self._says.items()]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return the object that --json prints."""
        verdicts = self.verdicts()
        return {
            "peer": self.peer,
            **{key: sum(one.verdict == word for one in verdicts) for key, word in
               (("passed", PASS), ("failed", FAIL), ("not_tested", OPEN))},
            "rules": [one._asdict() for one in verdicts],
        }  # fmt: skip
