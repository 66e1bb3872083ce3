"""Scenario files: one refuelling, its station, its truck, its faults and what is expected of it.

A scenario is TOML (docs: design of the file in README). Every unknown key, wrong type, value out of range and
every physically impossible combination is refused with ScenarioError("FILE: [section] key: reason"); nothing
is guessed or clamped. Pressures are absolute unless the name says barg.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import fault_table, tables
from sim.plant.config import SEA_LEVEL_BAR, PlantConfig
from sim.plant.vessel import Start
from sim.scenario_keys import (
    EXPECT,
    FAULT,
    LINK,
    PROFILES,
    STATION,
    TOP,
    TRUCK,
    Key,
    Profile,
)
from sim.scenario_parts import Expect as Expect
from sim.scenario_parts import Fault as Fault
from sim.scenario_parts import Link as Link
from sim.scenario_parts import Station as Station
from sim.scenario_parts import Truck as Truck
from sim.scenario_words import one_line, printable, shown, span, suggest

if sys.version_info >= (3, 11):
    import tomllib
else:  # the same parser under its older name
    import tomli as tomllib

SCENARIOS = Path(__file__).parent / "scenarios"
DEFAULT = "warm_topup"

FILL_LIMIT_LIQUID = 0.98  # share of the tank that liquid may take up when the relief opens
FILE_MAX_BYTES = 100_000
GAS_TO_WALL_K = 60.0  # most that the vapour of a dry tank may differ from its wall


class ScenarioError(ValueError):
    """A scenario that cannot be run; the text is one line: file, section, key and what to do."""


@dataclass(frozen=True)
class Scenario:
    """A checked scenario. `stem` names it on the command line, `name` is for people."""

    stem: str = DEFAULT
    name: str = ""
    seed: int = 1
    limit_s: float = 3600.0
    station: Station = field(default_factory=Station)
    truck: Truck = field(default_factory=Truck)
    link: Link = field(default_factory=Link)
    faults: tuple[Fault, ...] = ()
    expect: Expect = field(default_factory=Expect)

    @property
    def profile(self) -> Profile:
        """Return the truck's tank data."""
        return PROFILES[self.truck.profile]

    @property
    def relief_bar(self) -> float:
        """Return the tank relief's opening pressure here, absolute: set pressure + local ambient."""
        return self.profile.relief_barg + self.station.ambient_kpa / 100.0

    def replaced(self, **changes: Any) -> Scenario:
        """Return a copy with `changes`, e.g. another seed or fault list."""
        return dataclasses.replace(self, **changes)


def names() -> list[str]:
    """Return the scenarios that come with the repository, sorted."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def load(name: str = DEFAULT) -> Scenario:
    """Read and check a scenario: the stem of a file in sim/scenarios, or a path that ends in .toml.

    Raises ScenarioError with a one-line reason.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise ScenarioError(f"{name}: no such scenario file")
    else:
        path = SCENARIOS / (name + ".toml")
        if name not in names():
            raise ScenarioError(
                f"{name}: no such scenario{suggest(name, names())}; there are {', '.join(names())}"
            )
    try:
        size = path.stat().st_size
        if size > FILE_MAX_BYTES:
            raise ScenarioError(f"{path}: {size} bytes are no scenario (at most {FILE_MAX_BYTES})")
        text = path.read_text(encoding="utf-8-sig")  # some editors put a byte-order mark first
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {one_line(error)}") from None
    return parse(text, str(path) if name.endswith(".toml") else path.name)


