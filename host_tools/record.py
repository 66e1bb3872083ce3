"""Record a run to a folder: `link.log`, `events.jsonl`, `signals.csv` and `result.json`.

For one seed on one machine everything but `vm`, `speed` and `nodes` of the result is byte-identical, whichever VM ran:
fixed decimals, fixed column order, simulated time only. `NODE.exchange` is written by the rig itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from host_tools.sampling import NODES, SAMPLE_MS, Observer, as_event, channels, measured
from sim import tables

BUS = "link"


def candump_line(t_us: int, can_id: int, data: bytes) -> str:
    """Return one line of a candump log: end-of-frame time in seconds, bus, extended id, data; upper case."""
    return f"({t_us // 1_000_000}.{t_us % 1_000_000:06d}) {BUS} {can_id:08X}#{data.hex().upper()}\n"


class Recorder(Observer):
    """Writes a run's files as it goes; `close()` ends them. Raises OSError when the folder cannot be written."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._open: list[TextIO] = []
        self._frames = self._create("link.log")
        self._events = self._create("events.jsonl")
        self._signals = self._create("signals.csv")
        self._channels = channels()
        self._contacts = [(node, row[0]) for node in NODES for row in tables.io(node).DI]
        self._outputs = [row[0] for node in NODES for row in (*tables.io(node).DO, *tables.io(node).AO)]
        self._signals.write(",".join(self._header()) + "\n")

    def _create(self, name: str) -> TextIO:
        stream = (self._folder / name).open("w", encoding="utf-8", newline="\n")
        self._open.append(stream)
        return stream

    def _header(self) -> list[str]:
        """Return the columns of signals.csv: inputs measured and true, outputs commanded and true."""
        names = ["t_s"]
        for channel in self._channels:
            names += [channel.tag, channel.tag + ".true"]
        names += [tag for _, tag in self._contacts]
        for tag in self._outputs:
            names += [tag + ".cmd", tag + ".true"]
        return names

    def on_tick(self, rig: Any) -> None:
        """Write one row of signals when the 100 ms are full."""
        if rig.t_ms % SAMPLE_MS:
            return
        truth, energised, counts = rig.plant.truth, rig.plant.energised, rig.counts
        cells = [f"{rig.t_ms / 1000.0:.1f}"]
        for channel in self._channels:
            value = measured(channel, counts[channel.node][channel.index])
            cells.append("" if value is None else f"{value:.4f}")
            cells.append(f"{truth[channel.tag]:.4f}")
        cells += [f"{truth[tag]:.0f}" for _, tag in self._contacts]
        for tag in self._outputs:
            cells.append(f"{energised[tag]:.4f}")
            cells.append(f"{truth[tag]:.4f}")
        self._signals.write(",".join(cells) + "\n")

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Write one line of the candump log."""
        self._frames.write(candump_line(t_us, can_id, data))

    def on_event(self, event: Any) -> None:
        """Write one line of events.jsonl, keys in the documented order."""
        one = as_event(event)
        self._events.write(json.dumps({
            "t_ms": one.t_ms, "node": one.node, "kind": one.kind, "id": one.id, "from": one.source,
            "to": one.target, "value": one.value, "text": one.text}) + "\n")  # fmt: skip

    def result(self, result: Mapping[str, Any]) -> None:
        """Write result.json, the object that `--json` prints."""
        text = json.dumps(result, indent=2) + "\n"
        (self._folder / "result.json").write_text(text, encoding="utf-8", newline="\n")

    def close(self) -> None:
        """End the files."""
        for stream in self._open:
            stream.close()
