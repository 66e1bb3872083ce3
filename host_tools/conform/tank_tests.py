"""The tests of a truck's onboard tank: the kit plays the dispenser and leads through a refuelling, right and wrong."""

from __future__ import annotations

from typing import Final

from host_tools.conform.codec import SESSION
from host_tools.conform.kit import MARGIN_MS, RECOVER_MS, SPOIL_MS, SPOILS, Kit, Trial, WrongCrc
from host_tools.conform.player import Heard, Player
from host_tools.conform.port import US
from host_tools.conform.prover import NONE, WRONG
from host_tools.conform.report import NotReached

STATUS, PERMIT, ABORT = "D_STATUS", "D_PERMIT", "D_ABORT"
T_STATUS, T_ABORT = "T_STATUS", "T_ABORT"
SESSION_NOW, SESSION_OTHER = 77, 78
VALVES: Final = ("xv201_open", "xv202_open", "xv208_open")
# What a limit or an identity must say with a value; a wish of the driver's may be missing.
STATIC: Final = {
    "T_LIMIT": ("volume_l", "relief_mbarg"), "T_FILL": ("max_mass_g", "max_pressure_mbar"),
    "T_FLOW": ("max_flow_g_s",), "T_IDENT": ("tank_id", "vessel_type"),
    "T_PLATE": ("cert_year", "cert_month", "mawp_mbarg"),
}  # fmt: skip
PERMITTED: Final = {"PRECOOL": (0, 1), "COLDTEST": (0, 1), "FILL": (1, 1), "DRAIN": (1, 1), "HOLD": (0, 1)}
FOREIGN_VERSION: Final = 200
READY_MS, STEP_MS, FORGET_MS, LOST_MS = 4000, 3000, 3000, 1300


def lead(kit: Kit, state: str, fill: int | None = None) -> int:
    """Go to a public state of the dispenser, with its permits (`fill`: another fill permit); return when, ms."""
    player = kit.player
    permits = PERMITTED.get(state, (0, 0))
    player.say(STATUS, dispenser_state=state)
    player.values[PERMIT]["fill_permit"] = permits[0] if fill is None else fill
    player.values[PERMIT]["return_permit"] = permits[1]
    return player.port.now_ms()


def is_open(player: Player, valve: str) -> bool:
    """Tell whether the tank says that a valve is open."""
    return player.word(T_STATUS, valve) == "YES"


def start(kit: Kit, version: int | None = None) -> Player:
    """A fresh tank, coupled, and a dispenser in CONNECT with a session."""
    player = kit.fresh()
    player.say(STATUS, protocol_version=kit.codec.version if version is None else version,
               nozzle_seated="NO", nozzle_locked="NO", earthed="YES", purged="NO", valves_powered="YES")  # fmt: skip
    if player.can_say(STATUS, "accepts_older"):
        player.say(STATUS, accepts_older=0)
    player.say(PERMIT, target_mass_g="NA", max_flow_g_s=125)
    lead(kit, "IDLE")
    player.run(1500)
    kit.deed("couple")
    player.say(STATUS, nozzle_seated="YES", nozzle_locked="YES")
    player.session = SESSION_NOW
    lead(kit, "CONNECT")
    return player


def until_ready(kit: Kit) -> Player:
    """As `start`, until the tank is ready."""
    player = start(kit)
    kit.reach("tank_ready in the session", lambda: _ready(player), READY_MS)
    return player


def _ready(player: Player) -> bool:
    one = player.last.get(T_STATUS)
    said = one is not None and one.values is not None and one.values[SESSION] == player.session
    return said and player.word(T_STATUS, "tank_ready") == "YES" and player.word(T_STATUS, "permit_contact") == "YES"


def until_fill(kit: Kit) -> Player:
    """As `until_ready`, and on until the tank fills."""
    player = until_ready(kit)
    for state, wanted in (("PURGE", None), ("LEAKTEST", None), ("PRECOOL", "xv208_open"), ("FILL", "xv201_open")):
        lead(kit, state)
        if wanted is None:
            player.run(700)
            continue
        kit.reach(f"{wanted} in {state}", lambda wanted=wanted: is_open(player, wanted), STEP_MS)  # type: ignore[misc]
    kit.reach("Dyna in FILL", lambda: player.word(T_STATUS, "fuelling_command") == "DYNA", STEP_MS)
    player.run(RECOVER_MS)
    return player


# -- tests


def listen(kit: Kit) -> None:
    """Nobody is there."""
    kit.listen(1500)


