"""What both FMUs share: their variables, the plant built when initialisation ends, steps of whole ticks.

Functions, not a base class: the builder looks for a class that derives from Fmi2Slave itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pythonfmu import Fmi2Causality, Fmi2Variability, Real

from sim.plant import Plant, PlantConfig
from sim.plant.script import TICK_S


def declare(
    slave: Any, parameters: Iterable[str], inputs: Iterable[tuple[str, str, float]], outputs: Iterable[str]
) -> None:
    """Register variables: parameters (start values of PlantConfig), inputs (name, meaning, start) and outputs."""
    default = PlantConfig()
    for name in parameters:
        setattr(slave, name, float(getattr(default, name)))
        slave.register_variable(Real(name, causality=Fmi2Causality.parameter, variability=Fmi2Variability.tunable))
    for name, words, start in inputs:
        setattr(slave, name, start)
        slave.register_variable(Real(name, causality=Fmi2Causality.input, description=words))
    for name in outputs:
        setattr(slave, name, 0.0)
        slave.register_variable(Real(name, causality=Fmi2Causality.output))


def built(slave: Any, parameters: Iterable[str]) -> Plant:
    """Return the plant of the parameters as they are now. Raises ValueError for what the plant refuses."""
    return Plant(PlantConfig(**{name: getattr(slave, name) for name in parameters}), seed=1)


def whole_ticks(step_s: float) -> int:
    """Return the ticks of a communication step; 0 for a step that is not a whole number of them."""
    ticks = round(step_s / TICK_S)
    return ticks if ticks >= 1 and abs(ticks * TICK_S - step_s) <= 1e-6 else 0
