"""The truck link on loopback: python-can joins it unchanged, and wrong commands are refused."""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections.abc import Callable, Iterator

import can
import pytest

from hil_tests.live.conftest import LiveRig
from sim.can_bus import CanBus
from sim.can_frame import FLAG_EXT
from sim.socketcand import Server, listen


@pytest.fixture(autouse=True)
def quiet() -> None:
    """python-can warns about each frame that came in two pieces."""
    logging.getLogger("can.interfaces.socketcand").setLevel(logging.ERROR)


@pytest.fixture
def bus(rig: LiveRig) -> Iterator[can.BusABC]:
    """Return python-can's own client, past the time that frames are held back after the handshake."""
    host, port = rig.address("link")
    with can.Bus(interface="socketcand", channel="link", host=host, port=port) as bus:
        time.sleep(0.03)
        yield bus


class TestPythonCan:
    def test_it_hears_both_boards_in_order(self, rig: LiveRig, bus: can.BusABC) -> None:
        now_s = rig.get("t_s")
        rig.run_for(1.0)
        frames = []
        while (frame := bus.recv(0.2)) is not None:
            frames.append(frame)
        frames = [frame for frame in frames if frame.timestamp >= now_s]
        assert len(frames) > 40
        assert len({frame.arbitration_id & 0xFF for frame in frames}) == 2, (
            "J1939 source addresses of both boards"
        )
        assert all(frame.is_extended_id and frame.dlc == 8 for frame in frames)
        stamps = [frame.timestamp for frame in frames]
        assert stamps == sorted(stamps) and now_s <= stamps[0] and stamps[-1] <= now_s + 1.01

    def test_what_it_sends_reaches_the_bus_and_other_clients_but_not_itself(
        self, rig: LiveRig, bus: can.BusABC
    ) -> None:
        host, port = rig.address("link")
        with can.Bus(interface="socketcand", channel="link", host=host, port=port) as other:
            time.sleep(0.03)
            bus.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=[1, 2, 3]))
            bus.send(can.Message(arbitration_id=0x18FFEE42, is_extended_id=True, data=[]))
            rig.run_for(0.3)
            rig.run_for(0.3)
            heard = drain(other)
            assert ("123", b"\1\2\3") in heard and ("18FFEE42", b"") in heard
            assert "123" not in {name for name, _ in drain(bus)}


def drain(bus: can.BusABC) -> set[tuple[str, bytes]]:
    """Return (id, data) of every frame that waits."""
    found = set()
    while (frame := bus.recv(0.2)) is not None:
        found.add((f"{frame.arbitration_id:X}", bytes(frame.data)))
    return found


class TestProtocol:
    """The server alone on a bus without boards; time is the test's."""

    @pytest.fixture
    def talk(self) -> Iterator[Callable[[str], str]]:
        with selectors.DefaultSelector() as selector:
            self.bus = CanBus(("dispenser", "tank"))
            self.bus.power("dispenser", True)
            server = self.server = Server(self.bus, selector, listen())
            client = socket.create_connection(server.address)
            client.settimeout(0.05)

            def say(text: str) -> str:
                if text:
                    client.sendall(text.encode())
                heard = ""
                for _ in range(4):
                    for key, events in selector.select(0.01):
                        key.data(events)
                    try:
                        heard += client.recv(4096).decode()
                    except TimeoutError:
                        continue
                return heard

            assert say("") == "< hi >"
            yield say
            client.close()
            server.close()

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("< open can7 >", "error could not open bus can7"),
            ("< rawmode >", "open a bus first"),
            ("< open link >< bcmmode >", "not supported"),
            ("< open link >< send 123 9 1 2 3 4 5 6 7 8 9 >", "DLC 9"),
            ("< open link >< send 123 2 1 >", "with 1 bytes"),
            ("< open link >< send 800 0 >", "out of range"),
            ("< open link >< send 20000000 0 >", "out of range"),
            ("< open link >< send xyz 0 >", "hexadecimal"),
            ("< open link >< send 123 1 100 >", "hexadecimal"),
        ],
    )
    def test_what_is_wrong_is_refused(self, talk: Callable[[str], str], command: str, words: str) -> None:
        assert words in talk(command)
        assert self.bus.frames == 0
        assert talk("< echo >") == "< echo >"

    def test_garbage_is_forgotten(self, talk: Callable[[str], str]) -> None:
        assert talk("x" * 1000 + "<" + "y" * 1000) == ""
        assert talk("< echo >") == "< echo >"

    def test_a_listener_acknowledges_nothing_and_a_sender_does(self, talk: Callable[[str], str]) -> None:
        talk("< open link >< rawmode >")
        self.bus.submit("dispenser", 0, 0x18FF0001, FLAG_EXT, bytes(8))
        self.bus.step(10_000)
        assert self.bus.frames == 0 and self.bus.controllers["dispenser"].tec > 0
        talk("< send 7FF 1 AA >")
        self.server.step(10_000)
        self.bus.step(30_000)
        assert self.bus.frames == 2
        self.server.step(30_000)
        assert "< frame 18FF0001 0." in talk("")

    def test_a_frame_without_data_has_two_blanks(self, talk: Callable[[str], str]) -> None:
        talk("< open link >< rawmode >")
        self.bus.power("tank", True)
        self.bus.submit("dispenser", 0, 0x18FF0001, FLAG_EXT, b"")
        self.bus.step(5_000_000_000)  # past 32 bits of microseconds
        self.server.step(5_000_000_000)
        heard = talk("")
        assert heard.startswith("< frame 18FF0001 ") and heard.endswith("  >")
