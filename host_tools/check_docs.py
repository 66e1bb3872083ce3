"""Check what the documents claim about this repository: links, paths, make targets and `cryofill` commands.

    python -m host_tools.check_docs

Every relative link and heading anchor resolves; every path written as code under a top-level folder exists; every
`make TARGET` and every `cryofill COMMAND --flag` written as code exists. Links to other sites are not followed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from host_tools import cli, problems
from host_tools.problems import Problem
from sim.tables import ROOT

TOP_FOLDERS = ("firmware", "dbc", "sim", "host_tools", "hil_tests", "docs", ".ci")

_FENCE = re.compile(r"^\s*(```|~~~)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_CODE = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
_PATH = re.compile(rf"^(?:{'|'.join(re.escape(folder) for folder in TOP_FOLDERS)})/[\w./-]*$")
_TARGET = re.compile(r"^([\w-]+)\s*:(?!=)")
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def anchor(heading: str) -> str:
    """Return the anchor GitHub gives a heading."""
    # An underscore is emphasis at the edge of a word only.
    text = re.sub(r"[`*]|(?<!\w)_|_(?!\w)|\[([^\]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def anchors_of(text: str) -> set[str]:
    """Return the anchors of every heading outside code fences."""
    return {anchor(match.group(1)) for _, line, fenced in lines_of(text)
            if not fenced and (match := _HEADING.match(line))}  # fmt: skip


def lines_of(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (line number, line, inside a code fence); the fence lines themselves are left out."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        yield number, line, fenced


def make_targets(root: Path) -> set[str]:
    """Return the targets of the Makefile."""
    lines = (root / "Makefile").read_text(encoding="utf-8").splitlines()
    return {match.group(1) for line in lines if (match := _TARGET.match(line))}


def check_command(words: str, targets: set[str], commands: dict[str, set[str]]) -> str:
    """Return "" when a line of code names no command of ours or one that exists, else the reason."""
    words = re.sub(r"^\$\s+", "", words.strip())
    words = re.sub(r"^(?:\.venv/bin/)", "", words.split("#")[0]).strip()
    parts = words.split()
    if len(parts) > 1 and parts[0] == "make" and re.fullmatch(r"[a-z-]+", parts[1]) and parts[1] not in targets:
        return f"`make {parts[1]}`: no such target in the Makefile"
    if len(parts) > 1 and parts[0] == "cryofill" and re.fullmatch(r"[a-z]+", parts[1]):
        if parts[1] not in commands:
            return f"`cryofill {parts[1]}`: no such command"
        known = commands[parts[1]]
        for flag in _FLAG.findall(words):
            if known and flag not in known:
                return f"`cryofill {parts[1]} {flag}`: no such option"
    return ""


def check_document(root: Path, path: Path, targets: set[str], commands: dict[str, set[str]]) -> Iterator[Problem]:
    """Yield what is wrong in one document; `commands` maps a command to its options (empty: not checked)."""
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(root).as_posix()
    for number, line, fenced in lines_of(text):
        block = fenced or line.startswith("    ")
        codes = [line] if block else _CODE.findall(line)
        for code in codes:
            reason = check_command(code, targets, commands)
            if reason:
                yield Problem(shown, number, reason)
            if not block and _PATH.match(code) and not (root / code).exists():
                yield Problem(shown, number, f"`{code}`: no such file or folder")
        if fenced:
            continue
        for target in _LINK.findall(_CODE.sub("", line)):
            yield from (Problem(shown, number, reason) for reason in check_link(path, target, text))


def check_link(path: Path, target: str, text: str) -> Iterator[str]:
    """Yield the reason when a relative link or its anchor leads nowhere."""
    if re.match(r"^[a-z][a-z0-9+.-]*:", target):
        return
    name, _, fragment = target.partition("#")
    goal = path.parent / name if name else path
    if not goal.exists():
        yield f"link {target}: no such file"
    elif fragment and goal.suffix == ".md":
        other = text if goal == path else goal.read_text(encoding="utf-8")
        if fragment not in anchors_of(other):
            yield f"link {target}: no such heading"


def documents(root: Path) -> list[Path]:
    """Return the Markdown files that git tracks or would track, sorted; without git, those outside dot-folders."""
    run = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=root, capture_output=True,
                         text=True, check=False)  # fmt: skip
    if run.returncode == 0 and run.stdout:
        return sorted(root / name for name in set(run.stdout.splitlines()) if (root / name).exists())
    skipped = ("typings", "build")
    inside = (path for path in root.rglob("*.md") if not any(
        part.startswith(".") or part in skipped for part in path.relative_to(root).parts))  # fmt: skip
    return sorted(inside)


def check_tree(root: Path) -> list[Problem]:
    """Check every document under `root`; return the problems, sorted by document and line."""
    targets = make_targets(root)
    commands = cli.options_of_commands()
    return [problem for path in documents(root) for problem in check_document(root, path, targets, commands)]


def main() -> int:
    """Print the problems of this checkout's documents; return 1 when there is any."""
    return problems.told(check_tree(ROOT))


if __name__ == "__main__":
    sys.exit(main())
