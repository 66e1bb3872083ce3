"""The chips of `sim.memory` alone: what an operation does, what it takes, what a cut leaves."""

import pytest

from sim.memory import FLASH_WRITES, FRAM_WRITES, WORST, Memory, MemoryImageError
from sim.wire import FLASH_ERASE, FLASH_PROG, FLASH_READ, FRAM_READ, FRAM_WRITE, MemoryRequest, WireError

BLOCK = 4096


def do(memory, op, address, data=b"", *, length=None, t_ms=0):
    """Serve one request."""
    n = length if length is not None else len(data)
    return memory.serve(MemoryRequest(op, address, n, data), t_ms, "IDLE")


@pytest.fixture
def memory():
    return Memory("tank", seed=3)


def test_flash_clears_bits_and_only_an_erase_sets_them(memory):
    assert do(memory, FLASH_PROG, 256, b"\xf0\x0f") == b""
    assert do(memory, FLASH_READ, 255, length=4) == b"\xff\xf0\x0f\xff"
    assert memory.overwrites == 0
    do(memory, FLASH_PROG, 256, b"\x3c\x0f")
    assert do(memory, FLASH_READ, 256, length=2) == b"\x30\x0f"
    assert memory.overwrites == 1
    do(memory, FLASH_ERASE, 0, length=BLOCK)
    assert memory.flash == b"\xff" * len(memory.flash)
    assert [(done.n, done.op, done.length) for done in memory.log] == [
        (1, FLASH_PROG, 2),
        (2, FLASH_PROG, 2),
        (3, FLASH_ERASE, BLOCK),
    ]


def test_fram_takes_every_byte_and_wraps(memory):
    do(memory, FRAM_WRITE, 8190, b"abcd")
    assert do(memory, FRAM_READ, 8190, length=4) == b"abcd"
    assert do(memory, FRAM_READ, 8192 + 8191, length=2) == b"bc"
    assert memory.fram[:2] == b"cd"


@pytest.mark.parametrize(
    ("op", "address", "data", "length", "us"),
    [
        (FLASH_READ, 0, b"", 2048, 0),
        (FLASH_PROG, 0, bytes(256), None, 400),
        (FLASH_PROG, 0, bytes(128), None, 200),
        (FLASH_PROG, 0, bytes(1), None, 2),
        (FLASH_ERASE, 0, b"", BLOCK, 45_000),
        (FRAM_READ, 0, b"", 7, 20),  # ten bytes at 4 MHz
        (FRAM_WRITE, 0, bytes(6), None, 20),  # write enable before it
    ],
)
def test_what_an_operation_takes(memory, op, address, data, length, us):
    do(memory, op, address, data, length=length, t_ms=70)
    assert memory.ready_us == 70_000 + us
    do(memory, op, address, data, length=length, t_ms=70)  # the chip does one thing at a time
    assert memory.ready_us == 70_000 + 2 * us


def test_a_worn_chip_is_slower():
    memory = Memory("tank", timing=WORST)
    do(memory, FLASH_ERASE, 0, length=BLOCK)
    do(memory, FLASH_PROG, 0, bytes(256))
    assert memory.ready_us == 403_000


@pytest.mark.parametrize(
    ("op", "address", "data", "length", "why"),
    [
        (6, 0, b"", 1, "no such operation"),
        (FLASH_PROG, 0, b"ab", 3, "came with 2 bytes"),
        (FLASH_ERASE, 0, b"ab", BLOCK, "came with 2 bytes"),
        (FLASH_READ, 64 * BLOCK - 1, b"", 2, "the chip has 262144"),
        (FLASH_PROG, 255, b"ab", None, "a program stays within one page"),
        (FLASH_ERASE, 1, b"", BLOCK, "an erase takes one whole block"),
        (FLASH_ERASE, 0, b"", 256, "an erase takes one whole block"),
        (FRAM_READ, 0, b"", 8193, "the chip has 8192"),
    ],
)
def test_what_no_driver_may_ask_is_refused(memory, op, address, data, length, why):
    with pytest.raises(WireError, match=f"tank: memory operation {op} of .*: {why}"):
        do(memory, op, address, data, length=length)
    assert memory.log == []


def torn(seed, op, address, data, n):
    """Return the bytes that a cut at the first write leaves."""
    memory = Memory("tank", seed=seed)
    memory.flash[:] = b"\x55" * len(memory.flash) if op == FLASH_ERASE else memory.flash
    memory.cut_at(1)
    assert do(memory, op, address, data, length=n) is None
    assert (memory.cuts, memory.log[0].torn) == (1, True)
    chip = memory.fram if op == FRAM_WRITE else memory.flash
    return bytes(chip[address : address + n])


