"""The tests of a dispenser: the kit plays the truck's tank, a good one first, then one that is late, wrong or leaves.

From PURGE on they need a dispenser whose hose answers its valves, as on a bench or with a truck's dummy.
"""

from __future__ import annotations

from typing import Final

from host_tools.conform.codec import SESSION
from host_tools.conform.kit import MARGIN_MS, RECOVER_MS, SPOIL_MS, SPOILS, Kit, Trial, WrongCrc
from host_tools.conform.player import Heard, Player
from host_tools.conform.port import US
from host_tools.conform.prover import NONE, WRONG

STATUS, MEAS, ABORT = "T_STATUS", "T_MEAS", "T_ABORT"
D_STATUS, D_PERMIT, D_ABORT, D_METER = "D_STATUS", "D_PERMIT", "D_ABORT", "D_METER"
MASS_G, TARGET_G, BEYOND_RULE_G = 40_000, 42_500, 98_000
FOREIGN_VERSION: Final = 200
STEP_MS, REFUSE_MS, PURGE_MS, FILL_MS, DRAIN_MS = 1500, 3500, 5000, 120_000, 60_000
NO_FLOW_MG_S: Final = 1000
COMMANDS: Final = ("HALT", "ERROR", "NA")  # each must hold the fill
HOLDS: Final = 2 + len(SPOILS) + len(COMMANDS)  # times that the test of a fill has it held
# A truck like track1000; what the database does not have is left out.
TRUCK: Final[dict[str, dict[str, int | str]]] = {
    "T_TEMP": {"liquid_temp_ck": 2500, "vapour_temp_ck": 2600, "level_pct": 30},
    "T_LIMIT": {"volume_l": 1700, "relief_mbarg": 6000},
    "T_FILL": {"max_mass_g": 94_000, "max_pressure_mbar": 6450},
    "T_FLOW": {"max_flow_g_s": 125, "target_mass_g": TARGET_G},
    "T_IDENT": {"tank_id": 1000, "vessel_type": 1, "cert_year": 2030},
    "T_PLATE": {"cert_year": 2030, "cert_month": 12, "mawp_mbarg": 6300},
}
# fmt: off
FOLLOWS: Final = {
    # dispenser_state: tank_state, command, xv201_open, xv208_open, tank_ready and permit_contact
    "CONNECT":  ("REFUEL_READY", "STAT", "NO",  "NO",  "YES"),
    "PURGE":    ("PURGE",        "STAT", "NO",  "NO",  "YES"),
    "LEAKTEST": ("PURGE",        "STAT", "NO",  "NO",  "YES"),
    "PRECOOL":  ("COOLDOWN",     "DYNA", "NO",  "YES", "YES"),
    "COLDTEST": ("COOLDOWN",     "DYNA", "NO",  "YES", "YES"),
    "FILL":     ("FILL",         "DYNA", "YES", "NO",  "YES"),
    "HOLD":     ("FILL",         "DYNA", "YES", "NO",  "YES"),
    "DRAIN":    ("FILL",         "DYNA", "YES", "NO",  "YES"),
}
# fmt: on
PERMITS: Final = {
    "fill_permit": {"FILL", "DRAIN"}, "return_permit": {"PRECOOL", "COLDTEST", "FILL", "HOLD", "DRAIN"},
}  # fmt: skip
AWAY: Final = ("PARK", "STAT", "NO", "NO", "NO")
OVER: Final = ("ISOLATE", "HALT", "NO", "NO", "NO")


class Truck:
    """Follows the dispenser as a good tank does; `forced`: values of T_STATUS that a test wants instead."""

    def __init__(self, kit: Kit) -> None:
        self.player = kit.player
        self.forced: dict[str, int | str] = {}
        self.mass_g = MASS_G
        self._version = kit.codec.version
        for name, values in TRUCK.items():
            for signal, value in values.items():
                if self.player.can_say(name, signal):
                    self.player.say(name, **{signal: value})
        self.player.each = self.follow
        self.follow()

    def state(self) -> str:
        """Return the dispenser's public state."""
        return self.player.word(D_STATUS, "dispenser_state")

    def follow(self) -> None:
        """Say what fits the dispenser's newest state."""
        player = self.player
        one = player.last.get(D_STATUS)
        session = (one.values or {}).get(SESSION, 0) if one is not None else 0
        state = self.state()
        if state == "CONNECT" and session:
            player.session = session
        row = FOLLOWS.get(state, OVER if state in ("VENT", "WARM", "SAFE_STOP", "ESD", "DISCONNECT") else AWAY)
        said: dict[str, int | str] = dict(zip(
            ("tank_state", "fuelling_command", "xv201_open", "xv208_open", "tank_ready"), row, strict=True
        ))  # fmt: skip
        away = row is AWAY
        said |= {"xv202_open": "NO", "permit_contact": "NO" if away else "YES", "protocol_version": self._version}
        if player.can_say(STATUS, "accepts_older"):
            said["accepts_older"] = 0
        player.say(STATUS, **(said | self.forced))
        metered = player.word(D_METER, "delivered_g")
        filled_g = 10 * int(metered) if metered.isdigit() and state in ("FILL", "HOLD", "DRAIN") else 0
        player.say(MEAS, tank_pressure_mbar=4000, tank_mass_g=self.mass_g + filled_g, measure_ok="YES")


