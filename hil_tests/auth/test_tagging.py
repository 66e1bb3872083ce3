"""What a frame has to be to count: tagged under this session's key, new, whole, and in time."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from sim.tables import FIRMWARE
from sim.vm_command import prompt_argv

ID = 0x18FF31D1
OTHER_ID = 0x18FF32D1
CYCLE_MS = 100
HOLD_MS = 300
NEVER_MS = 86_400_000
TICKS = 2**30
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NOTHING, VERIFIED, FORGED, LATE = range(4)

Pair = tuple[bytes, bytes]


class Sender:
    """A node that sends one message with tags, its counter running on over sessions as a node's does."""

    def __init__(self, core: Any, key: bytes = KEY, counter: int = 0, can_id: int = ID) -> None:
        self._core = core
        self.signer = core.tagging.Signer(can_id)
        self.counter = counter
        self.begin(key)

    def begin(self, key: bytes) -> None:
        """Start a session."""
        self.signer.begin(self._core.auth.Mac(key))

    def pair(self, payload: bytes = bytes(5)) -> Pair:
        """Send a frame: return it and its tag frame."""
        frame = bytearray(3) + payload
        self._core.e2e.protect(frame, 0x1111, self.counter)
        self.signer.note(frame)
        assert self.signer.make()
        tag = bytearray(8)
        assert self.signer.fill(tag) == 0
        self._core.e2e.protect(tag, 0x2222, self.signer.counter)
        self.counter = self.counter + 1 & 255
        return bytes(frame), bytes(tag)


class Receiver:
    """The other node's end, with a clock."""

    def __init__(self, core: Any, key: bytes = KEY, now: int = 0, can_id: int = ID) -> None:
        self.now = now
        self.verifier = core.tagging.Verifier(can_id, CYCLE_MS, HOLD_MS)
        self.verifier.begin(core.auth.Mac(key))

    def take(self, pair: Pair, after_ms: int = CYCLE_MS) -> int:
        """Receive a frame after that time and its tag 10 ms later; return the verdict."""
        self.wait(after_ms - 20 if after_ms >= 20 else after_ms)
        self.verifier.offer(pair[0], self.now)
        if after_ms >= 20:
            self.wait(20)
        self.verifier.offer_tag(pair[1], [])
        verdict: int = self.verifier.check()
        return verdict

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now = (self.now + ms) % TICKS
        self.age()

    def age(self) -> int:
        """Return the age of the newest verified frame."""
        age: int = self.verifier.age_ms(self.now)
        return age


@pytest.fixture
def sender(core: Any) -> Sender:
    """Return a sender in a session under KEY."""
    return Sender(core)


@pytest.fixture
def receiver(core: Any) -> Receiver:
    """Return a receiver in the same session."""
    return Receiver(core)