def parse(text: str, file: str = "scenario.toml") -> Scenario:
    """Check the TOML `text` of `file` (named in errors) and return the scenario."""
    try:
        doc = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        raise ScenarioError(f"{file}: not valid TOML: {one_line(error)}") from None
    except RecursionError:
        raise ScenarioError(f"{file}: not valid TOML: brackets too deep") from None
    sections = {"station": dict, "truck": dict, "link": dict, "fault": list, "expect": dict}
    for key, value in doc.items():
        if key in sections and not isinstance(value, sections[key]):
            how = f"[[{key}]]" if sections[key] is list else f"[{key}]"
            raise ScenarioError(f"{file}: {key}: is a section, write {how}")
        if key not in sections and isinstance(value, (dict, list)):
            raise ScenarioError(f"{file}: [{printable(key)}]: unknown section{suggest(key, sections)}")
    top = _section(file, "", {k: v for k, v in doc.items() if k not in sections}, TOP, also=sections)
    faults = tuple(parse_fault(file, f"[[fault]] {i + 1}", table) for i, table in enumerate(doc.get("fault", ())))
    expect = Expect(**_section(file, "[expect]", doc.get("expect", {}), EXPECT))
    scenario = Scenario(
        stem=Path(file).stem,
        name=top.pop("name", Path(file).stem),
        **top,
        station=Station(**_section(file, "[station]", doc.get("station", {}), STATION)),
        truck=Truck(**_section(file, "[truck]", doc.get("truck", {}), TRUCK)),
        link=Link(**_section(file, "[link]", doc.get("link", {}), LINK)),
        faults=faults,
        expect=expect,
    )
    _check_moments(file, scenario)
    _check_second(file, scenario)
    _check_expect(file, scenario)
    _check_possible(file, scenario)
    return scenario


def max_fill_kg(profile: Profile) -> float:
    """Return the most hydrogen the tank may hold, kg: 98 % liquid when the relief opens at sea level.

    Saturated parahydrogen at relief set + 1.01325 bar (98 % rule). The vapour of the last 2 %
    (0.3 kg in 1.7 m3) is not counted, which is on the safe side.
    """
    liquid, _ = _saturation(profile.relief_barg + SEA_LEVEL_BAR)
    return FILL_LIMIT_LIQUID * liquid * profile.volume_m3


# -- checks of keys ---------------------------------------------------------------------------------------