@pytest.mark.parametrize(("op", "blank"), [(FLASH_PROG, b"\xff"), (FRAM_WRITE, b"\0")])
def test_a_torn_write_keeps_a_prefix(op, blank):
    data = bytes(range(1, 65))
    lengths = set()
    for seed in range(40):
        left = torn(seed, op, 512, data, 64)
        assert left == torn(seed, op, 512, data, 64)
        n = next((i for i in range(64) if left[i] != data[i]), 64)
        assert left == data[:n] + blank * (64 - n)
        lengths.add(n)
    assert len(lengths) > 15  # anywhere


def test_a_torn_erase_leaves_noise_behind_a_prefix():
    left = torn(1, FLASH_ERASE, BLOCK, b"", BLOCK)
    n = len(left) - len(left.lstrip(b"\xff"))
    assert 0 < n < BLOCK
    assert len(set(left[n:])) > 100
    assert left == torn(1, FLASH_ERASE, BLOCK, b"", BLOCK) != torn(2, FLASH_ERASE, BLOCK, b"", BLOCK)


def test_the_armed_cut_counts_only_what_it_is_for(memory):
    memory.cut_at(2, FLASH_WRITES)
    assert do(memory, FRAM_WRITE, 0, b"a") == b""
    assert do(memory, FLASH_PROG, 0, b"a") == b""
    assert do(memory, FRAM_WRITE, 0, b"a") == b""
    assert do(memory, FLASH_ERASE, 0, length=BLOCK) is None
    assert do(memory, FLASH_ERASE, 0, length=BLOCK) == b""  # one cut only
    memory.cut_at(1, FRAM_WRITES)
    memory.cut_at(0)
    assert do(memory, FRAM_WRITE, 0, b"a") == b""


def under_way(memory):
    """Start two erases and a FRAM write at 100 ms: 100 to 145, 145 to 190 ms, then the FRAM."""
    memory.flash[:] = bytes(len(memory.flash))
    do(memory, FLASH_ERASE, 0, length=BLOCK, t_ms=100)
    do(memory, FLASH_ERASE, BLOCK, length=BLOCK, t_ms=100)
    do(memory, FRAM_WRITE, 0, b"done", t_ms=100)
    return lambda block: bytes(memory.flash[block * BLOCK : block * BLOCK + BLOCK])


ERASED, ZEROS = b"\xff" * BLOCK, bytes(BLOCK)


def test_a_board_that_stops_before_a_write_has_not_done_it(memory):
    block = under_way(memory)
    memory.halt(100, supply_lost=True)
    assert (block(0), block(1), memory.fram[:4], memory.log) == (ZEROS, ZEROS, bytes(4), [])


def test_a_power_cut_tears_the_write_under_way(memory):
    block = under_way(memory)
    memory.halt(150, supply_lost=True)
    assert block(0) == ERASED
    assert block(1) not in (ERASED, ZEROS)
    assert memory.fram[:4] == bytes(4)
    assert [done.torn for done in memory.log] == [False, True]
    assert (memory.cuts, memory.ready_us) == (1, 0)


def test_a_reset_lets_the_flash_end_what_it_has_begun(memory):
    block = under_way(memory)
    memory.halt(150, supply_lost=False)
    assert (block(0), block(1), memory.fram[:4]) == (ERASED, ERASED, bytes(4))
    assert [done.torn for done in memory.log] == [False, False]
    assert (memory.cuts, memory.ready_us) == (0, 190_000)


def test_what_is_done_stays(memory):
    block = under_way(memory)
    do(memory, FLASH_PROG, 2 * BLOCK, b"\0", t_ms=200)
    memory.halt(200, supply_lost=True)
    assert (block(0), block(1), memory.fram[:4], len(memory.log)) == (ERASED, ERASED, b"done", 3)


def test_images_are_saved_and_loaded(memory, tmp_path):
    do(memory, FLASH_PROG, 0, b"flash")
    do(memory, FRAM_WRITE, 0, b"fram")
    memory.save(tmp_path)
    again = Memory.load("tank", tmp_path)
    assert (again.flash, again.fram) == (memory.flash, memory.fram)


@pytest.mark.parametrize(("name", "has"), [("tank.flash", "flash of the tank has 262144"), ("tank.fram", "8192")])
def test_an_image_of_the_wrong_size_is_refused_by_name(memory, tmp_path, name, has):
    memory.save(tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b"!")
    with pytest.raises(MemoryImageError, match=rf"{name}: \d+ bytes, .*{has}"):
        Memory.load("tank", tmp_path)