class TestGoodFrames:
    def test_a_tagged_frame_counts_from_when_it_came(self, sender: Sender, receiver: Receiver) -> None:
        assert receiver.age() == NEVER_MS
        pair = sender.pair(b"abcde")
        assert receiver.take(pair) == VERIFIED
        assert receiver.verifier.arrived
        assert bytes(receiver.verifier.frame) == pair[0]
        assert receiver.age() == 20  # the tag and its check came later

    def test_it_counts_only_after_the_check(self, sender: Sender, receiver: Receiver) -> None:
        frame, tag = sender.pair()
        receiver.verifier.offer(frame, receiver.now)
        receiver.verifier.offer_tag(tag, [])
        assert receiver.age() == NEVER_MS
        assert not receiver.verifier.arrived

    @pytest.mark.parametrize("counter", [0, 3, 200, 255])
    def test_700_frames_over_the_wrap_of_counter_and_ticks(self, core: Any, counter: int) -> None:
        sender, receiver = Sender(core, counter=counter), Receiver(core, now=TICKS - 30_000)
        assert [receiver.take(sender.pair()) for _ in range(700)] == [VERIFIED] * 700

    @pytest.mark.parametrize("lost", [1, 8, 254, 255, 256, 400])
    def test_frames_before_the_first_that_was_heard(self, core: Any, lost: int) -> None:
        """The sender has its key a little before the receiver has: what it sent meanwhile may pass a wrap."""
        sender, receiver = Sender(core, counter=250), Receiver(core)
        for _ in range(lost):
            sender.pair()
        expected = VERIFIED if 250 + lost < 512 else FORGED
        assert receiver.take(sender.pair()) == expected

    @pytest.mark.parametrize("lost", [1, 2, 9, 100, 254, 255, 256, 400, 510])
    def test_a_loss_of_any_length_up_to_two_rounds(self, core: Any, lost: int) -> None:
        sender, receiver = Sender(core), Receiver(core)
        receiver.take(sender.pair())
        for _ in range(lost):
            sender.pair()
        assert receiver.take(sender.pair(), (lost + 1) * CYCLE_MS) == VERIFIED

    def test_no_frame_counts_without_its_own_tag(self, sender: Sender, receiver: Receiver) -> None:
        first, second = sender.pair(b"first"), sender.pair(b"again")
        receiver.verifier.offer(first[0], 0)
        receiver.verifier.offer(second[0], 0)  # the first one's tag was lost
        receiver.verifier.offer_tag(first[1], [])
        assert receiver.verifier.check() == NOTHING
        receiver.verifier.offer_tag(second[1], [])
        assert receiver.verifier.check() == VERIFIED
        assert bytes(receiver.verifier.frame) == second[0]
        assert receiver.verifier.forged == 0

    def test_a_second_tag_for_a_frame_is_ignored(self, sender: Sender, receiver: Receiver) -> None:
        frame, tag = sender.pair()
        assert receiver.take((frame, tag)) == VERIFIED
        receiver.verifier.offer_tag(tag, [])
        assert receiver.verifier.check() == NOTHING

    def test_the_next_frame_may_come_before_the_check(self, sender: Sender, receiver: Receiver) -> None:
        first, second = sender.pair(b"first"), sender.pair(b"again")
        receiver.verifier.offer(first[0], 0)
        receiver.verifier.offer_tag(first[1], [])
        receiver.verifier.offer(second[0], 0)
        assert receiver.verifier.check() == VERIFIED
        assert bytes(receiver.verifier.frame) == first[0]
        receiver.verifier.offer_tag(second[1], [])
        assert receiver.verifier.check() == VERIFIED