def session(kit: Kit) -> None:
    """A session begins, another one is heard, the nozzle comes off."""
    player = start(kit)
    since = player.port.now_ms()
    player.run(READY_MS)
    late = [one for one in player.heard if one.values is not None and one.seen.t_us >= (since + 1000 + MARGIN_MS) * US]
    for one in late:
        if SESSION in (one.values or {}):
            assert one.values is not None
            kit.check("S-ADOPT", one.values[SESSION] == SESSION_NOW, f"session {one.values[SESSION]}", one)
    if not late:
        kit.check("S-ADOPT", False, "nothing heard a second after CONNECT")
    kit.check("H-READY", _ready(player), f"not ready {READY_MS / 1000:g} s after CONNECT", player.last.get(T_STATUS))
    _static(kit, player, since)
    player.session = SESSION_OTHER
    since = player.port.now_ms()
    player.run(1500)
    for one in player.since(since, T_STATUS):
        assert one.values is not None
        kit.check("S-KEEP", one.values[SESSION] == SESSION_NOW, f"session {one.values[SESSION]}", one)
    player.session = SESSION_NOW
    player.run(RECOVER_MS)
    player.say(STATUS, nozzle_seated="NO", nozzle_locked="NO")
    lead(kit, "COMPLETE")
    kit.deed("release")
    player.run(FORGET_MS)
    one_ = player.last.get(T_STATUS)
    none = one_ is not None and one_.values is not None and one_.values[SESSION] == 0
    kit.check("S-FORGET", none, f"still in the session {FORGET_MS / 1000:g} s after the nozzle came off", one_)


def _static(kit: Kit, player: Player, since_ms: int) -> None:
    """Judge identity and limits: said with values, and the same all the time."""
    for name, needed in STATIC.items():
        message = kit.codec.messages.get(name)
        if message is None:
            continue
        frames = player.since(since_ms, name)
        kit.check("H-STATIC", bool(frames), f"no {name} in {READY_MS / 1000:g} s")
        first: Heard | None = None
        for one in frames:
            assert one.values is not None
            for signal in needed:
                if signal in message.signals:
                    good = one.values[signal] < message.signals[signal].error
                    kit.check("H-STATIC", good, f"{name}.{signal} is {one.word(signal)}", one)
            first = first or one
            said = {key: raw for key, raw in one.values.items() if message.signals[key].start >= 32}
            same = all((first.values or {})[key] == raw for key, raw in said.items())
            kit.check("H-CONSTANT", same, f"{name} was {first.seen.data[4:].hex().upper()} before", one)


def version(kit: Kit) -> None:
    """A dispenser of a far later version that accepts no older one."""
    player = start(kit, FOREIGN_VERSION)
    since = player.port.now_ms()
    player.run(2000)
    for state in ("PURGE", "PRECOOL", "FILL"):
        lead(kit, state)
        player.run(1200)
    for one in player.since(since, T_STATUS):
        said = one.word("tank_ready") != "YES" and all(one.word(valve) != "YES" for valve in VALVES)
        kit.check("H-VERSION", said, "ready, or a valve open", one)


def sequence(kit: Kit) -> None:
    """A whole refuelling, each state long enough to see what the tank makes of it."""
    player = until_ready(kit)
    for state in ("PURGE", "LEAKTEST"):
        since = lead(kit, state)
        player.run(1000)
        for one in player.since(since + 400, T_STATUS):
            shut = all(one.word(valve) == "NO" for valve in VALVES)
            kit.check("Q-PURGE", shut and one.word("fuelling_command") == "STAT", f"in {state}", one)
    lead(kit, "PRECOOL")
    player.run(STEP_MS)
    good = (is_open(player, "xv208_open"), is_open(player, "xv201_open"), player.word(T_STATUS, "fuelling_command"))
    if not kit.check("Q-COOL", good == (True, False, "DYNA"), "3 s in PRECOOL", player.last.get(T_STATUS)):
        raise NotReached("the crossover open in PRECOOL")
    lead(kit, "COLDTEST")
    player.run(300)
    permit = kit.codec.messages[PERMIT].signals["fill_permit"]
    for word, raw in (("no", 0), ("error", permit.error), ("not available", permit.na)):
        since = lead(kit, "FILL", raw)
        player.run(800)
        for one in player.since(since, T_STATUS):
            kit.check("Q-PERMIT", one.word("xv201_open") != "YES", f"open with fill_permit {word}", one)
    since = lead(kit, "FILL")
    player.run(STEP_MS)
    good_ = is_open(player, "xv201_open") and player.word(T_STATUS, "fuelling_command") == "DYNA"
    if not kit.check("Q-FILL", good_, "3 s in FILL", player.last.get(T_STATUS)):
        raise NotReached("XV201 open in FILL")
    for one in player.since(since, T_STATUS):
        way = one.word("xv201_open") == "YES" or one.word("xv208_open") == "YES"
        kit.check("Q-WAY", way, "both shut", one)
    for state in ("HOLD", "FILL", "DRAIN"):
        since = lead(kit, state)
        player.run(1200)
        for one in player.since(since, T_STATUS):
            kit.check("Q-HOLD", one.word("xv201_open") == "YES", f"shut in {state}", one)
    lead(kit, "VENT")
    player.run(STEP_MS)
    shut = not any(is_open(player, valve) for valve in VALVES)
    closed = player.word(T_STATUS, "permit_contact") == "YES"
    kit.check("Q-CLOSE", shut and closed, "3 s in VENT", player.last.get(T_STATUS))


