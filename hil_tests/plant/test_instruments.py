"""Instruments: scaling, lag, noise, limits and signal faults."""

from __future__ import annotations

import random

import pytest

from sim import tables
from sim.instruments import Instruments
from sim.plant import Plant, PlantConfig
from sim.plant.piping_table import SWITCHED

T_S = 0.01


def truth(**changed: float) -> dict[str, float]:
    values: dict[str, float] = {}
    for node in tables.NODES:
        io = tables.io(node)
        values.update((row[0], row[2] / row[6]) for row in io.AI)
        values.update((row[0], 0.0) for row in (*io.DI, *io.CI))
    values.update(changed)
    return values


def reading(ins: Instruments, tag: str) -> float:
    """What a board makes of the counts, in the tag's unit."""
    for node in tables.NODES:
        for i, row in enumerate(tables.io(node).AI):
            if row[0] == tag:
                ma = ins.counts(node)[i] * 22.0 / 65535.0
                return float((row[2] + (ma - 4.0) / 16.0 * (row[3] - row[2])) / row[6])
    raise KeyError(tag)


def run(ins: Instruments, values: dict[str, float], seconds: float, t_s: float = 0.0) -> float:
    for _ in range(round(seconds / T_S)):
        t_s += T_S
        ins.sample(t_s, values)
    return t_s


def counts(ins: Instruments, tag: str) -> int:
    tags = [row[0] for row in tables.io("tank").AI]
    return ins.counts("tank")[tags.index(tag)]


@pytest.mark.parametrize(("bar", "expected"), [(0.0, 11915), (25.0, 59577), (12.5, 35746)])
def test_scaling(bar: float, expected: int) -> None:
    ins = Instruments(1)
    run(ins, truth(PT201A=bar), 0.1)
    assert counts(ins, "PT201A") == pytest.approx(expected, abs=12)


@pytest.mark.parametrize(("bar", "ma"), [(-5.0, 3.8), (40.0, 20.5)])
def test_a_transmitter_saturates(bar: float, ma: float) -> None:
    ins = Instruments(1)
    run(ins, truth(PT201A=bar), 0.1)
    assert counts(ins, "PT201A") * 22.0 / 65535.0 == pytest.approx(ma, abs=0.01)


def test_lag_of_a_gas_detector() -> None:
    """13 s first order: 63 % after 13 s, T90 30 s."""
    ins = Instruments(1)
    t_s = run(ins, truth(), 0.1)
    t_s = run(ins, truth(AT101=2.0), 13.0, t_s)
    assert reading(ins, "AT101") == pytest.approx(2.0 * 0.632, abs=0.02)
    run(ins, truth(AT101=2.0), 17.0, t_s)
    assert reading(ins, "AT101") == pytest.approx(1.8, abs=0.02)


def test_accuracy_errors_are_fixed_and_within_the_list() -> None:
    errors = set()
    for seed in range(20):
        ins = Instruments(seed, accuracy_errors=True)
        run(ins, truth(PT201A=20.0), 0.05)
        error = reading(ins, "PT201A") - 20.0
        errors.add(round(error, 3))
        assert abs(error) < 500e-6 * 25.0 + 0.008
    assert len(errors) > 5


def test_noise_only_is_unbiased() -> None:
    ins = Instruments(1)
    values = []
    t_s = 0.0
    for _ in range(2000):
        t_s = run(ins, truth(FT101=100.0), T_S, t_s)
        values.append(reading(ins, "FT101"))
    mean = sum(values) / len(values)
    assert mean == pytest.approx(100.0, abs=0.01)
    rms = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    assert 0.02 < rms < 0.08


@pytest.mark.parametrize(
    ("kind", "value", "after_s", "shown"),
    [
        ("stuck", 5.0, 3.0, 5.0),
        ("stuck", None, 3.0, 4.0),
        ("offset", 1.5, 0.1, 5.5),
        ("drift", 0.5, 4.0, 6.0),
        ("delayed", 2.0, 1.0, 4.0),
    ],
)
def test_signal_faults(kind: str, value: float | None, after_s: float, shown: float) -> None:
    ins = Instruments(1)
    t_s = run(ins, truth(PT201A=4.0), 1.0)
    ins.set_fault("PT201A", kind, value)
    t_s = run(ins, truth(PT201A=4.0), 0.05, t_s)
    after = truth(PT201A=4.0 if kind in ("offset", "drift") else 8.0)
    t_s = run(ins, after, after_s, t_s)
    assert reading(ins, "PT201A") == pytest.approx(shown, abs=0.05)
    assert ins.fault_hits["PT201A"] > 0
    ins.clear_fault("PT201A")
    run(ins, after, 0.5, t_s)
    assert reading(ins, "PT201A") == pytest.approx(after["PT201A"], abs=0.02)


