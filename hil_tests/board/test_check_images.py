"""The limits of images, and the measurement behind one of them."""

from __future__ import annotations

from pathlib import Path

from host_tools import check_images, image
from sim import heap


def test_the_heap_of_an_image_is_measured_and_grows_with_it(images: Path, tmp_path: Path) -> None:
    """A 32-bit VM measures; it finds a table of 4000 bytes that the image did not have before."""
    home = images / "tank-teensy41" / "image.romfs"
    before = heap.after_boot("tank", home)
    assert 40_000 < before <= image.HEAP_B["tank"]
    texts, _ = image.sources("tank", "teensy41", "r")
    texts["main.py"] += "\nHELD = bytearray(4000)\n"
    more = tmp_path / "image.romfs"
    more.write_bytes(image.romfs(image.compile_all(texts)))
    assert 4000 <= heap.after_boot("tank", more) - before < 4400


def test_what_is_beyond_its_limit_is_named() -> None:
    right = {"tank": {"image_b": 70_000, "modules": 50, "heap_b": 60_000}}
    assert check_images.problems(right) == []
    assert "41 % of a 100-KiB heap" in "\n".join(check_images.lines(right))
    big = {"tank": {"image_b": 131_073, "modules": 50, "heap_b": image.HEAP_B["tank"] + 1}}
    assert [line.split(":")[0] for line in check_images.problems(big)] == ["image tank", "heap tank"]
