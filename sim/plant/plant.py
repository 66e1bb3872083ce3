"""The plant: piping, tank, valves, hard chain and the world around them, advanced in 10 ms ticks.

`Plant.step` order: chain and valves -> links -> heat -> network -> tank -> node states -> truth. Everything is plain
Python; CoolProp (HEOS) is called 2-7 times a tick. Piping as in firmware/dispenser/netlist.py; FCV102 is lumped with
XV103 (the stub lies upstream of it).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from . import books
from . import links as lk
from .boundaries import Boundaries
from .chain import CUT, HardChain
from .config import PlantConfig
from .coupling import Coupling
from .disturbance import Disturbance
from .fluid import R_AIR, R_H2, R_HE, air_h, get_fluid
from .frozen_air import FrozenAir
from .line_heat import LineHeat
from .links import Link, series
from .manifold import Manifold
from .network import Network
from .node import Node
from .parking import LONGEST_S, park_plant
from .piping_table import (
    BORE_M,
    EDGE,
    FCV_STROKE_S,
    HOSE_M,
    INNER,
    NODES,
    OUTPUTS,
    SUPPLY_LINE_M,
    SWITCHED,
    VALVES,
)  # fmt: skip
from .places import AMBIENT, HOSE, NOZZLE, STUB, SUPPLY, TANK
from .propulsion import Propulsion
from .sensors import Sensors
from .station import Station
from .surge import Surge
from .tank import Tank
from .tank_ends import TankEnds
from .valves import Valve
from .vehicle import Vehicle
from .world import World, through_hole_g_s

STEADY_REL = 2e-2  # relative pressure change in one physics step that counts as steady
STRIDE_FLOW, STRIDE_STILL = 5, 10  # ticks per physics step while steady
LIQUID_SOUND_M_S = 1100.0  # subcooled at 22 K, 6 bar
COLD_GAS_K = 30.0  # a colder hose begins with gas of this temperature: its content is filled in as an ideal gas
SLOW_S = 0.5  # frost, ice and the station's dewar are looked at this often
FCV_STEP = 0.005  # travel of FCV102 (2 % of its flow) that the physics has to follow at once


class Plant:
    """The whole physical side. Set `energised` and `world`, call `step(0.01)`, read `truth`.

    Raises ValueError from the constructor for an inconsistent configuration. `step` never raises in normal use.
    """

    def __init__(self, config: PlantConfig, seed: int) -> None:
        config.validate()
        self.config = config
        self.rng = random.Random(seed)
        self.fluid = get_fluid()
        self.world = World(
            supply_bar=config.supply_bar, supply_k=config.supply_k, ambient_k=config.ambient_k,
            ambient_kpa=config.ambient_kpa,
        )  # fmt: skip
        if config.tank2_vacuum_pa is not None:
            self.world.tank2_vacuum_pa = config.tank2_vacuum_pa
        self.energised: dict[str, float] = dict.fromkeys(OUTPUTS, 0.0)
        self.actual = self.energised  # what the wires and relays behind the outputs make of them: see device_faults
        self.valve_faults: dict[str, tuple[str, float]] = {}
        self.device_faults: dict[str, float] = {}  # output -> level it has whatever is commanded
        self.vehicle = Vehicle()
        self.chain = HardChain(config.hard_chain)
        strokes_s, leaks = config.strokes_s, config.seat_leaks
        self.valves = {
            tag: Valve(tag, strokes_s.get(tag, stroke), fail, leak=leaks.get(tag, 0.0))
            for tag, stroke, fail in VALVES
        }
        self._valve_list = [(v, tag in CUT) for tag, v in self.valves.items()]
        self._fcv = self.valves["FCV102"] = Valve(
            "FCV102", strokes_s.get("FCV102", FCV_STROKE_S), False, True, leaks.get("FCV102", 0.0),
            config.fcv_hysteresis,
        )  # fmt: skip
        self._fcv_at = 0.0  # its travel as the physics has it
        self._faults_seen: dict[str, tuple[str, float]] = {}
        self.tanks = [
            Tank(config.vessel(), self.fluid, start.mass_kg, start.tank_bar * 1e5, start.wall_k)
            for start in config.starts()
        ]
        self.tank = self.tanks[0]  # of two: that with the valve box
        self.manifold = Manifold(self) if len(self.tanks) > 1 else None
        warm = config.hose == "warm"
        same_k = config.ambient_k if warm else config.hose_metal_standby_k
        self.nodes = [
            Node(name, self.fluid, litres * 1e-3, kg, area, jacket, t_k)
            for (name, litres, kg, area, jacket), t_k in zip(
                NODES, config.hose_metal_k or (same_k,) * len(NODES), strict=True
            )
        ]
        ambient = config.ambient_kpa * 1e3
        for node in self.nodes:
            # Standby keeps hydrogen just above ambient (the stack check valve holds it); a warm hose was inerted.
            gas_k = max(node.metal.t_k, COLD_GAS_K)
            node.fill(ambient + 7_000.0, gas_k, 0.0 if warm else 1.0, 1.0 if warm else 0.0, 0.0)
        self._build_links()
        self.station = Station(self)
        self.boundaries = Boundaries(self)
        self.network = Network(self.nodes, self.inner, self.edge)
        self.tank_ends = TankEnds(self)
        self.tick = 0
        self.line_heat = LineHeat(self)
        self.coupling = Coupling(self)
        self.frozen_air = FrozenAir(self.nodes)
        self.propulsion = Propulsion(self)
        self.hose_surge = Surge(HOSE_M, BORE_M)
        self.supply_surge = Surge(SUPPLY_LINE_M, BORE_M)
        self._disturbance = Disturbance(SWITCHED, OUTPUTS.index("FCV102"))
        self.moving = True
        self._stroked = False  # since the last physics step
        self._slow_s = 0.0
        self._pending = 0.0
        self._stride = self._wait = 1
        self._q_wait = [0.0] * 5
        self._start_kg = books.total_kg(self)
        self._start_j = books.total_j(self)
        self._refresh_links()
        self.boundaries.update(self.network.far_h)
        self.truth: dict[str, float] = {}
        self.sensors = Sensors(self)
        self.sensors.process(self)
        self.sensors.tick(self, 0.01)

    # -- set-up ------------------------------------------------------------------------------------------------

    def _build_links(self) -> None:
        self.inner = [Link(tag, False) for tag in INNER]
        self.edge = [Link(*row) for row in EDGE]
        self.by_tag = {ln.tag: ln for ln in (*self.inner, *self.edge)}
        b = self.by_tag
        self.xv101, self.xv103, self.xv104 = b["XV101"], b["XV103"], b["XV104"]
        self.xv201, self.xv202, self.xv208 = b["XV201"], b["XV202"], b["XV208"]

    # -- one tick ----------------------------------------------------------------------------------------------

    def step(self, dt_s: float) -> None:
        """Advance everything by one tick of `dt_s` (10 ms).

        Chain, valves and contacts run every tick. The physics runs every tick while anything moves and up to every
        fifth tick (tenth without flow) while pressures are steady; a change of a valve, the world or a boundary first
        brings it up to date, so no event is late. The flow controller's small corrections of FCV102 (its output dithers
        in nearly every tick of a fill) take effect with the next physics step. 10-40 us steady, 200 us in transients.
        """
        w = self.world
        self.tick += 1
        e = self.energised
        if self.device_faults:
            e = {**e, **self.device_faults}
        self.actual = e
        if not self.vehicle.at_rest(w):
            self.vehicle.step(w, e["IM211"] > 0.5 and not w.seated, dt_s)
        chain = self.chain
        chain.step(w, e["ES210"] > 0.5, dt_s)
        relay = chain.relay
        fcv = self._fcv
        level = e["FCV102"] if relay else 0.0
        if fcv.pos != level or fcv.fault:
            fcv.step(level, dt_s)
            self.truth["FCV102"] = fcv.pos
        if (
            self._disturbance.any(e, relay, w)
            or self.moving
            or not -FCV_STEP < fcv.pos - self._fcv_at < FCV_STEP
            or self.valve_faults != self._faults_seen
        ):
            self.catch_up()
            if not self.moving:
                self._surge(0.0)
            self.moving = self._move(dt_s, relay)
            self._stroked = True
            self._stride = 1
        self._pending += dt_s
        self._wait -= 1
        if self._wait <= 0 or self._stride == 1:
            if fcv.pos != self._fcv_at:
                self._refresh_supply()
            self._physics(self._pending)
            self._pending = 0.0
            self._wait = self._stride
            self.sensors.process(self)
        self.sensors.tick(self, dt_s)

    def park(
        self, limit_s: float, until: Callable[[dict[str, float]], bool] | None = None, longest_s: float = LONGEST_S
    ) -> float:
        """Leave all of it standing for `limit_s` s or until `until(truth)`; returns the seconds it took.

        Outputs and surroundings stay as they are (`until` may change the ambient between steps). The steps, up to
        `longest_s` s, follow what still moves: ten idle days take seconds, a relief that lifts some ms each time, and a
        draw goes on in steps of 0.1 s. Raises ValueError for a truck that is not at rest.
        """
        took_s = park_plant(self, limit_s, until, longest_s, self._physics)
        self._stride = self._wait = 1
        return took_s

    def catch_up(self) -> None:
        """Bring the physics up to the present tick."""
        if self._pending > 0.0:
            self._physics(self._pending)
            self._pending = 0.0

    def _move(self, dt: float, relay: bool) -> bool:
        """Valves, lock and seating for one tick; True while anything still strokes."""
        e = self.actual
        moved = self.valve_faults != self._faults_seen and self._apply_faults()
        for valve, cut in self._valve_list:
            level = e[valve.tag] if relay or not cut else 0.0
            target = 1.0 - level if valve.fail_open else level
            if (valve.pos != target or valve.fault) and valve.step(level, dt):
                moved = True
        coupling = self.coupling
        coupling.follow()
        self._refresh_links()
        if coupling.move_lock(e["LK108"] > 0.5, dt):
            moved = True
        return moved

    def _physics(self, dt: float) -> None:
        """Advance fluid, metal and tank by `dt` s (up to 0.1 s) and choose the next stride."""
        w = self.world
        self.boundaries.update(self.network.far_h)
        self.tank_ends.leak()
        self.line_heat.step(dt)
        net = self.network
        ambient = w.ambient_kpa * 1e3
        for at, hole_g_s in ((STUB, w.leak_cabinet_g_s), (NOZZLE, w.leak_forecourt_g_s)):
            node = self.nodes[at]
            over = node.p - ambient
            # Not past the balance within the step: near it the flow would swing to and fro.
            most = node.c_kg_pa * abs(over) / dt
            net.leak[at] = min(max(through_hole_g_s(hole_g_s, over) * 1e-3, -most), most)
        if net.leak[STUB] < 0.0 or net.leak[NOZZLE] < 0.0:
            net.far_h[AMBIENT] = air_h(w.ambient_k)
        flowing = net.step(dt)
        if self._stroked or self.hose_surge.pa or self.supply_surge.pa:
            self._surge(dt)
            self._stroked = False
        self._slow_s += dt
        if self._slow_s >= SLOW_S:
            self.frozen_air.step(self._slow_s)
            self.coupling.step(self._slow_s)
            self.station.step(self._slow_s)
            self._slow_s = 0.0
        self.propulsion.step(dt)
        change = self.tank_ends.step(dt, self.actual["HT205"])
        q_wait = self._q_wait
        for i, node in enumerate(self.nodes):
            q = q_wait[i] + node.q_j
            p = node.p
            if node.stale or abs(q * node.dp_du) > 1e-4 * p:
                q = 0.0
                node.solve()
                p = abs(node.p - p) / p
                if p > change:
                    change = p
            q_wait[i] = q
        stride = self._stride
        if change > STEADY_REL:
            self._stride = 1 if change > 4.0 * STEADY_REL or stride < 3 else stride - 1
        elif change < 0.5 * STEADY_REL:
            most = STRIDE_FLOW if flowing else STRIDE_STILL
            self._stride = stride + 1 if stride < most else most
        if net.leak[STUB] != 0.0 or net.leak[NOZZLE] != 0.0:
            self._stride = 1  # a hole has no link to be solved with the others
        self.sensors.meter(self, dt)

    def _surge(self, dt: float) -> None:
        """Surges of the two liquid columns that valves can stop; with `dt` 0 only notes how they flow."""
        hose, xv201, xv208 = self.nodes[HOSE], self.xv201, self.xv208
        self.hose_surge.step(xv201.w + xv208.w, xv201.k + xv208.k, hose.gas_share, hose.v, hose.c_kg_pa, dt)
        ln = self.xv101
        self.supply_surge.step(-ln.w, ln.k + self.xv103.k, 0.0, LIQUID_SOUND_M_S**2, 1.0, dt)

    def _apply_faults(self) -> bool:
        """Hand the faults to the valves; True so that the strokes they start are followed."""
        for tag, valve in self.valves.items():
            kind, value = self.valve_faults.get(tag, ("", 0.0))
            if valve.fault != kind or valve.fault_value != value:
                valve.fault, valve.fault_value = kind, value or 0.0
        self._faults_seen = dict(self.valve_faults)
        return True

    def _refresh_links(self) -> None:
        """Flow coefficients from valve positions, seating and breakaway."""
        v, b, w = self.valves, self.by_tag, self.world
        seated = 1.0 if w.seated else 0.0
        whole = 0.0 if w.breakaway else 1.0
        b["XV101"].k = lk.K_XV101 * v["XV101"].opening()
        self._refresh_supply()
        b["HOSE"].k = lk.K_HOSE * whole
        b["RETURN"].k = lk.K_RETURN * whole
        b["XV106"].k = lk.K_HELIUM * v["XV106"].opening()
        b["XV107"].k = lk.K_HELIUM * v["XV107"].opening()
        b["XV201"].k = lk.K_XV201 * v["XV201"].opening() * seated
        b["XV202"].k = lk.K_XV202 * v["XV202"].opening() * seated
        b["XV208"].k = lk.K_XV208 * v["XV208"].opening() * seated
        b["XV104"].k = lk.K_XV104 * v["XV104"].opening()

    def _refresh_supply(self) -> None:
        """Coefficient of FCV102 and XV103 in series."""
        self._fcv_at = self._fcv.pos
        self.xv103.k = series(lk.K_FCV102 * self._fcv.opening(), lk.K_XV103 * self.valves["XV103"].opening())

    @property
    def vented(self) -> list[float]:
        """What ever went up the truck's stack: h2, he, air kg and J."""
        return self.tank_ends.vented

    @property
    def w_tstack(self) -> float:
        """Flow up the truck's stack in the last physics step, kg/s."""
        return self.tank_ends.w_stack

    @property
    def heat_in_j(self) -> float:
        """All heat that ever came through the jackets of the lines, J."""
        return self.line_heat.in_j

    def feed_tank(self, kg: float, joules: float) -> None:
        """Bring hydrogen and its enthalpy into the tank with the next step, from elsewhere than the hose.

        For who simulates the rest with other tools; the books count it as supplied.
        """
        for kind, sign in ((TANK, 1.0), (SUPPLY, -1.0)):
            far = self.network.out[kind]
            far[0] += sign * kg
            far[3] += sign * joules

    # -- what fault injection looks at -------------------------------------------------------------------------

    def valve_level(self, tag: str) -> float:
        """Level 0 to 1 that a valve's actuator had in the last tick, after the chain."""
        return self.actual[tag] if self.chain.relay or tag not in CUT else 0.0

    def flow_kg_s(self, tag: str) -> float:
        """Mean flow through a valve in the last physics step, kg/s."""
        if tag == "XV209":
            return self.w_tstack
        drive = self.propulsion
        if tag in ("XV203", "XV204", "XV206"):
            return {"XV203": drive.w_liquid, "XV204": drive.w_vapour, "XV206": drive.w_cell}[tag]
        link = self.by_tag.get("XV103" if tag == "FCV102" else tag)
        return link.w if link is not None else 0.0

    # -- books (see sim.plant.books) ---------------------------------------------------------------------------

    @property
    def ledger(self) -> dict[str, float]:
        """Cumulative kg and J over the plant's boundary: see `books.ledger`."""
        return books.ledger(self)

    def mass_balance_kg(self) -> float:
        """All species: content now minus start, minus net inflow. Zero if nothing is made or lost."""
        out = sum(v for k, v in self.ledger.items() if k.endswith(("_h2_kg", "_he_kg", "_air_kg")))
        return books.total_kg(self) - self._start_kg + out

    def energy_balance_j(self) -> float:
        """Energy recomputed from temperatures, densities and metal enthalpies, minus start, minus what came in."""
        led = self.ledger
        out = sum(led[name + "_j"] for name in books.BOUNDARIES)
        return books.total_j(self) - self._start_j + out - led["heat_in_j"]

    def helium_share(self, node: str) -> tuple[float, float, float]:
        """Mole shares (hydrogen, helium, air with what is frozen) in a line node's whole content."""
        i = [x.name for x in self.nodes].index(node)
        n = self.nodes[i]
        h2, he, air = n.m * R_H2, n.m_he * R_HE, (n.m_air + sum(self.frozen_air.kg[i])) * R_AIR
        total = h2 + he + air
        return h2 / total, he / total, air / total
