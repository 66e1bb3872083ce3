"""Connections that do not read, send too much, or go: the rig waits for none of them. No rig here, no real time."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from hil_tests.spawn import ROOT
from host_tools.control import LINE_MAX, Control, Wait
from sim import lines_server
from sim.can_bus import CanBus
from sim.can_controller import BUS_OFF
from sim.can_frame import FLAG_EXT, frame_bits
from sim.lines_server import READ_MAX, listen
from sim.socketcand import GATEWAY, HOLD_BACK_S, QUEUE_MAX, Server

TICK_US = 10_000
BACKLOG = 1 << 14  # bytes; of a rig: sixteen times as much
D = 0x18FF10D1
DATA = bytes(range(8))


class Bench:
    """A bus with both boards on, and the server. `tick` does what the live rig does in 10 ms, without waiting."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.selector = selector
        self.said: list[str] = []
        self.log: list[tuple[int, int]] = []  # end of frame, id
        self.bus = CanBus(on_frame=lambda t_us, can_id, flags, data: self.log.append((t_us, can_id)))
        for node in ("dispenser", "tank"):
            self.bus.power(node, True)
        self.server = Server(self.bus, selector, listen(), self.said.append)
        self.t_us = 0
        self.clients: list[socket.socket] = []

    def tick(self, ticks: int = 1) -> None:
        """Let 10 ms pass, and look at the sockets."""
        for _ in range(ticks):
            self.look()
            self.t_us += TICK_US
            self.bus.step(self.t_us)
            self.server.step(self.t_us)

    def look(self) -> None:
        """Handle what has come."""
        for key, events in self.selector.select(0):
            key.data(events)

    def client(self, *, raw: bool = True) -> socket.socket:
        """Return a client; in raw mode, past the time that frames are held back."""
        one = socket.create_connection(self.server.address)
        one.settimeout(5.0)
        self.clients.append(one)
        self.say(one, "", "< hi >")
        if raw:
            self.say(one, "< open link >", "< ok >")
            self.say(one, "< rawmode >", "< ok >")
            time.sleep(HOLD_BACK_S + 0.01)
        return one

    def say(self, one: socket.socket, text: str, answer: str) -> None:
        """Send a command and take its answer."""
        one.sendall(text.encode())
        for _ in range(100):
            self.look()
            one.settimeout(0.01)
            try:
                assert one.recv(4096).decode() == answer
                return
            except TimeoutError:
                continue
        raise AssertionError(f"no answer to {text}")

    def hear(self, one: socket.socket) -> list[str]:
        """Return the frames that a client has got, as [ID#DATA]."""
        one.settimeout(0.05)
        text = ""
        try:
            while data := one.recv(1 << 16):
                text += data.decode()
        except TimeoutError:
            pass
        frames = [part.split() for part in text.split("<")[1:]]
        assert all(frame[0] == "frame" and frame[-1] == ">" for frame in frames), text
        return [f"{frame[1]}#{frame[3] if len(frame) == 5 else ''}" for frame in frames]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """The server alone."""
    with selectors.DefaultSelector() as selector:
        made = Bench(selector)
        yield made
        for one in made.clients:
            one.close()
        made.server.close()


def send_line(can_id: int, data: bytes = b"") -> bytes:
    """Return what a client says to send an extended frame."""
    return f"< send {can_id:08X} {len(data)} {' '.join(f'{byte:x}' for byte in data)} >".encode()


