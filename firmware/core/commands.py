"""The serial commands that both nodes have: state, tags, trips, parameters, health. Slack only.

Every method is a command of core.console: it returns words in a list, a reason for a refusal, or an iterator of lines,
each of which is one slack's work; None where it has only gone through some rows of a table.
"""

import gc
import sys

from board import loader
from core import build_table as build
from core import trips
from core.rows import column
from generated import messages as m

ROWS_MASK = 7  # a slack goes through eight rows of a table at most
SLOW_MS = 1500  # a valve this long away from where it is energised to has failed
REACTIONS = ("", "warn", "hold", "stop", "esd")


class Commands:
    """See above. node: of its attributes image, machine, trips, params, gate, guard, signals, events, console, roles.

    io, states, rows, params: the node's tables; names: of its computed signals.
    """

    def __init__(self, node, io, states, rows, params, names, status):
        self._node = node
        self._io = io
        self._states = states
        self._rows = rows.TRIPS
        self._params = params.PARAMS
        self._names = names
        tags = column(io.AI, 0)
        self._status = status
        self._places = bytes(map(tags.index, status))

    # -- state ---------------------------------------------------------------------------------------------

    def do_status(self, args):
        """`status`: one line for programs; `-` for a value that may not be believed."""
        node = self._node
        machine, engine, ai = node.machine, node.trips, node.image.ai
        words = [
            self._states.STATES[machine.state][1], self._states.STATES[machine.state][0],
            "ms=%d active=%d latched=%d first=%s role=%d" % (
                machine.state_ms, sum(engine.active), sum(engine.latched),
                self._rows[engine.first][0] if engine.first >= 0 else "-", node.roles.level(),
            ),
        ]  # fmt: skip
        for tag, i in zip(self._status, self._places):
            words.append(tag + "=" + (str(ai.value[i]) if ai.ok[i] else "-"))
        return words + node.status_words()

    def do_state(self, args):
        """`state`: the row of the state table, what leads on from it, and what the gate refuses."""
        return self._state()

    def _state(self):
        machine = self._node.machine
        table = self._states
        name, public, _, deadline_ms, late, what = table.STATES[machine.state]
        yield "%s %s %s" % (public, name, what)
        line = "for_ms=%d" % machine.state_ms
        if deadline_ms:
            line += " left_ms=%d then=%s" % (deadline_ms - machine.state_ms, late)
        yield line
        why, rows = machine.why, len(table.TRANSITIONS)
        yield "why: " + (table.TRANSITIONS[why][3] if why < rows else table.STATES[why - rows][0] + " took too long")
        for i, (source, _, to, words) in enumerate(table.TRANSITIONS):
            if source in (name, public):
                yield "to %s: %s" % (to, words)
            elif i & ROWS_MASK == 0:
                yield None
        refused = self._node.gate.refused
        for i in range(len(self._io.DO)):
            if refused >> i & 1:
                yield "interlock holds " + self._io.DO[i][0]

    # -- tags ----------------------------------------------------------------------------------------------

    def do_tags(self, args):
        """`tags [tag]`: TAG VALUE UNIT QUALITY RAW of every tag that begins so."""
        return self._tags(args[0].upper() if args else "")

    def _tags(self, start):
        image, gate, io = self._node.image, self._node.gate, self._io
        ai = image.ai
        for i, row in enumerate(io.AI):
            if row[0].startswith(start):
                yield "%s %d %s %s %d" % (row[0], ai.value[i], row[4], "ok" if ai.ok[i] else "bad", ai.raw[i])
            elif i & ROWS_MASK == 0:
                yield None
        for i, row in enumerate(io.DI):
            if row[0].startswith(start):
                yield "%s %d contact ok %d" % (row[0], image.di[i], image.di[i])
            elif i & ROWS_MASK == 0:
                yield None
        for i, row in enumerate(io.DO):
            if row[0].startswith(start):
                held = "held" if gate.refused >> i & 1 else "ok"
                yield "%s %d energised %s %d" % (row[0], image.do[i], held, gate.want[i])
        for i, row in enumerate(io.AO):
            if row[0].startswith(start):
                yield "%s %d cpct %s %d" % (row[0], image.ao[i], "ok", gate.want_ao[i])
        for i, row in enumerate(io.CI):
            if row[0].startswith(start):
                yield "%s %d g ok %d" % (row[0], image.count[i] * row[2], image.count[i])

    # -- trips ---------------------------------------------------------------------------------------------

    def do_trips(self, args):
        """`trips [all]`: ID SIGNAL COMPARE LIMIT REACTION and what it is."""
        return self._trips(args == ["all"])

    def _trips(self, every):
        engine = self._node.trips
        for i in range(engine.n):
            if every or engine.active[i] or engine.latched[i]:
                row = self._rows[i]
                what = "active" if engine.active[i] else "quiet"
                if engine.latched[i]:
                    what += " latched"
                if engine.first == i:
                    what += " first"
                yield "%s %s %s %d %s %s" % (row[0], row[1], row[2], row[3], row[5], what)
        yield "reaction " + (REACTIONS[engine.reaction] or "none")

    def do_reset(self, args):
        """`reset`: for the state table's next look, which is at once; refused while it could do nothing."""
        engine, sequence = self._node.trips, self._node.sequence
        for i in range(engine.n):
            if engine.active[i] and engine.latched[i]:
                return self._rows[i][0] + " still holds: end its cause first"
        why = sequence.unresettable()
        if not why:
            sequence.reset_asked = True
        return why

    # -- parameters ----------------------------------------------------------------------------------------

    def do_params(self, args):
        """`params [name|diff]`: NAME VALUE MIN MAX DEFAULT UNIT STATUS."""
        return self._param_lines(args[0] if args else "")

    def _param_lines(self, start):
        values = self._node.params.values
        for place, row in enumerate(self._params):
            if values[place] != row[1] if start == "diff" else row[0].startswith(start):
                yield self._param(place, row)
            elif place & ROWS_MASK == 0:
                yield None

    def _param(self, place, row):
        return "%s %d %d %d %d %s %s" % (
            row[0], self._node.params.get(place), row[2], row[3], row[1], row[4], row[5],
        )  # fmt: skip

    def do_get(self, args):
        """`get <parameter>`."""
        place, row = self._node.params.find(args[0]) if len(args) == 1 else (-1, None)
        return [self._param(place, row)] if row else "get <parameter>; params lists them"

    def do_set(self, args):
        """`set <parameter> <value>`: a technician sets entries, everything else needs commissioning."""
        if len(args) != 2 or not args[1].isdigit() or len(args[1]) > 9:
            return "set <parameter> <number>"
        node = self._node
        _, row = node.params.find(args[0])
        if row and row[5] != "entry" and not node.roles.may("set", len(node.roles.names) - 1):
            return args[0] + " needs the role " + node.roles.names[-1]
        return node.params.set(args[0], int(args[1]))

    def do_key(self, args):
        """`key <64 hex digits>` or `key erase`."""
        return self._node.guard.set_key(args)

    def do_loader(self, args):
        """`loader`: restart into the loader once this has been answered."""
        if not loader.ready():
            return "no boot stage here: this board cannot be flashed"
        self._node.console.then = loader.restart
        return ""

    # -- health --------------------------------------------------------------------------------------------

    def do_selftest(self, args):
        """`selftest`: a line per thing that is not as it has to be."""
        return self._selftest()

    def _selftest(self):
        node = self._node
        ai = node.image.ai
        failed = 0
        for i, ok in enumerate(ai.ok):
            if not ok:
                failed += 1
                yield "%s reads bad, raw %d" % (self._io.AI[i][0], ai.raw[i])
        for i, name in enumerate(self._names.split()):
            if name.startswith("XV") and node.signals.value[i] >= SLOW_MS:
                failed += 1
                yield "%s is not where it is energised to" % name[:5]
        for i, active in enumerate(node.trips.active):
            if active and node.trips.reaction >= trips.WARN:
                failed += 1
                yield "trip %s is active" % self._rows[i][0]
        for words in node.unwell():
            failed += 1
            yield words
        yield "failed=%d" % failed if failed else "passed"

    def do_journal(self, args):
        """`journal`: what the node keeps of its last fill, then the commands that needed a role, newest first."""
        return self._journal()

    def _journal(self):
        for line in self._node.journal_words():
            yield line
        for line in self._node.console.audit.lines():
            yield line

    def do_versions(self, args):
        """`versions`: of node, protocol, MicroPython and the image."""
        vm = sys.implementation
        major, minor, patch = vm.version[:3]
        return [
            "node=" + self._io.NODE, "protocol=%d" % m.PROTOCOL_VERSION,
            "%s=%d.%d.%d" % (vm.name, major, minor, patch), "platform=" + sys.platform,
            "image=%s %s %s" % (build.VERSION, build.REVISION, build.HASH) if build.HASH else "image=unreleased",
        ]  # fmt: skip

    def do_stats(self, args):
        """`stats`: ticks and their cost as sampled, heap, what the port refused and lost."""
        node = self._node
        cost, console = node.events.cost, node.console
        return [
            "ticks=%d locked=%d overruns=%d tick_us=%d tick_us_max=%d" % (
                cost.ticks, cost.locked, cost.overruns, cost.tick_us, cost.tick_us_max,
            ),
            "heap_free=%d heap_used=%d rejected=%d dropped=%d events_lost=%d" % (
                gc.mem_free(), gc.mem_alloc(), console.rejected, console.dropped, node.events.lost,
            ),
        ]  # fmt: skip
