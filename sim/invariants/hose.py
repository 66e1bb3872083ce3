"""I3, I4, I11: what is inside the hoses: never unlocked on it, never trapped, never below ambient when cold."""

from __future__ import annotations

from typing import Any

from sim import tables
from sim.invariants.view import AIR_SHARE, CLOSED, SLOW_S, Rule, View

UNLOCK_BARG = 0.2
UNLOCK_K = 120.0
SPRING_BACK_S = 1.0  # a lock that was held open is in again
LIQUID_KG = 0.005  # less than this in a hose is not liquid in the sense of I3 and I4
BLOCKED_S = 2.0
STUB_DRAINED_KG = 0.02
STUB_RATING_SHARE = 1.1
ABNORMAL = ("BOOT", "SAFE_STOP", "ESD", "LOCKOUT")
PULSE_S = 0.5  # shorter pulses draw no air and strain no pipe: pressures are judged by their mean over this time
AIR_LOCK_BAR = 0.03  # least overpressure against ambient
WETTED_K = 90.0  # air condenses below this

HOSES = (("liquid hose", ("HOSE", "NOZZLE")), ("return hose", ("RCPT", "RETURN")))


class _HalfSecondMean:
    """A pressure without the pulses of a tick or two that slugs of liquid and closing bubbles make in it."""

    def __init__(self) -> None:
        self._bar: float | None = None

    def __call__(self, bar: float) -> float:
        before = bar if self._bar is None else self._bar
        self._bar = before + (bar - before) * SLOW_S / PULSE_S
        return self._bar


class UnlockSafe(Rule):
    """I3. From the moment the nozzle was locked until it is off, a released lock needs a safe hose."""

    def __init__(self) -> None:
        self._connected = False
        self._failed_s = -SPRING_BACK_S

    def check(self, v: View) -> str:
        truth = v.truth
        if not self._connected:
            self._connected = bool(v.world.seated and truth["ZS102"])
            return ""
        # Of a lock that has failed, and then springs back, only the command can be judged.
        if "LK108" in v.faulted:
            self._failed_s = v.t_s
        released = v.energised["LK108"] if v.t_s - self._failed_s < SPRING_BACK_S else truth["lock_open"]
        if v.world.seated and released < 0.5:
            return ""
        if not v.world.seated:  # judged once more at the moment it came off
            self._connected = False
        if v.world.breakaway:
            return ""
        ambient = truth["PT105"]
        for tag in ("PT102", "PT103"):
            if truth[tag] - ambient > UNLOCK_BARG:
                return f"unlocked with {truth[tag] - ambient:.2f} barg at {tag}"
        if truth["TT102"] < UNLOCK_K:
            return f"unlocked with the nozzle at {truth['TT102']:.0f} K"
        liquid = max(truth["hose_liquid_kg"], truth["return_liquid_kg"])
        if liquid > LIQUID_KG:
            return f"unlocked with {liquid * 1000:.0f} g of liquid in a hose"
        return ""


