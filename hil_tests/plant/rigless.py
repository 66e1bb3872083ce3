"""The scripted plant under the name that these tests know."""

from __future__ import annotations

from sim.plant.script import TICK_S, Script

__all__ = ["TICK_S", "Script"]