def start(kit: Kit, **static: tuple[str, str, int | str]) -> Truck:
    """A fresh dispenser, waiting, and a truck; `static`: (message, signal, value) said instead of a good truck's."""
    kit.fresh()
    truck = Truck(kit)
    for message, signal, value in static.values():
        kit.player.say(message, **{signal: value})
    kit.reach("IDLE", lambda: truck.state() == "IDLE", 15_000)
    kit.deed("couple")
    return truck


def connected(kit: Kit, truck: Truck) -> None:
    """Wait for CONNECT with a session."""
    kit.reach("CONNECT with a session", lambda: truck.state() == "CONNECT" and kit.player.session > 0, 15_000)


def until(kit: Kit, truck: Truck, state: str, limit_ms: int) -> None:
    """Wait for a public state."""
    kit.reach(state, lambda: truck.state() == state, limit_ms)


def _passed(kit: Kit, since_ms: int, state: str) -> bool:
    return any(one.word("dispenser_state") == state for one in kit.player.since(since_ms, D_STATUS))


def listen(kit: Kit) -> None:
    """Nobody is there."""
    kit.listen(2500)


def connect(kit: Kit) -> None:
    """A session is drawn; a truck that is not ready, or not known, is waited for."""
    truck = start(kit)
    player = kit.player
    truck.forced = {"tank_ready": "NO"}
    truck.follow()
    connected(kit, truck)
    since = player.port.now_ms()
    player.run(2500)
    kit.check("H-WAIT", not _passed(kit, since, "PURGE"), "PURGE without tank_ready", player.last.get(D_STATUS))
    truck = start(kit)
    player = kit.player
    player.silent("T_FILL")
    connected(kit, truck)
    since = player.port.now_ms()
    player.run(2500)
    kit.check("H-WAIT", not _passed(kit, since, "PURGE"), "PURGE without T_FILL", player.last.get(D_STATUS))
    player.speak()
    kit.reach("PURGE with a ready truck", lambda: _passed(kit, since, "PURGE"), PURGE_MS)
    session = player.session
    for one in player.heard:
        if one.values is not None and SESSION in one.values and one.seen.t_us >= since * US:
            kit.check("S-DRAWN", one.values[SESSION] == session, f"{one.values[SESSION]}, not {session}", one)


def refuse(kit: Kit) -> None:
    """Trucks that must not be filled."""
    cases: tuple[tuple[str, tuple[str, str, int | str]], ...] = (
        ("H-VERSION", (STATUS, "protocol_version", FOREIGN_VERSION)),
        ("H-MASS", ("T_FILL", "max_mass_g", BEYOND_RULE_G)),
        ("H-TARGET", ("T_FLOW", "target_mass_g", MASS_G - 1000)),
    )
    for rule, wrong in cases:
        truck = start(kit, wrong=wrong)
        if wrong[0] == STATUS:
            truck.forced = {wrong[1]: wrong[2]}
            truck.follow()
        connected(kit, truck)
        since = kit.player.port.now_ms()
        kit.player.run(REFUSE_MS)
        kit.check(rule, not _passed(kit, since, "PURGE"), "PURGE", kit.player.last.get(D_STATUS))


