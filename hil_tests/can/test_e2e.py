"""E2E Profile 5: the CRC against two independent libraries, and the receiver's state machine at its boundaries."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from crccheck.crc import Crc16CcittFalse
from e2e.p05 import e2e_p05_check, e2e_p05_protect

DATA_ID = 0x1234
FRAMES = 10_000
STRINGS = 500
STEPS = 3_000
TICKS_WRAP = 2**30
AGE_MAX_MS = 86_400_000
OK, NO_NEW_DATA, REPEATED, WRONG_SEQUENCE, CRC_ERROR, OK_SOME_LOST = range(6)
RunInVm = Callable[[str, list[str]], list[str]]


@pytest.fixture
def e2e(load_firmware: Callable[..., Any]) -> Any:
    """Return the firmware's module, run under CPython."""
    return load_firmware("core/e2e")


def reference_frame(data_id: int, counter: int, payload: bytes) -> bytes:
    """Return the protected frame as the autosar-e2e library makes it."""
    frame = bytearray((0, 0, counter)) + payload
    e2e_p05_protect(frame, data_id, increment_counter=False)
    return bytes(frame)


@pytest.mark.parametrize(
    ("counter", "expected"), [(0, "1cca000000000000"), (1, "cf8d010000000000")], ids=["counter 0", "counter 1"]
)
def test_published_vectors(e2e: Any, counter: int, expected: str) -> None:
    frame = bytearray(8)
    e2e.protect(frame, DATA_ID, counter)
    assert frame.hex() == expected


def test_16_byte_vector_and_check_value(e2e: Any) -> None:
    crc = e2e.crc16(bytes(16), 2, 16, 0xFFFF)
    crc = e2e.crc16(DATA_ID.to_bytes(2, "little"), 0, 2, crc)
    assert crc.to_bytes(2, "little").hex() == "2891"
    assert e2e.crc16(b"123456789", 0, 9, 0xFFFF) == 0x29B1 == Crc16CcittFalse.calc(b"123456789")


def test_protect_and_crc_in_the_vm_equal_the_libraries(rng: random.Random, run_in_vm: RunInVm) -> None:
    vectors: list[str] = []
    for _ in range(FRAMES):
        data_id, counter, payload = rng.randint(0, 0xFFFF), rng.randint(0, 255), rng.randbytes(5)
        frame = reference_frame(data_id, counter, payload)
        assert e2e_p05_check(frame, data_id)
        flips = " ".join(map(str, rng.sample(range(80), rng.randint(1, 3))))  # up to 3 bits: always detected
        vectors.append(f"F {data_id} {counter} {payload.hex()} {frame.hex()} {flips}")
    for length in range(STRINGS):
        text = rng.randbytes(length % 100)
        vectors.append(f"C {text.hex() or '-'} {Crc16CcittFalse.calc(text)}")
    assert run_in_vm("replay_e2e.py", vectors) == [f"frames {FRAMES} strings {STRINGS} checks 0"]


