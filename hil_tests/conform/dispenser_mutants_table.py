"""Dispensers that are wrong in one thing each: what they do, in which test it shows, and the rule that they break."""

from __future__ import annotations

from collections.abc import Callable

from hil_tests.conform import mutants as m
from host_tools import link_e2e
from host_tools.conform.codec import SESSION
from host_tools.conform.dispenser_tests import BEYOND_RULE_G, FOREIGN_VERSION
from host_tools.conform.simulated import Tamper

CONNECT, PURGE, FILL, HOLD, DRAIN, SAFE_STOP = 3, 4, 8, 9, 10, 15
HALT, COMMAND_ERROR = 2, 6


def instead(there: int, here: int) -> tuple[str, m.Change]:
    """Return a D_STATUS that says one state instead of another."""
    return ("D_STATUS", lambda values: {"dispenser_state": here} if values["dispenser_state"] == there else {})


def heard(in_session: bool = True, **raws: int) -> Callable[..., bool]:
    """Return whether a frame of the kit has these raw values."""
    def holds(message: m.Message, data: bytes, newest: int) -> bool:
        if len(data) != 8 or (in_session and not data[3]):
            return False
        values = message.decode(data)
        return all(values[name] == raw for name, raw in raws.items())
    return holds


def says(name: str, change: m.Change) -> Callable[[], Tamper]:
    """Return a mutant that always says something else."""
    return lambda: m.Says(name, change)


GO_ON = instead(HOLD, FILL)
TO_PURGE = instead(CONNECT, PURGE)

