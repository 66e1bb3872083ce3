"""The fault vocabulary: which targets take which kinds, the unit and range of each value, and what it does.

Data only; `sim.faults` makes them happen, `sim.scenario` refuses what is not here, `cryofill faults` prints them. A fault acts on the world (plant, instruments, bus, nodes), never inside the firmware.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sim import tables
from sim.tables import NODES

LINK = "can.link"
WORLD = "world"

NONE, OPTIONAL, REQUIRED = "none", "optional", "required"
TAG_UNIT = "tag"  # the unit people use for that tag (SHOWN of the I/O list)


@dataclass(frozen=True)
class Kind:
    """One fault kind: VALUE says whether a value is given; LOW..HIGH its range in UNIT; DEFAULT if left out.

    `lasts` False: over at once, so that it takes no for_s.
    """

    name: str
    value: str
    unit: str
    low: float
    high: float
    default: float | None
    words: str
    lasts: bool = True


# fmt: off
# Ranges of SIGNALS in the tag's unit are set per tag from its I/O list row: LOW and HIGH count whole spans there.
SIGNALS = (
    Kind("off",          NONE,     "",       0.0,   0.0,    None, "loop open: 0 mA; a contact reads open, a meter sends no pulses"),
    Kind("stuck",        OPTIONAL, TAG_UNIT, 0.0,   1.0,    None, "stays at the value, or at the last reading if none is given"),
    Kind("offset",       REQUIRED, TAG_UNIT, -1.0,  1.0,    None, "reads this much too high"),
    Kind("drift",        REQUIRED, TAG_UNIT, -1.0,  1.0,    None, "reads more and more too high: value per second"),
    Kind("noise",        REQUIRED, TAG_UNIT, 0.0,   1.0,    None, "adds normal noise of this rms value"),
    Kind("spike",        REQUIRED, TAG_UNIT, -1.0,  1.0,    None, "one sample a second reads this much too high"),
    Kind("delayed",      REQUIRED, "s",      0.01,  60.0,   None, "shows what was true this long ago"),
    Kind("intermittent", OPTIONAL, "s",      0.02,  60.0,   1.0,  "a loose wire: off for half of each period of this length"),
)

CONTACT_KINDS = ("off", "stuck", "delayed", "intermittent")
PULSE_KINDS = ("off", "intermittent")

VALVES = (
    Kind("stuck_open",   NONE,     "",       0.0,   0.0,    None, "goes and stays open, with or without power"),
    Kind("stuck_closed", NONE,     "",       0.0,   0.0,    None, "goes and stays closed"),
    Kind("slow",         REQUIRED, "x",      1.0,   1000.0, None, "strokes this many times slower"),
    Kind("passing",      REQUIRED, "%",      0.01,  100.0,  None, "leaks this share of its full opening when closed"),
)

# What is switched, not stroked: lock, contactors, lamp, permits, heater. Their last relay or their wire fails.
DEVICES = (
    Kind("off",          NONE,     "",       0.0,   0.0,    None, "gets no power: its wire is broken"),
    Kind("stuck",        OPTIONAL, "0|1",    0.0,   1.0,    None, "keeps this level (1 is energised), or its last one if none is given"),
)
PROPORTIONAL = "HT205"  # the one device with a level in between, in percent

CAN = (
    Kind("drop",         OPTIONAL, "%",      0.1,   100.0,  100.0, "loses this share of the frames"),
    Kind("corrupt",      OPTIONAL, "%",      0.1,   100.0,  100.0, "flips a payload bit that the bus CRC does not see, in this share"),
    Kind("duplicate",    OPTIONAL, "%",      0.1,   100.0,  100.0, "delivers this share of the frames twice"),
    Kind("delay",        OPTIONAL, "s",      0.01,  60.0,   0.05,  "delivers every frame this much later"),
    Kind("replay",       OPTIONAL, "s",      0.1,   600.0,  1.0,   "delivers the frames of this long ago instead of the present ones"),
    Kind("masquerade",   OPTIONAL, "%",      0.1,   100.0,  100.0, "gives this share the payload of the sender's previous other message"),
    Kind("bus_off",      NONE,     "",       0.0,   0.0,    None,  "puts the tank's controller into bus-off, again and again"),
    Kind("babble",       OPTIONAL, "frames/s", 1.0, 5000.0, 3000.0, "a third sender floods the bus at the highest priority"),
    Kind("disconnect",   NONE,     "",       0.0,   0.0,    None,  "the truck's plug is out: neither board hears the other"),
    Kind("mute_dispenser", NONE,   "",       0.0,   0.0,    None,  "one way: the tank hears nothing, the dispenser hears the tank"),
    Kind("mute_tank",    NONE,     "",       0.0,   0.0,    None,  "one way: the dispenser hears nothing, the tank hears the dispenser"),
    Kind("error",        OPTIONAL, "%",      0.1,   100.0,  100.0, "destroys this share on the wire: error frame, counters, repeat"),
    Kind("bitrate_dispenser", OPTIONAL, "kbit/s", 50.0, 1000.0, 250.0, "the dispenser's controller runs at this bit rate"),
    Kind("bitrate_tank", OPTIONAL, "kbit/s", 50.0,  1000.0, 250.0, "the tank's controller runs at this bit rate"),
    Kind("skew_dispenser", OPTIONAL, "ppm",  -1e5,  1e5,    2e4,   "the dispenser's CAN clock is off by this much; beyond 8332 ppm neither reads the other"),
    Kind("skew_tank",    OPTIONAL, "ppm",    -1e5,  1e5,    2e4,   "the tank's CAN clock is off by this much"),
)

BOARDS = (
    Kind("reset",        NONE,     "",       0.0,   0.0,    None, "reset button: the process ends and boots again", lasts=False),
    Kind("power_cut",    OPTIONAL, "s",      0.01,  3600.0, 1.0,  "supply gone for this long, then boots again", lasts=False),
    Kind("freeze",       NONE,     "",       0.0,   0.0,    None, "the processor stops, its outputs stay; the watchdog runs on"),
    Kind("flash_cut",    OPTIONAL, "ops",    1.0,   1e6,    1.0,  "supply gone for 1 s in the middle of this flash program or erase, counted from here"),
    Kind("fram_cut",     OPTIONAL, "ops",    1.0,   1e6,    1.0,  "supply gone for 1 s in the middle of this FRAM write, counted from here"),
)

WORLD_KINDS = (
    Kind("leak_cabinet",     OPTIONAL, "g/s", 0.001, 100.0,   0.5,    "hydrogen leaks into the dispenser's cabinet; so much at 1 bar over ambient and more, less below"),
    Kind("leak_forecourt",   OPTIONAL, "g/s", 0.001, 100.0,   2.0,    "hydrogen leaks at the nozzle; so much at 1 bar over ambient and more, less below"),
    Kind("vacuum_loss_hose", OPTIONAL, "Pa",  0.01,  1.0e5,   1.0e5,  "the vacuum of the hose's jacket rises to this pressure"),
    Kind("vacuum_loss_tank", OPTIONAL, "Pa",  0.01,  1.0e5,   1.0e5,  "the vacuum of the tank's jacket rises to this pressure"),
    Kind("vacuum_loss_tank2", OPTIONAL, "Pa", 0.01,  1.0e5,   1.0e5,  "the same of the second vessel, on a truck that has two"),
    Kind("earth_lost",       NONE,     "",    0.0,   0.0,     None,   "the earth clamp falls off"),
    Kind("breakaway",        NONE,     "",    0.0,   0.0,     None,   "the breakaway coupling parts, both halves seal"),
    Kind("estop",            NONE,     "",    0.0,   0.0,     None,   "someone presses the emergency stop"),
    Kind("station_esd",      NONE,     "",    0.0,   0.0,     None,   "the station orders an emergency shut-down"),
    Kind("drive_away",       OPTIONAL, "%",   0.0,   15.0,    0.0,    "the driver releases the brake and starts; on a slope of this the truck rolls whatever inhibits it"),
    Kind("flame",            NONE,     "",    0.0,   0.0,     None,   "fire at the dispenser"),
    Kind("helium_low",       OPTIONAL, "bar", 0.6,   20.0,    1.2,    "the helium header falls to this pressure, at the least to a mountain's air"),
    Kind("supply_loss",      OPTIONAL, "bar", 0.1,   20.0,    1.1,    "the station's dewar falls to this pressure"),
    Kind("warm_supply",      OPTIONAL, "K",   20.0,  300.0,   28.0,   "the station's liquid warms up to this temperature"),
)
SECOND_TANK = ("vacuum_loss_tank2",)  # only with `tanks = 2`; random scenarios have one

# Families of targets, in the order people look for them.
FAMILIES = (
    # FAMILY         WORDS
    ("world",        "what happens around plant and truck"),
    ("link",         "the CAN link between the boards"),
    ("nodes",        "the boards"),
    ("valves",       "valves"),
    ("devices",      "lock, contactors, permits, heater"),
    ("transmitters", "4-20 mA inputs"),
    ("contacts",     "contact inputs"),
    ("pulses",       "pulse inputs"),
)
# fmt: on
SECTIONS = {"AI": "transmitters", "DI": "contacts", "CI": "pulses"}


def _by_name(kinds: Iterable[Kind]) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


def valve_tags() -> list[str]:
    """Return every valve a fault may act on, both nodes, in I/O list order."""
    tags: list[str] = []
    for node in NODES:
        io = tables.io(node)
        tags += [row[0] for row in (*io.DO, *io.AO) if row[0].startswith(("XV", "FCV"))]
    return tags


def device_tags() -> list[str]:
    """Return every output that is no valve, both nodes, in I/O list order."""
    valves = valve_tags()
    rows = [row[0] for node in NODES for row in (*tables.io(node).DO, *tables.io(node).AO)]
    return [tag for tag in rows if tag not in valves]


def signal_row(tag: str) -> tuple[str, Any] | None:
    """Return ("AI" | "DI" | "CI", its I/O list row) of an input of either node, or None."""
    for node in NODES:
        io = tables.io(node)
        for section in ("AI", "DI", "CI"):
            for row in getattr(io, section):
                if row[0] == tag:
                    return section, row
    return None


def targets() -> list[str]:
    """Return every fault target, in the order people look for them."""
    names = [WORLD, LINK, *NODES, *valve_tags(), *device_tags()]
    for node in NODES:
        io = tables.io(node)
        names += [row[0] for row in (*io.AI, *io.DI, *io.CI)]
    return names


def kinds_of(target: str) -> dict[str, Kind]:
    """Return the kinds `target` takes, ranges in its own unit; {} for an unknown target."""
    if target == WORLD:
        return _by_name(WORLD_KINDS)
    if target == LINK:
        return _by_name(CAN)
    if target in NODES:
        return _by_name(BOARDS)
    if target in valve_tags():
        return _by_name(VALVES)
    if target in device_tags():
        kinds = _by_name(DEVICES)
        if target == PROPORTIONAL:
            kinds["stuck"] = dataclasses.replace(kinds["stuck"], unit="%", high=100.0)
        return kinds
    found = signal_row(target)
    if found is None:
        return {}
    section, row = found
    if section == "AI":
        return {kind.name: _in_tag_unit(kind, row) for kind in SIGNALS}
    names = CONTACT_KINDS if section == "DI" else PULSE_KINDS
    kinds = {kind.name: kind for kind in SIGNALS if kind.name in names}
    if section == "DI":
        kinds["stuck"] = dataclasses.replace(kinds["stuck"], unit="0|1")
    return kinds


def _in_tag_unit(kind: Kind, row: Any) -> Kind:
    """Return `kind` with the range of an AI row: whole spans become the unit people use."""
    if kind.unit != TAG_UNIT:
        return kind
    low, high, shown = row[2] / row[6], row[3] / row[6], row[5]
    if kind.name == "stuck":
        return dataclasses.replace(kind, unit=shown, low=low, high=high)
    span = high - low
    unit = shown + "/s" if kind.name == "drift" else shown
    return dataclasses.replace(kind, unit=unit, low=kind.low * span, high=kind.high * span)


def family_of(target: str) -> str:
    """Return the family of a target, "" for an unknown one."""
    if target in NODES:
        return "nodes"
    if target == LINK:
        return "link"
    if target == WORLD:
        return "world"
    if target in valve_tags():
        return "valves"
    if target in device_tags():
        return "devices"
    found = signal_row(target)
    return SECTIONS[found[0]] if found is not None else ""


def place(target: str, kind: Kind) -> tuple[str, str]:
    """Return what only one fault at a time can act on: a signal, valve, device or board, or a kind of the others."""
    if kind.unit == "ops":
        return target, "memory"
    return target, kind.name if target in (WORLD, LINK) or (target in NODES and kind.lasts) else ""


def vocabulary() -> list[dict[str, object]]:
    """Return one dict per target and kind (what `cryofill faults --json` prints)."""
    return [
        {
            "family": family_of(target),
            "target": target,
            "kind": kind.name,
            "value": kind.value,
            "unit": kind.unit,
            "low": kind.low,
            "high": kind.high,
            "default": kind.default,
            "words": kind.words,
            "lasts": kind.lasts,
            "available": True,  # no kind is refused any more; for readers of earlier versions' objects
        }
        for target in targets()
        for kind in kinds_of(target).values()
    ]
