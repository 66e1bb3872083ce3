"""The link's transmit slots, receive ring and controller watch, on a controller that does what the test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_tests.can import boards
from hil_tests.can.boards import Can

PEER = 0xA1


@pytest.fixture(scope="module")
def board() -> Iterator[Any]:
    with boards.firmware() as loaded:
        yield loaded


class Sender:
    """A link that sends four messages, the first one only while `aborts`; bytes 4-5 of a frame: the tick's number."""

    CYCLES_MS = (100, 100, 200, 1000)
    IDS = (0x00FF00D1, 0x08FF11D1, 0x0CFF10D1, 0x18FF12D1)
    DATA_IDS = (0xD100, 0xD111, 0xD110, 0xD112)

    def __init__(self, board: Any) -> None:
        self.port = board.load("board.can").Port(PEER, 500_000)
        self.can: Can = self.port._can
        self.tick = 0
        self.aborts = False
        fills = (lambda buf: self._fill(buf) if self.aborts else 1, self._fill, self._fill, self._fill)
        rows = list(zip(self.IDS, self.DATA_IDS, self.CYCLES_MS, fills, strict=True))
        self.link = board.load("core.link").Link(self.port, [], rows)

    def _fill(self, buf: bytearray) -> int:
        buf[4], buf[5] = self.tick & 255, self.tick >> 8
        return 0

    def step(self, frames: int) -> None:
        """One tick: `frames` go over the wire, then what was cancelled in time is gone, then the board sends."""
        for _ in range(frames):
            self.can.frame_ends()
        self.can.settle()
        self.tick += 1
        self.link.transmit()


def stamp(data: bytes) -> int:
    return data[4] | data[5] << 8


@settings(max_examples=60, deadline=None)
@given(wire=st.lists(st.integers(0, 3), min_size=20, max_size=120), abort_at=st.integers(0, 100))
def test_whatever_the_wire_takes_no_counter_is_missing_or_twice(board: Any, wire: list[int], abort_at: int) -> None:
    """And no message's value on the wire is older than one that went before it."""
    sender = Sender(board)
    for tick, frames in enumerate(wire):
        if tick == abort_at:
            sender.aborts = True
            sender.link.hurry(0)
        sender.step(frames)
    for can_id in Sender.IDS:
        frames_sent = [data for one, data in sender.can.sent if one == can_id]
        assert [data[2] for data in frames_sent] == [k & 255 for k in range(len(frames_sent))]
        stamps = [stamp(data) for data in frames_sent]
        assert stamps == sorted(stamps)


def test_on_a_dead_wire_the_mailboxes_hold_the_newest_values(board: Any) -> None:
    sender = Sender(board)
    for _ in range(1000):
        sender.step(0)
    held = {box[0]: stamp(box[1]) for box in sender.can.boxes if box is not None}
    assert set(held) == set(Sender.IDS[1:])
    for can_id, cycle_ms in zip(Sender.IDS[1:], Sender.CYCLES_MS[1:], strict=True):
        assert sender.tick - held[can_id] <= cycle_ms // 10 + 3
    # The first frame that gets through says what is so now, and its counter is the one that was expected.
    sender.step(1)
    assert sender.can.sent[0][1][2] == 0
    assert sender.tick - stamp(sender.can.sent[0][1]) <= 13


def test_an_abort_overtakes_three_waiting_frames_within_two_ticks(board: Any) -> None:
    sender = Sender(board)
    for _ in range(50):
        sender.step(0)
    assert all(sender.can.boxes)
    sender.aborts = True
    sender.link.hurry(0)
    asked = sender.tick
    sender.step(0)  # the least important one is asked to leave
    assert [i for i in range(3) if sender.can.cancelled[i]] == [
        i for i, box in enumerate(sender.can.boxes) if box is not None and box[0] == Sender.IDS[3]
    ]
    sender.step(0)
    assert sender.tick - asked == 2
    sender.step(1)
    assert sender.can.sent[0][0] == Sender.IDS[0]
    # What had to leave comes back, with the values of then.
    for _ in range(12):
        sender.step(1)
    assert Sender.IDS[3] in [can_id for can_id, _ in sender.can.sent]


def test_only_the_peer_s_frames_come_in_and_they_fill_both_fifos(board: Any) -> None:
    messages = board.load("generated.messages")
    can: Can = board.load("board.can").Port(messages.TANK_ADDRESS, 250_000)._can
    assert can.bitrate == 250_000
    ids = [row[1] for row in messages.TANK_TX]
    assert {can.takes(can_id, Can.FLAG_EXT_ID) for can_id in ids} == {0, 1}
    for row in messages.DISPENSER_TX:
        assert can.takes(row[1], Can.FLAG_EXT_ID) == -1
    assert can.takes(ids[0] & 0x7FF, 0) == can.takes(0, 0) == -1
    assert can.takes(ids[0] & ~0xFF | 0xA2, Can.FLAG_EXT_ID) == -1  # another source address
    assert can.takes(ids[0] ^ 1 << 24, Can.FLAG_EXT_ID) == -1  # another data page


