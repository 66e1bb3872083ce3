"""Two nodes' real links with their guards on a wire that can do anything: no VM, no plant, ticks of 10 ms.

The station grants its fill permit and the truck says Dyna, both for ever: what is left of that at the other end is what
the authentication lets through.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sim import link_keys

TANK_ID, SESSION, TANK_MBAR = 1000, 77, 4000
FRAM_BYTES = 128
Frame = tuple[int, bytes]
Wire = Callable[[str, Frame], list[Frame]]  # sender, frame -> what reaches the other node


class Fram:
    """The FRAM of a board that holds a key, or none."""

    def __init__(self, key: bytes) -> None:
        self.n_bytes = FRAM_BYTES
        self.data = bytearray(FRAM_BYTES)
        if key:
            link_keys.provision(self.data, key, link_keys.OWN)

    def read_into(self, address: int, buf: bytearray) -> None:
        """As board.nv.Fram."""
        buf[:] = self.data[address : address + len(buf)]

    def write(self, address: int, buf: bytes) -> None:
        """As board.nv.Fram."""
        self.data[address : address + len(buf)] = buf


class Port:
    """As board.can.Port: frames in, frames out. `blocked`: no mailbox is free."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.data: list[bytes] = []
        self.at_ms: list[int] = []
        self.count = self.lost = self.unsent = 0
        self.sent: list[Frame] = []
        self.blocked = False

    def send(self, slot: int, can_id: int, data: bytes) -> bool:
        """Take a frame to the wire."""
        if self.blocked:
            return False
        self.sent.append((can_id, bytes(data)))
        return True

    def deliver(self, frames: list[Frame], at_ms: int) -> None:
        """Put frames into the receive ring."""
        for can_id, data in frames:
            self.ids.append(can_id)
            self.data.append(data)
            self.at_ms.append(at_ms)
        self.count = len(self.ids)

    def clear(self) -> None:
        """What the firmware does by setting `count` to 0."""
        del self.ids[:], self.data[:], self.at_ms[:]


class End:
    """One node: guard, link, and what it says."""

    def __init__(self, name: str, fw: SimpleNamespace, key: bytes) -> None:
        m, auth = fw.messages, fw.auth
        self.name = name
        self.port = Port()
        self.told: list[tuple[int, int]] = []  # (note, value)
        events = SimpleNamespace(put=lambda kind, note, source, target, value: self.told.append((note, value)))
        station = name == "dispenser"
        own, other = ("D", "T") if station else ("T", "D")
        sent, checked = ("D_PERMIT", "T_STATUS") if station else ("T_STATUS", "D_PERMIT")

        def of(message: str, what: str) -> Any:
            return getattr(m, f"{message}_{what}")

        direction = auth.DISPENSER if station else auth.TANK
        ids, times = (of(sent, "ID"), of(checked, "ID")), (of(checked, "CYCLE_MS"), of(checked, "HOLD_MS"))
        self.guard = fw.guard.Guard(direction, Fram(key), events, *ids, *times)
        self.guard.load()
        asked, signer = self.guard.challenge, self.guard.signer
        fills = [
            (sent, self._permit if station else self._status),
            (f"{own}_AUTH", signer.fill),
            *([("D_STATUS", self._d_status)] if station else [("T_MEAS", self._meas), ("T_IDENT", self._ident)]),
            (f"{own}_CHALLENGE", asked.fill_challenge),
            (f"{own}_RESPONSE", asked.fill_response),
        ]
        tx = [(of(n, "ID"), of(n, "DATA_ID"), of(n, "CYCLE_MS"), fill) for n, fill in fills]
        self.peer = (fw.truck.Truck if station else fw.station.Station)(self.port, tx, self.guard)
        self.link = self.peer.link
        self.checked = fw.truck.STATUS if station else fw.station.PERMIT
        self.link.authenticate(self.checked, self.guard.verifier, 0, 1, signer)
        self.session = 0
        self.tank_id = TANK_ID
        self.permit = 1
        self._m = m

    def _permit(self, buf: bytearray) -> int:
        return int(self._m.pack_d_permit(buf, self.session, self.permit, self.permit, 80000, 100))

    def _d_status(self, buf: bytearray) -> int:
        state = self._m.DISPENSER_STATE_CONNECT
        return int(self._m.pack_d_status(buf, self.session, state, self._m.PROTOCOL_VERSION, 1, 1, 1, 1, 1, 0))

    def _status(self, buf: bytearray) -> int:
        state, command = self._m.TANK_STATE_FILL, self._m.FUELLING_COMMAND_DYNA
        version = self._m.PROTOCOL_VERSION
        return int(self._m.pack_t_status(buf, self.session, state, command, 1, 1, 1, 0, 1, version, 0))

    def _meas(self, buf: bytearray) -> int:
        return int(self._m.pack_t_meas(buf, self.session, TANK_MBAR, 50000, 1))

    def _ident(self, buf: bytearray) -> int:
        return int(self._m.pack_t_ident(buf, self.session, self.tank_id, 1))

    def begin(self, session: int, authenticated: int = 1) -> None:
        """Start a session as both nodes do."""
        self.session = self.link.session = session
        if self.name == "dispenser":
            self.peer.forget()
        else:
            self.peer.session = session
        self.guard.begin(session, authenticated)

    def tick(self, now: int) -> None:
        """One control tick and the slack after it."""
        if self.name == "dispenser":
            self.peer.receive(now)
        else:
            self.link.receive(now)
        if not self.port.count:
            self.port.clear()
        self.link.transmit()
        if self.guard.awake:
            self.guard.slack(self.peer.tank_id() if self.name == "dispenser" else self.tank_id)

    def age_ms(self, now: int) -> int:
        """Return the age of the message that the other side's permission is in."""
        return int(self.link.age_ms(self.checked, now))

    def live(self, now: int) -> bool:
        """Tell whether that message is believed and younger than its hold time."""
        return bool(self.link.live(self.checked, now, 300))


class Bench:
    """A dispenser and a tank on a wire. `wire` may be replaced at any time; `log` keeps what went over it."""

    def __init__(self, fw: SimpleNamespace, station_key: bytes, truck_key: bytes) -> None:
        self.now = 1000
        self.fw = fw
        self.station = End("dispenser", fw, station_key)
        self.truck = End("tank", fw, truck_key)
        self.ends = (self.station, self.truck)
        self.log: list[tuple[int, str, Frame]] = []
        self.wire: Wire = lambda sender, frame: [frame]

    def begin(self, session: int = SESSION, station: int = 1, truck: int = 1) -> None:
        """Start a session on both sides, each with or without authentication."""
        self.station.begin(session, station)
        self.truck.begin(session, truck)

    def run(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms // 10):
            self.now += 10
            for end in self.ends:
                end.tick(self.now)
            for end, other in (self.ends, self.ends[::-1]):
                frames, end.port.sent = end.port.sent, []
                for frame in frames:
                    self.log.append((self.now, end.name, frame))
                    other.port.deliver(self.wire(end.name, frame), self.now)

    @property
    def proved(self) -> tuple[bool, bool]:
        """Tell for each side whether the other has proved its key, or need not."""
        return self.station.guard.passes(), self.truck.guard.passes()

    @property
    def live(self) -> tuple[bool, bool]:
        """Tell for each side whether the other's permission is live."""
        return self.station.live(self.now), self.truck.live(self.now)

    def ages(self) -> tuple[int, int]:
        """Return for each side how old the other's permission is, ms."""
        return self.station.age_ms(self.now), self.truck.age_ms(self.now)