def fill(kit: Kit) -> None:
    """A whole fill: late and wrong frames, Halt, and the target."""
    truck = start(kit)
    player = kit.player
    truck.forced = {"xv208_open": "NO"}
    until(kit, truck, "PRECOOL", FILL_MS)
    since = player.port.now_ms()
    player.run(STEP_MS)
    flow = [one for one in player.since(since, D_METER) if 100 * (one.values or {})["flow_mg_s"] > NO_FLOW_MG_S]
    kit.check("Q-COOL", truck.state() == "PRECOOL" and not flow, "liquid, or another state", flow[0] if flow else None)
    truck.forced = {}
    reached = player.until(lambda: truck.state() == "FILL", FILL_MS)
    kit.check("Q-FILL", reached, "not within two minutes", player.last.get(D_STATUS))
    until(kit, truck, "FILL", 0)
    player.run(RECOVER_MS)
    third = _silence(kit, truck, "L-HOLD", {STATUS, MEAS})
    fills = [one for one in player.since(third[0], D_STATUS) if one.word("dispenser_state") == "FILL"]
    in_time = bool(fills) and fills[0].seen.t_us <= (third[1] + STEP_MS) * US
    kit.check("L-RESUME", in_time, "not within 1.5 s of the third good frame", player.last.get(D_STATUS))
    if fills:
        early = fills[0].seen.t_us < third[1] * US
        kit.check("L-THIRD", not early, f"{third[1] - fills[0].seen.t_us // US} ms before it", fills[0])
    _silence(kit, truck, "L-MEASURE", {MEAS})
    for rule, spoil in SPOILS.items():
        player.spoil, player.spoiled = spoil(), {STATUS, MEAS}
        _holds(kit, truck, rule, SPOIL_MS)
        player.speak()
        _on_again(kit, truck, rule)
    for word in COMMANDS:
        truck.forced = {"fuelling_command": word}
        truck.follow()
        _holds(kit, truck, "C-HALT", SPOIL_MS)
        truck.forced = {}
        truck.follow()
        _on_again(kit, truck, "C-HALT")
    truck.mass_g += TARGET_G - MASS_G - 100
    _end(kit, truck)
    _permits(kit)


def _end(kit: Kit, truck: Truck) -> None:
    """The tank has what it wants."""
    ended = kit.player.until(lambda: truck.state() == "DRAIN", STEP_MS * 4)
    kit.check("Q-TARGET", ended, "no DRAIN at the target", kit.player.last.get(D_STATUS))
    vented = ended and kit.player.until(lambda: truck.state() == "VENT", DRAIN_MS)
    kit.check("Q-TARGET", vented, "no VENT after DRAIN", kit.player.last.get(D_STATUS))
    kit.player.run(500)


def _holds(kit: Kit, truck: Truck, rule: str, ms: int) -> None:
    """The present wrong must bring HOLD within `ms`."""
    since = kit.player.port.now_ms()
    kit.player.run(ms)
    kit.check(rule, _passed(kit, since, "HOLD"), f"no HOLD in {ms} ms", kit.player.last.get(D_STATUS))


def _on_again(kit: Kit, truck: Truck, why: str) -> None:
    kit.reach(f"FILL again after {why}", lambda: truck.state() == "FILL", 3000)
    kit.player.run(RECOVER_MS)


def _silence(kit: Kit, truck: Truck, rule: str, names: set[str]) -> tuple[int, int]:
    """Mute for less than a second: HOLD in time. Return when we spoke again and when the third frame went, ms."""
    player = kit.player
    message = kit.codec.messages[STATUS]
    last = min(player.sent_ms[name] for name in names)
    player.silent(*names)
    player.run(SPOIL_MS)
    holds = [one for one in player.since(last, D_STATUS) if one.word("dispenser_state") == "HOLD"]
    limit = message.hold_ms + kit.codec.messages[D_STATUS].cycle_ms + MARGIN_MS
    after_ms = holds[0].seen.t_us // US - last if holds else None
    words = "no HOLD" if after_ms is None else f"HOLD after {after_ms} ms"
    kit.check(rule, after_ms is not None and after_ms <= limit, f"{words}, {limit} ms at most",
              holds[0] if holds else player.last.get(D_STATUS))  # fmt: skip
    player.speak()
    back = player.port.now_ms()
    before = dict(player.counter)
    kit.reach("three frames of our own", lambda: all(player.counter[n] - before[n] & 255 >= 3 for n in names), 1000)
    third = max(player.sent_ms[name] for name in names)
    player.until(lambda: truck.state() == "FILL", STEP_MS)
    player.run(RECOVER_MS)
    return back, third


def _permits(kit: Kit) -> None:
    """Every permit frame fits the state told just before or just after it."""
    state = ""
    waiting: list[Heard] = []
    for one in kit.player.heard:
        if one.message is None or one.values is None:
            continue
        if one.message.name == D_STATUS:
            around = {state, one.word("dispenser_state")}
            for permit in waiting:
                good = all(permit.word(name) != "YES" or around & where for name, where in PERMITS.items())
                kit.check("Q-PERMIT", good, f"a permit in {' or '.join(sorted(around))}", permit)
            waiting, state = [], one.word("dispenser_state")
        elif one.message.name == D_PERMIT:
            waiting.append(one)


def in_purge(kit: Kit) -> tuple[Truck, Player]:
    """A session that has come to PURGE."""
    truck = start(kit)
    until(kit, truck, "PURGE", 30_000)
    kit.player.run(RECOVER_MS)
    return truck, kit.player


