"""Who goes first and when each frame ends, against a wire that is played level by level: the lower level wins."""

from __future__ import annotations

import random

import pytest

from hil_tests.bus.test_frame_bits import wire_frame
from hil_tests.bus.wire_script import Script
from sim.can_frame import FLAG_EXT, FLAG_RTR

Sent = tuple[int, int, bytes]  # id, flags, data
TAIL = 1 + 2 + 7  # CRC delimiter, ACK slot and delimiter, end of frame
INTERMISSION = 3


def levels(frame: Sent) -> list[int]:
    """Return what a sender puts on the wire up to the CRC."""
    can_id, flags, data = frame
    return wire_frame(can_id, flags, data)[0]


def played(frames: list[Sent]) -> list[tuple[int, Sent]]:
    """Return (bit at which it ended, frame) of frames that all want the wire at bit 0, one after another."""
    waiting = [(frame, levels(frame)) for frame in frames]
    now = 0
    out = []
    while waiting:
        senders = waiting
        for bit in range(200):
            wire = min(stream[bit] for _, stream in senders)  # 0 is dominant
            senders = [sender for sender in senders if sender[1][bit] == wire]  # the others have lost
            if len(senders) == 1:
                break
        (winner,) = senders
        waiting.remove(winner)
        end = now + len(winner[1]) + TAIL
        out.append((end, winner[0]))
        now = end + INTERMISSION
    return out


def draw(rng: random.Random) -> list[Sent]:
    """Return up to six frames with identifiers that often share their base, or all but the last bits."""
    base = rng.getrandbits(11)
    found: dict[tuple[int, int], Sent] = {}
    for _ in range(rng.randrange(2, 7)):
        flags = rng.choice((0, FLAG_EXT)) | rng.choice((0, 0, FLAG_RTR))
        near = base ^ (1 << rng.randrange(11) if rng.random() < 0.4 else 0)
        can_id = near << 18 | rng.choice((0, 1, 0x3FFFF, rng.getrandbits(18))) if flags & FLAG_EXT else near
        size = rng.randrange(9)
        data = bytes(size) if flags & FLAG_RTR else bytes(rng.choice((0, 255, rng.getrandbits(8))) for _ in range(size))
        found[can_id, flags] = (can_id, flags, data)
    return list(found.values())


@pytest.mark.parametrize("seed", range(5))
def test_random_frames_of_many_senders(seed: int) -> None:
    rng = random.Random(seed)
    mixed = 0
    for _ in range(60):
        frames = draw(rng)
        script = Script("third", "fourth")
        places = [(node, mailbox) for node in script.bus.controllers for mailbox in range(3)]
        for (node, mailbox), (can_id, flags, data) in zip(rng.sample(places, len(frames)), frames, strict=True):
            script.send(node, can_id, data, mailbox, flags)
        script.run(20)
        expected = played(frames)
        assert [(t_us // 2, (can_id, flags, data)) for t_us, can_id, flags, data in script.log] == expected
        assert script.bus.busy_bits == expected[-1][0] + INTERMISSION
        bases = [(can_id >> 18 if flags & FLAG_EXT else can_id) for can_id, flags, _ in frames]
        mixed += len(set(bases)) < len(bases) and len({flags & FLAG_EXT for _, flags, _ in frames}) == 2
    assert mixed > 10  # standard and extended frames of one base
