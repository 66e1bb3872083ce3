"""Both VMs say the same, byte for byte, on every packet of the link; only what they measure of the host differs."""

import pytest

from hil_tests.rig import stub


def packets(vm, firmware, seed):
    """Run a firmware on both boards with moving inputs and a reset; return all packets and frames."""
    seen = stub.Recorder()
    terminals = stub.Terminals()
    with stub.make(vm, firmware, terminals=terminals, recorder=seen, seed=seed) as rig:
        for tick in range(260):
            for node in terminals.count:
                terminals.count[node][0] = (tick * 251) & 0xFFFF
            if tick == 120:
                rig.reset("tank")
            if tick == 130:
                rig.type_in("dispenser", b"hello\n")
            rig.tick()
    return seen.packets, seen.frames


@pytest.mark.parametrize("firmware", ["echo", "ping", "handler", "listen", "busoff", "board"])
def test_same_packets_from_both_vms(firmware):
    ours, frames = packets("micropython", firmware, 3)
    theirs, other_frames = packets("cpython", firmware, 3)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other
    assert frames == other_frames
    assert len(ours) > 700


def test_the_seed_reaches_the_random_bytes():
    first, _ = packets("cpython", "board", 1)
    again, _ = packets("cpython", "board", 1)
    other, _ = packets("cpython", "board", 2)
    assert first == again
    assert first != other
