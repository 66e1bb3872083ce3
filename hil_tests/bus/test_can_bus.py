"""The bus: who goes first, when a frame ends, who acknowledges, how controllers count errors, what faults do."""

import pytest

from sim.can_bus import CanBus
from sim.can_controller import ACTIVE, BUS_OFF, PASSIVE, STOPPED, WARNING
from sim.can_frame import FLAG_EXT, arbitration_key, frame_bits

D, T = 0x18FF10D1, 0x18FF21A1
DATA = bytes(range(8))


@pytest.fixture
def log():
    return []


@pytest.fixture
def bus(log):
    bus = CanBus(on_frame=lambda *frame: log.append(frame))
    bus.power("dispenser", True)
    bus.power("tank", True)
    return bus


def send(bus, node="dispenser", can_id=D, data=DATA, mailbox=0, flags=FLAG_EXT):
    bus.submit(node, mailbox, can_id, flags, data)


def received(bus, node="tank"):
    return bus.controllers[node].take()[1]


class TestTime:
    def test_end_of_frame(self, bus, log):
        send(bus)
        bus.step(10_000)
        end = 2 * (frame_bits(D, FLAG_EXT, DATA) - 3)
        assert log == [(end, D, FLAG_EXT, DATA)]
        assert received(bus) == [(end, D, FLAG_EXT, 8, DATA)]
        assert bus.controllers["dispenser"].take() == (1, [])

    def test_250_kbit(self, log):
        bus = CanBus(bitrate=250_000, on_frame=lambda *frame: log.append(frame))
        bus.power("dispenser", True)
        bus.power("tank", True)
        send(bus)
        bus.step(10_000)
        assert log[0][0] == 4 * (frame_bits(D, FLAG_EXT, DATA) - 3)

    def test_unknown_bitrate_is_refused(self):
        with pytest.raises(ValueError, match="bitrate 125000"):
            CanBus(bitrate=125_000)

    def test_a_frame_across_the_end_of_a_step_is_carried_over(self, bus, log):
        bits = frame_bits(D, FLAG_EXT, DATA)
        send(bus)
        bus.step(200)
        assert log == []
        assert received(bus) == []
        bus.step(400)
        assert log[0][0] == 2 * (bits - 3)

    def test_back_to_back_frames_keep_the_interframe_space(self, bus, log):
        for box in range(3):
            send(bus, can_id=D + 0x100 * box, mailbox=box)
        bus.step(10_000)
        ends = [frame[0] for frame in log]
        lengths = [2 * frame_bits(D + 0x100 * box, FLAG_EXT, DATA) for box in range(3)]
        assert ends == [lengths[0] - 6, lengths[0] + lengths[1] - 6, sum(lengths) - 6]

    def test_load(self, bus):
        send(bus)
        bus.step(10_000)
        assert bus.load_pct() == pytest.approx(100 * frame_bits(D, FLAG_EXT, DATA) / 5000)


class TestArbitration:
    def test_lowest_id_first_whoever_sends(self, bus, log):
        send(bus, "dispenser", 0x18FF1200, mailbox=0)
        send(bus, "dispenser", 0x0CFF1000, mailbox=1)
        send(bus, "tank", 0x0CFF1001, mailbox=0)
        send(bus, "tank", 0x00FF2000, mailbox=2)
        bus.step(10_000)
        assert [frame[1] for frame in log] == [0x00FF2000, 0x0CFF1000, 0x0CFF1001, 0x18FF1200]

    def test_standard_wins_over_extended_of_the_same_base(self):
        std = arbitration_key(0x123, 0)
        ext = arbitration_key(0x123 << 18, FLAG_EXT)
        assert std < ext < arbitration_key(0x124, 0)

    def test_data_wins_over_remote(self):
        assert arbitration_key(0x123, 0) < arbitration_key(0x123, 1)
        assert arbitration_key(0x1234567, 2) < arbitration_key(0x1234567, 3)

    def test_a_late_higher_priority_waits_for_the_frame_on_the_wire(self, bus, log):
        send(bus, can_id=0x18FF1200)
        bus.step(100)
        send(bus, "tank", 0x00FF2000)
        bus.step(10_000)
        assert [frame[1] for frame in log] == [0x18FF1200, 0x00FF2000]


