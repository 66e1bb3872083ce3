"""The limits of images, and the measurement behind one of them."""

from __future__ import annotations

from pathlib import Path

from host_tools import check_images, image
from sim import heap


def test_the_heap_of_an_image_is_measured_and_grows_with_it(images: Path, tmp_path: Path) -> None:
    """A 32-bit VM measures; it finds a table of 4000 bytes that the image did not have before."""
    home = images / "tank-teensy41" / "image.romfs"
    before = heap.use("tank", home)
    assert 40_000 < before.heap_b <= image.HEAP_B["tank"]
    assert abs(sum(before.kinds.values()) - before.heap_b) < 2000  # the map was printed a little later
    texts, _, _ = image.linked(image.sources("tank", "teensy41", "r"))
    texts["main.py"] += "\nHELD = bytearray(4000)\nROWS = ((1, 2), (3, 4))\n"
    # A row of a table made in the slack: what that takes is the peak's, not what lives.
    made = "        return json.loads(text["
    texts["rows.py"] = texts["rows.py"].replace(made, "        bytearray(9000)\n" + made)
    more = tmp_path / "image.romfs"
    more.write_bytes(image.romfs(image.compile_all(texts)))
    after = heap.use("tank", more)
    # What only looks like a pointer keeps a few hundred bytes, in one image others than in the other.
    assert 3400 <= after.heap_b - before.heap_b < 4600
    grown = {what: after.kinds[what] - size_b for what, size_b in before.kinds.items()}
    assert before.peak_b - before.heap_b < check_images.BURST_B < after.peak_b - after.heap_b
    assert 4000 <= grown.pop("buffers") < 4100 and max(map(abs, grown.values())) < 500


def test_what_is_beyond_its_limit_is_named() -> None:
    right = {
        "tank": {
            "image_b": 70_000, "modules": 3, "heap_b": 60_000, "heap_of": {"tuples": 512}, "peak_b": 65_120,
            "tree_heap_b": 61_440,
        }
    }  # fmt: skip
    assert check_images.problems(right) == []
    assert "41 % of a 100-KiB heap" in "\n".join(check_images.lines(right))
    assert "KiB by kind: tuples 0.5" in "\n".join(check_images.lines(right))
    assert "at its port, 5.0 on top" in "\n".join(check_images.lines(right))
    big = {
        "tank": {
            "image_b": 131_073, "heap_b": image.HEAP_B["tank"] + 1, "tree_heap_b": image.TREE_HEAP_B["tank"] + 1,
            "peak_b": image.HEAP_B["tank"] + 8194,
        }
    }  # fmt: skip
    assert [line.split(":")[0] for line in check_images.problems(big)] == ["image tank", *["heap tank"] * 3]
