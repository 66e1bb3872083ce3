"""Pages from the templates in host_tools/templates: Markdown for the documents, HTML for reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import jinja2

TEMPLATES: Final = Path(__file__).parent / "templates"


def cell(text: str) -> str:
    """Return text that may stand in a cell of a Markdown table: one line, without its own bars."""
    return " ".join(text.split()).replace("|", "\\|")


def markdown(template: str, context: Mapping[str, Any]) -> str:
    """Return a Markdown page; its template has the filter `cell`. Raises jinja2.UndefinedError."""
    return _render(template, context, escape=False, filters={"cell": cell})


def html(template: str, context: Mapping[str, Any], filters: Mapping[str, Callable[..., str]]) -> str:
    """Return an HTML page in which every value is escaped. Raises jinja2.UndefinedError."""
    return _render(template, context, escape=True, filters=filters)


def _render(
    template: str, context: Mapping[str, Any], *, escape: bool, filters: Mapping[str, Callable[..., str]]
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=escape, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(filters)
    return environment.get_template(template).render(context)
