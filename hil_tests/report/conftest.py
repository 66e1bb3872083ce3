"""The trace that the report's tests share, and its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil_tests.report import trace_folder
from host_tools import report_page


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trace folder with everything in it; do not change it."""
    return trace_folder.write(tmp_path_factory.mktemp("trace") / "mixed", trace_folder.result())


@pytest.fixture(scope="session")
def page(recorded: Path) -> str:
    """Return the page of that trace."""
    return report_page.render(report_page.read(recorded))
