"""The rig with real VMs and tiny firmware: the same behaviour, byte for byte, from MicroPython and CPython."""

import os
import signal
import subprocess
import sys
import time

import pytest

from hil_tests.rig import stub
from sim import vm_command
from sim.node_failure import NodeFailure
from sim.rig import BOOT_MS, WATCHDOG_MS

pytestmark = pytest.mark.parametrize("vm", stub.VMS)


def children():
    """Return the process ids of this process's children."""
    return subprocess.run(
        ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout.split("\n")


def test_analog_input_reaches_the_plant_one_tick_later(vm):
    terminals = stub.Terminals()
    with stub.make(vm, "echo", terminals=terminals) as rig:
        for count in (0, 1, 255, 256, 65535, 12345):
            terminals.count["dispenser"][0] = count
            terminals.count["tank"][0] = 65535 - count
            rig.tick()
            rig.tick()
            assert rig.plant.energised["FCV102"] == count / 65535
            assert rig.plant.energised["HT205"] == (65535 - count) / 65535
        assert rig.slots["tank"].ticks == 12


def test_frames_cross_at_their_bus_time(vm):
    seen = stub.Recorder()
    with stub.make(vm, "ping", recorder=seen) as rig:
        rig.run(50)
    pings = [f for f in seen.frames if f[1] == 0x18FF10D1]
    pongs = [f for f in seen.frames if f[1] == 0x18FF21A1]
    assert [f[2][0] for f in pings] == [0, 1, 2, 3, 4]
    assert [f[2][0] for f in pongs] == [0, 1, 2, 3, 4]
    for ping, pong in zip(pings, pongs, strict=True):
        assert ping[0] % 100_000 < 400  # a frame takes 128..157 bit times of 2 us to its end
        assert int.from_bytes(pong[2][4:], "little") == ping[0]  # the handler saw the time of the bus
    assert seen.lines["tank"][1] == f"got 18ff10d1 at {pings[1][0]} us {pings[1][0] // 1000} ms"
    assert rig.bus.lost == 0
    assert rig.bus.controllers["tank"].sent == 5


def test_starved_watchdog_resets_with_dead_outputs(vm):
    with stub.make(vm, "starve") as rig:
        rig.run(21)
        assert rig.plant.energised["XV101"] == 1.0  # the output that says power-on
        fed_ms = rig.slots["dispenser"].fed_ms
        while rig.slots["dispenser"].resets == 0:
            rig.tick()
        assert WATCHDOG_MS <= rig.t_ms - fed_ms <= WATCHDOG_MS + 10
        at_ms = rig.t_ms
        assert rig.plant.energised["XV101"] == 0.0
        while rig.plant.energised["XV104"] == 0.0:
            rig.tick()
        assert BOOT_MS <= rig.t_ms - at_ms <= BOOT_MS + 20
        assert rig.plant.energised["XV101"] == 0.0


def test_traceback_ends_the_run_with_what_the_node_printed(vm):
    with pytest.raises(NodeFailure) as caught, stub.make(vm, "raise", tank="echo") as rig:
        rig.run(50)
    text = str(caught.value)
    assert caught.value.node == "dispenser"
    assert "exit code 1" in text
    assert "about to fail" in text
    assert "ValueError: on purpose" in text
    assert ("CRYOFILL_EMIT=bytecode names the lines" in text) == (vm == "micropython")


def test_bytecode_names_the_line_of_a_failure(vm, monkeypatch):
    if vm == "cpython":
        pytest.skip("CPython always does")
    monkeypatch.setenv("CRYOFILL_EMIT", "bytecode")
    with (
        pytest.raises(NodeFailure, match=r'fw_raise/main\.py", line \d+') as caught,
        stub.make(vm, "raise", tank="echo") as rig,
    ):
        rig.run(50)
    assert "CRYOFILL_EMIT" not in str(caught.value)


def test_an_unknown_way_to_compile_is_refused(vm, monkeypatch):
    if vm == "cpython":
        pytest.skip("it is MicroPython's")
    monkeypatch.setenv("CRYOFILL_EMIT", "fast")
    with pytest.raises(NodeFailure, match="CRYOFILL_EMIT=fast is not one of native, bytecode"):
        stub.make(vm, "echo").start()


def test_stalled_node_ends_the_run(vm):
    began = time.monotonic()
    with (
        pytest.raises(NodeFailure, match=r"dispenser: stalled: no answer for 0\.5 s"),
        stub.make(vm, "stall", tank="echo", stall_s=0.5) as rig,
    ):
        rig.run(50)
    assert time.monotonic() - began < 5


def test_no_process_is_left_behind(vm):
    before = children()
    with pytest.raises(KeyboardInterrupt), stub.make(vm, "echo") as rig:
        rig.run(3)
        assert len(children()) >= 2
        raise KeyboardInterrupt
    assert [c for c in children() if "ps" not in c] == [c for c in before if "ps" not in c]


def test_killed_node_is_noticed(vm):
    with stub.make(vm, "echo") as rig:
        rig.run(3)
        os.kill(rig.slots["tank"].process._process.pid, signal.SIGKILL)
        with pytest.raises(NodeFailure, match="tank: its process ended with exit code -9"):
            rig.run(5)


def test_limits_of_sending(vm):
    seen = stub.Recorder()
    with stub.make(vm, "handler", tank="ping", recorder=seen) as rig:
        rig.run(60)
    found = stub.values(seen.lines["dispenser"])
    assert found == {
        "same_object": "True",
        "bad_controller": "ValueError",
        "bad_bitrate": "ValueError",
        "bad_ext_id": "ValueError",
        "bad_std_id": "ValueError",
        "too_long": "OverflowError",
        "bad_filter": "ValueError",
        "first": "0",
        "same_id": "None",
        "same_number_ext": "None",
        "unordered": "1",
        "third": "2",
        "full": "None",
        "pending": "3",
        "cancelled": "True",
        "cancelled_twice": "False",
        "pending_after": "0",
        "remote": "0",
        "events": "none",
        "tx_0": "sent",
        "tx_1": "failed",
        "done": "1",
    }
    ids = [can_id for _, can_id, _ in seen.frames if can_id != 0x18FF21A1]
    assert ids == [0x0FF, 0x100, 0x18FF00D1, 0x300]  # the lowest id first, the cancelled ones never


def test_limits_of_receiving(vm):
    seen = stub.Recorder()
    with stub.make(vm, "ping", tank="listen", recorder=seen) as rig:
        rig.run(280)
    found = stub.values(seen.lines["tank"])
    assert found == {
        "before_filters": "None",
        "waiting": "3",
        "overruns": "2",
        "fetched": "[5, 6, 7]",
        "errors": "[3, 0, 0]",
        "one_filter_wins": "3",
        "filtered": "None",
        "none": "None",
        "masked_calls": "1",
        "done": "1",
    }


def test_bus_off_until_restart(vm):
    seen = stub.Recorder()
    with stub.make(vm, "busoff", recorder=seen) as rig:
        rig.run(12)
        rig.bus.set_fault("bus_off", 1)
        rig.tick()
        rig.bus.clear_fault("bus_off")
        rig.run(60)
    assert seen.lines["tank"] == [
        "0 state 1",
        "130 state 4",
        "200 refused",
        "300 refused",
        "400 refused",
        "500 refused",
        "500 restarted",
        "530 state 1",  # 128 x 11 bits between the tries of the other
    ]
    # The dispenser, alone meanwhile, went passive with its first unanswered frame and never off.
    assert seen.lines["dispenser"][:2] == ["0 state 1", "160 state 3"]
    last = [t for t, can_id, _ in seen.frames if can_id & 0xFF == 0xA1][-1]
    assert last > 550_000


def test_alone_on_the_bus_is_passive_not_off(vm):
    with stub.make(vm, "busoff", tank="echo") as rig:
        rig.run(30)
        alone = rig.bus.controllers["dispenser"]
        assert (alone.tec, alone.bus_off, alone.mailboxes[0] is not None) == (128, False, True)
        assert rig.bus.frames == 0


def test_peripherals(vm):
    terminals = stub.Terminals()
    terminals.count["dispenser"][:2] = (65535, 4660)
    terminals.pulse["dispenser"][0] = 70_000
    terminals.closed["dispenser"] = {"HS101A", "ZS101", "FS101", "ZO101", "ZC110"}
    seen = stub.Recorder()
    with stub.make(vm, "board", terminals=terminals, recorder=seen, seed=5) as rig:
        rig.run(60)
        found = stub.values(seen.lines["dispenser"])
        assert rig.plant.energised["XV103"] == 1.0
        assert rig.plant.energised["FCV102"] == 1234 / 65535
        assert rig.slots["dispenser"].locked_ticks == 2
        rig.type_in("dispenser", b"hello\n")
        rig.run(4)
        assert seen.lines["dispenser"][-1] == "heard hello"
        rig.type_in("dispenser", b"reset\n")
        rig.run(90)
        assert stub.values(seen.lines["dispenser"])["cause"] == "1"
        rig.type_in("dispenser", b"soft\n")
        rig.run(90)
        assert stub.values(seen.lines["dispenser"])["cause"] == "3"
    assert found.pop("unique").startswith("b'CRYO")
    assert found.pop("random") != found.pop("random_next")
    assert found == {
        "cause": "0",
        "no_pin": "ValueError",
        "no_adc": "ValueError",
        "no_adc_on_valve": "ValueError",
        "no_spi": "ValueError",
        "no_uart": "ValueError",
        "drive_input": "ValueError",
        "time_stands": "True",
        "sleep_us": "0",
        "grid": "10000",
        "grid_25": "40000",
        "wrap": "(1, 2, -2)",
        "seconds": "0",
        "image": "[9, 1, 32]",
        "image_2": "[9, 1]",
        "contact": "(1, 0)",
        "analog": "[65535, 4660]",
        "pulses": "70000",
        "pulses_set": "5",
        "pwm": "(500, 1234)",
        "bad_duty": "ValueError",
        "valve": "1",
        "done": "1",
    }


def test_serial_port_carries_115_bytes_a_tick(vm):
    seen = stub.Recorder()
    with stub.make(vm, "board", recorder=seen) as rig:
        rig.run(60)
        rig.type_in("tank", b"x" * 200 + b"\n" + b"y" * 200 + b"\n")  # read in pieces
        rig.run(2)
        assert len(rig.slots["tank"].uart_in) == 402 - 2 * 115
        rig.run(10)
    heard = "\n".join(seen.lines["tank"]).replace("heard ", "")
    assert heard.endswith("x" * 200 + "\n" + "y" * 200)


def test_frozen_node_holds_outputs_until_its_watchdog(vm):
    terminals = stub.Terminals()
    terminals.count["tank"][0] = 40_000
    with stub.make(vm, "echo", terminals=terminals) as rig:
        rig.run(10)
        rig.freeze("tank")
        rig.run(45)
        assert rig.plant.energised["HT205"] == 40_000 / 65535
        assert rig.slots["dispenser"].ticks > rig.slots["tank"].ticks + 40
        rig.run(10)
        assert rig.plant.energised["HT205"] == 0.0
        rig.run(40)
        assert rig.plant.energised["HT205"] == 40_000 / 65535
        assert rig.slots["tank"].cause == 2


def test_short_freeze_overruns_the_controller(vm):
    seen = stub.Recorder()
    with stub.make(vm, "ping", recorder=seen) as rig:
        rig.run(5)
        rig.freeze("dispenser")  # its own frames stop too: the tank answers only what came before
        rig.run(30)
        rig.freeze("dispenser", False)
        rig.run(20)
        assert rig.slots["dispenser"].resets == 0
        assert rig.slots["dispenser"].ticks == rig.slots["tank"].ticks - 30


def test_power_cut_ends_the_process_and_boots_again(vm):
    with stub.make(vm, "echo") as rig:
        rig.run(5)
        rig.power_cut("dispenser", 1.0)
        assert not rig.alive("dispenser")
        rig.run(125)
        assert not rig.slots["dispenser"].process.running
        rig.run(10)
        assert rig.alive("dispenser")
        assert rig.slots["dispenser"].cause == 0


def test_unpinned_after_close(vm):
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("no affinity on this system")
    before = os.sched_getaffinity(0), os.sched_getscheduler(0)
    with stub.make(vm, "echo") as rig:
        assert len(os.sched_getaffinity(0)) == 1
        rig.tick()
    assert (os.sched_getaffinity(0), os.sched_getscheduler(0)) == before


def test_missing_interpreter_is_explained(vm, monkeypatch):
    if vm == "cpython":
        pytest.skip("CPython runs as sys.executable")
    monkeypatch.setenv("CRYOFILL_MICROPYTHON", "/nowhere/micropython")
    with pytest.raises(NodeFailure, match="CRYOFILL_MICROPYTHON=/nowhere/micropython is no program"):
        stub.make(vm, "echo").start()


def test_own_interpreter_is_used(vm, monkeypatch, tmp_path):
    if vm == "cpython":
        pytest.skip("CPython runs as sys.executable")
    spec = vm_command.micropython_argv(3, 4, main=tmp_path, heap="1M")  # what the packaged VM's command line would be
    own = tmp_path / "micropython"
    site = next(part for part in spec[4].split("'") if "/" in part)
    own.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.append({site!r})\n"
        "from micropython_module import run_main\nsys.exit(run_main(sys.argv))\n"
    )
    own.chmod(0o755)
    monkeypatch.setenv("CRYOFILL_MICROPYTHON", str(own))
    with stub.make(vm, "echo") as rig:
        rig.run(5)
        assert rig.slots["tank"].ticks == 5