class TestInjection:
    def test_frames_of_clients_take_part_in_arbitration(self, bench: Bench) -> None:
        """Board and clients want the bus at the same time: by identifier, each client's own in order."""
        one, other = bench.client(raw=False), bench.client(raw=False)
        for client in (one, other):
            bench.say(client, "< open link >", "< ok >")
        one.sendall(send_line(0x18FF0005) + send_line(0x18FF0003))
        other.sendall(send_line(0x18FF0004) + send_line(0x18FF0006))
        time.sleep(0.05)
        bench.tick()
        for mailbox, can_id in enumerate((0x18FF0001, 0x18FF0004 + 0x100, 0x18FF0002)):
            bench.bus.submit("tank", mailbox, can_id, FLAG_EXT, b"")
        bench.tick()
        assert [can_id & 0xFFF for _, can_id in bench.log] == [0x001, 0x002, 0x004, 0x005, 0x003, 0x006, 0x104]

    def test_they_leave_no_gap(self, bench: Bench) -> None:
        one = bench.client()
        one.sendall(send_line(D, DATA) * 200)
        time.sleep(0.05)
        bench.tick(8)
        ends = [t_us for t_us, _ in bench.log]
        assert len(ends) == 200
        assert {b - a for a, b in zip(ends, ends[1:], strict=False)} == {2 * frame_bits(D, FLAG_EXT, DATA)}

    def test_a_sender_hears_the_others_with_the_time_of_the_bus(self, bench: Bench) -> None:
        one, other = bench.client(), bench.client()
        one.sendall(send_line(D, b"\x01") + send_line(D, b"\x03"))
        time.sleep(0.05)
        bench.tick()
        bench.bus.submit("tank", 0, 0x0CFF0000, FLAG_EXT, b"\x02")
        bench.bus.submit("tank", 1, 0x1CFF0000, FLAG_EXT, b"\x04")
        bench.tick()
        assert bench.hear(one) == ["0CFF0000#02", "1CFF0000#04"]
        assert bench.hear(other) == ["0CFF0000#02", "18FF10D1#01", "18FF10D1#03", "1CFF0000#04"]

    def test_more_than_the_queue_waits_at_the_clients_end(self, bench: Bench) -> None:
        sender, other = bench.client(), bench.client()
        count = 4 * QUEUE_MAX
        sent = b"".join(send_line(D, i.to_bytes(2, "big")) for i in range(count))
        sender.setblocking(False)
        while sent:
            try:
                sent = sent[sender.send(sent) :]
            except BlockingIOError:
                bench.tick()
        for _ in range(count // 20):
            bench.tick()
            assert all(len(client.queue) <= QUEUE_MAX for client in bench.server.peers)
        assert bench.hear(other) == [f"{D:08X}#{i:04X}" for i in range(count)]
        assert bench.server.sent == count

    def test_a_client_that_goes_has_its_frames_sent(self, bench: Bench) -> None:
        one = bench.client()
        one.sendall(send_line(D, DATA) * 300)
        one.close()
        time.sleep(0.05)
        bench.tick(12)
        assert len(bench.log) == 300
        assert bench.server.peers == []
        assert bench.server._senders == [None] * 16

    def test_the_last_frames_of_one_that_never_read(self, bench: Bench) -> None:
        """As can.player does: it sends, reads nothing, closes at once. Its last frames must not wait in its socket."""
        one = bench.client()
        for i in range(30):
            one.sendall(send_line(D, bytes((i,))))
            if i % 5 == 0:
                bench.bus.submit("dispenser", 0, 0x0CFF0000, FLAG_EXT, DATA)
            bench.tick()
            time.sleep(0.005)
        one.close()
        time.sleep(0.05)
        bench.tick(3)
        assert sum(can_id == D for _, can_id in bench.log) == 30

    def test_seventeen_senders_are_one_too_many(self, bench: Bench) -> None:
        senders = [bench.client(raw=False) for _ in range(17)]
        for index, one in enumerate(senders):
            bench.say(one, "< open link >", "< ok >")
            one.sendall(send_line(D + index) * 2)
            time.sleep(0.002)
            bench.look()
        bench.tick(2)
        assert len(bench.log) == 32
        assert "16 clients send already" in senders[-1].recv(4096).decode()

    def test_a_gateway_in_bus_off_comes_back_by_itself(self, bench: Bench) -> None:
        one = bench.client()
        bench.bus.set_fault("error")
        one.sendall(send_line(D, DATA) * 3)
        time.sleep(0.05)
        bench.tick(2)
        assert bench.bus.controllers[GATEWAY].times[BUS_OFF] == 1
        bench.bus.clear_fault("error")
        bench.tick(3)
        assert len(bench.log) == 2  # the one in the mailbox is lost


class TestSlowAndDead:
    def test_one_that_does_not_read_is_dropped_and_told_of(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lines_server, "BACKLOG_MAX", BACKLOG)
        slow, well = bench.client(), bench.client()
        name = "{}:{}".format(*slow.getsockname())
        frames = heard = 0
        while not bench.server.dropped:
            for mailbox in range(3):
                bench.bus.submit("dispenser", mailbox, D, FLAG_EXT, DATA)
            bench.tick()
            frames += 3
            if frames % 150 == 0:
                heard += len(bench.hear(well))
            assert all(len(client.pending_out) <= BACKLOG for client in bench.server.peers)
            assert frames < 300_000
        assert [client.name for client in bench.server.peers] != [name]
        assert len(bench.said) == 1
        assert f"{name} dropped" in bench.said[0]
        for _ in range(5):
            bench.tick()
            heard += len(bench.hear(well))
        assert heard == frames

    def test_one_that_has_gone_without_a_word(self, bench: Bench) -> None:
        gone, well = bench.client(), bench.client()
        gone.close()
        bench.bus.submit("dispenser", 0, D, FLAG_EXT, DATA)
        bench.tick()
        bench.bus.submit("dispenser", 0, D, FLAG_EXT, DATA)
        bench.tick()
        assert len(bench.server.peers) == 1
        assert bench.server.dropped == 0
        assert len(bench.hear(well)) == 2

    def test_frames_behind_rawmode_wait_and_are_not_lost(self, bench: Bench) -> None:
        """python-can takes a whole recv() for the answer to rawmode: nothing may come with it."""
        one = bench.client(raw=False)
        bench.say(one, "< open link >", "< ok >")
        one.sendall(b"< rawmode >")
        time.sleep(0.01)
        bench.look()
        bench.bus.submit("dispenser", 0, D, FLAG_EXT, DATA)
        bench.tick()
        assert one.recv(4096) == b"< ok >"
        time.sleep(HOLD_BACK_S)
        bench.tick()
        assert bench.hear(one) == [f"{D:08X}#{DATA.hex().upper()}"]

    def test_the_end_of_a_connection_is_a_reset(self, bench: Bench) -> None:
        one = bench.client()
        bench.bus.submit("dispenser", 0, D, FLAG_EXT, DATA)
        bench.tick()
        bench.server.drop(bench.server.peers[0])
        assert one.recv(4096).startswith(b"< frame ")  # what was on its way still arrives
        with pytest.raises(ConnectionResetError):
            one.recv(4096)


class Desk:
    """What the control socket asks; no rig."""

    t_s = 0.0
    state = {"dispenser": "IDLE"}

    def step(self) -> None:
        """Nothing springs back."""

    def get(self, names: object) -> dict[str, object]:
        """Return a long answer."""
        return {"values": names, "long": "x" * 1000}

    def run_until(self, goal: dict[str, float]) -> Wait:
        """Wait for a time."""
        return Wait(goal["t_s"], None, 1e9)


class TestControl:
    """The other user of the same class: the bounds, where they differ."""

    @pytest.fixture
    def control(self) -> Iterator[Control]:
        with selectors.DefaultSelector() as selector:
            self.desk = Desk()
            self.selector = selector
            self.said: list[str] = []
            made = Control(self.desk, self.desk, selector, self.said.append)  # type: ignore[arg-type]
            self.one = socket.create_connection(made.address)
            self.one.settimeout(0.05)
            yield made
            self.one.close()
            made.close()

    def look(self, control: Control, rounds: int = 1) -> None:
        for _ in range(rounds):
            for key, events in self.selector.select(0.01):
                key.data(events)
            control.step()

    def test_what_comes_behind_a_run_until_waits_outside(self, control: Control) -> None:
        self.one.sendall(b'{"run_until": {"t_s": 5.0}}\n')
        self.one.setblocking(False)
        for _ in range(100):
            with contextlib.suppress(BlockingIOError):
                self.one.send(b'{"get": []}\n' * 1000)
            self.look(control)
            assert all(len(peer.pending_in) <= LINE_MAX + READ_MAX for peer in control.peers)
        assert control.waiting
        assert control.peers[0].held
        self.desk.t_s = 5.0
        self.look(control, 3)
        assert not control.waiting
        assert not control.peers or not control.peers[0].held

    def test_one_that_asks_and_does_not_read_is_dropped(
        self, control: Control, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lines_server, "BACKLOG_MAX", BACKLOG)
        self.one.setblocking(False)
        for _ in range(500):
            with contextlib.suppress(OSError):
                self.one.send(b'{"get": []}\n' * 100)
            self.look(control)
            if control.dropped:
                break
        assert control.dropped == 1
        assert "control: 127.0.0.1" in self.said[0]
        assert control.peers == []


SERVE = """
import selectors, sys
from sim import lines_server
from sim.can_bus import CanBus
from sim.socketcand import Server, listen
with selectors.DefaultSelector() as selector:
    server = Server(CanBus(), selector, listen())
    print(server.address[1], flush=True)
    while True:
        for key, events in selector.select():
            key.data(events)
"""


def test_a_killed_server_is_a_reset_too() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline()))) as one:
            assert one.recv(100) == b"< hi >"
            process.kill()
            with pytest.raises(ConnectionResetError):
                one.recv(100)