class TestControllers:
    def test_off_controllers_neither_send_nor_receive(self, bus, log):
        bus.power("tank", False)
        assert bus.controllers["tank"].state == STOPPED
        send(bus, "tank", T)
        bus.step(10_000)
        assert log == []

    def test_alone_goes_passive_and_keeps_the_frame(self, bus, log):
        bus.power("tank", False)
        send(bus)
        bus.step(10_000)
        alone = bus.controllers["dispenser"]
        assert (alone.state, alone.tec) == (PASSIVE, 128)
        bus.step(1_000_000)
        assert (alone.state, alone.tec) == (PASSIVE, 128)
        bus.power("tank", True)
        bus.step(1_010_000)
        assert len(log) == 1
        assert alone.tec == 127

    def test_warning_on_the_way(self, bus):
        bus.controllers["tank"].tec = 96
        assert bus.controllers["tank"].state == WARNING

    def test_silent_listener_does_not_acknowledge(self, bus, log):
        bus.power("tank", False)
        bus.power("tank", True, silent=True)
        send(bus)
        bus.step(10_000)
        assert log == []

    def test_cancel(self, bus, log):
        send(bus, mailbox=1)
        bus.cancel("dispenser", 1)
        bus.step(10_000)
        assert log == []
        assert bus.controllers["dispenser"].take()[0] == 2

    def test_a_frame_on_the_wire_cannot_be_cancelled(self, bus, log):
        send(bus)
        bus.step(100)
        bus.cancel("dispenser", 0)
        bus.step(10_000)
        assert len(log) == 1

    def test_reset_in_mid_frame_ends_it(self, bus, log):
        send(bus)
        bus.step(100)
        bus.power("dispenser", False)
        bus.step(10_000)
        assert log == []
        assert received(bus) == []

    def test_good_frames_heal(self, bus):
        bus.controllers["dispenser"].tec = 10
        bus.controllers["tank"].rec = 130
        send(bus)
        bus.step(10_000)
        assert bus.controllers["dispenser"].tec == 9
        assert bus.controllers["tank"].rec == 119

    def test_bus_off_is_left_by_restart_alone_and_after_1408_bits(self, bus, log):
        bus.set_fault("error")
        send(bus)
        bus.step(20_000)
        off = bus.controllers["dispenser"]
        assert off.state == BUS_OFF
        assert bus.errors == 32  # 8 a try
        assert bus.controllers["tank"].rec == 32
        bus.clear_fault("error")
        bus.step(5_000_000)
        assert off.state == BUS_OFF
        bus.restart("dispenser")
        assert off.mailboxes == [None, None, None]
        bus.step(5_002_000)
        assert off.state == BUS_OFF
        bus.step(5_010_000)
        assert off.state == ACTIVE
        send(bus)
        bus.step(5_020_000)
        assert len(log) == 1


class TestFaults:
    def test_unknown(self, bus):
        with pytest.raises(ValueError, match="'gremlin'"):
            bus.set_fault("gremlin")

    def test_disconnect_and_back(self, bus, log):
        bus.set_fault("disconnect")
        send(bus)
        send(bus, "tank", T)
        bus.step(100_000)
        assert log == []
        assert [x.state for x in bus.controllers.values()] == [PASSIVE, PASSIVE]
        assert bus.fault_hits["disconnect"]
        bus.clear_fault("disconnect")
        bus.step(110_000)
        assert [frame[1] for frame in log] == [D, T]

    def test_drop(self, bus, log):
        bus.set_fault("drop")
        send(bus)
        bus.step(10_000)
        assert len(log) == 1
        assert received(bus) == []
        assert (bus.lost, bus.fault_hits["drop"]) == (1, 1)

    def test_share(self, bus):
        bus.set_fault("drop", 25.0)
        for i in range(400):
            send(bus)
            bus.step(10_000 * (i + 1))
        assert 60 < bus.lost < 140

    def test_corrupt_changes_one_bit(self, bus):
        bus.set_fault("corrupt")
        send(bus)
        bus.step(10_000)
        data = received(bus)[0][4]
        difference = int.from_bytes(data, "big") ^ int.from_bytes(DATA, "big")
        assert difference.bit_count() == 1

    def test_duplicate(self, bus):
        bus.set_fault("duplicate")
        send(bus)
        bus.step(10_000)
        assert len(received(bus)) == 2

    def test_delay(self, bus):
        bus.set_fault("delay", 0.05)
        send(bus)
        bus.step(10_000)
        end = 2 * (frame_bits(D, FLAG_EXT, DATA) - 3)
        bus.step(50_000)
        assert received(bus) == []
        bus.step(60_000)
        assert received(bus)[0][0] == end + 50_000

    def test_replay_gives_what_was_then(self, bus):
        for i in range(30):
            send(bus, data=bytes((i,)) * 8)
            bus.step(100_000 * (i + 1))
        received(bus)
        bus.set_fault("replay", 1.0)
        send(bus, data=bytes(8))
        bus.step(3_100_000)
        assert received(bus)[0][4] == bytes((20,)) * 8

    def test_masquerade_gives_another_messages_payload(self, bus):
        send(bus, data=b"\x01" * 8)
        bus.step(10_000)
        send(bus, can_id=D + 0x100, data=b"\x02" * 8)
        bus.step(20_000)
        bus.set_fault("masquerade")
        received(bus)
        send(bus, data=b"\x03" * 8)
        bus.step(30_000)
        assert received(bus)[0][1:] == (D, FLAG_EXT, 8, b"\x02" * 8)

    def test_bus_off_again_and_again(self, bus):
        bus.set_fault("bus_off")
        bus.step(10_000)
        assert bus.controllers["tank"].state == BUS_OFF
        bus.restart("tank")
        bus.step(20_000)
        bus.step(30_000)
        assert bus.controllers["tank"].state == BUS_OFF
        assert bus.fault_hits["bus_off"] == 2

    def test_babble_takes_the_bus(self, bus, log):
        bus.set_fault("babble", 5000.0)
        for i in range(100):
            send(bus)
            bus.step(10_000 * (i + 1))
        assert bus.load_pct() > 95
        babbled = [frame for frame in log if frame[1] == 0]
        assert len(babbled) > 3000
        assert all(a[0] < b[0] for a, b in zip(log, log[1:], strict=False))

    def test_slow_babble_leaves_room(self, bus, log):
        bus.set_fault("babble", 100.0)
        for i in range(100):
            send(bus)
            bus.step(10_000 * (i + 1))
        assert len([frame for frame in log if frame[1] == 0]) == 100
        assert len([frame for frame in log if frame[1] == D]) == 100


def test_same_seed_same_faults():
    def run():
        frames = []
        bus = CanBus(seed=3, on_frame=lambda *frame: frames.append(frame))
        bus.power("dispenser", True)
        bus.power("tank", True)
        bus.set_fault("corrupt", 50.0)
        for i in range(50):
            send(bus)
            bus.step(10_000 * (i + 1))
        return frames

    assert run() == run()
