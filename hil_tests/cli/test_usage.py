"""The command refuses in one line with exit code 2, explains itself with --help, and never shows a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import cli
from sim import scenario

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
name = "test"
[truck]
mass_kg = 40.0
tank_bar = 4.0
target_kg = 85.0
"""


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, which must refuse: exit code 2, one line on stderr, nothing on stdout. Return the line."""
    code = cli.main(argv)
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["fil"], "fil"),
        (["fill", "--sede", "3"], "--sede"),
        (["fill", "--seed"], "--seed"),
        (["fill", "--seed", "-1"], "--seed"),
        (["fill", "--seed", "4294967296"], "4294967295"),
        (["fill", "--seed", "1.5"], "1.5"),
        (["fill", "--vm", "pypy"], "pypy"),
        (["fill", "one", "two"], "two"),
        (["fill", "no_such_scenario"], "no_such_scenario"),
        (["fill", "warm_topp"], "warm_topup"),
        (["fill", "nowhere/none.toml"], "nowhere/none.toml"),
        (["fill", "--picture", "picture.jpg"], ".png"),
        (["fill", "--picture", "no/such/folder/p.png"], "no/such/folder"),
        (["dbc", "destroy"], "destroy"),
        (["bench", "extra"], "extra"),
    ],
)
def test_refuses_in_one_line(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(argv, capsys)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = ", "TOML"),
        ("sede = 3", "sede"),
        ("[truck]\nmass = 3.0", "mass"),
        ("[truck]\nmass_kg = 'much'", "mass_kg"),
        ("[truck]\ntarget_kg = 99.0", "94."),
        ("[station]\nsupply_bar = 9.0", "supply_bar"),
        ("[[fault]]\ntarget = 'XV999'\nkind = 'off'\nat_s = 1.0", "XV999"),
        ("[[fault]]\ntarget = 'PT201A'\nkind = 'of'\nat_s = 1.0", "kind"),
    ],
)
def test_refuses_a_bad_scenario_file(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text + "\n", encoding="utf-8")
    line = refused(["fill", str(path)], capsys)
    assert words in line
    assert "bad.toml" in line


def test_refuses_a_trace_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "taken"
    path.write_text("", encoding="utf-8")
    assert "--trace" in refused(["fill", "--trace", str(path)], capsys)


def test_the_good_file_of_these_tests_is_good() -> None:
    assert scenario.parse(GOOD, "good.toml").truck.target_kg == 85.0


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_help_of_every_command_has_an_example_and_the_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"cryofill {command}" in out.split("example:")[1]
    assert "exit codes:" in out


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.name)
def test_the_example_of_every_command_parses(command: cli.Command) -> None:
    words = command.example.split()
    assert words[0] == "cryofill"
    assert cli.build_parser().parse_args(words[1:]).command == command.name


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in cli.COMMANDS:
        assert command.summary in out


def test_no_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage:" in err


def test_help_answers_without_loading_plant_or_pictures() -> None:
    # An import of CoolProp alone takes two seconds.
    code = "import sys; from host_tools import cli; cli.main(['--help']); " \
           "sys.exit(any(name in sys.modules for name in ('CoolProp', 'matplotlib', 'numpy', 'can')))"  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_module_is_the_command() -> None:
    run = subprocess.run([sys.executable, "-m", "host_tools", "fill", "nope"], cwd=ROOT, capture_output=True,
                         text=True, check=False)  # fmt: skip
    assert run.returncode == 2
    assert run.stdout == ""
    assert "nope" in run.stderr
