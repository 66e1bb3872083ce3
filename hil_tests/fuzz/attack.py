"""Someone on the bus: more controllers than the wire has room for, and every kind of frame that they may send.

The frames come from a seed, so that a failure can be run again.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cantools
from e2e.p05 import e2e_p05_protect

from sim.can_frame import FLAG_EXT, FLAG_RTR
from sim.rig import Rig

CONTROLLERS: Final = 15  # x 3 mailboxes: more than the 39 longest frames that a tick has room for
MAILBOXES: Final = 3
REMEMBERED: Final = 200

Sent = tuple[int, int, bytes]  # id, flags, data
DATABASE: Final = cantools.database.load_file(Path(__file__).resolve().parents[2] / "dbc" / "cryofill.dbc")
DATA_IDS: Final = {
    message.frame_id: int(message.dbc.attributes["E2EDataId"].value) for message in DATABASE.messages
}
IDS: Final = sorted(DATA_IDS)


def protected(can_id: int, counter: int, payload: bytes) -> bytes:
    """Return a frame's data with a right E2E header; payload: bytes 3 to 7."""
    frame = bytearray((0, 0, counter)) + payload
    e2e_p05_protect(frame, DATA_IDS[can_id], increment_counter=False)
    return bytes(frame)


class Attacker:
    """Sends on a rig's bus. `kinds` names what it can do; `burst` fills the wire with it for some ticks."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._names = [f"attacker{i}" for i in range(CONTROLLERS)]
        for name in self._names:
            rig.bus.attach(name)
            rig.bus.power(name, True)
        self._heard: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self._counter = 0
        self.kinds: dict[str, Callable[[random.Random], Sent]] = {
            "random": self._random,
            "malformed": self._malformed,
            "wrong_content": self._wrong_content,
            "masquerade": self._masquerade,
            "replay": self._replay,
            "flip": self._flip,
            "flood": self._flood,
        }
        rig.observe(self)

    @property
    def sent(self) -> int:
        """Frames that went over the wire."""
        return sum(self._rig.bus.controllers[name].sent for name in self._names)

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Listen, so as to have something to replay."""
        if can_id in DATA_IDS and len(data) == 8:
            self._heard.append((can_id, data))

    def burst(self, kind: str, seed: int, ticks: int, each: Callable[[], None]) -> None:
        """Keep every mailbox full for `ticks` ticks; call `each` after each of them."""
        rng = random.Random(seed)
        make = self.kinds[kind]
        bus = self._rig.bus
        for _ in range(ticks):
            for name in self._names:
                node = bus.controllers[name]
                if node.bus_off and not node.recovery:
                    bus.restart(name)
                node.take()
                for mailbox in range(MAILBOXES):
                    if node.mailboxes[mailbox] is None:
                        can_id, flags, data = make(rng)
                        bus.submit(name, mailbox, can_id, flags, data)
            self._rig.tick()
            each()

    def hush(self) -> None:
        """Take back what still waits."""
        for name in self._names:
            for mailbox in range(MAILBOXES):
                self._rig.bus.cancel(name, mailbox)

    # -- what it sends

    def _random(self, rng: random.Random) -> Sent:
        extended = rng.random() < 0.7
        can_id = rng.getrandbits(29 if extended else 11)
        flags = (FLAG_EXT if extended else 0) | (FLAG_RTR if rng.random() < 0.1 else 0)
        return can_id, flags, rng.randbytes(rng.randrange(9))

    def _malformed(self, rng: random.Random) -> Sent:
        """The protocol's identifiers with too little data, or none, or as standard frames."""
        can_id = rng.choice(IDS)
        flags = rng.choice((FLAG_EXT, FLAG_EXT | FLAG_RTR, 0))
        return (can_id if flags & FLAG_EXT else can_id & 0x7FF), flags, rng.randbytes(rng.randrange(8))

    def _wrong_content(self, rng: random.Random) -> Sent:
        return rng.choice(IDS), FLAG_EXT, rng.randbytes(8)

    def _masquerade(self, rng: random.Random) -> Sent:
        """A well-protected frame of the protocol with any content, its counter in order more often than not."""
        can_id = rng.choice(IDS)
        self._counter = (self._counter + 1) & 255 if rng.random() < 0.9 else rng.randrange(256)
        return can_id, FLAG_EXT, protected(can_id, self._counter, rng.randbytes(5))

    def _replay(self, rng: random.Random) -> Sent:
        if not self._heard:
            return self._wrong_content(rng)
        can_id, data = rng.choice(self._heard)
        return can_id, FLAG_EXT, data

    def _flip(self, rng: random.Random) -> Sent:
        can_id, flags, data = self._replay(rng)
        bits = int.from_bytes(data, "little")
        for _ in range(rng.randint(1, 3)):
            bits ^= 1 << rng.randrange(64)
        return can_id, flags, bits.to_bytes(8, "little")

    def _flood(self, rng: random.Random) -> Sent:
        """The highest priorities there are: nobody else gets through."""
        return rng.randrange(16), FLAG_EXT, rng.randbytes(8)
