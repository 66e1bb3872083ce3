"""Serial commands: `#<seq> <command> <args>*<CRC-16>` LF in, `=<seq> OK|ERR ...*<CRC-16>` LF out. Slack only.

Every line needs its CRC; a line that is partial, too long or wrong is answered or dropped, never acted on.
"""

from micropython import const

from core.e2e import crc16
from core.report import frame_line

LINE_MAX = const(120)


class Console:
    """Reads commands from a serial port and answers them; `commands` maps a word to a function(args) -> str.

    The function returns "" for done, the reason for a refusal, or in a list the words of an answer.
    """

    def __init__(self, port, commands):
        self._port = port
        self._commands = commands
        self._buffer = b""
        self._out = b""
        self.rejected = 0

    def poll(self):
        """Handle what has arrived: at most one command a slack."""
        if self._out:
            self._out = self._out[self._port.write(self._out) :]
            return
        data = self._port.read()
        if data:
            self._buffer += data
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LINE_MAX:
                self._buffer = b""
                self.rejected += 1
            return
        line = self._buffer[:end]
        self._buffer = self._buffer[end + 1 :]
        self._handle(line)

    def _handle(self, line):
        start = line.find(b"#")
        star = line.rfind(b"*")
        if start < 0 or star < start or len(line) - start > LINE_MAX:
            self.rejected += 1
            return
        body = line[start + 1 : star]
        if line[star + 1 :] != b"%04X" % crc16(body, 0, len(body), 0xFFFF):
            self.rejected += 1
            return
        words = body.decode().split()
        if len(words) < 2:
            self.rejected += 1
            return
        command = self._commands.get(words[1])
        answer = command(words[2:]) if command else "no command " + words[1]
        if isinstance(answer, list):
            answer = " OK " + " ".join(answer)
        else:
            answer = " ERR " + answer if answer else " OK"
        self._out = frame_line("=", words[0] + answer)
