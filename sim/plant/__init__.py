"""The physical plant: supply, hoses, couplings, onboard tank, valves, hard-wired chain and surroundings."""

from .config import PlantConfig, max_fill_kg
from .plant import Plant
from .world import World

__all__ = ["Plant", "PlantConfig", "World", "max_fill_kg"]
