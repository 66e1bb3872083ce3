"""A recording that cannot be used is refused in one line that names the file and the offset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests.replay.recordings import replay
from sim import exchange, wire
from sim.exchange import FROM_NODE, RECORD, TO_NODE

LAYOUT = wire.Layout("tank")
ABOUT = exchange.about(LAYOUT)
OTHER = exchange.about(wire.Layout("dispenser"))


def record(kind: int, packet: bytes, t_ms: int = 0) -> bytes:
    """Return one record."""
    return RECORD.pack(kind, t_ms) + packet


def shown(seq: int) -> bytes:
    """Return an INPUT record."""
    zeros = [0] * len(LAYOUT.ai_tags)
    return record(TO_NODE, LAYOUT.pack_input(seq, 10 * seq, 0, (1, 0, 0, 0), zeros, 0, ()), 10 * seq)


HELLO = record(TO_NODE, wire.hello(7))
GOOD = ABOUT + HELLO + shown(1) + record(FROM_NODE, wire.packet(wire.OUTPUT, 0, b"x"), 10) + shown(2)
LAST = len(GOOD) - len(shown(2))

# fmt: off
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty":        (lambda: b"",                            "offset 0: empty"),
    "head cut":     (lambda: GOOD + GOOD[-20:-15],           f"offset {len(GOOD)}: cut short"),
    "packet cut":   (lambda: GOOD[:-1],                      f"offset {LAST}: cut short"),
    "crc":          (lambda: GOOD[:-1] + b"\x55",            f"offset {LAST}: CRC-32 of packet 2 at 0.02 s is wrong"),
    "not a record": (lambda: GOOD + bytes(40),               f"offset {len(GOOD)}: no record begins here"),
    "lost":         (lambda: GOOD + shown(4),                f"offset {len(GOOD)}: sequence 4 instead of 3"),
    "twice":        (lambda: GOOD + shown(2),                f"offset {len(GOOD)}: sequence 2 instead of 3"),
    "no hello":     (lambda: ABOUT + shown(1),               f"offset {len(ABOUT)}: a packet before the board's HELLO"),
    "no start":     (lambda: ABOUT,                          f"offset {len(ABOUT)}: no start of the board"),
    "old format":   (lambda: HELLO + shown(1),               "offset 0: does not begin with the node"),
    "other node":   (lambda: OTHER + HELLO,                  "offset 0: this is the link of the dispenser"),
    "other rows":   (lambda: swapped(ABOUT) + HELLO,         "offset 0: recorded with another I/O list: row 1 of AI"),
}
# fmt: on


def swapped(about: bytes) -> bytes:
    """Return the first record with two rows of the I/O list changed round."""
    first, second = (tag.encode() for tag in LAYOUT.ai_tags[:2])
    text = about[RECORD.size + wire.HEADER.size : -4]
    text = text.replace(b'"%s"' % first, b'"#"', 1).replace(b'"%s"' % second, b'"%s"' % first, 1)
    return RECORD.pack(exchange.ABOUT, 0) + wire.packet(exchange.ABOUT_PACKET, 0, text)


@pytest.mark.parametrize("case", CASES)
def test_refused_in_one_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, why = CASES[case]
    path = tmp_path / "tank.exchange"
    path.write_bytes(make())
    code, out, err = replay(capsys, tmp_path, "--node", "tank")
    assert (code, out) == (2, "")
    assert err.startswith(f"cryofill replay: {path}: {why}")
    assert err.count("\n") == 1


def test_the_good_one_is_read(tmp_path: Path) -> None:
    """What the cases above are made of is no bad recording itself."""
    path = tmp_path / "tank.exchange"
    path.write_bytes(GOOD)
    (start,) = exchange.read(path, LAYOUT)
    assert (start.seed, [one.type for one in start.records]) == (7, [0, 1, 2, 1])
    assert [one.type for one in start.answered()] == [0, 1, 2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "give the folder of a recorded run, or --scenarios"),
        (("here", "--scenarios"), "give the folder of a recorded run, or --scenarios"),
        (("/no/such/folder",), "/no/such/folder: no such folder; record a run with: cryofill fill --trace"),
        ((".", "--firmware", "/no/such"), "--firmware /no/such: no main.py in it"),
    ],
)
def test_bad_words(words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = replay(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"cryofill replay: {why}")
    assert err.count("\n") == 1


def test_no_recording_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = replay(capsys, tmp_path)
    assert (code, err) == (2, f"cryofill replay: {tmp_path / 'dispenser.exchange'}: No such file or directory\n")
