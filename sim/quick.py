"""A refuelling in a hurry: the shortest settings that the parameter table allows, and an operator who runs.

For measurements and tests that need a fill, not its times. PRECOOL begins after about 45 s, FILL after 60.
"""

from __future__ import annotations

from typing import Any, Final

from sim import operator

SETTINGS: Final = (
    ("dispenser", "purge_cycles", 3),
    ("dispenser", "purge_high_mbar", 3000),
    ("dispenser", "leak_max_mbarg", 1990),
    ("dispenser", "leak_settle_ms", 5000),
    ("dispenser", "leak_hold_ms", 10000),
    ("dispenser", "cool_flow_mg_s", 30000),
    ("dispenser", "cool_temp_ck", 3000),
    ("dispenser", "cool_hold_ms", 2000),
    ("dispenser", "cold_test_ms", 5000),
    ("dispenser", "slow_ms", 5000),
)
HASTE: Final = {"earth": 0.8, "take_nozzle": 0.9, "cap_off": 1.0, "seat": 1.2, "press": 1.5}
STEPS: Final[tuple[Any, ...]] = tuple(
    (name, HASTE.get(name, at_s), *rest) for name, at_s, *rest in operator.STEPS
)