def test_open_loop_and_loose_wire() -> None:
    ins = Instruments(1)
    t_s = run(ins, truth(PT201A=4.0), 0.1)
    ins.set_fault("PT201A", "off")
    t_s = run(ins, truth(PT201A=4.0), 0.02, t_s)
    assert counts(ins, "PT201A") == 0
    ins.set_fault("PT201A", "intermittent", 1.0)
    seen = set()
    for _ in range(100):
        t_s = run(ins, truth(PT201A=4.0), T_S, t_s)
        seen.add(counts(ins, "PT201A") == 0)
    assert seen == {True, False}


def test_spikes_come_once_a_second() -> None:
    ins = Instruments(1)
    t_s = run(ins, truth(PT201A=4.0), 0.1)
    ins.set_fault("PT201A", "spike", 3.0)
    high = 0
    for _ in range(299):
        t_s = run(ins, truth(PT201A=4.0), T_S, t_s)
        high += reading(ins, "PT201A") > 6.0
    assert high == 3


def test_contacts_and_their_faults() -> None:
    from sim import wire

    ins = Instruments(1)
    bit = 1 << wire.Layout("dispenser").contact_bit["ES102"]
    t_s = run(ins, truth(ES102=1.0), 0.02)
    assert ins.contacts("dispenser") & bit
    ins.set_fault("ES102", "off")
    t_s = run(ins, truth(ES102=1.0), 0.02, t_s)
    assert not ins.contacts("dispenser") & bit
    assert ins.fault_hits["ES102"] > 0
    ins.clear_fault("ES102")
    run(ins, truth(ES102=1.0), 0.02, t_s)
    assert ins.contacts("dispenser") & bit


def test_pulses_and_a_cut_wire() -> None:
    ins = Instruments(1)
    t_s = run(ins, truth(FQ101=100.4), 0.02)
    assert ins.pulses("dispenser")[0] == 100
    ins.set_fault("FQ101", "off")
    t_s = run(ins, truth(FQ101=100.4), 0.02, t_s)
    t_s = run(ins, truth(FQ101=150.4), 0.02, t_s)
    assert ins.pulses("dispenser")[0] == 100
    ins.clear_fault("FQ101")
    run(ins, truth(FQ101=160.4), 0.02, t_s)
    assert ins.pulses("dispenser")[0] == 110


def test_unknown_signals_are_refused() -> None:
    with pytest.raises(KeyError, match="PT999"):
        Instruments(1).set_fault("PT999", "off")
    with pytest.raises(ValueError, match="garbage"):
        Instruments(1).set_fault("PT101", "garbage")


def test_contacts_follow_the_plant_in_the_tick_that_changes_them() -> None:
    """The plant counts the changes of its contacts and the instruments look at them only then: none may be missed."""
    plant = Plant(PlantConfig(), 1)
    following, looking = Instruments(1), Instruments(1)
    rng = random.Random(1)
    flags = [name for name, value in vars(plant.world).items() if isinstance(value, bool) and name != "driver_go"]
    words = set()
    for tick in range(1500):
        if tick % 15 == 0:
            flag = rng.choice([*flags, "helium_bar"])
            setattr(plant.world, flag, rng.choice((0.5, 6.6)) if flag == "helium_bar" else rng.random() < 0.5)
            plant.energised[rng.choice(SWITCHED)] = float(rng.random() < 0.5)
        plant.step(T_S)
        following.sample(tick * T_S, plant.truth)
        looking.sample(tick * T_S, {name: x for name, x in plant.truth.items() if name != "contact_changes"})
        seen = [ins.contacts(node) for ins in (following, looking) for node in tables.NODES]
        assert seen[:2] == seen[2:]
        words.add(tuple(seen))
    assert len(words) > 50


def test_zeros_drift_with_the_years_since_calibration() -> None:
    """Within the accuracy times the years, each unit its own way, and none for a new one."""
    errors = []
    for seed in range(12):
        new, old = Instruments(seed), Instruments(seed, age_years=3.0)
        for ins in (new, old):
            run(ins, truth(PT201A=20.0), 0.05)
        errors.append(reading(old, "PT201A") - reading(new, "PT201A"))
    assert all(abs(error) <= 3.0 * 500e-6 * 25.0 + 0.002 for error in errors)
    assert max(errors) > 0.01 > -0.01 > min(errors)


