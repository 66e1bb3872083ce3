"""What the dispenser refuses, value by value; versions; the command tables against the tables that carry them out."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_tests.can import boards
from hil_tests.firmware.parameters import by_place
from sim import tables

FIRMWARE = tables.FIRMWARE
REFUSALS = tables.load_table(FIRMWARE / "dispenser" / "refusal_table.py")
NAMES = [row[0] for row in REFUSALS.REFUSALS]


@pytest.fixture(scope="module")
def board() -> Iterator[Any]:
    with boards.firmware() as loaded:
        yield loaded


class Truck:
    """A truck as it should be: track1000 with 40 kg in it, and the date before its certificate ends."""

    def __init__(self, **other: Any) -> None:
        self.volume_l, self.relief_mbarg, self.mawp_mbarg = 1700, 6000, 6300
        self.vessel_type, self.cert_month = 1, 202611
        self.max_mass_g, self.max_pressure_mbar, self.max_flow_g_s = 94300, 6450, 125
        self.target_g, self.mass_g, self.pressure_mbar = 85000, 40000, 4000
        self.changed = self.aborts = False
        self.is_introduced = True
        self.spoken = 1
        self.proof = "right"
        self.talking_ms = 1000
        vars(self).update(other)
        self.guard = SimpleNamespace(passes=lambda: self.proof == "right", refuses=lambda: self.proof == "wrong")

    def version(self) -> int:
        return self.spoken

    def introduced(self) -> bool:
        return self.is_introduced


def judged(board: Any, station: dict[str, int], truck: Truck) -> tuple[str, bool]:
    """Return (name of the refusal or "", fits)."""
    handshake = board.load("dispenser.handshake")
    tags = board.load("generated.dispenser_tags")
    values = [0] * 64
    values[tags.PT101] = 6000
    params = {"target_g": 0, "pump_mbar": 0, "date_month": 202611, "hose_relief_mbarg": 6000} | station
    image = SimpleNamespace(ai=SimpleNamespace(value=values), di=[1] * 64)
    one = handshake.Handshake(image, truck, SimpleNamespace(value=[0] * 32), by_place("dispenser", params))
    one.machine = SimpleNamespace(state_ms=truck.talking_ms)
    one.judge()
    code = one.refusal_code()
    assert (code == 0) == (one.refusal == 0)
    return (NAMES[code - REFUSALS.FIRST_CODE] if code else "", one.fits)


# fmt: off
CASES = [
    # WHAT IS WRONG                    REFUSAL      STATION, TRUCK
    ("nothing",                        "",          {}, {}),
    ("no common version",              "VERSION",   {}, {"spoken": 0}),
    ("version before everything else", "VERSION",   {}, {"spoken": 0, "is_introduced": False, "aborts": True}),
    ("abort",                          "ABORTED",   {}, {"aborts": True}),
    ("swapped before all was told",    "CHANGED",   {}, {"changed": True, "is_introduced": False}),
    ("unknown type",                   "TYPE",      {}, {"vessel_type": 2}),
    ("no type",                        "TYPE",      {}, {"vessel_type": 0}),
    ("volume at the tolerance",        "",          {}, {"volume_l": 1683, "max_mass_g": 90000}),
    ("volume below it",                "VOLUME",    {}, {"volume_l": 1682}),
    ("volume above it",                "VOLUME",    {}, {"volume_l": 1718}),
    ("relief at the tolerance",        "",          {}, {"relief_mbarg": 6060, "max_mass_g": 90000}),
    ("relief above it",                "RELIEF",    {}, {"relief_mbarg": 6061}),
    ("relief below it",                "RELIEF",    {}, {"relief_mbarg": 5939}),
    ("MAWP at the tolerance",          "",          {}, {"mawp_mbarg": 6240}),
    ("MAWP below it",                  "MAWP",      {}, {"mawp_mbarg": 6239}),
    ("MAWP above it",                  "MAWP",      {}, {"mawp_mbarg": 6361}),
    ("MAWP below the hose's relief",   "MAWP",      {"hose_relief_mbarg": 6301}, {}),
    ("MAWP at the hose's relief",      "",          {"hose_relief_mbarg": 6300}, {}),
    ("flow above its type's",          "FLOW",      {}, {"max_flow_g_s": 126}),
    ("less flow than its type's",      "",          {}, {"max_flow_g_s": 10}),
    ("expired last month",             "EXPIRED",   {"date_month": 202612}, {}),
    ("expired last year",              "EXPIRED",   {"date_month": 202701}, {"cert_month": 202612}),
    ("last valid month",               "",          {"date_month": 202611}, {"cert_month": 202611}),
    ("no date set",                    "",          {"date_month": 0}, {"cert_month": 200001}),
    ("0.5 % above the 98 % rule",      "",          {}, {"max_mass_g": 94470}),
    ("more above it",                  "MAX_MASS",  {}, {"max_mass_g": 94480}),
    ("fill pressure at relief",        "PRESSURE",  {}, {"max_pressure_mbar": 7013}),
    ("fill pressure below relief",     "",          {}, {"max_pressure_mbar": 7012}),
    ("tank at the supply's pressure",  "PRESSURE",  {}, {"pressure_mbar": 6000}),
    ("a pump that gives more",         "",          {"pump_mbar": 6200}, {"pressure_mbar": 6000}),
    ("target at the maximum",          "",          {}, {"target_g": 94300}),
    ("target above it",                "TARGET",    {}, {"target_g": 94310}),
    ("the station's target above it",  "TARGET",    {"target_g": 95000}, {}),
    ("no target from anyone",          "TARGET",    {}, {"target_g": -1}),
    ("full already",                   "TARGET",    {}, {"mass_g": 85000}),
    ("a wrong proof of its key",       "NOT_PROVED", {}, {"proof": "wrong"}),
    ("no proof in time",               "NOT_PROVED", {}, {"proof": "none", "talking_ms": 5000}),
    ("unproved and of no type",        "TYPE",      {}, {"proof": "wrong", "vessel_type": 0}),
]
# fmt: on


@pytest.mark.parametrize(("refusal", "station", "truck"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_truck_is_refused_for_what_is_wrong(
    board: Any, refusal: str, station: dict[str, int], truck: dict[str, Any]
) -> None:
    assert judged(board, station, Truck(**truck)) == (refusal, not refusal)


def test_a_truck_that_may_still_prove_itself_is_neither_refused_nor_accepted(board: Any) -> None:
    assert judged(board, {}, Truck(proof="none", talking_ms=4990)) == ("", False)


def test_every_refusal_is_tried() -> None:
    assert {row[1] for row in CASES} == {"", *NAMES}


@pytest.mark.parametrize("missing", [{"is_introduced": False}, {"mass_g": -1}])
def test_a_truck_that_has_not_told_all_is_neither_refused_nor_accepted(board: Any, missing: dict[str, Any]) -> None:
    assert judged(board, {}, Truck(**missing)) == ("", False)


def test_every_refusal_is_a_guard_of_talk_in_the_order_of_its_code() -> None:
    rows = [row for row in tables.states("dispenser").TRANSITIONS if row[1].startswith("refused_")]
    assert [(row[0], row[1], row[2]) for row in rows] == [("TALK", row[1], "UNLOCK") for row in REFUSALS.REFUSALS]
    talk = [row[1] for row in tables.states("dispenser").TRANSITIONS if row[0] == "TALK"]
    assert talk[-1] == "truck_ready"  # asked after every reason against


class TestVersion:
    side = st.tuples(st.integers(1, 253), st.integers(-2, 5))

    @given(ours=side, theirs=side)
    def test_both_sides_agree_and_it_is_one_that_both_speak(
        self, board: Any, ours: tuple[int, int], theirs: tuple[int, int]
    ) -> None:
        common = board.load("core.version").common
        spoken = [set(range(max(1, v - max(older, 0)), v + 1)) for v, older in (ours, theirs)]
        both = spoken[0] & spoken[1]
        assert common(ours[0], max(ours[1], 0), *theirs) == max(both, default=0)
        assert common(theirs[0], max(theirs[1], 0), *ours) == max(both, default=0)

    @pytest.mark.parametrize("theirs", [-1, -2, 0])
    def test_no_version_is_none(self, board: Any, theirs: int) -> None:
        assert board.load("core.version").common(1, 0, theirs, 5) == 0


class TestCommandTables:
    meaning = tables.load_table(FIRMWARE / "dispenser" / "command_table.py")
    sent = tables.load_table(FIRMWARE / "tank" / "command_table.py")

    def test_every_public_state_has_a_row_and_every_row_is_a_state(self) -> None:
        states = tables.states("dispenser")
        named = [row[0] for row in self.meaning.MEANING]
        assert len(named) == len(set(named))
        assert set(states.PUBLIC) <= set(named) <= set(states.PUBLIC) | {row[0] for row in states.STATES}
        assert [row[0] for row in self.sent.COMMANDS] == list(tables.states("tank").PUBLIC)

    def test_abort_stops_where_the_trip_row_watches_it(self) -> None:
        trips = tables.trips("dispenser")
        where = next(trips.WHERE[row[7]] for row in trips.TRIPS if row[0] == "TRUCK_ABORT")
        states = {row[0]: row[1] for row in tables.states("dispenser").STATES}
        stops = {states.get(row[0], row[0]) for row in self.meaning.MEANING if row[4] == "stop"}
        assert stops == set(where)

    def test_what_holds_is_what_a_row_of_the_sequence_holds(self) -> None:
        states = tables.states("dispenser")
        source = next(row[0] for row in states.TRANSITIONS if row[1] == "truck_halts")
        held = {row[0] for row in self.meaning.MEANING if "hold" in row[1:]}
        assert held == set(states.GROUPS[source])

    def test_only_dyna_lets_liquid_begin_or_go_on(self) -> None:
        for where, *actions in self.meaning.MEANING:
            if where in ("COOL_OPEN", "PRECOOL", "COLDTEST", "FILL", "HOLD"):
                assert actions[0] == "go" and "go" not in actions[1:], where

    def test_the_tank_asks_for_liquid_only_when_heard_with_a_way_open(self) -> None:
        for public, heard, unheard in self.sent.COMMANDS:
            assert unheard != "DYNA"
            assert (heard == "DYNA") == (public in ("COOLDOWN", "FILL"))

    def test_the_firmware_reads_the_rows_as_they_stand(self, board: Any) -> None:
        handshake = board.load("dispenser.handshake")
        compiled = handshake.meanings()
        rows = {row[0]: row[1:] for row in self.meaning.MEANING}
        for number, (name, public, *_) in enumerate(tables.states("dispenser").STATES):
            words = tuple(handshake.ACTIONS[code] for code in compiled[5 * number : 5 * number + 5])
            assert words == rows.get(name, rows[public]), name
