"""The hard-wired chain: E-stop, station ESD, breakaway, earth monitor and vehicle loop open one safety relay.

Independent of both boards. It removes power from every valve output and the pump permit of the dispenser, not from
the nozzle lock (which needs power to release) nor the beacon.
"""

from __future__ import annotations

from .world import World

EARTH_LIMIT_OHM = 10.0
CUT = ("XV101", "XV103", "XV104", "XV105", "XV106", "XV107", "XV110", "PMP111", "FCV102")
_DROP_S = 0.010  # assumed relay drop-out
_PICK_S = 0.050  # assumed pick-up


class HardChain:
    """`relay` is the contact (ES102); `enabled` False keeps it closed (tests of the firmware's own reaction)."""

    __slots__ = ("relay", "enabled", "es101", "es103", "zs103", "zs105", "hs101", "earth_ohm", "_since", "_at_rest")

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.relay = not enabled
        self.es101 = self.es103 = self.zs103 = self.zs105 = self.hs101 = False
        self.earth_ohm = 200.0
        self._since = 0.0
        self._at_rest: tuple[int, bool] | None = None  # what was read last, when the relay has nothing to follow

    def step(self, world: World, es210: bool, dt: float) -> None:
        """Read the loops; the relay follows after its own delay. `es210`: the tank's permit contact is energised."""
        read = (world.changes, es210)
        if read == self._at_rest:
            return
        self._at_rest = None
        self.earth_ohm = world.earth_ohm if world.earthed else world.open_ohm
        self.hs101 = not world.estop
        self.es101 = not world.station_esd
        self.zs103 = not world.breakaway
        self.es103 = self.earth_ohm < EARTH_LIMIT_OHM
        self.zs105 = world.seated and es210
        if not self.enabled:
            self.relay = True
            self._at_rest = read
            return
        healthy = self.hs101 and self.es101 and self.zs103 and self.es103 and self.zs105
        if healthy == self.relay:
            self._since = 0.0
            self._at_rest = read
            return
        self._since += dt
        if self._since >= (_PICK_S if healthy else _DROP_S) - 1e-9:
            self.relay = healthy
            self._since = 0.0
