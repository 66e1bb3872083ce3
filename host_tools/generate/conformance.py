"""The conformance kit as a page, docs/conformance.md: its rules, tests and deeds from the kit's own tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import jinja2

from host_tools.conform import dispenser_tests, tank_tests
from host_tools.conform.kit import MARGIN_MS
from host_tools.conform.rules_table import DEEDS, RULES
from host_tools.generate import protocol

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
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(protocol.TEMPLATES), autoescape=False, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["cell"] = protocol.cell
    return environment.get_template(TEMPLATE).render(context())