# fmt: off
MUTANTS = (
    # IT                                       TEST       RULE          HOW
    ("sends D_PERMIT half as often",           "listen",  "T-CYCLE",    lambda: m.Recounted("D_PERMIT", lambda n: (n + 1) % 2)),
    ("has no D_METER",                         "listen",  "T-ALL",      lambda: m.Recounted("D_METER", lambda n: 0)),
    ("chatters",                               "listen",  "T-LOAD",     lambda: m.Frames("D_STATUS", lambda s: (s, s._replace(can_id=1)))),
    ("speaks under the truck's address",       "listen",  "F-SOURCE",   lambda: m.Frames("D_STATUS", lambda s: (s, s._replace(can_id=s.can_id ^ 0x70)), 30)),
    ("has standard identifiers",               "listen",  "F-EXTENDED", lambda: m.Frames("D_LINE", lambda s: (s._replace(extended=False),))),
    ("sends 7 bytes",                          "listen",  "F-LENGTH",   lambda: m.Frames("D_LINE", lambda s: (s._replace(data=s.data[:7]),))),
    ("sends the CRC's bytes the other way",    "listen",  "F-CRC",      lambda: m.Frames("D_LINE", lambda s: (s._replace(data=s.data[1::-1] + s.data[2:]),))),
    ("does not count",                         "listen",  "F-COUNTER",  says("D_LINE", m.set_to(E2E_Counter=9))),
    ("sends unused bits as 0",                 "listen",  "F-UNUSED",   lambda: m.Frames("D_LINE", lambda s: (s._replace(data=link_e2e.protected(s.data[:7] + bytes((s.data[7] & 7,)), 53522, s.data[2])),))),
    ("has a state that there is not",          "listen",  "F-RANGE",    says("D_STATUS", m.set_to(dispenser_state=100))),
    ("has a session before there is one",      "listen",  "S-NONE",     says("D_METER", m.set_to(**{SESSION: 9}))),
    ("aborts without a cause",                 "listen",  "A-SILENT",   lambda: m.Frames("D_LINE", lambda s: (s, s._replace(can_id=0x00FF00D1)), 5)),
    ("leaves the session out of D_METER",      "connect", "S-DRAWN",    says("D_METER", m.set_to(**{SESSION: 0}))),
    ("purges without tank_ready",              "connect", "H-WAIT",     lambda: m.Believes("T_STATUS", heard(tank_ready=0), TO_PURGE)),
    ("purges with a tank half known",          "connect", "H-WAIT",     lambda: m.Believes("T_STATUS", heard(tank_ready=1), TO_PURGE)),
    ("takes any version",                      "refuse",  "H-VERSION",  lambda: m.Believes("T_STATUS", heard(protocol_version=FOREIGN_VERSION), ("D_STATUS", m.set_to(dispenser_state=PURGE)), 2000)),
    ("takes any maximum mass",                 "refuse",  "H-MASS",     lambda: m.Believes("T_FILL", heard(max_mass_g=BEYOND_RULE_G // 10), ("D_STATUS", m.set_to(dispenser_state=PURGE)), 2000)),
    ("takes a target that is reached",         "refuse",  "H-TARGET",   lambda: m.Believes("T_FLOW", heard(target_mass_g=3900), ("D_STATUS", m.set_to(dispenser_state=PURGE)), 2000)),
    ("cools through a shut crossover",         "fill",    "Q-COOL",     lambda: m.Believes("T_STATUS", heard(tank_state=6, xv208_open=0), ("D_METER", m.set_to(flow_mg_s=150)))),
    ("never fills",                            "fill",    "Q-FILL",     lambda: m.Says("D_STATUS", m.set_to(dispenser_state=7), lambda v: v["dispenser_state"] >= FILL)),
    ("always permits the fill",                "fill",    "Q-PERMIT",   says("D_PERMIT", m.set_to(fill_permit=1))),
    ("always permits return gas",              "fill",    "Q-PERMIT",   says("D_PERMIT", m.set_to(return_permit=1))),
    ("fills on beyond the target",             "fill",    "Q-TARGET",   lambda: m.Says("D_STATUS", m.set_to(dispenser_state=FILL), lambda v: v["dispenser_state"] == DRAIN)),
    ("never vents",                            "fill",    "Q-TARGET",   lambda: m.Says("D_STATUS", m.set_to(dispenser_state=DRAIN), lambda v: v["dispenser_state"] > DRAIN)),
    ("does not mind silence",                  "fill",    "L-HOLD",     says(*GO_ON)),
    ("does not mind T_MEAS' age",              "fill",    "L-MEASURE",  lambda: m.Steady("T_STATUS", GO_ON)),
    ("never resumes",                          "fill",    "L-RESUME",   lambda: m.Latched("D_STATUS", "dispenser_state", HOLD)),
    ("resumes with the first frame",           "fill",    "L-THIRD",    lambda: m.Believes("T_STATUS", m.any_frame, GO_ON)),
    ("does not check the CRC",                 "fill",    "W-CRC",      lambda: m.Believes("T_STATUS", m.wrong_crc, GO_ON)),
    ("does not mind repetition",               "fill",    "W-REPEAT",   lambda: m.Believes("T_STATUS", m.repeated, GO_ON)),
    ("does not mind a jump",                   "fill",    "W-JUMP",     lambda: m.Believes("T_STATUS", m.jumped, GO_ON)),
    ("takes old frames for new ones",          "fill",    "W-BEHIND",   lambda: m.Believes("T_STATUS", m.behind, GO_ON)),
    ("does not look at the session",           "fill",    "W-SESSION",  lambda: m.Session("T_STATUS", GO_ON)),
    ("does not look at the length",            "fill",    "W-LENGTH",   lambda: m.Believes("T_STATUS", m.shorter, GO_ON)),
    ("does not mind Halt",                     "fill",    "C-HALT",     lambda: m.Believes("T_STATUS", heard(fuelling_command=HALT), GO_ON)),
    ("takes error for Dyna",                   "fill",    "C-HALT",     lambda: m.Believes("T_STATUS", heard(fuelling_command=COMMAND_ERROR), GO_ON)),
    ("goes on after a second of silence",      "stop",    "L-STOP",     lambda: m.Says("D_STATUS", m.set_to(dispenser_state=PURGE), lambda v: v["dispenser_state"] == SAFE_STOP)),
    ("comes back from its stop",               "stop",    "L-STOP",     lambda: m.Steady("T_STATUS", instead(SAFE_STOP, PURGE))),
    ("sends no abort frame",                   "stop",    "A-OWN",      lambda: m.Recounted("D_ABORT", lambda n: 0)),
    ("sends abort frames too seldom",          "stop",    "A-PERIOD",   lambda: m.Recounted("D_ABORT", lambda n: n % 3 == 0)),
    ("does not heed abort frames",             "abort",   "A-HEED",     says(*instead(SAFE_STOP, PURGE))),
    ("heeds a wrong abort frame",              "abort",   "A-CRC",      lambda: m.Believes("T_ABORT", m.wrong_crc, ("D_STATUS", m.set_to(dispenser_state=SAFE_STOP)))),
    ("does not heed Abort",                    "command", "C-ABORT",    says(*instead(SAFE_STOP, PURGE))),
    ("asks with one piece",                    "prove",   "K-ASK",      says("D_CHALLENGE", m.set_to(piece=0))),
    ("answers with another key",               "prove",   "K-PROVE",    says("D_RESPONSE", lambda v: {"bytes": v["bytes"] ^ 1})),
    ("purges for anybody",                     "prove",   "K-WAIT",     lambda: m.Believes("T_STATUS", heard(tank_ready=1), TO_PURGE)),
    ("tags nothing",                           "tags",    "K-TAG",      lambda: m.Recounted("D_AUTH", lambda n: 0)),
    ("tags with another key",                  "tags",    "K-TAG",      says("D_AUTH", lambda v: {"tag": v["tag"] ^ 1})),
    ("needs no tags",                          "tags",    "K-MISSING",  lambda: m.Steady("T_STATUS", GO_ON)),
    ("does not check tags",                    "tags",    "K-FORGED",   lambda: m.Steady("T_AUTH", GO_ON)),
    ("forgives ten wrong tags",                "tags",    "K-TEN",      says(*instead(SAFE_STOP, FILL))),
)
# fmt: on
