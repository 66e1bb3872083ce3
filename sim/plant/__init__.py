"""The physical plant: supply, hoses, couplings, onboard tank, valves, the hard-wired chain and the world around them."""

from .config import PlantConfig, max_fill_kg
from .plant import Plant
from .world import World

__all__ = ["Plant", "PlantConfig", "World", "max_fill_kg"]
