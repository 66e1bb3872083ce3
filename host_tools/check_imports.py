"""Check who imports whom: `host_tools -> sim -> firmware tables`, and the edges of the firmware.

    python -m host_tools.check_imports [ROOT]

Prints one line `file:line: reason` per violation and exits 1 when there is any. What it holds:

* `firmware` imports neither `sim` nor `host_tools`, and no host library: only modules a board has;
* `machine` is imported in `firmware/board/` alone, `time` in `firmware/board/clock.py` alone;
* `core` imports neither node; the dispenser and the tank never import each other;
* `sim/plant` imports of `sim` only itself and `sim.losses`: an FMU and a library carry no more;
* within `sim`, imports lead down the map in docs/architecture.md, which names every module (`module_map`);
* `sim` never imports `host_tools`, and neither host package imports tests or firmware modules by name;
* the tables that hosts load by path hold literals only, so that loading one runs no code.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from host_tools import module_map, problems
from host_tools.problems import Problem
from sim import tables

HOST_PACKAGES = ("host_tools", "sim", "hil_tests")
FIRMWARE_PACKAGES = ("core", "board", "dispenser", "tank", "generated")

# Modules of the MicroPython VM and of the boards that the firmware may use anywhere; see RESTRICTED for the rest.
BOARD_MODULES = ("array", "binascii", "gc", "hashlib", "json", "micropython", "struct", "sys")

# Modules with one home: (module, path prefix under firmware/ where it may be imported).
RESTRICTED = (
    ("machine", "board/"),
    ("time", "board/clock.py"),
    ("os", "board/"),
    ("vfs", "board/"),
)

# Folder of the firmware -> firmware packages it must not import.
FORBIDDEN_WITHIN = {
    "core": ("dispenser", "tank"),
    "board": ("core", "dispenser", "tank"),
    "generated": ("core", "board", "dispenser", "tank"),
    "dispenser": ("tank",),
    "tank": ("dispenser",),
}

# What the plant may import of `sim`: it stands without scenarios, rig and boards.
PLANT = ("sim.plant.", "sim.losses.")

# Names of table modules in the firmware: hosts load them by path, so they may hold literals only.
LITERAL_TABLES = ("_table.py", "netlist.py")


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted module) of every import statement, wherever it stands in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "." * node.level + (node.module or "")
            elif node.module == "sim":  # its modules are what is imported from it
                yield from ((node.lineno, f"sim.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module or ""


def check_firmware_file(inside: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, reason) for one firmware file; `inside` is its path below firmware/, with `/`."""
    folder = inside.split("/")[0] if "/" in inside else ""
    homes = dict(RESTRICTED)
    for line, module in imported_modules(tree):
        top = module.split(".")[0]
        if module.startswith("."):
            yield line, "relative import: firmware modules are top-level on the board, write `from core import x`"
        elif top in HOST_PACKAGES or top == "firmware":
            yield line, f"firmware imports {top}: it must not know what runs it"
        elif top in homes:
            if not inside.startswith(homes[top]):
                yield line, f"{top} is imported outside firmware/{homes[top]}"
        elif top in FIRMWARE_PACKAGES:
            if top in FORBIDDEN_WITHIN.get(folder, ()):
                yield line, f"firmware/{folder} imports {top}"
        elif top not in BOARD_MODULES:
            yield line, f"{top} is not on the list of modules a board has (BOARD_MODULES in check_imports)"


def check_host_file(package: str, inside: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, reason) for one file of `host_tools` or `sim`; `inside` is its path below that folder."""
    in_shims = inside.startswith("shims/")  # which run in a node and may be firmware-like
    in_plant = package == "sim" and inside.startswith("plant/")
    for line, module in imported_modules(tree):
        top = module.split(".")[0]
        if in_plant and (module.startswith("..") or (top == "sim" and not f"{module}.".startswith(PLANT))):
            yield line, f"the plant imports {module}: it stands without the rest of sim"
        elif package == "sim" and top == "host_tools":
            yield line, "sim imports host_tools: arrows run host_tools -> sim -> firmware tables"
        elif top == "hil_tests":
            yield line, f"{package} imports the tests"
        elif top == "firmware" or (top in FIRMWARE_PACKAGES and not in_shims):
            yield line, f"{package} imports firmware module {module}: load tables by path with sim.tables"


def check_table(path: Path, shown: str) -> list[Problem]:
    """Return the violation when the host's own loader refuses a table, for anything but literals."""
    try:
        tables.load_table(path)
    except tables.TableError as error:
        where, _, reason = str(error).partition(": ")
        line = where.rpartition(":")[2]
        return [Problem(shown, int(line) if line.isdigit() else 0, reason)]
    return []


def check_tree(root: Path) -> list[Problem]:
    """Check every Python file under `root`/firmware, sim and host_tools; return the violations, sorted."""
    rows = module_map.read(root)
    found: list[Problem] = list(module_map.unplaced(root, rows)) if rows else []
    for folder in ("firmware", "sim", "host_tools"):
        for path in sorted((root / folder).rglob("*.py")):
            inside = path.relative_to(root / folder).as_posix()
            shown = f"{folder}/{inside}"
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"), filename=shown)
            except SyntaxError as error:
                found.append(Problem(shown, error.lineno or 0, f"syntax error: {error.msg}"))
                continue
            if folder == "firmware":
                wrong = check_firmware_file(inside, tree)
            else:
                wrong = check_host_file(folder, inside, tree)
            found += [Problem(shown, line, reason) for line, reason in wrong]
            if folder == "sim":
                found += [
                    Problem(shown, line, f"imports {module}, which stands above it in {module_map.PAGE}")
                    for line, module in imported_modules(tree)
                    if module_map.leads_up(rows, inside, module)
                ]
            if folder == "firmware" and inside.endswith(LITERAL_TABLES):
                found += check_table(path, shown)
    return found


def main(argv: list[str] | None = None) -> int:
    """Print the violations under the given root (default: this checkout); return 1 when there is any."""
    arguments = sys.argv[1:] if argv is None else argv
    root = Path(arguments[0]) if arguments else tables.ROOT
    if not (root / "firmware").is_dir():
        print(f"check_imports: no folder firmware/ under {root}", file=sys.stderr)
        return 2
    return problems.told(check_tree(root))


if __name__ == "__main__":
    sys.exit(main())
