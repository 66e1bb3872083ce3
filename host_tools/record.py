"""Record a run to a folder: `link.log`, `events.jsonl`, `signals.csv`, `NODE.exchange` and `result.json`.

For one seed on one machine everything but `vm`, `speed` and `nodes` of the result is byte-identical, whichever VM ran:
fixed decimals, fixed column order, simulated time only.

`signals.csv`: per analog input TAG (measured, empty when bad) and TAG.true, the contacts, per output TAG.cmd and
TAG.true, and at the end the totals of the truth that no input shows.

`NODE.exchange` holds every packet of the link as sent; its format stands in `sim/exchange.py`, which reads it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from host_tools.candump import BUS as BUS
from host_tools.candump import line as candump_line
from host_tools.sampling import SAMPLE_MS, as_event, channels, measured
from sim import exchange, tables, wire
from sim.tables import NODES

# Of the truth, what no analog input shows: mass in the truck's tank (kg) and the meter's total (g).
TOTALS = ("tank_kg", "FQ101")


class SignalRecorder:
    """Writes what the report needs of a run as it goes: frames, events, signals and in the end the result.

    `close()` ends the files. Raises OSError when the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._open: list[IO[Any]] = []
        self._frames = self._create("link.log")
        self._events = self._create("events.jsonl")
        self._signals = self._create("signals.csv")
        self._channels = channels()
        self._contacts = [(node, tag, bit) for node in NODES for tag, bit in wire.Layout(node).contact_bit.items()]
        self._outputs = [row[0] for node in NODES for row in (*tables.io(node).DO, *tables.io(node).AO)]
        self._signals.write(",".join(self._header()) + "\n")

    def _create(self, name: str) -> TextIO:
        stream = (self._folder / name).open("w", encoding="utf-8", newline="\n")
        self._open.append(stream)
        return stream

    def _header(self) -> list[str]:
        """Return the columns of signals.csv: inputs measured and true, outputs commanded and true, totals."""
        names = ["t_s"]
        for channel in self._channels:
            names += [channel.tag, channel.tag + ".true"]
        names += [tag for _, tag, _ in self._contacts]
        for tag in self._outputs:
            names += [tag + ".cmd", tag + ".true"]
        return names + [name + ".true" for name in TOTALS]

    def on_tick(self, rig: Any) -> None:
        """Write one row of signals when the 100 ms are full."""
        if rig.t_ms % SAMPLE_MS:
            return
        truth, energised, instruments = rig.plant.truth, rig.plant.energised, rig.instruments
        counts = {node: instruments.counts(node) for node in NODES}
        contacts = {node: instruments.contacts(node) for node in NODES}
        cells = [f"{rig.t_ms / 1000.0:.1f}"]
        for channel in self._channels:
            value = measured(channel, counts[channel.node][channel.place])
            cells.append("" if value is None else f"{value:.4f}")
            cells.append(f"{truth[channel.tag]:.4f}")
        cells += ["1" if contacts[node] & bit else "0" for node, _, bit in self._contacts]
        for tag in self._outputs:
            cells.append(f"{energised[tag]:.4f}")
            cells.append(f"{truth[tag]:.4f}")
        cells += [f"{truth[name]:.4f}" for name in TOTALS]
        self._signals.write(",".join(cells) + "\n")

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Write one line of the candump log."""
        self._frames.write(candump_line(t_us, can_id, data))

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Write one line of events.jsonl: times and values as sent, numbers of tables rendered as their names."""
        one = as_event(event)
        self._events.write(json.dumps({
            "t_ms": one.t_ms, "node": one.node, "kind": one.kind, "id": one.name, "from": one.source,
            "to": one.target, "value": one.value}) + "\n")  # fmt: skip

    def result(self, result: Mapping[str, Any]) -> None:
        """Write result.json, the object that `--json` prints."""
        text = json.dumps(result, indent=2) + "\n"
        (self._folder / "result.json").write_text(text, encoding="utf-8", newline="\n")

    def close(self) -> None:
        """End the files."""
        for stream in self._open:
            stream.close()


class Recorder(SignalRecorder):
    """Writes all of a run's files: also every packet of both links, which `replay` runs on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._exchange = {node: self._create_binary(f"{node}.exchange") for node in NODES}
        for node, stream in self._exchange.items():
            stream.write(exchange.about(wire.Layout(node)))

    def _create_binary(self, name: str) -> BinaryIO:
        stream = (self._folder / name).open("wb")
        self._open.append(stream)
        return stream

    def on_exchange(self, t_ms: int, node: str, to_node: bool, packet: bytes) -> None:
        """Write one packet of the link."""
        kind = exchange.TO_NODE if to_node else exchange.FROM_NODE
        self._exchange[node].write(exchange.RECORD.pack(kind, t_ms) + packet)
