"""Images that the tests of this folder share: building one takes a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import image
from sim import tables


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both nodes' images for the reference board."""
    folder = tmp_path_factory.mktemp("images")
    for node in tables.NODES:
        image.build(node, "teensy41", folder, rev="r")
    return folder