class TestAttacks:
    def test_every_changed_bit_of_frame_or_tag(self, core: Any) -> None:
        for bit in range(128):
            sender, receiver = Sender(core), Receiver(core)
            assert receiver.take(sender.pair()) == VERIFIED
            frame, tag = (bytearray(part) for part in sender.pair(b"alter"))
            part, at = (frame, bit) if bit < 64 else (tag, bit - 64)
            if part is tag and at < 24:
                continue  # its E2E header: judged before it gets here
            part[at >> 3] ^= 1 << (at & 7)
            if part is frame and at >> 3 == 2:
                tag[2] = frame[2]  # an attacker would make them fit
            assert receiver.take((bytes(frame), bytes(tag))) == FORGED, bit
            assert not receiver.verifier.arrived or bytes(receiver.verifier.frame) != bytes(frame)

    def test_under_another_key(self, core: Any, receiver: Receiver) -> None:
        assert receiver.take(Sender(core, OTHER_KEY).pair()) == FORGED

    def test_of_another_message(self, core: Any, receiver: Receiver) -> None:
        assert receiver.take(Sender(core, can_id=OTHER_ID).pair()) == FORGED

    def test_replayed_at_once(self, sender: Sender, receiver: Receiver) -> None:
        pair = sender.pair()
        assert [receiver.take(pair), receiver.take(pair)] == [VERIFIED, FORGED]

    def test_replayed_from_earlier_in_the_session(self, sender: Sender, receiver: Receiver) -> None:
        """Also where the counter comes round to where it fits: 256 frames later a recorded permit has the counter."""
        recorded = [sender.pair() for _ in range(256)]
        for pair in recorded:
            assert receiver.take(pair) == VERIFIED
        verdicts = [receiver.take(pair) for pair in recorded[:20]]
        assert set(verdicts) <= {FORGED, NOTHING}

    def test_replayed_after_a_long_silence(self, sender: Sender, receiver: Receiver) -> None:
        recorded = [sender.pair() for _ in range(10)]
        for pair in recorded:
            receiver.take(pair)
        receiver.wait(26_000)  # the counter may have gone round: one more number is tried
        assert receiver.take(recorded[0]) == FORGED
        assert receiver.age() > 26_000

    def test_replayed_from_another_session(self, core: Any) -> None:
        sender = Sender(core)
        recorded = [sender.pair() for _ in range(5)]
        receiver = Receiver(core, OTHER_KEY)
        assert [receiver.take(pair) for pair in recorded] == [FORGED] * 5

    def test_held_back_frames_end_up_as_late(self, sender: Sender, receiver: Receiver) -> None:
        """Somebody in the wire lets every frame through, each a little later: at a second it is over."""
        verdicts = [receiver.take(sender.pair(), 110) for _ in range(120)]
        assert verdicts[:95] == [VERIFIED] * 95
        assert verdicts[105:] == [LATE] * 15
        assert receiver.age() > 1000

    def test_a_delay_below_a_second_is_the_bus(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        assert receiver.take(sender.pair(), 1090) == VERIFIED  # 990 ms late
        assert receiver.take(sender.pair(), 100) == VERIFIED
        assert receiver.take(sender.pair(), 130) == LATE

    def test_ten_wrong_tags_end_the_session(self, core: Any, sender: Sender, receiver: Receiver) -> None:
        attacker = Sender(core, OTHER_KEY)
        for _ in range(9):
            assert receiver.take(attacker.pair()) == FORGED
        assert receiver.take(sender.pair()) == VERIFIED
        assert receiver.take(attacker.pair()) == FORGED
        for _ in range(20):
            assert receiver.take(sender.pair()) == NOTHING
        assert receiver.age() > 1000
        assert receiver.verifier.forged == 10

    def test_two_tags_at_most_are_made_in_one_check(self, core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        made = []
        real = core.auth.tag
        monkeypatch.setattr(core.auth, "tag", lambda *args: made.append(1) or real(*args))
        receiver, attacker = Receiver(core), Sender(core, OTHER_KEY)
        most = 0
        for wait_ms in (100, 100, 30_000, 70_000, 100):
            pair = attacker.pair()
            made.clear()
            receiver.take(pair, wait_ms)
            most = max(most, len(made))
            made.clear()
            receiver.verifier.check()
            assert not made
        assert most == 2


class TestAge:
    def test_silence_ages(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        receiver.wait(280)
        assert receiver.age() == 300

    def test_unverified_frames_do_not_make_young(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        for _ in range(10):
            receiver.wait(100)
            receiver.verifier.offer(sender.pair()[0], receiver.now)
        assert receiver.age() == 1020

    def test_three_in_a_row_qualify_and_a_silence_ends_it(self, sender: Sender, receiver: Receiver) -> None:
        seen = []
        for _ in range(4):
            receiver.take(sender.pair())
            seen.append(receiver.verifier.qualified())
        assert seen == [False, False, True, True]
        receiver.wait(HOLD_MS - 20 - 1)
        assert receiver.verifier.qualified()
        receiver.wait(1)
        assert not receiver.verifier.qualified()
        seen = []
        for _ in range(3):
            receiver.take(sender.pair())
            seen.append(receiver.verifier.qualified())
        assert seen == [False, False, True]

    def test_ticks_that_wrap_do_not_make_young(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        receiver.wait(59_000)
        assert receiver.age() == 59_020
        receiver.wait(1000)
        assert receiver.age() == NEVER_MS
        receiver.now = (receiver.now - 60_000) % TICKS
        assert receiver.age() == NEVER_MS

    def test_a_frame_newer_than_the_tick_has_no_age(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        receiver.now -= 25
        assert receiver.age() == 0

    def test_the_end_of_a_session_is_the_end_of_its_frames(self, sender: Sender, receiver: Receiver) -> None:
        receiver.take(sender.pair())
        receiver.verifier.end()
        assert receiver.age() == NEVER_MS
        assert receiver.take(sender.pair()) == NOTHING
        assert not receiver.verifier.closed()


class TestSigner:
    def test_nothing_is_tagged_outside_of_a_session(self, core: Any, sender: Sender) -> None:
        assert sender.signer.active
        sender.pair()
        sender.signer.note(bytearray(8))
        sender.signer.end()
        assert not sender.signer.active
        assert not sender.signer.make()
        assert sender.signer.fill(bytearray(8)) == 1

    def test_one_tag_a_frame(self, sender: Sender) -> None:
        sender.pair()
        assert not sender.signer.make()
        assert sender.signer.fill(bytearray(8)) == 1
        assert sender.signer.made == 1

    def test_a_tag_carries_the_counter_of_its_frame(self, sender: Sender) -> None:
        for _ in range(300):
            frame, tag = sender.pair()
            assert frame[2] == tag[2]


def test_the_ticks_halves_allocate_nothing_in_the_vm() -> None:
    command = [*prompt_argv(), str(Path(__file__).parent / "vm" / "tick_halves.py"), str(FIRMWARE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    words = done.stdout.split()
    assert words[:1] == ["ok"], done.stdout[-2000:] + done.stderr[-2000:]
    assert min(map(int, words[1:])) >= 290  # of 300, less those before the key
