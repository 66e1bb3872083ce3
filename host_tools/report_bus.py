"""What the report says of the CAN bus: one row per message, and the load over time.

Load is what the recorded frames took of the wire, stuff bits and interframe space included. Error frames and frames
that were cut off are not in a log; the run's own figure (result.json) counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import Final, NamedTuple

from host_tools.generate import database
from host_tools.report_read import Seen
from sim.tables import ROOT

LOAD_POINTS_MAX: Final = 300
LOAD_BIN_MIN_S: Final = 1.0


class MessageUse(NamedTuple):
    """One identifier on the bus. Times in ms; `cycle_ms`, `hold_ms`: of the database, 0 = none; gaps: None below two
    frames; `gap_at_s`: when the longest one began; `load_pct`: share of the wire over the run."""

    name: str
    can_id: str
    sender: str
    frames: int
    cycle_ms: int
    typical_ms: float | None
    longest_ms: float | None
    gap_at_s: float | None
    hold_ms: int
    load_pct: float

    @property
    def late(self) -> bool:
        """Tell whether it was ever missing for as long as makes its receiver hold."""
        return self.hold_ms > 0 and self.longest_ms is not None and self.longest_ms >= self.hold_ms


@cache
def _database() -> dict[int, database.MessageRow]:
    """Return the database's messages by identifier."""
    return {row.frame_id: row for row in database.messages(database.load(ROOT / database.DBC_PATH))}


def by_message(frames: Sequence[Seen], run_s: float, bitrate: int) -> list[MessageUse]:
    """Return one row per identifier seen or in the database, by priority (lowest identifier first)."""
    known = _database()
    times: dict[int, list[int]] = {can_id: [] for can_id in known}
    bits: dict[int, int] = {}
    for frame in frames:
        times.setdefault(frame.can_id, []).append(frame.t_us)
        bits[frame.can_id] = bits.get(frame.can_id, 0) + frame.bits
    found = []
    for can_id, at_us in sorted(times.items()):
        row = known.get(can_id)
        gaps = [after - before for before, after in zip(at_us, at_us[1:], strict=False)]
        longest = max(range(len(gaps)), key=gaps.__getitem__) if gaps else None
        found.append(MessageUse(
            name=row.name if row else "not in the database",
            can_id=f"{can_id:08X}",
            sender=row.sender.lower() if row else "unknown",
            frames=len(at_us),
            cycle_ms=row.cycle_ms if row else 0,
            typical_ms=median(gaps) / 1000.0 if gaps else None,
            longest_ms=None if longest is None else gaps[longest] / 1000.0,
            gap_at_s=None if longest is None else at_us[longest] / 1e6,
            hold_ms=row.hold_ms if row else 0,
            load_pct=100.0 * bits.get(can_id, 0) / (bitrate * run_s),
        ))  # fmt: skip
    return found


def load(frames: Sequence[Seen], run_s: float, bitrate: int) -> tuple[list[float], list[float]]:
    """Return (middles of the bins in seconds, load in them in percent); bins of a second or more."""
    bin_s = max(LOAD_BIN_MIN_S, run_s / LOAD_POINTS_MAX)
    bits = [0] * max(1, int(run_s / bin_s))
    for frame in frames:
        place = int(frame.t_us / 1e6 / bin_s)
        if place < len(bits):
            bits[place] += frame.bits
    middles = [(place + 0.5) * bin_s for place in range(len(bits))]
    return middles, [100.0 * count / (bitrate * bin_s) for count in bits]
