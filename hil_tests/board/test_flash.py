"""Flashing through mpremote onto a VM that acts as the board: first time, update, cut off anywhere, wrong boards.

A fill then runs from what stands in both boards' partitions.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hil_tests.console.bench import SERVICE_KEY
from hil_tests.fills.runs import run
from hil_tests.replay.recordings import QUICK
from host_tools import cli, flash_command, image
from host_tools import flash as flashing
from host_tools.board_port import PROMPTS, Port, Prompt
from host_tools.console.session import role_key
from host_tools.flash import CHUNK
from sim import tables
from sim.board_vm import VirtualBoard, wait_for
from sim.memory import open_image
from sim.scenario import Scenario, Truck

Capture = pytest.CaptureFixture[str]
PROMPT_S = 20.0


def flash(board: VirtualBoard, images: Path, *options: str) -> int:
    """Give the command; return its exit code."""
    code = cli.main(["flash", board.url, "--node", board.node, "--image", str(images), *options])
    if board.failure is not None:
        raise board.failure
    return code


def at(text: str, then: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do something when the progress says so; return all that it says."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.strip("\r").startswith(text):
            then()

    monkeypatch.setattr(flash_command, "say", say)
    return said


@pytest.fixture(scope="module")
def boards(images: Path) -> Iterator[dict[str, VirtualBoard]]:
    """Both boards, as they left MicroPython's factory, flashed once."""
    with VirtualBoard("dispenser") as dispenser, VirtualBoard("tank") as tank:
        found = {one.node: one for one in (dispenser, tank)}
        for one in found.values():
            assert flash(one, images) == 0
        yield found


def test_a_look_at_a_new_board_leaves_it_as_it_was(images: Path, capsys: Capture) -> None:
    with VirtualBoard("tank") as board:
        for _ in range(2):
            assert flash(board, images, "--dry-run") == 0
            assert "nothing of Cryofill is on this board yet" in capsys.readouterr().err
        with Port(board.url) as port:
            assert port.who() == PROMPTS
        prompt = Prompt(board.url)
        prompt.transport.serial.close()  # killed in the middle: the prompt stays in its raw mode
        with Port(board.url) as port:
            assert port.who() == PROMPTS
        assert board.files() == {} and board.starts == 1


def test_the_first_image_runs_and_passes_its_self_test(
    boards: dict[str, VirtualBoard], images: Path, capsys: Capture
) -> None:
    for board in boards.values():
        assert board.running and b" a " in board.files()["/boot0"]
        assert board.image().read_bytes() == image.read(images, board.node, "teensy41").files["image.romfs"]


@pytest.mark.timeout(600)
def test_a_fill_runs_from_what_was_flashed_and_is_that_of_the_sources(
    boards: dict[str, VirtualBoard], tmp_path: Path
) -> None:
    truck = Truck(mass_kg=40.0, target_kg=42.5)
    what = Scenario(stem="flashed", name="flashed", seed=5, limit_s=900.0, truck=truck)
    options = dataclasses.replace(QUICK, stays_s={})
    flashed = {node: board.image() for node, board in boards.items()}
    run_ = run(what, tmp_path / "image", dataclasses.replace(options, images=flashed))
    assert (run_.result["outcome"], run_.result["invariants"]["broken"]) == ("complete", [])
    for node in run_.result["nodes"].values():
        assert node["ticks"] - node["locked_ticks"] == 0
    sources = run(dataclasses.replace(what, limit_s=60.0), tmp_path / "sources", options)
    for name in ("link.log", "events.jsonl", "signals.csv"):  # all of it would be the same, and take as long again
        whole, begun = run_.files()[name], sources.files()[name]
        assert len(begun) > 3000 and whole.startswith(begun), name


def test_an_update_goes_to_the_other_slot_after_a_look(
    boards: dict[str, VirtualBoard], images: Path, capsys: Capture
) -> None:
    tank = boards["tank"]
    assert flash(tank, images, "--dry-run") == 0
    assert "nothing was changed" in capsys.readouterr().err and b" a " in tank.files()["/boot0"]
    assert flash(tank, images) == 0
    assert b" b " in tank.files()["/boot0"]
    out, err = capsys.readouterr()
    assert "loader: as asked; outputs off" in err and "state: PARK" in out and "image=0.1.0 r " in out
    assert cli.main(["doctor", tank.url]) == 0
    assert "ok      self-test: passed" in capsys.readouterr().out
    pins = (tank.folder / "pins.txt").read_text().splitlines()
    about = (images / "tank-teensy41" / "flash" / "board.txt").read_text().split()[1:]
    assert pins[-len(about):] == [f"{pin} 0" for pin in about]  # fmt: skip