def test_receiver_is_the_same_in_the_vm_and_without_allocation(
    e2e: Any, rng: random.Random, run_in_vm: RunInVm
) -> None:
    """A random run over every verdict, with silences past the tick wrap: the VM's receiver equals CPython's."""
    receiver = e2e.Receiver(DATA_ID)
    vectors = [f"N {DATA_ID}"]
    counter, now = 0, TICKS_WRAP - 50_000
    for _ in range(STEPS):
        now = (now + rng.choice((10, 100, 100, 100, 300, 1000, AGE_MAX_MS // 2))) % TICKS_WRAP
        counter = (counter + rng.choices((0, 1, 2, 3, 255), (1, 20, 2, 1, 1))[0]) & 255
        frame = bytearray(reference_frame(DATA_ID, counter, rng.randbytes(5)))
        if rng.random() < 0.05:
            frame[rng.randrange(8)] ^= 1 << rng.randrange(8)
        given = None if rng.random() < 0.1 else frame
        verdict = receiver.check(given, now)
        shown = "-" if given is None else frame.hex()
        vectors.append(f"R {shown} {now} {verdict} {int(receiver.qualified)} {receiver.age_ms(now)}")
    assert all(receiver.counts), receiver.counts
    assert sum(receiver.counts) == STEPS
    assert run_in_vm("replay_e2e.py", vectors) == [f"frames 0 strings 0 checks {STEPS}"]


class Sender:
    """Feeds a receiver: one letter per 100 ms. g good, b bad CRC, r repeated, l one lost, w two lost, - silence."""

    STEP = {"g": 1, "l": 2, "w": 3, "r": 0, "b": 1}

    def __init__(self, e2e: Any, counter: int = 0) -> None:
        self.receiver = e2e.Receiver(DATA_ID)
        self.counter = counter
        self.now_ms = 0

    def send(self, letters: str) -> list[int]:
        """Return the verdicts on `letters`."""
        return [self._one(letter) for letter in letters]

    def _one(self, letter: str) -> int:
        self.now_ms += 100
        if letter == "-":
            return int(self.receiver.check(None, self.now_ms))
        self.counter = (self.counter + self.STEP[letter]) & 255
        frame = bytearray(reference_frame(DATA_ID, self.counter, b"\x01abcd"))
        if letter == "b":
            self.counter = (self.counter - 1) & 255  # the receiver never saw this counter
            frame[5] ^= 0x10
        return int(self.receiver.check(frame, self.now_ms))


@pytest.mark.parametrize(
    ("letters", "verdicts"),
    [
        ("g", [OK]),
        ("gg", [OK, OK]),
        ("gr", [OK, REPEATED]),
        ("gl", [OK, OK_SOME_LOST]),
        ("gw", [OK, WRONG_SEQUENCE]),
        ("gwg", [OK, WRONG_SEQUENCE, OK]),
        ("gbg", [OK, CRC_ERROR, OK]),
        ("g-g", [OK, NO_NEW_DATA, OK]),
        ("-", [NO_NEW_DATA]),
        ("b", [CRC_ERROR]),
        ("bg", [CRC_ERROR, OK]),
    ],
)
def test_verdict(e2e: Any, letters: str, verdicts: list[int]) -> None:
    assert Sender(e2e).send(letters) == verdicts


@pytest.mark.parametrize(
    ("letters", "qualified"),
    [
        ("", False),
        ("gg", False),
        ("ggg", True),
        ("ggb", False),
        ("ggbgg", False),  # three good, but not in a row
        ("ggbggg", True),
        ("gg-g", True),  # silence between does not count against
        ("gll", True),
        ("gggb", True),  # one bad frame is forgiven
        ("gggbb", False),
        ("gggbgb", False),
        ("gggbrg", False),
        ("gggwgw", False),
        ("gggb" + 8 * "g" + "b", False),  # the second bad within 10 frames
        ("gggb" + 9 * "g" + "b", True),  # the first has just left the window of 10
        ("gggb" + 8 * "g-" + "b", False),  # silence does not move the window
        ("gggbbgg", False),
        ("gggbbggg", True),  # comes back after 3 good in a row
        ("gggbbgggb", True),  # with a fresh window
        ("gggbbgggbb", False),
        ("ggg----------", True),  # silence is judged by age, not here
    ],
)
def test_qualification(e2e: Any, letters: str, qualified: bool) -> None:
    sender = Sender(e2e)
    sender.send(letters)
    assert sender.receiver.qualified is qualified


def test_counter_wraps(e2e: Any) -> None:
    sender = Sender(e2e, counter=252)
    assert sender.send("ggg") == [OK] * 3
    assert sender.counter == 255
    assert sender.send("g") == [OK]
    sender = Sender(e2e, counter=253)
    assert sender.send("gll") == [OK, OK_SOME_LOST, OK_SOME_LOST]
    assert sender.counter == 2


@pytest.mark.parametrize("delta", range(256))
def test_every_counter_step(e2e: Any, delta: int) -> None:
    expected = {0: REPEATED, 1: OK, 2: OK_SOME_LOST}.get(delta, WRONG_SEQUENCE)
    for first in (0, 1, 128, 254, 255):
        receiver = e2e.Receiver(DATA_ID)
        assert receiver.check(reference_frame(DATA_ID, first, bytes(5)), 0) == OK
        assert receiver.check(reference_frame(DATA_ID, (first + delta) & 255, bytes(5)), 0) == expected


class TestReplayedFrames:
    """Old frames, protected as they once were, coming again in their order: none of them may count."""

    def stream(self, e2e: Any, lag_frames: int, frames: int) -> tuple[Any, list[int], list[int]]:
        """20 good frames, 100 ms apart, then `frames` of those sent `lag_frames` before; verdicts and ages, ms."""
        receiver = e2e.Receiver(DATA_ID)
        verdicts, ages_ms = [], []
        for k in range(20 + frames):
            counter = (240 + k - (lag_frames if k >= 20 else 0)) & 255  # goes around within the test
            verdict = receiver.check(reference_frame(DATA_ID, counter, bytes(5)), 100 * k)
            if k >= 20:
                verdicts.append(verdict)
                ages_ms.append(receiver.age_ms(100 * k + 99))  # just before the next
        return receiver, verdicts, ages_ms

    def test_are_refused_until_they_are_news_again(self, e2e: Any) -> None:
        receiver, verdicts, ages_ms = self.stream(e2e, 7, 10)
        assert verdicts == [WRONG_SEQUENCE] * 6 + [REPEATED] + [OK] * 3
        assert max(ages_ms) == 799  # all that time nothing was good
        assert receiver.qualified

    def test_of_a_second_ago_age_the_message_beyond_its_limit(self, e2e: Any) -> None:
        """The age passes LINK_LOST's limit, 999 ms, before a frame can count again."""
        receiver, verdicts, ages_ms = self.stream(e2e, 50, 9)
        assert verdicts == [WRONG_SEQUENCE] * 9
        assert ages_ms[-1] == 999
        assert not receiver.qualified

    def test_a_sender_that_began_anew_is_believed_after_a_second(self, e2e: Any) -> None:
        receiver, verdicts, ages_ms = self.stream(e2e, 100, 14)
        assert verdicts == [WRONG_SEQUENCE] * 10 + [OK] * 4
        assert max(ages_ms) == 1099
        assert receiver.qualified


def test_frame_of_another_message_is_a_crc_error(e2e: Any) -> None:
    receiver = e2e.Receiver(DATA_ID)
    for bit in range(16):
        assert receiver.check(reference_frame(DATA_ID ^ 1 << bit, 0, bytes(5)), 0) == CRC_ERROR


def test_restart_demands_three_good_frames_again(e2e: Any) -> None:
    sender = Sender(e2e)
    sender.send("ggggg")
    sender.receiver.restart()
    assert not sender.receiver.qualified
    sender.send("gg")
    assert not sender.receiver.qualified
    sender.send("g")
    assert sender.receiver.qualified


def test_age_counts_from_the_last_good_frame_only(e2e: Any) -> None:
    sender = Sender(e2e)
    assert sender.receiver.age_ms(0) == AGE_MAX_MS  # never seen
    sender.send("g")
    assert sender.receiver.age_ms(100) == 0
    assert sender.receiver.age_ms(399) == 299
    assert sender.receiver.age_ms(400) == 300
    sender.send("rbw-")
    assert sender.receiver.age_ms(500) == 400


@pytest.mark.parametrize("first_ms", [0, TICKS_WRAP - 1, TICKS_WRAP - 150])
def test_age_across_the_tick_wrap(e2e: Any, first_ms: int) -> None:
    receiver = e2e.Receiver(DATA_ID)
    receiver.check(reference_frame(DATA_ID, 0, bytes(5)), first_ms)
    assert receiver.age_ms((first_ms + 300) % TICKS_WRAP) == 300
    assert receiver.age_ms((first_ms - 3) % TICKS_WRAP) == 0  # the frame is a little younger than the tick


def test_age_never_becomes_young_again(e2e: Any) -> None:
    """Parked for weeks: the ticks wrap after 12 days, the age must not."""
    receiver = e2e.Receiver(DATA_ID)
    receiver.check(reference_frame(DATA_ID, 0, bytes(5)), 0)
    assert receiver.age_ms(AGE_MAX_MS - 1) == AGE_MAX_MS - 1
    for hour in range(24, 24 * 30):
        assert receiver.age_ms(hour * 3_600_000 % TICKS_WRAP) == AGE_MAX_MS


def test_counts_saturate_below_a_big_integer(e2e: Any) -> None:
    receiver = e2e.Receiver(DATA_ID)
    receiver.counts[NO_NEW_DATA] = 2**30 - 2
    for _ in range(3):
        receiver.check(None, 0)
    assert receiver.counts[NO_NEW_DATA] == 2**30 - 1