def stop(kit: Kit) -> None:
    """The truck falls silent for more than a second, and comes back as if nothing had been."""
    truck, player = in_purge(kit)
    since = player.port.now_ms()
    player.silent(STATUS, MEAS)
    player.run(1400)
    player.speak()
    player.run(3000)
    said = [one.word("dispenser_state") for one in player.since(since, D_STATUS)]
    stopped = "SAFE_STOP" in said
    good = stopped and set(said[said.index("SAFE_STOP"):]) <= {"SAFE_STOP", "WARM", "DISCONNECT", "LOCKOUT"}
    kit.check("L-STOP", good, "no SAFE_STOP, or something after it", player.last.get(D_STATUS))
    if stopped:
        frames = [one for one in player.since(since, D_STATUS) if one.word("dispenser_state") == "SAFE_STOP"]
        aborts = [one for one in player.since(since, D_ABORT) if one.word("abort_active") == "YES"]
        in_time = bool(aborts) and aborts[0].seen.t_us <= frames[0].seen.t_us + 500 * US
        kit.check("A-OWN", in_time, "none within 500 ms of SAFE_STOP", frames[0])
        if aborts:
            kit.judge_period("A-PERIOD", D_ABORT, since)


def abort(kit: Kit) -> None:
    """The truck aborts by its abort frame: a wrong one first, then a right one."""
    truck, player = in_purge(kit)
    player.say(ABORT, abort_active="YES", abort_cause=1)
    player.spoil, player.spoiled = WrongCrc(), {ABORT}
    player.send_now(ABORT)
    since = player.port.now_ms()
    player.run(700)
    kit.check("A-CRC", not _passed(kit, since, "SAFE_STOP"), "SAFE_STOP", player.last.get(D_STATUS))
    player.speak()
    player.send_now(ABORT)
    player.run(700)
    kit.check("A-HEED", truck.state() == "SAFE_STOP", "no SAFE_STOP within 700 ms", player.last.get(D_STATUS))


def command(kit: Kit) -> None:
    """The truck aborts by its fuelling command."""
    truck, player = in_purge(kit)
    truck.forced = {"fuelling_command": "ABORT", "tank_ready": "NO"}
    truck.follow()
    player.run(700)
    kit.check("C-ABORT", truck.state() == "SAFE_STOP", "no SAFE_STOP within 700 ms", player.last.get(D_STATUS))


def prove(kit: Kit) -> None:
    """A truck that asks and does not answer, then one that answers wrongly."""
    kit.prover()
    for answer in (NONE, WRONG):
        truck = start(kit)
        prover = kit.prover()
        prover.answer = answer
        connected(kit, truck)
        since = kit.player.port.now_ms()
        kit.player.run(REFUSE_MS)
        begun = _passed(kit, since, "PURGE")
        kit.check("K-WAIT", not begun, f"PURGE with {answer} answer", kit.player.last.get(D_STATUS))
        kit.judge_proof()


def tags(kit: Kit) -> None:
    """Commands without a tag, with wrong ones, and ten wrong ones in all."""
    kit.prover()
    truck = start(kit)
    player = kit.player
    until(kit, truck, "FILL", 2 * FILL_MS)
    player.run(RECOVER_MS)
    kit.spoil_tags(lambda rule: _holds(kit, truck, rule, SPOIL_MS), lambda rule: _on_again(kit, truck, rule))
    player.run(2 * STEP_MS)
    kit.check("K-TEN", truck.state() not in ("FILL", "HOLD"), "no stop", player.last.get(D_STATUS))


# fmt: off
TESTS = (
    # TEST          RULES THAT IT DECIDES
    Trial("listen",  ("T-ALL", "T-CYCLE", "T-LOAD", "S-NONE", "A-SILENT"), listen),
    Trial("connect", ("S-DRAWN", "H-WAIT"), connect),
    Trial("refuse",  ("H-VERSION", "H-MASS", "H-TARGET"), refuse),
    Trial("fill",    ("Q-PERMIT", "Q-COOL", "Q-FILL", "Q-TARGET", "L-HOLD", "L-MEASURE", "L-RESUME", "L-THIRD",
                      "C-HALT", *SPOILS), fill),
    Trial("stop",    ("L-STOP", "A-OWN", "A-PERIOD"), stop),
    Trial("abort",   ("A-CRC", "A-HEED"), abort),
    Trial("command", ("C-ABORT",), command),
    Trial("prove",   ("K-ASK", "K-PROVE", "K-WAIT"), prove),
    Trial("tags",    ("K-TAG", "K-MISSING", "K-FORGED", "K-TEN"), tags),
)
# fmt: on
