"""Two plots of the plant alone: how a hose cools down, and a fill. SVG, the same bytes for the same model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from host_tools.picture import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILION
from sim.plant.places import HOSE, NOZZLE, RCPT, RETURN
from sim.plant.script import Script

SAMPLE_TICKS: Final = 20
DAMPING_TICKS: Final = 100  # of flows: slugs of liquid on warm metal make pulses of a tick or two
INCHES: Final = (8.4, 5.4)
TEMPERATURES: Final = (
    ("liquid hose", HOSE, BLUE, "-"), ("nozzle", NOZZLE, VERMILION, "--"),
    ("receptacle", RCPT, GREEN, "-."), ("return hose", RETURN, ORANGE, ":"),
)  # fmt: skip


class Recorder:
    """Drives a scripted refuelling and keeps what the plots show, every 0.2 s."""

    def __init__(self, hose: str) -> None:
        self._hose = hose
        self._rows: list[tuple[float, dict[str, float], tuple[float, ...]]] = []
        self._phases: list[tuple[str, float, float]] = []

    def refuel(self, mass_kg: float, target_kg: float) -> Script:
        """Run it. Raises ValueError for what the plant refuses."""
        script = Script(hose=self._hose, mass_kg=mass_kg)
        nodes, rows = script.plant.nodes, self._rows
        flows = {"FT101": 0.0, "FT103": 0.0}

        def note(t_s: float, truth: dict[str, float]) -> None:
            for tag, mean in flows.items():
                flows[tag] = mean + (truth[tag] - mean) / DAMPING_TICKS
            if script.plant.tick % SAMPLE_TICKS == 0:
                shown = {**flows, **{tag: truth[tag] for tag in ("PT102", "PT101", "tank_bar", "tank_kg")}}
                rows.append((t_s, shown, tuple(node.metal.t_k for node in nodes)))

        script.on_tick = note
        script.refuel(target_kg)
        end_s = script.plant.tick * 0.01
        for name, seconds in reversed(script.seconds.items()):
            self._phases.insert(0, (name, end_s - seconds, end_s))
            end_s -= seconds
        return script

    def _span(self, first: str, last: str) -> tuple[float, float]:
        by_name = {name: (start, end) for name, start, end in self._phases}
        return by_name[first][0], by_name[last][1]

    def draw_chilldown(self, path: Path) -> Path:
        """Metal temperatures, flow and pressure from the first trickle to the first minute of the fill."""
        start, _ = self._span("precool", "precool")
        end = self._span("fill", "fill")[0] + 60.0
        plt = _pyplot()
        fig, (top, low) = plt.subplots(2, 1, figsize=INCHES, sharex=True, height_ratios=(3, 2), layout="constrained")
        rows = [row for row in self._rows if start <= row[0] <= end]
        t_s = [row[0] - start for row in rows]
        for label, node, colour, style in TEMPERATURES:
            top.plot(t_s, [row[2][node] for row in rows], style, color=colour, label=label)
        top.set_ylabel("metal, K")
        top.set_title(f"Chill-down of lines that were {self._hose}: film boiling, transition, nucleate boiling")
        low.plot(t_s, [row[1]["FT101"] for row in rows], color=BLUE, label="liquid in, g/s")
        low.plot(t_s, [row[1]["FT103"] for row in rows], "--", color=ORANGE, label="gas back, g/s")
        low.set_ylabel("flow, g/s")
        low.set_xlabel("seconds from the first liquid")
        return _save(fig, (top, low), path)

    def draw_fill(self, path: Path) -> Path:
        """Pressures, mass and flow from the start of the fill to the warm nozzle."""
        start, end = self._span("fill", "warm")
        plt = _pyplot()
        fig, (top, mid, low) = plt.subplots(3, 1, figsize=INCHES, sharex=True, layout="constrained")
        rows = [row for row in self._rows if start - 5.0 <= row[0] <= end]
        t_s = [row[0] - start for row in rows]
        for tag, label, colour, style in (
            ("PT101", "supply", GREY, ":"), ("PT102", "hose", BLUE, "-"), ("tank_bar", "tank", BLACK, "-."),
        ):  # fmt: skip
            top.plot(t_s, [row[1][tag] for row in rows], style, color=colour, label=label)
        top.set_ylabel("bar")
        top.set_title("A fill, the drain, the vent and the warm-up after it")
        mid.plot(t_s, [row[1]["FT101"] for row in rows], color=BLUE, label="liquid in")
        mid.set_ylabel("g/s")
        low.plot(t_s, [row[1]["tank_kg"] for row in rows], color=BLACK, label="in the tank")
        low.set_ylabel("kg")
        low.set_xlabel("seconds from the start of the fill")
        return _save(fig, (top, mid, low), path)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "cryofill", "svg.fonttype": "none", "font.size": 10})
    return plt


def _save(fig: Any, axes: tuple[Any, ...], path: Path) -> Path:
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.legend(loc="best", fontsize=9, frameon=False)
    fig.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    _pyplot().close(fig)
    return path
