"""Challenge and response: both sides have to prove the key, with nonces of both; nothing old or reflected passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

SESSION, TANK_ID = 77, 1000
STATION_KEY = bytes(range(32))
IDLE, ASKING, ANSWERING, PROVED, REFUSED = range(5)
Log = list[tuple[str, bytes]]


class Side:
    """One node's part of it, and what it has sent."""

    def __init__(self, core: Any, direction: int, key: bytes, tank_id: int, nonce: bytes) -> None:
        self.challenge = core.challenge.Challenge(direction)
        self.key, self.tank_id = key, tank_id
        self.challenge.begin(SESSION, nonce)

    def sent(self) -> Log:
        """Return the frames that are due now."""
        out: Log = []
        for name, fill in (("challenge", self.challenge.fill_challenge), ("response", self.challenge.fill_response)):
            buf = bytearray(8)
            if fill(buf) == 0:
                assert buf[3] == SESSION
                out.append((name, bytes(buf)))
        return out

    def take(self, frames: Log) -> None:
        """Receive frames, then do what the slack does."""
        for name, frame in frames:
            getattr(self.challenge, "take_" + name)(frame, [])
        self.challenge.step(self.key, self.tank_id)

    @property
    def state(self) -> int:
        """Return the state of it."""
        state: int = self.challenge.state
        return state


Pair = tuple[Side, Side]
Make = Callable[..., Pair]


@pytest.fixture
def make(core: Any) -> Make:
    """Return a function that makes both sides; keyword arguments replace what a side has."""

    def sides(seed: int = 1, station_key: bytes = STATION_KEY, truck_key: bytes = b"", tank_id: int = TANK_ID) -> Pair:
        rng = random.Random(seed)
        station = Side(core, 0, core.auth.truck_key(station_key, tank_id), tank_id, rng.randbytes(9))
        own = truck_key or core.auth.truck_key(STATION_KEY, TANK_ID)
        return station, Side(core, 1, own, TANK_ID, rng.randbytes(9))

    return sides


def talk(a: Side, b: Side, rounds: int = 20, keeps: Callable[[int], bool] = lambda n: True) -> Log:
    """Let both sides exchange frames; `keeps` says which get through. Return everything that was sent."""
    log: Log = []
    n = 0
    for _ in range(rounds):
        for sender, receiver in ((a, b), (b, a)):
            frames = sender.sent()
            log += frames
            through = [frame for i, frame in enumerate(frames) if keeps(n + i)]
            n += len(frames)
            receiver.take(through)
    return log


def test_both_prove_themselves_and_have_the_same_keys(make: Make) -> None:
    station, truck = make()
    talk(station, truck)
    assert station.state == truck.state == PROVED
    message = b"permit"
    assert station.challenge.sends.digest(message) == truck.challenge.receives.digest(message)
    assert truck.challenge.sends.digest(message) == station.challenge.receives.digest(message)
    assert station.challenge.sends.digest(message) != truck.challenge.sends.digest(message)


def test_it_takes_three_pieces_each_way_twice(make: Make) -> None:
    station, truck = make()
    talk(station, truck, rounds=5)
    assert PROVED not in (station.state, truck.state)
    talk(station, truck, rounds=3)
    assert station.state == truck.state == PROVED


@pytest.mark.parametrize("seed", range(5))
def test_lost_frames_only_delay_it(make: Make, seed: int) -> None:
    station, truck = make()
    rng = random.Random(seed)
    talk(station, truck, rounds=60, keeps=lambda n: rng.random() < 0.5)
    assert station.state == truck.state == PROVED


def test_the_response_is_sent_until_the_peer_shows_that_it_came(make: Make) -> None:
    station, truck = make()
    talk(station, truck)
    assert [name for name, _ in station.sent()] == ["response"]
    station.challenge.confirmed = True
    assert station.sent() == []


@pytest.mark.parametrize(
    "wrong",
    [{"station_key": bytes(32)}, {"truck_key": bytes(range(1, 33))}, {"tank_id": TANK_ID + 1}],
    ids=["station's key", "truck's key", "another truck's identity"],
)
def test_a_wrong_key_is_refused_by_both(make: Make, wrong: dict[str, Any]) -> None:
    station, truck = make(**wrong)
    talk(station, truck, rounds=40)
    assert station.state == truck.state == REFUSED


def test_without_its_key_a_side_answers_nothing(make: Make) -> None:
    station, truck = make()
    station.key = b""
    talk(station, truck)
    assert station.state == ASKING
    assert truck.state == ANSWERING
    station.challenge.refuse()
    assert station.state == REFUSED
    assert station.sent() == []


def test_an_echo_of_a_sides_own_frames_proves_nothing(make: Make) -> None:
    station, _ = make()
    for _ in range(30):
        station.take(station.sent())
    assert station.state == REFUSED


def test_a_recorded_session_proves_nothing_later(make: Make) -> None:
    """The truck's frames of one session, played to the station in another: its nonce is a new one."""
    station, truck = make(seed=1)
    recorded: Log = []
    for _ in range(20):
        truck.take(station.sent())
        frames = truck.sent()
        recorded += frames
        station.take(frames)
    assert station.state == PROVED
    again, _ = make(seed=2)
    for frame in recorded * 3:
        again.take([frame])
    assert again.state == REFUSED


def test_nonces_cannot_be_changed_once_keys_rest_on_them(make: Make) -> None:
    station, truck = make()
    talk(station, truck, rounds=4)
    assert station.state == truck.state == ANSWERING
    for side in (station, truck):
        for piece in range(3):
            side.challenge.take_challenge(bytes((0, 0, 0, SESSION, piece, 1, 2, 3)), [])
    talk(station, truck)
    assert station.state == truck.state == PROVED


def test_a_wrong_response_counts_once(make: Make) -> None:
    station, truck = make()
    talk(station, truck, rounds=3, keeps=lambda n: True)
    for piece in range(3):
        station.take([("response", bytes((0, 0, 0, SESSION, piece, 1, 2, 3)))])
    for _ in range(5):
        station.take([])
    assert station.state == ANSWERING
    talk(station, truck)
    assert station.state == PROVED


def test_a_piece_that_does_not_exist_is_ignored(make: Make) -> None:
    station, truck = make()
    for piece in (3, 4, 255):
        station.take([("challenge", bytes((0, 0, 0, SESSION, piece, 1, 2, 3)))])
    talk(station, truck)
    assert station.state == truck.state == PROVED


def test_a_new_session_forgets_the_old_one(make: Make) -> None:
    station, truck = make()
    talk(station, truck)
    for side in (station, truck):
        side.challenge.end()
        assert side.state == IDLE
        assert side.sent() == []
        assert side.challenge.sends is None
    for side in (station, truck):
        side.challenge.begin(SESSION + 1, bytes(9))
        side.take([])
        assert side.state == ASKING  # nothing of the old nonces is left
