"""Recordings for the replay's tests: of a short refuelling, of boards that restart, of a tiny firmware."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from hil_tests.faults.short_fill import STAYS_S, TRUCK
from hil_tests.fills.runs import Finished, run
from hil_tests.rig import stub
from host_tools import cli
from sim import exchange, wire
from sim.fill import Options
from sim.quick import SETTINGS, STEPS
from sim.scenario import Fault, Scenario

HERE: Final = Path(__file__).parent
QUICK: Final = Options(settings=SETTINGS, steps=STEPS, stays_s=STAYS_S)


def short_fill(folder: Path) -> Finished:
    """Record a refuelling with the shortest settings, to the first second of WARM: 120 s."""
    return run(Scenario(stem="short", name="short", seed=5, limit_s=300.0, truck=TRUCK), folder, QUICK)


def restarts(folder: Path) -> Finished:
    """Record 6 s in which the dispenser is reset and the tank loses its supply, both with a nozzle in its holster."""
    faults = (
        Fault(target="dispenser", kind="reset", at_s=1.0),
        Fault(target="tank", kind="power_cut", at_s=2.0, for_s=1.0),
    )
    what = Scenario(stem="restarts", name="restarts", seed=5, limit_s=6.0, faults=faults)
    return run(what, folder, Options(settings=SETTINGS))


class ExchangeFile:
    """Records one node's link of a rig."""

    def __init__(self, folder: Path, node: str) -> None:
        self._node = node
        self._file = (folder / f"{node}.exchange").open("wb")
        self._file.write(exchange.about(wire.Layout(node)))

    def on_exchange(self, t_ms: int, node: str, to_node: bool, packet: bytes) -> None:
        """Write one packet."""
        if node == self._node:
            kind = exchange.TO_NODE if to_node else exchange.FROM_NODE
            self._file.write(exchange.RECORD.pack(kind, t_ms) + packet)

    def close(self) -> None:
        """End the file."""
        self._file.close()


def store(folder: Path) -> dict[str, list[str]]:
    """Record fw_store on the dispenser: started, reset, and cut off in the middle of a write. Returns what it said."""
    seen, file = stub.Recorder(), ExchangeFile(folder, "dispenser")
    main = {"dispenser": HERE / "fw_store" / "main.py", "tank": stub.HERE / "fw_echo" / "main.py"}
    rig = stub.Rig(stub.StillPlant(), stub.Terminals(), vm="micropython", main=main, observers=[seen, file])
    try:
        with rig:
            rig.run(60)
            rig.reset("dispenser")
            rig.cut_at("dispenser", 2, off_s=0.1)
            rig.run(150)
    finally:
        file.close()
    return seen.lines


def replay(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """Run `cryofill replay` with these words; return exit code, stdout and stderr."""
    code = cli.main(["replay", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def replay_json(capsys: pytest.CaptureFixture[str], folder: Path, *words: str | Path) -> tuple[int, dict[str, Any]]:
    """Run `cryofill replay --json`; return exit code and {node: entry}."""
    code, out, _ = replay(capsys, folder, "--json", *words)
    return code, json.loads(out)["runs"][str(folder)]
