"""`cryofill plant`: the plant alone, driven by a script: phases, losses and balances; its plots; its FMU.

No board runs. `--plots DIR` draws a chill-down and a fill, as in docs/plant.md; `--fmu DIR` packs tank and lines as
FMI 2.0 co-simulation units (extra `fmi`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from host_tools import cli

CHILLDOWN, FILL = "plant-chilldown.svg", "plant-fill.svg"
TARGET_KG = 85.0


def run(args: argparse.Namespace) -> int:
    """Run `cryofill plant`."""
    for key in ("plots", "fmu"):
        folder = getattr(args, key)
        if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
            raise cli.UserError(f"--{key} {folder}: is not a folder")
    if args.fmu is not None:
        return _pack(Path(args.fmu), args.json)
    from host_tools.plant_plots import Recorder  # brings the property library and the drawing

    recorder = Recorder(args.hose)
    try:
        script = recorder.refuel(args.mass, TARGET_KG)
    except ValueError as error:  # what the plant's configuration refuses
        raise cli.UserError(str(error)) from None
    drawn = []
    if args.plots is not None:
        folder = Path(args.plots)
        folder.mkdir(parents=True, exist_ok=True)
        drawn = [str(recorder.draw_chilldown(folder / CHILLDOWN)), str(recorder.draw_fill(folder / FILL))]
    plant = script.plant
    figures: dict[str, Any] = {
        "hose": args.hose,
        "seconds": {phase: round(s, 2) for phase, s in script.seconds.items()},
        "losses_kg": script.losses.report(),
        "tank": {"kg": round(plant.truth["tank_kg"], 3), "bar": round(plant.truth["tank_bar"], 3),
                 "peak_bar": round(script.peak_bar, 3)},
        "station": {name: round(x, 3) for name, x in plant.station.figures().items()},
        "supplied_kg": round(plant.ledger["supplied_kg"], 3),
        "mass_balance_kg": plant.mass_balance_kg(),
        "energy_balance_j": plant.energy_balance_j(),
        "plots": drawn,
    }  # fmt: skip
    if args.json:
        print(json.dumps(figures))
        return 0
    _print(figures)
    return 0


def _print(figures: dict[str, Any]) -> None:
    print(f"hose {figures['hose']}: " + ", ".join(f"{name} {s:.1f} s" for name, s in figures["seconds"].items()))
    losses = figures["losses_kg"]
    print("losses: " + ", ".join(f"{name} {kg:.3f} kg" for name, kg in losses.items()))
    tank, station = figures["tank"], figures["station"]
    print(f"tank: {tank['kg']:.2f} kg at {tank['bar']:.2f} bar, peak {tank['peak_bar']:.2f} bar")
    print(f"station: {station['to_hose_kg']:.2f} kg to the hose, {station['recovered_kg']:.2f} kg recovered, "
          f"dewar at {station['dewar_bar']:.2f} bar, {station['subcooled_k']:.1f} K below boiling")  # fmt: skip
    mass = figures["mass_balance_kg"] / figures["supplied_kg"]
    energy = figures["energy_balance_j"] / (figures["supplied_kg"] * 446e3)
    print(f"out of balance: mass {100 * mass:.1e} %, energy {100 * energy:.1e} % of what evaporating it would take")
    for path in figures["plots"]:
        print(path)


def _pack(folder: Path, as_json: bool) -> int:
    from sim.fmi import pack

    try:
        units = pack.pack(folder)
    except pack.Missing as error:
        raise cli.UserError(str(error)) from None
    if as_json:
        print(json.dumps({"fmus": [str(path) for path in units]}))
    else:
        sys.stdout.writelines(f"{path}\n" for path in units)
    return 0