def _section(
    file: str, section: str, table: dict[str, Any], keys: dict[str, Key], also: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the checked values of one section (only the keys that are there)."""
    values = {}
    for key, value in table.items():
        if key not in keys:
            raise _refusal(file, section, key, f"unknown key{suggest(key, [*keys, *also])}")
        values[key] = _value(file, section, key, value, keys[key])
    return values


def _value(file: str, section: str, key: str, value: Any, rule: Key) -> Any:
    if rule.type is str:
        if not isinstance(value, str):
            raise _refusal(file, section, key, f"must be text in quotes, not {shown(value)}")
        if not value.strip() or not value.isprintable() or len(value) > 80:
            raise _refusal(file, section, key, "must be one line of 1 to 80 printable characters")
        if rule.words and value not in rule.words:
            hint = suggest(value, rule.words) or f"; one of {', '.join(rule.words)}"
            raise _refusal(file, section, key, f"{value!r} is not known{hint}")
        return value
    if rule.type is bool:
        if not isinstance(value, bool):
            raise _refusal(file, section, key, f"must be true or false, not {shown(value)}")
        return value
    whole = rule.type is int
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        kind = "a whole number" if whole else "a number"
        raise _refusal(file, section, key, f"must be {kind}, not {shown(value)}")
    if not rule.low <= value <= rule.high:  # nor is nan between them
        raise _refusal(file, section, key, f"{shown(value)} is outside {span(rule.low, rule.high, rule.unit)}")
    return rule.type(value)


def parse_fault(file: str, section: str, table: Any) -> Fault:
    """Return one checked fault; `file` and `section` are named in the ScenarioError of a refused one."""
    if not isinstance(table, dict):
        raise ScenarioError(f"{file}: {section}: is a section, write [[fault]]")
    given = _section(file, section, table, FAULT)
    for key in ("target", "kind"):
        if key not in given:
            raise _refusal(file, section, key, "is missing")
    fault = Fault(**given)
    kinds = fault_table.kinds_of(fault.target)
    if not kinds:
        known = fault_table.targets()
        raise _refusal(
            file, section, "target", f"{fault.target!r} is not known{suggest(fault.target, known)}"
        )
    if fault.kind not in kinds:
        hint = suggest(fault.kind, kinds) or f"; one of {', '.join(kinds)}"
        raise _refusal(file, section, "kind", f"{fault.kind!r} is not known for {fault.target}{hint}")
    if (fault.at_s is None) == (fault.state is None):
        raise _refusal(file, section, "at_s", "give either at_s, or state with after_s")
    if fault.state is None and "after_s" in given:
        raise _refusal(file, section, "after_s", "counts from a state: give state, or at_s alone")
    if fault.for_s is not None and not kinds[fault.kind].lasts:
        raise _refusal(file, section, "for_s", f"{fault.kind} takes none: it is over at once")
    _check_fault_value(file, section, fault, kinds[fault.kind])
    return fault


def _check_fault_value(file: str, section: str, fault: Fault, kind: fault_table.Kind) -> None:
    value = fault.value
    if value is None:
        if kind.value == fault_table.REQUIRED:
            raise _refusal(file, section, "value", f"{kind.name} needs one, in {kind.unit}")
        return
    if kind.value == fault_table.NONE:
        raise _refusal(file, section, "value", f"{kind.name} takes none")
    if not kind.low <= value <= kind.high:
        raise _refusal(
            file,
            section,
            "value",
            f"{value:g} is outside {span(kind.low, kind.high, kind.unit)} ({kind.name})",
        )
    if kind.unit == "0|1" and value not in (0.0, 1.0):
        raise _refusal(file, section, "value", f"{value:g} is neither 0 nor 1 ({kind.name})")
    if kind.unit == "ops" and value % 1.0:
        raise _refusal(file, section, "value", f"{value:g} is no whole number of operations ({kind.name})")


def _check_moments(file: str, scenario: Scenario) -> None:
    """Refuse faults whose moment lies beyond the run, and two of which one could have no effect."""
    seen: dict[object, int] = {}
    for number, fault in enumerate(scenario.faults, 1):
        section = f"[[fault]] {number}"
        key, moment_s = ("after_s", fault.after_s) if fault.at_s is None else ("at_s", fault.at_s)
        if moment_s >= scenario.limit_s:
            why = f"{moment_s:g} s is not before limit_s ({scenario.limit_s:g} s): it would never come"
            raise _refusal(file, section, key, why)
        place = fault_table.place(fault.target, fault_table.kinds_of(fault.target)[fault.kind])
        first = seen.setdefault((place, fault.state, moment_s), number)
        if first != number:
            why = f"acts at the same moment on the same thing as [[fault]] {first}"
            raise _refusal(file, section, key, why)


def _check_second(file: str, scenario: Scenario) -> None:
    """Refuse what happens to a second vessel where there is none."""
    for number, fault in enumerate(scenario.faults, 1):
        if fault.kind in fault_table.SECOND_TANK and scenario.truck.tanks == 1:
            raise _refusal(file, f"[[fault]] {number}", "kind", f"{fault.kind} needs a truck with tanks = 2")


def _check_expect(file: str, scenario: Scenario) -> None:
    trip = scenario.expect.trip
    if trip is None:
        return
    known = [row[0] for node in tables.NODES for row in tables.trips(node).TRIPS]
    if trip not in known:
        hint = suggest(trip, known) or "; the ids are in firmware/*/trip_table.py"
        raise _refusal(file, "[expect]", "trip", f"{trip!r} is not a trip{hint}")
    if scenario.expect.outcome == "complete":
        raise _refusal(file, "[expect]", "trip", "a run that completes has no trip")


# -- checks of physics --------------------------------------------------------------------------------------


def plant_config(scenario: Scenario, hard_chain: bool = True, accuracy_errors: bool = False) -> PlantConfig:
    """Return the plant's configuration of a scenario; `hard_chain` False: the safety relay stays closed."""
    station, truck, profile = scenario.station, scenario.truck, scenario.profile
    return PlantConfig(
        **dataclasses.asdict(station),
        **truck.tank(),
        relief_barg=profile.relief_barg,
        volume_m3=profile.volume_m3,
        hard_chain=hard_chain,
        accuracy_errors=accuracy_errors,
    )


def _check_possible(file: str, scenario: Scenario) -> None:
    """Refuse what no station or truck can be, with the figure that would be possible."""
    station, truck, profile = scenario.station, scenario.truck, scenario.profile
    for key in ("tank_bar", "tank2_bar"):
        bar = getattr(truck, key)
        if bar is None:
            continue
        if bar >= station.supply_bar:
            why = f"{bar:g} bar is not below supply_bar ({station.supply_bar:g} bar): nothing would flow"
            raise _refusal(file, "[truck]", key, why)
        if bar <= station.ambient_kpa / 100.0:
            why = f"{bar:g} bar is not above ambient ({station.ambient_kpa / 100.0:.2f} bar): air would enter"
            raise _refusal(file, "[truck]", key, why)
    config = plant_config(scenario)
    try:
        config.validate()
    except ValueError as error:
        key, _, why = str(error).partition(" = ")
        value, _, why = why.partition(": ")
        raise _refusal(file, "[station]" if key in STATION else "[truck]", key, f"{value}: {why}") from None
    most = max_fill_kg(profile)
    if truck.target_kg > most:
        why = (
            f"{truck.target_kg:g} kg is above {math.floor(most * 10) / 10:.1f} kg, the most this tank may hold "
            f"(98 % liquid when its relief opens at {profile.relief_barg:g} barg)"
        )
        raise _refusal(file, "[truck]", "target_kg", why)
    if truck.target_kg <= truck.mass_kg:
        why = f"{truck.target_kg:g} kg is not above mass_kg ({truck.mass_kg:g} kg): nothing to fill"
        raise _refusal(file, "[truck]", "target_kg", why)
    for start in config.starts():
        _check_dry(file, start, profile.volume_m3 / truck.tanks)


def _check_dry(file: str, start: Start, volume_m3: float) -> None:
    """Refuse a mass so small that the vessel is dry and its gas could not be near the wall's temperature."""
    _, vapour = _saturation(start.tank_bar)
    density = start.mass_kg / volume_m3
    if density >= vapour:
        return
    gas_k = _gas_k(start.tank_bar, density)
    if abs(gas_k - start.wall_k) > GAS_TO_WALL_K:
        why = (
            f"{start.mass_kg:g} kg at {start.tank_bar:g} bar is gas at {gas_k:.0f} K, "
            f"which does not go with {start.prefix}wall_k {start.wall_k:g} K"
        )
        raise _refusal(file, "[truck]", start.prefix + "mass_kg", why)


def _saturation(bar: float) -> tuple[float, float]:
    """Return (liquid, vapour) density in kg/m3 of saturated parahydrogen at `bar`, 0.1 to 12.8."""
    from CoolProp.CoolProp import PropsSI  # slow to import: only when a scenario is checked

    pa = bar * 1e5
    fluid = "ParaHydrogen"
    return (
        float(PropsSI("D", "P", pa, "Q", 0, fluid)),
        float(PropsSI("D", "P", pa, "Q", 1, fluid)),
    )


def _gas_k(bar: float, density_kg_m3: float) -> float:
    from CoolProp.CoolProp import PropsSI

    return float(PropsSI("T", "P", bar * 1e5, "D", density_kg_m3, "ParaHydrogen"))


def _refusal(file: str, section: str, key: str, why: str) -> ScenarioError:
    where = f"{section} {printable(key)}".lstrip()
    return ScenarioError(f"{file}: {where}: {why}")
