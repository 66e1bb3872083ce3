"""I1, I6, I9 bite on the truck, I8 and I12 on the ticket."""

from __future__ import annotations

from binascii import crc_hqx
from types import SimpleNamespace
from typing import Any

import pytest
from littlefs import LittleFS, UserContext

RELIEF_BAR = 7.013
MOST_KG = 94.318


def image(held: dict[int, str]) -> bytes:
    """Return a flash image with these ticket lines by file number."""
    context = UserContext(16 * 4096)
    filesystem = LittleFS(context=context, block_size=4096, block_count=16, disk_version=0x00020001)
    filesystem.mkdir("tickets")
    for slot, text in held.items():
        with filesystem.open(f"tickets/{slot:02d}", "wb") as file:
            file.write(b"%s*%04X\n" % (text.encode(), crc_hqx(text.encode(), 0xFFFF)))
    return bytes(context.buffer)


class TestI1:
    """A fill never brings the tank to its relief."""

    @pytest.mark.parametrize(("bar", "broken"), [(RELIEF_BAR - 0.01, []), (RELIEF_BAR, ["I1"])])
    def test_the_limit_during_a_fill(self, bench: Any, bar: float, broken: list[str]) -> None:
        bench.filling()
        bench.tick(0.2, tank_bar=bar)
        assert bench.broken == broken

    def test_the_relief_follows_the_local_ambient(self, bench: Any) -> None:
        bench.filling()
        bench.tick(0.2, tank_bar=6.8, PT105=0.7)
        assert bench.broken == ["I1"]

    def test_a_minute_after_the_fill_still_counts(self, bench: Any) -> None:
        bench.filling()
        bench.shut()
        bench.tick(55.0, XV201=0.0, hose_liquid_kg=0.0)
        bench.tick(0.2, tank_bar=7.1)
        assert bench.broken == ["I1"]

    def test_a_parked_truck_is_not_a_fill(self, bench: Any) -> None:
        bench.tick(2.0, tank_bar=7.1)
        assert bench.broken == []


@pytest.mark.parametrize(("kg", "broken"), [(MOST_KG, []), (MOST_KG + 0.01, ["I6"])])
def test_i6_the_filling_limit(bench: Any, kg: float, broken: list[str]) -> None:
    bench.tick(0.2, tank_kg=kg)
    assert bench.broken == broken


@pytest.mark.parametrize(
    ("truth", "broken"),
    [
        ({"tank1_kg": 0.5 * MOST_KG, "tank2_kg": 20.0, "tank2_bar": 4.0}, []),
        ({"tank1_kg": 20.0, "tank2_kg": 0.5 * MOST_KG + 0.01, "tank2_bar": 4.0}, ["I6"]),
        ({"tank1_kg": 20.0, "tank2_kg": 20.0, "tank2_bar": 1.04}, ["I11"]),
    ],
)
def test_each_of_two_vessels_is_judged(bench: Any, truth: dict[str, float], broken: list[str]) -> None:
    bench.invariants.view.tanks = 2
    bench.tick(0.2, tank_kg=40.0, tank_bar=4.0, tank1_bar=4.0, **truth)
    assert bench.broken == broken


class TestI9:
    """No traction with the nozzle seated."""

    def test_a_release_while_seated_is_caught(self, bench: Any) -> None:
        bench.tick(0.4, IM211=1.0)
        assert bench.broken == []
        bench.tick(0.4)
        assert bench.broken == ["I9"]

    def test_a_truck_that_can_drive_is_caught_at_once(self, bench: Any) -> None:
        bench.tick(0.1, traction=1.0)
        assert bench.broken == ["I9"]

    def test_a_dead_board_is_held_by_the_wire(self, bench: Any) -> None:
        bench.dead.add("tank")
        bench.tick(5.0, IM211=1.0)
        assert bench.broken == []

    def test_unseated_it_may_drive(self, bench: Any) -> None:
        bench.world.seated = False
        bench.tick(5.0, IM211=1.0, traction=1.0)
        assert bench.broken == []


