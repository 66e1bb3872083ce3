"""What `cryofill flash` does to a board: into the loader, look, copy, verify, point, restart, look again.

The board runs its old image until it is asked for the loader, and again after every failure on a board with two slots.
On a board with one slot the pointer is taken away before the first byte changes, so that a copy which is cut short
leaves it in the loader, outputs off.
"""

from __future__ import annotations

import time
from binascii import b2a_base64
from collections.abc import Callable
from typing import Any, Final

from host_tools import image
from host_tools.board_port import FIRMWARE, PROMPTS, SILENT, Port, PortError, Prompt
from host_tools.image_source import board_of

ROLE: Final = "technician"
LOADER_S: Final = 20.0  # from the command to the loader's word
SELFTEST_S: Final = 60.0
CHUNK: Final = 1024  # bytes of a file per command: a board without ROMFS may have little heap
BLOCK: Final = 4096  # bytes of the partition per command: what is erased at once
UNTESTED: Final = ("BOOT", "SELFTEST")
SPARE_B: Final = 8192  # of the file system, for what the firmware writes itself
NONE: Final = "-"  # the slot of a pointer that names no image, as in firmware/board/stage.py
NO_ROOM: Final = "the image has {} bytes, {} are free on /flash"

Say = Callable[[str], None]


class FlashError(Exception):
    """The board or the image is not fit for it, or a copy is not what was sent: one line with what to do."""


def to_prompt(url: str, key: bytes | None, say: Say) -> bool:
    """Bring the board to MicroPython's prompt; return whether a firmware ran. Raises PortError, FlashError."""
    with Port(url) as port:
        who = port.who()
        if who == PROMPTS:
            say("the board is at MicroPython's prompt")
            return False
        if who != FIRMWARE:
            raise PortError(f"{url}: nobody answers: is it the board's technician port, and is the board powered?")
        say(f"running: {port.ask('versions')[-1]}")
        port.login(ROLE, key)
        until = time.monotonic() + SELFTEST_S
        while port.ask("state")[0].split()[0] in UNTESTED and time.monotonic() < until:
            time.sleep(0.5)
        port.ask("loader")
        for line in port.lines(LOADER_S):
            if line.startswith("loader: "):
                say(line)
                return True
    raise FlashError(f"{url}: not in the loader after {LOADER_S:g} s: cycle the board's supply, then try again")


