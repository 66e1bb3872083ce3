"""What disturbs a steady plant: an output that switches, the safety relay, something in the world around it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from .world import World


class Disturbance:
    """Compares each tick with the one before. `switched`: the outputs that count; `ignored`: the place of one that
    changes all the time and has its own way to the physics.
    """

    __slots__ = ("_ignored", "_outputs", "_read_levels", "_levels", "_relay", "_changes", "_around")

    def __init__(self, switched: Sequence[str], ignored: int) -> None:
        self._ignored = ignored
        self._outputs: list[float] = []
        self._read_levels = itemgetter(*switched)
        self._levels: tuple[float, ...] = ()
        self._relay = False
        self._changes = -1
        self._around: tuple[object, ...] = ()

    def any(self, energised: dict[str, float], relay: bool, w: World) -> bool:
        """Tell whether anything is other than when this was asked last; True the first time."""
        disturbed = relay != self._relay
        self._relay = relay
        # To look at all outputs at once costs a quarter of picking those that count.
        outputs = list(energised.values())
        outputs[self._ignored] = 0.0
        if outputs != self._outputs:
            self._outputs = outputs
            levels = self._read_levels(energised)
            if levels != self._levels:
                self._levels = levels
                disturbed = True
        if w.changes != self._changes:
            self._changes = w.changes
            around = (
                w.seated, w.breakaway, w.supply_bar, w.supply_k, w.helium_bar, w.leak_cabinet_g_s,
                w.leak_forecourt_g_s, w.hose_vacuum_pa, w.tank_vacuum_pa, w.ambient_k, w.ambient_kpa,
            )  # fmt: skip
            if around != self._around:
                self._around = around
                disturbed = True
        return disturbed
