"""The long fill, cold_fill, whole, on the MicroPython VM: 10 to 90 kg in one go."""

from __future__ import annotations

import pytest

from hil_tests.fills.runs import CompleteFill, Finished, run

pytestmark = pytest.mark.timeout(900)  # a minute of machine time, on a machine that is not always quiet


@pytest.fixture(scope="module")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return cold_fill as run on the MicroPython VM."""
    return run("cold_fill", tmp_path_factory.mktemp("cold_fill"))


class TestColdFill(CompleteFill):
    """10 to 90 kg at 2 bar, nearly the whole tank."""