class NothingTrapped(Rule):
    """I4. Ways out of each hose come from the netlist; helium inlets and reliefs are no ways out."""

    def __init__(self) -> None:
        self._ways = {name: _ways_out(nodes) for name, nodes in HOSES}
        self._blocked_s = {name: 0.0 for name, _ in HOSES}
        self._stub_mean = _HalfSecondMean()
        self._normal = False  # this connection has not been stopped by a trip or a restart

    def check(self, v: View) -> str:
        truth = v.truth
        if v.state == "CONNECT":
            self._normal = True
        elif v.state in ABNORMAL:
            self._normal = False
        if "dispenser" in v.dead:
            for name in self._blocked_s:
                self._blocked_s[name] = 0.0
            return ""
        ways = self._ways
        liquid_open = self._open(truth, ways["liquid hose"])
        return_open = self._open(truth, ways["return hose"])
        if truth["XV208"] > CLOSED:
            liquid_open = return_open = liquid_open or return_open
        return (
            self._judge("liquid hose", liquid_open, truth["hose_liquid_kg"])
            or self._judge("return hose", return_open, truth["return_liquid_kg"])
            or self._stub(v)
        )

    @staticmethod
    def _open(truth: dict[str, float], ways: list[tuple[str, ...]]) -> bool:
        for way in ways:
            for tag in way:
                if truth[tag] <= CLOSED:
                    break
            else:
                return True
        return False

    def _judge(self, name: str, is_open: bool, liquid_kg: float) -> str:
        if is_open or liquid_kg <= LIQUID_KG:
            self._blocked_s[name] = 0.0
            return ""
        self._blocked_s[name] += SLOW_S
        if self._blocked_s[name] <= BLOCKED_S:
            return ""
        return f"{liquid_kg * 1000:.0f} g of liquid blocked in the {name} for {self._blocked_s[name]:.1f} s"

    def _stub(self, v: View) -> str:
        """XV101-FCV102-XV103: empty after a normal stop; its relief holds it to 110 % of its rating after any other."""
        truth = v.truth
        rating_barg = truth.get("stub_rating_barg")
        if rating_barg is not None:
            stub_bar = self._stub_mean(truth["stub_bar"])
            if stub_bar - truth["PT105"] > STUB_RATING_SHARE * rating_barg:
                return f"XV101-XV103 at {stub_bar:.1f} bar, above 110 % of its rating"
        if v.state == "COMPLETE" and self._normal and truth["stub_liquid_kg"] > STUB_DRAINED_KG:
            return f"{truth['stub_liquid_kg'] * 1000:.0f} g of liquid left between XV101 and XV103"
        return ""


def _ways_out(nodes: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the valves through which a hose can empty, each as the series that must be open."""
    ways: list[tuple[str, ...]] = []
    elements: Any = tables.netlist().ELEMENTS
    for tag, source, target, kind, _ in elements:
        ends = {source, target}
        inside = ends & set(nodes)
        if kind != "valve" or len(inside) != 1 or "HELIUM" in ends or tag == "XV208":
            continue
        ways.append(("XV103", "FCV102", "XV101") if "STUB" in ends else (tag,))
    return ways


class AboveAmbient(Rule):
    """I11. Air must not be drawn into anything cold enough to freeze it.

    A hose is judged by its half-second mean: a slug of liquid on warm metal makes pulses of a tick or two, up and
    down, which draw nothing through a shut stack valve. A hose with a hole in it comes down to ambient whatever a
    controller does; gas goes out through the hole until then, so that it is judged by ambient itself.
    In ESD nothing has power, and without a helium supply nothing follows either: what a cold hose holds shrinks below
    ambient behind the stack's check valves, and it is the air itself that must not be there.
    """

    def __init__(self) -> None:
        self._liquid_mean, self._return_mean = _HalfSecondMean(), _HalfSecondMean()

    def check(self, v: View) -> str:
        truth = v.truth
        liquid_bar, return_bar = self._liquid_mean(truth["PT102"]), self._return_mean(truth["PT103"])
        least = truth["PT105"] + AIR_LOCK_BAR
        tank_bar = min(v.vessels("bar"))
        if tank_bar < least:
            return f"tank at {tank_bar:.3f} bar, below ambient + {AIR_LOCK_BAR} bar"
        if not v.world.seated or v.world.breakaway:  # parted: each half is shut by its own check valve
            return ""
        if v.world.leak_forecourt_g_s > 0.0:
            least = truth["PT105"]
        low = ""
        if liquid_bar < least and (truth["TT102"] < WETTED_K or truth["hose_liquid_kg"] > LIQUID_KG):
            low = f"liquid hose at {liquid_bar:.3f} bar with the nozzle at {truth['TT102']:.0f} K"
        elif return_bar < least and (truth["TT103"] < WETTED_K or truth["return_liquid_kg"] > LIQUID_KG):
            low = f"return hose at {return_bar:.3f} bar at {truth['TT103']:.0f} K"
        no_helium = v.state == "ESD" or v.world.helium_bar < least
        if low and no_helium and v.air_share() <= AIR_SHARE:
            return ""
        return low
