"""Release images: the same bytes wherever they are built, every module in them, nobody's key, a right manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from host_tools import cli, image, image_source
from sim import line_map, link_keys, tables


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, images: Path) -> None:
    copy = tmp_path / "elsewhere" / "firmware"
    shutil.copytree(tables.FIRMWARE, copy)
    for path in sorted(copy.rglob("*.py")):
        path.touch()
    image.build("tank", "teensy41", tmp_path / "two", rev="r", firmware=copy)
    one, two = images / "tank-teensy41", tmp_path / "two" / "tank-teensy41"
    assert contents(one) == contents(two)
    changed = copy / "core" / "params.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n\nprint()\n", encoding="utf-8")
    image.build("tank", "teensy41", tmp_path / "two", rev="r", firmware=copy)
    changed_files = {path for path, data in contents(one).items() if data != contents(two)[path]}
    assert changed_files == {"image.romfs", "manifest.json", "map.json"}


def test_the_manifest_is_right_and_no_key_is_shipped(images: Path) -> None:
    for node in tables.NODES:
        folder = images / f"{node}-teensy41"
        manifest = json.loads((folder / "manifest.json").read_text())
        assert (manifest["node"], manifest["board"], manifest["small_int_bits"]) == (node, "teensy41", 31)
        files = {p: d for p, d in contents(folder).items() if p != "manifest.json"}
        assert image.digest(files.pop("map.json")) == manifest["map"]["sha256"]
        due = {path: image.digest(data) for path, data in files.items()}
        assert {one["path"]: one["sha256"] for one in manifest["files"]} == due
        assert [one["path"] for one in manifest["modules"]] == ["io_table.mpy", "main.mpy", "rows.mpy"]
        origins = line_map.read(folder / "map.json").paths
        other = "tank" if node == "dispenser" else "dispenser"
        assert {"main.py", f"{node}/node.py", "board/can.py"} <= set(origins)
        assert not any(path.startswith(other) for path in origins)
        for data in files.values():
            key = link_keys.key_of(node)
            assert key not in data and key.hex().encode() not in data and link_keys.STATION_KEY not in data


def test_another_board_gets_its_own_pins_and_peripherals() -> None:
    texts = image.sources("dispenser", "pybv11", "r")
    made, _, _ = image.linked(texts)
    assert '["PT101","X19",' in made["io_table.py"]
    assert '["PT106",null,' in made["io_table.py"]
    assert "FRAM_CS = 'Y5'" in made["io_table.py"]
    assert "UART(6, " in made["main.py"]
    plain = image_source.modules("dispenser")
    assert len(texts) > 50 and {path: text.count("\n") for path, text in texts.items()} == {
        path: plain[path].count("\n") for path in texts
    }


def test_what_the_command_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["build", "--node", "tank", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "tank-teensy41" in said and "of Teensy 4.1's 256 KiB" in said
    (tmp_path / "file").write_text("")
    assert cli.main(["build", "--node", "tank", "--out", str(tmp_path / "file")]) == 2
    assert "--out" in capsys.readouterr().err


def test_an_image_that_is_not_whole_is_refused(
    tmp_path: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill = ["fill", "--no-picture", "--image", str(tmp_path)]
    assert cli.main(fill) == 2
    assert "manifest.json: no such file; make it with: cryofill build" in capsys.readouterr().err
    shutil.copytree(images, tmp_path, dirs_exist_ok=True)
    assert cli.main([*fill, "--vm", "cpython"]) == 2
    assert "images are bytecode" in capsys.readouterr().err
    file = tmp_path / "tank-teensy41" / "image.romfs"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert cli.main(fill) == 2
    assert "image.romfs: its SHA-256 is not the manifest's" in capsys.readouterr().err
