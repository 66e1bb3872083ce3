"""`cryofill report TRACE_DIR -o FILE.html`: the page of a recorded run. `cryofill fill --report` writes the same."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_tools import cli


def page_path(name: str, option: str) -> Path:
    """Return where the page goes; raises UserError when it could not be written. `option`: as the user gave it."""
    path = Path(name)
    if path.suffix.lower() not in (".html", ".htm"):
        raise cli.UserError(f"{option} {name}: the name must end in .html")
    if not path.parent.is_dir():
        raise cli.UserError(f"{option} {name}: no folder {path.parent}")
    return path


def write(folder: Path, path: Path) -> None:
    """Write the page of the trace in `folder` to `path`; for a damaged one raises UserError and writes nothing."""
    from host_tools import report_page  # jinja2 and the CAN database: only when a page is made

    page = report_page.render(report_page.read(folder))
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror}") from None


def run(arguments: argparse.Namespace) -> int:
    """Make the page of a recorded run; returns 0."""
    path = page_path(arguments.output, "-o")
    write(Path(arguments.trace), path)
    print(f"report:  {path}")
    return cli.EXIT_DONE
