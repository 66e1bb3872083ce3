"""Serial commands: `#<seq> <command> <args>*<CRC-16>` in, `=<seq> ...*<CRC-16>` out, each a line. Slack only.

Out: `OK` or `ERR` with words ends an answer, lines with `+` come before it. A person may type the bare words of a
command that only looks; its answer has the number `-`. What is partial, too long or wrong is dropped and counted, never
acted on; a command that comes again with the same number and text is answered again, not done again. One line a slack:
bounded by count. What the port does not take within STALE_MS is dropped and counted.
"""

from micropython import const

from core.e2e import crc16
from core.report import frame_line
from core.rows import picked

LINE_MAX = const(120)
BUFFER_MAX = const(480)  # what may wait; a port at full speed brings as much in four ticks
ANSWER_MAX = const(240)
STALE_MS = const(2000)
AGAIN = ("login", "proof")  # of the commands that anybody may give, those that change something
SECRET = ("key", "service_key")
NO_SEQ = "-"


class Console:
    """Reads commands from a serial port and answers them.

    table: a generated *_serial module; publics, machine: of the state table; roles: core.roles; audit: core.audit, told
    of every command that needs a role. A command is the method `do_<name>(args)` of the first of `owners` that has
    it. It returns "" for done, the reason for a refusal, in a list the words of an answer, or an iterator of lines.

    Public: `port` and `audit` as given, `busy` while there is more to do, `rejected` lines, `dropped` bytes of input or
    lines of output, `then`: called once what has been answered is out.
    """

    def __init__(self, port, events, table, publics, machine, roles, audit):
        self.port = port
        self._events = events
        self._table = table
        self._publics = publics
        self._machine = machine
        self._roles = roles
        self.audit = audit
        self._buffer = b""
        self._out = self._said = b""
        self._since_ms = 0  # how long _out has waited
        self._seq = ""
        self._lines = None  # rest of an answer
        self._told = 0
        self._last = b""  # the last command that changed something, and its answer
        self._last_answer = b""
        self.owners = None  # set by the node
        self.then = None
        self.busy = False
        self.rejected = 0
        self.dropped = 0

    def poll(self):
        """Take in what has arrived; then do one thing: a line of an answer, or a command."""
        data = self.port.read()
        if data:
            self._take(data)
        elif not self.busy:
            return
        if self._out:
            self._send()
        elif self._lines is not None:
            self._next()
        elif self.then is not None:
            if self.port.idle() or self._waited():
                self.then()
        else:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = self._buffer[:end]
                self._buffer = self._buffer[end + 1 :]
                self._handle(line)
        self.busy = bool(
            self._out or self._lines is not None or self.then is not None or b"\n" in self._buffer
        )

    def _take(self, data):
        buffer = self._buffer + data.replace(b"\r", b"\n")
        if len(buffer) > BUFFER_MAX:
            self.dropped += len(buffer) - BUFFER_MAX
            buffer = buffer[-BUFFER_MAX:]
        buffer = buffer.lstrip(b"\n")
        if len(buffer) > LINE_MAX and b"\n" not in buffer:
            self.rejected += 1
            buffer = buffer[-LINE_MAX:]
        self._buffer = buffer

    # -- out -----------------------------------------------------------------------------------------------

    def _waited(self):
        return self._events.now_ms - self._since_ms & 0x3FFFFFFF >= STALE_MS

    def _answer(self, text):
        if len(text) > ANSWER_MAX:
            text = text[:ANSWER_MAX]
        self._out = self._said = frame_line("=", self._seq + text)
        self._since_ms = self._events.now_ms
        self._send()

    def _send(self):
        if self.port.write(self._out):
            self._out = b""
        elif self._waited():  # nobody reads: neither this line nor what would follow it
            self.dropped += 1
            self._out = b""
            self._lines = None

    def _next(self):
        for line in self._lines:
            if line is not None:  # else it has gone through a few rows, and has nothing to say of them
                self._told += 1
                self._answer(" + " + line)
            return
        self._lines = None
        self._answer(" OK lines=%d" % self._told)

    # -- in ------------------------------------------------------------------------------------------------

    def _handle(self, line):
        start = line.rfind(b"#")
        framed = start >= 0
        body = line[start + 1 :]
        if len(body) > LINE_MAX or not body:
            self.rejected += 1 if line else 0
            return
        if framed:
            star = body.rfind(b"*")
            if star < 0 or body[star + 1 :] != b"%04X" % crc16(body, 0, star, 0xFFFF):
                self.rejected += 1
                return
            body = body[:star]
        elif b"*" in body or not 97 <= body[0] <= 122:  # rest of a numbered line, echo, noise
            self.rejected += 1
            return
        for byte in body:
            if not 32 <= byte < 127:
                self.rejected += 1
                return
        words = body.decode().split()
        self._seq = words.pop(0) if framed and words else NO_SEQ
        if not words or framed and not (self._seq.isdigit() and len(self._seq) <= 10):
            self.rejected += 1
            return
        if framed and body == self._last:
            self._out = self._last_answer
            self._since_ms = self._events.now_ms
            return
        self._do(words, framed, body)

    def _do(self, words, framed, body):
        name = words[0]
        row = self.row(name)
        if row is None:
            self._answer(" ERR no command " + name + "; try help")
            return
        role, level = int(row[1]), self._roles.level()
        why = self._barred(row, role, framed)
        answer = why or self.run(words)
        if role and framed:
            self._roles.touch()
            if not why and not (isinstance(answer, str) and answer):
                self.audit.note(level, name if name in SECRET else " ".join(words))
        if isinstance(answer, str):
            self._answer(" ERR " + answer if answer else " OK")
        elif isinstance(answer, list):
            self._answer(" OK " + " ".join(answer))
        else:
            self._lines = answer
            self._told = 0
            return
        if framed and (role or name in AGAIN):
            self._last = body
            self._last_answer = self._said

    def _barred(self, row, role, framed):
        """Return why a command may not be given now, "" if it may."""
        if (role or row[0] in AGAIN) and not framed:
            return "needs number and CRC: #<number> <command>*<CRC-16>"
        if not self._roles.may(row[0], role):
            return "needs the role " + self._table.ROLES[role] + ": login"
        where = int(row[3], 16)
        if where and not where >> self._machine.public & 1:
            return "only in " + ", ".join(picked(self._publics, where))
        if row[2] == "1":
            return "moves an output: arm " + row[0] + " ..., then confirm"
        return ""

    def row(self, name):
        """Return [name, role, arm, where, args, help] of a command as texts, None when there is none."""
        rows = self._table.COMMANDS
        at = rows.find("\n" + name + " ") + 1
        if not at:
            return None
        head, _, words = rows[at : rows.find("\n", at)].partition("\t")
        return head.split(" ", 4) + [words]

    def names(self):
        """Yield the name of every command."""
        rows = self._table.COMMANDS
        at = 1
        while at < len(rows):
            yield rows[at : rows.find(" ", at)]
            at = rows.find("\n", at) + 1

    def run(self, words):
        """Do a command of the table, whoever asked for it; return its answer."""
        method = "do_" + words[0]
        for owner in self.owners:
            if hasattr(owner, method):
                return getattr(owner, method)(words[1:])
        return "not on this board"

    def do_help(self, args):
        """`help [command]`: a line for each command, or what one does."""
        if not args:
            return self._help()
        row = self.row(args[0])
        if row is None:
            return "no command " + args[0]
        return [row[0], row[4], "(" + self._table.ROLES[int(row[1])] + "):", row[5]]

    def _help(self):
        for name in self.names():
            row = self.row(name)
            yield " ".join((name, row[4], "(" + self._table.ROLES[int(row[1])] + ")"))
