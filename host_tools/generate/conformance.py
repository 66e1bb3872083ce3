"""The conformance kit as a page, docs/conformance.md: its rules, tests and deeds from the kit's own tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from host_tools import pages
from host_tools.conform import dispenser_tests, tank_tests
from host_tools.conform.kit import MARGIN_MS
from host_tools.conform.rules_table import DEEDS, RULES

PAGE: Final = Path("docs") / "conformance.md"
TEMPLATE: Final = "conformance.md.j2"


def context() -> dict[str, Any]:
    """Return what the template shows."""
    return {
        "rules": RULES,
        "deeds": DEEDS,
        "tests": {"tank": tank_tests.TESTS, "dispenser": dispenser_tests.TESTS},
        "margin_ms": MARGIN_MS,
        "holds": dispenser_tests.HOLDS,
        "tank_id": dispenser_tests.TRUCK["T_IDENT"]["tank_id"],
    }


def render() -> str:
    """Return the page."""
    return pages.markdown(TEMPLATE, context())
