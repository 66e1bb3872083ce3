"""`cryofill campaign`: many random scenarios, each failure as one command that brings it back.

Run k of a campaign with seed S is a scenario text that S and k alone decide, so any run can be repeated anywhere.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from host_tools import cli
from host_tools.campaign_folder import Folder
from host_tools.command_table import CAMPAIGN_LIMIT_S

REFRESH_S: Final = 0.5  # of the live line
LINE_S: Final = 30.0  # between two lines where there is no terminal


def run(arguments: argparse.Namespace) -> int:
    """Run the campaign; returns 0 when no run failed, 4 when an invariant was broken, 1 for any other failure."""
    from sim import campaign, workers  # brings the property library

    if arguments.workers is not None and arguments.dask is not None:
        raise cli.UserError("--workers and --dask: give one of them")
    options = {
        "vm": arguments.vm,
        "hard_chain": not arguments.no_hard_chain,
        "timeout_s": arguments.timeout_s,
    }
    header = {
        "seed": arguments.seed,
        "vm": arguments.vm,
        "hard_chain": options["hard_chain"],
        "limit_s": arguments.limit_s,
        "code": campaign.code_digest(),
    }
    folder = Folder(Path(arguments.out), header) if arguments.out is not None else None
    words = sys.stderr if arguments.json else sys.stdout
    wanted = range(arguments.first, arguments.first + arguments.runs)
    answers = {index: answer for index, answer in (folder.done if folder else {}).items() if index in wanted}
    progress = _Progress(words, len(wanted), len(answers))
    if answers:
        progress.say(f"{len(answers)} of these runs are in {arguments.out} already: {len(wanted) - len(answers)} left")
    party: Any = workers.Dask(arguments.dask) if arguments.dask else workers.Pool(arguments.workers or 1)
    began_s = time.monotonic()
    try:
        with party:
            jobs = _jobs(arguments, [index for index in wanted if index not in answers])
            for index, answer in party.run(jobs, options):
                if answer["status"] == campaign.NODE and answer["reason"].startswith("rig: "):
                    raise cli.UserError(answer["reason"])  # no VM to run: it says what to install or set
                answers[index] = {"index": index, **answer}
                failed = answer["status"] in campaign.FAILURES
                if folder is not None:
                    folder.add(index, answer)
                    if failed:
                        folder.failure(index, _text(arguments, index), answer)
                progress.count(failed)
                if failed:
                    progress.say(_failure_words(arguments, index, answer))
    except workers.WorkersError as error:
        raise cli.UserError(str(error)) from None
    except KeyboardInterrupt:
        if folder is not None:
            progress.say(f"{len(answers)} of {len(wanted)} runs are in {arguments.out}: the same command goes on there")
        raise
    finally:
        progress.close()
        if folder is not None:
            folder.close()
    wall_s = time.monotonic() - began_s
    return _finish(arguments, [answers[index] for index in sorted(answers)], progress.ran, wall_s)


def _text(arguments: argparse.Namespace, index: int) -> str:
    from sim import random_scenario

    return random_scenario.text(arguments.seed, index, arguments.limit_s)


def _jobs(arguments: argparse.Namespace, indices: list[int]) -> Iterator[tuple[int, str]]:
    for index in indices:
        yield index, _text(arguments, index)


def reproduce(arguments: argparse.Namespace, index: int) -> str:
    """Return the command that runs this one run again, here or on another machine with the same checkout."""
    if arguments.out is not None:
        words = ["fill", str(Path(arguments.out) / f"fail-{index:06d}.toml")]
    else:
        words = ["campaign", "--runs", "1", "--seed", str(arguments.seed), "--first", str(index)]
        if arguments.limit_s != CAMPAIGN_LIMIT_S:
            words += ["--limit-s", f"{arguments.limit_s:g}"]
    if arguments.vm != "micropython":
        words += ["--vm", arguments.vm]
    if arguments.no_hard_chain:
        words.append("--no-hard-chain")
    return shlex.join(["cryofill", *words])


def _failure_words(arguments: argparse.Namespace, index: int, answer: dict[str, Any]) -> str:
    """Return one failure in two lines: what happened, and the command that brings it back."""
    what = answer["detail"] if answer["broken"] else answer["reason"]
    label = "INVARIANT BROKEN" if answer["broken"] else f"FAILED ({answer['status']})"
    return f"run {index}: {label}: {what}\n    {reproduce(arguments, index)}"


def _finish(arguments: argparse.Namespace, answers: list[dict[str, Any]], ran: int, wall_s: float) -> int:
    """Print the summary and return the exit code."""
    from host_tools.campaign_summary import render, summarise
    from sim import campaign

    failures = [answer for answer in answers if answer["status"] in campaign.FAILURES]
    summary = {
        "seed": arguments.seed,
        "first": arguments.first,
        **summarise(answers),
        "wall_s": round(wall_s, 1),
        "runs_per_minute": round(60.0 * ran / wall_s, 2) if ran and wall_s > 0 else 0.0,
        "failed": [
            {
                "index": answer["index"],
                "status": answer["status"],
                "what": answer["detail"] if answer["broken"] else answer["reason"],
                "command": reproduce(arguments, answer["index"]),
            }
            for answer in failures
        ],
    }
    if arguments.json:
        print(json.dumps(summary, indent=2))
    else:
        print(render(summary))
        for answer in failures:
            print(_failure_words(arguments, answer["index"], answer))
    if any(answer["status"] == campaign.BROKEN for answer in failures):
        return cli.EXIT_INVARIANT
    return cli.EXIT_INTERNAL if failures else cli.EXIT_DONE


class _Progress:
    """One live line on a terminal, a line every half minute elsewhere: runs done, failures, rate, time left."""

    def __init__(self, out: TextIO, total: int, done: int) -> None:
        self._out = out
        self._total = total
        self._before = done
        self._live = out.isatty()
        self._began_s = self._drawn_s = time.monotonic()
        self._failed = 0
        self._shown = False
        self.ran = 0

    def count(self, failed: bool) -> None:
        """Count one run that has ended."""
        self.ran += 1
        self._failed += failed
        now_s = time.monotonic()
        if now_s - self._drawn_s >= (REFRESH_S if self._live else LINE_S):
            self._drawn_s = now_s
            self._draw(now_s)

    def say(self, text: str) -> None:
        """Print lines that stay."""
        self._clear()
        print(text, file=self._out, flush=True)

    def close(self) -> None:
        """Take the live line away."""
        self._clear()

    def _draw(self, now_s: float) -> None:
        per_s = self.ran / max(now_s - self._began_s, 1e-6)
        left_s = (self._total - self._before - self.ran) / per_s if per_s else 0.0
        line = (
            f"{self._before + self.ran}/{self._total} runs, {self._failed} failed, {per_s * 60:.1f} a minute, "
            f"{left_s / 60:.0f} min left"
        )
        if not self._live:
            print(line, file=self._out, flush=True)
            return
        self._out.write("\r\x1b[K" + line)
        self._out.flush()
        self._shown = True

    def _clear(self) -> None:
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._shown = False
