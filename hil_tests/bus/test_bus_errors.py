"""Errors on the wire: who counts what, how long the wire is taken, who may send again when, who leaves it.

Times are in bits from the start of frame: an error in the CRC delimiter is seen by all; then 6 bits of flag, 8 of
delimiter, 3 of interframe space. ISO 11898-1.
"""

import json
from pathlib import Path

import pytest

from hil_tests.bus.wire_script import BITS, DATA, STEP_BITS, D, Script, T
from host_tools import report_read, report_story
from host_tools.sampling import as_event
from sim.can_bus import CAN_STATE, LINK_FAULT
from sim.can_controller import ACTIVE, BUS_OFF, PASSIVE, STOPPED, WARNING, Controller
from sim.can_faults import FAULTS
from sim.can_frame import FLAG_EXT, FLAG_RTR, frame_bits
from sim.can_timing import APART_MAX_PPM, BOARD_TIMING, BitTiming

INTERMISSION = 3
TRY_ALONE = BITS - INTERMISSION - 7 - 1 + 6 + 8 + INTERMISSION  # to the ACK slot, then an error frame
DESTROYED = BITS - INTERMISSION - 7 - 2 + 6 + 8 + INTERMISSION  # to the CRC delimiter
SUSPEND = 8


@pytest.fixture
def script():
    return Script()


