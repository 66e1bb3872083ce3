"""Words of a refusal: bad values and keys as they can be shown on one line, and the key that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final

SHOWN_MAX: Final = 40  # characters of a bad value that a refusal repeats


def suggest(word: str, known: Iterable[str]) -> str:
    """Return '; did you mean X?' for a near miss, else ''."""
    lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[near[0]]}?" if near else ""


def printable(key: str) -> str:
    """Return a key as it can be shown on one line."""
    return key if key.isprintable() and len(key) <= SHOWN_MAX else shown(key)


def shown(value: Any) -> str:
    """Return a bad value as it can be shown: on one line, not at any length."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."


def span(low: float, high: float, unit: str) -> str:
    """Return a range with its unit."""
    return f"{low:g} to {high:g} {unit}".rstrip()


def one_line(error: Exception) -> str:
    """Return an error's text without its line breaks."""
    return " ".join(str(error).split())