def test_a_board_with_a_service_key_wants_the_technicians(
    boards: dict[str, VirtualBoard], images: Path, tmp_path: Path, capsys: Capture
) -> None:
    tank = boards["tank"]
    right, wrong = tmp_path / "technician.key", tmp_path / "operator.key"
    right.write_text(role_key(SERVICE_KEY, "technician").hex() + "\n")
    wrong.write_text(role_key(SERVICE_KEY, "operator").hex() + "\n")
    with Port(tank.url) as port:
        port.ask(f"service_key {SERVICE_KEY.hex()}")
    starts = tank.starts
    assert flash(tank, images) == 2
    assert "needs the role technician: give its key with --key FILE" in capsys.readouterr().err
    assert flash(tank, images, "--key", str(wrong)) == 2
    assert "wrong proof" in capsys.readouterr().err and tank.starts == starts  # it was never in the loader
    assert flash(tank, images, "--key", str(right), "--dry-run") == 0
    assert "nothing was changed" in capsys.readouterr().err and tank.starts > starts
    assert wait_for(lambda: tank.running, PROMPT_S)
    with Port(tank.url) as port:
        port.login("commissioning", role_key(SERVICE_KEY, "commissioning"))
        port.ask("service_key erase")


def cut_update(board: VirtualBoard, images: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the supply away in the middle of an update; the old image has to come up by itself."""
    before = board.files()["/boot0"]
    said = at(f"copying {place} of", board.power_cycle, monkeypatch)
    assert flash(board, images) == 2
    assert wait_for(lambda: board.running, PROMPT_S), said
    assert board.files()["/boot0"] == before
    return said


def test_a_cut_in_an_update_leaves_the_old_version_running(
    boards: dict[str, VirtualBoard], images: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    said = cut_update(boards["tank"], images, "28672", monkeypatch)
    assert "stopped: the old version is still the one that starts" in said
    assert boards["tank"].url in capsys.readouterr().err
    monkeypatch.undo()
    assert flash(boards["tank"], images) == 0


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_a_cut_anywhere_in_an_update_leaves_the_old_version_running(
    boards: dict[str, VirtualBoard], images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = image.read(images, "tank", "teensy41").manifest["bytes"]
    for place in [*range(4096, size, 4096), size]:
        with monkeypatch.context() as patch:
            cut_update(boards["tank"], images, str(place), patch)


def test_ctrl_c_leaves_the_old_version_running(
    boards: dict[str, VirtualBoard], images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    tank = boards["tank"]
    before = tank.files()["/boot0"]
    said = at("copying 20480 of", interrupt, monkeypatch)
    assert flash(tank, images) == 130
    assert "stopped: the old version is still the one that starts" in said
    assert wait_for(lambda: tank.running, PROMPT_S) and tank.files()["/boot0"] == before


def test_a_damaged_image_is_not_started(boards: dict[str, VirtualBoard], images: Path, capsys: Capture) -> None:
    tank = boards["tank"]
    rom = tank.folder / "rom.bin"
    data = bytearray(rom.read_bytes())
    for slot in (0, len(data) // 2):
        data[slot + 5000] ^= 1
    rom.write_bytes(data)
    tank.power_cycle()
    assert wait_for(lambda: not tank.running, PROMPT_S)
    assert flash(tank, images) == 0
    assert "the board is at MicroPython's prompt" in capsys.readouterr().err
    assert tank.running


def test_what_does_not_fit_is_refused(
    boards: dict[str, VirtualBoard], images: Path, tmp_path: Path, capsys: Capture
) -> None:
    tank = boards["tank"]
    assert cli.main(["flash", tank.url, "--node", "dispenser", "--image", str(images)]) == 2
    assert "commissioned as tank, the image is the dispenser's" in capsys.readouterr().err
    assert wait_for(lambda: tank.running, PROMPT_S)
    image.build("tank", "pybv11", tmp_path, rev="r")
    assert flash(tank, tmp_path, "--board", "pybv11") == 2
    assert "the board is a Teensy 4.1; the image is for Pyboard v1.1" in capsys.readouterr().err
    assert cli.main(["flash", "socket://127.0.0.1:1", "--node", "tank", "--image", str(images)]) == 2
    assert "socket://127.0.0.1:1" in capsys.readouterr().err


def test_a_board_met_at_its_own_usb_is_waited_for_at_its_service_port(
    images: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(flash_command, "to_prompt", lambda url, key, say: url == "/dev/ttyACM0" or pytest.fail(url))
    monkeypatch.setattr(flash_command, "_has_stage", lambda arguments, what: True)
    monkeypatch.setattr(flash_command, "_at_prompt", lambda arguments, what: True)
    monkeypatch.setattr(flashing, "SELFTEST_S", 0.1)
    command = ["flash", "/dev/ttyACM0", "--node", "tank", "--image", str(images), "--console", "socket://127.0.0.1:1"]
    assert cli.main(command) == 2
    assert "socket://127.0.0.1:1: the image is on the board, but nobody answers here" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"bytes": 5}, {"sha256": "0" * 64}, {"files": []}])
def test_a_manifest_that_was_edited_is_refused_before_the_board_is_asked(
    change: dict[str, object], images: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "tank-teensy41"
    shutil.copytree(images / folder.name, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **change}))
    assert cli.main(["flash", "/dev/does-not-exist", "--node", "tank", "--image", str(tmp_path)]) == 2
    assert "manifest.json: bytes and sha256 are not those of its files" in capsys.readouterr().err


@pytest.fixture
def one_slot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[VirtualBoard, Path]:
    """Return the reference board without a ROMFS partition: a tree of files, one slot; and its image."""
    table = tables.boards()
    rows = tuple({**row, "ROMFS_B": 0, "SLOTS": 1} if row["ID"] == "teensy41" else row for row in table.BOARDS)
    other = SimpleNamespace(**{**vars(table), "BOARDS": rows})
    monkeypatch.setattr(tables, "boards", lambda: other)
    image.build("tank", "teensy41", tmp_path, rev="r")
    return VirtualBoard("tank"), tmp_path


def cut_tree(board: VirtualBoard, images: Path, places: Iterable[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the supply away after so many bytes; the board has to come back in the loader each time, and say why."""
    for place in places:
        with monkeypatch.context() as patch:
            said = at(f"copying {place} of", board.power_cycle, patch)
            assert flash(board, images) == 2
        assert any("stays in the loader, outputs off" in line for line in said), said
        assert not board.running


def tree_sizes(images: Path) -> list[int]:
    """Return the bytes of each file of the tree, in the order in which they are copied."""
    listed = image.read(images, "tank", "teensy41").manifest["files"]
    return [one["bytes"] for one in listed if one["path"].startswith("mpy/")]


def leave_half_a_tree(board: VirtualBoard) -> None:
    """Put on the flash what a copy that was cut leaves: many small files, hardly a free block."""
    files = open_image(bytes(board.memory.flash), board.memory.block_bytes)
    files.mkdir("/mpy")
    for i in range(50):
        with files.open(f"/mpy/old{i}.mpy", "wb") as file:
            file.write(bytes(600))
    board.memory.flash[:] = files.context.buffer


def test_a_board_with_one_slot_stays_in_the_loader_until_a_copy_is_whole(
    one_slot: tuple[VirtualBoard, Path], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    board, images = one_slot
    leave_half_a_tree(board)
    with board:
        *whole_files, size = itertools.accumulate(tree_sizes(images))
        cut_tree(board, images, [CHUNK, *whole_files], monkeypatch)
        assert flash(board, images) == 0
        assert board.running
        cut_tree(board, images, [size], monkeypatch)
        assert b" - 0 " in board.files()["/boot0"]


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_a_board_with_one_slot_survives_a_cut_anywhere(
    one_slot: tuple[VirtualBoard, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    board, images = one_slot
    places, sent = set(), 0
    for size in tree_sizes(images):
        places |= {sent + at for at in (*range(CHUNK, size, CHUNK), size)}
        sent += size
    with board:
        assert flash(board, images) == 0
        cut_tree(board, images, sorted(places), monkeypatch)
        assert flash(board, images) == 0
