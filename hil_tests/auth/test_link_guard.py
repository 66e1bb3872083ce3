"""The authenticated link as both nodes have it: who is on the wire can stop it, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hil_tests.auth.link_bench import SESSION, TANK_ID, Bench, Frame
from sim import link_keys

NO_KEY, TEST_KEY, OFF, PROVED, REFUSED, FORGED = range(7, 13)  # rows of core.link_note_table
HOLD_MS, STOP_MS = 300, 1000
STATION_KEY = bytes(range(32))
TRUCK_KEY = link_keys.truck_key(STATION_KEY, TANK_ID)
SIDES = ("dispenser", "tank")

Make = Callable[..., Bench]


@pytest.fixture
def make(firmware: SimpleNamespace) -> Make:
    """Return a function that makes a bench; its nonces follow from a seed."""

    def bench(station_key: bytes = STATION_KEY, truck_key: bytes = TRUCK_KEY) -> Bench:
        return Bench(firmware, station_key, truck_key)

    return bench


@pytest.fixture
def filling(make: Make) -> Bench:
    """Return a bench whose nodes have proved themselves and talk."""
    bench = make()
    bench.begin()
    bench.run(3000)
    assert bench.proved == bench.live == (True, True)
    return bench


class Messages:
    """What somebody on the wire knows: identifiers and the E2E header, but no key."""

    def __init__(self, bench: Bench, sender: str) -> None:
        m = bench.fw.messages
        own = "D" if sender == "dispenser" else "T"
        self.frame_id, self.data_id = (
            (m.D_PERMIT_ID, m.D_PERMIT_DATA_ID) if own == "D" else (m.T_STATUS_ID, m.T_STATUS_DATA_ID)
        )
        self.tag_id, self.tag_data_id = getattr(m, own + "_AUTH_ID"), getattr(m, own + "_AUTH_DATA_ID")
        self._e2e = bench.fw.e2e

    def protected(self, payload: bytes, counter: int, tag: bool = False) -> Frame:
        """Return a frame with a right E2E header."""
        frame = bytearray(3) + payload
        self._e2e.protect(frame, self.tag_data_id if tag else self.data_id, counter)
        return self.tag_id if tag else self.frame_id, bytes(frame)


class TestGood:
    def test_both_sides_prove_themselves_within_a_second_and_a_half(self, make: Make) -> None:
        bench = make()
        bench.begin()
        bench.run(200)
        assert bench.proved == bench.live == (False, False)
        bench.run(2000)
        assert bench.proved == bench.live == (True, True)
        assert (PROVED, TANK_ID) in bench.station.told
        assert (PROVED, TANK_ID) in bench.truck.told

    def test_ages_stay_those_of_the_frames(self, filling: Bench) -> None:
        worst = (0, 0)
        for _ in range(300):
            filling.run(10)
            worst = max(worst[0], filling.ages()[0]), max(worst[1], filling.ages()[1])
        assert 100 <= min(worst) <= max(worst) <= 130

    def test_what_a_verified_frame_says_is_used(self, filling: Bench) -> None:
        filling.station.permit = 0
        filling.run(200)
        assert filling.live == (True, True)
        assert not filling.truck.peer.permits()

    def test_a_frame_out_of_its_cycle_is_tagged_at_once(self, filling: Bench) -> None:
        while filling.ages()[1] != 40:
            filling.run(10)
        filling.station.link.hurry(0)
        filling.run(50)
        assert filling.ages()[1] <= 50

    def test_three_verified_frames_make_it_live_again(self, filling: Bench) -> None:
        m = filling.fw.messages
        filling.wire = lambda sender, frame: [] if frame[0] == m.D_AUTH_ID else [frame]
        filling.run(500)
        filling.wire = lambda sender, frame: [frame]
        checked = filling.truck.guard.verifier.checked
        while not filling.live[1]:
            filling.run(10)
        assert filling.truck.guard.verifier.checked == checked + 3

    def test_without_a_session_any_frame_counts(self, filling: Bench) -> None:
        """Nothing rests on it then, and a tank has to hear the dispenser of its next session."""
        for end in filling.ends:
            end.guard.end()
        filling.run(500)
        assert filling.live == (True, True)

    def test_one_truck_after_the_other(self, filling: Bench) -> None:
        filling.station.guard.end()
        filling.truck.guard.end()
        filling.truck.tank_id = TANK_ID + 5
        assert filling.truck.guard.set_key([link_keys.truck_key(STATION_KEY, TANK_ID + 5).hex()]) == ""
        filling.begin(SESSION + 1)
        filling.run(3000)
        assert filling.live == (True, True)
        assert filling.station.told[-1] == (PROVED, TANK_ID + 5)

    def test_no_tag_before_both_have_proved_themselves(self, make: Make) -> None:
        bench = make(truck_key=b"")
        bench.begin()
        bench.run(3000)
        tags = {bench.fw.messages.D_AUTH_ID, bench.fw.messages.T_AUTH_ID}
        assert not [frame for _, _, frame in bench.log if frame[0] in tags]

    def test_challenge_and_response_end(self, filling: Bench) -> None:
        m = filling.fw.messages
        asking = {m.D_CHALLENGE_ID, m.D_RESPONSE_ID, m.T_CHALLENGE_ID, m.T_RESPONSE_ID}
        last_ms = max(t for t, _, frame in filling.log if frame[0] in asking)
        assert last_ms < 1000 + 2000

    def test_three_rounds_of_the_counter(self, filling: Bench) -> None:
        """Nothing adds up."""
        filling.run(80_000)
        assert filling.live == (True, True)
        assert filling.station.guard.verifier.forged == filling.truck.guard.verifier.forged == 0

    @pytest.mark.parametrize("gap_ms", [100, 250, 600, 900])
    def test_gaps_below_a_second_do_not_add_up(self, filling: Bench, gap_ms: int) -> None:
        for _ in range(6):
            filling.wire = lambda sender, frame: []
            filling.run(gap_ms)
            filling.wire = lambda sender, frame: [frame]
            filling.run(800)
            assert filling.live == (True, True)

    def test_a_controller_that_cannot_send_does_not_fall_behind(self, filling: Bench) -> None:
        for _ in range(6):
            filling.truck.port.blocked = True
            filling.run(600)
            assert not filling.live[0]
            filling.truck.port.blocked = False
            filling.run(1000)
            assert filling.live == (True, True)

    def test_a_new_session_has_new_keys(self, filling: Bench) -> None:
        old = filling.station.guard.challenge.sends
        for end in filling.ends:
            end.guard.end()
        filling.begin(SESSION + 1)
        filling.run(20)
        assert filling.proved == (False, False)
        filling.run(3000)
        assert filling.live == (True, True)
        assert filling.station.guard.challenge.sends.digest(b"x") != old.digest(b"x")


@pytest.mark.parametrize("attacked", SIDES)
class TestAttacks:
    """Each attack is on what `attacked` sends; the other side must take it for silence."""

    @staticmethod
    def other(bench: Bench, attacked: str) -> Any:
        """Return the side that hears the attacked one, as a node."""
        return bench.truck if attacked == "dispenser" else bench.station

    def expect_silence(self, bench: Bench, attacked: str, ms: int = 1500) -> None:
        """Run; from 300 ms after the last verified frame the permission is not live, and it stays so."""
        other = self.other(bench, attacked)
        bench.run(HOLD_MS + 40)
        for _ in range((ms - HOLD_MS) // 10):
            assert not other.live(bench.now)
            bench.run(10)
        assert other.age_ms(bench.now) >= STOP_MS

    def test_changed_on_the_way(self, filling: Bench, attacked: str) -> None:
        """Halt becomes Dyna, no becomes yes: the frame is protected anew, its tag is not."""
        known = Messages(filling, attacked)
        filling.station.permit = 0
        changed: list[bytes] = []

        def wire(sender: str, frame: Frame) -> list[Frame]:
            if sender == attacked and frame[0] == known.frame_id:
                payload = bytearray(frame[1][3:])
                payload[2] ^= 1
                changed.append(bytes(payload))
                return [known.protected(bytes(payload), frame[1][2])]
            return [frame]

        filling.wire = wire
        self.expect_silence(filling, attacked)
        assert len(changed) > 10

    def test_its_values_are_never_used(self, filling: Bench, attacked: str) -> None:
        known, other = Messages(filling, attacked), self.other(filling, attacked)
        before = list(other.link.values[other.checked])
        session = before[0]

        def wire(sender: str, frame: Frame) -> list[Frame]:
            if sender == attacked and frame[0] == known.frame_id:
                return [known.protected(bytes((session, 0, 0, 0, 0)), frame[1][2])]
            return [frame]

        filling.wire = wire
        for _ in range(150):
            filling.run(10)
            assert other.link.values[other.checked] == before

    def test_tags_lost(self, filling: Bench, attacked: str) -> None:
        known = Messages(filling, attacked)
        filling.wire = lambda sender, frame: [] if sender == attacked and frame[0] == known.tag_id else [frame]
        self.expect_silence(filling, attacked)
        assert self.other(filling, attacked).guard.verifier.forged == 0

    def test_somebody_else_sends_with_guessed_tags(self, filling: Bench, attacked: str) -> None:
        """The wire is cut and a third node goes on in its place, E2E counters in order."""
        known, other = Messages(filling, attacked), self.other(filling, attacked)
        rng = random.Random(1)

        def wire(sender: str, frame: Frame) -> list[Frame]:
            if sender != attacked or frame[0] not in (known.frame_id, known.tag_id):
                return [frame]
            return [known.protected(rng.randbytes(5), frame[1][2], tag=True) if frame[0] == known.tag_id else frame]

        filling.wire = wire
        self.expect_silence(filling, attacked, 3000)
        assert other.guard.verifier.forged == 10  # and not one guess more
        assert [value for note, value in other.told if note == FORGED] == list(range(1, 11))
        for end in filling.ends:
            end.guard.end()
        filling.begin(SESSION + 1)
        filling.run(4000)
        assert [value for note, value in other.told if note == FORGED] == [*range(1, 11), *range(1, 11)]

    def test_played_back_a_round_of_the_counter_later(self, filling: Bench, attacked: str) -> None:
        """Recorded pairs whose counters fit perfectly: E2E alone would take every one of them."""
        filling.run(30_000)
        known = Messages(filling, attacked)
        recorded = {known.frame_id: [], known.tag_id: []}  # type: dict[int, list[bytes]]
        for _, sender, (can_id, data) in filling.log:
            if sender == attacked and can_id in recorded:
                recorded[can_id].append(data)
        played = 0

        def wire(sender: str, frame: Frame) -> list[Frame]:
            nonlocal played
            if sender != attacked or frame[0] not in recorded:
                return [frame]
            old = [data for data in recorded[frame[0]] if data[2] == frame[1][2]]
            played += 1
            return [(frame[0], old[-1])]

        filling.wire = wire
        self.expect_silence(filling, attacked)
        assert played > 20

    def test_held_back_a_little_longer_each_time(self, filling: Bench, attacked: str) -> None:
        known, other = Messages(filling, attacked), self.other(filling, attacked)
        held: list[tuple[int, Frame]] = []
        began = filling.now

        def wire(sender: str, frame: Frame) -> list[Frame]:
            out = [] if sender == attacked and frame[0] in (known.frame_id, known.tag_id) else [frame]
            if not out:
                held.append((filling.now + (filling.now - began) // 10, frame))
            while sender == attacked and held and held[0][0] <= filling.now:
                out.append(held.pop(0)[1])
            return out

        filling.wire = wire
        filling.run(8000)
        assert other.live(filling.now)  # 0.7 s late by now, and every frame in order
        filling.run(6000)
        assert not other.live(filling.now)
        assert other.age_ms(filling.now) >= STOP_MS
        assert other.guard.verifier.forged == 0

    def test_of_another_session(self, filling: Bench, attacked: str) -> None:
        """All that a side has sent in one session, played to the other one in the next."""
        recorded = [frame for _, sender, frame in filling.log if sender == attacked]
        for end in filling.ends:
            end.guard.end()
        filling.begin(SESSION)
        queue = iter(recorded)
        filling.wire = lambda sender, frame: [next(queue, frame)] if sender == attacked else [frame]
        filling.run(6000)
        other = self.other(filling, attacked)
        assert not other.guard.passes()
        assert other.age_ms(filling.now) > 86_000_000
        assert other.guard.refuses()


class TestRefused:
    @pytest.mark.parametrize(
        ("station_key", "truck_key"),
        [(STATION_KEY, bytes(range(1, 33))), (bytes(range(1, 33)), TRUCK_KEY), (STATION_KEY, STATION_KEY)],
        ids=["truck's key", "station's key", "station's key in the truck"],
    )
    def test_a_wrong_key(self, make: Make, station_key: bytes, truck_key: bytes) -> None:
        bench = make(station_key, truck_key)
        bench.begin()
        bench.run(4000)
        assert bench.proved == bench.live == (False, False)
        for end in bench.ends:
            assert end.guard.refuses()
            assert (REFUSED, TANK_ID) in end.told

    def test_the_key_of_another_truck(self, make: Make) -> None:
        bench = make(STATION_KEY, link_keys.truck_key(STATION_KEY, TANK_ID + 1))
        bench.begin()
        bench.run(4000)
        assert bench.proved == (False, False)

    @pytest.mark.parametrize("without", SIDES)
    def test_no_key(self, make: Make, without: str) -> None:
        bench = make(**{"station_key" if without == "dispenser" else "truck_key": b""})
        end = bench.station if without == "dispenser" else bench.truck
        assert end.told == [(NO_KEY, 0)]
        bench.begin()
        bench.run(3000)
        assert bench.proved == bench.live == (False, False)
        assert end.guard.refuses()

    @pytest.mark.parametrize("off", SIDES)
    def test_one_side_without_authentication(self, make: Make, off: str) -> None:
        bench = make()
        bench.begin(station=off != "dispenser", truck=off != "tank")
        bench.run(4000)
        assert bench.proved == (off == "dispenser", off == "tank")
        assert bench.live == (off == "dispenser", off == "tank")


def test_without_authentication_any_frame_counts_and_it_is_told(make: Make) -> None:
    """What the attacks above are held against: the same change passes."""
    bench = make()
    bench.begin(station=0, truck=0)
    bench.run(1000)
    assert bench.proved == bench.live == (True, True)
    assert bench.station.told == bench.truck.told == [(OFF, SESSION)]
    known = Messages(bench, "dispenser")
    bench.station.permit = 0
    bench.run(300)
    assert not bench.truck.peer.permits()

    def wire(sender: str, frame: Frame) -> list[Frame]:
        if frame[0] == known.frame_id:
            return [known.protected(bytes((SESSION, 0b0101, 0, 0, 0)), frame[1][2])]
        return [frame]

    bench.wire = wire
    bench.run(300)
    assert bench.truck.live(bench.now)
    assert bench.truck.peer.permits()


def test_a_new_key_is_in_force_at_once_and_never_told(make: Make) -> None:
    bench = make(truck_key=b"")
    text = TRUCK_KEY.hex()
    for bad in ([], ["x"], [text, text], [text[:-1]], ["00" * 32], ["erase", "now"]):
        assert bench.truck.guard.set_key(bad) == "key <64 hex digits> | erase"
    assert bench.truck.told == [(NO_KEY, 0)]
    assert bench.truck.guard.set_key([text]) == ""
    bench.begin()
    bench.run(3000)
    assert bench.live == (True, True)
    assert bench.truck.guard.set_key(["erase"]) == ""
    assert bench.truck.told[-1] == (NO_KEY, 0)
    assert bench.truck.guard.set_key([text]) == ""
    for station_key, proved in ((bytes(range(1, 33)), False), (STATION_KEY, True)):
        for end in bench.ends:
            end.guard.end()
        assert bench.station.guard.set_key([station_key.hex()]) == ""
        bench.begin(SESSION + 1)
        bench.run(3000)
        assert bench.proved == (proved, proved)