class Flasher:
    """One board at its prompt, and the image for it."""

    def __init__(self, prompt: Prompt, what: image.Image, say: Say) -> None:
        self._prompt = prompt
        self._image = what
        self._say = say
        self._row = board_of(what.manifest["board"])
        prefix = image.BESIDE + "/"
        self._beside = {p.removeprefix(prefix): d for p, d in what.files.items() if p.startswith(prefix)}
        self._shipped = {path: data for path, data in what.files.items() if not path.startswith(prefix)}
        self.imageless = False  # the board has nothing to start now: it stays in the loader until a copy is whole

    def stage(self) -> bool:
        """Have the boot stage's functions at hand; return whether it was on the board already."""
        try:
            self._prompt.exec("import os\nos.chdir('/flash')\nimport stage")
            return True
        except PortError as error:
            if "ImportError" not in str(error):
                raise
        return False

    def put_beside(self) -> None:
        """Write main.py, the boot stage and the board's pins where they differ; node.txt where there is none."""
        transport = self._prompt.transport
        run = self._prompt.run
        node = f"{self._image.manifest['node']} 500\n".encode()
        for name, data in {"node.txt": node, **self._beside}.items():
            path = f"/flash/{name}"
            there = run(transport.fs_exists, path)
            if there and (name == "node.txt" or self._hash(path) == image.digest(data)):
                continue
            self._say(f"writing {path}")
            run(transport.fs_writefile, path + ".new", data)
            if self._hash(path + ".new") != image.digest(data):
                raise FlashError(f"{path}.new: not what was sent: try again")
            self._prompt.exec(
                f"import os\ntry:\n os.rename('{path}.new', '{path}')\nexcept OSError:\n"
                f" os.remove('{path}')\n os.rename('{path}.new', '{path}')"  # FAT renames onto nothing only
            )

    def _hash(self, path: str) -> str:
        return bytes(self._prompt.run(self._prompt.transport.fs_hashfile, path, "sha256")).hex()

    def check(self) -> list[str]:
        """Return what the board is and has, a line each. Raises FlashError for what does not fit."""
        manifest, row = self._image.manifest, self._row
        machine, version, cans, free_b, heap_b = self._prompt.eval("stage.board()")
        room_b = self._prompt.eval("stage.room()")
        found = self._prompt.eval("stage.pointer()")
        self.imageless = not found or found[1] == NONE
        node = self._prompt.exec("print(open('/flash/node.txt').read())").split()
        if not str(machine).startswith(row["MACHINE"]):
            raise FlashError(f"the board is a {machine}; the image is for {row['NAME']}: build it for that board")
        if node[0] != manifest["node"]:
            raise FlashError(f"the board is commissioned as {node[0]}, the image is the {manifest['node']}'s")
        wanted = tuple(int(word) for word in manifest["micropython"].split("."))
        if tuple(version[: len(wanted)]) < wanted:
            said = ".".join(map(str, version))
            raise FlashError(f"the board has MicroPython {said}, {manifest['micropython']} is needed: update it")
        if cans < row["CAN_ID"]:
            raise FlashError(f"the board has {cans} CAN controllers, the link is on number {row['CAN_ID']}")
        if bool(room_b) != bool(row["ROMFS_B"]):
            raise FlashError("the board has no ROMFS partition that can be written by block" if row["ROMFS_B"] else
                             "the board has a ROMFS partition, the image is for one without")  # fmt: skip
        size = manifest["bytes"]
        if room_b and size > room_b:
            raise FlashError(f"the image has {size} bytes, half the ROMFS partition {room_b}")
        if not (room_b or self.imageless) and size + SPARE_B > free_b + self._there_b():
            raise FlashError(NO_ROOM.format(size, free_b))  # else the files of a cut copy go first: see _copy_tree
        if heap_b < manifest["heap_b"]:
            raise FlashError(f"{heap_b} bytes of heap are free, the firmware takes {manifest['heap_b']}")
        return [
            f"board {machine}, MicroPython {'.'.join(map(str, version))}, {cans} CAN controllers, node {node[0]}",
            f"{free_b} bytes free on /flash, {heap_b} of heap" + (f", {room_b} for an image" if room_b else ""),
        ]

    def _there_b(self) -> int:
        """Return what the old tree, which the new one replaces, takes of the file system: its files in whole blocks."""
        block_b = int(self._prompt.eval("os.statvfs('/flash')[0]"))
        sizes = self._prompt.eval("[os.stat(path)[6] for path in stage.files(stage.TREE)]")
        return sum(-(-size // block_b) * block_b for size in sizes)

    def copy(self) -> str:
        """Copy the image into the slot that is not in use; return the slot. Raises FlashError, PortError."""
        manifest = self._image.manifest
        found = self._prompt.eval("stage.pointer()")
        two = bool(self._prompt.eval("stage.room()"))
        slot = "b" if two and found and found[1] == "a" else "a"
        if two:
            self._copy_rom(slot, self._shipped[image.ROMFS])
        else:
            self._prompt.exec("stage.point(stage.NONE, 0, '', 'none')")
            self.imageless = True
            self._copy_tree()
        if self._prompt.eval(f"stage.digest({slot!r}, {manifest['bytes']})") != manifest["sha256"]:
            raise FlashError(f"slot {slot}: what is on the board is not what was sent: try again")
        self._say(f"verified: SHA-256 {manifest['sha256'][:16]}... in slot {slot}")
        return slot

    def _copy_rom(self, slot: str, data: bytes) -> None:
        self._prompt.exec("from binascii import a2b_base64 as u")
        for at in range(0, len(data), BLOCK):
            text = b2a_base64(data[at : at + BLOCK], newline=False).decode()
            self._prompt.exec(f"stage.erase_block({slot!r}, {at})\nstage.put({slot!r}, {at}, u({text!r}))")
            self._say(f"\rcopying {min(at + BLOCK, len(data))} of {len(data)} bytes into slot {slot}")
        self._say("")

    def _copy_tree(self) -> None:
        transport, run = self._prompt.transport, self._prompt.run
        wanted = {"/flash/" + path: data for path, data in self._shipped.items()}
        for path in self._prompt.eval("stage.files(stage.TREE)"):  # all first: nothing has room for two of each
            run(transport.fs_rmfile, path)
        size, (block_b, _, _, free) = self._image.manifest["bytes"], self._prompt.eval("os.statvfs('/flash')[:4]")
        if size + SPARE_B > block_b * free:
            raise FlashError(NO_ROOM.format(size, block_b * free))
        self._prompt.exec("from binascii import a2b_base64 as u")
        made: set[str] = set()
        sent = 0
        for path, data in wanted.items():
            folders = path.split("/")[:-1]
            for n in range(3, len(folders) + 1):
                folder = "/".join(folders[:n])
                if folder not in made and not run(transport.fs_exists, folder):
                    run(transport.fs_mkdir, folder)
                made.add(folder)
            self._prompt.exec(f"f = open({path!r}, 'wb')")  # once: littlefs would copy the last block to append to it
            for at in range(0, len(data), CHUNK):
                chunk = data[at : at + CHUNK]
                sent += len(chunk)
                end = "; f.close()" if at + CHUNK >= len(data) else ""
                self._prompt.exec(f"f.write(u({b2a_base64(chunk, newline=False).decode()!r})){end}")
                self._say(f"\rcopying {sent} of {size} bytes: {path}")
        self._say("")

    def point(self, slot: str) -> None:
        """Have the board start the image in that slot from now on."""
        m = self._image.manifest
        words = f"{m['node']} {m['version']} {m['revision']} {m['hash']}"
        self._prompt.exec(f"stage.point({slot!r}, {m['bytes']}, {m['sha256']!r}, {words!r})")
        self.imageless = False


def wait_for_selftest(url: str, say: Say) -> tuple[str, list[str]]:
    """Wait until the restarted board is through its self-test; return its public state and what it says of itself."""
    until = time.monotonic() + SELFTEST_S
    state = SILENT
    while time.monotonic() < until:
        try:
            with Port(url) as port:
                if port.who() == PROMPTS:
                    raise FlashError("the board came back in the loader: its image does not start")
                while time.monotonic() < until:
                    state = port.ask("state")[0].split()[0]
                    if state not in UNTESTED:
                        return state, [*port.ask("versions"), *port.ask("selftest")[:-1]]
                    say(f"\r{state} ...")
                    time.sleep(0.5)
        except PortError:
            time.sleep(0.5)
    if state == SILENT:
        raise FlashError(f"{url}: the image is on the board, but nobody answers here after {SELFTEST_S:g} s: if this "
                         "is the board's own USB, its firmware answers at the service UART: --console")  # fmt: skip
    raise FlashError(f"{url}: the board is {state} after {SELFTEST_S:g} s: look at its console")


def describe(manifest: dict[str, Any]) -> str:
    """Return an image in one line."""
    return (f"{manifest['node']} for {manifest['board']}, version {manifest['version']}, revision "
            f"{manifest['revision']}, hash {manifest['hash']}, {manifest['bytes']} bytes")  # fmt: skip
