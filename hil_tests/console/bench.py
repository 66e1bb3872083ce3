"""Both boards' real firmware on a bench without plant: loops read what is set here, limit switches follow outputs.

A board comes up to IDLE (PARK) in a second of simulated time. `free_run` keeps it going in a thread, with its serial
line on TCP, whose cable can be pulled.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hil_tests.rig.stub import StillPlant, Terminals
from host_tools.console.session import proof, role_key
from sim import tables
from sim.memory import Memory
from sim.rig import Rig

SERVICE_KEY: Final = bytes(range(32))
COUNTS_4_MA, COUNTS_SPAN = 11915, 47662
# Readings that the self-test likes, firmware units; everything else is in the middle of its range.
READINGS: Final = {
    "PT102": 1015, "PT103": 1015, "PT106": 1015, "PT107": 1015, "PT105": 1013, "TT102": 20000, "TT102B": 20000,
    "TT103": 20000, "AT101": 0, "AT102": 0, "AT201": 0, "FT101": 0, "FT103": 0, "VT101": 20, "VT201": 20, "ZT102": 0,
    "PT201A": 4000, "PT201B": 4000, "PT204": 1013, "LT201": 4000, "IT205": 0, "GT101": 300,
}  # fmt: skip
CLOSED: Final = {
    "dispenser": {"HS101A", "HS101B", "ES101", "ES102", "ES103", "ZS103", "ZS104", "FS101", "PS104"},
    "tank": {"LSHH202", "ZS205", "ZS202", "ZS203", "FS207"},
}
VALVES: Final = {
    "dispenser": ("XV101", "XV103", "XV104", "XV105", "XV106", "XV107", "XV110"),
    "tank": ("XV201", "XV202", "XV203", "XV204", "XV206", "XV208", "XV209"),
}
OPEN_AT_REST: Final = ("XV105", "XV110")
STROKE_TICKS: Final = 40
REST: Final = {"dispenser": "IDLE", "tank": "PARK"}


class Loops(Terminals):
    """Terminals whose loops carry READINGS with a little noise, and whose limit switches follow the outputs."""

    def __init__(self, plant: Any) -> None:
        super().__init__()
        self._plant = plant
        self._noise = random.Random(1)
        self._rows = {node: tables.io(node).AI for node in tables.NODES}
        self._moving: dict[str, tuple[bool, int]] = {}
        self.stuck: set[str] = set()
        for node in tables.NODES:
            self.closed[node] |= CLOSED[node]

    def sample(self, t_s: float, truth: dict[str, float]) -> None:
        """Follow the outputs; noise keeps every loop alive."""
        for node in tables.NODES:
            counts = self.count[node]
            for i, row in enumerate(self._rows[node]):
                tag, low, high = row[0], row[2], row[3]
                value = READINGS.get(tag, (low + high) // 2)
                counts[i] = COUNTS_4_MA + (value - low) * COUNTS_SPAN // (high - low) + self._noise.randint(-9, 9)
            for tag in VALVES[node]:
                self._follow(node, tag)

    def _follow(self, node: str, tag: str) -> None:
        is_open = (self._plant.energised.get(tag, 0.0) > 0.5) != (tag in OPEN_AT_REST)
        was, left = self._moving.get(tag, (is_open, 0))
        if is_open != was:
            left = STROKE_TICKS
        left = max(0, left - 1)
        self._moving[tag] = (is_open, left)
        if tag in self.stuck:
            return
        closed = self.closed[node]
        closed.discard("ZO" + tag[2:])
        closed.discard("ZC" + tag[2:])
        if not left:
            closed.add(("ZO" if is_open else "ZC") + tag[2:])


class Bench:
    """The rig with both boards, and what they said: `said[node]`."""

    def __init__(
        self,
        *,
        service_key: bytes | None = SERVICE_KEY,
        vm: str = "micropython",
        names: Sequence[str] = tables.NODES,
    ) -> None:
        self.names = names
        self.plant = StillPlant()
        self.loops = Loops(self.plant)
        self.memory = {node: Memory.commissioned(node) for node in tables.NODES}
        self.rig = Rig(self.plant, self.loops, names=names, vm=vm, memory=self.memory, observers=[self])
        self.said: dict[str, list[str]] = {node: [] for node in tables.NODES}
        self.moved: list[str] = []  # outputs that were energised other than at rest
        self._outputs: dict[str, dict[str, float]] = {}
        self._key = service_key

    def __enter__(self) -> Bench:
        self.rig.start()
        self.rig.run(100)
        assert all(self.rig.state[node] == REST[node] for node in self.names), self.rig.state
        if self._key is not None:
            for node in self.names:
                self.rig.command(node, f"service_key {self._key.hex()}")
            self.rig.run(20)
        return self

    def __exit__(self, *exc: object) -> None:
        self.rig.close()

    def on_line(self, node: str, text: str) -> None:
        self.said[node].append(text)

    def ask(self, text: str, node: str = "dispenser", ticks: int = 12) -> str:
        """Give a numbered command; return the last line of its answer without number and CRC."""
        seq = self.rig.command(node, text)
        return self.answer(str(seq), node, ticks)

    def type(self, text: str, node: str = "dispenser", ticks: int = 12) -> str:
        """Type the bare words; return the last line of the answer."""
        before = len(self.rig.replies[node])
        self.rig.type_in(node, text.encode("latin-1") + b"\r")
        self.rig.run(ticks)
        new = [one for one in self.rig.replies[node][before:] if one.startswith("- ")]
        return new[-1][2:] if new else ""

    def answer(self, seq: str, node: str, ticks: int) -> str:
        """Let time pass until the answer to a number has come; return its last line, "" when none came."""
        for _ in range(20):
            self.rig.run(ticks)
            ends = [one for one in self.rig.replies[node] if one.startswith((f"{seq} OK", f"{seq} ERR"))]
            if ends:
                return ends[-1][len(seq) + 1 :]
        return ""

    def login(self, role: str, node: str = "dispenser") -> str:
        """Prove a role with the bench's service key."""
        nonce = self.ask(f"login {role}", node).partition("nonce=")[2]
        return self.ask(f"proof {proof(role_key(self._key or b'', role), bytes.fromhex(nonce))}", node)

    def key_on(self, on: bool = True) -> None:
        """Turn the maintenance key and let the dispenser see it."""
        (self.loops.closed["dispenser"].add if on else self.loops.closed["dispenser"].discard)("KS101")
        self.rig.run(20)

    def outputs(self) -> dict[str, float]:
        """Return what is energised."""
        return dict(self.plant.energised)

    def events(self, name: str, node: str = "dispenser") -> list[list[int]]:
        """Return (from, to, value) of the PORT events of that note."""
        ident = [row[0] for row in tables.port_notes().NOTES].index(name)
        rows = [line[1:].split("*")[0].split(",") for line in self.said[node] if line.startswith("!EV,")]
        return [[int(x) for x in row[4:]] for row in rows if row[2:4] == ["10", str(ident)]]


