"""Anyone's own test as a TOML file: what keys there are, what they may be, and one-line refusals."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.plant.fluid import get_fluid
from sim.plant.shape import ROUNDING, sphere_m2
from sim.plant.vessel import Vessel
from sim.plant.wall import MATERIALS
from sim.plant.zones import PropertyError
from sim.scenario_words import one_line, printable, shown, span, suggest

from .no_vent import Filled, fill
from .pressurise import Rise, TooSlow, rise

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_MAX_BYTES: Final = 65536
TOP_SPRAY: Final = 0.8  # share of a top inlet's flow that falls through the vapour, as in the plant
INLETS: Final = {"top": TOP_SPRAY, "bottom": 0.0}


class CaseError(Exception):
    """The file is no test that the model can run: one line that names the file and the key."""


class Key(NamedTuple):
    """A number and its range; both ends are allowed."""

    low: float
    high: float
    unit: str


VESSEL: Final = {
    "volume_m3": Key(0.01, 5000.0, "m3"),
    "area_m2": Key(0.1, 3000.0, "m2"),
    "wall_kg": Key(0.1, 500_000.0, "kg"),
}
START: Final = {"liquid_fraction": Key(0.01, 0.99, ""), "pressure_kpa": Key(20.0, 1200.0, "kPa")}
HEAT: Final = {"flux_w_m2": Key(0.01, 50_000.0, "W/m2"), "total_w": Key(0.01, 1e6, "W")}
RISE_END: Final = {"pressure_kpa": Key(21.0, 1250.0, "kPa")}
SOURCE: Final = {
    "pressure_kpa": Key(20.0, 10_000.0, "kPa"),
    "temperature_k": Key(13.9, 32.5, "K"),
    "flow_kg_s": Key(1e-5, 100.0, "kg/s"),
}
FILL_END: Final = {"minutes": Key(0.01, 1440.0, "min")}
SECTIONS: Final = {
    "self_pressurization": ("vessel", "heat", "start", "end"),
    "no_vent_fill": ("vessel", "start", "source", "end"),
}
SOURCE_TOP: Final = ("flow_kg_s", "inlet")  # may stand in [source] or at the top of the file


def run(path: str) -> Rise | Filled:
    """Read the test in `path` and return what the model says. Raises CaseError."""
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > FILE_MAX_BYTES:
            raise CaseError(f"{path}: {size} bytes are no test case (at most {FILE_MAX_BYTES})")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: cannot be read: {one_line(error)}") from None
    return run_text(text, path)


def run_text(text: str, file: str) -> Rise | Filled:
    """Run the TOML `text` of `file` (named in errors). Raises CaseError."""
    try:
        doc = tomllib.loads(text)
    except ValueError as error:
        raise CaseError(f"{file}: not valid TOML: {one_line(error)}") from None
    except RecursionError:
        raise CaseError(f"{file}: not valid TOML: brackets too deep") from None
    kind = doc.pop("kind", None)
    if kind is None:
        raise CaseError(f"{file}: kind: missing; one of {', '.join(SECTIONS)}")
    if not isinstance(kind, str) or kind not in SECTIONS:
        hint = suggest(kind, SECTIONS) if isinstance(kind, str) else ""
        raise CaseError(f"{file}: kind = {shown(kind)}: must be one of {', '.join(SECTIONS)}{hint}")
    sections = SECTIONS[kind]
    if kind == "no_vent_fill":
        _lift_source(file, doc)
    for key, value in doc.items():
        if key not in sections:
            raise CaseError(f"{file}: {printable(key)}: unknown key{suggest(key, sections)}")
        if not isinstance(value, dict):
            raise CaseError(f"{file}: {key}: is a section, write [{key}]")
    for key in sections:
        if key not in doc:
            raise CaseError(f"{file}: [{key}]: missing")
    try:
        return _rise(file, doc) if kind == "self_pressurization" else _fill(file, doc)
    except PropertyError as error:
        raise CaseError(f"{file}: outside what the model can do: {one_line(error)}") from None


def _lift_source(file: str, doc: dict[str, Any]) -> None:
    """Put what may stand at the top of the file where it belongs."""
    for key in SOURCE_TOP:
        if key in doc:
            source = doc.get("source")
            if isinstance(source, dict):
                if key in source:
                    raise CaseError(f"{file}: {key}: given twice, at the top and in [source]")
                source[key] = doc.pop(key)


def _numbers(
    file: str, doc: dict[str, Any], section: str, keys: dict[str, Key], words: tuple[str, ...] = ()
) -> dict[str, float]:
    """Return the numbers of a section; `words` are keys that are no numbers. Raises CaseError."""
    table = doc[section]
    for key in table:
        if key not in keys and key not in words:
            raise CaseError(f"{file}: [{section}] {printable(key)}: unknown key{suggest(key, (*keys, *words))}")
    out = {}
    for key, (low, high, unit) in keys.items():
        if key not in table:
            continue
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise CaseError(f"{file}: [{section}] {key} = {shown(value)}: must be a number")
        if not low <= value <= high:
            raise CaseError(f"{file}: [{section}] {key} = {shown(value)}: must be within {span(low, high, unit)}")
        out[key] = float(value)
    return out


def _all(
    file: str, doc: dict[str, Any], section: str, keys: dict[str, Key], words: tuple[str, ...] = ()
) -> dict[str, float]:
    """Return the numbers of a section of which none may be missing."""
    got = _numbers(file, doc, section, keys, words)
    for key in (*keys, *words):
        if key not in doc[section]:
            raise CaseError(f"{file}: [{section}] {key}: missing")
    return got


def _word(file: str, section: str, key: str, value: Any, allowed: dict[str, Any]) -> Any:
    if not isinstance(value, str) or value.lower() not in allowed:
        raise CaseError(f"{file}: [{section}] {key} = {shown(value)}: must be one of {', '.join(allowed)}")
    return allowed[value.lower()]


def _vessel(file: str, doc: dict[str, Any], spray: float) -> Vessel:
    v = _all(file, doc, "vessel", VESSEL, ("wall_material",))
    material = _word(file, "vessel", "wall_material", doc["vessel"]["wall_material"], MATERIALS)
    least = sphere_m2(v["volume_m3"])
    if v["area_m2"] * ROUNDING < least:
        raise CaseError(
            f"{file}: [vessel] area_m2 = {v['area_m2']:g}: a sphere of {v['volume_m3']:g} m3 has {least:.4g}, "
            "nothing has less"
        )
    return Vessel(v["volume_m3"], v["area_m2"], v["wall_kg"], material, spray)


def _rise(file: str, doc: dict[str, Any]) -> Rise:
    vessel = _vessel(file, doc, TOP_SPRAY)
    heat = _numbers(file, doc, "heat", HEAT)
    if len(heat) != 1:
        how = "both given, one is enough" if heat else "missing"
        raise CaseError(f"{file}: [heat] flux_w_m2 or total_w: {how}")
    heat_w = heat["total_w"] if "total_w" in heat else heat["flux_w_m2"] * vessel.area_m2
    start = _all(file, doc, "start", START)
    end = _all(file, doc, "end", RISE_END)
    if end["pressure_kpa"] <= start["pressure_kpa"]:
        raise CaseError(
            f"{file}: [end] pressure_kpa = {end['pressure_kpa']:g}: must be above [start] {start['pressure_kpa']:g}"
        )
    try:
        return rise(vessel, heat_w, start["liquid_fraction"], start["pressure_kpa"] * 1e3, end["pressure_kpa"] * 1e3)
    except (TooSlow, ValueError) as error:
        raise CaseError(f"{file}: [start] liquid_fraction = {start['liquid_fraction']:g}: {one_line(error)}") from None


def _fill(file: str, doc: dict[str, Any]) -> Filled:
    source = _all(file, doc, "source", SOURCE, ("inlet",))
    spray = float(_word(file, "source", "inlet", doc["source"]["inlet"], INLETS))
    vessel = _vessel(file, doc, spray)
    start = _all(file, doc, "start", START)
    minutes = _all(file, doc, "end", FILL_END)["minutes"]
    boils = get_fluid().sat_p(source["pressure_kpa"] * 1e3)[0]
    if source["temperature_k"] > boils:
        raise CaseError(
            f"{file}: [source] temperature_k = {source['temperature_k']:g}: not liquid at pressure_kpa, "
            f"which boils at {boils:.2f} K"
        )
    try:
        get_fluid().h_pt(source["pressure_kpa"] * 1e3, source["temperature_k"])
    except ValueError:
        raise CaseError(
            f"{file}: [source] temperature_k = {source['temperature_k']:g}: frozen at pressure_kpa = "
            f"{source['pressure_kpa']:g}"
        ) from None
    return fill(
        vessel, start["liquid_fraction"], start["pressure_kpa"] * 1e3, source["pressure_kpa"] * 1e3,
        source["temperature_k"], source["flow_kg_s"], minutes * 60.0,
    )  # fmt: skip
