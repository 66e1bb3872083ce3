"""Boards with their memory: files and FRAM from both VMs, what survives what, and cuts at every single write."""

import copy
from types import SimpleNamespace

import pytest
from littlefs import LittleFS, UserContext

from hil_tests.rig import stub
from sim import tables
from sim.faults import Faults
from sim.memory import FLASH_WRITES, Memory, Timing
from sim.rig import BOOT_MS
from sim.scenario import Fault
from sim.wire import FLASH_ERASE, MEMORY, MEMORY_REPLY, RESET_PIN, RESET_POWER_ON, RESET_SOFT, RESET_WATCHDOG

both_vms = pytest.mark.parametrize("vm", stub.VMS)


def lines_of(vm, firmware, ticks, **options):
    """Run one firmware on the tank alone; return what it reported, the packets of its memory and the memory."""
    seen = stub.Recorder()
    with stub.make(vm, firmware, recorder=seen, names=("tank",), **options) as rig:
        rig.run(ticks)
        memory = rig.memory["tank"]
    asked = [packet for *_, packet in seen.packets if packet[1] in (MEMORY, MEMORY_REPLY)]
    return seen.lines["tank"], asked, memory


def test_files_from_both_vms():
    lines, asked, memory = lines_of("micropython", "files", 120)
    assert stub.values(lines) == {
        "empty": "[]",
        "tell": "700",
        "readinto": "(8, b'09HERE00', b'001')",
        "size": "(704, b'69tail', 704)",
        "lines": "[4, 7]",
        "text": "('one\\n', b'zwei \\xc3\\xa4\\n')",
        "big": "652800",
        "names": "(['b', 'd', 't'], ['big'])",
        "rows": "[('b', 32768, 0, 704), ('d', 16384, 0, 0), ('t', 32768, 0, 12)]",
        "kinds": "(16384, 16384, 32768)",
        "missing": "2",
        "missing_stat": "2",
        "missing_remove": "2",
        "not_empty": "39",
        "exists": "17",
        "left": "['b', 'r']",
        "done": "1",
    }
    other_lines, other_asked, other = lines_of("cpython", "files", 120)
    assert lines == other_lines
    assert asked == other_asked  # every read and write, one for one
    assert memory.log == other.log
    assert memory.flash == other.flash
    assert memory.overwrites == 0


@both_vms
def test_fram_driver_and_chip(vm):
    lines, _, memory = lines_of(vm, "fram", 20)
    assert stub.values(lines) == {
        "driver": "b'0123456789'",
        "beyond_write": "ValueError",
        "beyond_read": "ValueError",
        "id": "b'\\x7f\\x7f\\x7f\\x7f\\x7f\\x7f\\xc2 \\x00'",
        "idle": "b'\\x00\\x00'",
        "enabled": "b'\\x02\\x02'",
        "disabled": "b'0123456789'",
        "latch_after_write": "b'\\x00'",
        "one_write": "b'abcd456789'",
        "wrapped": "b'wrap'",
        "at_0": "b'ap'",
        "select": "0",
        "duplex": "b'abcd'",
        "expander": "True",
        "done": "1",
    }
    assert memory.fram[100:110] == b"abcd456789"
    assert [(done.address, done.length) for done in memory.log] == [(100, 10), (100, 2), (102, 2), (8190, 4)]


@both_vms
def test_memory_survives_every_kind_of_restart_and_the_cause_is_right(vm):
    seen = stub.Recorder()
    with stub.make(vm, "keep", recorder=seen, names=("tank",)) as rig:
        rig.run(5)
        for how in (b"reset\n", b"soft\n", b"starve\n"):
            rig.type_in("tank", how)
            rig.run(90)
        rig.reset("tank")
        rig.run(40)
        rig.power_cut("tank", 0.1)
        rig.run(60)
        rig.cut_at("tank", 2, 0.1)  # the second write of the next start
        rig.reset("tank")
        rig.run(90)
        rig.freeze("tank")
        rig.run(100)
        memory = rig.memory["tank"]
    causes = [RESET_POWER_ON, RESET_PIN, RESET_SOFT, RESET_WATCHDOG, RESET_PIN, RESET_POWER_ON]
    expected = [f"cause {cause} starts {n} {n}" for n, cause in enumerate(causes, 1)]
    # The cut start had counted itself in FRAM, not yet in the file.
    expected += [f"cause {RESET_POWER_ON} starts 7 8", f"cause {RESET_WATCHDOG} starts 8 9"]
    assert seen.lines["tank"] == expected
    assert memory.cuts == 1


