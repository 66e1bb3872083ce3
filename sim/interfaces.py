"""What the rig asks of its parts, and what it tells its observers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

TICK_MS: Final = 10  # how far the rig moves all its parts at a time
TICK_S: Final = TICK_MS / 1000


class Plant(Protocol):
    """The physical world: see sim.plant."""

    energised: dict[str, float]
    truth: dict[str, float]
    world: Any

    def step(self, dt_s: float) -> None: ...


class Instruments(Protocol):
    """What the boards' terminals carry: counts (read_u16), contact bits (`wire.Layout.contact_bit`), pulse totals.

    The lists of counts and pulses stay the same objects; `sample` fills them.
    """

    def sample(self, t_s: float, truth: dict[str, float]) -> None: ...
    def counts(self, node: str) -> Sequence[int]: ...
    def contacts(self, node: str) -> int: ...
    def pulses(self, node: str) -> Sequence[int]: ...


class Hand(Protocol):
    """The operator, or the faults: acts on the rig once in every tick, before the plant moves."""

    def step(self, t_s: float, rig: Any) -> None: ...


Hook = Callable[..., None]


class Hooks:
    """Whom the rig tells what, in the order they came. An observer has any of these methods:

    on_tick(rig), on_frame(t_us, can_id, data), on_event(event), on_exchange(t_ms, node, to_node, packet) and
    on_line(node, text). They are called in the loop.
    """

    NAMES: Final = ("on_tick", "on_frame", "on_event", "on_exchange", "on_line")

    def __init__(self) -> None:
        self.on_tick: list[Hook] = []
        self.on_frame: list[Hook] = []
        self.on_event: list[Hook] = []
        self.on_exchange: list[Hook] = []
        self.on_line: list[Hook] = []

    def add(self, observer: Any) -> None:
        """Have an observer told what it has methods for."""
        for name in self.NAMES:
            if hasattr(observer, name):
                getattr(self, name).append(getattr(observer, name))