class Cable:
    """The serial line of one board of a running bench as a TCP server: one client at a time, and a cable to pull."""

    def __init__(self, bench: Bench, node: str = "dispenser") -> None:
        self._node = node
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._lock = threading.Lock()
        self._cut_after = -1  # bytes, either way, until the cable comes out; -1: never
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self.pulled = 0
        self.held = False  # a slow line: what the client sends waits
        self.bench = bench
        self._server.setblocking(False)
        bench.rig.observe(self)

    def pull_after(self, n_bytes: int) -> None:
        """Pull the cable once so many more bytes have gone over it, either way (0: now; -1: never)."""
        with self._lock:
            self._cut_after = n_bytes
            if n_bytes == 0:
                self._pull()

    def _pull(self) -> None:
        self._cut_after = -1
        self.pulled += 1
        if self._client is not None:
            self._client.close()
            self._client = None

    def on_line(self, node: str, text: str) -> None:
        with self._lock:
            if node == self._node and self._client is not None:
                data, comes_out = self._until_cut(text.encode() + b"\n")
                with contextlib.suppress(OSError):
                    self._client.sendall(data)
                if comes_out:
                    self._pull()

    def _until_cut(self, data: bytes) -> tuple[bytes, bool]:
        """Return what of data still goes over the cable, and whether it comes out then."""
        left = self._cut_after
        if left < 0:
            return data, False
        self._cut_after = max(0, left - len(data))
        return data[:left], left <= len(data)

    def step(self) -> None:
        """Pass on what has come; called by the thread that runs the bench."""
        with self._lock:
            if self._client is None:
                with contextlib.suppress(BlockingIOError):
                    self._client, _ = self._server.accept()
                    self._client.setblocking(False)
                return
            if self.held:
                return
            try:
                data = self._client.recv(256)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._client.close()
                self._client = None
                return
            data, comes_out = self._until_cut(data)
            self.bench.rig.type_in(self._node, data)
            if comes_out:
                self._pull()

    def close(self) -> None:
        """End the server."""
        self._server.close()
        if self._client is not None:
            self._client.close()


@contextlib.contextmanager
def free_run(bench: Bench, pause_s: float = 0.005) -> Iterator[Cable]:
    """Let the bench run in a thread until the context is left: about as fast as the clock, without pauses as it can."""
    cable = Cable(bench)
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            while not stop.is_set():
                cable.step()
                bench.rig.tick()
                time.sleep(pause_s)
        except BaseException as error:  # shown by the test
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield cable
    finally:
        stop.set()
        thread.join(10.0)
        cable.close()
        assert not failed, failed
