"""Tanks that are wrong in one thing each: what they do, in which test it shows, and the rule that they break."""

from __future__ import annotations

from collections.abc import Callable

from hil_tests.conform import mutants as m
from host_tools import link_e2e
from host_tools.conform.codec import SESSION, codec
from host_tools.conform.port import Seen
from host_tools.conform.tank_tests import SESSION_NOW

DYNA, STAT, HALT, ABORT = range(4)
PURGE, COOLDOWN, FILL, ISOLATE = 5, 6, 7, 8
D_FILL, D_HOLD, D_STATES = 8, 9, 18
CHANNEL = 0x18FF99A1


def state(number: int) -> Callable[[dict[str, int]], bool]:
    """Return whether the tank says that it is in this state."""
    return lambda values: values["tank_state"] == number


def heard(signal: str, *raws: int) -> Callable[..., bool]:
    """Return whether a frame of the kit has one of these raw values."""
    return lambda message, data, newest: len(data) == 8 and message.decode(data)[signal] in raws


def another(seen: Seen, can_id: int, data: bytes | None = None) -> tuple[Seen, Seen]:
    """Return the frame and another one behind it."""
    return seen, seen._replace(can_id=can_id, data=seen.data if data is None else data)


def no_abort(seen: Seen) -> tuple[Seen, Seen]:
    """Return the frame and an abort frame that says no."""
    message = codec().messages["T_ABORT"]
    return another(seen, message.can_id, message.encode({"abort_active": 0}, 0, 0))


def recounted(counter: Callable[[int], int]) -> Callable[[Seen], tuple[Seen]]:
    """Return a change of the counter."""
    def change(seen: Seen) -> tuple[Seen]:
        data_id = codec().by_id[seen.can_id].data_id
        return (seen._replace(data=link_e2e.protected(seen.data, data_id, counter(seen.data[2]))),)
    return change


def last_byte(seen: Seen, value: int) -> Seen:
    """Return the frame with another byte 7 and a right CRC."""
    data_id = codec().by_id[seen.can_id].data_id
    return seen._replace(data=link_e2e.protected(seen.data[:7] + bytes((value,)), data_id, seen.data[2]))


def other_bytes(values: dict[str, int]) -> dict[str, int]:
    """Return a change of a piece's bytes."""
    return {"bytes": values["bytes"] ^ 1}


def other_tag(values: dict[str, int]) -> dict[str, int]:
    """Return a change of a tag."""
    return {"tag": values["tag"] ^ 1}


GO_ON = ("T_STATUS", lambda values: {"fuelling_command": DYNA} if values["tank_state"] == FILL else {})
OPEN, SHUT = ("T_STATUS", m.set_to(xv201_open=1)), ("T_STATUS", m.set_to(xv201_open=0))