class TestTickets:
    """I8: everything metered is in a ticket. I12: the ticket is right."""

    FLOW_G_S = 100.0

    def delivered(self, bench: Any, kg: float = 10.0) -> None:
        """Fill 10.1 kg through the meter, of which `kg` arrive in the tank."""
        bench.filling()
        bench.tick(100.0)
        bench.shut()
        bench.state["dispenser"] = "COMPLETE"
        bench.tick(1.0, tank_kg=40.0 + kg, hose_liquid_kg=0.0, stub_liquid_kg=0.0, TT102=150.0, TT103=150.0)
        assert bench.broken == []

    @pytest.mark.parametrize(
        ("meter_g", "broken"), [(10_100, []), (10_000, []), (10_204, ["I8"]), (9_990, ["I8"])]
    )
    def test_the_meter_to_within_a_second_of_flow(self, bench: Any, meter_g: int, broken: list[str]) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=10_000, meter_g=meter_g)
        bench.finish()
        assert bench.broken == broken

    def test_a_fill_of_two_ticks_is_a_fill(self, bench: Any) -> None:
        bench.tick(0.11)
        bench.state["dispenser"] = "FILL"
        bench.tick(0.02)
        bench.state["dispenser"] = "HOLD"
        bench.tick(2.0, FT101=10.0)
        bench.state["dispenser"] = "COMPLETE"
        bench.tick(0.1, FT101=0.0)
        bench.finish()
        assert bench.broken == ["I8"]  # 20 g and no ticket

    def test_two_tickets_share_what_was_metered(self, bench: Any) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=5_000, meter_g=5_050)
        bench.ticket(session=2, metered_g=5_000, meter_g=5_050)
        bench.finish()
        assert bench.broken == []

    def test_no_ticket_at_all_is_caught(self, bench: Any) -> None:
        self.delivered(bench)
        bench.finish()
        assert bench.broken == ["I8"]

    def test_a_ticket_is_not_due_while_the_fill_goes_on(self, bench: Any) -> None:
        self.delivered(bench)
        bench.state["dispenser"] = "WARM"
        bench.finish()
        assert bench.broken == []

    def test_a_restart_makes_the_ticket_due_whatever_the_state(self, bench: Any) -> None:
        self.delivered(bench)
        bench.state["dispenser"] = "FILL"
        bench.tick(0.2)
        bench.state["dispenser"] = "BOOT"
        bench.tick(0.2)
        bench.state["dispenser"] = "WARM"
        bench.tick(0.2)
        bench.finish()
        assert bench.broken == ["I8"]

    @pytest.mark.parametrize(("meter_g", "broken"), [(10_010, []), (9_990, ["I8"])])
    def test_a_cut_may_cost_a_second_of_flow(self, bench: Any, meter_g: int, broken: list[str]) -> None:
        self.delivered(bench)
        bench.state["dispenser"] = "BOOT"
        bench.tick(0.2)
        bench.state["dispenser"] = "SAFE_STOP"
        bench.tick(0.2)
        bench.ticket(session=1, metered_g=9_000, meter_g=meter_g, status=2, number=1)
        bench.finish()
        assert bench.broken == broken

    def test_a_ticket_told_again_counts_once(self, bench: Any) -> None:
        self.delivered(bench)
        for _ in range(2):
            bench.ticket(session=1, metered_g=10_000, meter_g=10_100, number=7)
        bench.finish()
        assert bench.broken == []

    def test_a_ticket_told_in_two_ways_is_caught(self, bench: Any) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=10_000, meter_g=10_100, number=7)
        bench.ticket(session=1, metered_g=10_001, meter_g=10_100, number=7)
        bench.finish()
        assert bench.broken == ["I8"]

    def test_numbers_that_go_back_are_caught(self, bench: Any) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=5_000, meter_g=5_050, number=7)
        bench.ticket(session=1, metered_g=5_000, meter_g=5_050, number=6)
        bench.finish()
        assert bench.broken == ["I8"]

    @pytest.mark.parametrize(
        ("held", "broken"),
        [
            ({0: "1,16,1,10000,10100,0,0,0,0,0"}, []),  # in flash, cut before it was told
            ({}, ["I8"]),
            ({0: "1,16,1,10000,10100,0,0,0,0"}, ["I8"]),  # a field short
            ({1: "1,16,1,10000,10100,0,0,0,0,0"}, ["I8"]),  # another's file
        ],
    )
    def test_the_flash_image_is_read_by_its_format_alone(
        self, bench: Any, held: dict[int, str], broken: list[str]
    ) -> None:
        self.delivered(bench)
        bench.memory = {"dispenser": SimpleNamespace(flash=image(held), block_bytes=4096)}
        bench.finish()
        assert bench.broken == broken

    def test_a_ticket_that_is_told_but_not_in_flash_is_caught(self, bench: Any) -> None:
        self.delivered(bench)
        bench.memory = {"dispenser": SimpleNamespace(flash=image({}), block_bytes=4096)}
        bench.ticket(session=1, metered_g=10_000, meter_g=10_100, number=16)
        bench.finish()
        assert bench.broken == ["I8"]

    def test_precool_of_the_next_truck_is_in_no_ticket(self, bench: Any) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=10_000, meter_g=10_100, number=1)
        bench.state["dispenser"] = "PRECOOL"
        bench.tick(20.0, FT101=30.0)
        bench.finish()
        assert "I8" not in bench.broken

    def test_nothing_metered_needs_no_ticket(self, bench: Any) -> None:
        bench.tick(1.0)
        bench.finish()
        assert bench.broken == []

    @pytest.mark.parametrize(
        ("metered_g", "broken"), [(10_000, []), (10_099, []), (10_101, ["I12"]), (9_899, ["I12"])]
    )
    def test_noise_only_a_ticket_is_right_to_one_percent(
        self, bench: Any, metered_g: int, broken: list[str]
    ) -> None:
        self.delivered(bench)
        bench.ticket(session=1, metered_g=metered_g, meter_g=10_100)
        bench.finish()
        assert bench.broken == broken

    def test_with_full_errors_one_and_a_half_percent(self, bench: Any) -> None:
        bench.invariants.view.noise_only = False
        self.delivered(bench)
        bench.ticket(session=1, metered_g=10_149, meter_g=10_100)
        bench.finish()
        assert bench.broken == []

    def test_not_billable_is_an_honest_ticket(self, bench: Any) -> None:
        self.delivered(bench, kg=7.0)
        bench.ticket(session=1, metered_g=10_000, meter_g=10_100, status=1)
        bench.finish()
        assert bench.broken == []

    def test_a_small_delivery_must_not_be_billed(self, bench: Any) -> None:
        self.delivered(bench, kg=4.9)
        bench.ticket(session=1, metered_g=4_900, meter_g=10_100)
        bench.finish()
        assert bench.broken == ["I12"]
