"""What the next truck finds after the last: hoses still cold, a dewar that gave some, ice on the coupling."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from .config import PlantConfig
from .ice import Ice
from .metal import Metal
from .places import NOZZLE

if TYPE_CHECKING:
    from .plant import Plant

STEP_S = 1.0


def config_after(plant: Plant, pause_s: float, **truck: Any) -> PlantConfig:
    """Return the configuration of a fill that begins `pause_s` after `plant`'s; `truck`: keys of the next truck.

    The hoses hang on standby: hydrogen above ambient, metal that warms through its jackets; the dewar's builder has
    done its work. The Plant built with it refuses what does not go together.
    """
    w = plant.world
    metals = [Metal(n.metal.mass_kg, n.metal.t_k) for n in plant.nodes]
    ice = Ice(plant.config.humidity, w.ambient_k, 0.0)
    ice.grams, ice.skin_k = plant.coupling.ice.grams, plant.coupling.ice.skin_k
    left_s = pause_s
    while left_s > 0.0:
        step_s = min(STEP_S, left_s)
        left_s -= step_s
        for metal, w_k in zip(metals, plant.line_heat.leak_w_k, strict=True):
            metal.add(w_k * (w.ambient_k - metal.t_k) * step_s)
        ice.step(step_s, metals[NOZZLE].t_k, w.ambient_k, seated=False)
    station = plant.station
    return dataclasses.replace(
        plant.config,
        hose="standby",
        hose_metal_k=tuple(metal.t_k for metal in metals),
        ice_g=ice.grams,
        dewar_kg=station.kg,
        supply_k=station.liquid_k,
        ambient_k=w.ambient_k,
        ambient_kpa=w.ambient_kpa,
        **truck,
    )