def skip(kit: Kit) -> None:
    """FILL without a precool, and states that there are not."""
    player = until_ready(kit)
    lead(kit, "PURGE")
    player.run(800)
    signal = kit.codec.messages[STATUS].signals["dispenser_state"]
    since = player.port.now_ms()
    for raw in (signal.high + 1, signal.error, signal.na):
        player.values[STATUS]["dispenser_state"] = raw
        player.run(500)
        for one in player.since(since, T_STATUS):
            shut = all(one.word(valve) != "YES" for valve in VALVES)
            kit.check("Q-VALUE", shut and one.word("tank_state") == "PURGE", f"dispenser_state raw {raw}", one)
    since = lead(kit, "FILL")
    player.run(2000)
    for one in player.since(since, T_STATUS):
        kit.check("Q-SKIP", one.word("xv201_open") != "YES", "open without a precool", one)


def silence(kit: Kit) -> None:
    """Silences of less than a second in the fill, every kind of wrong frame, and a silence of more than a second."""
    player = until_fill(kit)
    _late(kit, player, "L-HALT", {STATUS, PERMIT})
    third = _back(kit, player)
    dyna = [one for one in player.since(third[0], T_STATUS) if one.word("fuelling_command") == "DYNA"]
    in_time = bool(dyna) and dyna[0].seen.t_us <= (third[1] + STEP_MS // 3) * US
    kit.check("L-RESUME", in_time, "no Dyna within a second of the third good frame", player.last.get(T_STATUS))
    if dyna:
        early = dyna[0].seen.t_us < third[1] * US
        kit.check("L-THIRD", not early, f"Dyna {third[1] - dyna[0].seen.t_us // US} ms before it", dyna[0])
    _late(kit, player, "L-PERMIT", {PERMIT})
    _back(kit, player)
    for rule, spoil in SPOILS.items():
        player.spoil = spoil()
        player.spoiled = {STATUS, PERMIT}
        _halts(kit, rule)
        player.speak()
        _dyna_again(kit, rule)
    player.silent(STATUS, PERMIT)
    player.run(LOST_MS)
    player.speak()
    since = player.port.now_ms()
    player.run(2000)
    dyna = [one for one in player.since(since, T_STATUS) if one.word("fuelling_command") == "DYNA"]
    kit.check("L-STOP", not dyna, f"Dyna after {LOST_MS} ms of silence", dyna[0] if dyna else None)


def _halts(kit: Kit, rule: str) -> None:
    """The present wrong must bring Halt, as a silence does."""
    player = kit.player
    since = player.port.now_ms() + kit.codec.messages[STATUS].hold_ms
    player.run(SPOIL_MS)
    said = [one for one in player.since(since, T_STATUS) if one.word("fuelling_command") == "HALT"]
    kit.check(rule, bool(said), f"no Halt in {SPOIL_MS} ms of them", player.last.get(T_STATUS))


def _dyna_again(kit: Kit, rule: str) -> None:
    player = kit.player
    kit.reach(f"Dyna again after {rule}", lambda: player.word(T_STATUS, "fuelling_command") == "DYNA", STEP_MS)
    player.run(RECOVER_MS)


def _late(kit: Kit, player: Player, rule: str, names: set[str]) -> None:
    """Mute messages for less than a second; Halt must come in time and XV201 stay open."""
    status = kit.codec.messages[T_STATUS]
    hold = kit.codec.messages[STATUS].hold_ms
    last = min(player.sent_ms[name] for name in names)
    player.silent(*names)
    limit = hold + status.cycle_ms + MARGIN_MS
    player.run(SPOIL_MS)
    said = [one for one in player.since(last, T_STATUS) if one.word("fuelling_command") == "HALT"]
    first_ms = said[0].seen.t_us // US - last if said else None
    words = "no Halt" if first_ms is None else f"Halt after {first_ms} ms"
    good = first_ms is not None and first_ms <= limit
    kit.check(rule, good, f"{words}, {limit} ms at most", player.last.get(T_STATUS))
    for one in player.since(last, T_STATUS):
        kit.check("L-KEEP", one.word("xv201_open") == "YES", "shut in a silence of less than a second", one)


def _back(kit: Kit, player: Player) -> tuple[int, int]:
    """Speak again; return when, and when the third good frame of the later message went, in ms."""
    player.speak()
    since = player.port.now_ms()
    counts = dict(player.counter)

    def spoken() -> bool:
        return all(player.counter[name] - counts[name] & 255 >= 3 for name in (STATUS, PERMIT))

    kit.reach("three frames of our own", spoken, 1000)
    third = max(player.sent_ms[STATUS], player.sent_ms[PERMIT])
    player.run(STEP_MS // 2)
    return since, third


def alone(kit: Kit) -> None:
    """A silence that does not end."""
    player = until_fill(kit)
    player.silent(STATUS, PERMIT, *(name for name in player.values))
    player.run(5000)
    kit.check("L-KEEP", is_open(player, "xv201_open"), "shut 5 s into a silence", player.last.get(T_STATUS))
    player.until(lambda: not is_open(player, "xv201_open"), 60_000)
    kit.check("L-ALONE", not is_open(player, "xv201_open"), "still open after 65 s", player.last.get(T_STATUS))


def abort(kit: Kit) -> None:
    """The dispenser aborts: first with a wrong frame, then with a right one."""
    player = until_fill(kit)
    player.say(ABORT, abort_active="YES", abort_cause=1)
    player.spoil, player.spoiled = WrongCrc(), {ABORT}
    player.send_now(ABORT)
    player.run(2000)
    kit.check("A-CRC", is_open(player, "xv201_open"), "shut XV201", player.last.get(T_STATUS))
    player.speak()
    player.send_now(ABORT)
    player.run(STEP_MS)
    kit.check("A-HEED", not is_open(player, "xv201_open"), "XV201 open 3 s after it", player.last.get(T_STATUS))


def own_abort(kit: Kit) -> None:
    """The tank stops by itself."""
    player = until_fill(kit)
    kit.deed("trip")
    since = player.port.now_ms()
    player.run(2000)
    said = player.since(since, T_STATUS)
    stops = [one for one in said if one.word("fuelling_command") == "ABORT" and one.word("tank_ready") == "NO"]
    frames = [one for one in player.since(since, T_ABORT) if one.word("abort_active") == "YES"]
    in_time = bool(stops) and bool(frames) and max(stops[0].seen.t_us, frames[0].seen.t_us) <= (since + 500) * US
    kit.check("A-OWN", in_time, "not both within 500 ms", player.last.get(T_STATUS))
    if frames:
        kit.judge_period("A-PERIOD", T_ABORT, since)


def prove(kit: Kit) -> None:
    """A dispenser that asks and does not answer, then one that answers wrongly."""
    kit.prover()
    for answer in (NONE, WRONG):
        player = start(kit)
        prover = kit.prover()
        prover.answer = answer
        since = player.port.now_ms()
        player.run(READY_MS)
        for one in player.since(since, T_STATUS):
            kit.check("K-WAIT", one.word("tank_ready") != "YES", f"ready with {answer} answer", one)
        kit.judge_proof()


def tags(kit: Kit) -> None:
    """Permits without a tag, with wrong ones, and ten wrong ones in all."""
    kit.prover()
    player = until_fill(kit)
    kit.spoil_tags(lambda rule: _halts(kit, rule), lambda rule: _dyna_again(kit, rule))
    player.run(LOST_MS)
    since = player.port.now_ms()
    player.run(2000)
    dyna = [one for one in player.since(since, T_STATUS) if one.word("fuelling_command") == "DYNA"]
    kit.check("K-TEN", not dyna, "Dyna after ten wrong tags", dyna[0] if dyna else None)


# fmt: off
TESTS = (
    # TEST            RULES THAT IT DECIDES
    Trial("listen",    ("T-ALL", "T-CYCLE", "T-LOAD", "S-NONE", "A-SILENT"), listen),
    Trial("session",   ("S-ADOPT", "S-KEEP", "S-FORGET", "H-READY", "H-STATIC", "H-CONSTANT"), session),
    Trial("version",   ("H-VERSION",), version),
    Trial("sequence",  ("Q-PURGE", "Q-COOL", "Q-PERMIT", "Q-FILL", "Q-WAY", "Q-HOLD", "Q-CLOSE"), sequence),
    Trial("skip",      ("Q-VALUE", "Q-SKIP"), skip),
    Trial("silence",   ("L-HALT", "L-PERMIT", "L-KEEP", "L-RESUME", "L-THIRD", "L-STOP", *SPOILS), silence),
    Trial("alone",     ("L-KEEP", "L-ALONE"), alone),
    Trial("abort",     ("A-CRC", "A-HEED"), abort),
    Trial("own abort", ("A-OWN", "A-PERIOD"), own_abort),
    Trial("prove",     ("K-ASK", "K-PROVE", "K-WAIT"), prove),
    Trial("tags",      ("K-TAG", "K-MISSING", "K-FORGED", "K-TEN"), tags),
)
# fmt: on
