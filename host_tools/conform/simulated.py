"""Our own boards as peers, one at a time, in simulated time: the real firmware on a workbench, the kit on its bus.

`Tamper` stands between bus and kit: the tests of the kit make wrong peers of right ones with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from host_tools.conform.codec import YES, codec
from host_tools.conform.port import US, Seen
from sim.bench import Bench
from sim.can_frame import FLAG_EXT, FLAG_RTR
from sim.instruments import Instruments
from sim.rig import TICK_MS, Rig

KIT: Final = "kit"
TRUCK_STATUS: Final = "T_STATUS"
MAILBOXES: Final = 3
SETTLE_TICKS: Final = 150  # after power-on, until parameters may be set
SETTINGS: Final = {
    "tank": ("target_g 85000",),
    "dispenser": ("purge_cycles 3", "leak_settle_ms 5000", "leak_hold_ms 10000", "cool_hold_ms 2000",
                  "cold_test_ms 5000", "slow_ms 2000", "holds_max 20"),
}  # fmt: skip
PRESS_TICKS: Final = 50


class Tamper:
    """Lets everything through. Override to make a peer wrong: what it seems to send, what it gets to hear."""

    def from_peer(self, seen: Seen) -> Iterable[Seen]:
        """Return what the kit sees of one frame of the peer."""
        return (seen,)

    def to_peer(self, now_ms: int, can_id: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Return what reaches the peer of one frame of the kit."""
        return ((can_id, data),)

    def idle(self, now_ms: int) -> Iterable[tuple[int, bytes]]:
        """Return what reaches the peer besides, in this tick."""
        return ()


class SimulatedPeer:
    """A port and the hands of a simulated board; its clock runs only while somebody waits. Close it.

    auth: with authentication, under the published test key; it is switched off otherwise.
    """

    def __init__(
        self, peer: str, *, vm: str = "micropython", seed: int = 1, tamper: Tamper | None = None, auth: bool = False
    ) -> None:
        self._peer = peer
        self._auth = auth
        self._vm = vm
        self._seed = seed
        self._tamper = tamper or Tamper()
        self._base_ms = 0  # of the port's clock, at the present rig's start
        self._rig: Rig | None = None
        self._queue: deque[tuple[int, bytes, int]] = deque()
        self._missed: list[Seen] = []  # frames that the kit has not taken yet
        self.bench = Bench()

    # -- port

    def now_ms(self) -> int:
        """Return the time."""
        return self._base_ms + (self._rig.t_ms if self._rig is not None else 0)

    def send(self, can_id: int, data: bytes, *, extended: bool = True) -> None:
        """Queue a frame; it goes to a mailbox as soon as one is free."""
        flags = FLAG_EXT if extended else 0
        message = codec().by_id.get(can_id)
        if message is not None and message.name == TRUCK_STATUS and len(data) == 8:
            values = message.decode(data)  # the truck's end of the hose and of the loop
            self.bench.way_out = YES in (values["xv201_open"], values["xv208_open"])
            self.bench.loop = values["permit_contact"] == YES
        self._queue.extend((one_id, one, flags) for one_id, one in self._tamper.to_peer(self.now_ms(), can_id, data))

    def receive(self, until_ms: int) -> list[Seen]:
        """Run the board until then, or until the end of a tick in which it has sent something."""
        while not self._missed and self.now_ms() < until_ms:
            self._missed = self._tick()
        found, self._missed = self._missed, []
        return found

    def close(self) -> None:
        """End the board's process."""
        if self._rig is not None:
            self._rig.close()
            self._rig = None

    def _tick(self) -> list[Seen]:
        """Do one tick of 10 ms; return what the kit sees of it."""
        rig = self._rig
        if rig is None:
            self._base_ms += TICK_MS
            return []
        self._queue.extend((can_id, data, FLAG_EXT) for can_id, data in self._tamper.idle(self.now_ms()))
        controller = rig.bus.controllers[KIT]
        for mailbox in range(MAILBOXES):
            if self._queue and controller.mailboxes[mailbox] is None:
                can_id, data, flags = self._queue.popleft()
                rig.bus.submit(KIT, mailbox, can_id, flags, data)
        begin_us = rig.t_ms * US
        rig.tick()
        found: list[Seen] = []
        for t_us, can_id, flags, dlc, data in controller.take()[1]:
            at_us = begin_us + (t_us - begin_us & 0xFFFFFFFF) + self._base_ms * US
            seen = Seen(at_us, can_id, bool(flags & FLAG_EXT), bool(flags & FLAG_RTR), bytes(data[:dlc]))
            found += self._tamper.from_peer(seen)
        return found

    # -- hands

    def do(self, deed: str) -> bool:
        """Do a deed of `rules_table.DEEDS` on the bench."""
        bench = self.bench
        if deed == "fresh":
            self._restart()
        elif deed == "couple":
            bench.seated = False
            bench.earthed = True
            self._wait(PRESS_TICKS)
            bench.seated = True
            if self._peer == "dispenser":
                bench.start = True
                self._wait(PRESS_TICKS)
                bench.start = False
        elif deed == "release":
            bench.seated = False
        elif deed == "trip":
            bench.ignition = True
        else:
            return False
        return True

    def _wait(self, ticks: int) -> None:
        """Let the board run; the kit sees later what it sent meanwhile."""
        for _ in range(ticks):
            self._missed += self._tick()

    def _restart(self) -> None:
        """Take a new board, as from commissioning, on a new bench."""
        self._base_ms = self.now_ms()
        self.close()
        self._queue.clear()
        self._missed = []
        self.bench = Bench()
        rig = Rig(self.bench, Instruments(self._seed), vm=self._vm, seed=self._seed, names=(self._peer,))
        rig.bus.attach(KIT)
        rig.bus.power(KIT, True)
        self._rig = rig.start()
        for setting in SETTINGS[self._peer] + (() if self._auth else ("auth 0",)):
            rig.command(self._peer, f"set {setting}")
