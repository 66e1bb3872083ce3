"""Bad scenario input, by kind of mistake: exit code 2, one line that names file and key, and nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import cli
from sim import fill, scenario

PT201A = '[[fault]]\ntarget = "PT201A"\n'
ESTOP = '[[fault]]\ntarget = "world"\nkind = "estop"\n'
TANK = '[[fault]]\ntarget = "tank"\n'
RESET = TANK + 'kind = "reset"\n'


def _fault(target: str, kind: str, rest: str = "at_s = 1.0") -> str:
    return f'[[fault]]\ntarget = "{target}"\nkind = "{kind}"\n{rest}\n'


# fmt: off
# The content of x.toml; how the refusal begins after the file's name; what it goes on to say.
MISTAKES: dict[str, tuple[tuple[str | bytes, str, str], ...]] = {
    "no TOML": (
        ("seed = = 3", "not valid TOML", "line 1"),
        ("[truck", "not valid TOML", "end of document"),
        ("seed = " + "9" * 5000, "not valid TOML", "digits"),
        ("a = " + "[" * 5000, "not valid TOML", "brackets"),
    ),
    "no text": (
        (b"\xff\xfe", "cannot be read", "decode"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), "cannot be read", "decode"),
        (b"seed = 3\x00", "not valid TOML", "line 1"),
    ),
    "too large": (
        ("# " + "x" * 100_000, "100002 bytes are no scenario", "100000"),
    ),
    "key given twice": (
        ("seed = 1\nseed = 2", "not valid TOML", "overwrite"),
        ("[truck]\nmass_kg = 40.0\n[truck]\nmass_kg = 41.0", "not valid TOML", "line 3"),
    ),
    "unknown key": (
        ("sed = 3", "sed: unknown key", "did you mean seed?"),
        ("[station]\nsuply_bar = 5.0", "[station] suply_bar: unknown key", "supply_bar"),
        (ESTOP + "at_s = 1.0\nuntil_s = 3.0", "[[fault]] 1 until_s: unknown key", ""),
        ('"a\\nb" = 3', "'a\\nb': unknown key", ""),
    ),
    "unknown section": (
        ("[trukc]\nmass_kg = 3.0", "[trukc]: unknown section", "did you mean truck?"),
        ("[[faults]]\nkind = 'off'", "[faults]: unknown section", "did you mean fault?"),
    ),
    "wrong kind of section": (
        ("truck = 3", "truck: is a section", "[truck]"),
        ("[[truck]]\nmass_kg = 3.0", "truck: is a section", "[truck]"),
        ('[fault]\ntarget = "world"', "fault: is a section", "[[fault]]"),
        ("fault = [3]", "[[fault]] 1: is a section", ""),
    ),
    "wrong type": (
        ('[truck]\nmass_kg = "40"', "[truck] mass_kg: must be a number", "'40'"),
        ("[truck]\nmass_kg = true", "[truck] mass_kg: must be a number", "True"),
        ("[link]\nauth = 0", "[link] auth: must be true or false", "not 0"),
        ("[link]\nkey = true", "[link] key: unknown key", ""),
        ("[truck]\nmass_kg = [40.0]", "[truck] mass_kg: must be a number", ""),
        ("seed = 1.5", "seed: must be a whole number", "1.5"),
        ("seed = 2026-01-01", "seed: must be a whole number", "date"),
        ("name = 3", "name: must be text", "3"),
        (PT201A + "kind = 1\nat_s = 1.0", "[[fault]] 1 kind: must be text", "1"),
    ),
    "no number": (
        ("[truck]\nmass_kg = nan", "[truck] mass_kg: nan is outside", "0.1 to"),
        ("[truck]\nmass_kg = inf", "[truck] mass_kg: inf is outside", "0.1 to"),
        ("[station]\nsupply_k = -inf", "[station] supply_k: -inf is outside", "14 to"),
        ("[truck]\nmass_kg = 1" + "0" * 400, "[truck] mass_kg: 1000", "... is outside"),
    ),
    "out of range": (
        ("seed = -1", "seed: -1 is outside", "0 to"),
        ("limit_s = 0.0", "limit_s: 0.0 is outside", "1 to 86400 s"),
        ("[truck]\ntank_bar = 1.0", "[truck] tank_bar: 1.0 is outside", "1.1 to"),
        ("[truck]\nmass_kg = -3.0", "[truck] mass_kg: -3.0 is outside", "0.1 to"),
    ),
    "unknown word": (
        ('[station]\nhose = "cold"', "[station] hose: 'cold' is not known", "standby"),
        ('[truck]\nprofile = "track100"', "[truck] profile:", "did you mean track1000?"),
        ('[expect]\noutcome = "completed"', "[expect] outcome: 'completed' is not known", "did you mean complete?"),
    ),
    "text that cannot be shown": (
        ('name = "a\\nb"', "name: must be one line", "80"),
        ('name = "\\u001b[31m"', "name: must be one line", "printable"),
        ('name = "' + "x" * 81 + '"', "name: must be one line", "80"),
        ('name = " "', "name: must be one line", ""),
    ),
    "target above the 98 % rule": (
        ("[truck]\ntarget_kg = 94.39999999999999", "[truck] target_kg: 94.4 kg is above", "94.3 kg"),
    ),
    "nothing to fill": (
        ("[truck]\ntarget_kg = 40.0", "[truck] target_kg: 40 kg is not above mass_kg", "40 kg"),
        ("[truck]\ntank_bar = 6.0", "[truck] tank_bar: 6 bar is not below supply_bar", "6 bar"),
    ),
    "supply above 0.9 x PSV101": (
        ("[station]\nsupply_bar = 6.32", "[station] supply_bar: 6.32", "6.31"),
    ),
    "no liquid": (
        ("[station]\nsupply_k = 28.5", "[station] supply_k: 28.5", "28.12"),
    ),
    "wall and mass do not agree": (
        ("[truck]\nwall_k = 60.0", "[truck] wall_k: 60.0", "40.0"),
        ("[truck]\nwall_k = 101.0\nmass_kg = 5.0", "[truck] wall_k: 101.0", "100 K"),
        ("[truck]\nwall_k = 20.0", "[truck] wall_k: 20.0", "26.0"),
        ("[truck]\nmass_kg = 1.0", "[truck] mass_kg: 1 kg at 4 bar is gas", "26 K"),
    ),
    "unknown fault target": (
        (_fault("PT999", "off"), "[[fault]] 1 target: 'PT999' is not known", ""),
        (_fault("can.lnk", "drop"), "[[fault]] 1 target:", "did you mean can.link?"),
        ('[[fault]]\nkind = "off"\nat_s = 1.0', "[[fault]] 1 target: is missing", ""),
    ),
    "unknown fault kind": (
        (_fault("PT201A", "stuk"), "[[fault]] 1 kind: 'stuk' is not known for PT201A", "did you mean stuck?"),
        (PT201A + 'kind = "stuck_open"\nat_s = 1.0', "[[fault]] 1 kind: 'stuck_open' is not known for PT201A", "stuck"),
        (_fault("FQ101", "offset"), "[[fault]] 1 kind: 'offset' is not known for FQ101", ""),
        (PT201A + "at_s = 1.0", "[[fault]] 1 kind: is missing", ""),
        (PT201A + 'kind = "off"\nat_s = 1.0\n' + PT201A + "at_s = 2.0", "[[fault]] 2 kind: is missing", ""),
    ),
    "fault value missing": (
        (PT201A + 'kind = "offset"\nat_s = 1.0', "[[fault]] 1 value: offset needs one, in bar", ""),
        (_fault("XV101", "slow"), "[[fault]] 1 value: slow needs one", "x"),
    ),
    "fault value superfluous": (
        (PT201A + 'kind = "off"\nat_s = 1.0\nvalue = 1.0', "[[fault]] 1 value: off takes none", ""),
        (ESTOP + "at_s = 1.0\nvalue = 0.0", "[[fault]] 1 value: estop takes none", ""),
    ),
    "fault value out of range": (
        (PT201A + 'kind = "stuck"\nat_s = 1.0\nvalue = 25.1', "[[fault]] 1 value: 25.1 is outside 0 to 25 bar", ""),
        (_fault("ZS101", "stuck") + "value = 0.5", "[[fault]] 1 value: 0.5 is neither 0 nor 1", ""),
        (_fault("tank", "flash_cut") + "value = 0", "[[fault]] 1 value: 0 is outside", ""),
        (_fault("tank", "flash_cut") + "value = 1.5", "[[fault]] 1 value: 1.5 is no whole number", ""),
    ),
    "no moment, or two": (
        (PT201A + 'kind = "off"', "[[fault]] 1 at_s: give either at_s, or state", ""),
        (PT201A + 'kind = "off"\nat_s = 1.0\nstate = "FILL"', "[[fault]] 1 at_s: give either at_s, or state", ""),
        (PT201A + 'kind = "off"\nat_s = 1.0\nafter_s = 1.0', "[[fault]] 1 after_s: counts from a state", ""),
    ),
    "unknown state": (
        (PT201A + 'kind = "off"\nstate = "FILLING"', "[[fault]] 1 state: 'FILLING' is not known", "did you mean FILL?"),
    ),
    "moment before the run or after it": (
        (ESTOP + "at_s = -1.0", "[[fault]] 1 at_s: -1.0 is outside", "0 to"),
        (ESTOP + 'state = "FILL"\nafter_s = -0.1', "[[fault]] 1 after_s: -0.1 is outside", "0 to"),
        ("limit_s = 60.0\n" + ESTOP + "at_s = 60.0", "[[fault]] 1 at_s: 60 s is not before limit_s (60 s)", ""),
        ("limit_s = 60.0\n" + ESTOP + 'state = "FILL"\nafter_s = 90.0', "[[fault]] 1 after_s: 90 s is not before", ""),
    ),
    "no duration": (
        (PT201A + 'kind = "off"\nat_s = 1.0\nfor_s = 0.0', "[[fault]] 1 for_s: 0.0 is outside", "0.01 to"),
        (PT201A + 'kind = "off"\nat_s = 1.0\nfor_s = -5.0', "[[fault]] 1 for_s: -5.0 is outside", "0.01 to"),
        (RESET + "at_s = 1.0\nfor_s = 5.0", "[[fault]] 1 for_s: reset takes none", "at once"),
    ),
    "two faults of one thing at one moment": (
        (PT201A + 'kind = "off"\nat_s = 1.0\n' + PT201A + 'kind = "stuck"\nat_s = 1.0',
         "[[fault]] 2 at_s: acts at the same moment on the same thing as [[fault]] 1", ""),
        (ESTOP + 'state = "FILL"\n' + RESET + 'state = "FILL"\n' + ESTOP + 'state = "FILL"',
         "[[fault]] 3 after_s: acts at the same moment on the same thing as [[fault]] 1", ""),
        (RESET + "at_s = 1.0\n" + _fault("tank", "power_cut"), "[[fault]] 2 at_s: acts at the same moment", ""),
    ),
    "expectation that cannot be": (
        ('[expect]\ntrip = "ESTOP"', "[expect] trip: 'ESTOP' is not a trip", "did you mean ESTOP_"),
        ('[expect]\noutcome = "complete"\ntrip = "ESTOP_A"', "[expect] trip: a run that completes has no trip", ""),
    ),
}
# fmt: on
CASES = [
    pytest.param(*case, id=f"{mistake}-{number}")
    for mistake, cases in MISTAKES.items()
    for number, case in enumerate(cases, 1)
]


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder, and fail whatever would build a rig."""

    def build(*_: object) -> None:
        raise AssertionError("a rig was built")

    monkeypatch.setattr(fill, "build", build)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.chdir(tmp_path)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run `cryofill fill`, which must refuse in one line with exit code 2; return the line."""
    assert cli.main(["fill", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert len(err) < 300
    assert err[:-1].isprintable()
    assert err.startswith("cryofill fill: ")
    return err.removeprefix("cryofill fill: ")


@pytest.mark.parametrize(("content", "start", "also"), CASES)
def test_a_mistake_is_refused(content: str | bytes, start: str, also: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    words = refusal(capsys, "x.toml", "--trace", "trace")
    assert words.startswith("x.toml: " + start)
    assert also in words
    assert [path.name for path in Path().iterdir()] == ["x.toml"]  # no trace, no picture


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/x.toml", "nowhere/x.toml: no such scenario file"),
        ("folder.toml", "folder.toml: no such scenario file"),
        ("warm_topupp", "warm_topupp: no such scenario; did you mean warm_topup?"),
        ("x.tml", "x.tml: no such scenario"),
    ],
)
def test_a_file_that_is_not_there_is_refused(name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.toml").mkdir()
    assert refusal(capsys, name).startswith(words)


def test_there_are_more_than_sixteen_kinds() -> None:
    assert len(MISTAKES) + 1 >= 16


@pytest.mark.parametrize("content", [b"", b"\n# nothing\n", b"\xef\xbb\xbfseed = 3\r\n"])
def test_an_empty_file_is_the_default_fill_and_a_byte_order_mark_is_none(content: bytes) -> None:
    Path("x.toml").write_bytes(content)
    assert scenario.load("x.toml").truck.target_kg == 85.0


def test_two_faults_of_one_thing_at_different_moments_are_no_mistake() -> None:
    text = ESTOP + "at_s = 1.0\nfor_s = 5.0\n" + ESTOP + "at_s = 2.0\n" + RESET + "at_s = 1.0\n"
    text += '[[fault]]\ntarget = "tank"\nkind = "freeze"\nat_s = 1.0\n'
    assert len(scenario.parse(text).faults) == 4