# fmt: off
MUTANTS = (
    # IT                                       TEST         RULE          HOW
    ("sends T_MEAS half as often",             "listen",    "T-CYCLE",    lambda: m.Recounted("T_MEAS", lambda n: (n + 1) % 2)),
    ("sends T_TEMP twice as often",            "listen",    "T-CYCLE",    lambda: m.Recounted("T_TEMP", lambda n: 2)),
    ("now and then leaves T_STATUS out",       "listen",    "T-CYCLE",    lambda: m.Recounted("T_STATUS", lambda n: n % 20 > 0)),
    ("has no T_IDENT",                         "listen",    "T-ALL",      lambda: m.Recounted("T_IDENT", lambda n: 0)),
    ("chatters",                               "listen",    "T-LOAD",     lambda: m.Frames("T_STATUS", lambda s: another(s, CHANNEL))),
    ("speaks under a foreign address",         "listen",    "F-SOURCE",   lambda: m.Frames("T_STATUS", lambda s: another(s, s.can_id ^ 0x70), 30)),
    ("has standard identifiers",               "listen",    "F-EXTENDED", lambda: m.Frames("T_TEMP", lambda s: (s._replace(extended=False),))),
    ("asks with a remote frame",               "listen",    "F-EXTENDED", lambda: m.Frames("T_TEMP", lambda s: (s._replace(remote=True),))),
    ("sends 7 bytes",                          "listen",    "F-LENGTH",   lambda: m.Frames("T_TEMP", lambda s: (s._replace(data=s.data[:7]),))),
    ("leaves the data id out of the CRC",      "listen",    "F-CRC",      lambda: m.Frames("T_TEMP", lambda s: (s._replace(data=link_e2e.protected(s.data, 0, s.data[2])),))),
    ("does not count",                         "listen",    "F-COUNTER",  lambda: m.Frames("T_MEAS", recounted(lambda n: 0))),
    ("counts to 14 as Profile 1 does",         "listen",    "F-COUNTER",  lambda: m.Frames("T_STATUS", recounted(lambda n: n % 15))),
    ("sends unused bits as 0",                 "listen",    "F-UNUSED",   lambda: m.Frames("T_LIMIT", lambda s: (last_byte(s, s.data[7] & 0x07),))),
    ("has a level of 200 %",                   "listen",    "F-RANGE",    lambda: m.Says("T_TEMP", m.set_to(level_pct=200))),
    ("sends abort frames that say no",         "listen",    "A-SILENT",   lambda: m.Frames("T_STATUS", no_abort, 10)),
    ("has a session of its own",               "listen",    "S-NONE",     lambda: m.Says("", m.set_to(**{SESSION: 5}))),
    ("adopts no session",                      "session",   "S-ADOPT",    lambda: m.Says("", m.set_to(**{SESSION: 0}))),
    ("adopts it in some messages",             "session",   "S-ADOPT",    lambda: m.Says("T_FLOW", m.set_to(**{SESSION: 0}))),
    ("follows any session",                    "session",   "S-KEEP",     m.AnySession),
    ("keeps the session for ever",             "session",   "S-FORGET",   lambda: m.Says("", m.set_to(**{SESSION: SESSION_NOW}))),
    ("is never ready",                         "session",   "H-READY",    lambda: m.Says("T_STATUS", m.set_to(tank_ready=0))),
    ("leaves the loop open",                   "session",   "H-READY",    lambda: m.Says("T_STATUS", m.set_to(permit_contact=0))),
    ("does not say its volume",                "session",   "H-STATIC",   lambda: m.Says("T_LIMIT", m.set_to(volume_l=0xFFF))),
    ("has a limit that drifts",                "session",   "H-CONSTANT", lambda: m.Says("T_FILL", lambda v: {"max_mass_g": v["max_mass_g"] - (v["E2E_Counter"] & 1)})),
    ("is ready for any version",               "version",   "H-VERSION",  lambda: m.Says("T_STATUS", m.set_to(tank_ready=1))),
    ("opens the crossover in PURGE",           "sequence",  "Q-PURGE",    lambda: m.Says("T_STATUS", m.set_to(xv208_open=1), state(PURGE))),
    ("says Dyna in PURGE",                     "sequence",  "Q-PURGE",    lambda: m.Says("T_STATUS", m.set_to(fuelling_command=DYNA), state(PURGE))),
    ("leaves the crossover shut",              "sequence",  "Q-COOL",     lambda: m.Says("T_STATUS", m.set_to(xv208_open=0))),
    ("opens XV201 in PRECOOL",                 "sequence",  "Q-COOL",     lambda: m.Says("T_STATUS", m.set_to(xv201_open=1), state(COOLDOWN))),
    ("takes no permit for one",                "sequence",  "Q-PERMIT",   lambda: m.Believes("D_STATUS", heard("dispenser_state", D_FILL), OPEN)),
    ("takes error for a permit",               "sequence",  "Q-PERMIT",   lambda: m.Believes("D_PERMIT", heard("fill_permit", 2), OPEN)),
    ("takes not available for a permit",       "sequence",  "Q-PERMIT",   lambda: m.Believes("D_PERMIT", heard("fill_permit", 3), OPEN)),
    ("leaves XV201 shut",                      "sequence",  "Q-FILL",     lambda: m.Says("T_STATUS", m.set_to(xv201_open=0))),
    ("says Stat in FILL",                      "sequence",  "Q-FILL",     lambda: m.Says("T_STATUS", m.set_to(fuelling_command=STAT), state(FILL))),
    ("shuts the crossover first",              "sequence",  "Q-WAY",      lambda: m.Says("T_STATUS", m.set_to(xv208_open=0), state(FILL))),
    ("shuts in HOLD",                          "sequence",  "Q-HOLD",     lambda: m.Believes("D_STATUS", heard("dispenser_state", D_HOLD), SHUT)),
    ("leaves XV201 open in VENT",              "sequence",  "Q-CLOSE",    lambda: m.Says("T_STATUS", m.set_to(xv201_open=1), state(ISOLATE))),
    ("opens the loop in VENT",                 "sequence",  "Q-CLOSE",    lambda: m.Says("T_STATUS", m.set_to(permit_contact=0), state(ISOLATE))),
    ("fills without a precool",                "skip",      "Q-SKIP",     lambda: m.Believes("D_STATUS", heard("dispenser_state", D_FILL), OPEN)),
    ("takes an unknown state for a step",      "skip",      "Q-VALUE",    lambda: m.Believes("D_STATUS", heard("dispenser_state", D_STATES + 1), ("T_STATUS", m.set_to(tank_state=COOLDOWN)))),
    ("does not mind silence",                  "silence",   "L-HALT",     lambda: m.Says("T_STATUS", GO_ON[1])),
    ("does not mind a permit's age",           "silence",   "L-PERMIT",   lambda: m.Steady("D_STATUS", GO_ON)),
    ("shuts in a short silence",               "silence",   "L-KEEP",     lambda: m.Says("T_STATUS", lambda v: {"xv201_open": 0} if v["fuelling_command"] == HALT else {}, state(FILL))),
    ("never resumes",                          "silence",   "L-RESUME",   lambda: m.Latched("T_STATUS", "fuelling_command", HALT)),
    ("resumes with the first frame",           "silence",   "L-THIRD",    lambda: m.Believes("D_STATUS", m.any_frame, GO_ON)),
    ("goes on after a second of silence",      "silence",   "L-STOP",     lambda: m.Forgiving("D_STATUS", GO_ON)),
    ("does not check the CRC",                 "silence",   "W-CRC",      lambda: m.Believes("D_STATUS", m.wrong_crc, GO_ON)),
    ("does not mind repetition",               "silence",   "W-REPEAT",   lambda: m.Believes("D_STATUS", m.repeated, GO_ON)),
    ("does not mind a jump",                   "silence",   "W-JUMP",     lambda: m.Believes("D_STATUS", m.jumped, GO_ON)),
    ("takes old frames for new ones",          "silence",   "W-BEHIND",   lambda: m.Believes("D_STATUS", m.behind, GO_ON)),
    ("does not look at the session",           "silence",   "W-SESSION",  lambda: m.Session("D_STATUS", GO_ON)),
    ("does not look at the length",            "silence",   "W-LENGTH",   lambda: m.Believes("D_STATUS", m.shorter, GO_ON)),
    ("does not heed abort frames",             "abort",     "A-HEED",     lambda: m.Says("T_STATUS", m.set_to(xv201_open=1), state(ISOLATE))),
    ("heeds a wrong abort frame",              "abort",     "A-CRC",      lambda: m.Believes("D_ABORT", m.wrong_crc, SHUT, 3000)),
    ("sends no abort frame",                   "own abort", "A-OWN",      lambda: m.Recounted("T_ABORT", lambda n: 0)),
    ("says Halt where it aborts",              "own abort", "A-OWN",      lambda: m.Says("T_STATUS", lambda v: {"fuelling_command": HALT} if v["fuelling_command"] == ABORT else {})),
    ("sends abort frames too seldom",          "own abort", "A-PERIOD",   lambda: m.Recounted("T_ABORT", lambda n: n % 3 == 0)),
    ("asks with one piece",                    "prove",     "K-ASK",      lambda: m.Says("T_CHALLENGE", m.set_to(piece=0))),
    ("answers with another key",               "prove",     "K-PROVE",    lambda: m.Says("T_RESPONSE", other_bytes)),
    ("is ready for anybody",                   "prove",     "K-WAIT",     lambda: m.Says("T_STATUS", m.set_to(tank_ready=1))),
    ("tags nothing",                           "tags",      "K-TAG",      lambda: m.Recounted("T_AUTH", lambda n: 0)),
    ("now and then leaves a tag out",          "tags",      "K-TAG",      lambda: m.Frames("T_AUTH", lambda s: (), 20)),
    ("tags with another key",                  "tags",      "K-TAG",      lambda: m.Says("T_AUTH", other_tag)),
    ("counts its tags by themselves",          "tags",      "K-TAG",      lambda: m.Frames("T_AUTH", recounted(lambda n: n + 1 & 255))),
    ("needs no tags",                          "tags",      "K-MISSING",  lambda: m.Steady("D_PERMIT", GO_ON)),
    ("does not check tags",                    "tags",      "K-FORGED",   lambda: m.Steady("D_AUTH", GO_ON)),
    ("forgives ten wrong tags",                "tags",      "K-TEN",      lambda: m.Impatient("fuelling_command", HALT, GO_ON)),
)
# fmt: on
