"""The picture of the console in the documents: a real session at a rig's dispenser while it purges.

    python -m host_tools.console.picture [FILE.svg]

Starts `cryofill rig --realtime`, types into `cryofill console` in a terminal, and draws what stands on its screen.
Takes about a minute of real time.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from host_tools.console.terminal import Cell, Program, Terminal

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docs" / "console.svg"
COLUMN_PX, ROW_PX, MARGIN_PX = 8.4, 18, 14
BACK, TEXT, RED, BAR, BAR_TEXT = "#101418", "#d7dde3", "#ff6b6b", "#d7dde3", "#101418"
# What is typed, and the seconds until the next.
SESSION: Final = (("", 42.0), ("state", 1.5), ("tags PT10", 1.5), ("trend PT102", 2.5))


def draw(screen: Terminal) -> str:
    """Return a screen as SVG."""
    width = round(screen.columns * COLUMN_PX + 2 * MARGIN_PX)
    height = screen.rows * ROW_PX + 2 * MARGIN_PX
    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACK}"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
    ]
    for row, cells in enumerate(screen.cells):
        at = 0
        while at < len(cells):
            end = at
            while end < len(cells) and cells[end][1:] == cells[at][1:]:
                end += 1
            made += _run(row, at, cells[at:end])
            at = end
    return "\n".join([*made, "</g>", "</svg>"]) + "\n"


def _run(row: int, column: int, cells: list[Cell]) -> list[str]:
    """Return the elements of a run of cells of one style."""
    text = "".join(cell.text for cell in cells)
    style = cells[0]
    if not text.strip() and not style.reverse:
        return []
    x, y = MARGIN_PX + column * COLUMN_PX, MARGIN_PX + row * ROW_PX
    made = []
    if style.reverse:
        made.append(f'<rect x="{x:.1f}" y="{y}" width="{len(text) * COLUMN_PX:.1f}" height="{ROW_PX}" fill="{BAR}"/>')
    colour = BAR_TEXT if style.reverse else RED if style.red else TEXT
    weight = ' font-weight="bold"' if style.bold else ""
    for word in re.finditer(r"\S+", text):  # viewers join blanks: each word has its own place
        at, wide = x + word.start() * COLUMN_PX, len(word[0]) * COLUMN_PX
        made.append(f'<text x="{at:.1f}" y="{y + 14}" fill="{colour}"{weight} textLength="{wide:.1f}">'
                    f"{html.escape(word[0])}</text>")  # fmt: skip
    return made


def session() -> Terminal:
    """Run rig and console, type SESSION, and return the screen."""
    command = [sys.executable, "-m", "host_tools"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"}
    rig = subprocess.Popen([*command, "rig", "--realtime", "--can-port", "0"], stdout=subprocess.PIPE, env=env,
                           stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert rig.stdout is not None
        where = json.loads(rig.stdout.readline())["console"]["dispenser"]
        console = Program([*command, "console", where], env)
        try:
            for text, seconds in SESSION:
                for key in text + "\r" if text else "":
                    console.press(key)
                    console.read(0.05)
                end_s = time.monotonic() + seconds
                while time.monotonic() < end_s:
                    console.read(0.1)
            return console.screen
        finally:
            console.close()
    finally:
        rig.terminate()
        rig.wait()


def main() -> int:
    """Draw the picture."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    path.write_text(draw(session()), encoding="utf-8")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
