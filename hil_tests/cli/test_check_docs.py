"""The document checks bite: dead links, missing paths, commands and options that do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import check_docs

ROOT = Path(__file__).resolve().parents[2]

# fmt: off
WRONG = (
    # LINE OF A DOCUMENT                          WORDS
    ("See [there](missing.md).",                  "no such file"),
    ("See [there](OTHER.md#nowhere).",            "no such heading"),
    ("See [here](#nowhere).",                     "no such heading"),
    ("![picture](docs/missing.png)",              "no such file"),
    ("The table `firmware/nowhere/x.py` rules.",  "no such file or folder"),
    ("Run `make coffee`.",                        "no such target"),
    ("Run `cryofill brew`.",                      "no such command"),
    ("Run `cryofill fill --brew`.",               "no such option"),
    ("```\ncryofill fill warm_topup --brew\n```", "no such option"),
    ("    cryofill brew   # indented code",         "no such command"),
    ("```sh\n$ make coffee\n```",                 "no such target"),
)

RIGHT = (
    "See [other](OTHER.md), [its part](OTHER.md#a-part-with-code), [this](#title) and [the web](https://example.com/x).",
    "The folder `firmware/` and the command `make demo`.",
    "Run `cryofill fill warm_topup --seed 3 --json`.",
    "```\nmake test   # everything\ncryofill fill --trace out\n[not](a-link.md)\n```",
    "Code such as `make_thing` and `cryofill` alone.",
)
# fmt: on


def tree(root: Path, text: str) -> Path:
    """Make a small repository with one document under test."""
    (root / "firmware").mkdir()
    (root / "Makefile").write_text("demo: x\n\ttrue\ntest:\n\ttrue\nVAR := 1\n", encoding="utf-8")
    (root / "OTHER.md").write_text("# Other\n\n## A part, with `code`\n", encoding="utf-8")
    (root / "PAGE.md").write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_wrong_claim_is_found(text: str, words: str, tmp_path: Path) -> None:
    problems = check_docs.check_tree(tree(tmp_path, text))
    assert len(problems) == 1
    assert problems[0].path == "PAGE.md"
    assert words in problems[0].reason


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_claim_passes(text: str, tmp_path: Path) -> None:
    assert check_docs.check_tree(tree(tmp_path, text)) == []


def test_this_checkouts_documents_are_right() -> None:
    assert [str(problem) for problem in check_docs.check_tree(ROOT)] == []