class TestAlone:
    def test_each_try_takes_its_bits_and_counts_eight(self, script):
        script.bus.power("tank", False)
        script.send()
        script.bus.step(2 * (3 * TRY_ALONE))
        assert (script.dispenser.tec, script.bus.errors, script.bus.busy_bits) == (24, 3, 3 * TRY_ALONE)

    @pytest.mark.parametrize(("before", "after"), [(0, 128), (1, 129), (127, 135), (128, 128), (200, 200)])
    def test_it_ends_error_passive_and_never_off(self, script, before, after):
        script.bus.power("tank", False)
        script.dispenser.tec = before
        script.send()
        script.run(60_000)
        assert (script.dispenser.tec, script.dispenser.state) == (after, PASSIVE)
        assert script.dispenser.mailboxes[0] is not None
        active = -(-(128 - before) // 8) if before < 128 else 0
        tries = active + (30_000_000 - active * TRY_ALONE) / (TRY_ALONE + SUSPEND)
        assert script.bus.errors == pytest.approx(tries, abs=2)

    def test_it_sends_as_soon_as_somebody_listens(self, script):
        script.bus.power("tank", False)
        script.send()
        script.run(100)
        script.bus.power("tank", True)
        script.run(10)
        assert script.heard("tank") == [DATA]
        assert script.ends()[0] <= 50_000 + TRY_ALONE + SUSPEND + BITS  # the try under way failed yet

    def test_a_listener_in_bus_off_does_not_count(self, script):
        script.bus.set_fault("bus_off")
        script.run(10)
        script.send()
        script.run(50)
        assert (script.log, script.dispenser.state) == ([], PASSIVE)


class TestDestroyed:
    def test_error_frame_then_the_same_frame_again(self, script):
        script.bus.set_fault("error")
        script.send()
        script.bus.step(100)
        script.bus.clear_fault("error")
        script.run()
        assert script.ends() == [DESTROYED + BITS - INTERMISSION]
        assert (script.dispenser.tec, script.tank.rec, script.bus.errors) == (8 - 1, 1 - 1, 1)
        assert script.bus.busy_bits == DESTROYED + BITS

    def test_a_frame_of_higher_priority_goes_in_between(self, script):
        script.bus.set_fault("error")
        script.send()
        script.bus.step(100)
        script.bus.clear_fault("error")
        script.send("tank", 0x0CFF2000)
        script.run()
        assert [frame[1] for frame in script.log] == [0x0CFF2000, D]

    def test_the_states_on_the_way_to_bus_off(self, script):
        script.bus.set_fault("error")
        script.send()
        script.run(20)
        mine = [event for event in script.events if event[1:3] == ("dispenser", CAN_STATE)]
        assert [event[4:] for event in mine] == [
            (ACTIVE, WARNING, 96),
            (WARNING, PASSIVE, 128),
            (PASSIVE, BUS_OFF, 256),
        ]
        begin = [t_us // 2 for t_us, *_ in mine]
        assert begin == [11 * DESTROYED, 15 * DESTROYED, 31 * DESTROYED + 16 * SUSPEND]
        assert (script.dispenser.times[WARNING:], script.tank.rec) == ([1, 1, 1], 32)

    def test_receivers_go_passive_and_heal_to_between_119_and_127(self, script):
        script.tank.rec = 127
        script.bus.set_fault("error")
        script.send()
        script.bus.step(100)
        assert script.tank.state == PASSIVE
        script.bus.clear_fault("error")
        script.run()
        assert (script.tank.rec, script.tank.state) == (119, WARNING)
        assert [event[4:6] for event in script.events if event[1] == "tank"] == [(ACTIVE, PASSIVE), (PASSIVE, WARNING)]


class TestSuspension:
    """An error-passive sender leaves 8 more bits after its frame, in which others may begin."""

    def test_after_a_good_frame(self, script):
        script.dispenser.tec = 140
        script.dispenser.known_state = PASSIVE
        script.send(mailbox=0)
        script.send(can_id=D + 1, mailbox=1)
        script.run()
        second = frame_bits(D + 1, FLAG_EXT, DATA)
        assert script.ends() == [BITS - 3, BITS + SUSPEND + second - 3]

    def test_an_active_one_leaves_none(self, script):
        script.send(mailbox=0)
        script.send(can_id=D + 1, mailbox=1)
        script.run()
        assert script.ends() == [BITS - 3, BITS + frame_bits(D + 1, FLAG_EXT, DATA) - 3]

    def test_a_frame_of_lower_priority_overtakes(self, script):
        script.dispenser.tec = 140
        script.dispenser.known_state = PASSIVE
        script.send(can_id=0x100, flags=0, mailbox=0)
        script.send(can_id=0x101, flags=0, mailbox=1)
        script.send("tank", 0x7FF, flags=0)
        script.run()
        assert [frame[1] for frame in script.log] == [0x100, 0x7FF, 0x101]


class TestBusOff:
    @pytest.fixture
    def off(self, script):
        script.bus.set_fault("bus_off")
        script.run()
        script.bus.clear_fault("bus_off")
        assert script.tank.state == BUS_OFF
        return script

    def test_an_idle_bus_lets_it_back_after_1408_bits(self, off):
        off.bus.restart("tank")
        begin_us = off.t_us
        off.bus.step(begin_us + 2 * (128 * 11 - 1))
        assert off.tank.state == BUS_OFF
        off.bus.step(begin_us + 2 * (128 * 11))
        assert (off.tank.state, off.tank.tec, off.tank.rec) == (ACTIVE, 0, 0)

    def test_a_busy_bus_keeps_it_longer(self, off):
        """Back to back there are 11 recessive bits behind each frame, and no more: 128 frames, some 37 ms."""
        off.bus.attach("logger")
        off.bus.power("logger", True)
        off.bus.restart("tank")
        frames = []
        while off.tank.bus_off:
            for mailbox in range(3):
                if off.dispenser.mailboxes[mailbox] is None:
                    off.send(mailbox=mailbox)
            off.t_us += 200
            off.bus.step(off.t_us)
            frames.append(len(off.log))
        assert frames[-1] == 128
        assert off.t_us == pytest.approx(10_000 + 128 * BITS * 2, abs=1000)

    def test_not_without_restart(self, off):
        off.run(1000)
        assert off.tank.state == BUS_OFF

    def test_it_neither_hears_nor_acknowledges_meanwhile(self, off):
        off.send()
        off.run()
        assert (off.log, off.heard("tank"), off.dispenser.state) == ([], [], PASSIVE)

    def test_power_off_and_on_starts_anew(self, off):
        off.bus.restart("tank")
        off.bus.power("tank", False)
        assert off.tank.state == STOPPED
        off.bus.power("tank", True)
        assert off.tank.state == ACTIVE
        assert off.bus._recovering == 0


class TestCollision:
    """Two senders with the same identifier at the same moment."""

    def test_standard_beats_extended_of_the_same_base(self, script):
        script.send("dispenser", 0x123 << 18, flags=FLAG_EXT)
        script.send("tank", 0x123, flags=0)
        script.run()
        assert [frame[1:3] for frame in script.log] == [(0x123, 0), (0x123 << 18, FLAG_EXT)]
        assert (script.dispenser.tec, script.tank.tec) == (0, 0)

    def test_a_remote_standard_beats_the_extended_of_its_base(self, script):
        """SRR is recessive where a standard remote frame has RTR; IDE then decides for the standard one."""
        script.send("dispenser", 0x123 << 18, flags=FLAG_EXT)
        script.send("tank", 0x123, flags=FLAG_RTR)
        script.run()
        assert [frame[1] for frame in script.log] == [0x123, 0x123 << 18]

    def test_data_beats_remote(self, script):
        script.send("dispenser", 0x123, flags=FLAG_RTR)
        script.send("tank", 0x123, flags=0)
        script.run()
        assert [frame[2] for frame in script.log] == [0, FLAG_RTR]

    def test_the_same_frame_of_two_is_one_on_the_wire(self):
        script = Script("third")
        script.send("dispenser")
        script.send("tank")
        script.run()
        assert len(script.log) == 1
        assert [script.node(name).take()[0] for name in ("dispenser", "tank")] == [1, 1]
        assert script.heard("third") == [DATA]

    def test_the_same_frame_of_two_without_a_third_is_not_acknowledged(self, script):
        script.send("dispenser")
        script.send("tank")
        script.run()
        assert script.log == []

    def test_different_data_destroy_each_other_until_one_is_passive(self, script):
        """Both count 8 a try; at 128 the one that sends recessive first gives up alone, and the other gets through."""
        high, low = b"\x10" + bytes(7), b"\x08" + bytes(7)
        script.send("dispenser", data=high)
        script.send("tank", data=low)
        script.bus.step(2)
        header, first = 39, 4  # the fourth data bit is recessive in 0x10 and dominant in 0x08
        assert (script.dispenser.tec, script.tank.tec, script.bus.errors) == (8, 8, 1)
        assert script.bus.busy_bits == header + first + 12 + 8 + INTERMISSION
        script.run()
        assert [frame[3] for frame in script.log] == [low, high]
        assert script.bus.errors == 16
        assert script.dispenser.tec == 128 + 8 - 1
        assert script.tank.tec == 128 - 1

    def test_different_lengths_differ_in_the_length_code(self, script):
        script.send("dispenser", data=b"")
        script.send("tank", data=bytes(1))
        script.bus.step(2)
        assert script.bus.busy_bits == 39 + 12 + 8 + INTERMISSION


class TestBitRates:
    def odd(self, script, kbit=250.0):
        script.bus.set_fault("bitrate_tank", kbit)

    def test_its_flags_destroy_every_frame_until_it_is_passive(self):
        """9 a frame for the one that flags first, 8 for the sender, 1 for the rest: after 15 it disturbs no more."""
        script = Script("third")
        self.odd(script)
        script.send()
        script.run()
        assert len(script.log) == 1
        assert script.bus.errors == 15
        assert (script.tank.rec, script.tank.state) == (15 * 9 + 1, PASSIVE)
        assert (script.dispenser.tec, script.node("third").rec) == (15 * 8 - 1, 15 - 1)
        assert (script.heard("tank"), script.heard("third")) == ([], [DATA])
        assert script.ends() == [15 * (20 + 12 + 8 + 3) + BITS - 3]

    def test_with_two_alone_nothing_gets_through(self, script):
        self.odd(script)
        script.send()
        script.send("tank", T)
        script.run(2000)
        assert script.log == []
        assert script.bus.fault_hits["bitrate_tank"] > 100

    def test_its_own_frames_drive_it_into_bus_off(self):
        script = Script("third")
        self.odd(script)
        script.send("tank", T)
        script.run(50)
        assert script.log == []
        assert script.node("third").rec > 0
        assert script.tank.tec >= 128

    def test_the_same_rate_on_both_ends_is_none(self, script):
        script.bus.set_fault("bitrate_tank", 500.0)
        script.send()
        script.run()
        assert (len(script.log), script.bus.errors) == (1, 0)

    def test_it_ends_with_the_fault(self, script):
        self.odd(script)
        script.send()
        script.run(100)
        script.bus.clear_fault("bitrate_tank")
        script.run(100)
        assert script.heard("tank") == [DATA]


class TestClocks:
    def test_known_tolerances(self):
        """sjw/(20 N) or phase/(2(13 N - tseg2)), whichever is smaller: 12, 20 and 16 quanta."""
        assert BitTiming(8, 3, 1).tolerance_ppm() == 1_000_000 // 240
        assert BitTiming(11, 8, 4).tolerance_ppm() == 10_000
        assert BitTiming(13, 2, 2).tolerance_ppm() == 1_000_000 * 2 // (2 * (13 * 16 - 2))
        assert APART_MAX_PPM == 2 * BOARD_TIMING.tolerance_ppm()

    @pytest.mark.parametrize("sign", [1, -1])
    def test_within_and_beyond(self, sign):
        for ppm, arrives in ((8_250, True), (8_450, False)):
            script = Script()
            script.bus.set_fault("skew_tank", sign * float(ppm))
            script.send()
            script.send("tank", T)
            script.run(50)
            assert (len(script.log) == 2) is arrives
            assert (script.bus.errors == 0) is arrives

    def test_two_that_are_off_alike_read_each_other(self, script):
        script.bus.set_fault("skew_tank", 20_000.0)
        script.bus.set_fault("skew_dispenser", 20_000.0)
        assert script.bus.in_step()
        script.send()
        script.run()
        assert script.heard("tank") == [DATA]
        assert script.ends() == [round(BITS / 1.02) - 3]  # and its bits are shorter

    def test_an_adapter_stamps_by_its_own_clock(self, script):
        script.bus.attach("logger", ppm=100)
        script.run(10_000)
        script.send()
        script.run()
        end_us = script.log[0][0]
        assert script.node("logger").take()[1][0][0] == end_us + 1000  # 100 ppm of 10 s
        assert script.tank.take()[1][0][0] == end_us


class TestReports:
    @pytest.mark.parametrize("kind", FAULTS)
    def test_each_fault_is_reported_with_its_hits(self, script, kind):
        script.send(data=b"\x01" * 8)
        script.run()
        script.send(can_id=D + 0x100, data=b"\x02" * 8)
        script.run()
        script.bus.set_fault(kind)
        for i in range(20):
            script.send(data=bytes((3 + i,)) * 8)
            script.run()
        script.bus.clear_fault(kind)
        place = list(FAULTS).index(kind)
        told = [event for event in script.events if event[2] == LINK_FAULT]
        assert [event[:6] for event in told] == [
            (20_000, "link", LINK_FAULT, place, 0, 1),
            (220_000, "link", LINK_FAULT, place, 1, 0),
        ]
        hits = script.bus.fault_hits[kind]
        assert told[1][6] == hits
        assert (hits > 0) is (kind != "mute_tank")  # it did not send

    def test_a_trace_names_them_and_the_report_reads_them(self, script):
        script.bus.set_fault("error")
        script.send()
        script.run(20)
        script.bus.clear_fault("error")
        lines = []
        for t_us, node, kind, ident, source, target, value in script.events:
            raw = {"t_ms": t_us // 1000, "node": node, "kind": kind, "id": ident, "from": source, "to": target}
            one = as_event({**raw, "value": value})
            lines.append(
                json.dumps({"t_ms": one.t_ms, "node": one.node, "kind": one.kind, "id": one.name, "from": one.source,
                            "to": one.target, "value": one.value})
            )  # fmt: skip
        read = list(report_read._events(Path("events.jsonl"), lines))
        assert [one[1:] for one in read] == [
            ("link", "LINK_FAULT", "error", "off", "on", 0),
            ("dispenser", "CAN_STATE", "", "ACTIVE", "WARNING", 96),
            ("dispenser", "CAN_STATE", "", "WARNING", "PASSIVE", 128),
            ("dispenser", "CAN_STATE", "", "PASSIVE", "BUS_OFF", 256),
            ("link", "LINK_FAULT", "error", "on", "off", 32),
        ]
        told = [(row.what, row.detail) for row in report_story._of_events(read)]
        assert told == [
            ("CAN controller of the dispenser: passive", "was warning; error counter 128"),
            ("CAN controller of the dispenser: bus-off", "was passive; error counter 256"),
        ]

    def test_a_fault_that_was_not_on_does_not_end(self, script):
        script.bus.clear_fault("drop")
        assert script.events == []


class TestLoad:
    def test_by_second_and_peak(self, script):
        for second in range(3):
            for tick in range(100):
                if second == 1 or tick % 10 == 0:
                    script.send()
                script.run()
        frames = [10, 100, 10]
        assert script.bus.busy_by_second == [n * BITS for n in frames]
        assert script.bus.load_by_second_pct() == [pytest.approx(100 * n * BITS / 500_000) for n in frames]
        assert script.bus.peak_load_pct() == pytest.approx(100 * 100 * BITS / 500_000)
        assert script.bus.load_pct() == pytest.approx(sum(script.bus.load_by_second_pct()) / 3)

    def test_a_frame_across_the_end_of_a_second_counts_in_both(self, script):
        script.run(990)
        script.bus.step(999_900)
        script.send()
        script.t_us = 1_000_000
        script.bus.step(script.t_us)
        script.run(1000)
        assert script.bus.busy_by_second == [50, BITS - 50]

    def test_a_full_bus_is_at_a_hundred_percent(self, script):
        script.bus.set_fault("babble", 5000.0)
        script.run(3000)
        assert script.bus.load_by_second_pct() == [pytest.approx(100.0, abs=0.001)] * 3

    def test_a_frame_that_was_cut_off_counts_as_far_as_it_got(self, script):
        script.send()
        script.bus.step(100)
        script.bus.power("dispenser", False)
        assert script.bus.busy_bits == 50 + 12 + 8 + INTERMISSION

    def test_before_the_first_second(self, script):
        script.send()
        script.run()
        assert script.bus.peak_load_pct() == script.bus.load_pct() == 100 * BITS / STEP_BITS

    def test_a_sender_alone_fills_its_wire(self, script):
        script.bus.power("tank", False)
        script.send()
        script.run(1000)
        assert script.bus.load_pct() == pytest.approx(100 * TRY_ALONE / (TRY_ALONE + SUSPEND), abs=0.2)


class TestMailboxesAndFifos:
    def test_sixteen_mailboxes_go_by_priority(self, script):
        script.bus.attach("teensy", profile="flexcan")
        script.bus.power("teensy", True)
        for mailbox in range(16):
            script.send("teensy", 0x700 - mailbox, mailbox=mailbox, flags=0)
        with pytest.raises(IndexError):
            script.send("teensy", 1, mailbox=16, flags=0)
        with pytest.raises(IndexError):
            script.send("tank", 1, mailbox=3, flags=0)
        script.run()
        assert [frame[1] for frame in script.log] == [0x700 - mailbox for mailbox in range(15, -1, -1)]
        assert script.node("teensy").take()[0] == 0xFFFF

    def test_two_fifos_of_three(self):
        node = Controller("dispenser")
        frames = [(i, 0x100 + i, FLAG_EXT if i % 2 else 0, 0, bytes(8)) for i in range(10)]
        node.unread(frames)
        assert [frame[0] for frame in frames] == [0, 1, 2, 3, 4, 5]
        assert [frame[2] for frame in frames] == [0, 2, 0, 2, 0x80, 0x82]
        assert node.rx_overruns == 4
        node.unread(frames)
        assert (len(frames), node.rx_overruns) == (6, 4)

    def test_extended_frames_alone_have_three(self):
        node = Controller("dispenser")
        frames = [(i, i, FLAG_EXT, 0, bytes(8)) for i in range(5)]
        node.unread(frames)
        assert [frame[2] for frame in frames] == [2, 2, 0x82]
        assert node.rx_overruns == 2
