"""Truth: the exact value that each instrument and contact of both I/O lists sees, before the instrument itself."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from .config import SEA_LEVEL_BAR, max_fill_kg
from .meter import gas_share, shown
from .piping_table import STUB_RATING_BARG
from .places import HOSE, NOZZLE, RCPT, RETURN, STUB
from .valves import CLOSED_AT, OPEN_AT
from .world import through_hole_g_s

if TYPE_CHECKING:
    from .plant import Plant

LEVEL_RHO_L = 70.83  # LT201's calibration: saturated at 1.013 bar
LEVEL_RHO_V = 1.34
HIGH_LEVEL_SHARE = 0.97  # LSHH202 opens at this share of the 98 %-rule mass (assumed setting)
HELIUM_OK_BAR = 5.0  # PS104 (assumed setting)
CABINET_M3 = 0.5  # assumed
CABINET_FAN_M3_S = 0.05  # assumed: forced ventilation
FORECOURT_M3_S = 2.0  # assumed: wind through the detector's catchment
FORECOURT_TAU_S = 3.0
H2_KG_M3 = 0.0838  # at 293 K, 1 atm
HEATER_A = 8.7  # HT205 at 100 %, 2 kW at 230 V
STACK_J_K = 400.0  # assumed: heat capacity of the sensor's part of the stack
STACK_AIR_W_K = 2.0  # assumed


class Sensors:
    """Fills `plant.truth`. Slow quantities (gas detectors, stack temperature) have their own first-order states.

    Every write to a contact goes with a count up of truth["contact_changes"]: the instruments look at the contacts,
    of which there are fifty, only then.
    """

    __slots__ = (
        "plant",
        "cabinet_pct",
        "forecourt_pct",
        "stack_k",
        "fq_g",
        "_metered_kg_s",
        "_limits",
        "full_kg",
        "_last",
        "_contacts",
        "_surroundings",
    )

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.cabinet_pct = self.forecourt_pct = self.fq_g = 0.0
        self.stack_k = plant.config.ambient_k
        self._metered_kg_s = 0.0
        cfg = plant.config
        self.full_kg = max_fill_kg(cfg.volume_m3 / cfg.tanks, cfg.relief_barg + SEA_LEVEL_BAR)
        self._limits = [(v, v.tag, "ZO" + v.tag[2:], "ZC" + v.tag[2:]) for v in plant.valves.values()]
        self._contacts: tuple[float, ...] = ()
        self._surroundings: tuple[object, ...] = ()
        plant.truth["contact_changes"] = 0
        self._last = [-1.0] * len(self._limits)

    def meter(self, p: Plant, dt: float) -> None:
        """What FT101 makes of the flow of this step, and its pulse total."""
        flow = -p.xv101.w  # the link is named from the stub
        error = p.config.meter_gas_error
        if error > 0.0 and flow > 0.0:
            station = p.station
            flow = shown(flow, gas_share(p.fluid, station.delivers(), station.liquid_k, flow), error)
        self._metered_kg_s = flow
        if flow > 0.0:
            self.fq_g += flow * dt * 1e3

    def process(self, p: Plant) -> None:
        """What the physics changes: pressures, flows, contents. Called after each physics step."""
        t, tank, nodes = p.truth, p.tank, p.nodes
        nozzle, ret, stub = nodes[NOZZLE], nodes[RETURN], nodes[STUB]
        t["PT101"] = (p.station.delivers() + p.supply_surge.pa) * 1e-5
        t["PT102"] = t["PT106"] = (nozzle.p + p.hose_surge.pa) * 1e-5
        t["PT103"] = t["PT107"] = ret.p * 1e-5
        t["FT101"] = self._metered_kg_s * 1e3
        t["FT103"] = p.xv104.w * 1e3
        t["FQ101"] = self.fq_g
        t["flow_xv103_g_s"] = p.xv103.w * 1e3
        t["flow_xv201_g_s"] = p.xv201.w * 1e3
        t["flow_tstack_g_s"] = p.w_tstack * 1e3
        t["tank_bar"] = t["PT201A"] = t["PT201B"] = tank.p * 1e-5
        t["tank_kg"] = kg = tank.ml + tank.mv
        if p.manifold is not None:
            kg = self._two_vessels(t)
        t["hose_liquid_kg"] = nodes[HOSE].m_liq + nozzle.m_liq
        t["return_liquid_kg"] = ret.m_liq + nodes[RCPT].m_liq
        t["stub_liquid_kg"] = stub.m_liq
        t["stub_bar"] = stub.p * 1e-5
        below = 1.0 if kg < HIGH_LEVEL_SHARE * self.full_kg else 0.0
        if t.get("LSHH202") != below:
            t["LSHH202"] = below
            t["contact_changes"] += 1

    def _two_vessels(self, t: dict[str, float]) -> float:
        """What differs with two: a transmitter on each, the sum of their masses; returns the mass in the fuller one."""
        a, b = self.plant.tanks
        t["tank1_kg"], t["tank2_kg"] = first, second = a.mass_kg(), b.mass_kg()
        t["tank_kg"] = first + second
        t["tank1_bar"], t["tank2_bar"] = t["PT201A"], t["PT201B"] = low, high = a.p * 1e-5, b.p * 1e-5
        t["tank_bar"] = max(low, high)
        return max(first, second)

    def tick(self, p: Plant, dt: float) -> None:
        """What may change in any tick: contacts, positions; every fifth tick the slow channels."""
        w, chain, lock_open = p.world, p.chain, p.coupling.lock_open
        now = (
            chain.earth_ohm, chain.relay, chain.hs101, chain.es101, chain.zs103, chain.zs105, w.seated, lock_open,
            w.start_pressed, w.stop_pressed,
        )  # fmt: skip
        if now != self._contacts:
            self._contacts = now
            t = p.truth
            t["contact_changes"] += 1
            t["GT101"] = chain.earth_ohm
            t["HS101A"] = t["HS101B"] = 1.0 if chain.hs101 else 0.0
            t["ES101"] = 1.0 if chain.es101 else 0.0
            t["ES102"] = t["relay"] = 1.0 if chain.relay else 0.0
            t["ES103"] = 1.0 if chain.es103 else 0.0
            t["ZS103"] = 1.0 if chain.zs103 else 0.0
            t["ZS105"] = 1.0 if chain.zs105 else 0.0
            t["ZS101"] = t["ZS201"] = 1.0 if w.seated else 0.0
            t["lock_open"] = t["LK108"] = lock_open
            t["ZS102"] = 1.0 if w.seated and lock_open < 0.05 else 0.0
            t["PB101"] = 1.0 if w.start_pressed else 0.0
            t["PB102"] = 1.0 if w.stop_pressed else 0.0
        if p.moving or p.tick < 2:
            t = p.truth
            last = self._last
            for i, (valve, tag, zo, zc) in enumerate(self._limits):
                pos = valve.pos
                if pos != last[i]:
                    last[i] = pos
                    t[tag] = pos
                    t["contact_changes"] += 1
                    if zo != "ZO102":
                        t[zo] = 1.0 if pos >= OPEN_AT else 0.0
                        t[zc] = 1.0 if pos <= CLOSED_AT else 0.0
        if p.tick % 5 == 0:
            self.slow(5.0 * dt)

    def slow(self, dt: float) -> None:
        """Channels that the boards sample every 50 ms or slower, for any `dt` s."""
        p = self.plant
        t, w, tank, nodes, e = p.truth, p.world, p.tank, p.nodes, p.actual
        ambient = w.ambient_kpa * 0.01
        for tag, node in (("TT102", nodes[NOZZLE]), ("TT103", nodes[RETURN])):
            # A pocket in the wall: mostly the fluid when it is wet, mostly metal in gas.
            wet = 10.0 * (1.0 - node.gas_share)
            share = 0.35 + 0.55 * (wet if wet < 1.0 else 1.0)
            t[tag] = node.metal.t_k + share * (node.t - node.metal.t_k)
        t["TT102B"] = t["TT102"]
        t["nozzle_metal_k"] = nodes[NOZZLE].metal.t_k
        t["return_metal_k"] = nodes[RETURN].metal.t_k
        t["TT101"] = p.station.liquid_k
        t["PT105"] = t["PT204"] = ambient
        t["VT101"] = w.hose_vacuum_pa
        t["VT201"] = w.tank_vacuum_pa
        t["ZT102"] = t["FCV102"] * 100.0
        out = p.by_tag
        flow, heat = 0.0, STACK_AIR_W_K * (w.ambient_k - self.stack_k)
        for tag, n in (
            ("XV105", NOZZLE),
            ("XV110", RCPT),
            ("PSV101", HOSE),
            ("PSV102", RETURN),
            ("PSV103", STUB),
        ):
            x = out[tag].w
            if x > 0.0:
                flow += x
                heat += x * 10_000.0 * (nodes[n].t - self.stack_k)
        t["flow_stack_g_s"] = flow * 1e3
        self.stack_k += heat * dt / (STACK_J_K + (flow * 10_000.0 + STACK_AIR_W_K) * dt)
        t["TT105"] = self.stack_k
        ambient_pa = w.ambient_kpa * 1e3
        leak = max(through_hole_g_s(w.leak_cabinet_g_s, nodes[STUB].p - ambient_pa), 0.0)
        aim = 100.0 * leak * 1e-3 / H2_KG_M3 / CABINET_FAN_M3_S
        self.cabinet_pct += (aim - self.cabinet_pct) * (1.0 - exp(-CABINET_FAN_M3_S / CABINET_M3 * dt))
        leak = max(through_hole_g_s(w.leak_forecourt_g_s, nodes[NOZZLE].p - ambient_pa), 0.0)
        aim = 100.0 * leak * 1e-3 / H2_KG_M3 / FORECOURT_M3_S
        self.forecourt_pct += (aim - self.forecourt_pct) * (1.0 - exp(-dt / FORECOURT_TAU_S))
        t["AT101"] = min(self.cabinet_pct, 100.0)
        t["AT102"] = min(self.forecourt_pct, 100.0)
        t["AT201"] = 0.0
        t["ice_g"] = p.coupling.ice.grams
        t["solid_air_g"] = p.frozen_air.total_kg() * 1e3
        t["TT201"], t["TT202"] = tank.tl if tank.ml > 0.05 else tank.tv, tank.tv
        mean = (tank.ml + tank.mv) / tank.v
        if p.manifold is not None:
            # Both probes on one converter show the mean; of both vacuum gauges the worse one is passed on.
            mean = t["tank_kg"] / sum(vessel.v for vessel in p.tanks)
            t["VT201"] = max(w.tank_vacuum_pa, w.tank2_vacuum_pa)
        t["LT201"] = 100.0 * (mean - LEVEL_RHO_V) / (LEVEL_RHO_L - LEVEL_RHO_V)
        drive = p.propulsion
        t["PT203"] = drive.buffer.p * 1e-5
        t["TT204"] = ambient_k = w.ambient_k
        t["TT203"] = ambient_k if drive.at_rest else drive.vaporiser.outlet_k
        t["TT205"] = ambient_k if drive.at_rest else drive.vaporiser.coolant_k
        t["HT205"] = e["HT205"]
        t["IT205"] = HEATER_A * e["HT205"]
        around = (
            drive.coolant_flows(), w.flame, w.in_holster, w.helium_bar > HELIUM_OK_BAR, w.key, w.cap_on, w.brake,
            w.ignition, w.crash,
        )  # fmt: skip
        if around != self._surroundings:
            self._surroundings = around
            t["contact_changes"] += 1
            t["FS207"] = 1.0 if drive.coolant_flows() else 0.0
            t["FS101"] = 0.0 if w.flame else 1.0
            t["ZS104"] = 1.0 if w.in_holster else 0.0
            t["PS104"] = 1.0 if w.helium_bar > HELIUM_OK_BAR else 0.0
            t["KS101"] = 1.0 if w.key else 0.0
            t["ZS202"] = 1.0 if w.cap_on else 0.0
            t["ZS203"] = 1.0 if w.brake else 0.0
            t["ZS204"] = 1.0 if w.ignition else 0.0
            t["ZS205"] = 0.0 if w.crash else 1.0
        for tag in ("BL109", "PMP111", "VP207", "ES210", "IM211"):
            t[tag] = e[tag]
        if not p.chain.relay:
            t["PMP111"] = 0.0
        # Beside the board's own inhibit there is a hard-wired one from ZS201.
        t["traction"] = 1.0 if e["IM211"] > 0.5 and not w.seated else 0.0
        t["truck_m"] = p.vehicle.m
        t["stub_rating_barg"] = STUB_RATING_BARG