@pytest.mark.parametrize(("bar", "reads_pct"), [(1.013, 75.0), (6.0, 64.1)])
def test_capacitance_level_reads_density(bar: float, reads_pct: float) -> None:
    """75 % full of saturated liquid: calibrated at 1.013 bar, 11 points low at 6 bar, whose liquid is 17 % lighter."""
    from sim.plant.fluid import get_fluid

    t_k, _, _, rho_l, rho_v = get_fluid().sat_p(bar * 1e5)
    mass_kg = 1.7 * (0.75 * rho_l + 0.25 * rho_v)
    plant = Plant(PlantConfig(mass_kg=mass_kg, tank_bar=bar, wall_k=t_k + 0.1, supply_bar=6.2), 1)
    assert plant.truth["LT201"] == pytest.approx(reads_pct, abs=0.7)


@pytest.mark.parametrize(("supply_k", "low"), [(22.0, (0.0, 0.0)), (28.05, (0.01, 0.5))])
def test_a_coriolis_meter_reads_low_on_boiling_liquid(supply_k: float, low: tuple[float, float]) -> None:
    """Subcooled liquid stays liquid in the meter; hardly subcooled liquid flashes in it."""
    seen = []
    for error in (0.0, 1.0):
        plant = Plant(PlantConfig(supply_k=supply_k, meter_gas_error=error), 1)
        plant.world.seated = plant.world.earthed = True
        plant.energised.update(ES210=1, XV101=1, XV103=1, FCV102=1.0, XV201=1)
        for _ in range(1500):
            plant.step(T_S)
        seen.append(plant.sensors.fq_g / 1000.0 / plant.ledger["supplied_kg"])
    assert seen[0] == pytest.approx(1.0, abs=0.02)  # what flows back is not counted
    assert low[0] <= 1.0 - seen[1] / seen[0] <= low[1]


def test_play_of_the_control_valve_swallows_small_reversals() -> None:
    positions = []
    for play in (0.0, 0.02):
        plant = Plant(PlantConfig(hard_chain=False, fcv_hysteresis=play), 1)
        plant.energised["FCV102"] = 0.5
        for _ in range(50):
            plant.step(T_S)
        up = plant.truth["FCV102"]
        plant.energised["FCV102"] = 0.49
        for _ in range(50):
            plant.step(T_S)
        positions.append((up, plant.truth["FCV102"]))
    assert positions[0] == (0.5, 0.49)
    assert positions[1] == (0.49, 0.49)


def test_a_stroke_takes_what_its_configuration_says() -> None:
    taken = []
    for stroke_s in (0.35, 1.0):
        plant = Plant(PlantConfig(hard_chain=False, strokes_s={"XV103": stroke_s}), 1)
        plant.energised["XV103"] = 1.0
        ticks = 0
        while plant.truth["ZO103"] < 0.5:
            plant.step(T_S)
            ticks += 1
        taken.append(ticks * T_S)
    assert taken == [pytest.approx(0.34, abs=0.02), pytest.approx(0.97, abs=0.02)]


def test_a_worn_seat_passes_while_shut() -> None:
    flows = []
    for leak in (0.0, 0.005):
        plant = Plant(PlantConfig(seat_leaks={"XV201": leak}), 1)
        plant.world.seated = plant.world.earthed = True
        plant.energised.update(ES210=1, XV101=1, XV103=1, FCV102=0.5)
        for _ in range(300):
            plant.step(T_S)
        flows.append(plant.truth["flow_xv201_g_s"])
    assert flows[0] == 0.0
    assert 0.001 < flows[1] < 5.0


@pytest.mark.parametrize("values", [
    {"strokes_s": {"XV999": 1.0}}, {"strokes_s": {"XV101": 0.0}}, {"seat_leaks": {"XV101": 0.5}},
    {"meter_gas_error": 2.0}, {"fcv_hysteresis": 0.5}, {"hose_metal_k": (20.0, 20.0)}, {"fuel_cell_rated_kw": 200.0},
])  # fmt: skip
def test_actuators_and_instruments_beyond_belief_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Plant(PlantConfig(**values), 1)  # type: ignore[arg-type]