class Receiver:
    """A link that receives one message of the truck."""

    ID, DATA_ID = 0x0CFF21A1, 0xA121

    def __init__(self, board: Any) -> None:
        self.port = board.load("board.can").Port(PEER, 500_000)
        self.e2e = board.load("core.e2e")
        rows = [(self.ID, self.DATA_ID, lambda data, out: None, 1, False, 300)]
        self.link = board.load("core.link").Link(self.port, rows, [])
        self.board = board
        self.counter = 0

    def frame(self, errors: int = 0, flags: int = 2, size: int = 8) -> None:
        buf = bytearray(8)
        self.e2e.protect(buf, self.DATA_ID, self.counter)
        self.counter = self.counter + 1 & 255
        self.port._can.get(self.ID, bytes(buf[:size]), flags, errors)

    def after(self, ms: int) -> bool:
        """Let time pass, take what has come, and tell whether the message is believed."""
        self.board.now_ms += ms
        self.link.receive(self.board.now_ms)
        return bool(self.link.receivers[0].qualified)


@pytest.fixture
def believed(board: Any) -> Receiver:
    receiver = Receiver(board)
    for _ in range(3):
        receiver.frame()
        receiver.after(100)
    assert receiver.link.receivers[0].qualified
    return receiver


def test_an_overrun_makes_every_message_qualify_anew(believed: Receiver) -> None:
    believed.frame(errors=Can.RECV_ERR_FULL)
    assert believed.after(100)  # a full FIFO has lost nothing
    believed.frame(errors=Can.RECV_ERR_FULL | Can.RECV_ERR_OVERRUN)
    assert believed.port.lost == 1
    qualified = []
    for _ in range(3):
        qualified.append(believed.after(100))
        believed.frame()
    assert qualified == [False, False, True]


def test_a_ring_that_overflows_is_an_overrun(believed: Receiver) -> None:
    ring = len(believed.port.ids)
    for _ in range(ring):
        believed.frame()
    assert believed.port.lost == 0
    believed.frame()
    assert believed.port.lost == 1
    believed.after(10)
    assert believed.link.receivers[0].counts[believed.e2e.OK] == 3 + ring


@pytest.mark.parametrize(("flags", "size"), [(0, 8), (3, 8), (2, 7), (2, 0)])
def test_what_is_no_frame_of_the_protocol_counts_as_none(believed: Receiver, flags: int, size: int) -> None:
    before = sum(believed.link.receivers[0].counts)
    believed.frame(flags=flags, size=size)
    assert believed.after(10)
    assert (believed.port.strange, sum(believed.link.receivers[0].counts)) == (1, before)


def test_a_silence_is_counted_once_and_ends_the_belief(believed: Receiver) -> None:
    assert believed.after(190)
    assert not believed.after(10)
    assert not believed.after(500)
    assert believed.link.receivers[0].counts[believed.e2e.NO_NEW_DATA] == 1


class Watched:
    """A controller watch, looked at every 40 ms; `told` are its (time ms, note, value)."""

    def __init__(self, board: Any) -> None:
        self.port = board.load("board.can").Port(PEER, 500_000)
        self.can: Can = self.port._can
        self.watch = board.load("core.bus_watch").BusWatch(self.port, self)
        notes = board.load("core.link_note_table").NOTES
        self.names = [row[0] for row in notes]
        self.told: list[tuple[int, str, int]] = []
        self.now_ms = 0x3FFFFFFF - 20_000  # the events' clock wraps in the middle

    def put(self, kind: int, note: int, source: int, target: int, value: int) -> None:
        self.told.append((self.now_ms, self.names[note], value))

    def run(self, ms: int) -> None:
        for _ in range(ms // 40):
            self.watch.look(self.now_ms)
            self.now_ms = self.now_ms + 40 & 0x3FFFFFFF


def test_bus_off_is_left_with_doubling_waits_up_to_1600_ms(board: Any) -> None:
    watched = Watched(board)
    restarted = []
    watched.can.off = True
    began = watched.now_ms
    for _ in range(250):
        watched.run(40)
        if not watched.can.off:
            restarted.append((watched.now_ms - began) & 0x3FFFFFFF)
            watched.can.off = True  # at once again
    waits = [b - a for a, b in zip([0, *restarted], restarted, strict=False)]
    # In looks of 40 ms, the first of which finds the bus lost.
    assert waits[:7] == [40 + 40 * -(-ms // 40) for ms in (100, 200, 400, 800, 1600, 1600, 1600)]
    assert [value for _, name, value in watched.told][:5] == [100, 200, 400, 800, 1600]
    assert {name for _, name, _ in watched.told} == {"bus_off"}
    # Ten seconds in order, and the next wait is the first one again.
    watched.can.off = False
    watched.can.restart()
    watched.run(10_100)
    assert watched.told[-1][1] == "active"
    watched.can.off = True
    watched.run(40)
    assert watched.told[-1][1:] == ("bus_off", 100)


def test_alone_is_told_once_and_needs_no_restart(board: Any) -> None:
    watched = Watched(board)
    watched.can.boxes[0] = (1, bytes(8))
    watched.can.status, watched.can.tec = 3, 128
    watched.run(60_000)
    assert [name for _, name, _ in watched.told] == ["passive", "alone"]
    assert watched.told[-1][2] == 1  # frames that wait
    assert watched.can.restarts == 0
    watched.can.status, watched.can.tec = 1, 90
    watched.run(1000)
    assert [name for _, name, _ in watched.told] == ["passive", "alone", "active"]


def test_passive_with_frames_that_go_out_is_not_alone(board: Any) -> None:
    watched = Watched(board)
    watched.can.status, watched.can.tec = 3, 130
    watched.run(5000)
    assert [name for _, name, _ in watched.told] == ["passive"]


def test_overruns_are_told_at_most_once_a_second(board: Any) -> None:
    watched = Watched(board)
    for _ in range(75):
        watched.port.lost += 1
        watched.run(40)
    assert [name for _, name, _ in watched.told] == ["overrun"] * 3