def kept(memory):
    """Read the two files of fw_swap straight from the image; raises if the file system is not whole."""
    context = UserContext(buffer=bytearray(memory.flash))
    settings = tables.littlefs()
    fs = LittleFS(context=context, mount=False, block_size=4096, block_count=64, **settings)
    fs.mount()
    with fs.open("ticket", "rb") as file:
        return file.read()


def swap(base, vm, nth):
    """Replace the file with the supply failing at the nth write; return what the next start found, and the memory."""
    seen = stub.Recorder()
    memory = copy.deepcopy(base)
    with stub.make(vm, "swap", recorder=seen, names=("tank",), memory={"tank": memory}) as rig:
        rig.run(2)
        assert seen.lines["tank"] == ["found OLD"]
        rig.cut_at("tank", nth, 0.01)
        rig.type_in("tank", b"go\n")
        for _ in range(30):
            rig.tick()
            if len(seen.lines["tank"]) > 1 or memory.cuts:
                break
        rig.run(BOOT_MS // 10 + 5 if memory.cuts else 0)
    return seen.lines["tank"][-1], memory


@pytest.fixture(scope="module")
def old():
    """The memory of a board that has the old file."""
    return lines_of("micropython", "swap", 20)[2]


def test_a_cut_at_any_write_leaves_the_old_file_or_the_new(old):
    found = []
    while True:
        line, memory = swap(old, "micropython", len(found) + 1)
        assert memory.overwrites == 0
        whole = kept(memory)
        assert line == {b"O" * 2100: "found OLD", b"N" * 2100: "found NEW"}[whole]
        if not memory.cuts:
            break
        assert memory.log[len(old.log) + len(found)].torn
        found.append(line[6:])
    assert len(found) > 15  # writes in one replacement
    assert found == sorted(found, reverse=True)  # once new, new


@pytest.mark.parametrize("nth", [1, 9, 17])
def test_a_cut_leaves_the_same_bytes_from_both_vms(old, nth):
    line, memory = swap(old, "micropython", nth)
    other_line, other = swap(old, "cpython", nth)
    assert (line, memory.log) == (other_line, other.log)
    assert memory.flash == other.flash


def stalled(vm, seen, erase_us, ticks):
    """Let the dispenser write a file between ticks, with a tank that sends a frame every tick."""
    memory = {"dispenser": Memory.commissioned("dispenser", timing=Timing(erase_us=erase_us))}
    duties = []
    with stub.make(vm, "busy", tank="talk", recorder=seen, memory=memory) as rig:
        rig.run(10)
        rig.type_in("dispenser", b"write\n")
        for _ in range(ticks):
            rig.tick()
            duties.append(round(rig.plant.energised["FCV102"] * 65535))
        rig.type_in("dispenser", b"count\n")
        rig.run(3)
    return duties


@both_vms
def test_an_erase_makes_the_board_late_and_deaf(vm):
    seen = stub.Recorder()
    duties = stalled(vm, seen, 45_000, 20)
    # Typed at 100 ms, read in the tick of 110 ms; the program of 700 bytes takes 1.1 ms more than the erase's 45 ms.
    woken = [t_ms for t_ms, node, to_node, p in seen.packets if node == "dispenser" and to_node and p[1] == 1]
    late = [(a, b) for a, b in zip(woken, woken[1:], strict=False) if b - a != 10]
    assert late == [(110, 160)]
    held = duties[1]
    assert [duty == held for duty in duties[:9]] == [False, True, True, True, True, True, False, False, False]
    frames, overruns = (int(word) for word in seen.lines["dispenser"][-1].split()[1::2])
    sent = sum(1 for t_us, *_ in seen.frames if t_us <= 310_000)  # asked for the counts then
    assert overruns == 1
    assert sent - frames == 1  # of the four that came before the last tick of the stall, three were kept


class CutAt:
    """Takes the dispenser's supply away at one tick, as a fault does."""

    def __init__(self, at_ms):
        self.at_ms = at_ms

    def step(self, t_s, rig):
        if rig.t_ms == self.at_ms:
            rig.power_cut("dispenser", 0.1)


@pytest.mark.parametrize(("at_ms", "writes", "torn"), [(110, 0, []), (130, 2, [FLASH_ERASE]), (160, 9, [])])
def test_a_power_cut_finds_the_erase_not_begun_under_way_or_done(at_ms, writes, torn):
    memory = Memory.commissioned("dispenser")
    chips = {"dispenser": memory}
    with stub.make("micropython", "busy", tank="talk", memory=chips, faults=CutAt(at_ms)) as rig:
        rig.run(10)
        rig.type_in("dispenser", b"write\n")  # done in the slack of the tick of 110 ms
        rig.run(10)
    assert [write.op for write in memory.log if write.torn] == torn
    assert len(memory.log) == writes


@both_vms
def test_the_watchdog_runs_on_during_an_erase(vm):
    seen = stub.Recorder()
    stalled(vm, seen, 1_000_000, 150)
    assert seen.lines["dispenser"][:2] == ["cause 0", f"cause {RESET_WATCHDOG}"]
    fed = 110
    again = [t_ms for t_ms, node, to_node, p in seen.packets if node == "dispenser" and t_ms > fed and p[1] == 1]
    assert again[0] == fed + 500 + BOOT_MS


def test_a_fresh_chip_is_formatted_and_the_time_passes_before_main():
    for vm in stub.VMS:
        seen = stub.Recorder()
        memory = Memory("tank")
        with stub.make(vm, "keep", recorder=seen, names=("tank",), memory={"tank": memory}) as rig:
            rig.run(20)
            assert "fresh chip, formatting" in rig.slots["tank"].process.printed()
        assert seen.lines["tank"] == ["cause 0 starts 1 1"]
        formatted = Memory.commissioned("tank").flash
        assert memory.log[0].op == FLASH_ERASE
        said = next(t_ms for t_ms, _, to_node, p in seen.packets if not to_node and p[1] == 2 and b"starts" in p)
        assert said >= 90  # two erases
        assert formatted[:64] == memory.flash[:64]


@pytest.mark.parametrize(("nth", "seed"), [(1, 1), (1, 2), (2, 2), (3, 1), (3, 5), (4, 7)])
def test_formatting_can_be_cut_at_any_write_and_is_done_again(nth, seed):
    memory = Memory("tank", seed=seed)
    seen = stub.Recorder()
    with stub.make("micropython", "keep", recorder=seen, names=("tank",), memory={"tank": memory}) as rig:
        rig.cut_at("tank", nth, 0.01, FLASH_WRITES)
        rig.run(70)
    assert seen.lines["tank"] == ["cause 0 starts 1 1"]
    assert [done.n for done in memory.log if done.torn] == [nth]


@both_vms
def test_a_damaged_file_system_is_left_alone(vm):
    memory = lines_of("micropython", "swap", 20)[2]
    memory.flash[0:64] = bytes(64)
    memory.flash[4096:4160] = bytes(64)
    before = bytes(memory.flash)
    seen = stub.Recorder()
    with stub.make(vm, "keep", recorder=seen, names=("tank",), memory={"tank": memory}) as rig:
        rig.run(5)
        assert "flash: file system damaged, not mounted" in rig.slots["tank"].process.printed()
    assert seen.lines["tank"] == ["no flash"]
    assert memory.flash == before


@pytest.mark.parametrize(
    ("kind", "firmware", "command", "effect", "resets"),
    [
        ("flash_cut", "swap", b"go\n", "flash program 30 torn", 1),
        ("flash_cut", "swap", b"stay\n", "none", 0),
        ("fram_cut", "swap", b"go\n", "none", 0),  # it writes no FRAM
        ("fram_cut", "keep", b"reset\n", "FRAM write 4 torn", 2),
    ],
)
def test_a_memory_cut_has_an_effect_only_when_its_write_came(kind, firmware, command, effect, resets):
    value = 9.0 if firmware == "swap" else 1.0
    faults = Faults([Fault("tank", kind, at_s=0.05, value=value, for_s=1.0)])
    with stub.make("micropython", firmware, tank=firmware, faults=faults) as rig:
        rig.run(10)
        rig.type_in("tank", command)
        rig.run(150)
        assert faults.report()[0]["effect"] == effect
        assert rig.slots["tank"].resets == resets


def test_a_cut_can_be_taken_back():
    memory = Memory.commissioned("tank")
    with stub.make("micropython", "swap", names=("tank",), memory={"tank": memory}) as rig:
        rig.cut_at("tank", 1)
        rig.cut_at("tank", 0)
        rig.run(30)
        assert (memory.cuts, rig.slots["tank"].resets) == (0, 0)
    assert len(memory.log) > 15


def test_a_reset_typed_at_the_console_is_an_operators_reset():
    told = []
    invariants = SimpleNamespace(check=lambda t_s, rig: None, note_reset=told.append)
    with stub.make("micropython", "echo", invariants=invariants) as rig:
        rig.run(2)
        rig.command("dispenser", "reset")
        rig.run(1)
        rig.command("dispenser", "set target_g 45000")
        rig.command("tank", "reset")
        rig.type_in("dispenser", b"reset\n")  # no frame of the protocol: the board ignores it
        rig.reset("dispenser")  # a reboot is no reset of trips
    assert told == [0.02]
